import logging
import time
from datetime import timezone
from decimal import Decimal

import pytz
from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..fiscal import lifecycle
from ..fiscal.contract import Built, FiscalError, Status
from .ereceipt_document import TAKES_BACK
from .ereceipt_resolver import CodeResolver

_logger = logging.getLogger(__name__)

ADOPTED_AT_ONCE = 20


class EreceiptReconciliationLine(models.Model):
    """Adopting: a draft entry made of a document that only the authority has.

    A person asks for it, the job fetches the document (each call in a transaction of
    its own), and makes the entry with its document, which is valid from the start and
    is never sent. The person looks at it and confirms it.
    """

    _inherit = "ereceipt.reconciliation.line"

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _adopt_later(self, lines):
        """Check what can be checked without the authority.

        :return: sentences by line for those that cannot be adopted
        """
        refused = {}
        for line in lines:
            if not line.reconciliation_id._adopts():
                refused[line] = self.env._("The authority gives no documents back.")
            elif line.status_there != Status.VALID.value:
                refused[line] = self.env._(
                    "%s is not valid at the authority, so there is nothing to book.",
                    line.number or line.uid_there,
                )
            elif not line._adopting_device():
                refused[line] = self.env._(
                    "No device of %s has a journal in which it could be booked.",
                    line.registration_id.display_name,
                )
        return refused

    @api.model
    def _adopt_begun(self, deadline):
        """Adopt what people have asked for, until the time is over.

        :param float deadline: ``time.monotonic()``
        """
        outbox = self.env["ereceipt.outbox"]
        while time.monotonic() < deadline:
            lines = self.search(
                [
                    ("state", "=", "begun"),
                    ("remedy", "=", "adopt"),
                    ("document_id", "=", False),
                ],
                # as they were issued, so that a chain is gone along
                order="issued_on, id",
                limit=ADOPTED_AT_ONCE,
            )
            lines = lines.filtered(lambda line: line.registration_id._sends_here())
            if not lines:
                return
            for line in lines:
                line._adopt_one(outbox)

    def _adopt_one(self, outbox):
        """Fetch and book one document; what goes wrong is written on its line."""
        self.ensure_one()
        device = self._adopting_device()
        try:
            with self.registration_id._calling(device) as authority:
                outbox._commit()
                content = authority.fetch_content(self.uid_there)
            outbox._apart(lambda: self._adopt(content, device), 1)
        except FiscalError as error:
            text = self.env["ereceipt.document"]._error_text(error, self.remedied_by_id)
            outbox._apart(lambda: self._not_adopted(text))
        except OperationalError:
            raise
        except Exception as error:
            self.env.cr.rollback()
            self.env.transaction.reset()
            if not isinstance(error, UserError | ValueError):
                _logger.exception("%s could not be adopted", self.number)
            text = str(error)
            outbox._apart(lambda: self._not_adopted(text))

    def _not_adopted(self, text):
        self.write({"state": "open", "remedy": False, "note": text})

    def _adopting_device(self):
        """Return the device on which it was issued, or the one that comes nearest and
        has a journal."""
        devices = self.sudo().registration_id.device_ids
        named = devices.filtered(lambda d: d.serial and d.serial == self.serial_there)
        candidates = (named | self.sudo().device_id | devices).filtered("journal_ids")
        return candidates[:1]

    def _adopt(self, content, device):
        """Make the entry and its document.

        :param bytes content: as the authority gave it
        :raise UserError: it cannot be booked
        """
        self.ensure_one()
        documents = self.env["ereceipt.document"].sudo()
        known = documents.search(
            [
                ("registration_id", "=", self.registration_id.id),
                ("authority_uid", "=", self.uid_there),
            ],
            limit=1,
        )
        if known:
            raise UserError(self.env._("It is in the books already: %s.", known.name))
        receipt = device._authority_offline().parse(content)
        moves = self.env["account.move"].sudo().with_company(device.company_id)
        move, remarks = moves._ereceipt_adopted(receipt, device)
        document = documents.create(self._adopted_values(receipt, content, move))
        self.write(
            {
                "state": "done",
                "document_id": document.id,
                "move_id": move.id,
                "note": " ".join(remarks) or False,
            }
        )
        move._ereceipt_tell_adopted(document, receipt, remarks)

    def _adopted_values(self, receipt, content, move):
        """Return the columns of an adopted document."""
        documents = self.env["ereceipt.document"]
        built = Built(content, "", uid=self.uid_there)
        device = move.ereceipt_device_id.sudo()
        return {
            **move._ereceipt_row(),
            **documents._frozen_values(receipt, built, False),
            "name": receipt.number or self.uid_there,
            "kind": receipt.kind,
            "media_type": device._adopted_media_type(),
            "environment": self.reconciliation_id.environment,
            "amount_total": float(receipt.total),
            "state": lifecycle.VALID,
            "authority_ids": (self.told_there or {}).get("ids", {}),
            "submitted_at": self.date_there,
            "decided_at": fields.Datetime.now(),
            "adopted_at": fields.Datetime.now(),
            "adopted_by_id": self.remedied_by_id.id,
            "chain_index": device._adopted_place(receipt),
        }


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    def _adopted_place(self, receipt):
        """Return the place in the device's chain of a document that is adopted: the
        next one where it follows the last that we know (a database that was restored
        has forgotten the end of its chain), else none."""
        self.ensure_one()
        chained = self.registration_id._authority_class().capabilities.chained
        if not chained or receipt.device.serial != self.serial:
            return 0
        self._chain_lock()
        index, uid, _moment = self._chain_head()
        return index + 1 if (receipt.previous_uid or "") == uid else 0

    def _adopted_media_type(self):
        """Return the form of documents that this device has issued."""
        last = self.env["ereceipt.document"].search(
            [
                ("registration_id", "=", self.registration_id.id),
                ("media_type", "!=", False),
            ],
            order="id desc",
            limit=1,
        )
        return last.media_type or "application/json"


