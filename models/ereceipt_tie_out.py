import time
from datetime import datetime, timedelta
from datetime import time as clock

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_list

from ..fiscal import codes_owner
from ..fiscal.tying_out import EXPLAINED, Kind
from .ereceipt_document_tax import AT_ONCE

CRON = "account_ereceipt.ir_cron_ereceipt_tie_out"

WHILE_WAITING = 2_000
"""So many documents are summed up while a person waits; with more the job does it."""

MOST_WHILE_WAITING = 20_000
"""So many invoices are compared while a person waits."""

RUN_SECONDS = 20
"""How long a run goes on when no scheduled job tells it its time."""

DATED_LATER = timedelta(days=45)
"""How long after we issued a document its authority may date it."""


class EreceiptTieOut(models.Model):
    """Whether a period's VAT is the same at the authority, on the invoices, in the tax
    grids and on the tax accounts: for one company (with the branches that report under
    its number), and all its registrations with one administration.

    Its life: a person asks for it (*draft*). The job (or, with few documents, the same
    request) sums up what the authority's documents say, where nobody has done that
    yet, then adds up and compares, and it is *done*; or it has *failed* for a defect.
    Its figures are those of that moment and stay; to see what has changed since, make
    another one. It reads the books and what is frozen in the documents, and never asks
    the authority: whether that still holds what we think is told by the
    reconciliation.
    """

    _name = "ereceipt.tie.out"
    _description = "VAT tie-out"
    _order = "id desc"
    _inherit = ["ereceipt.report.mixin"]
    _report_xmlid = "account_ereceipt.ereceipt_tie_out_report"

    registration_id = fields.Many2one(
        "ereceipt.registration",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    environment = fields.Selection(
        [("test", "Test"), ("production", "Production")], required=True, readonly=True
    )
    scope_text = fields.Char(string="What is compared", compute="_compute_scope_text")
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(string="Until", required=True, readonly=True)
    user_id = fields.Many2one("res.users", string="By", readonly=True)
    state = fields.Selection(
        [("draft", "To be computed"), ("done", "Done"), ("failed", "Failed")],
        required=True,
        default="draft",
        readonly=True,
    )
    computed_at = fields.Datetime(string="Computed", readonly=True)
    error = fields.Char(string="Why it was not computed", readonly=True)

    # --- what came of it ---
    line_ids = fields.One2many("ereceipt.tie.out.line", "tie_out_id", string="Taxes")
    difference_ids = fields.One2many(
        "ereceipt.tie.out.difference", "tie_out_id", string="Differences"
    )
    document_count = fields.Integer(
        string="Documents", readonly=True, help="That count at the authority."
    )
    move_count = fields.Integer(string="Invoices", readonly=True)
    difference_count = fields.Integer(
        string="Number of differences", compute="_compute_counts"
    )
    open_count = fields.Integer(
        string="Differences to look into",
        compute="_compute_counts",
        help="Those that have no reason of which nothing follows.",
    )
    result = fields.Selection(
        [
            ("equal", "Equal"),
            ("explained", "Differences explained"),
            ("open", "To look into"),
        ],
        compute="_compute_counts",
    )
    unreconciled_count = fields.Integer(
        string="Open differences of the reconciliation",
        compute="_compute_unreconciled_count",
        help="What the authority holds and the books do not know is found there.",
    )

    _period = models.Constraint(
        "CHECK (date_from <= date_to)", "A period ends after it has begun."
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("company_id", "environment", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_display_name(self):
        # by the company: it sums up all its registrations
        apart = self.env["ereceipt.document"]._set_apart
        for one in self:
            company = apart(one.sudo().company_id.name)
            if one.environment == "test":
                name = self.env._("VAT of %s (test)", company)
            else:
                name = self.env._("VAT of %s", company)
            one.display_name = self.env._(
                "%(name)s, %(period)s", name=name, period=one._period_text()
            )

    @api.depends("registration_id")
    @api.depends_context("lang")
    def _compute_scope_text(self):
        for one in self:
            one.scope_text = one.registration_id.sudo()._tied_text()

    @api.depends("difference_ids.kind", "state")
    def _compute_counts(self):
        counts = {}
        for one, kind, count in self.env["ereceipt.tie.out.difference"]._read_group(
            [("tie_out_id", "in", self.ids)], ["tie_out_id", "kind"], ["__count"]
        ):
            found = counts.setdefault(one, [0, 0])
            found[0] += count
            found[1] += count if Kind(kind) not in EXPLAINED else 0
        for one in self:
            one.difference_count, one.open_count = counts.get(one, (0, 0))
            one.result = one.state == "done" and (
                "open"
                if one.open_count
                else ("explained" if one.difference_count else "equal")
            )

    @api.depends("registration_id", "date_from", "date_to")
    def _compute_unreconciled_count(self):
        lines = self.env["ereceipt.reconciliation.line"]
        for one in self:
            start, end = one._bounds()
            one.unreconciled_count = lines.search_count(
                [
                    ("registration_id", "in", one._registrations().ids),
                    ("reconciliation_id.environment", "=", one.environment),
                    ("state", "in", ("open", "begun")),
                    ("issued_on", ">=", start),
                    ("issued_on", "<", end),
                ]
            )

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was compared is kept."))

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_again(self):
        """Compare the same period as it is now."""
        self.ensure_one()
        self._require_user()
        made = self._begin(self.registration_id.sudo(), self.date_from, self.date_to)
        return made.with_env(self.env)._get_records_action()

    def action_open_differences(self):
        """Open the differences."""
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_tie_out_difference_action"
        )
        action["domain"] = [("tie_out_id", "=", self.id)]
        action["context"] = {"search_default_group_kind": 1}
        return action

    def action_open_unreconciled(self):
        """Open what the reconciliation found in the period and nobody has settled."""
        self.ensure_one()
        self.check_access("read")
        start, end = self._bounds()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_reconciliation_line_action"
        )
        action["domain"] = [
            ("registration_id", "in", self._registrations().ids),
            ("issued_on", ">=", fields.Datetime.to_string(start)),
            ("issued_on", "<", fields.Datetime.to_string(end)),
        ]
        action["context"] = {"search_default_open": 1, "search_default_group_kind": 1}
        return action

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _begin(self, registration, date_from, date_to):
        """Make a tie-out and compute it, at once where that takes a few seconds at
        most.

        :raise UserError: the person may not see the books of a branch that is summed up
        :return: the new one
        """
        hidden = registration._tied_companies() - self.env.user.company_ids
        if hidden:
            raise UserError(
                self.env._(
                    "The VAT of %(company)s is reported together with that of "
                    "%(branches)s, whose books you may not see. Ask somebody who may.",
                    company=registration.company_id.name,
                    branches=", ".join(hidden.mapped("name")),
                )
            )
        made = self.sudo().create(
            {
                "registration_id": registration.id,
                "company_id": registration.company_id.id,
                "environment": registration.environment,
                "date_from": date_from,
                "date_to": date_to,
                "user_id": self.env.uid,
            }
        )
        if made._is_small():
            made._sum_up_missing(WHILE_WAITING)
            made._compute_figures()
        else:
            self.env.ref(CRON).sudo()._trigger()
        return made

    def _is_small(self):
        """Whether a person can wait for it."""
        moves = self.env["account.move"].search_count(
            self._moves_domain(), limit=MOST_WHILE_WAITING + 1
        )
        missing = self._missing(WHILE_WAITING + 1)
        return moves <= MOST_WHILE_WAITING and len(missing) <= WHILE_WAITING

    def _missing(self, limit):
        """Return documents that count in the period, or near it, and are not summed up
        yet."""
        start, end = self._bounds()
        which = SQL(
            "d.issued_at >= %s AND d.issued_at < %s AND d.registration_id = ANY(%s)",
            start - DATED_LATER,
            end,
            self._registrations().ids,
        )
        return self.env["ereceipt.document.tax"]._not_summed(which, limit)

    def _sum_up_missing(self, limit):
        """Keep the totals of documents that have none, ``limit`` at most.

        :return: how many were summed up
        """
        missing = self._missing(limit)
        totals = self.env["ereceipt.document.tax"]
        for start in range(0, len(missing), AT_ONCE):
            totals._sum_up(missing[start : start + AT_ONCE])
        return len(missing)

    def _require_user(self):
        """Raise unless the person may compare.

        :raise AccessError:
        """
        self.check_access("read")
        group = "account_ereceipt.group_ereceipt_user"
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(
                self.env._(
                    "This takes the role %s of e-receipts.",
                    self.env.ref(group).sudo().name,
                )
            )

    # -------------------------------------------------------------------------
    # SCHEDULED JOB
    # -------------------------------------------------------------------------

    @api.model
    def _cron_compute(self):
        """Entry point of the job: compute what people have asked for, oldest first."""
        deadline = self.env.context.get("cron_end_time")
        self._run(deadline or time.monotonic() + RUN_SECONDS)

    @api.model
    def _run(self, deadline):
        """Compute until the time is over or nothing is left.

        :param float deadline: ``time.monotonic()``
        """
        outbox = self.env["ereceipt.outbox"]
        waiting = self.sudo().search([("state", "=", "draft")], order="id")
        for one in waiting:
            while outbox._apart(lambda one=one: one._sum_up_missing(AT_ONCE), 1):
                if time.monotonic() > deadline:
                    return
            if not outbox._attempt(one._compute_figures, 1):
                outbox._apart(one._give_up, 1)
        outbox._commit(0, 0)

    def _give_up(self):
        self.write(
            {
                "state": "failed",
                "error": self.env._(
                    "A defect stopped it; the server's log tells more."
                ),
            }
        )

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    def _registrations(self):
        """Return the company's registrations with the same administration, in sudo."""
        self.ensure_one()
        return self.registration_id.sudo()._tied_registrations()

    def _companies(self):
        """Return the company and its branches that report under its number, in
        sudo."""
        self.ensure_one()
        return self.registration_id.sudo()._tied_companies()

    def _bounds(self):
        """Return when the period begins and ends (naive UTC), by the authority's
        days."""
        self.ensure_one()
        authority = self.registration_id.sudo()._authority_class()
        zone = pytz.timezone(authority.limits.zone)

        def midnight(day):
            local = zone.localize(datetime.combine(day, clock.min))
            return local.astimezone(pytz.utc).replace(tzinfo=None)

        return midnight(self.date_from), midnight(self.date_to + timedelta(days=1))

    def _moves_domain(self):
        return [
            ("company_id", "in", self._companies().ids),
            ("state", "=", "posted"),
            ("date", ">=", self.date_from),
            ("date", "<=", self.date_to),
            ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
        ]


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    def _tied_registrations(self):
        """Return the company's registrations with the same administration: those whose
        documents share its code tables. VAT is one return for all."""
        self.ensure_one()
        owner = codes_owner(self.authority)
        found = self.with_context(active_test=False).search(
            [("company_id", "=", self.company_id.id)]
        )
        return found.filtered(lambda r: codes_owner(r.authority) == owner)

    def _tied_companies(self):
        """Return the company and its branches that report under its number."""
        company = self.company_id
        below = company.search([("id", "child_of", company.id)])
        return below.filtered(lambda c: not c.vat or c.vat == company.vat) | company

    def _tied_text(self):
        """Return what a tie-out of a registration sums up, in the user's language."""
        self.ensure_one()
        registrations = self._tied_registrations().mapped("display_name")
        branches = (self._tied_companies() - self.company_id).mapped("name")
        apart = self.env["ereceipt.document"]._set_apart
        values = {
            "company": apart(self.company_id.name),
            "included": format_list(self.env, [apart(one) for one in registrations]),
        }
        if not branches:
            return self.env._(
                "All of the VAT of %(company)s is compared: %(included)s.", **values
            )
        return self.env._(
            "All of the VAT of %(company)s is compared, with its branches %(branches)s:"
            " %(included)s.",
            branches=format_list(self.env, [apart(one) for one in branches]),
            **values,
        )
