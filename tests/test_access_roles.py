import inspect
from functools import partial

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .access_common import AccessCommon
from .access_table import METHODS, OPERATIONS, RECORDS, ROLES

OURS = ".account_ereceipt."


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAccessRoles(AccessCommon):
    """Who may do what: the whole table, compared with what really happens."""

    def attempts(self, user, model, target, new, change):
        """Return the six attempts of a user on a model."""
        rows = self.env[model].with_user(user)
        record = rows.browse(target.id) if target else None

        def own():
            return rows.create(new) if record is None else record

        def read():
            found = own()
            if found not in rows.search([]) or not found.read():
                raise AccessError(self.env._("It is not found."))

        def export():
            if not user.has_group("base.group_allow_export"):
                raise AccessError(self.env._("Nothing may be exported."))
            return own().export_data([".id", "display_name"])["datas"]

        return (
            read,
            export,
            lambda: own().write(change),
            lambda: rows.create(new),
            lambda: own().copy(),
            lambda: own().unlink(),
        )

    def test_records(self):
        targets = self.targets()
        heading, *expected = [line.split() for line in RECORDS.strip().splitlines()]
        self.assertEqual(heading, list(ROLES))
        self.assertEqual(
            {row[0] for row in expected},
            {
                name
                for name in self.env.registry.models
                if name.startswith("ereceipt.") and not self.env[name]._abstract
            },
            "every model stands in the table",
        )
        for model, *outcomes in expected:
            found = []
            for role in ROLES:
                attempts = self.attempts(self.users[role], model, *targets[model])
                found.append(
                    "".join(
                        self.outcome(attempt, letter)
                        for letter, attempt in zip(OPERATIONS, attempts, strict=True)
                    )
                )
            with self.subTest(model):
                self.assertEqual(found, outcomes)

    # -------------------------------------------------------------------------
    # METHODS
    # -------------------------------------------------------------------------

    def public_methods(self):
        """Return ``(model, method)`` of everything of ours that can be called from
        outside and that Odoo does not have."""
        found = set()
        for name in self.env.registry.models:
            classes = self.env.registry[name].__mro__
            ours = [c for c in classes if OURS in f"{c.__module__}."]
            others = [c for c in classes if c not in ours]
            found |= {
                (name, method)
                for cls in ours
                for method, function in vars(cls).items()
                if inspect.isfunction(function)
                and not method.startswith("_")
                and not getattr(function, "_api_private", False)
                and not any(method in vars(other) for other in others)
            }
        return found

    def call(self, user, model, method):
        """Call a public method as its caller would, on the record of the test."""
        if model == "account.move":
            target, new = self.move, None
        else:
            target, new, _change = self.targets().get(model, (None, {}, {}))
        rows = self.env[model].with_user(user)
        if rows._abstract:
            record = rows
        else:
            record = rows.browse(target.id) if target else rows.create(new)
        arguments = {
            "ereceipt_send_now": ["0123456789abcdef"],
            "ask": [[self.document.id]],
            "download": [self.document.id],
            "issue": [[self.move.id]],
        }.get(method, [])
        return getattr(record, method)(*arguments)

    def test_methods(self):
        table = {
            (model, method): outcomes
            for model, method, outcomes in map(str.split, METHODS.strip().splitlines())
        }
        self.assertEqual(
            self.public_methods(),
            set(table),
            "Whoever adds a public method says in METHODS who may call it.",
        )
        with self.enter_registry_test_mode():
            for (model, method), outcomes in table.items():
                found = "".join(
                    self.outcome(partial(self.call, user, model, method), "x")
                    for user in self.users.values()
                )
                with self.subTest(model=model, method=method):
                    self.assertEqual(found, outcomes)

    def test_abstract_models_offer_nothing(self):
        """What sends, claims, tells and opens secrets cannot be called from outside:
        no public method of it exists, whatever its model is called. One model is there
        for calls from outside and has no rows."""
        abstract = {
            name
            for name in self.env.registry.models
            if name.startswith("ereceipt.") and self.env[name]._abstract
        }
        self.assertLessEqual(
            {"ereceipt.outbox", "ereceipt.work", "ereceipt.secret.mixin"}, abstract
        )
        offered = {model for model, _method in self.public_methods()}
        self.assertEqual(offered & abstract, {"ereceipt.api"})

    def test_settings_are_for_administrators_of_the_system(self):
        """Odoo lets anybody call ``set_values`` on no record at all."""
        lanes = self.env["ereceipt.outbox"]._lanes()
        self.assertTrue(lanes)
        for role in ("employee", "administrator"):
            settings = self.env["res.config.settings"].with_user(self.users[role])
            with self.subTest(role), self.assertRaises(AccessError), self.undone():
                settings.set_values()
        self.assertEqual(self.env["ereceipt.outbox"]._lanes(), lanes)

    # -------------------------------------------------------------------------
    # ROLES OF OTHER MODULES
    # -------------------------------------------------------------------------

    def test_who_bills_without_a_role_of_ours_issues_all_the_same(self):
        """Rights of ours are for looking. A till posts as the superuser, and what it
        posted is an invoice like any other for its clerk."""
        clerk = self.make_clerk()
        self.assertFalse(clerk.has_group("account_ereceipt.group_ereceipt_reader"))
        move = self.invoice(user=clerk, post=False)
        move.sudo().action_post()
        self.assertEqual(move.sudo().ereceipt_state, "queued")
        self.run_outbox()
        self.assertEqual(move.sudo().ereceipt_state, "valid")
        move.read()
        for values in ({"state": "draft"}, {"name": "X/1"}):
            with self.assertRaisesRegex(UserError, "issued to the tax authority"):
                move.write(values)
        with self.assertRaises(UserError), self.undone():
            move.with_context(force_delete=True).unlink()
        with self.assertRaises(AccessError):
            move.action_ereceipt_ask()
        copied = move.copy()
        copied.journal_id = self.journal_2
        copied.unlink()

    def test_customers_read_their_invoices(self):
        """A portal user sees the columns of his own invoice and nothing behind them."""
        move = self.invoice(partner_id=self.portal.partner_id.id)
        move.message_subscribe(self.portal.partner_id.ids)
        mine = move.with_user(self.portal)
        ours = [name for name in mine.fields_get() if name.startswith("ereceipt_")]
        self.assertEqual(mine.read(ours)[0]["ereceipt_state"], "queued")
        with self.assertRaises(AccessError):
            mine.ereceipt_document_id.read(["content"])
        with self.assertRaises(AccessError):
            mine.search([("ereceipt_document_id.content", "like", "a")])
