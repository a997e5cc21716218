import base64
import io
import re

import xlsxwriter
from markupsafe import Markup, escape

from odoo import api, fields, models
from odoo.tools import format_date
from odoo.tools.misc import get_lang

from ..fiscal.messages import FIRST_STRONG_ISOLATE, POP_DIRECTIONAL_ISOLATE

WIDTHS = {"explanation": 60, "uid": 44, "number": 20, "name": 40}
USUAL_WIDTH = 18

READ_AT_ONCE = 500

MOST_PRINTED = 1000
"""Differences that are printed; a spreadsheet has them all."""

FROM_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
"""Letters that are written from right to left, as a regular expression has them."""

_ISOLATES = re.compile(f"[{FIRST_STRONG_ISOLATE}{POP_DIRECTIONAL_ISOLATE}]")
"""Taken out of what is printed, and of spreadsheets, which may show them as signs."""

_LETTER = rf"[^\W{FROM_RIGHT}]"
_APART = re.compile(
    rf"(?P<from_left>[+-]?{_LETTER}(?:[^{FROM_RIGHT}]*{_LETTER})?(?:\s?%)?)|[^\w\s]+"
)
"""What stands apart from words that are written from right to left: what is written
from left to right, from its first letter or digit to its last; and marks."""


class EreceiptReportMixin(models.AbstractModel):
    """What was compared, as a file for a spreadsheet and for print.

    A model inherits it and says what is in the file (:meth:`_report_sheets`,
    :meth:`_summary`, :meth:`_summary_table`), how it is called (:meth:`_report_title`),
    and which report prints it (``_report_xmlid``). The actions stand in the model: an
    abstract one offers nothing to calls from outside.
    """

    _name = "ereceipt.report.mixin"
    _description = "Report of a comparison"

    _report_xmlid = None

    report_xlsx = fields.Binary(string="Spreadsheet", compute="_compute_report_xlsx")
    report_name = fields.Char(string="Name of the file", compute="_compute_report_name")

    @api.depends_context("lang", "tz")
    def _compute_report_xlsx(self):
        for one in self:
            one.report_xlsx = base64.b64encode(one._xlsx())

    def _compute_report_name(self):
        for one in self:
            one.report_name = f"{one._report_title()}.xlsx"

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _hand_over_xlsx(self):
        """Return the action that hands the report over as a spreadsheet."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/report_xlsx"
            "?filename_field=report_name&download=true",
            "target": "download",
        }

    def _print_report(self):
        """Return the action that prints the report."""
        self.check_access("read")
        return self.env.ref(self._report_xmlid).report_action(self)

    def _printed(self, model, domain, order):
        """Return the differences that are printed, as a reader wants them.

        :param str model: of what the differences are rows
        :param list domain: which of them are this report's
        :param str order: those to look into first
        """
        self.ensure_one()
        return self.env[model].search(domain, order=order, limit=MOST_PRINTED)

    def _period_text(self):
        """Return the period, in the reader's language; it stays on one line."""
        self.ensure_one()
        return self.env._(
            "%(start)s to %(end)s",
            start=self._day_text(self.date_from),
            end=self._day_text(self.date_to),
        )

    @api.model
    def _file_text(self, text):
        """Return a name as a part of a file's name: without what systems refuse there,
        and without isolates, which they show as signs."""
        return re.sub(r'[\\/:*?"<>|]+', "-", _ISOLATES.sub("", text or ""))

    @api.model
    def _day_text(self, day):
        """Return a day as the reader's language writes it, which no line break and
        nothing beside it changes."""
        text = format_date(self.env, day) if day else ""
        text = text.replace("-", "\N{NON-BREAKING HYPHEN}")
        return self.env["ereceipt.document"]._set_apart(text)

    @api.model
    def _printed_text(self, text):
        """Return a text as HTML that is printed well from right to left.

        What makes PDF files knows no isolates (Unicode Standard Annex 9), and measures
        words of both directions, or words and marks, wrongly that stand in one element:
        it draws them over each other. So each gets an element of its own.
        """
        # nought is a figure
        nothing = text is None or text is False
        text = "" if nothing else _ISOLATES.sub("", str(text))
        if not text or get_lang(self.env).direction != "rtl":
            return escape(text)
        from_left = Markup('<span dir="ltr">%s</span>')
        if not re.search(f"[{FROM_RIGHT}]", text):
            return from_left % text
        done, parts = 0, []
        for match in _APART.finditer(text):
            apart = from_left if match["from_left"] else Markup("<span>%s</span>")
            parts += [escape(text[done : match.start()]), apart % match.group()]
            done = match.end()
        return Markup().join([*parts, escape(text[done:])])

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _report_title(self):
        """Hook: return the name of the file, without its ending."""
        return self.display_name

    def _summary(self):
        """Hook: return the figures of the report as pairs of a label and a text."""
        return []

    def _summary_table(self):
        """Hook: return what stands below the summary, as rows; the first are heads."""
        return []

    def _report_sheets(self):
        """Hook: return the sheets after the summary: name, model, domain, columns."""
        return []

    def _report_value(self, record, name):
        """Hook: return what stands in a cell, False where it is empty.

        :param record: of the model of a sheet
        :param str name: of a column
        """
        return record[name]

    # -------------------------------------------------------------------------
    # CONTENT
    # -------------------------------------------------------------------------

    def _xlsx(self):
        """Return the report as the bytes of a spreadsheet. It is written row by row, so
        that many lines take no more memory than few."""
        self.ensure_one()
        target = io.BytesIO()
        options = {
            "constant_memory": True,
            # what the authority says is text, never a formula or a link
            "strings_to_formulas": False,
            "strings_to_urls": False,
        }
        with xlsxwriter.Workbook(target, options) as book:
            formats = {
                "bold": book.add_format({"bold": True}),
                "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
                "date": book.add_format({"num_format": "yyyy-mm-dd"}),
                "monetary": book.add_format({"num_format": "#,##0.00"}),
                # more decimals than the currency has are what differs
                "float": book.add_format({"num_format": "#,##0.00###"}),
            }
            summary = self._add_sheet(book, self.env._("Summary"))
            self._write_summary(summary, formats)
            for name, model, domain, columns in self._report_sheets():
                rows = self.env[model]
                sheet = self._add_sheet(book, name)
                self._write_rows(sheet, rows, domain, columns, formats)
        return target.getvalue()

    def _add_sheet(self, book, name):
        """Return a new sheet, whose first column is where the reader begins."""
        sheet = book.add_worksheet(name)
        if get_lang(self.env).direction == "rtl":
            sheet.right_to_left()
        return sheet

    def _write_summary(self, sheet, formats):
        sheet.set_column(0, 1, 40)
        row = 0
        for label, text in self._summary():
            sheet.write(row, 0, label, formats["bold"])
            sheet.write(
                row, 1, _ISOLATES.sub("", text) if isinstance(text, str) else text
            )
            row += 1
        for number, values in enumerate(self._summary_table()):
            row += 1
            for column, value in enumerate(values):
                sheet.write(row, column, value, None if number else formats["bold"])

    def _write_rows(self, sheet, rows, domain, columns, formats):
        labels = rows.fields_get(columns, ["string", "selection", "type"])
        for column, name in enumerate(columns):
            sheet.set_column(column, column, WIDTHS.get(name, USUAL_WIDTH))
        for column, name in enumerate(columns):
            sheet.write(0, column, labels[name]["string"], formats["bold"])
        sheet.freeze_panes(1, 1)
        row, last = 0, 0
        while batch := rows.search(
            [*domain, ("id", ">", last)], order="id", limit=READ_AT_ONCE
        ):
            for record in batch:
                row += 1
                self._write_row(sheet, row, record, columns, labels, formats)
            last = batch[-1].id
            batch.invalidate_recordset(flush=False)

    def _write_row(self, sheet, row, record, columns, labels, formats):
        for column, name in enumerate(columns):
            value, kind = self._report_value(record, name), labels[name]["type"]
            if isinstance(value, models.BaseModel):
                value = value.display_name
            elif kind == "datetime" and value:
                local = fields.Datetime.context_timestamp(record, value)
                value = local.replace(tzinfo=None)
            elif labels[name].get("selection"):
                value = dict(labels[name]["selection"]).get(value, value)
            elif kind == "boolean":
                value = self.env._("Yes") if value else ""
            if not value and not (value == 0 and value is not False):
                continue
            if isinstance(value, str):
                value = _ISOLATES.sub("", value)
            if kind in ("datetime", "date"):
                sheet.write_datetime(row, column, value, formats[kind])
            else:
                sheet.write(row, column, value, formats.get(kind))
