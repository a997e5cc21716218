import base64
from ast import literal_eval
from datetime import timedelta
from hashlib import sha256

from lxml import etree

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import Form, tagged

from ..models.ereceipt_readable import pretty, tables
from .common import EreceiptCommon

VIEWS = {
    "ereceipt.registration": ("list", "form", "search"),
    "ereceipt.device": ("list", "form", "search"),
    "ereceipt.document": ("list", "form", "kanban", "graph", "pivot", "search"),
    "ereceipt.exchange": ("list", "form", "graph", "search"),
    "ereceipt.seal": ("list", "form"),
    "ereceipt.alert.cause": ("list", "form", "search"),
    "ereceipt.number": ("list", "form", "search"),
    "ereceipt.request": ("list", "form", "search"),
    "ereceipt.payment.notice": ("list", "form", "search"),
    "ereceipt.reconciliation": ("list", "form", "search"),
    "ereceipt.reconciliation.line": ("list", "form", "pivot", "graph", "search"),
    "ereceipt.tie.out": ("list", "form", "search"),
    "ereceipt.tie.out.line": ("list",),
    "ereceipt.tie.out.difference": ("list", "form", "pivot", "search"),
    "ereceipt.unpaid": ("list", "pivot", "graph", "search"),
    "ereceipt.payment.difference": ("list", "search"),
    "ereceipt.webhook": ("list", "form", "search"),
    "ereceipt.webhook.delivery": ("list", "form", "search"),
    "account.move": ("list", "form", "kanban", "search"),
    "account.journal": ("form",),
}
FOR_ACCOUNTING = {"account.move", "account.journal"}
BADGE = "//field[@name='ereceipt_state'][@widget='badge']"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestViews(EreceiptCommon):
    """Every screen opens for everybody who has it, and shows what is there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.move = cls.invoice()
        cls.document = cls.move.ereceipt_document_id
        requests = cls.env["ereceipt.request"].with_user(cls.accountant)
        requests.create({"move_id": cls.invoice(post=False).id})
        notices = cls.env["ereceipt.payment.notice"].sudo()
        notices.create({"move_id": cls.move.id, "reference": "TRF 1"})
        hook = {"name": "Shop", "url": "https://shop.example.com/hook"}
        hook = cls.env["ereceipt.webhook"].with_user(cls.administrator).create(hook)
        cls.env["ereceipt.webhook.delivery"].sudo()._write_test(hook)

    def decide(self):
        """Let the authority decide on what is on its way, seal the calls, and find a
        difference."""
        self.run_outbox(rounds=2)
        self.seal = self.env["ereceipt.seal"]._seal()
        begun = self.env["ereceipt.reconciliation"]._begin(
            self.registration.sudo(), self.today(), self.today()
        )
        web = self.journal.copy({"name": "Web", "code": "WEB"})
        self.invoice(journal_id=web.id)
        self.env["ereceipt.tie.out"]._begin(
            self.registration.sudo(), self.today(), self.today()
        )
        self.env["ereceipt.payment.difference"]._look_at(self.move)
        self.env["ereceipt.reconciliation.line"].sudo().create(
            {
                "reconciliation_id": begun.id,
                "registration_id": self.registration.id,
                "company_id": self.company.id,
                "kind": "amount",
                "document_id": self.document.id,
                "move_id": self.move.id,
            }
        )

        self.device.credentials_end = self.today()
        self.env["ereceipt.alert.cause"]._keep()
        self.env["ereceipt.number"].sudo().create(
            {"name": "1", "company_id": self.company.id, "kind": "missing"}
        )

    def arch(self, model, kind, user, **context):
        view = self.env[model].with_user(user).with_context(**context)
        return etree.fromstring(view.get_view(view_type=kind)["arch"])

    # -------------------------------------------------------------------------
    # OPENING
    # -------------------------------------------------------------------------

    def test_every_view_opens_with_its_data(self):
        """Every view of every model is built, and all its fields are read, as the
        client does."""
        self.decide()
        roles = self.auditor | self.accountant | self.manager | self.administrator
        for user in roles:
            for model, kinds in VIEWS.items():
                if model in FOR_ACCOUNTING and user == self.auditor:
                    continue
                for kind in kinds:
                    with self.subTest(user=user.name, model=model, kind=kind):
                        self.open(model, kind, user)

    def open(self, model, kind, user):
        records = self.env[model].with_user(user)
        arch = etree.fromstring(records.get_view(view_type=kind)["arch"])
        names = {
            field.get("name")
            for field in arch.iter("field")
            if not any(parent.tag == "field" for parent in field.iterancestors())
        }
        self.assertTrue(names)
        if kind != "search":
            found = records.search([], limit=5)
            self.assertTrue(found)
            found.web_read({name: {} for name in names})

    def test_nobody_makes_or_changes_proof_by_hand(self):
        models = ("document", "exchange", "seal", "alert.cause", "number")
        for model in map("ereceipt.{}".format, models):
            for kind in ("list", "form"):
                arch = self.arch(model, kind, self.administrator)
                for right in ("create", "edit", "delete"):
                    self.assertIn(arch.get(right), ("0", "false", "False"), model)

    def test_empty_lists_explain_themselves(self):
        actions = self.env["ir.actions.act_window"].search(
            [("res_model", "=like", "ereceipt.%"), ("view_mode", "=like", "list%")]
        )
        self.assertGreaterEqual(len(actions), 6)
        for action in actions:
            self.assertTrue(action.help, action.name)

    def test_menus_lead_somewhere(self):
        """Each role has the app; configuration is offered as the rights are."""
        root = self.env.ref("account_ereceipt.ereceipt_menu_root")
        for user in self.auditor | self.accountant | self.administrator:
            menus = self.env["ir.ui.menu"].with_user(user)._visible_menu_ids()
            self.assertIn(root.id, menus)

    # -------------------------------------------------------------------------
    # INVOICES
    # -------------------------------------------------------------------------

    def test_purchase_documents_show_nothing(self):
        bill = self.env["account.move"].create({"move_type": "in_invoice"})
        self.assertFalse(bill.ereceipt_visible)
        self.assertTrue(self.move.ereceipt_visible)
        arch = self.arch(
            "account.move", "list", self.accountant, default_move_type="in_invoice"
        )
        hidden = "context.get('default_move_type') not in"
        columns = arch.xpath(BADGE)
        self.assertTrue(columns)
        self.assertTrue(all(hidden in c.get("column_invisible") for c in columns))

    def test_credit_note_asks_for_what_is_not_known(self):
        """Where it reverses an invoice with a receipt, that is shown and nothing is to
        be typed."""
        note = self.reversal(self.move, post=False)
        with Form(note) as form:
            self.assertEqual(form.ereceipt_reversed_document_id, self.document)
            with self.assertRaisesRegex(AssertionError, "invisible"):
                form.ereceipt_original_uid = "0" * 64
        other = self.invoice(move_type="out_refund", post=False)
        with Form(other) as form:
            self.assertFalse(form.ereceipt_reversed_document_id)
            form.ereceipt_original_uid = "0" * 64

    def test_follow_up_sends_and_asks(self):
        """Several at once, whatever each needs; nothing to do is said."""
        self.decide()
        with self.assertRaisesRegex(UserError, "on its way"):
            self.move.with_user(self.accountant).action_ereceipt_follow_up()
        self.control.settings(validation_seconds=60)
        asked = self.invoice()
        self.run_outbox(rounds=1)
        self.assertEqual(asked.ereceipt_state, "submitted")
        queued = self.invoice()
        later = fields.Datetime.now() + timedelta(hours=1)
        both = (asked | queued).ereceipt_document_id.sudo()
        both.next_attempt_at = later
        (asked | queued).with_user(self.accountant).action_ereceipt_follow_up()
        self.assertTrue(all(d.next_attempt_at < later for d in both))

    def test_journal_without_device_is_said(self):
        """Before and after posting, until a device is chosen or the journal is said to
        need none; companies that report nothing are told nothing."""
        journal = self.journal.copy({"name": "Elsewhere", "code": "ELSE"})
        move = self.invoice(post=False, journal_id=journal.id)
        self.assertFalse(move.ereceipt_visible)
        move = move.with_user(self.accountant)
        self.assertIn(journal.name, move.ereceipt_unreported)
        chosen = move.copy()
        chosen.ereceipt_device_id = self.device
        self.assertFalse(chosen.ereceipt_unreported)
        move.action_post()
        self.assertIn("was issued", move.ereceipt_unreported)
        journal.ereceipt_needs_none = True
        self.assertFalse(move.ereceipt_unreported)

    def test_unreported_where_sales_are_reported_only(self):
        journal = self.journal.copy({"name": "Elsewhere", "code": "ELSE"})
        move = self.invoice(post=False, journal_id=journal.id)
        bill = self.env["account.move"].create({"move_type": "in_invoice"})
        self.assertFalse(bill.ereceipt_unreported)
        self.assertFalse(self.move.ereceipt_unreported)
        devices = self.env["ereceipt.device"].search([])
        devices.with_user(self.administrator).action_retire()
        move.invalidate_recordset(["ereceipt_unreported"])
        self.assertFalse(move.ereceipt_unreported)

    def test_confirm_opens_the_dialog(self):
        """Both of the form's buttons that confirm pass the context that asks for it,
        whatever position they have."""
        arch = self.arch("account.move", "form", self.accountant)
        confirming = [
            button.get("context")
            for button in arch.xpath("//button[@name='action_post']")
            if "move_type == 'entry'" in button.get("invisible")
        ]
        self.assertTrue(any("ereceipt_dialog" in context for context in confirming))

    def test_draft_tells_what_would_be_refused(self):
        self.item_mapping.with_user(self.manager).unlink()
        move = self.invoice(post=False)
        with Form(move) as form:
            problems = form.ereceipt_problems
        self.assertTrue(problems)
        opened = {problem["action"]["res_model"] for problem in problems.values()}
        self.assertIn("product.product", opened)

    def test_filters_of_invoices(self):
        self.decide()
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        refused = self.invoice()
        self.decide()
        search = self.arch("account.move", "search", self.accountant)
        domains = {
            node.get("name"): node.get("domain")
            for node in search.xpath("//filter[starts-with(@name, 'ereceipt_')]")
        }
        found = {
            name: self.env["account.move"].search(
                [*literal_eval(domain), ("id", "in", (self.move | refused).ids)]
            )
            for name, domain in domains.items()
        }
        self.assertEqual(found["ereceipt_valid"], self.move)
        self.assertEqual(found["ereceipt_refused"], refused)
        self.assertEqual(found["ereceipt_needs_person"], refused)
        self.assertFalse(found["ereceipt_late"])

    # -------------------------------------------------------------------------
    # DOCUMENTS
    # -------------------------------------------------------------------------

    def test_needs_a_person(self):
        """What waits for payment needs nobody; what waits for data does."""
        documents = self.env["ereceipt.document"]
        ours = [("id", "in", self.move.ereceipt_document_ids.ids)]
        self.assertFalse(documents.search([*ours, ("needs_person", "=", True)]))
        self.assertTrue(documents.search([*ours, ("needs_person", "=", False)]))
        self.device.problem_policy = "wait"
        self.item_mapping.with_user(self.manager).unlink()
        waiting = self.invoice().ereceipt_document_id
        self.assertEqual(waiting.waiting_reason, "data")
        self.assertTrue(waiting.needs_person)
        self.assertIn(waiting, documents.search([("needs_person", "=", True)]))
        waiting.sudo().waiting_reason = "payment"
        self.assertFalse(waiting.needs_person)
        self.assertNotIn(waiting, documents.search([("needs_person", "=", True)]))

    def test_held_back(self):
        """A copied database holds back what is on its way, and only that."""
        self.decide()
        queued = self.invoice().ereceipt_document_id
        documents = self.env["ereceipt.document"]
        self.assertNotIn(queued, documents.search([("is_held_back", "=", True)]))
        self.registration.sudo().database_uuid = "another"
        held = documents.search([("is_held_back", "=", True)])
        self.assertIn(queued, held)
        self.assertNotIn(self.document, held)
        queued.invalidate_recordset()
        self.assertTrue(queued.is_held_back)

    def test_time_left(self):
        self.assertEqual(self.document.deadline_level, "far")
        self.pass_time(hours=22)
        self.assertEqual(self.document.deadline_level, "soon")
        self.pass_time(hours=3)
        self.assertEqual(self.document.deadline_level, "over")
        self.assertIn("01:", self.document.deadline_text)

    def test_no_time_runs_for_what_is_decided(self):
        self.decide()
        self.assertFalse(self.document.deadline_text)
        self.assertEqual(self.document.deadline_level, "none")

    def test_neighbours_in_the_chain(self):
        second = self.invoice().ereceipt_document_id
        self.assertEqual(self.document.successor_id, second)
        self.assertEqual(second.predecessor_id, self.document)
        self.assertFalse(second.successor_id)

    def test_content_is_laid_out_as_written(self):
        """Numbers stand there as they travel, and no text acts as markup."""
        self.customer.name = "<b>Mona</b>"
        document = self.invoice(price=35.5, quantity=3).ereceipt_document_id
        shown = document.content_readable
        self.assertIn("&lt;b&gt;Mona&lt;/b&gt;", shown)
        self.assertNotIn("<b>Mona", shown)
        self.assertIn("<bdi>106.5</bdi>", shown)
        self.assertIn('"unitPrice": 35.5,', document.content_pretty)

    def test_readable_json_and_xml(self):
        content = '{"a":1.10,"b":[{"c":1E+2,"d":"x"},{"d":"é"}],"e":[],"f":null}'
        self.assertEqual(
            pretty(content, "application/json"),
            '{\n  "a": 1.10,\n  "b": [\n    {\n      "c": 1E+2,\n      "d": "x"\n'
            '    },\n    {\n      "d": "é"\n    }\n  ],\n  "e": [],\n  "f": null\n}',
        )
        for shown in ("1.10", "1E+2", "é"):
            self.assertIn(f"<bdi>{shown}</bdi>", tables(content, "application/json"))
        content = '<r xmlns="urn:x" id="7"><i>1</i><i><k>&lt;b&gt;</k></i></r>'
        self.assertIn("  <i>1</i>\n", pretty(content, "text/xml"))
        self.assertIn("<bdi>&lt;b&gt;</bdi>", tables(content, "text/xml"))

    def test_hostile_content_is_shown_raw(self):
        """Entities are not resolved, depth does no harm, and what is no JSON and no
        XML is left as it came."""
        entity = (
            '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]><r><a>&e;</a></r>'
        )
        self.assertNotIn("root:", pretty(entity, "text/xml"))
        self.assertNotIn("root:", tables(entity, "text/xml"))
        deep = "[" * 100_000, "[" * 900 + "1" + "]" * 900
        for content in (*deep, '{"a":' * 5_000 + "1", "<r>", "plain", ""):
            self.assertEqual(pretty(content, ""), content)
            self.assertEqual(tables(content, ""), "")

    def test_content_is_downloaded_as_it_was_frozen(self):
        document = self.document.with_user(self.auditor)
        content = base64.b64decode(document.content_file)
        self.assertEqual(sha256(content).hexdigest(), document.content_sha256)
        name = document.name.replace("/", "_")
        self.assertEqual(document.content_file_name, f"{name}.json")

    def test_links_of_a_document(self):
        self.decide()
        action = self.document.with_user(self.auditor).action_open_exchanges()
        exchanges = self.env["ereceipt.exchange"].search(action["domain"])
        self.assertEqual(exchanges, self.document.exchange_ids)
        self.assertTrue(exchanges)

    # -------------------------------------------------------------------------
    # PROOF
    # -------------------------------------------------------------------------

    def test_auditor_verifies_seals(self):
        self.decide()
        seals = self.env["ereceipt.seal"].with_user(self.auditor)
        params = seals.action_verify()["params"]
        self.assertEqual(params["type"], "success")
        self.env.flush_all()
        exchange = self.seal.exchange_ids[:1]
        self.env.cr.execute(
            "UPDATE ereceipt_exchange SET url = 'http://elsewhere' WHERE id = %s",
            [exchange.id],
        )
        self.env.invalidate_all()
        params = seals.action_verify()["params"]
        self.assertEqual(params["type"], "danger")
        self.assertIn(str(exchange.id), params["message"])

    def test_headers_are_masked(self):
        self.decide()
        exchange = self.document.exchange_ids.with_user(self.auditor)[:1]
        self.assertIn("Authorization: ***", exchange.request_headers_text)
