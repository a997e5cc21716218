"""ETA's canonical text of a JSON document, and the receipt's UUID made from it.

The text is taken from the JSON *as it is written*: a number keeps its digits
(``10.50`` is not ``10.5``) and a string its escapes. So it is computed from the very
bytes that are sent, by a tokenizer of its own, never from parsed values.

Rules (ETA SDK, /document-serialization-approach/): members in document order, names
in upper case, names and simple values in double quotes, nothing between them; an
array's name once, and once more before each element. Where that page is silent:
``null``, ``true`` and ``false`` are taken as written, an empty array leaves its name,
and the elements of an array inside an array bear the outer array's name.
"""

from __future__ import annotations

import json
import re
from hashlib import sha256

_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_SCALAR = _STRING + r'|[^ \t\n\r"{}\[\],:]+'
_SPACE = r"[ \t\n\r]*"
# One match is a member with its value or the bracket that opens it, an element of an
# array, or a bracket. Colons and commas need none: the text is known to be JSON.
_TOKENS = re.compile(
    rf"({_STRING}){_SPACE}:{_SPACE}(?:({_SCALAR})|([{{\[]))|({_SCALAR})|([{{}}\[\]])"
)

_UUID_NAME = '"uuid"'
_HEADER_NAME = '"header"'


class _UpperNames(dict[str, str]):
    """Quoted names in upper case, letter by letter as .NET's invariant culture does
    it: no letter becomes two."""

    _LIMIT = 4096

    def __missing__(self, name: str) -> str:
        upper = name.upper()
        if len(upper) != len(name):
            upper = "".join(
                c.upper() if len(c.upper()) == 1 else c  # ß stays ß
                for c in name
            )
        if len(self) < self._LIMIT:
            self[name] = upper
        return upper


_UPPER = _UpperNames()


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def json_text(content: bytes | str) -> str:
    """Return the text of a JSON document, without a byte order mark.

    :raise ValueError: it is not UTF-8 or not JSON (RFC 8259; NaN is not)
    """
    text = content.decode("utf-8") if isinstance(content, bytes) else content
    text = text.removeprefix("\ufeff")
    try:
        json.loads(
            text, parse_int=str, parse_float=str, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ValueError("The JSON is nested too deeply") from None
    return text


def canonical_text(content: bytes | str) -> str:
    """Return the canonical text of any JSON document.

    :raise ValueError: it is not UTF-8 or not JSON
    """
    return _serialize(json_text(content), blank_uuid=False)


def receipt_uuid(content: bytes | str) -> str:
    """Return the UUID of a receipt: 64 lower-case hex digits, the SHA-256 of its
    canonical text with the value of ``header.uuid`` emptied and its name kept.

    :raise ValueError: it is not JSON, or has no ``header.uuid``
    """
    return uuid_of_text(json_text(content))


def uuid_of_text(text: str) -> str:
    """Return :func:`receipt_uuid` of a text that is known to be JSON."""
    serialized = _serialize(text, blank_uuid=True)
    return sha256(serialized.encode("utf-8", "surrogatepass")).hexdigest()


def _serialize(text: str, blank_uuid: bool) -> str:
    out: list[str] = []
    append = out.append
    names = [""]  # what an element of the innermost bracket is called
    parents = [""]  # the member that the innermost bracket is the value of
    blanked = False
    for member, value, opening, element, bracket in _TOKENS.findall(text):
        if member:
            name = _UPPER[member]
            append(name)
            if value:
                if blank_uuid and member == _UUID_NAME and _in_header(parents):
                    append('""')
                    blanked = True
                else:
                    append(value if value[0] == '"' else f'"{value}"')
            else:
                names.append("" if opening == "{" else name)
                parents.append(member)
        elif element:
            append(names[-1])
            append(element if element[0] == '"' else f'"{element}"')
        elif bracket in "{[":
            append(names[-1])
            names.append("" if bracket == "{" else names[-1])
            parents.append("")
        else:
            names.pop()
            parents.pop()
    if blank_uuid and not blanked:
        raise ValueError("The document has no member header.uuid")
    return "".join(out)


def _in_header(parents: list[str]) -> bool:
    return len(parents) == 3 and parents[2] == _HEADER_NAME


class _Scanner:
    """Finds the members of an object and the elements of an array in a text that is
    known to be JSON, without reading what is in them."""

    _space = re.compile(_SPACE)

    def __init__(self, text: str) -> None:
        self.text = text
        self._decoder = json.JSONDecoder()

    def skip(self, at: int) -> int:
        """Return where the next character that is no white space stands."""
        found = self._space.match(self.text, at)
        return found.end() if found else at

    def parts(self, at: int) -> list[tuple[str, int, int]]:
        """Return names ("" in an array) and spans of what stands in the brackets that
        open at ``at``."""
        text, found = self.text, []
        closing = {"{": "}", "[": "]"}[text[at]]
        at = self.skip(at + 1)
        while text[at] != closing:
            name = ""
            if closing == "}":
                name, at = self._decoder.raw_decode(text, at)
                at = self.skip(self.skip(at) + 1)
            _value, end = self._decoder.raw_decode(text, at)
            found.append((name, at, end))
            at = self.skip(end)
            if text[at] == ",":
                at = self.skip(at + 1)
        return found


def array_elements(content: bytes | str, name: str) -> list[str] | None:
    """Return the raw texts of the elements of a top-level array, as written.

    ``None`` when the document is no object with an array of that name.

    :raise ValueError: it is not UTF-8 or not JSON
    """
    text = json_text(content)
    scanner = _Scanner(text)
    start = scanner.skip(0)
    if text[start] != "{":
        return None
    for key, begin, _end in scanner.parts(start):
        if key == name and text[begin] == "[":
            return [text[b:e] for _key, b, e in scanner.parts(begin)]
    return None


def without_member(content: bytes | str, name: str) -> str:
    """Return the text of a JSON object without one of its members, the others as they
    are written.

    :raise ValueError: it is not UTF-8, not JSON, or not an object
    """
    text = json_text(content)
    scanner = _Scanner(text)
    start = scanner.skip(0)
    if text[start] != "{":
        raise ValueError("The document is not a JSON object")
    kept = [
        f"{json.dumps(key, ensure_ascii=False)}:{text[begin:end]}"
        for key, begin, end in scanner.parts(start)
        if key != name
    ]
    return "{" + ",".join(kept) + "}"
