from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import LazyTranslate

from .ereceipt_notification import notification
from .ereceipt_readable import pretty

_lt = LazyTranslate(__name__)

PURPOSES = {
    "token": _lt("Sign in"),
    "submit": _lt("Send"),
    "query": _lt("Ask"),
    "list": _lt("List"),
    "cancel": _lt("Cancel"),
    "print": _lt("Fetch the PDF"),
    "codes": _lt("Item codes"),
    "file": _lt("Fetch a file"),
    "deliver": _lt("Deliver to the buyer"),
    "retry": _lt("Send again"),
    "reject": _lt("Reject"),
    "decline": _lt("Decline the rejection"),
    "change": _lt("Change"),
    "check": _lt("Check"),
    "probe": _lt("Test"),
}
"""What calls are for, as a person reads it."""


class EreceiptExchange(models.Model):
    """What a person sees of a call: its headers as lines, its bodies indented."""

    _inherit = "ereceipt.exchange"

    purpose_text = fields.Char(string="Purpose", compute="_compute_purpose_text")
    request_headers_text = fields.Text(
        string="Request headers", compute="_compute_headers_text"
    )
    response_headers_text = fields.Text(
        string="Answer headers", compute="_compute_headers_text"
    )
    request_pretty = fields.Text(
        string="Request, indented", compute="_compute_pretty_texts"
    )
    response_pretty = fields.Text(
        string="Answer, indented", compute="_compute_pretty_texts"
    )

    @api.depends("purpose")
    @api.depends_context("lang")
    def _compute_purpose_text(self):
        purposes = self._purposes()
        for exchange in self:
            known = purposes.get(exchange.purpose)
            exchange.purpose_text = self.env._(known) if known else exchange.purpose

    @api.model
    def _purposes(self):
        """Return what to call the purposes of calls; others are shown as they are kept.

        Hook: the glue of an authority adds its own.

        :rtype: dict[str, odoo.tools.LazyTranslate]
        """
        return PURPOSES

    @api.depends("request_headers", "response_headers")
    def _compute_headers_text(self):
        for exchange in self:
            for name in ("request_headers", "response_headers"):
                exchange[f"{name}_text"] = "\n".join(
                    f"{key}: {value}" for key, value in (exchange[name] or {}).items()
                )

    @api.depends("request_text", "response_text")
    def _compute_pretty_texts(self):
        for exchange in self:
            exchange.request_pretty = pretty(exchange.request_text, "")
            exchange.response_pretty = pretty(exchange.response_text, "")

    @api.depends("purpose_text")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for exchange in self:
            name = exchange.purpose_text or ""
            exchange.display_name = f"{name} #{exchange.id or ''}"


class EreceiptSeal(models.Model):
    _inherit = "ereceipt.seal"

    @api.depends("number")
    def _compute_display_name(self):
        for seal in self:
            seal.display_name = self.env._("Seal %s", seal.number)

    def action_open_exchanges(self):
        """Open the calls that this seal was put on."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_exchange_action"
        )
        action["domain"] = [("seal_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_verify(self):
        """Compute every seal anew, not only these, and tell what was changed, taken
        away or slipped in.

        :raise AccessError: the user may not read seals
        """
        if not self.has_access("read"):
            raise AccessError(self.env._("Auditors verify seals."))
        wrong = self._verify()
        checked = self.search_count([])
        if not checked:
            message, kind = self.env._("There is nothing to verify yet."), "info"
        elif wrong:
            message, kind = "\n".join(wrong), "danger"
        else:
            message = self.env._(
                "%(seals)s seals over %(exchanges)s exchanges are what they were.",
                seals=checked,
                exchanges=sum(self.sudo().search([]).mapped("exchange_count")),
            )
            kind = "success"
        return notification(kind, message, title=self.env._("Seals"), sticky=True)
