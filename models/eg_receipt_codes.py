import re

from odoo import models

from ..fiscal.eg_eta.code_tables import spelling
from ..fiscal.eg_eta.gs1 import is_gs1

EGS_PREFIX = "EG-"
_UUID = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])")
_SHARE_TIME = re.compile(r"/share/(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)Z")


class EreceiptCodeMapping(models.Model):
    """Where ETA's codes are found in Odoo's own modules for Egypt, and ETA's codes for
    kinds of payment (ETA SDK, /codes/payment-methods/)."""

    _inherit = "ereceipt.code.mapping"

    def _eg_receipt_payment_defaults(self):
        return {"cash": "C", "credit": "V", "bank": "O"}

    def _eg_receipt_foreign_item(self, product):
        if "l10n_eg_eta_code" not in product._fields or not product.l10n_eg_eta_code:
            return None
        code = product.l10n_eg_eta_code.strip()
        scheme = self._eg_receipt_item_scheme(code)
        return scheme, code, ("product.product", "l10n_eg_eta_code")

    def _eg_receipt_item_scheme(self, code):
        return "EGS" if code.upper().startswith(EGS_PREFIX) else "GS1"

    def _eg_receipt_foreign_item_field(self):
        return "l10n_eg_eta_code"

    def _eg_receipt_foreign_unit(self, uom):
        if "l10n_eg_unit_code_id" not in uom._fields or not uom.l10n_eg_unit_code_id:
            return None
        code = uom.l10n_eg_unit_code_id.code
        return code, "", ("uom.uom", "l10n_eg_unit_code_id")

    def _eg_receipt_foreign_tax(self, tax):
        if "l10n_eg_eta_code" not in tax._fields or not tax.l10n_eg_eta_code:
            return None
        code, _separator, subtype = tax.l10n_eg_eta_code.upper().partition("_")
        subtype = spelling("tax_subtype").get(subtype, subtype)
        return code, subtype, ("account.tax", "l10n_eg_eta_code")

    def _eg_receipt_item_code_problem(self, scheme, code):
        if code and scheme == "EGS" and not re.fullmatch(r"EG-[0-9]+-.+", code):
            return self.env._(
                "An EGS code looks like EG-<registration number>-<code>, not like %s.",
                code,
            )
        if code and scheme == "GS1" and not is_gs1(code):
            return self.env._(
                "%s is no GS1 code: the number of a barcode has 8, 12, 13 or 14 "
                "digits, the last of which follows from the others; a GPC brick has 8 "
                "and begins with 10.",
                code,
            )
        return False


class AccountMove(models.Model):
    """What only ETA's e-Receipt wants of an invoice."""

    _inherit = "account.move"

    def _eg_receipt_parse_reference(self, text):
        """Read a receipt's UUID, or the link in its QR code.

        :return: ``[(uuid, time as naive UTC text or ""), ...]``
        """
        times = _SHARE_TIME.findall(text)
        uuids = list(dict.fromkeys(found.lower() for found in _UUID.findall(text)))
        if len(uuids) == 1 and len(times) == 1:
            return [(uuids[0], times[0])]
        return [(uuid, "") for uuid in uuids]

    def _eg_receipt_reason_before_start(self):
        """Return ETA's reason for the return of a sale that was never a receipt, since
        it was made before the taxpayer had to issue them."""
        return "B"

    def _eg_receipt_receipt_data(self, device):
        """Return ETA's own members: the order's name, for the types that have it, and
        how the order is handed over."""
        data = {}
        order = (self.invoice_origin or self.ref or "").strip()
        if order:
            data["order_name_code"] = order[:200]
        if device.eg_order_delivery_mode:
            data["order_delivery_mode"] = device.eg_order_delivery_mode
        return data
