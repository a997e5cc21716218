from odoo import api, fields, models


class EreceiptProblemMixin(models.AbstractModel):
    """Shows the problems that a row keeps as alerts, each with what to open.

    The rows keep a list of untranslated sentences; the widget ``actionable_errors``
    wants a mapping in the reader's language.
    """

    _name = "ereceipt.problem.mixin"
    _description = "Problems as alerts"

    problems_shown = fields.Json(
        string="What is wrong", compute="_compute_problems_shown"
    )

    @api.depends("problems")
    @api.depends_context("lang", "tz")
    def _compute_problems_shown(self):
        actionable = self.env["ereceipt.document"]._problems_actionable
        for record in self:
            record.problems_shown = actionable(record.problems) or False


class EreceiptRegistration(models.Model):
    _name = "ereceipt.registration"
    _inherit = ["ereceipt.registration", "ereceipt.problem.mixin"]


class EreceiptDevice(models.Model):
    _name = "ereceipt.device"
    _inherit = ["ereceipt.device", "ereceipt.problem.mixin"]


class EreceiptDocument(models.Model):
    _name = "ereceipt.document"
    _inherit = ["ereceipt.document", "ereceipt.problem.mixin"]

    last_error_shown = fields.Char(
        string="What went wrong last", compute="_compute_last_error_shown"
    )

    @api.depends("last_error", "last_error_said")
    @api.depends_context("lang", "tz")
    def _compute_last_error_shown(self):
        for document in self:
            document.last_error_shown = document._last_error_text()

    def _last_error_text(self):
        """Return the last error in the user's language."""
        self.ensure_one()
        return self._said_text(self.last_error_said, self.last_error)