class EreceiptDocument(models.Model):
    """A document that was adopted: issued elsewhere, and booked here afterwards. It is
    frozen like any other, and never sent. It has a place in its device's chain only
    where it is the next one there."""

    _inherit = "ereceipt.document"

    adopted_at = fields.Datetime(
        string="Adopted",
        readonly=True,
        help="When it was taken over from the authority's books.",
    )
    adopted_by_id = fields.Many2one("res.users", string="Adopted by", readonly=True)


class AccountMove(models.Model):
    """The entry of an adopted document."""

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # GUARDS
    # -------------------------------------------------------------------------

    def _ereceipt_locking_documents(self):
        # EXTENDS: the entry of an adopted document is a draft until a person confirms
        # it, who may have to mend it
        documents = super()._ereceipt_locking_documents()
        if self.state == "draft":
            return documents.filtered(lambda d: not d.adopted_at)
        return documents

    def _ereceipt_drafts(self):
        # EXTENDS: what was issued already is neither dated nor checked
        drafts = super()._ereceipt_drafts()
        return drafts.filtered(lambda m: not m._ereceipt_is_adopted())

    def _ereceipt_is_adopted(self):
        return bool(self.sudo().ereceipt_document_id.adopted_at)

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _ereceipt_adopted(self, receipt, device):
        """Make a draft of what a document says.

        :param receipt: contract.Receipt
        :return: the entry, and sentences about what a person should look at
        """
        adopter = _Adopter(self.env, receipt, device)
        move = self.create(adopter.values())
        total = Decimal(repr(move.amount_total))
        if abs(total - abs(receipt.total)) * 2 >= _cent(move.currency_id):
            adopter.remarks.append(
                self.env._(
                    "The authority's total is %(theirs)s, the draft's %(ours)s.",
                    theirs=str(receipt.total),
                    ours=str(total),
                )
            )
        return move, adopter.remarks

    def _ereceipt_tell_adopted(self, document, receipt, remarks):
        """Say on the entry where it comes from, and what to look at."""
        text = self.env._(
            "Adopted from the tax authority's books: %(number)s, %(uid)s. It is valid "
            "there and is not sent. Look at accounts and taxes, then confirm it.",
            number=receipt.number,
            uid=document.authority_uid,
        )
        self._message_log(body="\n".join([text, *remarks]))


