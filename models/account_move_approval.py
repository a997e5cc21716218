from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate, format_amount

from ..fiscal import lifecycle
from .ereceipt_what_now import STEPS, Step

_lt = LazyTranslate(__name__)

APPROVE = ("action_ereceipt_approve", _lt("Approve"))
STEPS["waiting_second"] = Step("warning", *APPROVE)
STEPS["correction_second"] = Step("warning", *APPROVE)


class AccountMove(models.Model):
    """A second pair of eyes: above the device's amount an invoice is issued only after
    a manager of electronic receipts who has not prepared it has approved it.

    The approval is kept on the document. It counts for what it was given for: not for a
    higher amount, and not any more when the invoice was reset to draft.
    """

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends_context("uid")
    def _compute_ereceipt_what_now(self):
        # EXTENDS: not everybody may approve
        return super()._compute_ereceipt_what_now()

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_ereceipt_approve(self):
        """Approve what waits for a second person, and issue it."""
        self._ereceipt_require("manager")
        moves = self.filtered(lambda m: m._ereceipt_awaits_second())
        if not moves:
            raise UserError(
                self.env._("None of these waits for the approval of a second person.")
            )
        own = moves.filtered(lambda m: self.env.user in m._ereceipt_prepared_by())
        if own:
            raise UserError(
                self.env._(
                    "You have prepared %(invoices)s yourself. That takes the approval "
                    "of somebody else with the role Manager of Electronic Receipts.",
                    invoices=", ".join(own.mapped("name")),
                )
            )
        documents = moves.ereceipt_document_id.sudo()
        documents._approve()
        approved = documents.link_ids.move_id.with_env(self.env)
        issued = approved._ereceipt_issue(raising=False)
        if len(documents) == 1:
            return approved[:1].ereceipt_document_id.sudo()._told("")
        return documents._told(
            self.env._(
                "%(approved)s documents are approved, %(issued)s of them issued and "
                "sent next.",
                approved=len(documents),
                issued=len(issued),
            )
        )

    # -------------------------------------------------------------------------
    # ISSUING
    # -------------------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS account: keep who prepared what somebody else has to approve
        drafts = self._ereceipt_drafts().filtered(
            lambda m: m._ereceipt_lacks_approval()
        )
        prepared_by = {move.id: move._ereceipt_last_changed_by() for move in drafts}
        posted = super()._post(soft)
        for move in posted:
            if (
                move.ereceipt_device_id.sudo().approve_above
                and move._ereceipt_awaits_second()
            ):
                others = prepared_by.get(move.id, self.env.user)
                move.ereceipt_document_id.sudo()._await_second(others | self.env.user)
        return posted

    def _ereceipt_last_changed_by(self):
        """Return who made or last changed it and its lines. Confirming it hides that:
        afterwards all was last changed by who did so."""
        rows = self.sudo()
        lines = rows.invoice_line_ids
        return rows.create_uid | rows.write_uid | lines.create_uid | lines.write_uid

    def _ereceipt_awaits_decision(self):
        # EXTENDS: of a second person
        return super()._ereceipt_awaits_decision() or self._ereceipt_lacks_approval()

    def _ereceipt_issue_by_person(self):
        # EXTENDS: nobody's word stands for the approval of a second person
        held = self.filtered(
            lambda m: m._ereceipt_lacks_approval() and not m._ereceipt_awaits_grant()
        )
        if not held:
            return super()._ereceipt_issue_by_person()
        held._ereceipt_issue(raising=False)
        others = self - held
        if others:
            return super(AccountMove, others)._ereceipt_issue_by_person()
        return held.ereceipt_document_id.sudo()._told(
            self.env._("%s documents wait for a second person.", len(held))
        )

    def _ereceipt_withdraw(self):
        # EXTENDS: what is changed now is looked at again
        result = super()._ereceipt_withdraw()
        documents = self.sudo().ereceipt_link_ids.document_id
        documents.filtered(lambda d: d.approval == "given").approval = "ended"
        return result

    # -------------------------------------------------------------------------
    # WHO AND WHETHER
    # -------------------------------------------------------------------------

    def _ereceipt_lacks_approval(self):
        """Whether a second person has to approve it and has not yet."""
        self.ensure_one()
        limit = self.ereceipt_device_id.sudo().approve_above
        if not limit:
            return False
        amount = self._ereceipt_amount_to_approve()
        if self.company_currency_id.compare_amounts(amount, limit) <= 0:
            return False
        documents = self.sudo().ereceipt_link_ids.document_id
        return not any(document._is_approved(amount) for document in documents)

    def _ereceipt_amount_to_approve(self):
        """Return what its document comes to, in the currency of the company."""
        return sum(abs(move.amount_total_signed) for move in self._ereceipt_bundle())

    def _ereceipt_awaits_second(self):
        """Whether it waits for a second person, and for nobody else before that."""
        self.ensure_one()
        return (
            self.state == "posted"
            and self.ereceipt_document_id.sudo().waiting_reason == "approval"
            and not self._ereceipt_awaits_grant()
            and self._ereceipt_lacks_approval()
        )

    def _ereceipt_prepared_by(self):
        """Return who made, changed or confirmed the invoices of its document."""
        moves = self._ereceipt_bundle().sudo()
        documents = moves.ereceipt_link_ids.document_id
        return documents.prepared_by_ids | moves.create_uid


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    approve_above = fields.Monetary(
        string="Second pair of eyes above",
        currency_field="company_currency_id",
        tracking=True,
        help="What comes to more than this is issued only after somebody else than "
        "those who prepared it has approved it. 0: nothing needs that.",
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the company"
    )

    _approve_above_sensible = models.Constraint(
        "CHECK (approve_above >= 0)",
        "The amount above which a second person has to approve cannot be negative.",
    )

    def _document_awaits_second(self):
        """Whether a document of the device still waits for a second person."""
        waiting = self.env["ereceipt.document"].search(
            [("device_id", "=", self.id), ("waiting_reason", "=", "approval")]
        )
        return any(document.move_id._ereceipt_awaits_second() for document in waiting)


