"""Consent texts: each correction names a version, so what a version said is kept for good."""

from typing import Any

from django.core.exceptions import ValidationError

from lamella.studies.models import ConsentText, Study

FIELDS = frozenset({"consent_text", "consent_version"})


def versioned(study: Study, changes: dict[str, Any]) -> dict[str, Any]:
    """The changes of a study's fields, with a new version where the text is another.

    Raises ValidationError for a version that stands for another text already.
    """
    now = Study.objects.only("consent_text", "consent_version").get(pk=study.pk)
    text = str(changes.get("consent_text", now.consent_text)).strip()
    version = str(changes.get("consent_version", now.consent_version)).strip()
    if text != now.consent_text and version == now.consent_version:
        version = _next(study, version)
    known = study.consent_texts.filter(version=version).first()
    if known is not None and known.text != text:
        raise ValidationError(
            f"Version {version} of the consent text said something else; choose a new one."
        )
    return {**changes, "consent_version": version}


def keep(study: Study) -> None:
    """Remember what the study's version says now. Doing it twice is harmless."""
    ConsentText.objects.get_or_create(
        study=study, version=study.consent_version, defaults={"text": study.consent_text}
    )


def _next(study: Study, version: str) -> str:
    """A version that no text has had: the next number, or the old name with a number."""
    taken = {version, *study.consent_texts.values_list("version", flat=True)}
    if version.isdigit():
        found = (str(number) for number in range(int(version) + 1, int(version) + len(taken) + 2))
    else:
        found = (f"{version[:16]}.{number}" for number in range(2, len(taken) + 3))
    return next(each for each in found if each not in taken)
