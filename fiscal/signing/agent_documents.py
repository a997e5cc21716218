"""What an agent is shown of a document, and the text that it signs for it.

The text is made here, from the document, on both sides: no digest is ever signed that
somebody else computed.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ..eg_eta.canonical import canonical_text


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as a person is shown it before it is signed.

    :ivar issuer_rin: the taxpayer who issues it
    :ivar digest: SHA-256 of the text that is signed, hex
    """

    number: str
    kind: str
    issued_at: str
    issuer_rin: str
    issuer: str
    buyer: str
    total: str
    digest: str


@dataclass(frozen=True, slots=True)
class Readable:
    """A document that was understood.

    :ivar text: what is signed
    """

    shown: Shown
    text: bytes


def read_document(form: str, document: bytes) -> Readable:
    """Read a document.

    :param form: the code of its authority
    :raise ValueError: the form is not known, or the document is not of it, or could be
        read in two ways
    """
    if form not in FORMATS:
        raise ValueError(f"Documents of the form {form} are not known here")
    return FORMATS[form](document)


def _eg_invoice(document: bytes) -> Readable:
    content = _read_once(document)
    if "signatures" in content:
        raise ValueError("The document has a signature already")
    issuer, receiver = (_mapping(content, name) for name in ("issuer", "receiver"))
    text = canonical_text(document).encode("utf-8", "surrogatepass")
    buyer = " ".join(filter(None, (_text(receiver, "name"), _text(receiver, "id"))))
    shown = Shown(
        number=_text(content, "internalID"),
        kind=_text(content, "documentType"),
        issued_at=_text(content, "dateTimeIssued"),
        issuer_rin=_text(issuer, "id"),
        issuer=_text(issuer, "name"),
        buyer=buyer,
        total=_text(content, "totalAmount"),
        digest=sha256(text).hexdigest(),
    )
    for name in ("number", "issuer_rin", "total", "issued_at"):
        if not getattr(shown, name):
            raise ValueError(f"The document does not say its {name}")
    return Readable(shown, text)


def _read_once(document: bytes) -> dict[str, Any]:
    """Read a JSON object in which nothing is said twice: what is signed is all of it,
    what is shown would be the last."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        # Names that differ in case only are one name in the canonical text.
        if len({name.upper() for name, _value in pairs}) != len(pairs):
            raise ValueError("The document says something twice")
        return dict(pairs)

    try:
        # Numbers as they are written: that is how they are signed.
        content = json.loads(
            document.decode("utf-8"),
            object_pairs_hook=unique,
            parse_float=str,
            parse_int=str,
        )
    except RecursionError:
        raise ValueError("The document is nested too deeply") from None
    if not isinstance(content, dict):
        raise ValueError("The document is no object")
    return content


def _mapping(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = content.get(name, {})
    if not isinstance(value, Mapping):
        raise ValueError(f"The document's {name} is no object")
    return value


def _text(content: Mapping[str, Any], name: str) -> str:
    value = content.get(name, "")
    if not isinstance(value, str):
        raise ValueError(f"The document's {name} is no text or number")
    return value


FORMATS: dict[str, Callable[[bytes], Readable]] = {"eg_invoice": _eg_invoice}
"""How documents are read, by the code of their authority."""
