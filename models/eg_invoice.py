from datetime import datetime, time, timedelta

import pytz

from odoo import fields, models

from ..fiscal.eg_eta.invoice.document_types import document_type
from .eg_receipt import RIVAL_FORMATS

CALLBACK_BASE = "/ereceipt/eg"
BEST, POSSIBLE, WRONG = 2, 1, 0
"""How well one of ETA's two systems suits a document."""


class EreceiptRegistration(models.Model):
    """What only ETA's e-Invoice wants of a registration, and how it and the e-Receipt
    share what a company sells: businesses and exports get invoices, consumers get
    receipts from the day on which the company has to issue them."""

    _inherit = "ereceipt.registration"

    eg_invoice_version = fields.Selection(
        [("1.0", "1.0, signed"), ("0.9", "0.9, unsigned (trials)")],
        string="Document version",
        default="1.0",
    )
    eg_token_auth = fields.Selection(
        [("basic", "In a header (usual)"), ("form", "In the form")],
        string="Credentials travel",
        default="basic",
    )
    eg_on_behalf_of = fields.Char(
        string="On behalf of",
        help="The taxpayer's registration number, where the credentials are those of "
        "an intermediary. Empty: the company's own credentials.",
    )
    eg_late_days = fields.Integer(
        string="Days to send",
        help="How many days after the day of issue ETA still takes an invoice. The law "
        "says: none, it is sent on the day of issue.",
    )

    # -------------------------------------------------------------------------
    # HOOKS OF THE ENGINE
    # -------------------------------------------------------------------------

    def _eg_invoice_endpoints(self):
        return self._eg_receipt_endpoints()

    def _eg_invoice_settings(self, device):
        settings = {
            "document_version": self.eg_invoice_version or "1.0",
            "token_auth": self.eg_token_auth or "basic",
            "on_behalf_of": (self.eg_on_behalf_of or "").strip(),
        }
        if self.eg_extra_ca:
            settings["extra_ca"] = self.eg_extra_ca
        return settings

    def _eg_invoice_seller(self):
        return self._eg_receipt_seller()

    def _eg_invoice_clock_safety_seconds(self):
        return self.eg_clock_safety_seconds

    def _eg_invoice_signs_documents(self):
        return self.eg_invoice_version != "0.9"

    def _eg_invoice_device_tables(self):
        return {"activity_code": [("kind", "=", "activity")]}

    def _eg_invoice_callback_base(self):
        return CALLBACK_BASE

    def _eg_receipt_callback_base(self):
        return CALLBACK_BASE

    def _eg_invoice_deadline(self, issued_at):
        """Return the end of the last day (in Cairo) on which ETA takes an invoice.

        :param datetime issued_at: naive UTC
        :return: naive UTC
        """
        zone = pytz.timezone(self._authority_class().limits.zone)
        day = pytz.utc.localize(issued_at).astimezone(zone).date()
        last = day + timedelta(days=max(self.eg_late_days, 0) + 1)
        midnight = zone.localize(datetime.combine(last, time()))
        return midnight.astimezone(pytz.utc).replace(tzinfo=None)

    def _eg_invoice_warn_until(self, now):
        """Count the hours before midnight on Cairo's clock: the warning comes at the
        same time of day where the day has 23 or 25 hours as well.

        :param datetime now: naive UTC
        :return: naive UTC
        """
        zone = pytz.timezone(self._authority_class().limits.zone)
        wall = pytz.utc.localize(now).astimezone(zone).replace(tzinfo=None)
        until = zone.localize(wall + timedelta(hours=self.warn_before_hours))
        return until.astimezone(pytz.utc).replace(tzinfo=None)

    # -------------------------------------------------------------------------
    # RECEIPT OR INVOICE
    # -------------------------------------------------------------------------

    def _eg_receipt_suits(self, move):
        """Consumers get receipts, from the day on which they are due."""
        if move.commercial_partner_id.is_company:
            return POSSIBLE if self.eg_business_buyers else WRONG
        day = move.invoice_date or fields.Date.context_today(self)
        return WRONG if self.obliged_from and day < self.obliged_from else BEST

    def _eg_invoice_suits(self, move):
        """Businesses, here and abroad, get invoices; consumers may."""
        return BEST if move.commercial_partner_id.is_company else POSSIBLE

    # -------------------------------------------------------------------------
    # WHAT IS SHOWN
    # -------------------------------------------------------------------------

    def _eg_invoice_type_shown(self, document):
        """Return the type as which ETA has the document, and its table: the document
        itself names the type of a sale, at home or abroad, on a note as well."""
        issued = document_type(document.document_type or "", document.kind)
        code = issued.code if issued else document.document_type
        return code, [("kind", "=", "invoice_type")]

    def _eg_invoice_print_titles(self):
        return {"sale": self.env._("Electronic invoice")}

    def _eg_invoice_listed_currency(self, document):
        """ETA lists totals in pounds, whatever the currency of the invoice."""
        return self.company_id.currency_id


class AccountMove(models.Model):
    """What only ETA's e-Invoice wants of an invoice."""

    _inherit = "account.move"

    def _eg_invoice_kind(self):
        """ETA's e-Invoice has credit and debit notes."""
        if self.move_type == "out_refund":
            return "credit"
        if "debit_origin_id" in self._fields and self.debit_origin_id:
            return "debit"
        return "sale"

    def _eg_invoice_document_type(self, device):
        """Return whether it is an export: what is sold to a foreigner abroad."""
        buyer = self._ereceipt_buyer()
        abroad = buyer.kind == "foreigner" and buyer.address.country not in ("", "EG")
        return "EI" if abroad else "I"

    def _eg_invoice_receipt_data(self, device):
        """Return ETA's optional members that the invoice knows."""
        data = {
            "purchase_order_reference": (self.ref or "").strip(),
            "sales_order_reference": (self.invoice_origin or "").strip(),
        }
        bank = self.partner_bank_id
        if bank:
            iban = bank.acc_type == "iban"
            data["payment"] = {
                "bank_name": bank.bank_id.name or "",
                "bank_account": "" if iban else bank.acc_number or "",
                "iban": bank.acc_number if iban else "",
                "swift_code": bank.bank_id.bic or "",
                "terms": self.invoice_payment_term_id.name or "",
            }
        if self.delivery_date:
            data["service_delivery_date"] = self.delivery_date
        return data


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _ereceipt_building_number(self):
        # EXTENDS: Odoo's own module for ETA keeps it in a field of its own
        name = "l10n_eg_building_no"
        own = name in self._fields and not self.ereceipt_building and self[name]
        return (own or "").strip() or super()._ereceipt_building_number()


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def _eg_invoice_rival_formats(self):
        """Return the formats by which Odoo's own module reports to ETA."""
        return RIVAL_FORMATS
