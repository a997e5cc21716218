from markupsafe import Markup, escape

from odoo import api, fields, models

from ..fiscal import lifecycle

MARK = "o_ereceipt_mail"
"""Class of the block: a template that has it already gets no second one."""


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    mail_block = fields.Boolean(
        string="Show the e-receipt in mails",
        default=True,
        tracking=True,
        help="Mails with an invoice say below their text how its e-receipt stands, "
        "with its QR code and the links. The templates stay as they are; one that "
        "wants the block elsewhere writes "
        '<t t-out="object._ereceipt_mail_block()"/>.',
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    def _ereceipt_mail_block(self):
        """Return what a mail with the invoice says of its document, as markup; empty
        where nothing was issued.

        The state is that of the moment at which the mail is made; the links lead to
        that of the moment at which it is read.
        """
        self.ensure_one()
        move = self.sudo()
        values = move._ereceipt_portal_values()
        if not values:
            return Markup()
        return self.env["ir.qweb"]._render(
            "account_ereceipt.mail_block",
            {
                "mark": MARK,
                "ereceipt": values,
                "picture": values["qr"] and move.ereceipt_document_id._qr_picture_url(),
                "page": move.get_base_url() + move.get_portal_url(),
                "moving": move.ereceipt_state not in lifecycle.SETTLED,
            },
        )


class AccountMoveSend(models.AbstractModel):
    _inherit = "account.move.send"

    @api.model
    def _get_mail_params(self, move, move_data):
        # EXTENDS account: whatever template the mail was made of
        params = super()._get_mail_params(move, move_data)
        body = (params or {}).get("body") or ""
        device = move.ereceipt_document_id.sudo().device_id
        if params and device.mail_block and MARK not in body:
            lang = move_data.get("mail_lang") or move.partner_id.lang
            block = move.with_context(lang=lang)._ereceipt_mail_block()
            params["body"] = escape(body) + block
        return params
