import time
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from ..simulator.client import ControlClient
from ..simulator.eg_eta import App
from ..simulator.server import running

RIN = "674859545"
ADDRESS = {
    "address_governorate": "Cairo",
    "address_city": "Nasr City",
    "address_street": "16 Test Street",
    "address_building": "14",
}


def today_in(env, zone):
    """Return today's date in a time zone."""
    return fields.Date.context_today(env.user.with_context(tz=zone))


@tagged("post_install", "-at_install", "post_install_l10n")
class EreceiptCommon(AccountTestInvoicingCommon):
    """An Egyptian company with two tills, registered with a running simulator of ETA.

    Its cast: ``accountant`` posts invoices and no more, ``manager`` keeps the books,
    ``administrator`` sets up registrations, ``auditor`` reads. Nothing is mocked: the
    simulator answers over HTTP on the loopback interface.
    """

    zone = "Africa/Cairo"
    """Where the cast is: near midnight another day begins there than in UTC."""

    test_cursor_lock_timeout = 120
    """Seconds that a browser's request waits for another one: the first one makes the
    assets, for which a slow machine needs longer than Odoo's 20."""

    @classmethod
    @AccountTestInvoicingCommon.setup_country("eg")
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.company.write({"vat": RIN, "name": "شركة تجربة"})
        cls.simulator_url = cls.enterClassContext(running(App()))
        cls.control = ControlClient(cls.simulator_url)
        cls.control.settings(validation_seconds=0)
        cls._set_up_users()
        cls._set_up_books()
        cls._set_up_registration()

    def setUp(self):
        super().setUp()
        # what a test did to the simulator is not undone with its transaction
        self.control.reset()
        self.control.settings(validation_seconds=0)

    @classmethod
    def today(cls):
        """Return today's date where the cast is."""
        return today_in(cls.env, cls.zone)

    @classmethod
    def _set_up_users(cls):
        base, user = "base.group_user", cls.make_user
        cls.accountant = user("accountant", base, "account.group_account_invoice")
        cls.manager = user("manager", base, "account.group_account_manager")
        cls.administrator = user(
            "administrator", base, "account_ereceipt.group_ereceipt_admin"
        )
        cls.auditor = user("auditor", base, "account_ereceipt.group_ereceipt_reader")

    @classmethod
    def browser_user(cls, login, *groups):
        """Make somebody who can sign in to a browser, his login as password."""
        return cls.env["res.users"].create(
            {
                "name": "Accountant",
                "login": login,
                "password": login,
                "tz": cls.zone,
                "company_id": cls.company.id,
                "company_ids": [Command.set(cls.company.ids)],
                "group_ids": [Command.set([cls.env.ref(name).id for name in groups])],
            }
        )

    @classmethod
    def make_user(cls, login, *groups, companies=None):
        """Make a user with these groups, in the company of the test unless given."""
        companies = companies or cls.company
        return cls.env["res.users"].create(
            {
                "name": login,
                "login": f"ereceipt_{login}",
                "tz": cls.zone,
                "company_id": companies[0].id,
                "company_ids": [Command.set(companies.ids)],
                "group_ids": [Command.set([cls.env.ref(group).id for group in groups])],
            }
        )

    @classmethod
    def make_clerk(cls):
        """Make somebody who may bill, by the rights of another module (as tills and
        sales give them), and has no role of ours."""
        group = cls.env["res.groups"].create({"name": "Clerk"})
        for right in cls.env.ref("account.group_account_invoice").model_access:
            right.copy({"group_id": group.id})
        clerk = cls.make_user("clerk", "base.group_user")
        clerk.group_ids += group
        return clerk

    @classmethod
    def _set_up_books(cls):
        cls.journal = cls.company_data["default_journal_sale"]
        cls.journal_2 = cls.journal.copy({"name": "Till 2", "code": "TIL2"})
        cls.vat = cls.env["account.tax"].search(
            [
                ("company_id", "=", cls.company.id),
                ("type_tax_use", "=", "sale"),
                ("amount", "=", 14),
                ("amount_type", "=", "percent"),
            ],
            limit=1,
        )
        cls.item = cls.env["product.product"].create(
            {
                "name": "قلم حبر",
                "default_code": "PEN-1",
                "list_price": 100.0,
                "taxes_id": [Command.set(cls.vat.ids)],
            }
        )
        mapping = cls.env["ereceipt.code.mapping"].with_user(cls.manager)
        cls.item_mapping = mapping.create(
            {
                "authority": "eg_receipt",
                "kind": "item",
                "product_tmpl_id": cls.item.product_tmpl_id.id,
                "scheme": "EGS",
                "code": f"EG-{RIN}-0001",
            }
        )
        cls.customer = cls.env["res.partner"].create(
            {"name": "منى السيد", "country_id": cls.env.ref("base.eg").id}
        )

    @classmethod
    def _set_up_registration(cls):
        administration = cls.env(user=cls.administrator.id)
        cls.registration = administration["ereceipt.registration"].create(
            {
                "company_id": cls.company.id,
                "authority": "eg_receipt",
                "environment": "test",
                "eg_identity_url": cls.simulator_url,
                "eg_api_url": cls.simulator_url,
                "eg_portal_url": cls.simulator_url,
                "ingestion_seconds": 1,
            }
        )
        cls.device, cls.device_2 = administration["ereceipt.device"].create(
            [
                {
                    "name": f"Till {number}",
                    "registration_id": cls.registration.id,
                    "serial": f"SIM-POS-000{number}",
                    "journal_ids": [Command.set(journal.ids)],
                    "branch_code": "0",
                    "activity_code": "4711",
                    "client_id": f"sim-pos-000{number}",
                    "client_secret": f"sim-secret-000{number}-a",
                    **ADDRESS,
                }
                for number, journal in enumerate((cls.journal, cls.journal_2), 1)
            ]
        )
        (cls.device | cls.device_2).action_activate()

    # -------------------------------------------------------------------------
    # DOCUMENTS
    # -------------------------------------------------------------------------

    @classmethod
    def make_exchange(cls, documents, **values):
        """Keep a call in which documents travelled that nobody made."""
        exchanges = cls.env["ereceipt.exchange"].sudo()
        return exchanges.create(
            {
                "registration_id": cls.registration.id,
                "device_id": cls.device.id,
                "company_id": cls.company.id,
                "document_ids": [Command.set(documents.ids)],
                "purpose": "submit",
                "sha256": "0" * 64,
                **values,
            }
        )

    @classmethod
    def invoice(cls, price=100.0, quantity=1.0, post=True, user=None, **values):
        """Make (and post) an invoice of one line as the accountant.

        :param values: further values of the invoice; ``lines`` replaces its lines
        """
        line = {
            "product_id": cls.item.id,
            "quantity": quantity,
            "price_unit": price,
            "tax_ids": [Command.set(cls.vat.ids)],
        }
        lines = values.pop("lines", [line])
        moves = cls.env["account.move"].with_user(user or cls.accountant)
        move = moves.create(
            {
                "move_type": "out_invoice",
                "partner_id": cls.customer.id,
                "journal_id": cls.journal.id,
                "invoice_line_ids": [Command.create(line) for line in lines],
                **values,
            }
        )
        if post:
            move.action_post()
        return move

    @classmethod
    def reversal(cls, move, post=True, **line_values):
        """Make (and post) the credit note of an invoice, of all its lines."""
        wizard = (
            cls.env["account.move.reversal"]
            .with_user(cls.accountant)
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": move.journal_id.id, "date": move.invoice_date})
        )
        credit_note = cls.env["account.move"].browse(wizard.reverse_moves()["res_id"])
        credit_note = credit_note.with_user(cls.accountant)
        if line_values:
            credit_note.invoice_line_ids.write(line_values)
        if post:
            credit_note.action_post()
        return credit_note

    def refused(self, **values):
        """Return a posted invoice that the authority has refused."""
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        move = self.invoice(**values)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "invalid")
        return move

    # -------------------------------------------------------------------------
    # THE JOBS
    # -------------------------------------------------------------------------

    def run_outbox(self, seconds=0.5, rounds=3, waiting=True):
        """Run the sending job as its scheduler would, ``rounds`` times, with the time
        that documents wait between them gone by, unless ``waiting`` says otherwise."""
        self.env.flush_all()
        with self.enter_registry_test_mode():
            for _round in range(rounds):
                with self.env.registry.cursor() as cr:
                    env = self.env(cr=cr, su=True)
                    if waiting:
                        self.make_due(env)
                    env["ereceipt.outbox"]._run(time.monotonic() + seconds)
        self.env.invalidate_all()

    def make_due(self, env=None):
        """Let the time go by that documents wait for their next attempt."""
        env = env or self.env
        env["ereceipt.document"].sudo().search(
            [("next_attempt_at", ">", fields.Datetime.now())]
        ).write({"next_attempt_at": fields.Datetime.now()})

    def pass_time(self, **delta):
        """Shift every moment of the documents into the past."""
        self.env.flush_all()
        for column in (
            "issued_at",
            "deadline_at",
            "sent_at",
            "submitted_at",
            "next_attempt_at",
            "lease_until",
        ):
            self.env.cr.execute(
                f'UPDATE ereceipt_document SET "{column}" = "{column}" - %s',
                [timedelta(**delta)],
            )
        self.env.invalidate_all()

    def taken(self, move):
        """Return what the simulator has taken of an invoice's documents."""
        rows = self.control.receipts(raw=False)
        uids = set(move.ereceipt_document_ids.mapped("authority_uid"))
        return [row for row in rows if row["uuid"] in uids]
