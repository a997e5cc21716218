from odoo.tests import TransactionCase, tagged

from ..fiscal import forget_authority, register_authority
from ..fiscal.contract import Code
from ..fiscal.eg_eta.code_tables import table


class Toy:
    """An authority that has code tables and nothing else."""

    code = "toy"
    name = "Toy authority"
    rows = ()

    def __init__(self, connection):
        self.connection = connection

    def code_kinds(self):
        return ("unit", "tax_type")

    def codes(self, kind):
        return [row for row in self.rows if row.kind == kind]


@tagged("post_install", "-at_install")
class TestCodeTables(TransactionCase):
    """Code tables are loaded from an authority's package, and only when they differ."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        register_authority(Toy)
        cls.addClassCleanup(forget_authority, "toy")
        cls.tables = cls.env["ereceipt.code"]

    def load(self, *rows):
        Toy.rows = rows
        return self.tables._load("toy")

    def known(self, kind="unit"):
        return self.tables.search([("authority", "=", "toy"), ("kind", "=", kind)])

    def test_loads_every_row_of_the_egyptian_tables(self):
        self.tables._load("eg_receipt")
        for kind in ("tax_type", "tax_subtype", "unit", "payment_method", "activity"):
            rows = self.tables.search(
                [("authority", "=", "eg_receipt"), ("kind", "=", kind)]
            )
            self.assertEqual(set(rows.mapped("code")), set(table(kind)), kind)

    def test_second_load_does_nothing(self):
        self.assertTrue(self.load(Code("unit", "EA", {"en": "Each"})))
        with self.assertQueryCount(3):
            self.assertFalse(self.load(Code("unit", "EA", {"en": "Each"})))

    def test_loads_again_after_the_tables_were_lost(self):
        """Uninstalling takes the tables and leaves the parameter."""
        self.load(Code("unit", "EA", {"en": "Each"}))
        self.known().unlink()
        self.assertTrue(self.load(Code("unit", "EA", {"en": "Each"})))
        self.assertEqual(self.known().code, "EA")

    def test_changes_arrive_and_dropped_codes_are_archived(self):
        self.load(Code("unit", "EA", {"en": "Each"}), Code("unit", "BX", {"en": "Box"}))
        box = self.known().filtered(lambda row: row.code == "BX")
        self.load(Code("unit", "EA", {"en": "Piece"}), Code("unit", "KG", {}))
        self.assertEqual(
            dict(self.known().mapped(lambda row: (row.code, row.name))),
            {"EA": "Piece", "KG": "KG"},
        )
        self.assertFalse(box.active)
        self.load(Code("unit", "BX", {"en": "Box"}))
        self.assertTrue(box.active, "the authority has it again")

    def test_code_that_stands_twice_gets_both_names(self):
        self.load(
            Code("unit", "ST", {"en": "Short ton"}), Code("unit", "ST", {"en": "Sheet"})
        )
        self.assertEqual(self.known().name, "Short ton / Sheet")

    def test_same_code_below_two_parents(self):
        self.load(
            Code("unit", "X", {"en": "One"}, parent="A"),
            Code("unit", "X", {"en": "Other"}, parent="B"),
        )
        known = self.tables._known("toy", "unit", ["X", "Y"])
        self.assertEqual(known, {"X": {"A", "B"}})

    def test_arabic_names_where_arabic_is_installed(self):
        rows = [Code("unit", "EA", {"en": "Each", "ar": "قطعة"})]
        self.load(*rows)
        self.env["res.lang"]._activate_lang("ar_001")
        self.assertTrue(self.load(*rows), "another language is a change")
        self.assertEqual(self.known().with_context(lang="ar_001").name, "قطعة")
        self.assertEqual(self.known().with_context(lang="en_US").name, "Each")

    def test_unknown_table_allows_every_code(self):
        self.load(Code("unit", "EA", {"en": "Each"}))
        self.assertIsNone(self.tables._known("toy", "payment_method", ["C"]))
        self.assertEqual(self.tables._known("toy", "unit", ["C"]), {})

    def test_refresh_takes_only_authorities_in_use(self):
        self.load(Code("unit", "EA", {"en": "Each"}))
        Toy.rows = ()
        self.tables._refresh_loaded()
        self.assertTrue(self.known(), "nobody is registered with it")
        self.env["ereceipt.registration"].create({"authority": "toy"})
        self.assertFalse(self.known())
