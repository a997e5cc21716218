"""Bending signatures: taking DER apart, changing it, and signing it again."""

import base64
from collections.abc import Callable

from invoice_kit import Signer, openssl

from simulator.eg_eta.invoices import der
from simulator.eg_eta.invoices.der import Node

SIGNED_ATTRIBUTES, UNSIGNED_ATTRIBUTES = 0xA0, 0xA1


def tlv(tag: int, *parts: bytes) -> bytes:
    """One DER value."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for number in (40 * first + second, *rest):
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(number & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return tlv(der.OID, content)


def replaced(data: bytes, path: tuple[int, ...], new: bytes) -> bytes:
    """``data`` with another value at the children's numbers in ``path``."""
    return _replaced(der.parse(data), path, new)


def _replaced(node: Node, path: tuple[int, ...], new: bytes) -> bytes:
    if not path:
        return new
    parts = [child.raw for child in node.children]
    parts[path[0]] = _replaced(node.children[path[0]], path[1:], new)
    return tlv(node.tag, *parts)


def at(data: bytes, *path: int) -> Node:
    node = der.parse(data)
    for number in path:
        node = node.children[number]
    return node


# Where things lie in what OpenSSL makes: ContentInfo, [0], SignedData.
BODY = (1, 0)
SIGNERS = (*BODY, 4)
SIGNER = (*SIGNERS, 0)
ATTRIBUTES = (*SIGNER, 3)


def attributes(data: bytes) -> dict[str, bytes]:
    """Signed attributes by object identifier, as DER."""
    return {
        child.children[0].oid: child.raw for child in at(data, *ATTRIBUTES).children
    }


def resigned(
    data: bytes, signer: Signer, change: Callable[[dict[str, bytes]], list[bytes]]
) -> bytes:
    """The signature with other signed attributes, signed again."""
    rows = b"".join(change(attributes(data)))
    signature = openssl(
        "dgst", "-sha256", "-sign", signer.key, stdin=tlv(der.SET, rows)
    )
    data = replaced(data, ATTRIBUTES, tlv(SIGNED_ATTRIBUTES, rows))
    return replaced(data, (*SIGNER, 5), tlv(der.OCTETS, signature))


def without(name: str) -> Callable[[dict[str, bytes]], list[bytes]]:
    """A change that leaves an attribute out."""
    return lambda rows: [row for key, row in rows.items() if key != name]


def with_value(name: str, *values: bytes) -> Callable[[dict[str, bytes]], list[bytes]]:
    """A change that gives an attribute other values."""
    new = tlv(der.SEQUENCE, oid(name), tlv(der.SET, *values))
    return lambda rows: [new if key == name else row for key, row in rows.items()]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
