from odoo import api, models
from odoo.tools import format_datetime


class EreceiptTieOut(models.Model):
    """The report of a tie-out: as a file for a spreadsheet, and for print."""

    _inherit = "ereceipt.tie.out"

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
            "VAT tie-out %(company)s %(start)s %(end)s",
            company=self._file_text(self.company_id.name),
            start=self.date_from,
            end=self.date_to,
        )

    def _summary(self):
        # EXTENDS
        self.ensure_one()
        environment = dict(self._fields["environment"]._description_selection(self.env))
        result = dict(self._fields["result"]._description_selection(self.env))
        registrations = self._registrations().mapped("display_name")
        computed = self.computed_at and format_datetime(self.env, self.computed_at)
        return [
            (self.env._("Company"), self.company_id.name),
            (self.env._("Registrations"), ", ".join(registrations)),
            (self.env._("Environment"), environment[self.environment]),
            (self.env._("Period"), self._period_text()),
            (self.env._("Computed"), computed or ""),
            (self.env._("Result"), result.get(self.result, "")),
            (self.env._("Documents at the authority"), self.document_count),
            (self.env._("Invoices"), self.move_count),
            (self.env._("Differences"), self.difference_count),
            (self.env._("Differences to look into"), self.open_count),
            (
                self.env._("Open differences of the reconciliation"),
                self.unreconciled_count,
            ),
        ]

    def _summary_table(self):
        # EXTENDS
        heads = (
            self.env._("Reason"),
            self.env._("How many"),
            self.env._("Tax"),
        )
        return [heads, *self._by_kind()]

    def _by_kind(self):
        """Return rows of a reason's name, how many differences have it, and what they
        come to. Nets are not added up: a line with several taxes stands under each."""
        self.ensure_one()
        differences = self.env["ereceipt.tie.out.difference"]
        labels = dict(differences._selection_kind())
        return [
            (labels[kind], count, tax)
            for kind, count, tax in differences._read_group(
                [("tie_out_id", "=", self.id)],
                ["kind"],
                ["__count", "tax_difference:sum"],
            )
        ]

    def _report_sheets(self):
        # EXTENDS
        own = [("tie_out_id", "=", self.id)]
        return [
            (
                self.env._("Taxes"),
                "ereceipt.tie.out.line",
                own,
                self._report_line_columns(),
            ),
            (
                self.env._("Differences"),
                "ereceipt.tie.out.difference",
                own,
                self._report_columns(),
            ),
        ]

    @api.model
    def _report_line_columns(self):
        """Return the columns of the list of taxes."""
        return [
            "name",
            "tax_type",
            "tax_subtype",
            "rate",
            "tax_names",
            "there_net",
            "there_tax",
            "here_net",
            "here_tax",
            "grid_net",
            "grid_tax",
            "account_tax",
            "net_difference",
            "tax_difference",
            "grid_difference",
            "account_difference",
            "result",
        ]

    @api.model
    def _report_columns(self):
        """Return the columns of the list of differences."""
        return [
            "line_id",
            "side",
            "kind",
            "explanation",
            "explained",
            "number",
            "day_there",
            "day_here",
            "here_net",
            "here_tax",
            "other_net",
            "other_tax",
            "net_difference",
            "tax_difference",
        ]

    def _printed_differences(self):
        """Return the differences that are printed, those to look into first."""
        return self._printed(
            "ereceipt.tie.out.difference",
            [("tie_out_id", "=", self.id)],
            "explained, kind, id",
        )
