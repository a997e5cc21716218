"""ETA's own print of a document (ETA SDK, /einvoicingapi/: get document printout)."""

from __future__ import annotations

from urllib.parse import quote

from ...contract import AuthorityError, Document, TransientError
from ...messages import Sentence, _
from ..client import EtaClient

MOST_BYTES = 10_000_000
_MEDIA_TYPE = "application/pdf"
_HEAD = b"%PDF-"


def read_pdf(client: EtaClient, document: Document) -> bytes:
    """Return the print of a document.

    :raise TransientError, AuthenticationError:
    :raise AuthorityError: there is none, or what came is none
    """
    if not document.uid:
        raise AuthorityError("NotFound", Sentence(_NO_PRINT))
    path = f"/api/v1.0/documents/{quote(document.uid, safe='')}/pdf"
    content = client.get_bytes("print", path, _MEDIA_TYPE, (document.key,))
    if content is None:
        raise AuthorityError("NotFound", Sentence(_NO_PRINT))
    if len(content) > MOST_BYTES:
        raise AuthorityError(
            "print_too_large",
            Sentence(
                _("The authority's print has %(size)s bytes, more than is taken."),
                size=len(content),
            ),
        )
    if not content.startswith(_HEAD):
        raise TransientError(
            Sentence(
                _("What the authority sent as its print is no PDF. Try again later.")
            )
        )
    return content


_NO_PRINT = _(
    "The authority has no print of this document. It makes one when the document is"
    " valid."
)
