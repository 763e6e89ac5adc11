"""Sentences that the domain says in English, told to a person in their language.

Services, readers and workers know no language: what they refuse, and what they write into the rows
of jobs, tasks and versions, is plain English, and people of several languages read the same row.
So such a sentence is translated where it is shown. The catalogue knows it as its source does,
"{name} is empty: it has no bytes at all.", and what stands between the words is found again.
"""

import re
from functools import lru_cache

from django.utils.translation import get_language, pgettext, trans_real

CONTEXT = "sentence"
_PREFIX = CONTEXT + trans_real.CONTEXT_SEPARATOR
_HOLE = re.compile(r"\{(\w+)\}")

# Where one sentence ends and another begins, and what stands within one.
_END = re.compile(r"(?<=[.!?:]) (?=[A-Z“])")
_WITHIN = r"(?:(?![.!?:] [A-Z“]).)*?"

# How deep a sentence may stand in a sentence: "Slice 3: the model is least sure."
_DEPTH = 3


def said(text: str) -> str:
    """``text`` in the language of the request; as it is, where the catalogue does not know it."""
    language = get_language()
    if not text or language in (None, "en"):
        return text
    return _translated(text, str(language), _DEPTH)


@lru_cache(maxsize=4096)
def _translated(text: str, language: str, depth: int) -> str:
    # ``language`` is the active one; it is an argument for the cache's sake.
    whole = pgettext(CONTEXT, text)
    if whole != text:
        return whole
    if (told := _filled(text, language, depth, strict=True)) is not None:
        return told
    if len(parts := _END.split(text)) > 1:
        return " ".join(_translated(part, language, depth) for part in parts)
    told = _filled(text, language, depth, strict=False)
    return text if told is None else told


def _filled(text: str, language: str, depth: int, *, strict: bool) -> str | None:
    for strictly, loosely, template in _patterns(language):
        if found := (strictly if strict else loosely).fullmatch(text):
            held = found.groupdict()
            if depth:
                held = {n: _translated(v, language, depth - 1) for n, v in held.items()}
            return pgettext(CONTEXT, template).format(**held)
    return None


@lru_cache(maxsize=8)
def _patterns(language: str) -> list[tuple[re.Pattern[str], re.Pattern[str], str]]:
    """The sentences with holes, those with the most words of their own first."""
    known: set[str] = set()
    catalogue = trans_real.translation(language)._catalog  # type: ignore[attr-defined]
    for key in catalogue.keys():  # noqa: SIM118 - Django's catalogue has keys, but is no mapping
        if isinstance(key, str) and key.startswith(_PREFIX):
            known.add(key.removeprefix(_PREFIX))
    holed = [template for template in known if _HOLE.search(template)]
    holed.sort(key=lambda template: (-len(_HOLE.sub("", template)), template))
    return [(_pattern(t, _WITHIN), _pattern(t, ".*?"), t) for t in holed]


def _pattern(template: str, hole_pattern: str) -> re.Pattern[str]:
    parts, end = [], 0
    for hole in _HOLE.finditer(template):
        parts += [re.escape(template[end : hole.start()]), f"(?P<{hole[1]}>{hole_pattern})"]
        end = hole.end()
    return re.compile("".join([*parts, re.escape(template[end:])]), re.DOTALL)
