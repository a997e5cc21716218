from odoo import models
from odoo.tools import SQL

FIGURES = {
    "ereceipt_person": [("needs_person", "=", True)],
    "ereceipt_way": [("on_the_way", "=", True)],
}
"""What the dashboard of accounting counts on a journal, by the names that its card
uses, with the documents that each counts."""


class AccountJournal(models.Model):
    """On the dashboard of accounting: how many receipts of a journal need somebody,
    and how many are on the way."""

    _inherit = "account.journal"

    # -------------------------------------------------------------------------
    # DASHBOARD
    # -------------------------------------------------------------------------

    def _get_journal_dashboard_data_batched(self):
        # EXTENDS account
        data = super()._get_journal_dashboard_data_batched()
        sales = self.filtered(lambda journal: journal.type == "sale")
        if sales and self.env["ereceipt.document"].has_access("read"):
            for name, domain in FIGURES.items():
                counts = sales._ereceipt_count(domain)
                for journal in sales:
                    data[journal.id][name] = counts.get(journal.id, 0)
        return data

    def _ereceipt_count(self, domain):
        """Return how many documents of each journal a domain finds, by its id. They
        are undone ones, so that few rows are read however many there are."""
        documents = self.env["ereceipt.document"]
        documents.flush_model()
        self.env["ereceipt.document.move"].flush_model()
        return dict(
            self.env.execute_query(
                SQL(
                    """
                    SELECT m.journal_id, count(DISTINCT l.document_id)
                      FROM ereceipt_document_move l
                      JOIN account_move m ON m.id = l.move_id
                     WHERE l.document_id IN %s AND m.journal_id = ANY(%s)
                     GROUP BY 1
                    """,
                    documents._search(domain).subselect(),
                    self.ids,
                )
            )
        )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_ereceipt_documents(self):
        """Open the documents of the journal that the context's ``ereceipt_figure``
        names; all of them without one."""
        self.ensure_one()
        figure = self.env.context.get("ereceipt_figure")
        titles = {
            "ereceipt_person": self.env._("Needs a person"),
            "ereceipt_way": self.env._("On the way"),
        }
        of_journal = [("link_ids.move_id.journal_id", "=", self.id)]
        domain = of_journal + FIGURES.get(figure, [])
        title = titles.get(figure, self.env._("E-receipts"))
        return self.env["ereceipt.document"]._listed(title, domain)
