from dataclasses import replace
from datetime import timezone

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle
from ..fiscal.contract import Problem
from ..fiscal.messages import _

REPLACEABLE = frozenset(
    {lifecycle.INVALID, lifecycle.REJECTED, lifecycle.LATE, lifecycle.FAILED}
)
RECHECK_BATCH = 200
NO_NUMBER = "0"
"""Stands for the number of a draft while it is looked at."""


class AccountMove(models.Model):
    """Issuing: from a posted invoice to a frozen document.

    ``_post`` calls :meth:`_ereceipt_issue` on what it returned, and so do the payment
    hook, the button and the job that looks again; nothing else does.
    """

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # POSTING AND PAYMENT
    # -------------------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS account
        self._ereceipt_set_dates(soft)
        there = self._ereceipt_there(self)
        posted = super(AccountMove, there)._post(soft).with_env(self.env)
        posted.filtered(
            lambda m: m.is_sale_document(include_receipts=True)
        )._ereceipt_issue(at_posting=True)
        return posted

    def _ereceipt_set_dates(self, soft):
        """Give invoices the authority's date of today: those without a date (another
        zone may have another day), and others where the device says so."""
        for device, moves in (
            self._ereceipt_drafts().grouped("ereceipt_device_id").items()
        ):
            today = moves._ereceipt_local_date(device)
            undated = moves.filtered(lambda m: not m.invoice_date)
            if undated and today != fields.Date.context_today(self):
                undated.invoice_date = today
            if device.date_policy == "adapt" and device.issue_moment == "posting":
                moves.filtered(
                    lambda m, today=today: (
                        m.invoice_date
                        and m.invoice_date != today
                        and not (soft and m.invoice_date > today)
                    )
                ).invoice_date = today

    def _ereceipt_drafts(self):
        """Return the drafts that would be issued, each with its device."""
        sales = self.filtered(
            lambda m: m.state == "draft" and m.is_sale_document(include_receipts=True)
        )
        missing = sales.filtered(lambda m: not m.ereceipt_device_id)
        if missing:
            self.env.add_to_compute(self._fields["ereceipt_device_id"], missing)
        return sales.filtered("ereceipt_device_id")

    def _ereceipt_there(self, records):
        """Return records with the time zone of the authority that has the documents of
        these invoices, or as they are where there is not exactly one.

        What is today there is no day to come, wherever the user sits.
        """
        registrations = self.ereceipt_device_id.sudo().registration_id
        zones = {one._authority_class().limits.zone for one in registrations}
        return records.with_context(tz=zones.pop()) if len(zones) == 1 else records

    def _ereceipt_local_date(self, device, moment=None):
        """Return the date in the authority's zone of a moment (naive UTC; now)."""
        zone = pytz.timezone(
            device.sudo().registration_id._authority_class().limits.zone
        )
        moment = moment or device._wall_clock()
        return pytz.utc.localize(moment).astimezone(zone).date()

    def _invoice_paid_hook(self):
        # EXTENDS account: runs inside a reconciliation, so nothing here may raise
        # for a problem; a document that cannot be issued goes on waiting
        res = super()._invoice_paid_hook()
        waiting = self.filtered(
            lambda m: (
                m.state == "posted"
                and m.ereceipt_document_id.sudo().waiting_reason == "payment"
            )
        )
        if waiting:
            waiting._ereceipt_issue(raising=False)
        return res

    # -------------------------------------------------------------------------
    # ISSUING
    # -------------------------------------------------------------------------

    def _ereceipt_issue(self, *, at_posting=False, by_person=False, raising=True):
        """Issue the documents of posted invoices, or let them wait.

        :param bool at_posting: called by the posting itself
        :param bool by_person: a person asked for it, so neither payment nor a
            person's word is waited for
        :param bool raising: whether a problem stops the caller where the device's
            policy says so; otherwise the document waits
        :return: the documents that were issued
        :raise UserError: every problem of every invoice, in one text
        """
        moves = self._ereceipt_issuable()
        if not moves:
            return self.env["ereceipt.document"]
        # of those that are issued as one, one goes through all of this
        moves = moves._ereceipt_to_issue()
        held = moves.filtered(lambda m: not by_person and m._ereceipt_hold_reason())
        ready = moves - held
        snapshots = ready._ereceipt_bundled()._ereceipt_snapshots_to_issue()
        problems = ready._ereceipt_check(snapshots, at_posting)
        if raising:
            ready._ereceipt_raise_blocking(problems, by_person)
        wrong = ready.filtered(lambda m: problems.get(m.id))
        held._ereceipt_wait({})
        wrong._ereceipt_wait(problems)
        issued = (ready - wrong)._ereceipt_freeze(snapshots)
        if issued:
            self.env["ereceipt.outbox"].sudo()._wake()
        return issued

    def _ereceipt_snapshots_to_issue(self):
        """Return the receipts that are looked at and frozen in this transaction.

        Hook: what has to be locked before it is read.
        """
        return self._ereceipt_snapshots(self._ereceipt_now())

    def _ereceipt_issuable(self):
        """Return the posted sales documents that have no standing document yet and
        are within what their registration is obliged to issue."""
        moves = self.browse()
        for move in self:
            device = move.ereceipt_device_id.sudo()
            if move.state != "posted" or not device._issues():
                continue
            registration = device.registration_id
            if not move._ereceipt_is_obliged() or move.ereceipt_exempt:
                continue
            current = move.ereceipt_document_id.sudo()
            stands = (
                current
                and current.environment == registration.environment
                and current.state in lifecycle.STANDING - REPLACEABLE
            )
            if not stands and current.state != lifecycle.CANCELLED:
                moves |= move
        return moves

    def _ereceipt_is_obliged(self):
        """Whether the invoice's date lies within what its registration issues."""
        self.ensure_one()
        start = self.ereceipt_device_id.sudo().registration_id.obliged_from
        return not (start and self.invoice_date and self.invoice_date < start)

    def _ereceipt_hold_reason(self):
        """Return why the document is not issued yet, or False.

        Hook: other modules add reasons (an approval that is not complete).
        """
        self.ensure_one()
        moment = self.ereceipt_device_id.issue_moment
        if moment == "manual":
            return "person"
        if moment == "payment" and self.payment_state not in ("paid", "in_payment"):
            return "payment"
        return False

    def _ereceipt_now(self):
        return (
            self.env["ereceipt.device"]
            ._wall_clock()
            .replace(microsecond=0, tzinfo=timezone.utc)
        )

    # -------------------------------------------------------------------------
    # CHECKING
    # -------------------------------------------------------------------------

    def _ereceipt_check(self, snapshots, at_posting=False):
        """Return the problems of each invoice by its id, only where there are any."""
        found = {}
        for device, moves in self.grouped("ereceipt_device_id").items():
            authority = device.sudo()._authority_offline()
            for move in moves:
                receipt = move._ereceipt_placed(move._ereceipt_whole(snapshots))
                problems = [
                    *move._ereceipt_bundle_problems(snapshots, at_posting),
                    *authority.check(receipt),
                ]
                if problems:
                    found[move.id] = problems
        return found

    def _ereceipt_own_problems(self, at_posting):
        """Return what the books themselves say against issuing.

        Hook: the reasons that no authority knows of.
        """
        self.ensure_one()
        device = self.ereceipt_device_id.sudo()
        key_problem = device.registration_id._coding_problem()
        problems = [key_problem] if key_problem else []
        if (
            at_posting
            and device.date_policy == "refuse"
            and device.issue_moment == "posting"
        ):
            now = device._wall_clock()
            moment = self._ereceipt_hook(
                device.registration_id, "issue_moment", now, now
            )
            today = self._ereceipt_local_date(device, moment)
            if self.invoice_date and self.invoice_date != today:
                problems.append(
                    Problem(
                        "invoice_date",
                        _(
                            "The invoice date is %(date)s, and the tax authority would "
                            "date the document %(today)s: the VAT would fall into "
                            "another period than in the books. Change the invoice "
                            "date, or the device's policy on dates."
                        ),
                        record=("account.move", self.id),
                        values={"date": self.invoice_date, "today": today},
                    )
                )
        replaced = self._ereceipt_replaced()
        if replaced and replaced.device_id != device:
            problems.append(
                Problem(
                    "corrected_elsewhere",
                    _(
                        "The document that this one corrects was issued on %(former)s. "
                        "A correction takes its place in that device's chain: choose "
                        "that device."
                    ),
                    record=("account.move", self.id),
                    values={"former": replaced.device_id.display_name},
                )
            )
        return problems

    def _ereceipt_raise_blocking(self, problems, by_person):
        """Raise one error with every problem that stops the posting."""
        blocked = self.filtered(
            lambda m: (
                problems.get(m.id)
                and (by_person or m.ereceipt_device_id.sudo().problem_policy == "block")
            )
        )
        if blocked:
            raise UserError(blocked._ereceipt_problem_text(problems))

    def _ereceipt_problem_text(self, problems):
        """Return the problems of several invoices as one text, invoice by invoice."""
        text = self.env["ereceipt.document"]._problem_text
        parts = []
        for move in self:
            lines = "\n".join(f"- {text(p)}" for p in problems.get(move.id, []))
            parts.append(
                self.env._(
                    "%(invoice)s cannot be issued to the tax authority:\n%(problems)s",
                    invoice=move.display_name,
                    problems=lines,
                )
            )
        return "\n\n".join(parts)

    # -------------------------------------------------------------------------
    # WAITING
    # -------------------------------------------------------------------------

    def _ereceipt_wait(self, problems):
        """Keep posted invoices whose documents cannot be issued yet."""
        values_list = []
        for move in self:
            found = problems.get(move.id)
            values = {
                "state": lifecycle.WAITING,
                "waiting_reason": "data" if found else move._ereceipt_hold_reason(),
                "problems": self.env["ereceipt.document"]._problems_json(found or []),
                "checked_at": fields.Datetime.now(),
            }
            current = move.ereceipt_document_id.sudo()
            if current.state == lifecycle.WAITING:
                current.write({**move._ereceipt_row_values(), **values})
            elif current.state not in REPLACEABLE:
                values_list.append({**move._ereceipt_row(), **values})
            elif found:
                current.write({"problems": values["problems"], "waiting_reason": False})
            else:
                current._correction_waits(values["waiting_reason"])
        return self.env["ereceipt.document"].sudo().create(values_list)

    def _ereceipt_recheck_waiting(self):
        """Issue what waited for data that was mended since it was last looked at."""
        documents = self.env["ereceipt.document"].search(
            [("state", "=", lifecycle.WAITING), ("waiting_reason", "=", "data")],
            order="checked_at, id",
            limit=RECHECK_BATCH,
        )
        mended = documents._mended()
        (documents - mended).checked_at = fields.Datetime.now()
        for document in mended:
            document._recheck()

    # -------------------------------------------------------------------------
    # FORM
    # -------------------------------------------------------------------------

    ereceipt_problems = fields.Json(
        string="What its e-receipt lacks",
        compute="_compute_ereceipt_problems",
        groups="base.group_user",
        help="Each problem with the record to open.",
    )

    @api.depends("state", "ereceipt_device_id", "ereceipt_state")
    @api.depends_context("lang", "tz")
    def _compute_ereceipt_problems(self):
        """Say on the form what the authority would refuse: before posting by looking,
        afterwards by what was found."""
        document = self.env["ereceipt.document"]
        for move in self:
            move.ereceipt_problems = False
            current = move.ereceipt_document_id.sudo()
            if move.state == "posted" and current.problems:
                shown = document._problems_actionable(current.problems)
                move.ereceipt_problems = move._ereceipt_opening_others(shown)
            elif move.state == "draft" and move._origin.id:
                found = move._origin._ereceipt_find_problems().get(move._origin.id)
                shown = document._problems_actionable(
                    document._problems_json(found or [])
                )
                move.ereceipt_problems = move._ereceipt_opening_others(shown)

    def _ereceipt_opening_others(self, shown):
        """Return problems, as the widget shows them, without what would open the very
        invoice on whose form they stand."""
        here = (self._name, self._origin.id)
        for problem in shown.values():
            action = problem.get("action", {})
            if (action.get("res_model"), action.get("res_id")) == here:
                del problem["action"], problem["action_text"]
        return shown

    def _ereceipt_find_problems(self):
        """Return the problems that drafts would have if they were posted now, by id."""
        drafts = self._ereceipt_drafts().filtered(
            lambda m: m.invoice_line_ids and m.ereceipt_device_id.sudo()._issues()
        )
        if not drafts:
            return {}
        snapshots = drafts._ereceipt_snapshots(self._ereceipt_now())
        for move_id, receipt in snapshots.items():
            # its number is given by the posting
            snapshots[move_id] = replace(receipt, number=receipt.number or NO_NUMBER)
        return drafts._ereceipt_check(snapshots, at_posting=True)
