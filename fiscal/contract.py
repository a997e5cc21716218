"""The one border between the engine and the tax authorities.

Above it (Odoo models) nothing knows how an authority writes a document; below it
(one package per authority) nothing knows of a database. Everything that crosses is
an immutable value object of this module, which has them from :mod:`.values` (what is
issued) and :mod:`.outcomes` (what travels, and what came of it). Amounts are
:class:`~decimal.Decimal`, times are aware UTC ``datetime`` in whole seconds, contents
are ``bytes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, Protocol

from .outcomes import Code, Document, Envelope, Listed, Outcome, Status
from .token_store import KeptToken, TokenSlot, TokenStore
from .values import (
    NOTHING,
    Address,
    Built,
    Device,
    Discount,
    File,
    Line,
    Original,
    Party,
    Payment,
    Problem,
    Receipt,
    Record,
    Returnable,
    TaxAmount,
    TaxTotal,
    TaxTotals,
    nothing,
)

__all__ = [
    "Address",
    "AmbiguousError",
    "AuthenticationError",
    "Authority",
    "AuthorityError",
    "Built",
    "Capabilities",
    "Code",
    "Connection",
    "Device",
    "Digest",
    "Discount",
    "Document",
    "Envelope",
    "Exchange",
    "File",
    "FiscalError",
    "KeptToken",
    "Limits",
    "Line",
    "Listed",
    "NOTHING",
    "Original",
    "Outcome",
    "Party",
    "Payment",
    "Problem",
    "Receipt",
    "Record",
    "Returnable",
    "Signer",
    "Status",
    "TaxAmount",
    "TaxTotal",
    "TaxTotals",
    "TokenSlot",
    "TokenStore",
    "TransientError",
]

# ----------------------------------------------------------------------------------
# What an authority can do
# ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds that the authority sets; ``None`` means that it sets none.

    :ivar warn_before: how long before its window closes somebody should usually be
        told that a document has not arrived yet
    :ivar listed_precision: how exactly its lists tell when a document was issued
    :ivar retention_years: how many years after the end of its business year the law
        wants kept what was exchanged with it; where that is not known for sure, rather
        too many
    """

    zone: str
    documents_per_call: int = 1
    bytes_per_call: int | None = None
    lines_per_document: int | None = None
    submission_window: timedelta | None = None
    correction_window: timedelta | None = None
    ingestion_time: timedelta = timedelta(minutes=2)
    first_poll: timedelta = timedelta(seconds=3)
    warn_before: timedelta = timedelta(hours=12)
    listed_precision: timedelta = timedelta(seconds=1)
    retention_years: int = 10


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the engine asks instead of the authority's name.

    :ivar serials: the authority knows devices by serial numbers
    :ivar chained: each document names its predecessor on the device
    :ivar order: may a held document be overtaken by later ones
    :ivar uid_at: who makes the identifier, and so when it is known
    :ivar printable_at: from when on the customer's copy is complete
    :ivar recovery: how a lost answer is resolved: the authority can be asked; a
        repeat is the same document to it; or its duplicate error names the first
    :ivar parallel_calls: calls at once for one registration
    :ivar interactive: one document may be sent at once, with a person waiting
    :ivar listable: it lists what it holds (:meth:`Authority.list_documents`)
    :ivar adoptable: it gives back whole documents (:meth:`Authority.fetch_content`)
    :ivar declinable: a buyer's rejection can be declined
    :ivar withdrawable: what waits for the buyer can be taken back before he has decided
        (:meth:`Authority.withdraw`)
    :ivar printer: the authority makes a print of its own (:meth:`Authority.fetch_pdf`)
    :ivar files: the authority makes files that the law wants kept
        (:meth:`Authority.fetch_files`)
    :ivar signs: what the key signs: nothing; each document once, when it is issued; or
        each message, whenever it is sent
    :ivar coded: a security code is made with the key when a document is issued, so
        :meth:`Authority.build` wants the signer
    :ivar refers: a document that takes a sale back names it, and so waits for it
    :ivar given: the customer gets what is frozen as a file, besides the print
    :ivar merges: one document may stand for several sales to one buyer, with the lines
        of all (:func:`.together.together`)
    """

    serials: bool = True
    chained: bool = False
    order: Literal["free", "strict"] = "free"
    uid_at: Literal["issue", "answer"] = "issue"
    printable_at: Literal["issue", "answer"] = "issue"
    recovery: Literal["ask", "resend", "resend_then_duplicate"] = "ask"
    parallel_calls: int = 1
    interactive: bool = False
    cancellable: bool = False
    listable: bool = False
    adoptable: bool = False
    declinable: bool = False
    withdrawable: bool = False
    printer: bool = False
    files: bool = False
    signs: Literal["nothing", "document", "message"] = "nothing"
    coded: bool = False
    refers: bool = True
    given: bool = False
    merges: bool = False


@dataclass(frozen=True, slots=True)
class Exchange:
    """One HTTP call as it happened, secrets already masked.

    :ivar purpose: what for: ``token``, ``submit``, ``query``, ``probe``, ...
    :ivar outcome: ``ok``, or the class of what went wrong (``transient``,
        ``ambiguous``, ``authentication``, ``refused``)
    :ivar keys: the documents that travelled in it
    """

    purpose: str
    method: str
    url: str
    started_at: datetime
    duration: float
    request_headers: Mapping[str, str]
    request_body: bytes
    status: int | None
    response_headers: Mapping[str, str]
    response_body: bytes
    outcome: str
    error: str = ""
    keys: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Connection:
    """Where and as whom to call. ``repr`` shows no credential.

    :ivar endpoints: base addresses by the authority's names for them
    :ivar credentials: secrets by name
    :ivar settings: switches and numbers that the authority's package documents
    :ivar identity: who this connection is, for caches: differs whenever the
        credentials differ
    :ivar call_timeout: seconds that one call may last altogether
    :ivar give_up_at: ``time.monotonic()`` by which the last call has to be over, for
        a caller whose own time is limited; ``None`` if it is not
    :ivar recorder: gets every call, from the thread that made it
    :ivar wall_clock: for tests that shift time
    :ivar tokens: keeps tokens whose number an authority limits; ``None`` keeps them in
        this process
    """

    environment: Literal["test", "production"]
    endpoints: Mapping[str, str] = field(default_factory=nothing)
    credentials: Mapping[str, str] = field(default_factory=nothing, repr=False)
    settings: Mapping[str, Any] = field(default_factory=nothing)
    device: Device | None = None
    seller_id: str = ""
    identity: str = ""
    connect_timeout: float = 5.0
    call_timeout: float = 60.0
    documents_per_call: int | None = None
    give_up_at: float | None = None
    recorder: Callable[[Exchange], None] = field(
        default=lambda exchange: None, repr=False
    )
    wall_clock: Callable[[], datetime] | None = field(default=None, repr=False)
    tokens: TokenStore | None = field(default=None, repr=False)


Digest = Literal["sha256", "sha1"]


class Signer(Protocol):
    """A key that signs; where it lies (file, token, elsewhere) is its own matter."""

    def certificate_chain(self) -> Sequence[bytes]:
        """Return DER certificates, the signer's own first."""

    def sign(self, data: bytes, document: bytes, digest: Digest = "sha256") -> bytes:
        """Return the RSA PKCS#1 v1.5 signature of ``data``.

        :param document: what the signature is for, to be shown and logged
        :param digest: the hash that is signed; SHA-1 only where an authority asks for
            it in a security code
        :raise FiscalError: the key cannot sign now
        """


