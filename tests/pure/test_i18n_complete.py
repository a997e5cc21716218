"""Translations: complete, and saying the same things at the same places."""

import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "i18n"
TEMPLATE = polib.pofile(str(FOLDER / "account_ereceipt.pot"))
LANGUAGES = [polib.pofile(str(path)) for path in sorted(FOLDER.glob("*.po"))]

_EXAMPLE = re.compile(r"EG-(?:<[^>]*>|%\(rin\)s)-<[^>]*>")
_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd%]|</?\w+")


def _places(text: str) -> list[str]:
    examples = [_PLACE.findall(e.replace("<", "")) for e in _EXAMPLE.findall(text)]
    return sorted([*_PLACE.findall(_EXAMPLE.sub("", text)), *sum(examples, [])])


def _entries() -> Iterator[tuple[str, polib.POEntry]]:
    for language in LANGUAGES:
        for entry in language:
            yield language.metadata["Language"], entry


def test_arabic_is_there() -> None:
    assert "ar" in {language.metadata["Language"] for language in LANGUAGES}


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda po: po.metadata["Language"])
def test_every_term_is_translated(language: polib.POFile) -> None:
    wanted = {entry.msgid for entry in TEMPLATE if entry.msgid}
    given = {e.msgid for e in language if e.msgstr and not e.fuzzy and not e.obsolete}
    assert wanted - given == set()
    assert {e.msgid for e in language if not e.obsolete} - wanted == set()


def test_translations_keep_places_and_tags() -> None:
    wrong = [
        (language, entry.msgid, entry.msgstr)
        for language, entry in _entries()
        if entry.msgstr and _places(entry.msgid) != _places(entry.msgstr)
    ]
    assert wrong == []
