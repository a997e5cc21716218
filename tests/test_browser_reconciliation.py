from odoo.tests import HttpCase, tagged

from .common import EreceiptCommon
from .reconciliation_common import ReconciliationKit

ACCOUNTANT = "ereceipt_tour_reconcile"


@tagged("post_install", "-at_install", "post_install_l10n", "is_tour")
class TestBrowserReconciliation(ReconciliationKit, EreceiptCommon, HttpCase):
    """The authority's books in a real browser: they are compared, what differs is seen
    by its name and mended, and the next look finds nothing open."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.person = cls.browser_user(
            ACCOUNTANT, "base.group_user", "account.group_account_invoice"
        )

    def make_a_mess(self):
        """Let our books and the simulator's differ in four ways.

        :return: two invoices that were cancelled there, two that were lost here
        """
        moves = self.valid(7)
        cancelled, lost, total, gone = moves[:2], moves[2:4], moves[4], moves[5]
        for move in cancelled:
            self.control.cancel(move.ereceipt_uuid, "On the portal")
        self.control.alter(total.ereceipt_uuid, total="114.01")
        self.control.forget(gone.ereceipt_uuid)
        for move in lost:
            self.lose(move)
        return cancelled, lost

    def tour(self, name, reconciliation=None):
        """Have the accountant go through a tour, at a reconciliation or at them all."""
        address = "/odoo/ereceipt-reconciliations"
        if reconciliation:
            address += f"/{reconciliation.id}"
        tour = f"account_ereceipt_reconcile{name}"
        self.start_tour(address, tour, login=ACCOUNTANT, timeout=180)

    def make_assets(self, **how):
        """Have made what a page loads before it does: it does not wait for long."""
        bundle = self.env["ir.qweb"]._get_asset_bundle("web.assets_web", **how)
        bundle.js()
        bundle.css()

    def compare(self):
        """Have the accountant ask for a comparison, and let the job make it."""
        self.tour("")
        made = self.env["ereceipt.reconciliation"].search([], limit=1)
        self.assertEqual((made.state, made.user_id), ("draft", self.person))
        self.run_job(60.0)
        self.assertEqual(made.state, "done", made.error)
        return made

    def mend(self, compare, tour):
        """Let the accountant mend what ``compare()`` finds by a tour.

        :return: the reconciliation after that
        """
        cancelled, lost = self.make_a_mess()
        names = set(lost.mapped("name"))
        first = compare()
        self.tour(tour, first)
        by_remedy = first.line_ids.grouped("remedy")
        counts = {remedy: len(lines) for remedy, lines in by_remedy.items()}
        self.assertEqual(counts, {"take": 1, "ask": 1, "adopt": 2, "explain": 2})
        self.assertEqual(
            sorted(cancelled.mapped("ereceipt_state")), ["cancelled", "valid"]
        )
        self.run_outbox()
        self.assertEqual(set(cancelled.mapped("ereceipt_state")), {"cancelled"})
        second = self.reconciled()
        adopted = by_remedy["adopt"]
        self.assertEqual(set(adopted.mapped("state")), {"done"}, adopted.mapped("note"))
        self.assertEqual(set(adopted.mapped("number_there")), names)
        self.assertEqual(len(adopted.move_id), 2)
        self.assertFalse(second.open_count, self.found(second))
        return second

    def test_from_differences_to_none(self):
        self.make_assets()
        second = self.mend(self.compare, "_remedy")
        self.tour("_clean", second)

    def test_from_right_to_left(self):
        self.env["res.lang"]._activate_lang("ar_001")
        self.person.lang = "ar_001"
        self.make_assets(rtl=True)
        self.mend(self.reconciled, "_remedy_rtl")
