from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..fiscal import lifecycle
from .account_move_flow import CORRECTABLE, SENDABLE


class EreceiptDocument(models.Model):
    """What a person does with several documents chosen in a list.

    Each action does what it can with those that are fit for it, and tells of all the
    others why not. Chosen alone, a document goes the way of its invoice's button.
    """

    _inherit = "ereceipt.document"

    why_left = fields.Char(string="Why", compute="_compute_why_left")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("what_now")
    @api.depends_context("ereceipt_asked", "lang", "tz", "uid")
    def _compute_why_left(self):
        """Say why nothing was done: that something is valid does not tell why it is
        not cancelled."""
        cancels = self.env.context.get("ereceipt_asked") == "cancel"
        for document in self:
            reason = cancels and document.sudo()._why_not_cancelled_now()
            document.why_left = reason or document.what_now

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_bulk_issue(self):
        """Issue the documents among these that wait."""
        waiting = {lifecycle.WAITING}
        return self._bulk("action_ereceipt_issue", waiting, stays=waiting)

    def action_bulk_sign(self):
        """Sign those of these that wait for their signature, and tell why the others
        still wait."""
        self.check_access("read")
        if not self.env.user.has_group("account_ereceipt.group_ereceipt_user"):
            raise AccessError(
                self.env._("Signing takes the role User of Electronic Receipts.")
            )
        unsigned = self.filtered(lambda d: d.state == lifecycle.TO_SIGN)
        result = self._sign_now()
        if unsigned == self or result.get("tag") != "display_notification":
            return result
        told = result["params"]["message"]
        return self.env["ereceipt.bulk"]._open(told, self - unsigned)

    def action_bulk_send(self):
        """Send at once those that are due to be sent."""
        return self._bulk("action_ereceipt_send_now", SENDABLE, hurries=True)

    def action_bulk_ask(self):
        """Ask the authority at once what became of those that it has."""
        return self._bulk("action_ereceipt_ask", lifecycle.ASKED, hurries=True)

    def action_bulk_correct(self):
        """Issue anew what the authority refused."""
        return self._bulk("action_ereceipt_correct", CORRECTABLE, stays=CORRECTABLE)

    def action_bulk_retry(self):
        """Try again what was given up."""
        stays = {lifecycle.FAILED, lifecycle.LATE}
        return self._bulk("action_ereceipt_retry", {lifecycle.FAILED}, stays=stays)

    def action_bulk_cancel(self):
        """Ask for the reason, and then the authority to cancel these.

        :raise UserError: the authority takes a cancellation of none of them (now)
        """
        moves = self.link_ids.move_id
        moves._ereceipt_require("user")
        documents = self.sudo()
        if not documents.filtered(lambda d: not d._why_not_cancelled_now()):
            raise UserError(documents[:1]._why_not_cancelled_now())
        return {
            "name": self.env._("Cancel at the tax authority"),
            "type": "ir.actions.act_window",
            "res_model": "ereceipt.cancel.many",
            "view_mode": "form",
            "target": "new",
            "context": {"default_document_ids": self.ids},
        }

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _bulk(self, action, states, stays=(), hurries=False):
        """Carry out an invoices' action for those that are fit for it.

        :param str action: of the invoices, which checks the rights
        :param states: in which there is something to do
        :param stays: states that tell afterwards that nothing came of it
        :param bool hurries: whether the jobs do it, and may be kept from it
        :return: what the action returns, or the dialog that tells of the others
        """
        concerned = self.filtered(lambda d: d.state in states)
        fit = concerned.filtered(lambda d: not d.sudo()._unfit(action))
        if len(self) == 1 or not concerned or fit == self:
            return getattr(self.link_ids.move_id, action)()
        left = self - fit
        if hurries:
            self.link_ids.move_id._ereceipt_require("user")
            fit._make_due()
            self.env["ereceipt.outbox"].sudo()._wake()
        elif fit:
            getattr(fit.link_ids.move_id, action)()
            left |= fit.filtered(lambda d: d.state in stays)
        told = self.env._(
            "Documents taken care of: %(done)s of %(all)s. These are not:",
            done=len(self - left),
            all=len(self),
        )
        return self.env["ereceipt.bulk"]._open(told, left)

    def _unfit(self, action):
        """Whether an action can do nothing for the document although its state calls
        for it."""
        self.ensure_one()
        if action == "action_ereceipt_approve":
            return not self._may_be_approved_by_me()
        if action == "action_ereceipt_correct":
            return bool(self.doubt) or not self._correction_open()
        if action in ("action_ereceipt_send_now", "action_ereceipt_ask"):
            return bool(self._holding_situation()) or self._asked_already()
        return False

    def _why_not_cancelled_now(self):
        """Return why the authority cannot be asked to cancel the document, or False."""
        self.ensure_one()
        if not self._can_be_cancelled():
            return self._why_not_cancelled()
        for move in self.link_ids.move_id:
            standing = move._ereceipt_standing_reversals()
            if standing:
                return move._ereceipt_say_taken_back(standing)
        return False
