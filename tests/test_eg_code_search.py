from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import RIN
from .invoice_common import BUYER_RIN, EgInvoiceCommon

GTIN = "6221031954818"
BRICK = "10000051"
OWN = f"EG-{RIN}-TEA"
FOREIGN = f"EG-{BUYER_RIN}-TEA"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEgCodeSearch(EgInvoiceCommon):
    """Codes that ETA publishes are searched for, and become those of products."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.black, cls.green = cls.env["product.product"].create(
            [{"name": "Black tea"}, {"name": "Green tea"}]
        )

    def setUp(self):
        super().setUp()
        self.control.register(
            item_codes=[
                {"item_type": "GS1", "code": GTIN, "name": "Tea", "name_ar": "شاي"},
                {
                    "item_type": "EGS",
                    "code": OWN,
                    "name": "Black tea",
                    "rins": [RIN],
                    "parent": BRICK,
                },
                {
                    "item_type": "EGS",
                    "code": FOREIGN,
                    "name": "Black tea of theirs",
                    "rins": [BUYER_RIN],
                },
            ]
        )

    def wizard(self, *products, user=None, **values):
        """Open the wizard from the products and type what is looked for."""
        ids = [product.id for product in products]
        form = Form(
            self.env["ereceipt.eg.code.search"]
            .with_user(user or self.manager)
            .with_context(active_model="product.product", active_ids=ids)
        )
        for name, value in values.items():
            form[name] = value
        return form.save()

    def found(self, *products, **values):
        wizard = self.wizard(*products, **values)
        self.press(wizard.action_search)
        return wizard.line_ids

    def use(self, line):
        return self.press(line.action_use)["params"]["message"]

    def row(self, product):
        return product.product_tmpl_id.ereceipt_mapping_ids

    # -------------------------------------------------------------------------
    # SEARCHING
    # -------------------------------------------------------------------------

    def test_the_name_of_the_product_is_looked_for(self):
        wizard = self.wizard(self.black)
        self.assertEqual(wizard.text, "Black tea")
        self.assertEqual(wizard.registration_id, self.invoicing)
        self.press(wizard.action_search)
        self.assertEqual(wizard.line_ids.mapped("code"), [OWN, FOREIGN])
        self.assertEqual(wizard.line_ids.mapped("owner"), [RIN, BUYER_RIN])
        self.assertEqual(wizard.line_ids.mapped("is_foreign"), [False, True])
        self.assertEqual(wizard.line_ids[0].parent_code, BRICK)

    def test_a_part_of_a_code_is_looked_for(self):
        line = self.found(text=GTIN[:7])
        self.assertEqual((line.scheme, line.code, line.name_ar), ("GS1", GTIN, "شاي"))
        self.assertFalse(line.is_foreign)

    def test_where_is_looked(self):
        for where, codes in (
            ("all", [GTIN, OWN, FOREIGN]),
            ("GS1", [GTIN]),
            ("EGS", [OWN, FOREIGN]),
            ("own", [OWN]),
        ):
            with self.subTest(where):
                lines = self.found(text="tea", where=where)
                self.assertEqual(lines.mapped("code"), codes)

    def test_nothing_is_found(self):
        wizard = self.wizard(text="coffee")
        self.press(wizard.action_search)
        self.assertFalse(wizard.line_ids)
        self.assertTrue(wizard.is_searched)

    def test_many_are_found(self):
        self.control.register(
            item_codes=[
                {"item_type": "EGS", "code": f"EG-{RIN}-N{n}", "name": f"Nut {n}"}
                for n in range(60)
            ]
        )
        wizard = self.wizard(text="nut")
        self.press(wizard.action_search)
        self.assertEqual(len(wizard.line_ids), 50)
        self.assertTrue(wizard.has_more)
        wizard.text = "nut 59"
        self.press(wizard.action_search)
        self.assertEqual(wizard.line_ids.code, f"EG-{RIN}-N59")
        self.assertFalse(wizard.has_more)

    def test_too_little_is_typed(self):
        for text in (False, "  ", "te"):
            with self.assertRaisesRegex(UserError, "at least 3"):
                self.found(text=text)

    def test_eta_cannot_be_asked(self):
        self.invoicing.with_user(self.administrator).client_secret = "wrong"
        wizard = self.wizard(text="tea")
        self.assertIn("client id and secret", self.refusal(wizard.action_search))
        self.assertIn("held back until", self.refusal(wizard.action_search))
        exchanges = self.env["ereceipt.exchange"].sudo()
        calls = exchanges.search([("registration_id", "=", self.invoicing.id)])
        self.assertEqual(calls[:1].purpose, "token")

    # -------------------------------------------------------------------------
    # USING
    # -------------------------------------------------------------------------

    def test_a_code_becomes_that_of_several_products(self):
        line = self.found(self.black, self.green, text=GTIN)
        self.assertIn(GTIN, self.use(line))
        for product in (self.black, self.green):
            row = self.row(product)
            self.assertEqual((row.scheme, row.code), ("GS1", GTIN))
            self.assertEqual(row.company_id, self.company)
            self.assertFalse(row.pending or product.ereceipt_code_missing)
        line = self.found(self.black, text=OWN)
        self.use(line)
        self.assertEqual(self.row(self.black).code, OWN, "in place of the other")

    def test_variants_have_codes_of_their_own(self):
        size = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": n}) for n in ("S", "L")]}
        )
        values = {"attribute_id": size.id, "value_ids": size.value_ids.ids}
        template = self.env["product.template"].create(
            {"name": "Tin", "attribute_line_ids": [(0, 0, values)]}
        )
        small, large = template.product_variant_ids
        self.use(self.found(small, text=GTIN))
        self.assertEqual(small.ereceipt_variant_mapping_ids.code, GTIN)
        self.assertFalse(self.row(small) | large.ereceipt_variant_mapping_ids)

    def test_the_code_of_somebody_else_waits_for_eta(self):
        self.control.settings(codes_must_be_registered=True)
        line = self.found(self.black, self.green, text=FOREIGN)
        self.assertIn("asked", self.use(line))
        rows = self.row(self.black) | self.row(self.green)
        self.assertEqual(rows.mapped("pending"), [True, True])
        [asked] = self.control.code_requests()
        self.assertTrue(asked["reuse"])
        self.assertEqual(set(rows.mapped("eg_request_ref")), {str(asked["id"])})
        self.control.decide_code(asked["id"], "Approved")
        self.press(rows.with_user(self.manager).action_eg_ask)
        self.assertEqual(rows.mapped("pending"), [False, False])
        self.use(self.found(self.black, text=GTIN))
        self.assertFalse(self.row(self.black).eg_request_ref)

    def test_what_was_asked_for_before_is_found(self):
        self.control.fault("code_reuse", "drop_after", times=1)
        line = self.found(self.black, text=FOREIGN)
        with self.assertRaises(UserError):
            self.use(line)
        self.assertFalse(self.row(self.black), "nothing is written")
        self.use(line)
        [asked] = self.control.code_requests()
        self.assertEqual(self.row(self.black).eg_request_ref, str(asked["id"]))

    def test_a_request_that_eta_refuses_says_why(self):
        line = self.found(self.black, text=FOREIGN)
        self.control.register(
            item_codes=[{"item_type": "EGS", "code": FOREIGN, "rins": [RIN]}]
        )
        with self.assertRaisesRegex(UserError, "can be used"):
            self.use(line)
        self.assertFalse(self.row(self.black))

    def test_without_a_product_nothing_gets_the_code(self):
        with self.assertRaisesRegex(UserError, "Choose the products"):
            self.use(self.found(text=GTIN))

    # -------------------------------------------------------------------------
    # RIGHTS
    # -------------------------------------------------------------------------

    def test_who_has_not_the_role_is_refused(self):
        line = self.found(self.black, text=GTIN)
        for user in (self.accountant, self.auditor):
            with self.subTest(user.login):
                with self.assertRaises(AccessError):
                    self.wizard(self.black, user=user)
                with self.assertRaises(AccessError):
                    line.with_user(user).action_use()
                with self.assertRaises(AccessError):
                    line.search_id.with_user(user).action_search()

    def test_another_companys_registration_is_refused(self):
        other = self.env["res.company"].create({"name": "Other"})
        groups = ("base.group_user", "account.group_account_manager")
        stranger = self.make_user("stranger", *groups, companies=other)
        with self.assertRaisesRegex(UserError, "no registration"):
            self.wizard(user=stranger)
        wizards = self.env["ereceipt.eg.code.search"].with_user(stranger)
        values = {"registration_id": self.invoicing.id, "text": "tea"}
        with self.assertRaises(AccessError):
            wizards.create(values).action_search()

    def test_a_copy_of_the_database_asks_nothing(self):
        wizard = self.wizard(text="tea")
        self.invoicing.sudo().database_uuid = "another"
        with self.assertRaisesRegex(UserError, "is a copy"):
            wizard.action_search()

    def test_the_receipts_registration_is_refused(self):
        wizard = self.wizard(text="tea")
        wizard.registration_id = self.registration
        with self.assertRaisesRegex(UserError, "e-Invoice"):
            wizard.action_search()
