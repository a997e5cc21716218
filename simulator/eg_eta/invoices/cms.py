"""The parts of a CMS SignedData that ETA's rules are about (RFC 5652).

Only reading: what is right is for :mod:`.profile`, and whether the signature
holds is for OpenSSL (:mod:`.openssl`).
"""

from dataclasses import dataclass

from . import der
from .der import DerError, Node

SIGNED_DATA = "1.2.840.113549.1.7.2"
_CONTEXT_0, _CONTEXT_1 = 0xA0, 0xA1
_SHAPE = "a part has not the shape of SignedData"


class CmsError(ValueError):
    """The bytes are no SignedData in DER."""


@dataclass(frozen=True)
class Algorithm:
    """An algorithm; ``parameters`` None when they are absent."""

    oid: str
    parameters: Node | None


@dataclass(frozen=True)
class Certificate:
    """A certificate that came with a signature, and how signers name it."""

    der: bytes
    issuer: bytes
    serial: int | None


@dataclass(frozen=True)
class SignerInfo:
    """One signer. ``attributes`` maps object identifiers to their values.

    ``issuer`` None: the signer is named by a key identifier instead.
    """

    version: int | None
    issuer: bytes | None
    serial: int | None
    digest: Algorithm
    attributes: dict[str, tuple[Node, ...]]
    repeated: bool  # an attribute stands there twice
    signature: Algorithm
    unsigned: bool  # there are unsigned attributes


@dataclass(frozen=True)
class SignedData:
    """A signature; certificates in the order in which they stand."""

    version: int | None
    digests: tuple[Algorithm, ...]
    content_type: str
    attached: bool
    certificates: tuple[Certificate, ...]
    signers: tuple[SignerInfo, ...]


def read(data: bytes) -> SignedData:
    """Take ``data`` apart.

    :raises CmsError: when it is not DER, or no SignedData
    """
    try:
        root = der.parse(data)
        content_type, wrapper = _sequence(root, 2)
        if content_type.oid != SIGNED_DATA:
            raise CmsError(f"content type {content_type.oid}, not SignedData")
        (body,) = _tagged(wrapper, _CONTEXT_0)
        return _signed_data(body)
    except DerError as error:
        raise CmsError(str(error).rstrip(".")) from error
    except CmsError:
        raise
    except (ValueError, IndexError) as error:  # too few parts, or too many
        raise CmsError(_SHAPE) from error


def _signed_data(node: Node) -> SignedData:
    fields = list(_sequence(node))
    version, digests, content = fields[:3]
    rest = fields[3:]
    certificates: tuple[Certificate, ...] = ()
    if rest and rest[0].tag == _CONTEXT_0:
        certificates = tuple(_certificate(item) for item in rest.pop(0).children)
    if rest and rest[0].tag == _CONTEXT_1:
        rest.pop(0)  # revocation lists
    (signers,) = rest
    content_type, *octets = _sequence(content)
    return SignedData(
        version=version.number,
        digests=tuple(_algorithm(item) for item in _set(digests)),
        content_type=content_type.oid,
        attached=bool(octets),
        certificates=certificates,
        signers=tuple(_signer(item) for item in _set(signers)),
    )


def _certificate(node: Node) -> Certificate:
    fields = list(_sequence(_sequence(node, 3)[0]))
    if fields[0].tag == _CONTEXT_0:
        fields.pop(0)  # the version
    serial, _algorithm_used, issuer = fields[:3]
    return Certificate(node.raw, issuer.raw, serial.number)


def _signer(node: Node) -> SignerInfo:
    version, identifier, digest, *rest = _sequence(node)
    issuer, serial = None, None
    if identifier.tag == der.SEQUENCE:
        name, number = _sequence(identifier, 2)
        issuer, serial = name.raw, number.number
    attributes: dict[str, tuple[Node, ...]] = {}
    repeated = False
    if rest[0].tag == _CONTEXT_0:
        for attribute in rest.pop(0).children:
            name, values = _sequence(attribute, 2)
            repeated = repeated or name.oid in attributes
            attributes[name.oid] = _set(values)
    signature, value, *unsigned = rest
    if value.tag != der.OCTETS or len(unsigned) > 1:
        raise CmsError("the signature is not where it should be")
    return SignerInfo(
        version=version.number,
        issuer=issuer,
        serial=serial,
        digest=_algorithm(digest),
        attributes=attributes,
        repeated=repeated,
        signature=_algorithm(signature),
        unsigned=bool(unsigned),
    )


def _algorithm(node: Node) -> Algorithm:
    name, *parameters = _sequence(node)
    if not name.oid or len(parameters) > 1:
        raise CmsError("an algorithm has no identifier")
    return Algorithm(name.oid, parameters[0] if parameters else None)


def _sequence(node: Node, count: int | None = None) -> tuple[Node, ...]:
    if node.tag != der.SEQUENCE or (count and len(node.children) != count):
        raise CmsError(_SHAPE)
    return node.children


def _set(node: Node) -> tuple[Node, ...]:
    if node.tag != der.SET:
        raise CmsError(_SHAPE)
    return node.children


def _tagged(node: Node, tag: int) -> tuple[Node, ...]:
    if node.tag != tag:
        raise CmsError(_SHAPE)
    return node.children
