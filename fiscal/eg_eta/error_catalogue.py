"""The error codes of ETA that are known: why they come, and who does what about them.

Sources: ETA SDK, /standard-error-response/, /ereceiptapi/01-authenticate-pos/ and the
pages of the single calls; codes of the validators as integrators have met them, since
ETA publishes no list of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..catalogue import Who
from ..messages import _


@dataclass(frozen=True, slots=True)
class Known:
    """A known code: what it means, why it comes, what to do, and who can do it."""

    code: str
    who: Who
    message: str


def _catalogue(*entries: Known) -> dict[str, Known]:
    return {entry.code.casefold(): entry for entry in entries}


TOKEN_ERRORS = _catalogue(
    Known(
        "invalid_posserial",
        "administrator",
        _(
            "The authority does not know the device's serial number. Enter the serial"
            " number as the authority's portal shows it, and check that the device is"
            " active there."
        ),
    ),
    Known(
        "invalid_pososversion",
        "administrator",
        _(
            "The authority does not accept the device's operating system. Enter the one"
            " that the device was registered with on the authority's portal."
        ),
    ),
    Known(
        "invalid_posmodelframework",
        "administrator",
        _(
            "The authority does not accept the device's model framework. Enter the one"
            " that the device was registered with, or leave it empty."
        ),
    ),
    Known(
        "invalid_presharedkey",
        "administrator",
        _(
            "The authority does not accept the device's pre-shared key. Enter the one"
            " of the authority's portal, or leave it empty if there is none."
        ),
    ),
    Known(
        "invalid_clientsecret",
        "administrator",
        _(
            "The authority does not accept the client secret. It may have expired:"
            " enter the current one, or make a new one on the authority's portal."
        ),
    ),
    Known(
        "invalid_client",
        "administrator",
        _(
            "The authority does not accept the client id and secret. Copy both again"
            " from the authority's portal, and check that they are for this"
            " environment (test or production)."
        ),
    ),
    Known(
        "unauthorized_client",
        "administrator",
        _(
            "The credentials may not issue documents of this kind. Receipts need those"
            " of a device that is linked to the company and active on the authority's"
            " portal, invoices those of an ERP system of the company."
        ),
    ),
    Known(
        "unsupported_grant_type",
        "administrator",
        _(
            "The identity service does not give tokens to client credentials. Check"
            " that the identity address in the registration is the authority's."
        ),
    ),
    Known(
        "invalid_scope",
        "administrator",
        _(
            "The credentials are not allowed to use this service of the authority."
            " Check on its portal what they were made for."
        ),
    ),
    Known(
        "invalid_request",
        "administrator",
        _(
            "The authority misses something in the request for access. Check that"
            " client id and client secret are entered, and for receipts the device's"
            " serial number."
        ),
    ),
    Known(
        "invalid_grant",
        "administrator",
        _(
            "The credentials have expired or were withdrawn. Make new ones on the"
            " authority's portal and enter them."
        ),
    ),
)

CALL_ERRORS = _catalogue(
    Known(
        "BadStructure",
        "administrator",
        _(
            "The authority could not read the documents sent together. They are sent in"
            " smaller groups until the one that is the cause is found; report it with"
            " the call's record."
        ),
    ),
    Known(
        "MaximumSizeExceeded",
        "administrator",
        _(
            "Too many documents, or too large ones, were sent together. They are sent"
            " in smaller groups; lower the documents per call to avoid it."
        ),
    ),
    Known(
        "IncorrectSubmitter",
        "administrator",
        _(
            "The credentials belong to another taxpayer than the documents' seller."
            " Check the company's tax registration number and the credentials."
        ),
    ),
    Known(
        "DuplicateSubmission",
        "authority",
        _(
            "The same documents were sent within the last ten minutes. The authority is"
            " asked what became of the first time; nothing needs to be done."
        ),
    ),
    Known(
        "Forbidden",
        "administrator",
        _(
            "The credentials may not do this at the authority. Check on its portal what"
            " they are allowed to do."
        ),
    ),
    Known(
        "NotFound",
        "administrator",
        _(
            "The authority does not know what was asked for. Check the addresses in the"
            " registration and the environment (test or production)."
        ),
    ),
    Known(
        "BadRequest",
        "administrator",
        _(
            "The authority could not understand the call. Report it with the call's"
            " record."
        ),
    ),
    Known(
        "BadArgument",
        "administrator",
        _(
            "The authority did not accept a value in the call. Report it with the"
            " call's record."
        ),
    ),
)

DOCUMENT_ERRORS = _catalogue(
    Known(
        "CV302",
        "accountant",
        _(
            "The item code does not exist in its code type; often its request has not"
            " been approved yet. Check the code on the authority's portal, and correct"
            " it on the product."
        ),
    ),
    Known(
        "RR308",
        "accountant",
        _(
            "The return does not fit the receipt it refers to: its buyer or its"
            " reference differs. Make the return from the sale, with the same customer."
        ),
    ),
    Known(
        "RR322",
        "accountant",
        _(
            "The return does not fit the receipt it refers to: its buyer or its"
            " reference differs. Make the return from the sale, with the same customer."
        ),
    ),
    Known(
        "Rule42T1",
        "accountant",
        _(
            "The VAT of a line is not its rate times its base by the authority's"
            " formula. Check the line's taxes, their codes and their order."
        ),
    ),
    Known(
        "SF337",
        "accountant",
        _(
            "A line's total is not what the authority computes; usually a withholding"
            " tax was added instead of subtracted. Check the codes of the line's taxes."
        ),
    ),
)

INVOICE_ERRORS = _catalogue(
    Known(
        "Err03",
        "administrator",
        _(
            "The authority does not accept the document's signature; what stands beside"
            " tells why. Mend that, then issue and sign the document anew."
        ),
    ),
    Known(
        "4040",
        "administrator",
        _(
            "The signature is not in the authority's form. Sign with the keys and the"
            " signing program of this system, and issue the document anew."
        ),
    ),
    Known(
        "4043",
        "administrator",
        _(
            "The signature belongs to another text than the one that arrived: the"
            " document was changed on its way. Issue and sign it anew; if it comes"
            " again, report it with the call's record."
        ),
    ),
    Known(
        "4062",
        "administrator",
        _(
            "The signature carries the document, or says that it does. It was made by"
            " another signing program: sign with this system, and issue the document"
            " anew."
        ),
    ),
    Known(
        "ISFX303",
        "administrator",
        _(
            "The authority does not accept the certificate: it has expired, was"
            " withdrawn, or its issuer is not accredited in Egypt. Set up a valid one,"
            " then issue and sign the document anew."
        ),
    ),
    Known(
        "ISFX305",
        "administrator",
        _(
            "The signer is not the issuer: the certificate is another company's, or the"
            " person is not an authorised signer. Set up the company's own key, or"
            " authorise the signer on the authority's portal."
        ),
    ),
    Known(
        "ISFX306",
        "administrator",
        _(
            "The signature's form is invalid. Sign with the keys and the signing"
            " program of this system, and issue the document anew."
        ),
    ),
    Known(
        "NumberExpected",
        "administrator",
        _(
            "The authority expected a number. The document was not made by this system,"
            " or it was changed afterwards; report it with the call's record."
        ),
    ),
    Known(
        "ValidationError",
        "accountant",
        _(
            "The authority did not accept what was asked; what stands beside tells why."
            " Often the document's state does not allow it any more."
        ),
    ),
    Known(
        "OperationExceedsLimit",
        "administrator",
        _(
            "More was asked for at once than the authority gives. Ask for a shorter"
            " period."
        ),
    ),
)

OF_REFERENCE = Known(
    "",
    "accountant",
    _(
        "The authority does not take the document that this one refers to: it does not"
        " know it, or not as a valid one. Look on the credit or debit note which sale"
        " it is about. That one has to be valid at the authority; an identifier that"
        " was typed is copied from the sale's print or from the authority's portal."
    ),
)
"""Of any other code about the document that a return or a note refers to."""

KNOWN = {**TOKEN_ERRORS, **CALL_ERRORS, **DOCUMENT_ERRORS, **INVOICE_ERRORS}
"""All of them, by the code in lower case."""
