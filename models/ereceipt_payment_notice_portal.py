from psycopg2.errors import UniqueViolation

from odoo import api, models
from odoo.tools import mute_logger

from .ereceipt_payment_notice import LONGEST, OPEN

MOST_NOTICES = 10
"""So often the customer tells it of one invoice; then he has to call."""

PAYABLE = ("not_paid", "partial")
SALES = ("out_invoice", "out_receipt")


class EreceiptPaymentNotice(models.Model):
    """What the customer does in the portal: he tells that he has paid, and sees what
    became of it."""

    _inherit = "ereceipt.payment.notice"

    _portal_template = "account_ereceipt.portal_paid_page"

    @api.model
    def _portal_url(self, move):
        # OVERRIDE
        return move._ereceipt_paid_url()

    @api.model
    def _longest(self):
        # OVERRIDE
        return LONGEST

    @api.model
    def _portal_inputs(self, move):
        # OVERRIDE
        one = self._portal_input
        where = self.env._("What your bank calls it, so that we find it.")
        return [
            one("reference", "text", needed=True, help=where),
            one("paid_on", "date", ltr=True),
            one("amount", "number", ltr=True),
            one("note", "text"),
        ]

    @api.model
    def _portal_submit(self, move, typed, teller):
        """Keep what a customer says.

        :param move: the invoice, in sudo
        :param teller: partner of who is signed in, empty for who has the link
        :return: what is wrong, as sentences; nothing was kept then
        """
        stands = self._portal_closed(move)
        if stands:
            return [stands]
        values, wrong = self._portal_values(move, typed)
        if wrong:
            return wrong
        try:
            with self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
                notice = self.sudo().create(
                    {**values, "move_id": move.id, "teller_id": teller.id}
                )
        except UniqueViolation:
            # pressed twice: the first one counts
            return []
        move._message_log(
            body=notice._sentence(), author_id=(teller or move.partner_id).id or None
        )
        notice._ask_to_find()
        return []

    @api.model
    def _portal_closed(self, move):
        # OVERRIDE
        notices = move.ereceipt_notice_ids
        if move.payment_state not in PAYABLE:
            return self.env._("There is nothing left to pay.")
        if notices.filtered(lambda notice: notice.state in OPEN):
            return self.env._("You have told us already. We look for your payment.")
        if len(notices) >= MOST_NOTICES:
            return self.env._(
                "You have told us too often. Please get in touch with us."
            )
        return False

    @api.model
    def _portal_sentence(self, move):
        # OVERRIDE: what he wrote is not shown, whoever has the link would read it
        notice = move.ereceipt_notice_ids.sorted("id")[-1:]
        if notice.state in OPEN:
            return "info", self.env._("You have told us that you paid. We look for it.")
        if notice.state == "missing" and move.payment_state in PAYABLE:
            return "warning", self.env._(
                "We could not find your payment: %s", (notice.answer or "").strip()
            )
        return "", ""


class AccountMove(models.Model):
    _inherit = "account.move"

    def _ereceipt_paid_url(self):
        """Return the address of the page on which the customer tells that he has paid,
        False where he cannot.

        Note: self is in sudo.
        """
        self.ensure_one()
        if (
            self.state != "posted"
            or self.move_type not in SALES
            or self.payment_state not in PAYABLE
            or not self.ereceipt_device_id.paid_by_customer
        ):
            return False
        return self.get_portal_url(suffix="/ereceipt_paid")
