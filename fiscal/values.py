"""What is issued: a receipt as the books have it, before an authority gives it a form,
and after. Part of the border (:mod:`.contract`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Literal

from .messages import filled

NOTHING: Mapping[str, Any] = MappingProxyType({})
"""The empty mapping that value objects share as a default."""


def nothing() -> Mapping[str, Any]:
    """Return the empty mapping, as a field's default."""
    # A factory, since Python 3.11 takes a mapping proxy for a mutable default.
    return NOTHING


Record = tuple[str, int]
"""What a problem points at: the model's name and the record's id in the caller's
world, opaque here: ``("res.partner", 7)``."""


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in the parts that authorities ask for; ``country`` is
    ISO 3166 alpha-2."""

    country: str = ""
    governorate: str = ""
    city: str = ""
    street: str = ""
    building: str = ""
    postal_code: str = ""
    floor: str = ""
    room: str = ""
    landmark: str = ""
    additional: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells or buys.

    ``kind`` says which number ``id`` is: a domestic business' tax registration, a
    domestic person's identity number, or a foreigner's passport or tax number.
    """

    kind: Literal["business", "person", "foreigner"]
    id: str = ""
    name: str = ""
    address: Address = Address()
    mobile: str = ""
    payment_number: str = ""
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Discount:
    """A reduction in the document's currency; ``rate`` in percent where it was
    agreed as one."""

    amount: Decimal
    description: str
    rate: Decimal | None = None


@dataclass(frozen=True, slots=True)
class TaxAmount:
    """One tax on one line, in the document's currency.

    ``amount`` is what the tax adds to the line's total: a tax that the buyer
    withholds is negative. ``rate`` is in percent and carries the same sign, ``None``
    for a fixed amount. ``type`` and ``subtype`` are the authority's codes, empty when
    none could be found (``name`` then tells which tax lacks them).
    """

    type: str
    subtype: str
    rate: Decimal | None
    amount: Decimal
    name: str = ""
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """What was sold and taxed under one tax: of one line, of a document, or of many.

    ``type``, ``subtype`` and ``rate`` are as in :class:`TaxAmount`; the type is "" for
    what bears no tax. ``net`` is before taxes, ``tax`` what the tax adds to it; both
    are negative where a sale is taken back.
    """

    type: str
    subtype: str
    rate: Decimal | None
    net: Decimal
    tax: Decimal


@dataclass(frozen=True, slots=True)
class TaxTotals:
    """What a document counts for at its authority.

    :ivar day: the day on which it counts there, in the authority's zone
    :ivar rows: one for each tax, in the currency of the books; never empty
    :ivar lines: how many lines were summed up, each of which may have been rounded
    """

    day: date
    rows: tuple[TaxTotal, ...]
    lines: int


@dataclass(frozen=True, slots=True)
class Line:
    """One sold or returned item; all amounts positive, in the document's currency.

    ``net`` is what is left after ``discounts`` and before taxes, rounded as booked.
    ``gross`` is the unrounded amount before discounts (quantity times price, taxes
    taken out). The unit price that an authority wants is derived from them, never the
    other way round, so that the net stays what the books say. ``free_text`` tells that
    it was typed without a product, which could have codes.
    """

    description: str
    quantity: Decimal
    gross: Decimal
    net: Decimal
    internal_code: str = ""
    item_scheme: str = ""
    item_code: str = ""
    unit: str = ""
    unit_name: str = ""
    discounts: tuple[Discount, ...] = ()
    taxes: tuple[TaxAmount, ...] = ()
    data: Mapping[str, Any] = field(default_factory=nothing)
    record: Record | None = None
    free_text: bool = False

    @property
    def total(self) -> Decimal:
        """Net plus taxes, as booked."""
        return self.net + sum((tax.amount for tax in self.taxes), Decimal(0))


@dataclass(frozen=True, slots=True)
class Payment:
    """How (a part of) the document is paid; ``method`` is the authority's code."""

    method: str
    amount: Decimal
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A point of issue as the authority knows it.

    ``data`` holds what only one authority wants (its own words as keys).
    """

    serial: str
    branch_code: str = ""
    activity_code: str = ""
    address: Address = Address()
    data: Mapping[str, Any] = field(default_factory=nothing)
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Returnable:
    """What may still be returned of one item of a sale; ``amount`` before taxes."""

    quantity: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Original:
    """The document that a return, a credit or a debit note refers to.

    ``uid`` is empty when the authority never got it; ``returnable`` is what was sold
    less what was returned by ``(internal code, item code)``, ``None`` when the
    original is not in the caller's books and nothing is known of its lines.
    """

    uid: str
    number: str = ""
    issued_at: datetime | None = None
    buyer: Party | None = None
    returnable: Mapping[tuple[str, str], Returnable] | None = None
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """A document to be issued, before an authority gives it a form.

    :ivar kind: what it is in commerce; the authority's own type is ``document_type``
    :ivar currency_rate: company currency per one unit of ``currency``, 0 where the
        books know none
    :ivar currency_record: where rates are entered
    :ivar total: what the buyer owes by the books; :meth:`Authority.check` compares
    :ivar previous_uid: the predecessor in the device's chain, "" for its first
    :ivar replaces_uid: the refused document that this one corrects
    :ivar original: set on returns and notes
    :ivar reason: the authority's code for a return without reference, and the like
    """

    kind: Literal["sale", "return", "credit", "debit"]
    number: str
    issued_at: datetime
    currency: str
    seller: Party
    buyer: Party
    device: Device
    lines: tuple[Line, ...]
    total: Decimal
    document_type: str = ""
    currency_rate: Decimal = Decimal(1)
    company_currency: str = ""
    currency_record: Record | None = None
    document_date: date | None = None
    payments: tuple[Payment, ...] = ()
    discounts: tuple[Discount, ...] = ()
    previous_uid: str = ""
    replaces_uid: str = ""
    original: Original | None = None
    reason: str = ""
    data: Mapping[str, Any] = field(default_factory=nothing)
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Built:
    """A document in the authority's form, frozen from now on.

    :ivar uid: the authority's identifier where the sender makes it, else ""
    :ivar code: a security code made offline, where there is one
    :ivar qr: the text of the QR code, "" where the authority's answer is needed
    :ivar signature: the signature over ``content`` in the authority's text form, ""
        before it is signed and where documents are not signed
    """

    content: bytes
    media_type: str
    uid: str = ""
    code: str = ""
    qr: str = ""
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, as a sentence for the person who can mend it.

    :ivar code: stable, for statistics and tests (the authority's own where it has one)
    :ivar message: a whole English sentence with ``%(name)s`` places for ``values``;
        the caller translates it, then fills it
    :ivar path: where in the authority's document, "" if nowhere
    :ivar record: what to open to mend it
    :ivar values: texts, and figures as what they are (see :mod:`~.messages`)
    """

    code: str
    message: str
    path: str = ""
    record: Record | None = None
    values: Mapping[str, Any] = field(default_factory=nothing)

    @property
    def text(self) -> str:
        """The message with its values filled in, untranslated."""
        return filled(self.message, self.values)


@dataclass(frozen=True, slots=True)
class File:
    """A file of a document that the authority (or whoever issues for it) made.

    :ivar name: for the archive, without a path: made of the document's number
    :ivar sha256: of ``content``, in hexadecimal
    :ivar original: it is the voucher by law; others show the same for people
    :ivar problems: what does not agree with the document, or that the file cannot be
        read; it is kept all the same
    """

    name: str
    media_type: str
    content: bytes = field(repr=False)
    sha256: str
    original: bool = False
    problems: tuple[Problem, ...] = ()
