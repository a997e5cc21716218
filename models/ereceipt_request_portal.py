from odoo import api, models

from .ereceipt_request import UNDECIDED

MOST_CHANGES = 30
"""So often one request is changed by the customer; then he has to call."""


class EreceiptRequest(models.Model):
    """What the customer does in the portal: he fills in his invoice title, and is told
    at once what is wrong with it."""

    _inherit = "ereceipt.request"

    _portal_template = "account_ereceipt.portal_title_page"

    @api.model
    def _portal_url(self, move):
        # OVERRIDE
        return move._ereceipt_title_url()

    @api.model
    def _portal_inputs(self, move):
        """Return what the customer is asked, in the order of the page, as
        ``ereceipt.portal.form`` makes it.

        Hook ``portal_inputs(inputs)`` of an authority adds its own.

        :param move: the invoice, in sudo
        """
        one = self._portal_input
        companies = self.env._("Of companies only.")
        sent = self.env._("Where the invoice is sent to.")
        inputs = [
            one("buyer_kind", "radio", needed=True, known=True),
            one("buyer_name", "text", needed=True, known=True, fill="organization"),
            one("buyer_number", "text", known=True, ltr=True, help=companies),
            one("email", "email", ltr=True, fill="email", help=sent),
            one("phone", "tel", ltr=True, fill="tel"),
        ]
        request = self.new({"move_id": move.id})
        return request._hook("portal_inputs", inputs, inputs)

    @api.model
    def _portal_submit(self, move, typed):
        """Keep the title that a customer has typed: on the request that is to be
        decided, or on a new one.

        :param move: the invoice, in sudo
        :return: what is wrong, as sentences; nothing was kept then
        """
        stands = self._portal_closed(move)
        if stands:
            return [stands]
        values, wrong = self._portal_values(move, typed)
        if wrong:
            return wrong
        requests = self.sudo()
        wrong = requests.new({"move_id": move.id, **values})._finding_texts()
        if wrong:
            return wrong
        changes = sum(move.ereceipt_request_ids.mapped("customer_changes"))
        if changes >= MOST_CHANGES:
            return [
                self.env._("It was changed too often. Please get in touch with us.")
            ]
        self._portal_keep(move, values)
        return []

    @api.model
    def _portal_keep(self, move, values):
        """Write checked values on the request that is to be decided, or on a new
        one."""
        request = self._portal_request(move)
        if request and request._is_undecided():
            values = {
                **values,
                "state": "asked",
                "reason": False,
                "customer_changes": request.customer_changes + 1,
            }
            request.write(values)
            request._hold_or_grant()
        else:
            values = {
                **values,
                "move_id": move.id,
                "source": "customer",
                "requester_id": False,
                "customer_changes": 1,
            }
            request = self.sudo().create(values)
        request._message_log(
            body=self.env._("The customer has filled in the title in the portal."),
            author_id=move.partner_id.id or None,
        )

    @api.model
    def _portal_closed(self, move):
        # OVERRIDE
        return move._ereceipt_why_no_request()

    @api.model
    def _portal_request(self, move):
        """Return the request that the customer sees: that which is to be decided, else
        the last granted one.

        :param move: the invoice, in sudo
        """
        requests = move.ereceipt_request_ids.sorted("id")
        undecided = requests.filtered(lambda request: request.state in UNDECIDED)
        return (undecided or move._ereceipt_granted_requests())[-1:]

    @api.model
    def _portal_shown(self, move, typed):
        # OVERRIDE: the request's title, or that which the page of the invoice shows
        # anyhow
        request = self._portal_request(move)
        inputs = self._portal_inputs(move)
        if request:
            return {one["name"]: request[one["name"]] or "" for one in inputs}
        known = self._title_of(move)
        return {
            one["name"]: (one["known"] and known.get(one["name"])) or ""
            for one in inputs
        }

    @api.model
    def _portal_sentence(self, move):
        # OVERRIDE: how his title stands
        stands = move._ereceipt_why_title_stands()
        if stands:
            return "info", stands
        request = self._portal_request(move)
        if request.state == "returned":
            return "warning", self.env._("Please correct it: %s", request.reason or "")
        if request.state == "asked":
            return "info", self.env._(
                "We have this title and look at it. You can still change it."
            )
        if request.state == "granted":
            return "success", self.env._(
                "The invoice is issued with this title. You can still change it."
            )
        return "", ""


class AccountMove(models.Model):
    _inherit = "account.move"

    def _ereceipt_title_url(self):
        """Return the address of the page on which the customer fills in his title,
        False where he cannot.

        Note: self is in sudo.
        """
        self.ensure_one()
        if not self.ereceipt_device_id.request_by_customer:
            return False
        if self._ereceipt_why_no_request() and not self._ereceipt_why_title_stands():
            return False
        return self.get_portal_url(suffix="/ereceipt_title")
