"""The text under a hash or signature, taken from the bytes as they were sent.

ETA hashes a document *as written*: ``10.50`` is another text than ``10.5``.
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

_STRING = r'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"'
_BARE = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null"
# Commas count as white space: other code has made sure that the text is JSON.
_TOKEN = re.compile(
    rf"[ \t\r\n,]*(?:({_STRING})[ \t\r\n]*:|({_STRING})|({_BARE})|([{{\[])|([}}\]]))"
)
_KEY, _TEXT, _PLAIN, _OPEN, _CLOSE = range(1, 6)


class JsonTextError(ValueError):
    """The text is not one JSON document."""


class Element(NamedTuple):
    """One element of an array at the root of a document."""

    raw: str  # as it stands in the document
    canonical: str  # the text under its hash


def canonical(text: str) -> str:
    """The canonical text of a whole document, which must be JSON.

    :raises JsonTextError: when there is a token in it that JSON has not
    """
    return "".join(_Walk(text).run().parts)


def elements(text: str, name: str, without: str | None = None) -> list[Element]:
    """The elements of the root's array ``name``, each with its canonical text.

    :param without: a property of each element that stays out of that text
    :raises JsonTextError: when there is a token in it that JSON has not
    """
    walk = _Walk(text, name, without).run()
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
    """One walk over the tokens; ``watched`` names an array at the root.

    ``without`` names a property of its elements that leaves no canonical text.
    """

    def __init__(
        self, text: str, watched: str | None = None, without: str | None = None
    ) -> None:
        self.text = text
        self.parts: list[str] = []
        self.spans: list[tuple[int, int, int, int]] = []
        self._watched = f'"{watched}"'
        self._without = f'"{without}"' if without else None
        self._cut_from: int | None = None  # parts from here on are cut off
        # One entry per open container: an array's name, None for an object.
        self._open: list[str | None] = []
        self._root_key = ""
        self._start = (0, 0)

    def run(self) -> "_Walk":
        parts, position, size = self.parts, 0, len(self.text.rstrip(" \t\r\n"))
        array: str | None = None  # name of the innermost container, if an array
        key = ""  # the property whose value comes next
        while position < size:
            token = _TOKEN.match(self.text, position)
            if token is None:
                raise JsonTextError(f"No JSON token at character {position}.")
            position, kind = token.end(), token.lastindex or 0
            if kind == _KEY:
                key = self._key(token[kind])
                parts.append(key)
                continue
            if kind == _CLOSE:
                array = self._close(token[kind], position)
                continue
            if array is not None:
                parts.append(array)
            if kind == _TEXT:
                parts.append(token[kind])
            elif kind == _PLAIN:
                parts.append(f'"{token[kind]}"')
            else:
                # an array in an array has its name
                name = key if array is None else array
                array = self._begin(token[kind], name, position)
        if self._open or not size:
            raise JsonTextError("The JSON text ends too early.")
        return self

    def _key(self, token: str) -> str:
        if len(self._open) == 1:
            self._root_key = token
        elif self._without and self._is_element():
            self._cut()
            if token == self._without:
                self._cut_from = len(self.parts)
        return token.upper()

    def _begin(self, mark: str, name: str, position: int) -> str | None:
        array = None if mark == "{" else name
        self._open.append(array)
        if self._is_element():
            self._start = (position - 1, len(self.parts))
        return array

    def _close(self, mark: str, position: int) -> str | None:
        if not self._open or (self._open[-1] is None) != (mark == "}"):
            raise JsonTextError(f"A {mark} too many at character {position - 1}.")
        if self._is_element():
            self._cut()
            start, first = self._start
            self.spans.append((start, position, first, len(self.parts)))
        self._open.pop()
        return self._open[-1] if self._open else None

    def _cut(self) -> None:
        if self._cut_from is not None:
            del self.parts[self._cut_from :]
            self._cut_from = None

    def _is_element(self) -> bool:
        return len(self._open) == 3 and self._root_key == self._watched
