"""Reading DER, refusing what only BER allows (ITU-T X.690).

As much as a signature needs: definite lengths in their shortest form, short
tags, no strings in pieces, shortest integers, booleans of 0 and 255. The order
of a SET OF is not looked at: ETA does not insist on it either.
"""

from typing import NamedTuple

BOOLEAN, INTEGER, OCTETS, NULL, OID = 0x01, 0x02, 0x04, 0x05, 0x06
SEQUENCE, SET = 0x30, 0x31
_CONSTRUCTED = 0x20
_CLASS = 0xC0
_DEPTH = 60


class DerError(ValueError):
    """The bytes are not one DER value; the text says where and why."""


class Node(NamedTuple):
    """One value: its identifier octet, its content, and all its bytes."""

    tag: int
    content: bytes
    raw: bytes
    children: "tuple[Node, ...]"

    @property
    def oid(self) -> str:
        """The dotted form of an object identifier, "" for another type."""
        return _dotted(self.content) if self.tag == OID else ""

    @property
    def number(self) -> int | None:
        """The value of an integer, None for another type."""
        if self.tag != INTEGER:
            return None
        return int.from_bytes(self.content, "big", signed=True)


def parse(data: bytes) -> Node:
    """The one value that ``data`` is.

    :raises DerError: when it is not DER, or something follows it
    """
    node, end = _value(data, 0, 0)
    if end != len(data):
        raise DerError(f"{len(data) - end} bytes follow the value.")
    return node


def _value(data: bytes, start: int, depth: int) -> tuple[Node, int]:
    if depth > _DEPTH:
        raise DerError(f"Values are nested too deeply at byte {start}.")
    tag, begin, end = _header(data, start)
    content = data[begin:end]
    children: list[Node] = []
    if tag & _CONSTRUCTED:
        if not tag & _CLASS and tag not in (SEQUENCE, SET):
            raise DerError(f"A string in pieces at byte {start}: BER, not DER.")
        position = begin
        while position < end:
            child, position = _value(data, position, depth + 1)
            children.append(child)
        if position != end:
            raise DerError(f"A value at byte {start} is longer than its container.")
    else:
        _check_simple(tag, content, start)
    return Node(tag, content, data[start:end], tuple(children)), end


def _header(data: bytes, start: int) -> tuple[int, int, int]:
    """Identifier octet, and where the content begins and ends."""
    if start + 2 > len(data):
        raise DerError(f"The bytes end in the middle of a value at {start}.")
    tag, first = data[start], data[start + 1]
    if tag & 0x1F == 0x1F:
        raise DerError(f"A tag of several octets at byte {start}.")
    if tag in (SEQUENCE & ~_CONSTRUCTED, SET & ~_CONSTRUCTED):
        raise DerError(f"A SEQUENCE or SET that is not constructed at byte {start}.")
    begin = start + 2
    if first < 0x80:
        length = first
    elif first == 0x80:
        raise DerError(f"An indefinite length at byte {start}: BER, not DER.")
    else:
        octets = data[begin : begin + (first & 0x7F)]
        begin += len(octets)
        length = int.from_bytes(octets, "big")
        if not octets or octets[0] == 0 or length < 0x80:
            raise DerError(f"A length not in its shortest form at byte {start}.")
    if begin + length > len(data):
        raise DerError(f"The bytes end in the middle of a value at {start}.")
    return tag, begin, begin + length


def _check_simple(tag: int, content: bytes, start: int) -> None:
    if tag == BOOLEAN and content not in (b"\x00", b"\xff"):
        raise DerError(f"A boolean that is neither 0 nor 255 at byte {start}.")
    if tag == NULL and content:
        raise DerError(f"A NULL with content at byte {start}.")
    if tag == OID and (not content or content[-1] & 0x80):
        raise DerError(f"An object identifier that does not end at byte {start}.")
    if tag == INTEGER:
        long_form = content[:2] and (
            (content[0] == 0 and content[1:2] < b"\x80" and len(content) > 1)
            or (content[0] == 0xFF and content[1:2] >= b"\x80")
        )
        if not content or long_form:
            raise DerError(f"An integer not in its shortest form at byte {start}.")


def _dotted(content: bytes) -> str:
    numbers, value = [], 0
    for octet in content:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2)
    return ".".join(map(str, (first, numbers[0] - 40 * first, *numbers[1:])))
