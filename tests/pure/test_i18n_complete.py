"""Translations: complete, and saying the same things at the same places."""

import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
MAIN = CHECKOUT / "i18n"
FOLDERS = {
    "account_ereceipt": MAIN,
    **{
        manifest.parent.name: manifest.parent / "i18n"
        for manifest in sorted(CHECKOUT.glob("bridges/*/__manifest__.py"))
    },
}
LANGUAGES = sorted(path.stem for path in MAIN.glob("*.po"))
EACH = pytest.mark.parametrize(
    ("module", "language"),
    [(module, language) for module in FOLDERS for language in LANGUAGES],
)

_EXAMPLE = re.compile(r"EG-(?:<[^>]*>|%\(rin\)s)-<[^>]*>")
_PLACE = re.compile(r"%\(\w+\)[sd]|%[sd%]|</?\w+")


def _places(text: str) -> list[str]:
    examples = [_PLACE.findall(e.replace("<", "")) for e in _EXAMPLE.findall(text)]
    return sorted([*_PLACE.findall(_EXAMPLE.sub("", text)), *sum(examples, [])])


def _template(module: str) -> polib.POFile:
    return polib.pofile(str(FOLDERS[module] / f"{module}.pot"))


def _translated(module: str, language: str) -> polib.POFile:
    return polib.pofile(str(FOLDERS[module] / f"{language}.po"))


def _entries() -> Iterator[tuple[str, polib.POEntry]]:
    for module in FOLDERS:
        for language in LANGUAGES:
            for entry in _translated(module, language):
                yield language, entry


def test_arabic_is_there() -> None:
    assert "ar" in LANGUAGES


@EACH
def test_every_term_is_translated(module: str, language: str) -> None:
    translated = _translated(module, language)
    assert translated.metadata["Language"] == language
    wanted = {entry.msgid for entry in _template(module) if entry.msgid}
    assert wanted
    given = {e.msgid for e in translated if e.msgstr and not e.fuzzy and not e.obsolete}
    assert wanted - given == set()
    assert {e.msgid for e in translated if not e.obsolete} - wanted == set()


def test_translations_keep_places_and_tags() -> None:
    wrong = [
        (language, entry.msgid, entry.msgstr)
        for language, entry in _entries()
        if entry.msgstr and _places(entry.msgid) != _places(entry.msgstr)
    ]
    assert wrong == []
