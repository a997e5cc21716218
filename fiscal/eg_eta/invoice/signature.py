"""The signature of an invoice: over its canonical text, kept beside its bytes, and put
into them when they are sent (ETA SDK, /signature-creation/)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from ...contract import Built, Document, Problem, Signer
from ...messages import Sentence, _
from ...signing import cades
from ...signing.certificate import read_certificate
from ...signing.errors import KeyUnusable
from ..canonical import canonical_text

_UNSIGNED = b'"documentTypeVersion":"0.9"'
_BEFORE = b',"signatures":[{"signatureType":"I","value":"'
_AFTER = b'"}]}'
OVERHEAD = len(_BEFORE) + len(_AFTER)
"""The bytes that a document grows by, without the signature itself."""


def signed_text(content: bytes) -> bytes:
    """Return what is signed: the UTF-8 of the canonical text of a document without
    signatures."""
    return canonical_text(content).encode("utf-8", "surrogatepass")


def sign(built: Built, signer: Signer, moment: datetime, seller_id: str) -> Built:
    """Return the document with its signature.

    :param moment: the time of signing, aware
    :param seller_id: the taxpayer whose document it is
    :raise FiscalError: the key cannot sign now, or is another taxpayer's
    """
    _check_owner(signer.certificate_chain(), seller_id)
    signature = cades.sign_detached(
        signed_text(built.content), signer, moment, document=built.content
    )
    return replace(built, signature=base64.b64encode(signature).decode())


def _check_owner(chain: Sequence[bytes], seller_id: str) -> None:
    """Refuse the seal of another company. A natural person's certificate names no
    taxpayer; whether that person may sign is the authority's knowledge."""
    certificate = read_certificate(chain[0])
    if certificate.rin is not None and seller_id and certificate.rin != seller_id:
        raise KeyUnusable(
            Sentence(
                _(
                    "The certificate of %(subject)s is that of the taxpayer %(theirs)s,"
                    " and the documents are of %(ours)s. Choose this company's key."
                ),
                subject=certificate.common_name,
                theirs=certificate.rin,
                ours=seller_id,
            ),
            "key_other_taxpayer",
        )


def is_unsigned(content: bytes) -> bool:
    """Tell whether a document of ours is of the version that is not signed."""
    # No quote stands unescaped inside a value, so it cannot be found in a text.
    return _UNSIGNED in content


def with_signature(document: Document) -> bytes:
    """Return the document as it travels: its bytes unchanged, and the signature as
    their last member."""
    if is_unsigned(document.content) and not document.signature:
        return document.content
    signature = document.signature.encode()
    return b"".join((document.content[:-1], _BEFORE, signature, _AFTER))


def problems_of_signature(content: bytes, signature: str) -> list[Problem]:
    """Return why a signature does not belong to a document's bytes, nothing if it
    does."""
    if not signature:
        if is_unsigned(content):
            return []
        return [
            Problem(
                "signature_missing",
                _("The document is not signed. Sign it, then send it."),
            )
        ]
    try:
        value = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return [
            Problem(
                "signature_encoding",
                _("The signature cannot be read. Sign the document once more."),
            )
        ]
    return cades.check(value, signed_text(content))
