import base64
import io

import xlsxwriter

from odoo import api, fields, models
from odoo.tools import format_datetime

WIDTHS = {"explanation": 60, "uid": 44, "number": 20}
USUAL_WIDTH = 18

MOST_PRINTED = 1000
"""Differences that are printed; a spreadsheet has them all."""


class EreceiptReconciliation(models.Model):
    """The report of a reconciliation: as a file for a spreadsheet, and for print."""

    _inherit = "ereceipt.reconciliation"

    report_xlsx = fields.Binary(string="Spreadsheet", compute="_compute_report_xlsx")
    report_name = fields.Char(string="Name of the file", compute="_compute_report_name")

    @api.depends_context("lang", "tz")
    def _compute_report_xlsx(self):
        for one in self:
            one.report_xlsx = base64.b64encode(one._xlsx())

    def _compute_report_name(self):
        for one in self:
            registration = one.sudo().registration_id
            one.report_name = self.env._(
                "Reconciliation %(authority)s %(start)s %(end)s.xlsx",
                authority=registration.authority,
                start=one.date_from,
                end=one.date_to,
            )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_report_xlsx(self):
        """Hand the report over as a spreadsheet."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/report_xlsx"
            "?filename_field=report_name&download=true",
            "target": "download",
        }

    def action_report_pdf(self):
        """Print the report."""
        self.check_access("read")
        report = self.env.ref("account_ereceipt.ereceipt_reconciliation_report")
        return report.report_action(self)

    # -------------------------------------------------------------------------
    # CONTENT
    # -------------------------------------------------------------------------

    def _summary(self):
        """Return the figures of the report as pairs of a label and a text."""
        self.ensure_one()
        way = dict(self._fields["way"]._description_selection(self.env))
        state = dict(self._fields["state"]._description_selection(self.env))
        registration = self.sudo().registration_id
        return [
            (self.env._("Registration"), registration.display_name),
            (self.env._("Company"), self.company_id.name),
            (self.env._("Period"), f"{self.date_from} – {self.date_to}"),
            (self.env._("Compared by"), way[self.way]),
            (self.env._("State"), state[self.state]),
            (
                self.env._("Compared at"),
                format_datetime(self.env, self.started_at) if self.started_at else "",
            ),
            (self.env._("Documents here"), self.here_count),
            (self.env._("Documents there"), self.there_count),
            (self.env._("Agree"), self.matched_count),
            (self.env._("On their way"), self.moving_count),
            (self.env._("Differences"), self.line_count),
            (self.env._("Open differences"), self.open_count),
        ]

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
        self.ensure_one()
        return self.env["ereceipt.reconciliation.line"].search(
            [("reconciliation_id", "=", self.id)],
            order="state desc, kind, id",
            limit=MOST_PRINTED,
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

    def _xlsx(self):
        """Return the report as the bytes of a spreadsheet. It is written row by row, so
        that many differences take no more memory than few."""
        self.ensure_one()
        target = io.BytesIO()
        options = {
            "constant_memory": True,
            # what the authority says is text, never a formula or a link
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        with xlsxwriter.Workbook(target, options) as book:
            bold = book.add_format({"bold": True})
            self._write_summary(book.add_worksheet(self.env._("Summary")), bold)
            moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            self._write_lines(
                book.add_worksheet(self.env._("Differences")), bold, moment
            )
        return target.getvalue()

    def _write_summary(self, sheet, bold):
        sheet.set_column(0, 1, 40)
        row = 0
        for label, text in self._summary():
            sheet.write(row, 0, label, bold)
            sheet.write(row, 1, text)
            row += 1
        row += 1
        heads = (
            self.env._("Difference"),
            self.env._("Number"),
            self.env._("Open"),
        )
        for column, head in enumerate(heads):
            sheet.write(row, column, head, bold)
        for kind in self._by_kind():
            row += 1
            for column, value in enumerate(kind):
                sheet.write(row, column, value)

    def _write_lines(self, sheet, bold, moment):
        columns = self._report_columns()
        lines = self.env["ereceipt.reconciliation.line"]
        labels = lines.fields_get(columns, ["string", "selection", "type"])
        for column, name in enumerate(columns):
            sheet.set_column(column, column, WIDTHS.get(name, USUAL_WIDTH))
        for column, name in enumerate(columns):
            sheet.write(0, column, labels[name]["string"], bold)
        sheet.freeze_panes(1, 1)
        choices = {name: dict(labels[name].get("selection", ())) for name in columns}
        row, last = 0, 0
        while True:
            batch = lines.search(
                [("reconciliation_id", "=", self.id), ("id", ">", last)],
                order="id",
                limit=500,
            )
            if not batch:
                return
            for line in batch:
                row += 1
                self._write_line(sheet, row, line, columns, choices, moment)
            last = batch[-1].id
            batch.invalidate_recordset(flush=False)

    def _write_line(self, sheet, row, line, columns, choices, moment):
        for column, name in enumerate(columns):
            value = line[name]
            if isinstance(value, models.BaseModel):
                value = value.display_name
            elif line._fields[name].type == "datetime" and value:
                local = fields.Datetime.context_timestamp(line, value)
                sheet.write_datetime(row, column, local.replace(tzinfo=None), moment)
                continue
            elif choices[name]:
                value = choices[name].get(value, value)
            if value or (value == 0 and value is not False):
                sheet.write(row, column, value)
