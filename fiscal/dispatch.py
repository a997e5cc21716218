"""One unit of work with an authority, as a thread carries it out.

Nothing here knows a database. A unit never raises: whatever happens ends in a
:class:`Report` that the main thread can write down.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .contract import (
    AmbiguousError,
    Authority,
    AuthorityError,
    Built,
    Document,
    Exchange,
    File,
    FiscalError,
    Outcome,
    Problem,
    Signer,
    Status,
)
from .messages import Sentence, _, source_of

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Report:
    """What a unit came to.

    :ivar outcomes: by the documents' keys; a document that is missing here was not
        settled, and ``error`` says why
    :ivar signatures: of documents that were signed, by their keys
    :ivar content: what was fetched
    :ivar files: the files that were fetched
    :ivar exchanges: every HTTP call, in order
    :ivar error: what ended the unit early
    """

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    signatures: dict[int, str] = field(default_factory=dict)
    content: bytes = b""
    files: Sequence[File] = ()
    exchanges: list[Exchange] = field(default_factory=list)
    error: FiscalError | None = None


def send(
    authority: Authority,
    documents: Sequence[Document],
    report: Report,
    *,
    give_up_at: float,
    signer: Signer | None = None,
) -> Report:
    """Send documents; a call that the authority refuses as a whole is halved until
    the document that spoils it stands alone.

    :param give_up_at: ``time.monotonic()`` after which no further call is begun; what
        is left is :attr:`Status.DEFERRED`
    """
    waiting = [tuple(documents)]
    begun = False
    while waiting:
        batch = waiting.pop(0)
        if begun and time.monotonic() >= give_up_at:
            _settle(report, batch, Status.DEFERRED)
            continue
        begun = True
        try:
            envelope = authority.envelope(batch, signer)
            _keep(report, authority.submit(envelope))
        except AuthorityError as error:
            if not error.splittable:
                report.error = error
                break
            if len(batch) == 1:
                _refuse(report, batch[0], error)
                continue
            middle = len(batch) // 2
            waiting[:0] = [batch[:middle], batch[middle:]]
        except FiscalError as error:
            report.error = error
            _after_failure(report, batch, error)
            break
        except Exception as error:
            _logger.exception("A defect while sending %s documents", len(batch))
            report.error = _defect(error)
            _settle(report, batch, Status.UNKNOWN)
            break
    for batch in waiting:
        _settle(report, batch, Status.DEFERRED)
    return report


def ask(authority: Authority, documents: Sequence[Document], report: Report) -> Report:
    """Ask what became of documents."""
    try:
        _keep(report, authority.query(documents))
    except FiscalError as error:
        report.error = error
    except Exception as error:
        _logger.exception("A defect while asking about %s documents", len(documents))
        report.error = _defect(error)
    return report


def sign(
    authority: Authority,
    documents: Sequence[Document],
    report: Report,
    *,
    signer: Signer,
    give_up_at: float,
) -> Report:
    """Sign documents, as many as the time allows. A key that is away ends it; what
    was signed until then stays signed."""
    for document in documents:
        if report.signatures and time.monotonic() >= give_up_at:
            break
        built = Built(document.content, "")
        try:
            report.signatures[document.key] = authority.sign(built, signer).signature
        except FiscalError as error:
            report.error = error
            break
        except Exception as error:
            _logger.exception("A defect while signing %s", document.number)
            report.error = _defect(error)
    return report


def change(
    authority: Authority,
    call: Callable[[Authority, Document], Outcome],
    document: Document,
    report: Report,
) -> Report:
    """Ask the authority to change something about one document that it has: to cancel
    it, to decline its buyer's rejection.

    :param call: makes the call
    """
    try:
        _keep(report, [call(authority, document)])
    except FiscalError as error:
        report.error = error
        _after_failure(report, [document], error)
    except Exception as error:
        _logger.exception("A defect while changing %s", document.number)
        report.error = _defect(error)
        _settle(report, [document], Status.UNKNOWN)
    return report


def fetch_pdf(authority: Authority, document: Document, report: Report) -> Report:
    """Fetch the authority's own print of a document."""
    try:
        report.content = authority.fetch_pdf(document)
    except FiscalError as error:
        report.error = error
    except Exception as error:
        _logger.exception("A defect while fetching the print of %s", document.number)
        report.error = _defect(error)
    return report


def fetch_files(authority: Authority, document: Document, report: Report) -> Report:
    """Fetch the files that the authority made of a document."""
    try:
        report.files = authority.fetch_files(document)
    except FiscalError as error:
        report.error = error
    except Exception as error:
        _logger.exception("A defect while fetching the files of %s", document.number)
        report.error = _defect(error)
    return report


def _keep(report: Report, outcomes: Sequence[Outcome]) -> None:
    report.outcomes.update((outcome.key, outcome) for outcome in outcomes)


def _settle(report: Report, batch: Sequence[Document], status: Status) -> None:
    _keep(report, [Outcome(key=document.key, status=status) for document in batch])


def _refuse(report: Report, document: Document, error: AuthorityError) -> None:
    message, values = source_of(error)
    errors = error.errors or (Problem(error.code, message, error.path, None, values),)
    _keep(report, [Outcome(document.key, Status.INVALID, errors=tuple(errors))])


def _after_failure(
    report: Report, batch: Sequence[Document], error: FiscalError
) -> None:
    if isinstance(error, AmbiguousError):
        _settle(report, batch, Status.UNKNOWN)


def _defect(error: Exception) -> AmbiguousError:
    return AmbiguousError(
        Sentence(
            _("An unexpected error stopped the call (%(error)s)."),
            error=f"{type(error).__name__}: {error}",
        )
    )
