from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle
from ..fiscal.contract import Status
from .ereceipt_what_now import STEPS, Step

_lt = LazyTranslate(__name__)

WITHDRAW = "withdraw"

STEPS["submitted_withdrawing"] = Step("info", "action_ereceipt_ask", _lt("Ask now"))
STEPS["invalid_withdrawn"] = Step(
    "warning", "action_ereceipt_correct", _lt("Ask once more")
)


class EreceiptDocument(models.Model):
    """Documents that are taken back before somebody else, whom the authority waits
    for, has agreed to them (capability ``withdrawable``).

    The request to do so leaves like a document does. While it is not decided the
    document stays *submitted*; then it is *refused*, by ourselves: its invoice may
    change again, and a correction asks once more. Where the authority does not let it
    be taken back (any more) it stays what it was, and somebody is told why.
    """

    _inherit = "ereceipt.document"

    change = fields.Selection(selection_add=[(WITHDRAW, "Take it back")])

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _why_not_withdrawn(self):
        """Return why the document cannot be taken back now, or False."""
        self.ensure_one()
        if self.state != lifecycle.SUBMITTED:
            return self.env._(
                "Only what waits at the tax authority can be taken back there; "
                "%(document)s is: %(state)s.",
                document=self.name,
                state=self._state_label(),
            )
        if not self._authority_class().capabilities.withdrawable:
            return self.env._("The authority lets nobody take a document back.")
        if self.change:
            return self.env._(
                "The authority is asked for something about %s already. Wait until "
                "it has answered.",
                self.name,
            )
        if not self.registration_id._hook("waits_for_buyer", True, self):
            return self.env._(
                "%s does not wait for its buyer (any more), so there is nothing to be "
                "taken back.",
                self.name,
            )
        return False

    def _ask_to_withdraw(self):
        """Have a document taken back at the authority.

        :raise UserError: it cannot be (any more)
        """
        self.ensure_one()
        reason = self._why_not_withdrawn()
        if reason:
            raise UserError(reason)
        self.sudo().write(
            {
                "change": WITHDRAW,
                "change_by_id": self.env.uid,
                "change_sent_at": False,
                "next_attempt_at": fields.Datetime.now(),
                "last_error": False,
            }
        )
        self.env["ereceipt.outbox"].sudo()._wake()

    # -------------------------------------------------------------------------
    # WHAT NOW
    # -------------------------------------------------------------------------

    def _moving_situation(self):
        # EXTENDS
        if self.state == lifecycle.SUBMITTED and self.change == WITHDRAW:
            return "submitted_withdrawing"
        return super()._moving_situation()

    def _situation(self):
        # EXTENDS
        situation = super()._situation()
        if situation == lifecycle.INVALID and self.registration_id._hook(
            "was_withdrawn", False, self
        ):
            return "invalid_withdrawn"
        return situation

    def _say_submitted_withdrawing(self):
        return self._with_heartbeat(
            self.env._(
                "The authority is asked to take it back; it is asked again by itself "
                "at %s.",
                self._next_moment_text(),
            )
        )

    def _say_invalid_withdrawn(self):
        return self.env._(
            "It was taken back at the authority before the buyer had agreed. Reset it "
            "to draft to change or cancel it, or ask once more."
        )


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    # -------------------------------------------------------------------------
    # CLAIMING
    # -------------------------------------------------------------------------

    def _states_for(self, purpose, authority_class):
        # EXTENDS
        states = super()._states_for(purpose, authority_class)
        return [*states, lifecycle.SUBMITTED] if purpose == "change" else states

    @api.model
    def _change_call(self, document):
        # EXTENDS
        if document.change == WITHDRAW:
            return _withdraw
        return super()._change_call(document)

    # -------------------------------------------------------------------------
    # SETTLING
    # -------------------------------------------------------------------------

    def _settle_change(self, document, unit, outcome):
        # EXTENDS: it is decided later, and asked about until then
        if document.change != WITHDRAW:
            return super()._settle_change(document, unit, outcome)
        if outcome.status == Status.UNKNOWN:
            error = unit.report.error
            return self._ask_again(document, error, self._error_text(unit, error))
        document.sudo().change_sent_at = fields.Datetime.now()
        return self._settle_outcome(document, unit, outcome)

    def _refuse_change(self, document, unit, error):
        # EXTENDS: it goes on being asked about
        if document.change != WITHDRAW:
            return super()._refuse_change(document, unit, error)
        return self._not_withdrawn(document, self._error_text(unit, error))

    def _settle_pending(self, document, unit, outcome):
        # EXTENDS: one that the authority did not take back after all waits as before
        result = super()._settle_pending(document, unit, outcome)
        if (
            document.state == lifecycle.SUBMITTED
            and document.change == WITHDRAW
            and document.change_sent_at
            and not document.registration_id._hook("is_withdrawing", True, document)
        ):
            self._not_withdrawn(document, False)
        return result

    def _not_withdrawn(self, document, message):
        document._end_change(
            last_error=message,
            lease_token=False,
            next_attempt_at=self._in_seconds(self._half_the_time(document)),
        )
        self.env["ereceipt.alert"]._raise_for_documents(
            document,
            "change",
            _lt("It could not be taken back at the tax authority"),
            message,
        )

    @api.model
    def _tell_decided(self, documents):
        # EXTENDS: what was taken back is no refusal that somebody has to look at
        asked = documents.filtered(lambda d: d.change == WITHDRAW)
        withdrawn = asked.filtered(
            lambda d: (
                d.state == lifecycle.INVALID
                and d.registration_id._hook("was_withdrawn", True, d)
            )
        )
        result = super()._tell_decided(documents - withdrawn)
        if withdrawn:
            self._log(withdrawn, _lt("Taken back at the tax authority."))
            self.env["ereceipt.alert"]._clear_for_documents(withdrawn)
        asked._end_change()
        return result


class AccountMove(models.Model):
    _inherit = "account.move"

    ereceipt_withdrawable = fields.Boolean(
        string="E-receipt can be taken back",
        compute="_compute_ereceipt_withdrawable",
        groups="base.group_user",
    )

    @api.depends(
        "ereceipt_document_id.state",
        "ereceipt_document_id.change",
        "ereceipt_document_id.authority_ids",
    )
    def _compute_ereceipt_withdrawable(self):
        for move in self:
            document = move.ereceipt_document_id.sudo()
            move.ereceipt_withdrawable = bool(
                document
                and document.state == lifecycle.SUBMITTED
                and not document._why_not_withdrawn()
            )

    def action_ereceipt_withdraw(self):
        """Have the invoice's document taken back at the authority.

        :raise UserError: it cannot be (any more)
        """
        self.ensure_one()
        self._ereceipt_require("user")
        document = self.ereceipt_document_id.sudo()
        if not document:
            raise UserError(
                self.env._("%s has no document to be taken back.", self.display_name)
            )
        document._ask_to_withdraw()
        self._message_log(body=self.env._("Taking it back was asked for."))
        return self._ereceipt_notification(
            self.env._("The authority is asked to take %s back.", self.name), "info"
        )


def _withdraw(authority, document):
    return authority.withdraw(document)