# ----------------------------------------------------------------------------------
# Errors
# ----------------------------------------------------------------------------------


class FiscalError(Exception):
    """Base of what can go wrong below the border; ``str`` is a whole sentence."""

    outcome: ClassVar[str] = "refused"


class TransientError(FiscalError):
    """The call was certainly not carried out; it may be repeated later.

    :ivar retry_after: seconds that the authority asked to wait, if it did
    """

    outcome = "transient"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class AuthenticationError(FiscalError):
    """The authority does not accept who we say we are; a person must mend it."""

    outcome = "authentication"

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class AmbiguousError(FiscalError):
    """It was (or may have been) sent and no usable answer was seen."""

    outcome = "ambiguous"


class AuthorityError(FiscalError):
    """The authority refused the call as a whole.

    :ivar splittable: a smaller call may pass: one of the documents is the cause, or
        there are too many of them
    """

    def __init__(
        self,
        code: str,
        message: str,
        path: str = "",
        *,
        splittable: bool = False,
        errors: Sequence[Problem] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.path = path
        self.splittable = splittable
        self.errors = tuple(errors)


# ----------------------------------------------------------------------------------
# The protocol
# ----------------------------------------------------------------------------------


class Authority(Protocol):
    """One tax authority, seen from one registration and device.

    Instances are cheap, hold no state but their connection, and may be used in any
    thread. ``check``, ``build`` and ``parse`` never touch the network.
    """

    # Optional: ``codes_from``, the code of the authority whose code tables it uses, and
    # ``codes_name``, what to call the tables that are its own (see ``codes_owner``);
    # ``held_codes``, first codes of refusals that are none of the document: it stays
    # with the authority, and the glue says how it goes on once a person has done it;
    # for exchange by file (see ``by_file``): ``file_rows(content)``, a kept document as
    # rows of the catalogue's fields, where those of its receipt do not do, and
    # ``file_outcome(document, results)``, its Outcome by what rows of results say.
    code: ClassVar[str]
    name: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    limits: ClassVar[Limits]

    def __init__(self, connection: Connection) -> None: ...

    def check(self, receipt: Receipt) -> list[Problem]:
        """Return everything that the authority would refuse, all at once."""

    def build(self, receipt: Receipt, signer: Signer | None = None) -> Built:
        """Give the receipt its final form and, where we make them, uid, security code
        and QR.

        :param signer: makes the security code (capability ``coded``)
        :raise ValueError: the receipt would not pass :meth:`check`
        :raise FiscalError: the key cannot sign now (capability ``coded``)
        """

    def parse(self, content: bytes) -> Receipt:
        """Return what a document in the authority's form says (built by us or not).

        :raise ValueError: it is not such a document
        """

    def sign(self, built: Built, signer: Signer) -> Built:
        """Return the document with its signature, its content unchanged (capability
        ``signs`` is ``document``).

        :raise FiscalError: the key cannot sign now
        """

    def envelope(
        self, documents: Sequence[Document], signer: Signer | None = None
    ) -> Envelope:
        """Pack documents for one call. Sizes are checked by :meth:`fits`."""

    def fits(self, documents: Sequence[Document]) -> int:
        """Return how many of the documents, from the first on, fit into one call
        (at least 1)."""

    def submit(self, envelope: Envelope) -> list[Outcome]:
        """Send, and return one outcome per document.

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """

    def query(self, documents: Sequence[Document]) -> list[Outcome]:
        """Ask what became of documents and return one outcome per document.

        :raise TransientError, AuthenticationError, AuthorityError:
        """

    def cancel(self, document: Document, reason: str) -> Outcome:
        """Ask the authority to cancel a valid document (capability ``cancellable``).

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """

    def decline(self, document: Document) -> Outcome:
        """Decline the buyer's rejection of a document (capability ``declinable``).

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """

    def withdraw(self, document: Document) -> Outcome:
        """Take back a document that the authority has not decided about, since somebody
        else has to agree (capability ``withdrawable``).

        :raise TransientError, AuthenticationError, AmbiguousError, AuthorityError:
        """

    def link(self, document: Document) -> str:
        """Return the public address of a document that the authority has, which is
        also the text of its QR code; "" while it has none or where there is none."""

    def fetch_pdf(self, document: Document) -> bytes:
        """Return the authority's own print (capability ``printer``).

        :raise TransientError, AuthenticationError, AuthorityError:
        """

    def fetch_files(self, document: Document) -> Sequence[File]:
        """Return the files of a document that the authority has, compared with it;
        none where it makes none (capability ``files``).

        :raise TransientError, AuthenticationError, AuthorityError:
        """

    def list_documents(self, start: datetime, end: datetime) -> Iterator[Listed]:
        """Yield what the authority holds for this device, issued in the period
        (capability ``listable``).

        :raise TransientError, AuthenticationError, AuthorityError:
        """

    def as_listed(self, document: Document) -> Listed:
        """Return what the authority's list should say of a document of ours, which it
        has unchanged: the same currency and form. ``status`` says nothing.

        :raise ValueError: the content is no such document
        """

    def tax_rows(self, line: Line) -> Sequence[TaxTotal]:
        """Return under which taxes a line counts, with its net and each tax's amount.

        Linear: twice the amounts of a line are twice the amounts of its rows, so that
        sums of lines with the same taxes may be told apart as one line. Amounts stay
        positive; where a line of no tax belongs is told by a row without a type.
        """

    def tax_totals(self, document: Document) -> TaxTotals:
        """Return what a document of ours counts for, once the authority holds it: its
        day there and its totals by tax, in the currency of the books.

        :raise ValueError: the content is no such document
        """

    def fetch_content(self, uid: str) -> bytes:
        """Return a document as the authority keeps it, in the form that :meth:`parse`
        reads (capability ``adoptable``).

        :raise TransientError, AuthenticationError, AuthorityError:
        """

    def last_uid(self) -> str:
        """Return the newest document that the authority knows of this device,
        "" if it has none (capability ``chained``)."""

    def probe(self) -> list[Problem]:
        """Try reach, TLS, credentials and their claims, and the clock."""

    def codes(self, kind: str) -> Iterable[Code]:
        """Return a code table as shipped; ``code_kinds`` lists the kinds."""

    def code_kinds(self) -> Sequence[str]:
        """Return the kinds of code tables that this authority has."""

    def line_at(self, path: str) -> int | None:
        """Return the position of the line that an error is about, by the path that the
        authority tells, ``None`` if it is about none."""

    def cure(self, code: str, path: str = "") -> Problem | None:
        """Return what an error of the authority means and how to cure it, ``None`` for
        one that nobody knew.

        :param path: where in the document, as the authority tells; it may say what a
            code that nobody knows is about
        """
