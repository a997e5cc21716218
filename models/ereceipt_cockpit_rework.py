from odoo import api, models
from odoo.tools import SQL

MOST_CAUSES = 6


class EreceiptCockpit(models.AbstractModel):
    """What was issued because another document was wrong or taken back, by cause."""

    _inherit = "ereceipt.cockpit"

    @api.model
    def _rework_tile(self, scope, counted):
        """What was issued a second time, as a share of all that was issued."""
        again = [*scope.period, ("rework", "in", ["correction", "anew"])]
        count = self.env["ereceipt.document"].search_count(again)
        name = self.env._("Issued a second time")
        return self._row(
            name,
            count,
            note=self._percent_text(count, counted.issued),
            level="warning" if count else "",
            opens=self._open_documents(name, again),
        )

    @api.model
    def _rework_section(self, scope):
        """Return corrections by the error that they mend, and what was taken back."""
        rows = [self._correction_row(scope, *one) for one in self._corrected(scope)]
        labels = {
            "anew": self.env._("Taken back, and issued anew"),
            "return": self.env._("Returned by customers"),
        }
        for cause, label in labels.items():
            domain = [*scope.period, ("rework", "=", cause)]
            count = self.env["ereceipt.document"].search_count(domain)
            opens = self._open_documents(label, domain)
            rows.append(count and self._row(label, count, opens=opens))
        return self._section(
            "rework", self.env._("Corrections and returns in the period"), rows
        )

    @api.model
    def _corrected(self, scope):
        """Return the errors that corrections of the period mended, with their number
        of corrections, the most first."""
        documents = self.env["ereceipt.document"]
        domain = [*scope.period, ("replaces_id", "!=", False)]
        query = documents._search(domain)
        return self.env.execute_query(
            SQL(
                """
                SELECT r.problems->0->>'code', count(*)
                  FROM %s d JOIN ereceipt_document r ON r.id = d.replaces_id
                 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT %s
                """,
                query.subselect(SQL.identifier(query.table, "replaces_id")),
                MOST_CAUSES,
            )
        )

    @api.model
    def _correction_row(self, scope, code, count):
        if code:
            label = self.env._("Corrected because of %s", code)
        else:
            label = self.env._("Corrected: late, or changed by hand")
        domain = [
            *scope.period,
            ("replaces_id", "!=", False),
            ("replaces_id.first_problem_code", "=", code or False),
        ]
        opens = self._open_documents(label, domain)
        return self._row(label, count, opens=opens)
