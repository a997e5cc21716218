from odoo import fields, models
from odoo.exceptions import UserError

from ..fiscal import dispatch, lifecycle
from ..fiscal.contract import Outcome, Status
from ..fiscal.reconciling import REMEDIES, Kind
from .ereceipt_notification import RELOAD, notification
from .ereceipt_unit import Unit

UNDECIDED = frozenset({Status.ACCEPTED, Status.PENDING})
NEEDS_DECISION = lifecycle.SETTLED | {lifecycle.TO_SIGN}
"""States that only a verdict changes."""

TAKEN_BACK = frozenset({Status.INVALID, Status.CANCELLED, Status.REJECTED})


class EreceiptReconciliationLine(models.Model):
    """What is done about differences: one by one or many at once.

    Nothing here calls an authority: what is asked or sent is left to the jobs, and what
    the authority said is written by the code that settles its answers.
    """

    _inherit = "ereceipt.reconciliation.line"

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_ask(self):
        """Have the authority asked about these documents."""
        return self._remedied("ask", "user", self._ask, begun=True)

    def action_resend(self):
        """Have sent what is not there, where that is legal."""
        return self._remedied("resend", "manager", self._resend, begun=True)

    def action_take(self):
        """Write down here what the authority's books say of these documents."""
        return self._remedied("take", "user", self._take)

    def action_adopt(self):
        """Have draft entries made of the authority's documents."""
        result = self._remedied("adopt", "user", self._adopt_later, begun=True)
        self.env["ereceipt.reconciliation"]._wake()
        return result

    def _explain(self, reason):
        """Note why differences stay as they are."""
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say why it stays as it is."))
        self.reconciliation_id._require("user")
        self.check_access("read")
        lines = self.filtered(lambda line: line.state != "done")
        if not lines:
            raise UserError(self.env._("All of these are done already."))
        lines._mark("explained", "explain", reason)

    def _remedied(self, remedy, role, carry_out, begun=False):
        """Carry out a remedy for those lines that allow it.

        :param str role: what it takes
        :param carry_out: called with documents' lines; returns sentences by line for
            those where it cannot be
        :param bool begun: the jobs finish it
        :return: the action that tells what came of it
        :raise UserError: none of them allows it, with the reasons
        """
        self.reconciliation_id._require(role)
        self.check_access("read")
        fitting = self.filtered(
            lambda line: line.state == "open" and remedy in REMEDIES[Kind(line.kind)]
        )
        refused = carry_out(fitting) if fitting else {}
        carried = fitting.filtered(lambda line: line not in refused)
        if not carried:
            reasons = "\n".join(sorted(set(refused.values())))
            raise UserError(
                reasons or self.env._("This is no remedy for any of these.")
            )
        carried._mark("begun" if begun else "done", remedy)
        for line, reason in refused.items():
            line.sudo().note = reason
        return self._told_remedied(carried, len(self) - len(carried), begun)

    def _mark(self, state, remedy, note=False):
        self.sudo().write(
            {
                "state": state,
                "remedy": remedy,
                "remedied_by_id": self.env.uid,
                "remedied_at": fields.Datetime.now(),
                "note": note,
            }
        )

    def _told_remedied(self, carried, others, begun):
        if begun:
            message = self.env._("Taken care of next: %s.", len(carried))
        else:
            message = self.env._("Settled: %s.", len(carried))
        if others:
            message += " " + self.env._(
                "Others do not allow it: %s. Their remarks say why.", others
            )
        return notification("info", message, RELOAD)

    # -------------------------------------------------------------------------
    # ASKING AND SENDING
    # -------------------------------------------------------------------------

    def _ask(self, lines):
        """Let the jobs ask next; what was given up is tried again, which asks first
        where it may have arrived."""
        documents = lines.document_id.sudo()
        asked = documents.filtered(
            lambda d: d.state in lifecycle.ASKED | lifecycle.FOLLOWED
        )
        asked._make_due()
        followed = asked.filtered(lambda d: d.state in lifecycle.FOLLOWED)
        followed.write({"next_attempt_at": fields.Datetime.now()})
        self.env["ereceipt.outbox"].sudo()._wake()
        return {
            line: self.env._(
                "%(document)s is %(state)s, and the authority is not asked about that.",
                document=line.document_id.name,
                state=line.document_id._state_label(),
            )
            for line in lines
            if line.document_id.sudo() not in asked
        }

    def _resend(self, lines):
        documents = lines.document_id.sudo()
        failed = documents.filtered(lambda d: d.state == lifecycle.FAILED)
        failed._retry()
        queued = documents.filtered(lambda d: d.state == lifecycle.QUEUED)
        queued._make_due()
        self.env["ereceipt.outbox"].sudo()._wake()
        return {
            line: self.env._(
                "%(document)s is %(state)s, so it cannot be sent from here.",
                document=line.document_id.name,
                state=line.document_id._state_label(),
            )
            for line in lines
            if line.document_id.sudo() not in failed | queued
        }

    # -------------------------------------------------------------------------
    # TAKING THE AUTHORITY'S ANSWER
    # -------------------------------------------------------------------------

    def _take(self, lines):
        """Settle documents as if they had been asked about, by what the authority's
        list said."""
        refused = {}
        by_device = {}
        lines.document_id.sudo()._load_links()
        for line in lines:
            reason = line._why_not_taken()
            if reason:
                refused[line] = reason
            else:
                device = line.document_id.sudo().device_id
                by_device.setdefault(device, self.browse())
                by_device[device] |= line
        for device, group in by_device.items():
            group._settle_through(device)
        return refused

    def _why_not_taken(self):
        """Return why what the authority said cannot be written down, or False."""
        document, status = self.document_id.sudo(), Status(self.status_there)
        if document.state != self.state_here or document.lease_token:
            return self.env._(
                "%s has changed since it was compared. Reconcile again.", document.name
            )
        if status in UNDECIDED and document.state in NEEDS_DECISION:
            return self.env._(
                "The authority has not decided about %s. Reconcile again later.",
                document.name,
            )
        moves = document.link_ids.move_id
        if status not in TAKEN_BACK and any(m.state != "posted" for m in moves):
            return self.env._(
                "%(document)s stands at the authority, and %(invoice)s is not posted. "
                "Post it again first, or explain the difference.",
                document=document.name,
                invoice=", ".join(m.display_name for m in moves if m.state != "posted"),
            )
        return False

    def _settle_through(self, device):
        """Write the outcomes of documents of one device."""
        # a list may say what no answer can; without this the table refuses it
        work = self.env["ereceipt.work"].sudo().with_context(ereceipt_listed=True)
        documents = self.document_id.sudo().with_context(ereceipt_listed=True)
        outcomes = {}
        for line in self:
            status = Status(line.status_there)
            if status is Status.CANCELLING and line.state_here != lifecycle.VALID:
                status = Status.VALID
            key = line.document_id.id
            # a list says more than an answer, which the document need not keep
            known = line.document_id.sudo().authority_ids
            told = {} if known else (line.told_there or {}).get("ids", {})
            outcomes[key] = Outcome(key, status, line.uid_there or "", told)
        unit = Unit(
            purpose="take",
            authority=device._authority_offline(),
            documents=[d._contract_document() for d in documents],
            registration_id=device.registration_id.id,
            device_id=device.id,
            token=False,
            begun_at=0.0,
            over_at=0.0,
            give_up_at=0.0,
            report=dispatch.Report(outcomes=outcomes),
        )
        work._settle_documents([(unit, unit.report)], documents)


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    def _settle_unit_take(self, unit, report, documents):
        """Write what an authority's list says, of documents in whatever state."""
        self._settle_outcomes(unit, report, documents)
