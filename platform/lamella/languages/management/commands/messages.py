"""Bring the catalogues up to date with the sources: python manage.py messages [LANGUAGE …]."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from lamella.languages.catalogues import SOURCES, source_of
from lamella.languages.merge import merged


class Command(BaseCommand):
    help = "Bring the catalogues up to date with the sources; a new language's is begun."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "languages", nargs="*", help="all that there are, unless some are named"
        )

    def handle(self, *args: Any, languages: list[str], **options: Any) -> None:
        for language in languages or sorted(path.stem for path in SOURCES.glob("*.po")):
            path = source_of(language)
            catalogue = merged(path, language)
            catalogue.save(str(path))
            waiting = sum(not entry.translated() for entry in catalogue)
            print(f"{language}: {len(catalogue)} texts, {waiting} of them to be translated")
