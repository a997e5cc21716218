"""Fetches a fapiao's files, and compares them with the document.

The addresses come in an answer, so only those of the provider's own hosts are called,
encrypted; on this machine only where the provider itself is on this machine (a
simulator).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from urllib.parse import urlsplit

from ..contract import (
    Connection,
    File,
    FiscalError,
    Problem,
    TransientError,
)
from ..messages import Money, Sentence, _, source_of
from ..transport import Answer, Call, HttpClient, check_address, is_loopback
from .answers import Row
from .fapiao import Fapiao
from .moments import local_day
from .ofd import read_ofd
from .settings import Settings, listed
from .voucher import Voucher, read_xml


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of a fapiao: how it begins, and how it is read."""

    ending: str
    media_type: str
    begins: tuple[bytes, ...]
    read: Callable[[bytes], Voucher] | None = None


PDF = _Form("pdf", "application/pdf", (b"%PDF-",))
OFD = _Form("ofd", "application/ofd", (b"PK\x03\x04",), read_ofd)
XML = _Form("xml", "application/xml", (b"<", b"\xef\xbb\xbf<"), read_xml)


class Fetcher:
    """Fetches files for one connection.

    :param api: the address that calls go to
    """

    def __init__(self, connection: Connection, settings: Settings, api: str) -> None:
        self._hosts = tuple(host.lower() for host in listed(settings.file_hosts))
        self._local = is_loopback(urlsplit(api).hostname or "")
        self._http = HttpClient(
            connection,
            extra_ca=settings.extra_ca,
            most_bytes=int(settings.file_bytes),
        )

    def files(self, row: Row, fapiao: Fapiao, key: int) -> Iterator[File]:
        """Yield the files of one fapiao. Where there is an OFD it is the voucher, and a
        PDF is for people (spec china 1.1); the XML is the data, which counts as well.

        :param key: the document
        :raise FiscalError: one of them cannot be fetched
        """
        for form, url in ((OFD, row.ofd_url), (XML, row.xml_url), (PDF, row.pdf_url)):
            if url:
                original = form is not PDF or not row.ofd_url
                yield self._file(form, url, row, fapiao, key, original)

    def pdf(self, row: Row, key: int) -> bytes:
        """Return the PDF of one fapiao.

        :raise FiscalError: it cannot be fetched
        """
        return self._fetch(PDF, row.pdf_url, key)

    def _file(
        self, form: _Form, url: str, row: Row, fapiao: Fapiao, key: int, original: bool
    ) -> File:
        content = self._fetch(form, url, key)
        return File(
            f"{row.number}.{form.ending}",
            form.media_type,
            content,
            hashlib.sha256(content).hexdigest(),
            original,
            tuple(_problems(form, content, row, fapiao)),
        )

    def _fetch(self, form: _Form, url: str, key: int) -> bytes:
        self._allow(url)
        call = Call("file", "GET", url, {"Accept": "*/*"}, keys=(key,))

        def read(answer: Answer) -> bytes:
            if answer.status != 200 or not answer.body.lstrip().startswith(form.begins):
                raise TransientError(
                    Sentence(
                        _(
                            "What %(host)s gave (HTTP %(status)s) is no %(form)s. It is"
                            " fetched again later."
                        ),
                        host=urlsplit(url).hostname or "?",
                        status=answer.status,
                        form=form.ending.upper(),
                    ),
                    answer.retry_after,
                )
            return answer.body

        return self._http.call(call, read)

    def _allow(self, url: str) -> None:
        """Refuse addresses that are not the provider's.

        :raise TransientError: it is none of his
        """
        host = check_address(url).lower()
        if is_loopback(host):
            allowed = self._local
        else:
            allowed = any(
                host == domain or host.endswith("." + domain) for domain in self._hosts
            )
        if not allowed:
            raise TransientError(
                Sentence(
                    _(
                        "The fapiao's file lies at %(host)s, which is none of the hosts"
                        " from which files are fetched. If it is the provider's, add it"
                        " to the registration."
                    ),
                    host=host,
                )
            )


# ----------------------------------------------------------------------------------
# Comparing
# ----------------------------------------------------------------------------------


def _problems(
    form: _Form, content: bytes, row: Row, fapiao: Fapiao
) -> Iterator[Problem]:
    if form.read is None:
        return
    try:
        voucher = form.read(content)
    except ValueError as exc:
        yield Problem(
            "file_unreadable",
            _(
                "The fapiao's %(form)s cannot be read (%(reason)s), so it was not"
                " compared with the document."
            ),
            values={"form": form.ending.upper(), "reason": str(exc)[:200]},
        )
        return
    except FiscalError as exc:
        message, values = source_of(exc)
        yield Problem("file_unreadable", message, values=values)
        return
    yield from compare(voucher, row, fapiao)


def compare(voucher: Voucher, row: Row, fapiao: Fapiao) -> Iterator[Problem]:
    """Yield where a file says something else than the document, or than what the
    provider said of this fapiao, of which an order may have several.

    What the file does not tell is not compared.
    """
    day = local_day(row.issued_at) if row.issued_at is not None else None
    pairs: Sequence[tuple[str, object, object]] = (
        (_("number"), voucher.number, row.number),
        (_("date"), voucher.day, day),
        (_("seller's tax number"), voucher.seller_id, fapiao.seller.tax_number),
        (_("buyer's tax number"), voucher.buyer_id, fapiao.buyer.tax_number),
        (_("seller's name"), voucher.seller_name, fapiao.seller.name),
        (_("buyer's name"), _plain(voucher.buyer_name), _plain(fapiao.buyer.name)),
        (_("kind"), voucher.kind, fapiao.kind),
        *(_amounts(voucher, row, fapiao)),
    )
    for name, theirs, ours in pairs:
        if theirs in ("", None) or ours in ("", None) or theirs == ours:
            continue
        yield Problem(
            "file_differs",
            _(
                "The %(name)s in the fapiao's file is %(theirs)s, and %(ours)s by the"
                " document. Keep the file, and ask the provider."
            ),
            values={
                "name": Sentence(name),
                "theirs": _shown(theirs),
                "ours": _shown(ours),
            },
        )


def _plain(name: str) -> str:
    # a natural person's name has this after it on the face
    return name.removesuffix("（个人）").strip()


def _shown(value: object) -> object:
    if isinstance(value, Decimal):
        return Money(value, "CNY")
    return value if isinstance(value, date) else str(value)


def _amounts(
    voucher: Voucher, row: Row, fapiao: Fapiao
) -> Sequence[tuple[str, object, object]]:
    """Return the amounts to compare. Signs are compared by the document alone: whether
    answers have one is not known."""
    whole: Mapping[str, Decimal] = {}
    if row.total is None or abs(row.total) == abs(fapiao.total):
        whole = {"net": fapiao.net, "tax": fapiao.tax, "total": fapiao.total}
    sign = -1 if fapiao.red else 1
    pairs = []
    for label, name, part in (
        (_("amount without tax"), "net", row.net),
        (_("tax"), "tax", row.tax),
        (_("total"), "total", row.total),
    ):
        ours = whole.get(name)
        if ours is None and part is not None:
            ours = abs(part) * sign
        pairs.append((label, getattr(voucher, name), ours))
    return pairs
