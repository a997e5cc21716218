import base64
import io
import zipfile
from datetime import timedelta
from unittest.mock import patch

from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from .common import EreceiptCommon
from .invoice_common import EgInvoiceCommon
from .reconciliation_common import ReconciliationKit
from .tie_out_common import TieOutKit

MODULE = "odoo.addons.account_ereceipt.models"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestTieOut(TieOutKit, ReconciliationKit, EreceiptCommon):
    """The VAT of the authority and the invoices: equal where it is, and where not each
    document with its reason."""

    # -------------------------------------------------------------------------
    # EQUAL
    # -------------------------------------------------------------------------

    def test_books_that_agree(self):
        sold = self.valid(3)
        self.reversal(sold[0], quantity=0.5)
        self.run_outbox()
        tie_out = self.compared()
        self.assertFalse(tie_out.difference_ids.mapped("kind"))
        self.assertEqual(tie_out.result, "equal")
        self.assertEqual((tie_out.document_count, tie_out.move_count), (4, 4))
        line = self.line(tie_out, "T1", "V009", "14")
        self.assertEqual(
            self.figures(line), ((250, 35), (250, 35), (250, 35), 35), line.name
        )
        self.assertIn("T1 / V009 14 %", line.name)
        self.assertEqual(line.tax_names, self.vat.name)
        self.assertEqual(len(tie_out.line_ids), 1)

    def test_several_taxes_and_none(self):
        exempt = self.env["account.chart.template"].ref("eg_exempt_sale")
        lines = [
            {
                "product_id": self.item.id,
                "price_unit": price,
                "tax_ids": [Command.set(taxes.ids)],
            }
            for price, taxes in (
                (100.0, self.vat),
                (33.33, self.vat),
                (50.0, exempt),
            )
        ]
        self.valid(lines=lines)
        tie_out = self.compared()
        self.assertEqual(tie_out.result, "equal", self.kinds(tie_out))
        vat = self.line(tie_out, "T1", "V009", "14")
        self.assertEqual(self.figures(vat)[0], (133.33, 18.67))
        free = self.line(tie_out, "T1", "V003", "0")
        self.assertEqual(self.figures(free), ((50, 0), (50, 0), (50, 0), None))

    def test_totals_are_kept_once(self):
        """The upkeep job sums up what is valid, and the comparison finds it done."""
        move = self.valid()
        waiting = self.invoice()
        totals = self.env["ereceipt.document.tax"].sudo()
        self.assertFalse(totals.search([]))
        for step in self.env["ereceipt.outbox"].sudo()._upkeep_steps():
            if step.__self__._name == totals._name:
                step()
        self.assertRecordValues(
            totals.search([]),
            [
                {
                    "document_id": move.ereceipt_document_id.id,
                    "tax_key": "T1|V009|14",
                    "net": 100.0,
                    "tax": 14.0,
                    "day": self.today(),
                }
            ],
        )
        totals._keep_up()
        self.compared()
        self.assertEqual(len(totals.search([])), 1)
        self.assertFalse(waiting.ereceipt_document_id.tax_total_ids)

    def test_much_is_left_to_the_job(self):
        self.valid(2)
        self.enterContext(patch(f"{MODULE}.ereceipt_tie_out.WHILE_WAITING", 1))
        wizard = self.env["ereceipt.tie"].with_user(self.accountant)
        action = wizard.create(
            {
                "registration_id": self.registration.id,
                "date_from": self.today(),
                "date_to": self.today(),
            }
        ).action_compare()
        tie_out = self.env["ereceipt.tie.out"].browse(action["res_id"])
        self.assertEqual((tie_out.state, tie_out.result), ("draft", False))
        self.env.flush_all()
        with (
            self.enter_registry_test_mode(),
            self.env.registry.cursor() as cr,
        ):
            self.env(cr=cr, su=True)["ereceipt.tie.out"]._cron_compute()
        self.env.invalidate_all()
        self.assertEqual((tie_out.state, tie_out.result), ("done", "equal"))

    # -------------------------------------------------------------------------
    # REASONS
    # -------------------------------------------------------------------------

    def test_another_period(self):
        """What the authority counts on another day is missing in one period, and too
        much in the other; both say why, and nothing has to be done."""
        move = self.valid()
        self.compared()
        self.say_day(move, days=-10)
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"counted_elsewhen"}})
        self.assertEqual(tie_out.result, "explained")
        line = self.line(tie_out, "T1", "V009", "14")
        self.assertEqual((line.net_difference, line.tax_difference), (-100, -14))
        then = self.today() - timedelta(days=10)
        tie_out = self.compared(start=then, end=then)
        self.assertEqual(self.kinds(tie_out), {move.name: {"booked_elsewhen"}})
        line = self.line(tie_out, "T1", "V009", "14")
        self.assertEqual((line.net_difference, line.tax_difference), (100, 14))
        difference = tie_out.difference_ids
        self.assertEqual(
            (difference.day_there, difference.day_here), (then, self.today())
        )

    def test_not_valid(self):
        refused = self.refused()
        waiting = self.invoice()
        tie_out = self.compared()
        self.assertEqual(
            self.kinds(tie_out),
            {refused.name: {"refused"}, waiting.name: {"undecided"}},
        )
        self.assertEqual(tie_out.result, "open")
        self.assertEqual(tie_out.open_count, 1)

    def test_never_reported(self):
        """An invoice without device, once in a journal that needs none."""
        silent = self.journal.copy({"name": "Desk", "code": "DESK"})
        silent.ereceipt_needs_none = True
        forgotten = self.journal.copy({"name": "Web", "code": "WEB"})
        elsewhere = self.invoice(journal_id=silent.id)
        nowhere = self.invoice(journal_id=forgotten.id)
        tie_out = self.compared()
        self.assertEqual(
            self.kinds(tie_out),
            {elsewhere.name: {"elsewhere"}, nowhere.name: {"not_reported"}},
        )
        by_number = tie_out.difference_ids.grouped("number")
        self.assertTrue(by_number[elsewhere.name].explained)
        self.assertFalse(by_number[nowhere.name].explained)

    def test_another_code_since(self):
        """The tax got another code after the document was issued."""
        move = self.valid()
        mapping = self.env["ereceipt.code.mapping"].with_user(self.manager)
        mapping.create(
            {
                "authority": "eg_receipt",
                "kind": "tax",
                "tax_id": self.vat.id,
                "code": "T1",
                "subcode": "V001",
            }
        )
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"code"}})
        self.assertEqual(
            self.line(tie_out, "T1", "V009", "14").tax_difference, 14, "issued so"
        )
        self.assertEqual(self.line(tie_out, "T1", "V001", "14").tax_difference, -14)

    def test_another_amount(self):
        """What is in the books was changed behind the add-on's back."""
        move = self.valid()
        self.compared()
        self.env.flush_all()
        for kind, change in (("product", -1), ("tax", -0.14), ("payment_term", 1.14)):
            self.env.cr.execute(
                SQL(
                    "UPDATE account_move_line SET balance = balance + %s "
                    "WHERE move_id = %s AND display_type = %s",
                    change,
                    move.id,
                    kind,
                )
            )
        self.env.invalidate_all()
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"amount"}})
        difference = tie_out.difference_ids
        self.assertEqual(
            (difference.net_difference, difference.tax_difference), (-1, -0.14)
        )

    def test_valid_there_and_not_booked(self):
        move = self.valid()
        self.env.flush_all()
        self.env.cr.execute(
            SQL("UPDATE account_move SET state = 'cancel' WHERE id = %s", move.id)
        )
        self.env.invalidate_all()
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"not_booked"}})

    def test_cancelled_there(self):
        move = self.valid()
        self.control.cancel(move.ereceipt_uuid, "On the portal")
        reconciliation = self.reconciled()
        self.lines(reconciliation, "cancelled_there").action_take()
        self.assertEqual(move.ereceipt_state, "cancelled")
        tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"undone"}})
        self.assertEqual(tie_out.result, "open")

    def test_what_cannot_be_read_is_shown(self):
        move = self.valid()
        with (
            mute_logger(f"{MODULE}.ereceipt_document_tax"),
            self.unreadable(move),
        ):
            tie_out = self.compared()
        self.assertEqual(self.kinds(tie_out), {move.name: {"amount"}})

    def unreadable(self, move):
        def refuse(authority, document):
            raise ValueError(document.number)

        return patch(
            "odoo.addons.account_ereceipt.fiscal.reconcilable.Reconcilable.tax_totals",
            refuse,
        )

    # -------------------------------------------------------------------------
    # WHO, AND WHAT IS SHOWN
    # -------------------------------------------------------------------------

    def test_who_compares(self):
        self.valid()
        with self.assertRaises(AccessError):
            self.compared(user=self.auditor)
        tie_out = self.compared().with_user(self.auditor)
        self.assertEqual(tie_out.result, "equal")
        for form in (tie_out, tie_out.line_ids):
            self.assertTrue(form.read())
        with self.assertRaises(AccessError):
            tie_out.action_again()
        with self.assertRaises(UserError):
            tie_out.sudo().unlink()

    def test_another_company_sees_nothing(self):
        self.valid()
        tie_out = self.compared()
        company = self.setup_other_company(name="Other")["company"]
        stranger = self.make_user(
            "stranger",
            "base.group_user",
            "account.group_account_manager",
            companies=company,
        )
        for records in (
            tie_out,
            tie_out.line_ids,
            self.env["ereceipt.document.tax"].search([]),
        ):
            self.assertTrue(records)
            with self.assertRaises(AccessError):
                records.with_user(stranger).read(["display_name"])

    def test_a_branch_whose_books_are_hidden(self):
        self.company.write({"child_ids": [Command.create({"name": "Giza"})]})
        with self.assertRaisesRegex(UserError, "Giza"):
            self.compared()
        self.accountant.company_ids += self.company.child_ids
        self.assertEqual(self.compared().result, "equal")

    def test_opening_what_is_behind(self):
        move = self.valid()
        tie_out = self.compared().with_user(self.accountant)
        action = tie_out.line_ids.action_open_documents()
        self.assertEqual(
            self.env["ereceipt.document"].search(action["domain"]),
            move.ereceipt_document_id,
        )
        self.assertIn(tie_out.line_ids.name, action["display_name"])
        nowhere = self.invoice(
            journal_id=self.journal.copy({"name": "Web", "code": "WEB"}).id
        )
        tie_out = tie_out.browse(tie_out.action_again()["res_id"])
        difference = tie_out.difference_ids
        self.assertEqual(difference.action_open_move()["res_id"], nowhere.id)
        with self.assertRaises(UserError):
            difference.action_open_document()
        action = tie_out.line_ids.action_open_differences()
        self.assertEqual(difference.search(action["domain"]), difference)

    def test_open_differences_of_the_reconciliation_are_told(self):
        self.lose(self.valid())
        self.reconciled()
        tie_out = self.compared()
        self.assertEqual(tie_out.unreconciled_count, 1)
        action = tie_out.action_open_unreconciled()
        self.assertEqual(
            self.env["ereceipt.reconciliation.line"].search_count(action["domain"]), 1
        )

    def test_the_report(self):
        self.valid()
        self.invoice()
        tie_out = self.compared().with_user(self.auditor)
        content = base64.b64decode(tie_out.report_xlsx)
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            sheets = [n for n in book.namelist() if n.startswith("xl/worksheets/")]
            text = "".join(book.read(name).decode() for name in book.namelist())
        self.assertEqual(len(sheets), 3)
        self.assertIn("T1 / V009 14 %", text)
        self.assertIn("Not valid yet", text)
        self.assertTrue(tie_out.report_name.endswith(".xlsx"))
        # by the company, as it covers all its registrations; no program's code
        self.assertIn(self.company.name, tie_out.report_name)
        self.assertNotIn(self.registration.authority, tie_out.report_name)
        self.assertEqual(tie_out.action_report_pdf()["type"], "ir.actions.report")
        html, _kind = self.env["ir.actions.report"]._render_qweb_html(
            "account_ereceipt.report_tie_out", tie_out.ids
        )
        self.assertIn("T1 / V009 14 %", html.decode())

    def test_nets_are_not_added_up(self):
        """A line with two taxes stands under both."""
        self.valid()
        self.invoice()
        tie_out = self.compared()
        heads, *rows = tie_out._summary_table()
        self.assertEqual(heads, ("Reason", "How many", "Tax"))
        self.assertEqual({len(row) for row in rows}, {3})
        view = self.env["ereceipt.tie.out.line"].get_view(view_type="list")
        summed = etree.fromstring(view["arch"]).xpath("//field[@sum]/@name")
        self.assertIn("here_tax", summed)
        self.assertFalse([name for name in summed if "net" in name])

    def test_the_wizard_offers_last_month(self):
        form = Form(self.env["ereceipt.tie"].with_user(self.accountant))
        first = self.today().replace(day=1)
        self.assertEqual(form.date_to, first - timedelta(days=1))
        self.assertEqual(form.date_from, form.date_to.replace(day=1))
        self.assertIn(self.company.name, form.scope_text)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestTieOutInvoices(TieOutKit, EgInvoiceCommon):
    """Receipts and invoices of one taxpayer are one return."""

    def test_receipts_and_invoices_together(self):
        self.valid()
        receipt = self.invoice(journal_id=self.journal_2.id, price=50.0)
        self.run_outbox()
        self.assertEqual(receipt.ereceipt_state, "valid")
        for registration in (self.registration, self.invoicing):
            tie_out = self.compared(registration=registration)
            self.assertEqual(tie_out.result, "equal", self.kinds(tie_out))
            line = self.line(tie_out, "T1", "V009", "14")
            self.assertEqual(self.figures(line)[0], (150, 21))

    def test_a_foreign_currency(self):
        """What converting each line leaves is named, not more."""
        currency = self.env.ref("base.USD")
        currency.active = True
        self.env["res.currency.rate"].create(
            {
                "currency_id": currency.id,
                "company_id": self.company.id,
                "name": self.today(),
                "rate": 1 / 48.371,
            }
        )
        self.valid(price=33.33, currency_id=currency.id)
        tie_out = self.compared(registration=self.invoicing)
        line = self.line(tie_out, "T1", "V009", "14")
        self.assertAlmostEqual(line.there_net, 33.33 * 48.371, delta=0.02)
        self.assertLessEqual(set(tie_out.difference_ids.mapped("kind")), {"rounding"})
        self.assertIn(tie_out.result, ("equal", "explained"))
