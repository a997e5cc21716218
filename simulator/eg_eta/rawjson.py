"""The text under a receipt's hash, taken from the bytes as they were sent.

ETA hashes the document *as written*: ``10.50`` is another text than ``10.5``.
So this module never goes through parsed values; it walks the tokens of the
JSON text and keeps them raw.

Rule (ETA SDK, /document-serialization-approach/): walk in document order;
property names in upper case and double quotes; simple values in double quotes,
unprocessed; nothing for the braces of an object; for an array its name once
and then again before each element. UTF-8, SHA-256.
"""

import hashlib
import re
from typing import NamedTuple

_TOKEN = re.compile(
    r'[ \t\r\n]*(?:("[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})'
    r'[^"\\\x00-\x1f]*)*")'
    r"|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)"
    r"|([{}\[\]:,]))"
)
_STRING, _BARE = 1, 2


class JsonTextError(ValueError):
    """The text is not one JSON document."""


class Element(NamedTuple):
    """One element of an array at the root of a document."""

    raw: str  # as it stands in the document
    canonical: str  # the text under its hash


def canonical(text: str) -> str:
    """The canonical text of a whole document.

    :raises JsonTextError: when ``text`` is not JSON
    """
    return "".join(_Walk(text).run().parts)


def elements(text: str, name: str) -> list[Element]:
    """The elements of the root's array ``name``, each with its canonical text.

    :raises JsonTextError: when ``text`` is not JSON
    """
    walk = _Walk(text, name).run()
    return [
        Element(text[start:end], "".join(walk.parts[first:last]))
        for start, end, first, last in walk.spans
    ]


def receipt_hash(canonical_text: str, uuid: str) -> str:
    """SHA-256, as 64 lower-case hex digits, with the UUID's value blanked.

    ETA's own receipt library blanks the value wherever it occurs in the text,
    not only under ``uuid``.
    """
    blanked = canonical_text.replace(uuid, "") if uuid else canonical_text
    return hashlib.sha256(blanked.encode()).hexdigest()


class _Walk:
    def __init__(self, text: str, watched: str | None = None) -> None:
        self.text = text
        self.parts: list[str] = []
        self.spans: list[tuple[int, int, int, int]] = []
        self._watched = f'"{watched}"'
        # One entry per open container: the array's name, None for an object.
        self._open: list[str | None] = []
        self._array: str | None = None  # name of the innermost, if an array
        self._key: str | None = None  # the property whose value comes next
        self._root_key = ""
        self._start = (0, 0)

    def run(self) -> "_Walk":
        position, size = 0, len(self.text.rstrip(" \t\r\n"))
        match = _TOKEN.match
        while position < size:
            token = match(self.text, position)
            if token is None:
                raise JsonTextError(f"No JSON token at character {position}.")
            position = token.end()
            kind = token.lastindex
            if kind == _STRING:
                self._string(token[1])
            elif kind == _BARE:
                self._value(f'"{token[2]}"')
            else:
                self._mark(token[3], position)
        if self._open or not size:
            raise JsonTextError("The JSON text ends too early.")
        return self

    def _string(self, token: str) -> None:
        if self._array is not None or self._key is not None or not self._open:
            self._value(token)
            return
        if len(self._open) == 1:
            self._root_key = token
        self._key = token.upper()
        self.parts.append(self._key)

    def _value(self, token: str) -> None:
        if self._array is not None:
            self.parts.append(self._array)
        self.parts.append(token)
        self._key = None

    def _mark(self, mark: str, position: int) -> None:
        if mark in ",:":
            return
        if mark in "{[":
            if self._array is not None:
                self.parts.append(self._array)
            name = None if mark == "{" else self._key or self._array or ""
            self._open.append(name)
            self._array, self._key = name, None
            if self._is_element():
                self._start = (position - 1, len(self.parts))
            return
        if not self._open or (self._open[-1] is None) != (mark == "}"):
            raise JsonTextError(f"A {mark} too many at character {position - 1}.")
        if self._is_element():
            start, first = self._start
            self.spans.append((start, position, first, len(self.parts)))
        self._open.pop()
        self._array = self._open[-1] if self._open else None
        self._key = None

    def _is_element(self) -> bool:
        return len(self._open) == 3 and self._root_key == self._watched
