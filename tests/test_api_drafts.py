from odoo.tests import HttpCase, tagged

from .common import EreceiptCommon
from .rpc_common import RpcKit


@tagged("post_install", "-at_install", "post_install_l10n")
class TestApiDrafts(RpcKit, EreceiptCommon, HttpCase):
    """What another system is told of a draft that could not be issued: no number, since
    the one that it nearly had is another invoice's next time."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # the first one of a year has a number as a draft
        cls.invoice()

    def bad(self, **values):
        """Return a draft whose product has no code."""
        bare = self.env["product.product"].create({"name": "X", "taxes_id": False})
        line = {"product_id": bare.id, "quantity": 1, "price_unit": 5, "tax_ids": False}
        return self.invoice(post=False, lines=[line], **values)

    def messages(self, *moves, **body):
        """Let drafts be issued in one call; return the sentences that come back."""
        names = [move.id for move in moves]
        status, answer = self.call_json2(
            self.accountant, "ereceipt.api", "issue", invoices=names, **body
        )
        self.assertEqual(status, 200, answer)
        self.env.invalidate_all()
        results = answer["results"]
        return [None if r["ok"] else r["error"]["message"] for r in results]

    def assert_names(self, message, label):
        self.assertTrue(message.startswith(f"{label} cannot be issued"), message)

    def test_by_the_callers_reference(self):
        move = self.bad(ref="WEB-9")
        self.assertFalse(move.name)
        [message] = self.messages(move)
        amount = move.currency_id.format(5.0)
        self.assert_names(
            message, f"Draft WEB-9 ({self.customer.display_name}, {amount})"
        )
        self.assertNotIn("INV/", message)
        self.assertFalse(move.name)

    def test_by_its_id_where_it_has_none(self):
        [message] = self.messages(self.bad())
        self.assertIn("Draft ", message)
        self.assertNotIn("INV/", message)

    def test_each_of_several_by_its_own(self):
        """The same number is nearly given to one after the other."""
        one, good, other = self.bad(ref="A-1"), self.invoice(post=False), self.bad()
        first, none, second = self.messages(one, good, other)
        self.assertIsNone(none)
        self.assertIn("Draft A-1 (", first)
        self.assertIn(f"Draft {other.id} (", second)
        self.assertEqual(good.state, "posted")
        for message in (first, second):
            self.assertNotIn("INV/", message)
            self.assertNotIn(good.name, message)

    def test_a_number_that_it_has_stays(self):
        move = self.bad(ref="WEB-10")
        move.name = f"INV/{self.today().year}/90001"
        [message] = self.messages(move)
        self.assertIn(move.name, message)
