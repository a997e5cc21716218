from odoo import api, fields, models
from odoo.tools import LazyTranslate

from ..fiscal.cn_nuonuo.red_parts import PARTS
from .cn_nuonuo import AUTHORITY

_lt = LazyTranslate(__name__)

PURPOSES = {
    "session": _lt("Log in"),
    "session_state": _lt("Ask whether logged in"),
    "credit_refresh": _lt("Ask for the credit line"),
    "red_issue": _lt("Issue a red letter"),
    "red_confirm": _lt("Decide about a red letter"),
    "red_withdraw": _lt("Withdraw a red letter"),
    "red_refresh": _lt("Ask about red letters"),
}
"""What calls are for that no other authority has."""

IDS = {
    "order": _lt("Order number at the provider"),
    "orders": _lt("Order numbers at the provider"),
    "serial": _lt("Serial number at the provider"),
    "serials": _lt("Serial numbers at the provider"),
    "status": _lt("Status at the provider"),
    "number": _lt("Fapiao number"),
    "numbers": _lt("Fapiao numbers"),
    "totals": _lt("Their totals"),
    "qr": _lt("Text of the QR code"),
    "issued_at": _lt("Issued (UTC)"),
    "bill_id": _lt("Request for the red letter"),
    "bill_ids": _lt("Requests for the red letters"),
    "bill_no": _lt("Number of the request"),
    "bill_uuid": _lt("The bureau's number of the request"),
    "red_state": _lt("State of the request"),
    "red_request": _lt("Asked of the bureau"),
}
"""What is kept of a fapiao, and of the request for a red letter."""

ASKED = {
    "01": _lt("Being withdrawn"),
    "02": _lt("Could not be withdrawn"),
    "03": _lt("Being confirmed"),
    "04": _lt("Could not be confirmed"),
}
"""What was asked of the bureau about a request, by the provider's codes."""


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    @api.model
    def _ereceipt_field_words(self):
        # EXTENDS
        return {**super()._ereceipt_field_words(), "cn_": AUTHORITY}

    def _cn_nuonuo_print_titles(self):
        return {"sale": self.env._("Fapiao"), "return": self.env._("Red fapiao")}

    def _cn_nuonuo_id_words(self):
        """Return what identifiers are called, and what their values mean."""
        codes = self.env["ereceipt.code"].sudo().with_context(active_test=False)
        states = codes.search(
            [("authority", "=", self.authority), ("kind", "=", "red_state")]
        )
        names = {key: self.env._(name) for key, name in IDS.items()}
        asked = {code: self.env._(name) for code, name in ASKED.items()}
        meanings = {row.code: row.name for row in states}
        return names, {"red_state": meanings, "red_request": asked}


class EreceiptDocument(models.Model):
    """What is seen of an order that the provider split into several fapiao."""

    _inherit = "ereceipt.document"

    cn_fapiao_text = fields.Text(
        string="Fapiao of this order",
        compute="_compute_cn_fapiao_text",
        help="The provider splits what is more than one fapiao may have.",
    )

    @api.depends("authority_ids", "currency_id")
    @api.depends_context("lang")
    def _compute_cn_fapiao_text(self):
        for document in self:
            document.cn_fapiao_text = "\n".join(
                self.env._(
                    "%(number)s: %(amount)s",
                    number=number,
                    amount=document.currency_id.format(float(amount)),
                )
                for number, amount in document._cn_nuonuo_parts()
            )

    def _cn_nuonuo_parts(self):
        """Return number and total (text) of each fapiao of an order that was split,
        nothing of another one."""
        self.ensure_one()
        if self.authority != AUTHORITY:
            return []
        told = self.authority_ids or {}
        if PARTS in told:
            return []
        numbers = told.get("numbers", "").split(",")
        totals = told.get("totals", "").split(",")
        if len(numbers) != len(totals) or len(numbers) < 2:
            return []
        return list(zip(numbers, totals, strict=True))


class EreceiptExchange(models.Model):
    _inherit = "ereceipt.exchange"

    @api.model
    def _purposes(self):
        # EXTENDS
        return {**super()._purposes(), **PURPOSES}


class IrUiMenu(models.Model):
    _inherit = "ir.ui.menu"

    @api.model
    def _ereceipt_menus(self):
        # EXTENDS: elsewhere no buyer begins a return
        return {**super()._ereceipt_menus(), "ereceipt_menu_cn_red": AUTHORITY}


class IrActionsActions(models.Model):
    _inherit = "ir.actions.actions"

    @api.model
    def _ereceipt_bound(self):
        # EXTENDS: elsewhere each invoice has a document of its own
        return {**super()._ereceipt_bound(), "action_issue_together": AUTHORITY}


class AccountMove(models.Model):
    _inherit = "account.move"

    cn_fapiao_text = fields.Text(
        related="ereceipt_document_id.cn_fapiao_text", string="Fapiao of the order"
    )
    cn_fapiao_kind_issued = fields.Char(
        related="ereceipt_document_id.document_type_text",
        string="Kind of fapiao issued",
    )
    ereceipt_file_ids = fields.Many2many(
        related="ereceipt_document_id.file_ids",
        string="Files of the tax authority",
        groups="account_ereceipt.group_ereceipt_reader",
    )

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        # EXTENDS base: another module's number of eight characters is none of a 数电票
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form" and arch.xpath("//field[@name='cn_is_fapiao']"):
            for node in arch.xpath("//field[@name='fapiao']"):
                hidden = node.get("invisible") or "False"
                node.set("invisible", f"cn_is_fapiao or ({hidden})")
        return arch, view
