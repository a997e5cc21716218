from datetime import datetime, timezone
from decimal import Decimal

from lxml import etree

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged
from odoo.tools.safe_eval import safe_eval

from ..fiscal import lifecycle
from .common import today_in
from .snapshot_common import SnapshotCommon

STRANGER = "ab" * 32
D = Decimal


@tagged("post_install", "-at_install", "post_install_l10n")
class TestReturnReference(SnapshotCommon):
    """Which sale a credit note returns, and how much of it."""

    def setUp(self):
        super().setUp()
        self.device.problem_policy = "wait"

    def sale(self, *lines, post=True, **values):
        lines = lines or ((5, 10.0, 0), (1, 30.0, 1))
        move = (
            self.env["account.move"]
            .with_user(self.accountant)
            .create(
                {
                    "move_type": "out_invoice",
                    "partner_id": self.partner_a.id,
                    "invoice_date": today_in(self.env, self.accountant.tz),
                    "journal_id": self.journal.id,
                    "invoice_line_ids": [
                        self._line(self.items[item], quantity, price, self.taxes["vat"])
                        for quantity, price, item in lines
                    ],
                    **values,
                }
            )
        )
        if post:
            move.action_post()
        return move

    def refund(self, *lines, **values):
        return self.sale(*lines, post=False, move_type="out_refund", **values)

    def reverse(self, move, quantities=None):
        """Return a draft credit note of an invoice, with other quantities by item."""
        wizard = (
            self.env["account.move.reversal"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id})
        )
        note = self.env["account.move"].browse(wizard.refund_moves()["res_id"])
        note = note.with_user(self.accountant)
        for line in note.invoice_line_ids if quantities else ():
            quantity = quantities.get(line.product_id.default_code)
            if quantity:
                line.quantity = quantity
            else:
                note.write({"invoice_line_ids": [Command.delete(line.id)]})
        return note

    def document(self, move):
        return move.ereceipt_document_id.sudo()

    def validate(self, move):
        """Let the authority find the document of an invoice valid."""
        document = self.document(move)
        document._go(lifecycle.SENDING)
        document._go(lifecycle.VALID)
        return document

    def refuse(self, move):
        document = self.document(move)
        document._go(lifecycle.SENDING)
        document._go(lifecycle.INVALID)
        return document

    def problems(self, move):
        """Post, and return what is wrong by its code."""
        if move.state == "draft":
            move.action_post()
        return {p["code"]: p for p in self.document(move).problems or ()}

    def receipt(self, move):
        return move._ereceipt_snapshots(move._ereceipt_now())[move.id]

    # -------------------------------------------------------------------------
    # WHICH SALE
    # -------------------------------------------------------------------------

    def test_reversal_refers_to_the_sale(self):
        sale = self.sale()
        document = self.validate(sale)
        note = self.reverse(sale)
        original = note._ereceipt_original()
        self.assertEqual(original.uid, document.authority_uid)
        self.assertEqual(original.number, sale.name)
        self.assertEqual(
            original.issued_at, document.issued_at.replace(tzinfo=timezone.utc)
        )
        self.assertEqual(original.record, ("account.move", sale.id))
        self.assertEqual(
            {
                key[0]: (left.quantity, left.amount)
                for key, left in original.returnable.items()
            },
            {"ITEM0": (D(5), D(50)), "ITEM1": (D(1), D(30))},
        )
        self.assertFalse(self.problems(note))
        returned = self.document(note)
        self.assertEqual(returned.state, "queued")
        self.assertEqual(returned.original_uid, document.authority_uid)
        self.assertFalse(returned.depends_on_id)
        self.assertIn('"receiptType":"R"', returned.content)

    def test_return_is_of_the_type_of_its_sale(self):
        self.device.write({"document_type": "SR", "eg_order_delivery_mode": "TO"})
        sale = self.sale()
        self.validate(sale)
        self.device.document_type = "S"
        note = self.reverse(sale)
        self.assertFalse(self.problems(note))
        self.assertIn('"receiptType":"RR"', self.document(note).content)

    def test_return_waits_for_a_sale_on_its_way(self):
        sale = self.sale()
        note = self.reverse(sale)
        self.assertFalse(self.problems(note))
        self.assertEqual(self.document(note).depends_on_id, self.document(sale))

    def test_return_waits_for_a_sale_that_was_never_issued(self):
        self.items[0].product_tmpl_id.ereceipt_mapping_ids.unlink()
        sale = self.sale()
        self.assertEqual(self.document(sale).state, "waiting")
        note = self.reverse(sale)
        note.action_post()
        waiting = self.document(note)
        self.assertEqual(
            (waiting.state, waiting.waiting_reason), ("waiting", "original")
        )
        note._ereceipt_issue(by_person=True, raising=False)
        self.assertIn("original", self.problems(note), "nobody can hurry that")
        self.map_code(
            product_tmpl_id=self.items[0].product_tmpl_id.id,
            scheme="EGS",
            code="EG-674859545-ITEM0",
        )
        waiting._go(lifecycle.WITHDRAWN)
        note._ereceipt_issue(raising=False)
        sale._ereceipt_issue(raising=False)
        self.assertEqual(self.document(sale).state, "queued")
        self.assertEqual(self.document(note).state, "queued", "by itself")
        self.assertEqual(self.document(note).depends_on_id, self.document(sale))

    def test_return_waits_for_a_refused_sale_to_be_corrected(self):
        sale = self.sale()
        refused = self.refuse(sale)
        note = self.reverse(sale)
        note.action_post()
        self.assertEqual(self.document(note).waiting_reason, "original")
        sale._ereceipt_issue(by_person=True, raising=False)
        corrected = self.document(sale)
        self.assertNotEqual(corrected, refused)
        self.assertEqual(self.document(note).original_uid, corrected.authority_uid)

    def test_test_documents_are_no_originals_in_production(self):
        sale = self.sale()
        self.validate(sale)
        self.registration.sudo().environment = "production"
        self.device.sudo().lifecycle = "active"
        note = self.reverse(sale)
        self.assertFalse(note._ereceipt_original().uid)

    def test_reversed_credit_note_is_a_sale_again(self):
        sale = self.sale()
        self.validate(sale)
        note = self.reverse(sale)
        note.action_post()
        self.validate(note)
        again = self.reverse(note)
        self.assertEqual(again.move_type, "out_invoice")
        self.assertFalse(self.problems(again))
        receipt = self.receipt(again)
        self.assertEqual((receipt.kind, receipt.original), ("sale", None))

    def test_sale_of_another_registration(self):
        sale = self.sale()
        self.validate(sale)
        company = self.env["res.company"].create(
            {"name": "Branch", "parent_id": self.company.id}
        )
        registration = self.registration.sudo().copy(
            {"company_id": company.id, "name": "Another"}
        )
        note = self.reverse(sale)
        self.env.cr.execute(
            "UPDATE ereceipt_document SET registration_id = %s WHERE id = %s",
            [registration.id, self.document(sale).id],
        )
        self.env.invalidate_all()
        self.assertIn("original", self.problems(note))

    # -------------------------------------------------------------------------
    # TYPED, SCANNED, UNKNOWN
    # -------------------------------------------------------------------------

    def test_typed_identifier_of_a_sale_of_ours(self):
        sale = self.sale()
        document = self.validate(sale)
        note = self.refund(
            (2, 10.0, 0), ereceipt_original_uid=f"  {document.authority_uid.upper()} "
        )
        self.assertEqual(note.ereceipt_original_uid, document.authority_uid)
        original = note._ereceipt_original()
        self.assertEqual(original.number, sale.name)
        self.assertEqual(original.returnable["ITEM0", "EG-674859545-ITEM0"].quantity, 5)
        self.assertFalse(self.problems(note))
        self.assertEqual(self.document(note).original_uid, document.authority_uid)

    def test_typed_identifier_of_a_strangers_sale(self):
        note = self.refund((2, 10.0, 0), ereceipt_original_uid=STRANGER)
        original = note._ereceipt_original()
        self.assertEqual((original.uid, original.returnable), (STRANGER, None))
        self.assertFalse(self.problems(note))
        self.assertFalse(self.document(note).depends_on_id)
        self.assertIn(STRANGER, self.document(note).content)

    def test_scanned_code(self):
        """The link in a printed receipt's QR code says the identifier and the time."""
        sale = self.sale()
        document = self.validate(sale)
        link = document.qr
        self.assertIn("/share/", link)
        with Form(
            self.env["account.move"]
            .with_user(self.accountant)
            .with_context(default_move_type="out_refund")
        ) as form:
            form.partner_id = self.partner_a
            form.ereceipt_original_uid = link
            self.assertEqual(form.ereceipt_original_uid, document.authority_uid)
            self.assertEqual(form.ereceipt_original_issued_at, document.issued_at)
            with form.invoice_line_ids.new() as line:
                line.product_id = self.items[0]
                line.price_unit = 10
        note = form.record
        self.assertEqual(note.ereceipt_original_uid, document.authority_uid)
        note = self.refund(
            (1, 10.0, 0),
            ereceipt_original_uid=f"https://invoicing.eta.gov.eg/receipts/search/"
            f"{STRANGER}/share/2026-10-02T09:30:15Z#Total:11.40,IssuerRIN:674859545",
        )
        self.assertEqual(note.ereceipt_original_uid, STRANGER)
        self.assertEqual(
            note.ereceipt_original_issued_at, datetime(2026, 10, 2, 9, 30, 15)
        )

    def test_several_sales_at_once_are_refused(self):
        with self.assertRaisesRegex(ValidationError, "one sale.*2"):
            self.refund((1, 10.0, 0), ereceipt_original_uid=f"{STRANGER}, {'cd' * 32}")

    def test_nonsense_stays_and_is_refused(self):
        note = self.refund((1, 10.0, 0), ereceipt_original_uid="INV/2026/17")
        self.assertEqual(note.ereceipt_original_uid, "INV/2026/17")
        self.assertIn("reference_malformed", self.problems(note))

    def test_without_reference(self):
        note = self.refund((1, 10.0, 0))
        self.assertEqual(
            set(self.problems(note)), {"return_reason_missing", "sale_date_missing"}
        )
        note.write(
            {
                "ereceipt_return_reason_id": self.reason.id,
                "ereceipt_original_issued_at": "2026-10-01 10:00:00",
            }
        )
        note._ereceipt_issue(raising=False)
        document = self.document(note)
        self.assertEqual(document.state, "queued", document.problems)
        self.assertIn('"documentUseReason":"B"', document.content)
        self.assertIn('"salesIssuedDateTime":"2026-10-01T10:00:00Z"', document.content)

    def test_reasons_are_this_authoritys(self):
        """Others have a table of that name as well."""
        codes = self.env["ereceipt.code"]
        codes._load("cn_nuonuo")
        self.env["res.lang"]._activate_lang("ar_001")
        codes._load(self.registration.authority)
        note = self.refund((1, 10.0, 0))
        view = note.get_view(view_type="form")["arch"]
        [field] = etree.fromstring(view).xpath(
            "//field[@name='ereceipt_return_reason_id']"
        )
        domain = safe_eval(
            field.get("domain"), {"ereceipt_reasons_of": note.ereceipt_reasons_of}
        )
        offered = codes.search(domain)
        self.assertEqual(offered.mapped("code"), ["B", "I"])
        for reason in offered.with_context(lang="ar_001"):
            self.assertNotEqual(reason.name, reason.with_context(lang="en_US").name)

    def test_sale_from_before_the_start_needs_nothing_typed(self):
        self.registration.sudo().obliged_from = "2026-01-01"
        sale = self.sale(invoice_date="2025-12-20")
        self.assertFalse(self.document(sale))
        note = self.reverse(sale)
        self.assertFalse(self.problems(note))
        content = self.document(note).content
        self.assertIn('"documentUseReason":"B"', content)
        self.assertIn('"salesIssuedDateTime":"2025-12-20T10:00:00Z"', content)

    def test_fields_are_not_copied(self):
        note = self.refund(
            (1, 10.0, 0),
            ereceipt_original_uid=STRANGER,
            ereceipt_return_reason_id=self.reason.id,
            ereceipt_original_issued_at="2026-10-01 10:00:00",
        )
        copy = note.copy()
        self.assertFalse(copy.ereceipt_original_uid)
        self.assertFalse(copy.ereceipt_original_issued_at)
        self.assertFalse(copy.ereceipt_return_reason_id)

    # -------------------------------------------------------------------------
    # HOW MUCH
    # -------------------------------------------------------------------------

    def test_second_return_of_the_same_line(self):
        sale = self.sale()
        self.validate(sale)
        self.assertFalse(self.problems(self.reverse(sale, {"ITEM0": 3})))
        note = self.reverse(sale, {"ITEM0": 3})
        values = self.problems(note)["return_exceeds_quantity"]["values"]
        self.assertEqual(D(values["returned"]["number"]), 3)
        self.assertEqual(D(values["left"]["number"]), 2)
        self.assertFalse(self.problems(self.reverse(sale, {"ITEM0": 2, "ITEM1": 1})))

    def test_return_of_what_was_not_sold(self):
        sale = self.sale()
        self.validate(sale)
        note = self.reverse(sale, {"ITEM0": 1})
        note.invoice_line_ids.product_id = self.items[5]
        self.assertIn("return_not_sold", self.problems(note))

    def test_return_above_the_price(self):
        sale = self.sale()
        self.validate(sale)
        note = self.reverse(sale, {"ITEM0": 5})
        note.invoice_line_ids.price_unit = 11
        self.assertIn("return_exceeds_amount", self.problems(note))

    def test_refused_and_withdrawn_returns_do_not_count(self):
        sale = self.sale()
        self.validate(sale)
        first = self.reverse(sale, {"ITEM0": 5})
        self.assertFalse(self.problems(first))
        self.refuse(first)
        self.assertFalse(self.problems(self.reverse(sale, {"ITEM0": 5})))

    def test_correction_of_a_return_does_not_count_itself(self):
        sale = self.sale()
        self.validate(sale)
        note = self.reverse(sale)
        note.action_post()
        document = self.document(note)
        document._go(lifecycle.SENDING)
        document._go(lifecycle.FAILED)
        left = note._ereceipt_original().returnable
        self.assertEqual(left["ITEM0", "EG-674859545-ITEM0"].quantity, 5)

    def test_returns_posted_together_count_one_after_the_other(self):
        sale = self.sale()
        self.validate(sale)
        notes = self.reverse(sale, {"ITEM0": 3}) | self.reverse(sale, {"ITEM0": 3})
        notes.action_post()
        states = self.document(notes[0]) | self.document(notes[1])
        self.assertEqual(sorted(states.mapped("state")), ["queued", "waiting"])

    def test_return_carries_the_codes_of_its_sale(self):
        """What was recoded since the sale is returned as it was sold."""
        sale = self.sale()
        self.validate(sale)
        item = self.items[0]
        item.product_tmpl_id.ereceipt_mapping_ids.write(
            {"scheme": "GS1", "code": "10000025"}
        )
        self.items[1].default_code = "RENAMED"
        note = self.reverse(sale)
        self.assertFalse(self.problems(note))
        lines = {line.internal_code: line for line in self.receipt(note).lines}
        self.assertEqual(set(lines), {"ITEM0", "ITEM1"})
        self.assertEqual(lines["ITEM0"].item_code, "EG-674859545-ITEM0")
        self.assertEqual(lines["ITEM0"].item_scheme, "EGS")

    # -------------------------------------------------------------------------
    # WHO
    # -------------------------------------------------------------------------

    def test_other_buyer(self):
        sale = self.sale()
        self.validate(sale)
        note = self.reverse(sale)
        note.partner_id = self.env["res.partner"].create({"name": "Another"})
        values = self.problems(note)["return_other_buyer"]["values"]
        self.assertIn("partner_a", values["former"])
        self.assertIn("Another", values["buyer"])

    def test_corrected_name_is_the_same_buyer(self):
        sale = self.sale()
        self.validate(sale)
        self.partner_a.name = "Partner A, corrected"
        note = self.reverse(sale)
        self.assertFalse(self.problems(note))
        self.assertIn('"name":"partner_a"', self.document(note).content)

    def test_queries_do_not_grow(self):
        def count(number):
            sales = self.env["account.move"]
            for _number in range(number):
                sales |= self.sale(post=False)
            sales.action_post()
            notes = sales.browse()
            for sale in sales:
                self.validate(sale)
                notes |= self.reverse(sale)
            self.env.flush_all()
            self.env.invalidate_all()
            for note in notes:
                note._get_rounded_base_and_tax_lines()
            before = self.env.cr.sql_log_count
            notes._ereceipt_snapshots(notes._ereceipt_now())
            return self.env.cr.sql_log_count - before

        self.assertEqual(count(2), count(8))

    def test_typed_identifier_of_a_refused_sale_waits_for_its_correction(self):
        """The correction has another identifier than the one that was typed."""
        sale = self.sale()
        refused = self.refuse(sale)
        note = self.refund((2, 10.0, 0), ereceipt_original_uid=refused.authority_uid)
        note.action_post()
        self.assertEqual(self.document(note).waiting_reason, "original")
        sale._ereceipt_issue(by_person=True, raising=False)
        corrected = self.document(sale)
        self.assertNotEqual(corrected.authority_uid, refused.authority_uid)
        returned = self.document(note)
        self.assertEqual(returned.state, "queued", returned.problems)
        self.assertEqual(returned.original_uid, corrected.authority_uid)
        self.assertEqual(returned.depends_on_id, corrected)

    def test_typed_identifier_of_a_sale_that_is_corrected_on_the_way(self):
        """The return was frozen already, with the identifier that counts no more."""
        sale = self.sale()
        first = self.document(sale)
        note = self.refund((2, 10.0, 0), ereceipt_original_uid=first.authority_uid)
        note.action_post()
        self.assertEqual(self.document(note).depends_on_id, first)
        self.refuse(sale)
        sale._ereceipt_issue(by_person=True, raising=False)
        corrected = self.document(sale)
        returned = self.document(note)
        self.assertEqual(returned.state, "queued", returned.problems)
        self.assertEqual(returned.original_uid, corrected.authority_uid)

    def test_typed_identifier_of_a_document_that_was_replaced_before(self):
        """The customer brings the receipt that was refused, long after."""
        sale = self.sale()
        refused = self.refuse(sale)
        sale._ereceipt_issue(by_person=True, raising=False)
        corrected = self.validate(sale)
        note = self.refund((6, 10.0, 0), ereceipt_original_uid=refused.authority_uid)
        self.assertEqual(note._ereceipt_original().uid, corrected.authority_uid)
        self.assertIn("return_exceeds_quantity", self.problems(note))

    def test_return_posted_together_with_its_sale(self):
        """Its sale has no document yet at that moment, but gets one right away."""
        sale = self.sale(post=False)
        note = self.refund((2, 10.0, 0), reversed_entry_id=sale.id)
        (note | sale).action_post()
        self.assertEqual(self.document(sale).state, "queued")
        self.assertEqual(self.document(note).state, "queued", self.problems(note))
        self.assertEqual(self.document(note).depends_on_id, self.document(sale))

    def test_return_posted_before_its_sale(self):
        sale = self.sale(post=False)
        note = self.refund((2, 10.0, 0), reversed_entry_id=sale.id)
        note.action_post()
        self.assertEqual(self.document(note).waiting_reason, "original")
        sale.action_post()
        self.assertEqual(self.document(note).depends_on_id, self.document(sale))
