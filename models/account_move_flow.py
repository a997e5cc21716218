import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..fiscal import lifecycle
from ..fiscal.contract import Problem
from ..fiscal.messages import _
from .account_move_issue import REPLACEABLE
from .ereceipt_notification import CLOSE, notification

TOKEN = re.compile(r"[0-9A-Za-z-]{8,64}")
"""A token that a client makes to find its own claim again."""

PATIENCE_SECONDS = 5
"""How long a person who asks for an answer now waits at least."""

SENDABLE = frozenset({lifecycle.QUEUED})
CORRECTABLE = frozenset({lifecycle.INVALID, lifecycle.REJECTED, lifecycle.FAILED})


class AccountMove(models.Model):
    """What a person does with the document of an invoice: what now, and the actions.

    What happens to documents by itself is the engine's; nothing here calls an
    authority in the transaction of the person who asks.
    """

    _inherit = "account.move"

    # for who works here: a customer who reads his invoice is not told of our troubles
    ereceipt_what_now = fields.Char(
        string="E-receipt: what now",
        compute="_compute_ereceipt_what_now",
        groups="base.group_user",
    )
    ereceipt_level = fields.Char(
        string="E-receipt: how it stands",
        compute="_compute_ereceipt_what_now",
        groups="base.group_user",
        help="The colour in which its situation is shown.",
    )
    ereceipt_action = fields.Char(
        string="E-receipt: what the button does",
        compute="_compute_ereceipt_what_now",
        groups="base.group_user",
    )
    ereceipt_action_label = fields.Char(
        string="E-receipt: what stands on the button",
        compute="_compute_ereceipt_what_now",
        groups="base.group_user",
    )
    ereceipt_handed_over_at = fields.Datetime(
        related="ereceipt_document_id.handed_over_at", string="E-receipt handed over"
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends(
        "state",
        "ereceipt_device_id",
        "ereceipt_anew_of_id",
        "ereceipt_document_id.what_now",
        "reversed_entry_id.ereceipt_state",
    )
    @api.depends_context("lang", "tz")
    def _compute_ereceipt_what_now(self):
        for move in self:
            document = move.ereceipt_document_id.sudo()
            if move.state == "draft" and document.state in REPLACEABLE:
                sentence, level = move._ereceipt_say_draft_again(), "warning"
                action = label = False
            elif move.state == "draft" and move.ereceipt_anew_of_id:
                sentence, level = move._ereceipt_say_draft_anew(), "info"
                action = label = False
            elif move.state == "draft":
                sentence = level = action = label = False
            elif document:
                sentence = document.what_now
                level = document.what_now_level
                action = document.what_now_action
                label = document.what_now_label
            else:
                sentence, level, action, label = move._ereceipt_undocumented()
            move.ereceipt_what_now = sentence
            move.ereceipt_level = level
            move.ereceipt_action = action
            move.ereceipt_action_label = label

    def _ereceipt_say_draft_again(self):
        """Say what became of its document, why, and until when that can be mended."""
        refused = self.ereceipt_document_id.sudo()
        sentences = [
            self.env._(
                "The tax authority did not accept its document. Post it again, and a "
                "correction takes that one's place."
            )
        ]
        reason = refused.problems_text or refused._last_error_text()
        if reason:
            sentences.append(self.env._("This is why: %s", refused._set_apart(reason)))
        closes_at = refused._correction_closes_at()
        if closes_at and refused._correction_open():
            sentences.append(
                self.env._(
                    "It can be corrected until %s.", refused._moment_text(closes_at)
                )
            )
        return " ".join(sentences)

    def _ereceipt_say_draft_anew(self):
        return self.env._(
            "It stands in the place of %(invoice)s. Change what was wrong, then "
            "confirm it.",
            invoice=self.ereceipt_anew_of_id.name,
        )

    def _ereceipt_undocumented(self):
        """Return sentence, level, action and label of an invoice without document."""
        if self.ereceipt_exempt:
            sentence = self.env._(
                "Not issued: the document of %(sale)s never reached the tax "
                "authority, so there is nothing to take back there.",
                sale=self.reversed_entry_id.name,
            )
            return sentence, "info", False, False
        if not self._ereceipt_issuable():
            return False, False, False, False
        return (
            self.env._("Not issued to the tax authority yet."),
            "warning",
            "action_ereceipt_issue",
            self.env._("Issue now"),
        )

    # -------------------------------------------------------------------------
    # ACTION METHODS: WHAT NOW
    # -------------------------------------------------------------------------

    def action_ereceipt_what_now(self):
        """Do the one thing that the document's situation asks for."""
        self.ensure_one()
        if not self.ereceipt_action:
            raise UserError(self.env._("There is nothing to do for %s.", self.name))
        return getattr(self, self.ereceipt_action)()

    def action_ereceipt_issue(self):
        """Issue what waits, however it waits; show what is wrong with the others."""
        self._ereceipt_require("user")
        return self.filtered(
            lambda m: m.ereceipt_state not in REPLACEABLE
        )._ereceipt_issue_by_person()

    def action_ereceipt_correct(self):
        """Issue a correction of what was refused or given up, from the posted invoice:
        for data that was mended elsewhere. It takes the other document's place in the
        chain and refers to it."""
        self._ereceipt_require("user")
        documents = self.ereceipt_document_id.sudo()
        wrong = documents.filtered(lambda d: d.state in CORRECTABLE)
        if not wrong:
            raise UserError(
                self.env._("None of these was refused, so there is nothing to correct.")
            )
        doubtful = wrong.filtered("doubt")
        if doubtful:
            raise UserError(
                self.env._(
                    "%(documents)s may have reached the authority before sending was "
                    "given up. Try again first, so that the authority is asked.",
                    documents=", ".join(doubtful.mapped("name")),
                )
            )
        closed = wrong.filtered(lambda d: not d._correction_open())
        if closed:
            raise UserError(
                self.env._(
                    "The authority's window for corrections has closed for "
                    "%(documents)s. Return the invoice and issue it anew.",
                    documents=", ".join(closed.mapped("name")),
                )
            )
        return wrong.link_ids.move_id._ereceipt_issue_by_person()

    def action_ereceipt_retry(self):
        """Let the jobs try again what was given up."""
        self._ereceipt_require("manager")
        failed = self.ereceipt_document_id.sudo().filtered(
            lambda d: d.state == lifecycle.FAILED
        )
        if not failed:
            raise UserError(
                self.env._("None of these was given up, so there is nothing to retry.")
            )
        failed._retry()
        self.env["ereceipt.outbox"].sudo()._wake()
        return failed._told(self.env._("%s documents are tried again.", len(failed)))

    def action_ereceipt_late(self):
        """Open the ways that are left when the authority's window has closed."""
        self.ensure_one()
        self._ereceipt_require("user")
        return self._ereceipt_wizard_action(
            "ereceipt.late", self.env._("The authority's window has closed")
        )

    def action_ereceipt_return_anew(self):
        """Open the wizard that takes the invoice back and issues it anew."""
        self.ensure_one()
        self._ereceipt_require("user")
        returned = self.move_type != "out_refund" and self._ereceipt_why_returned()
        if returned:
            raise UserError(returned)
        return self._ereceipt_wizard_action(
            "ereceipt.return.anew", self.env._("Return and issue anew")
        )

    # -------------------------------------------------------------------------
    # ACTION METHODS: SENDING AND ASKING
    # -------------------------------------------------------------------------

    def action_ereceipt_send_now(self):
        """Send at once: one document while the person waits, several by the jobs."""
        return self._ereceipt_hurry(
            SENDABLE, self.env._("None of these is waiting to be sent.")
        )

    def action_ereceipt_ask(self):
        """Ask the authority at once what became of the documents."""
        return self._ereceipt_hurry(
            lifecycle.ASKED,
            self.env._("None of these is with the authority, undecided."),
        )

    def action_ereceipt_sign_now(self):
        """Sign at once what waits for its signature, and tell what the others wait
        for."""
        self._ereceipt_require("user")
        return self.ereceipt_document_id._sign_now()

    def _ereceipt_hurry(self, states, nothing):
        """Have documents worked on now.

        :param states: those in which there is something to do
        :param str nothing: what to say when no document is in one of them
        """
        self._ereceipt_require("user")
        documents = self.ereceipt_document_id.sudo().filtered(
            lambda d: d.state in states
        )
        if not documents:
            raise UserError(nothing)
        if len(documents) == 1 and documents._goes_interactively():
            return documents.link_ids.move_id[:1]._ereceipt_send_now_action()
        hurried = documents._make_due()
        self.env["ereceipt.outbox"].sudo()._wake()
        return documents._told(self.env._("Taken care of next: %s.", len(hurried)))

    def ereceipt_send_now(self, token):
        """Send, or ask about, the invoice's document while its caller waits. Called by
        the client in a request of its own, after the one that issued it.

        Everything is done and committed in cursors of its own: when Odoo carries out
        this request again, what was claimed before is not claimed again.

        :param str token: made by the client, the same in every re-run of a request
        :return: what became of it: ``state``, ``type`` of notification, ``message``
        :rtype: dict
        """
        self.ensure_one()
        # all that is asked of the invoice here: the rest is asked of the document
        self.fetch(["company_id", "ereceipt_document_id"])
        self._ereceipt_require("user")
        if not isinstance(token, str) or not TOKEN.fullmatch(token):
            raise UserError(self.env._("The request has no usable token."))
        document = self.ereceipt_document_id.sudo()
        if not document:
            raise UserError(
                self.env._("%s has no document to be sent.", self.display_name)
            )

        def say(document):
            move = self.with_env(document.env)
            move._ereceipt_load_told()
            return {
                "state": move.ereceipt_state,
                "type": move.ereceipt_level or "info",
                "message": f"{move.name}: {move.ereceipt_what_now}",
            }

        return document._send_and_wait(token, PATIENCE_SECONDS, say)

    def _ereceipt_send_now_action(self, following=None):
        """Return the client's action that sends the document in a second request.

        :param dict following: what to do afterwards; the form is reloaded if None
        """
        self.ensure_one()
        return {
            "type": "ir.actions.client",
            "tag": "account_ereceipt.send_now",
            "params": {
                "move_id": self.id,
                "waiting": self.env._("Waiting for the tax authority …"),
                "next": self._ereceipt_spelt_out(following),
            },
        }

    def _ereceipt_await_answer(self, following=None):
        """Return the action that waits for the authority's answer, where the device
        wants that and there is something to wait for, otherwise False."""
        if len(self) != 1:
            return False
        document = self.ereceipt_document_id.sudo()
        if document.device_id.wait_seconds and document._goes_interactively():
            return self._ereceipt_send_now_action(following)
        return False

    # -------------------------------------------------------------------------
    # ACTION METHODS: OPENING
    # -------------------------------------------------------------------------

    def action_ereceipt_open_documents(self):
        """Open every document that stood for the invoices."""
        documents = self.ereceipt_document_ids
        if len(documents) == 1:
            return documents._get_records_action()
        return documents._get_records_action(name=self.env._("E-receipts"))

    def action_ereceipt_authority_pdf(self):
        """Show the authority's own print of the invoice's document."""
        self.ensure_one()
        document = self.ereceipt_document_id
        if not document:
            raise UserError(self.env._("%s has no document.", self.display_name))
        return document.action_authority_pdf()

    def action_ereceipt_open_replacement(self):
        """Open what took the place of the invoice's document."""
        self.ensure_one()
        replacement = self.ereceipt_document_id._replacement()
        if not replacement:
            raise UserError(self.env._("Nothing replaces %s.", self.display_name))
        moves = replacement.link_ids.move_id
        return (replacement if self in moves else moves[:1])._get_records_action()

    def action_ereceipt_open_original(self):
        """Open the invoice whose document has to be valid first."""
        self.ensure_one()
        document = self.ereceipt_document_id
        original = document._awaited_original() or document.depends_on_id
        return original.link_ids.move_id._get_records_action(
            name=self.env._("Original")
        )

    def action_ereceipt_open_registration(self):
        """Open the registration, which says why nothing is sent; or the device whose
        credentials are refused."""
        self.ensure_one()
        document = self.ereceipt_document_id
        refused = document._open_breaker().filtered("breaker_credentials")
        return (refused or document.registration_id)._get_records_action()

    def action_ereceipt_open_signing(self):
        """Open the key that the document waits for, or the registration without one."""
        self.ensure_one()
        registration = self.ereceipt_document_id.registration_id
        return (registration.signing_key_id or registration)._get_records_action()

    # -------------------------------------------------------------------------
    # PROBLEMS
    # -------------------------------------------------------------------------

    def _ereceipt_own_problems(self, at_posting):
        # EXTENDS: a correction that the authority would refuse as too late is not
        # frozen at all
        problems = super()._ereceipt_own_problems(at_posting)
        replaced = self._ereceipt_replaced()
        if replaced and not replaced._correction_open():
            way = (
                _(
                    "The authority's window for corrections of %(document)s closed at "
                    "%(time)s. Cancel this invoice and make a new one."
                )
                if self.state == "draft" or at_posting
                else _(
                    "The authority's window for corrections of %(document)s closed at "
                    "%(time)s. Return the invoice and issue it anew."
                )
            )
            values = {
                "document": replaced.name,
                "time": replaced._correction_closes_at(),
            }
            record = ("account.move", self.id)
            problems.append(
                Problem("correction_closed", way, record=record, values=values)
            )
        return problems

    # -------------------------------------------------------------------------
    # HELPERS
    # -------------------------------------------------------------------------

    def _ereceipt_require(self, role):
        """Raise unless the person has the role and may change these invoices."""
        self.check_access("write")
        if not self.env.su and not self.env.user.has_group(
            f"account_ereceipt.group_ereceipt_{role}"
        ):
            group = self.env.ref(f"account_ereceipt.group_ereceipt_{role}").sudo()
            raise AccessError(
                self.env._(
                    "This takes the role %(role)s of %(privilege)s.",
                    role=group.name,
                    privilege=group.privilege_id.name,
                )
            )

    def _ereceipt_issue_by_person(self):
        """Issue these because a person wants it, and show what is wrong with those
        that cannot be issued."""
        issuable = self._ereceipt_issuable()
        if not issuable:
            raise UserError(
                self.env._(
                    "There is nothing to issue: these are not posted, not on an active "
                    "device, or issued already."
                )
            )
        issued = issuable._ereceipt_issue(by_person=True, raising=False)
        done = issued.link_ids.move_id
        wrong = (issuable - done)._ereceipt_leads()
        if wrong:
            return self.env["ereceipt.problems"]._open(
                wrong,
                {m.id: m.ereceipt_document_id.sudo().problems for m in wrong},
                issued=done,
            )
        leads = issued.move_id.with_env(self.env)
        return leads._ereceipt_await_answer() or issued._told(
            self.env._("%s documents are issued and sent next.", len(issued))
        )

    def _ereceipt_wizard_action(self, model, name):
        return {
            "name": name,
            "type": "ir.actions.act_window",
            "res_model": model,
            "view_mode": "form",
            "target": "new",
            "context": {"default_move_id": self.id},
        }

    @api.model
    def _ereceipt_spelt_out(self, action):
        """Return an action as the client wants it that gets it within another, or from
        a call of its own: with its views spelt out. False if there is none."""
        if not action or action["type"] != "ir.actions.act_window":
            return action or False
        modes = action.get("view_mode", "form").split(",")
        views = [(action.get("view_id") or False, modes[0])]
        return {"views": views + [(False, mode) for mode in modes[1:]], **action}

    @api.model
    def _ereceipt_notification(self, message, level="success"):
        """Return the action that says something and reloads what is shown."""
        return notification(level, message, CLOSE)
