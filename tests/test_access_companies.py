from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import ADDRESS, EreceiptCommon

OWNED = (
    "ereceipt.registration",
    "ereceipt.device",
    "ereceipt.document",
    "ereceipt.document.move",
    "ereceipt.exchange",
    "ereceipt.request",
    "ereceipt.file.run",
    "ereceipt.file.row",
    "ereceipt.cn.red.request",
    "ereceipt.webhook",
    "ereceipt.webhook.delivery",
)
"""Models of which every row belongs to a company."""

BUTTONS = (
    "action_ereceipt_issue",
    "action_ereceipt_send_now",
    "action_ereceipt_ask",
    "action_ereceipt_correct",
    "action_ereceipt_retry",
    "action_ereceipt_late",
    "action_ereceipt_return_anew",
    "action_ereceipt_what_now",
)


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAccessCompanies(EreceiptCommon):
    """Companies never see each other's rows; a branch uses what its parent has."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        companies = cls.env["res.company"].sudo()
        country = cls.env.ref("base.eg")
        cls.other = companies.create({"name": "Other", "country_id": country.id})
        cls.branch = companies.create(
            {"name": "فرع", "parent_id": cls.company.id, "country_id": country.id}
        )
        cls.env.cr.precommit.run()  # gives the branch its parent's chart of accounts
        cls.stranger = cls.mighty_user("stranger", cls.other)
        cls.branch_user = cls.mighty_user("branch", cls.branch)
        cls.group_user = cls.mighty_user("group", cls.company, cls.other)
        cls.move = cls.invoice()
        draft = cls.invoice(post=False)
        requests = cls.env["ereceipt.request"].with_user(cls.accountant)
        cls.request = requests.create({"move_id": draft.id}).sudo()
        profile = (
            cls.env["ereceipt.file.profile"]
            .sudo()
            .create({"name": "Files", "registration_id": cls.registration.id})
        )
        cls.run_of_file = cls.env["ereceipt.file.run"]._make(profile, name="F")
        cls.run_of_file._put_rows([{"label": "X", "outcome": "out"}])
        cls.red_request = (
            cls.env["ereceipt.cn.red.request"]
            .sudo()
            .create(
                {
                    "registration_id": cls.registration.id,
                    "environment": "test",
                    "bill_uuid": "1",
                    "state": "05",
                    "currency_id": cls.env.ref("base.CNY").id,
                }
            )
        )
        cls.hook = (
            cls.env["ereceipt.webhook"]
            .with_user(cls.administrator)
            .create(
                {
                    "name": "Shop",
                    "url": "https://shop.example.com/hook",
                    "company_id": cls.company.id,
                }
            )
        )
        cls.env["ereceipt.webhook.delivery"].sudo()._write_test(cls.hook)
        cls.env.flush_all()

    @classmethod
    def mighty_user(cls, login, *companies):
        """Make a user with every role, in these companies alone."""
        return cls.make_user(
            login,
            "base.group_user",
            "base.group_allow_export",
            "account.group_account_manager",
            "account_ereceipt.group_ereceipt_admin",
            companies=cls.env["res.company"].union(*companies),
        )

    def rows(self):
        """Return one row of each owned model that belongs to the first company."""
        document = self.move.ereceipt_document_id.sudo()
        return {
            "ereceipt.registration": self.registration,
            "ereceipt.device": self.device,
            "ereceipt.document": document,
            "ereceipt.document.move": document.link_ids,
            "ereceipt.exchange": document.exchange_ids[:1],
            "ereceipt.request": self.request,
            "ereceipt.file.run": self.run_of_file,
            "ereceipt.file.row": self.run_of_file.row_ids,
            "ereceipt.cn.red.request": self.red_request,
        }

    # -------------------------------------------------------------------------
    # ANOTHER COMPANY
    # -------------------------------------------------------------------------

    def assert_sees_nothing(self, env):
        """Nothing of the first company is found, counted, named, grouped, read,
        exported, written or deleted."""
        for model, row in self.rows().items():
            rows, row = env[model], row.with_env(env)
            with self.subTest(model):
                self.assertTrue(row)
                self.assertFalse(rows.search([("id", "in", row.ids)]))
                self.assertFalse(rows.search_count([]))
                self.assertFalse(rows.name_search("", limit=None))
                groups = rows.formatted_read_group([], ["company_id"], ["__count"])
                self.assertFalse(groups)
                for attempt in (
                    lambda row=row: row.read(["display_name"]),
                    lambda row=row: row.web_read({"display_name": {}}),
                    lambda row=row: row.export_data(["display_name"]),
                    lambda row=row: row.copy(),
                    lambda row=row: row.check_access("write"),
                    lambda row=row: row.check_access("unlink"),
                ):
                    with self.assertRaises(AccessError):
                        attempt()

    def test_another_company_sees_nothing(self):
        self.run_outbox()
        self.assert_sees_nothing(self.env(user=self.stranger.id))

    def test_who_works_in_another_company_for_now_sees_nothing(self):
        """The companies that are switched on count, not those one might switch on."""
        self.run_outbox()
        env = self.env(user=self.group_user.id)
        working = {"allowed_company_ids": self.other.ids}
        self.assert_sees_nothing(env(context=working))
        working = {"allowed_company_ids": [self.other.id, self.company.id]}
        row = self.registration.with_env(env(context=working))
        self.assertTrue(row.read(["display_name"]))

    def test_a_context_opens_no_company(self):
        context = {"allowed_company_ids": self.company.ids}
        env = self.env(user=self.stranger.id, context=context)
        for model in OWNED:
            with self.subTest(model), self.assertRaises(AccessError):
                env[model].search([])

    def test_no_way_around_through_what_companies_share(self):
        """Partners, products and journals lead to nobody else's documents."""
        env = self.env(user=self.stranger.id)
        partner = self.customer.with_env(env)
        self.assertTrue(partner.name, "it is shared")
        self.assertFalse(partner.invoice_ids.ereceipt_document_id)
        documents = env["ereceipt.document"]
        self.assertFalse(documents.search([("partner_id", "=", partner.id)]))
        moves = env["account.move"]
        uid = self.move.ereceipt_uuid
        self.assertFalse(moves.search([("ereceipt_uuid", "=", uid)]))
        self.assertFalse(moves.search([("ereceipt_document_id.qr", "like", "http")]))
        with self.assertRaises(AccessError):
            self.move.with_env(env).read(["ereceipt_document_ids", "ereceipt_uuid"])
        missing = env["ereceipt.missing.code"].search([])
        self.assertFalse(sum(missing.mapped("line_count")))
        self.assertFalse(any(missing.mapped("suggestion")))

    def test_seals_show_the_calls_of_ones_own_company(self):
        self.run_outbox()
        seal = self.env["ereceipt.seal"]._seal()
        self.assertTrue(seal.exchange_ids)
        self.env.invalidate_all()
        self.assertFalse(seal.with_user(self.stranger).exchange_ids)
        notice = seal.with_user(self.stranger).action_verify()["params"]
        self.assertEqual(notice["type"], "success", "and may be verified by everybody")

    def test_buttons_refuse_another_company(self):
        env = self.env(user=self.stranger.id)
        move = self.move.with_env(env)
        for button in BUTTONS:
            with self.subTest(button), self.assertRaises(AccessError):
                getattr(move, button)()
        with self.assertRaises(AccessError):
            move.ereceipt_send_now("0123456789abcdef")
        document = self.move.ereceipt_document_id.with_env(env)
        for button in ("action_bulk_send", "action_bulk_ask", "action_what_now"):
            with self.subTest(button), self.assertRaises(AccessError):
                getattr(document, button)()
        for record in (self.registration.with_env(env), self.device.with_env(env)):
            with self.subTest(record._name), self.assertRaises(AccessError):
                record.action_test_connection()
        registration, device = (
            self.registration.with_env(env),
            self.device.with_env(env),
        )
        for attempt in (
            registration.action_confirm_database,
            registration.action_close_breaker,
            device.action_activate,
            device.action_continue_chain,
            device.action_retire,
        ):
            with self.assertRaises(AccessError):
                attempt()
        self.assertEqual(self.control.requests()["counts"], {}, "nobody was called")

    def test_dialogs_tell_nothing_of_another_company(self):
        """A dialog is made with an id that anybody can guess."""
        secrets = (self.move.ereceipt_uuid, "by itself", self.customer.name)
        for model, values in (
            ("ereceipt.late", {}),
            ("ereceipt.return.anew", {"reason": "x"}),
            ("ereceipt.request", {}),
        ):
            self.env.invalidate_all()
            rows = self.env[model].with_user(self.stranger)
            told = []
            for ask in (
                lambda r=rows, v=values: r.create(
                    {"move_id": self.move.id, **v}
                ).read(),
                lambda r=rows: r.with_context(default_move_id=self.move.id).onchange(
                    {}, [], {name: {} for name in r.fields_get()}
                ),
            ):
                try:
                    told.append(ask())
                except AccessError as error:
                    told.append(str(error))
            for secret in secrets:
                with self.subTest(model, secret=secret):
                    self.assertNotIn(secret, str(told))

    def test_codes_of_another_company(self):
        """A company's own codes are its own; what has no company is everybody's."""
        shared = self.item_mapping
        own = shared.create(
            {
                "authority": "eg_receipt",
                "kind": "item",
                "company_id": self.company.id,
                "categ_id": self.env["product.category"].create({"name": "x"}).id,
                "scheme": "EGS",
                "code": "EG-674859545-0003",
            }
        )
        codes = self.env["ereceipt.code.mapping"].with_user(self.stranger)
        self.assertIn(shared, codes.search([]))
        self.assertNotIn(own, codes.search([]))
        for attempt in (
            lambda: own.with_user(self.stranger).read(["code"]),
            lambda: own.with_user(self.stranger).write({"code": "EG-1-1"}),
            own.with_user(self.stranger).unlink,
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_nothing_is_set_up_for_another_company(self):
        env = self.env(user=self.stranger.id)
        with self.assertRaises(AccessError):
            env["ereceipt.registration"].create(
                {
                    "authority": "eg_receipt",
                    "company_id": self.company.id,
                    "environment": "production",
                }
            )
        device = {"name": "X", "serial": "X", "registration_id": self.registration.id}
        for company in (self.company, self.other):
            with self.assertRaises(UserError):
                env["ereceipt.device"].create({**device, "company_id": company.id})

    def test_nothing_is_given_to_another_company(self):
        """Whose the row was is not all that counts, but whose it would be."""
        env = self.env(user=self.stranger.id)
        registration = env["ereceipt.registration"].create(
            {"authority": "eg_receipt", "environment": "production"}
        )
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            registration.write({"company_id": self.company.id})
        own, parents = self.env(user=self.branch_user.id), self.registration
        device = own["ereceipt.device"].create(
            {"name": "X", "serial": "X", "registration_id": parents.id}
        )
        with self.assertRaises(AccessError), self.env.cr.savepoint():
            device.write({"company_id": self.company.id})

    # -------------------------------------------------------------------------
    # A BRANCH
    # -------------------------------------------------------------------------

    def branch_device(self):
        """Set up a till of the branch on its parent's registration, as somebody who
        works in the branch alone."""
        env = self.env(user=self.branch_user.id)
        journal = self.journal.sudo().copy(
            {"name": "فرع", "code": "BRA", "company_id": self.branch.id}
        )
        journal.default_account_id = self.journal.default_account_id
        device = env["ereceipt.device"].create(
            {
                "name": "Branch till",
                "company_id": self.branch.id,
                "registration_id": self.registration.id,
                "serial": "SIM-POS-0003",
                "journal_ids": [Command.set(journal.ids)],
                "branch_code": "1",
                "activity_code": "4711",
                "client_id": "sim-pos-0003",
                "client_secret": "sim-secret-0003",
                **ADDRESS,
            }
        )
        self.control.register(
            devices=[
                {
                    "serial": "SIM-POS-0003",
                    "rin": self.company.vat,
                    "client_id": "sim-pos-0003",
                    "secrets": ["sim-secret-0003"],
                    "branch": "1",
                }
            ]
        )
        return device, journal

    def test_branch_issues_through_its_parents_registration(self):
        device, journal = self.branch_device()
        device.action_activate()
        move = self.invoice(user=self.branch_user, journal_id=journal.id)
        self.assertEqual(move.company_id, self.branch)
        self.assertEqual(move.ereceipt_device_id, device)
        document = move.ereceipt_document_id
        self.assertEqual(document.registration_id, self.registration)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", document.sudo().problems)
        self.assertEqual(document.exchange_ids.company_id, self.branch)
        own = self.env["ereceipt.document"].with_user(self.branch_user).search([])
        self.assertEqual(own, document, "of its parent's documents it sees none")
        parents = self.env["ereceipt.document"].with_user(self.accountant).search([])
        self.assertNotIn(document, parents)

    def test_branch_reads_its_parents_registration_and_does_not_change_it(self):
        registration = self.registration.with_user(self.branch_user)
        self.assertEqual(registration.read(["environment"])[0]["environment"], "test")
        self.assertIn(registration, registration.search([]))
        for attempt in (
            lambda: registration.write({"environment": "production"}),
            lambda: registration.write({"client_secret": "x"}),
            registration.action_test_connection,
            registration.action_confirm_database,
            registration.action_close_breaker,
            registration.unlink,
        ):
            with self.assertRaises(AccessError):
                attempt()
        for device in (self.device, self.device_2):
            with self.assertRaises(AccessError):
                device.with_user(self.branch_user).read(["name"])

    def own_code(self, company, number):
        """Make a code that a company has for itself."""
        category = self.env["product.category"].create({"name": f"C{number}"})
        return self.env["ereceipt.code.mapping"].create(
            {
                "authority": "eg_receipt",
                "kind": "item",
                "company_id": company.id,
                "categ_id": category.id,
                "scheme": "EGS",
                "code": f"EG-674859545-{number}",
            }
        )

    def test_branch_reads_its_parents_codes_and_does_not_change_them(self):
        """They are what the branch's documents are issued with, and the parent's to
        keep: its own documents would change with them."""
        parents = self.own_code(self.company, 21).with_user(self.branch_user)
        self.assertEqual(parents.read(["code"])[0]["code"], "EG-674859545-21")
        self.assertIn(parents, parents.search([]))
        own = self.own_code(self.branch, 22).with_user(self.branch_user)
        category = self.env["product.category"].create({"name": "C23"})
        values = {
            "authority": "eg_receipt",
            "kind": "item",
            "categ_id": category.id,
            "scheme": "EGS",
            "code": "EG-674859545-23",
        }
        for attempt in (
            lambda: parents.write({"code": "EG-674859545-9"}),
            lambda: parents.write({"company_id": self.branch.id}),
            lambda: parents.write({"company_id": False}),
            parents.unlink,
            lambda: parents.create({**values, "company_id": self.company.id}),
            lambda: own.write({"company_id": self.company.id}),
            lambda: category.with_user(self.branch_user).write(
                {
                    "ereceipt_mapping_ids": [
                        Command.create({**values, "company_id": self.company.id})
                    ]
                }
            ),
            lambda: parents.categ_id.with_user(self.branch_user).write(
                {"ereceipt_mapping_ids": [Command.delete(parents.id)]}
            ),
        ):
            with self.assertRaises(AccessError), self.env.cr.savepoint():
                attempt()
        own.write({"code": "EG-674859545-24"})
        parents.create({**values, "company_id": self.branch.id})
        own.unlink()
        head = self.own_code(self.company, 25).with_user(self.group_user)
        head.write({"code": "EG-674859545-26"})

    def test_change_of_environment_reaches_the_branches(self):
        """Whoever works in the parent alone does not see the branch's devices; they
        have the credentials and the chain of the other environment all the same."""
        device, _journal = self.branch_device()
        device.action_activate()
        self.assertTrue(device.client_secret_set)
        registration = self.registration.with_user(self.administrator)
        self.assertNotIn(device, registration.device_ids)
        registration.environment = "production"
        device.invalidate_recordset()
        self.assertFalse(device.client_secret_set)
        self.assertEqual(device.lifecycle, "draft")
