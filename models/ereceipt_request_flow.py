import logging

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle
from .account_move_issue import REPLACEABLE

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

TO_DECIDE = "request"
"""Cause of the activity of who is to decide."""

SENT_BACK = "request_returned"
"""Cause of the activity of who asked and has to mend something."""


class EreceiptRequest(models.Model):
    """What people do with requests, and who is told of it."""

    _inherit = "ereceipt.request"

    # -------------------------------------------------------------------------
    # ASKING
    # -------------------------------------------------------------------------

    def _begin(self):
        """Hold what new requests are for, and have somebody decide, or grant them at
        once where the device says so and the checks find nothing."""
        for request in self:
            user = request.requester_id
            if user:
                request.sudo().message_subscribe(user.partner_id.ids)
            request._hold_or_grant()

    def _hold_or_grant(self):
        self.ensure_one()
        self.env["ereceipt.alert"]._clear(self, SENT_BACK)
        if self._is_granted_unseen():
            self.sudo()._decide("granted")
        else:
            self._ask_to_decide()
        # what waits says what it waits for; what was just granted is issued
        self._move_on()

    def _is_granted_unseen(self):
        """Whether nobody has to look at the request. Where two persons are wanted, a
        colleague's never is."""
        device = self._device()
        if device.request_grant != "checked" or self._title_findings():
            return False
        return not (device.request_two_persons and self.requester_id)

    def _ask_to_decide(self):
        registration = self._registration()
        responsible = registration.responsible_id
        user = registration._hook("held_user", responsible, self._device())
        self.env["ereceipt.alert"]._raise(
            self,
            TO_DECIDE,
            _lt("Decide whether it is issued"),
            user=user or responsible,
            deadline=self.wanted_by or None,
        )

    def _move_on(self):
        """Issue, or let wait, what the request is for, as the device says. What was
        refused is corrected by a person."""
        move = self.move_id.sudo()
        if move.state == "posted" and move.ereceipt_state not in REPLACEABLE:
            move._ereceipt_issue(raising=False)

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_ask(self):
        """Say what has become of a request that was just made: the button saves it."""
        self.ensure_one()
        self.check_access("read")
        if self.state == "granted":
            told = self.env._(
                "%s is granted: nothing speaks against it.", self.display_name
            )
        else:
            told = self.env._(
                "You have asked. You are told here what becomes of it; until it is "
                "granted you can change it or withdraw it."
            )
        return self.env["account.move"]._ereceipt_notification(told, "success")

    def action_ask_again(self):
        """Ask once more, after what was wrong was mended."""
        self.check_access("write")
        for request in self._of_state(("returned",)):
            request.sudo().write({"state": "asked", "reason": False})
            request._hold_or_grant()

    def action_withdraw(self):
        """Take requests back: what they hold goes on as the device says."""
        self.check_access("write")
        for request in self._of_state(("asked", "returned")):
            request.sudo()._decide("withdrawn")
            request._move_on()

    def action_grant(self):
        """Grant requests, and issue what they are for.

        :raise UserError: everything that speaks against it; nothing is done then
        """
        self._require_issuer()
        requests = self._of_state(("asked", "returned"))
        requests._check_two_persons()
        requests.move_id.sudo()._ereceipt_refuse_request()
        for request in requests:
            request.sudo()._decide("granted")
        moves = requests.move_id
        moves.filtered(lambda m: m.state == "draft")._post(soft=False)
        issued = moves._ereceipt_issue(by_person=True)
        return moves._ereceipt_await_answer() or issued._told(
            self.env._("%s requests are granted.", len(requests))
        )

    def action_send_back(self):
        """Open the dialog in which the reason is given."""
        self._require_issuer()
        self._of_state(("asked",))
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Send back"),
            "res_model": "ereceipt.request.refusal",
            "view_mode": "form",
            "target": "new",
            "context": {"default_request_ids": self.ids},
        }

    def action_update_contact(self):
        """Take over to the contact what the request says.

        :raise UserError: Odoo does not take it, or the person may not change it
        """
        self._require_issuer()
        self._write_contact()

    def _send_back(self, reason):
        """Send requests back to who asked.

        :param str reason: what has to be mended
        """
        self._require_issuer()
        for request in self._of_state(("asked",)):
            request.sudo().write({"state": "returned", "reason": reason})
            self.env["ereceipt.alert"]._clear(request, TO_DECIDE)
            request._tell_returned(reason)

    # -------------------------------------------------------------------------
    # DECIDING
    # -------------------------------------------------------------------------

    def _decide(self, state):
        """Write the decision of the environment's user.

        Note: self is in sudo.
        """
        self.write(
            {
                "state": state,
                "decided_by_id": self.env.user.id,
                "decided_at": fields.Datetime.now(),
            }
        )
        for cause in (TO_DECIDE, SENT_BACK):
            self.env["ereceipt.alert"]._clear(self, cause)
        if state == "granted" and self._device().request_updates_contact:
            self._try_contact()

    def _try_contact(self):
        """Take the title over to the contact, unless Odoo does not take it: that is
        said, and holds nothing up."""
        try:
            with self.env.cr.savepoint():
                self._write_contact()
        except (UserError, ValidationError) as error:
            _logger.info("%s was not taken over: %s", self.display_name, error)
            self._message_log(
                body=self.env._("It was not taken over to the contact: %s", error)
            )

    def _of_state(self, states):
        """Return the requests that are in one of the states.

        :raise UserError: none is
        """
        found = self.filtered(lambda request: request.state in states)
        if not found:
            raise UserError(
                self.env._("There is nothing to do: it was decided already.")
            )
        return found

    def _require_issuer(self):
        """Raise unless the person may issue what the requests are for."""
        self.check_access("write")
        self.move_id._ereceipt_require("user")

    def _check_two_persons(self):
        own = self.filtered(
            lambda request: (
                request._device().request_two_persons
                and request.requester_id == self.env.user
            )
        )
        if own:
            raise UserError(
                self.env._(
                    "You asked for it yourself, and this device wants two persons. "
                    "Have a colleague grant %s.",
                    ", ".join(own.mapped("display_name")),
                )
            )

    # -------------------------------------------------------------------------
    # TELLING
    # -------------------------------------------------------------------------

    def _tell_returned(self, reason):
        """Tell who asked that something has to be mended: a colleague by an activity,
        the customer by mail with the link to his invoice."""
        user = self.requester_id
        if user:
            said = self.with_context(lang=user.lang)
            self.env["ereceipt.alert"]._raise(
                self,
                SENT_BACK,
                said.env._("Mend it and ask again"),
                note=reason,
                user=user,
            )
            return
        move = self.move_id
        move.message_post(
            body=move.with_context(lang=move.partner_id.lang).env._(
                "Your invoice title has to be corrected: %s", reason
            ),
            partner_ids=move.partner_id.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )

    def _tell_requester(self, sentence):
        """Tell the colleague who asked; ``sentence`` returns the text for a language's
        environment."""
        user = self.requester_id
        if not user or user == self.env.user:
            return
        self.sudo().message_post(
            body=sentence(self.with_context(lang=user.lang).env),
            partner_ids=user.partner_id.ids,
            subtype_xmlid="mail.mt_note",
        )


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    @api.model
    def _tell_decided(self, documents):
        # EXTENDS: who asked for it is told how it ended
        result = super()._tell_decided(documents)
        decided = documents.filtered(
            lambda d: d.state == lifecycle.VALID or d.state in lifecycle.REFUSED
        )
        requests = decided.link_ids.move_id._ereceipt_granted_requests()
        for request in requests:
            document = request.move_id.ereceipt_document_id
            request._tell_requester(
                lambda env, document=document: _ended(env, document)
            )
        return result


def _ended(env, document):
    values = {"invoice": document.name, "number": document.authority_uid or ""}
    if document.state == lifecycle.VALID:
        return env._("%(invoice)s is issued: %(number)s", **values)
    return env._(
        "The tax authority refused %(invoice)s. Who issues has been told.",
        invoice=document.name,
    )
