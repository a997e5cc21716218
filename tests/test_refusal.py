from odoo.tests import tagged

from .common import EreceiptCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestRefusal(EreceiptCommon):
    """What a refusal is about, as far as the authority tells."""

    @property
    def sold(self):
        """The product's Arabic name, set apart from an English sentence."""
        return f"\u2068{self.item.name}\u2069"

    def told(self, **fault):
        """Return the problems of an invoice that is refused, as its form shows them."""
        self.control.fault("submit", "invalid", times=1, message="No.", **fault)
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "invalid")
        return list(move.ereceipt_problems.values())

    def test_line_and_product_of_a_known_error(self):
        error, cure = self.told(code="CV302", path="itemData[0].itemCode")
        self.assertEqual(error["message"], "No.")
        self.assertIn("does not exist in its code type", cure["message"])
        self.assertIn(f"about “{self.sold}”", cure["message"])
        self.assertEqual(cure["action"]["res_model"], "product.product")
        self.assertEqual(cure["action"]["res_id"], self.item.id)

    def test_line_and_product_of_an_unknown_error(self):
        for path in ("itemData[0]", "receipts[0].itemData[0].unitType"):
            _error, about = self.told(code="SIM-X", path=path)
            self.assertEqual(about["message"], f"This is about “{self.sold}”.")
            self.assertEqual(about["action"]["res_id"], self.item.id)

    def test_what_tells_no_line(self):
        for path in ("itemData[7].itemCode", "header.currency", ""):
            self.assertEqual(len(self.told(code="SIM-X", path=path)), 1, path)

    def test_unknown_original_has_a_cure(self):
        path = "header.referenceUUID"
        _error, cure = self.told(code="SIM-RETURN-UNKNOWN", path=path)
        self.assertIn("which sale it is about", cure["message"])
