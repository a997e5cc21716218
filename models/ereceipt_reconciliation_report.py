from odoo import api, models
from odoo.tools import format_datetime


class EreceiptReconciliation(models.Model):
    """The report of a reconciliation: as a file for a spreadsheet, and for print."""

    _name = "ereceipt.reconciliation"
    _inherit = ["ereceipt.reconciliation", "ereceipt.report.mixin"]

    _report_xmlid = "account_ereceipt.ereceipt_reconciliation_report"

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_report_xlsx(self):
        """Hand the report over as a spreadsheet."""
        return self._hand_over_xlsx()

    def action_report_pdf(self):
        """Print the report."""
        return self._print_report()

    # -------------------------------------------------------------------------
    # CONTENT
    # -------------------------------------------------------------------------

    def _report_title(self):
        # EXTENDS
        return self.env._(
            "Reconciliation %(registration)s %(start)s %(end)s",
            registration=self._file_text(self.sudo().registration_id.display_name),
            start=self.date_from,
            end=self.date_to,
        )

    def _report_sheets(self):
        # EXTENDS
        return [
            (
                self.env._("Differences"),
                "ereceipt.reconciliation.line",
                [("reconciliation_id", "=", self.id)],
                self._report_columns(),
            )
        ]

    def _report_value(self, record, name):
        # EXTENDS: no total is not a total of nothing
        known = {"amount_here": "is_total_here", "amount_there": "is_total_there"}
        if name in known and not record[known[name]]:
            return False
        return super()._report_value(record, name)

    def _summary_table(self):
        # EXTENDS
        heads = (
            self.env._("Difference"),
            self.env._("How many"),
            self.env._("Still open"),
        )
        return [heads, *self._by_kind()]

    def _summary(self):
        """Return the figures of the report as pairs of a label and a text."""
        self.ensure_one()
        way = dict(self._fields["way"]._description_selection(self.env))
        state = dict(self._fields["state"]._description_selection(self.env))
        registration = self.sudo().registration_id
        return [
            (self.env._("Registration"), registration.display_name),
            (self.env._("Company"), self.company_id.name),
            (self.env._("Period"), self._period_text()),
            (self.env._("Compared by"), way[self.way]),
            (self.env._("State"), state[self.state]),
            *self._why_incomplete(),
            (
                self.env._("Compared at"),
                format_datetime(self.env, self.started_at) if self.started_at else "",
            ),
            *self._counted_rows(),
            (self.env._("Differences"), self.line_count),
            (self.env._("Open differences"), self.open_count),
        ]

    def _why_incomplete(self):
        if self.state == "done" or not self.error:
            return []
        return [(self.env._("Not everything is compared"), self.error)]

    def _counted_rows(self):
        """Return how many documents were compared, and with what outcome."""
        rows = [
            (self.env._("Documents here"), self.here_count),
            (self.env._("Documents there"), self.there_count),
            (self.env._("Agree"), self.matched_count),
            (self.env._("Refused or taken back, not there"), self.void_count),
            (self.env._("On their way"), self.moving_count),
        ]
        if self.way == "own":
            # nobody was asked how many there are
            del rows[1]
        return rows

    def _by_kind(self):
        """Return rows of a kind's name, how many there are, and how many are open."""
        self.ensure_one()
        labels = dict(self.env["ereceipt.reconciliation.line"]._selection_kind())
        counts = {}
        for kind, state, count in self.env["ereceipt.reconciliation.line"]._read_group(
            [("reconciliation_id", "=", self.id)], ["kind", "state"], ["__count"]
        ):
            row = counts.setdefault(kind, [0, 0])
            row[0] += count
            row[1] += count if state in ("open", "begun") else 0
        return [(labels[kind], *row) for kind, row in sorted(counts.items())]

    def _printed_lines(self):
        """Return the differences that are printed, open ones first."""
        return self._printed(
            "ereceipt.reconciliation.line",
            [("reconciliation_id", "=", self.id)],
            "state desc, kind, id",
        )

    @api.model
    def _report_columns(self):
        """Return the columns of the list of differences."""
        return [
            "kind",
            "explanation",
            "number",
            "uid",
            "date_here",
            "date_there",
            "amount_here",
            "amount_there",
            "currency_id",
            "party_here",
            "party_there",
            "state_here",
            "status_there",
            "serial_here",
            "serial_there",
            "state",
            "remedy",
            "remedied_by_id",
            "remedied_at",
            "note",
        ]
