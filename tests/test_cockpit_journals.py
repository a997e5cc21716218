from json import loads

from odoo.tests import tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCockpitJournals(EreceiptCommon):
    """The dashboard of accounting counts the receipts of each journal."""

    def card(self, journal, user=None):
        """Return what a journal's card is made of."""
        journal = journal.with_user(user or self.accountant)
        journal.invalidate_recordset()
        return loads(journal.kanban_dashboard)

    def test_each_journal_has_its_own(self):
        refused = self.refused()
        queued = self.invoice(journal_id=self.journal_2.id)
        card, card_2 = self.card(self.journal), self.card(self.journal_2)
        self.assertEqual((card["ereceipt_person"], card["ereceipt_way"]), (1, 0))
        self.assertEqual((card_2["ereceipt_person"], card_2["ereceipt_way"]), (0, 1))
        for journal, figure, move, title in (
            (self.journal, "ereceipt_person", refused, "Needs a person"),
            (self.journal_2, "ereceipt_way", queued, "On the way"),
        ):
            journal = journal.with_user(self.accountant)
            journal = journal.with_context(ereceipt_figure=figure)
            action = journal.action_ereceipt_documents()
            domain = action["domain"]
            self.assertEqual(action["display_name"], title)
            documents = self.env["ereceipt.document"].with_user(self.accountant)
            self.assertEqual(documents.search(domain), move.ereceipt_document_id)

    def test_purchases_and_strangers_are_told_nothing(self):
        bills = self.company_data["default_journal_purchase"]
        self.assertNotIn("ereceipt_way", self.card(bills))
        self.invoice()
        clerk = self.make_clerk()
        self.assertNotIn("ereceipt_way", self.card(self.journal, clerk))

    def test_two_queries_for_all_journals(self):
        """The second one finds what is cancelled there and posted here."""
        self.invoice()
        journals = (self.journal | self.journal_2).with_user(self.accountant)
        self.env.flush_all()
        self.env.invalidate_all()
        domain = [("needs_person", "=", True)]
        journals._ereceipt_count(domain)
        with self.assertQueryCount(2):
            journals._ereceipt_count(domain)