class EreceiptDocument(models.Model):
    """Who prepared it and who approved it, where the device wants two persons."""

    _inherit = "ereceipt.document"

    prepared_by_ids = fields.Many2many(
        "res.users",
        "ereceipt_document_prepared_by_rel",
        string="Prepared by",
        help="Who made, last changed or confirmed it. Kept where a second person has "
        "to approve it.",
    )
    approval = fields.Selection(
        [("given", "Given"), ("ended", "Ended, the invoice was reset to draft")],
    )
    approved_by_id = fields.Many2one("res.users", string="Approved by")
    approved_at = fields.Datetime(string="Approved")
    approved_amount = fields.Monetary(
        string="Approved up to", currency_field="company_currency_id"
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the company"
    )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_bulk_approve(self):
        """Approve what waits for a second person, and issue it."""
        self.link_ids.move_id._ereceipt_require("manager")
        waits = {lifecycle.WAITING, *lifecycle.REFUSED}
        return self._bulk("action_ereceipt_approve", waits, stays=waits)

    # -------------------------------------------------------------------------
    # WHAT NOW
    # -------------------------------------------------------------------------

    @api.depends(
        "approval",
        "prepared_by_ids",
        "device_id.approve_above",
        "link_ids.move_id.amount_total_signed",
    )
    @api.depends_context("uid")
    def _compute_what_now(self):
        # EXTENDS: only who may approve is offered to
        result = super()._compute_what_now()
        for document in self:
            if (
                document.what_now_action == "action_ereceipt_approve"
                and not document._may_be_approved_by_me()
            ):
                document.what_now_action = document.what_now_label = False
        return result

    def _may_be_approved_by_me(self):
        user, move = self.env.user, self.sudo().move_id
        return (
            user.has_group("account_ereceipt.group_ereceipt_manager")
            and move._ereceipt_awaits_second()
            and user not in move._ereceipt_prepared_by()
        )

    def _situation(self):
        # EXTENDS: a second person is asked for, or whoever decides on a request
        situation = super()._situation()
        if situation not in ("waiting_approval", "correction_waiting"):
            return situation
        if not self.move_id._ereceipt_awaits_second():
            return situation
        return f"{situation.split('_', maxsplit=1)[0]}_second"

    def _say_waiting_second(self):
        move = self.move_id
        sentence = self.env._(
            "It comes to %(amount)s, so a second person has to approve it. It is "
            "issued then.",
            amount=format_amount(
                self._as_read().env,
                move._ereceipt_amount_to_approve(),
                move.company_currency_id,
            ),
        )
        if self.env.user in move._ereceipt_prepared_by():
            return self.env._(
                "%(sentence)s You have prepared it yourself.", sentence=sentence
            )
        return sentence

    def _say_correction_second(self):
        return self.env._(
            "The authority refused it, and its correction is posted. %(until)s",
            until=self._say_waiting_second(),
        )

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _is_approved(self, amount):
        """Whether a second person has approved that much of it."""
        return (
            self.approval == "given"
            and self.company_currency_id.compare_amounts(amount, self.approved_amount)
            <= 0
        )

    def _await_second(self, prepared_by):
        """Note who prepared it, and ask the responsible of its device once."""
        self.prepared_by_ids |= prepared_by
        self.env["ereceipt.alert"]._raise(
            self.device_id,
            "approval",
            _lt("Documents wait for the approval of a second person"),
        )

    def _approve(self):
        """Note that the person has approved these, on the invoices as well."""
        for document in self:
            document.write(
                {
                    "approval": "given",
                    "approved_by_id": self.env.uid,
                    "approved_at": fields.Datetime.now(),
                    "approved_amount": document.move_id._ereceipt_amount_to_approve(),
                }
            )
        moves = self.link_ids.move_id
        body = self.env._("Approved to be issued to the tax authority.")
        moves._message_log_batch(bodies=dict.fromkeys(moves.ids, body))
        for device in self.device_id:
            if not device._document_awaits_second():
                self.env["ereceipt.alert"]._clear(device, "approval")