class _Adopter:
    """Turns a receipt into the values of an entry.

    :ivar remarks: what a person should look at
    """

    def __init__(self, env, receipt, device):
        self.env = env
        self.receipt = receipt
        self.device = device
        self.company = device.company_id
        self.remarks = []
        self._taxes = self._sale_taxes()
        self._resolver = CodeResolver(
            env, device.registration_id.authority, self.company
        ).load(taxes=self._taxes)

    def values(self):
        """Return the values of the entry."""
        receipt = self.receipt
        currency = self.env["res.currency"].search(
            [("name", "=", receipt.currency)], limit=1
        )
        if not currency:
            raise UserError(
                self.env._("The currency %s is not active.", receipt.currency)
            )
        back = receipt.kind in TAKES_BACK
        return {
            "move_type": "out_refund" if back else "out_invoice",
            "company_id": self.company.id,
            "journal_id": self.device.journal_ids[:1].id,
            "ereceipt_device_id": self.device.id,
            "partner_id": self._partner().id,
            "currency_id": currency.id,
            "invoice_date": self._local_date(receipt.issued_at),
            "ref": receipt.number,
            "reversed_entry_id": self._original().id if back else False,
            "invoice_line_ids": [
                fields.Command.create(values) for values in self._lines()
            ],
        }

    def _local_date(self, moment):
        zone = self.device.registration_id._authority_class().limits.zone
        return moment.astimezone(timezone.utc).astimezone(pytz.timezone(zone)).date()

    def _original(self):
        """Return the sale that is taken back, if it is in the books."""
        moves = self.env["account.move"]
        original = self.receipt.original
        if not original or not original.uid:
            return moves
        sold = self.env["ereceipt.document"].search(
            [
                ("registration_id", "=", self.device.registration_id.id),
                ("authority_uid", "=", original.uid),
            ],
            limit=1,
        )
        return sold.link_ids[:1].move_id

    def _partner(self):
        """Return the buyer, made where there is none with his number or name."""
        buyer = self.receipt.buyer
        partners = self.env["res.partner"]
        domain = [("company_id", "in", (False, self.company.id))]
        if buyer.id:
            found = partners.search([*domain, ("vat", "=", buyer.id)], limit=1)
            if found:
                return found.commercial_partner_id
        name = buyer.name or self.env._("Consumer")
        found = partners.search([*domain, ("name", "=", name)], limit=1)
        if found and not buyer.id:
            return found
        self.remarks.append(self.env._("The customer %s was made.", name))
        values = {"name": name, "is_company": buyer.kind == "business"}
        try:
            with self.env.cr.savepoint():
                return partners.create({**values, "vat": buyer.id or False})
        except ValidationError:
            return partners.create({**values, "ref": buyer.id})

    # -- lines --------------------------------------------------------------------

    def _lines(self):
        for line in self.receipt.lines:
            yield self._line(line)
            for discount in line.data.get("item_discounts", ()):
                yield self._reduction(discount)
        for discount in self.receipt.discounts:
            yield self._reduction(discount)

    def _line(self, line):
        product = self.env["product.product"]
        if line.internal_code:
            product = product.search(
                [
                    ("default_code", "=", line.internal_code),
                    ("company_id", "in", (False, self.company.id)),
                ],
                limit=1,
            )
        quantity, price = self._quantity_and_price(line)
        name = line.description or line.internal_code or product.display_name
        if quantity != line.quantity:
            name = f"{name} ({line.quantity:f})"
        return {
            "product_id": product.id,
            "name": name,
            "quantity": float(quantity),
            "price_unit": float(price),
            "discount": 0.0,
            "tax_ids": [fields.Command.set(self._line_taxes(line).ids)],
        }

    def _quantity_and_price(self, line):
        """Return both so that their product is the net that the authority has; where no
        price gives that, the whole line is one piece."""
        digits = self.env["decimal.precision"].precision_get("Product Price")
        if line.quantity:
            price = (line.net / line.quantity).quantize(Decimal(1).scaleb(-digits))
            if price * line.quantity == line.net:
                return line.quantity, price
        return Decimal(1), line.net

    def _reduction(self, discount):
        """Return a discount after taxes as a line of its own."""
        return {
            "name": discount.description or self.env._("Discount"),
            "quantity": 1.0,
            "price_unit": float(-discount.amount),
            "tax_ids": [fields.Command.clear()],
        }

    def _sale_taxes(self):
        return self.env["account.tax"].search(
            [
                ("company_id", "parent_of", self.company.id),
                ("type_tax_use", "=", "sale"),
                ("amount_type", "=", "percent"),
            ]
        )

    def _line_taxes(self, line):
        found = self.env["account.tax"]
        for tax in line.taxes:
            match = self._tax(tax)
            if not match:
                self.remarks.append(
                    self.env._(
                        "No tax was found for %(type)s %(subtype)s %(rate)s.",
                        type=tax.type,
                        subtype=tax.subtype,
                        rate=f"{tax.rate or 0:f}",
                    )
                )
            found |= match
        return found

    def _tax(self, tax):
        """Return the company's tax that has the authority's code and rate, or at least
        the rate; none that is included in prices, which are net here."""
        if tax.rate is None:
            return self._taxes.browse()
        alike = self._taxes.filtered(
            lambda t: not t.price_include and Decimal(repr(t.amount)) == tax.rate
        )
        ranked = sorted(
            alike,
            key=lambda t: (
                self._resolver.tax(t).code != tax.type,
                self._resolver.tax(t).subcode != tax.subtype,
            ),
        )
        return ranked[0] if ranked else self._taxes.browse()


def _cent(currency):
    return Decimal(1).scaleb(-currency.decimal_places)
