from odoo import Command, fields
from odoo.exceptions import UserError

from ..dev.certificates import PASSWORD, certifier, seal
from .common import ADDRESS, EreceiptCommon

BUYER_RIN = "313717919"


class EgInvoiceCommon(EreceiptCommon):
    """The Egyptian company also issues e-Invoices, from the journal of its first till:
    businesses get invoices, consumers receipts. Its key is a file, whose certificate
    the simulator trusts."""

    @classmethod
    def _set_up_registration(cls):
        result = super()._set_up_registration()
        administration = cls.env(user=cls.administrator.id)
        cls.key = administration["ereceipt.signing.key"].create({"name": "Seal"})
        made = seal(issuer=certifier())
        cls.key.write({"key_file": made.key_file(), "key_password": PASSWORD})
        cls.invoicing = administration["ereceipt.registration"].create(
            {
                "company_id": cls.company.id,
                "authority": "eg_invoice",
                "environment": "test",
                "eg_identity_url": cls.simulator_url,
                "eg_api_url": cls.simulator_url,
                "eg_portal_url": cls.simulator_url,
                "ingestion_seconds": 1,
                "client_id": "sim-erp",
                "client_secret": "sim-erp-secret",
                "signing_key_id": cls.key.id,
            }
        )
        cls.desk = administration["ereceipt.device"].create(
            {
                "name": "Head office",
                "registration_id": cls.invoicing.id,
                "journal_ids": [Command.set(cls.journal.ids)],
                "branch_code": "0",
                "activity_code": "4711",
                **ADDRESS,
            }
        )
        cls.trust()
        cls.desk.action_activate()
        cls.business = cls.env["res.partner"].create(
            {
                "name": "شركة المشتري",
                "is_company": True,
                "vat": BUYER_RIN,
                "country_id": cls.env.ref("base.eg").id,
                "state_id": cls.env.ref("base.state_eg_c").id,
                "city": "Nasr City",
                "street": "12 Buyer Street",
            }
        )
        return result

    def setUp(self):
        super().setUp()
        self.trust()

    @classmethod
    def trust(cls):
        """Let the simulator trust whoever certified our key."""
        cls.control.register(trusted_cas=[{"pem": certifier().pem.decode()}])

    def press(self, button):
        """Press a button that calls ETA: what is kept of the calls is written in
        transactions of their own."""
        with self.enter_registry_test_mode():
            return button()

    def refusal(self, button):
        """Press a button that refuses, and return what it says. Unlike assertRaises,
        it does not undo what was written apart."""
        try:
            self.press(button)
        except UserError as error:
            return str(error)
        return self.fail("It was not refused")

    def sell_to_business(self, **values):
        """Post an invoice to a business."""
        return self.invoice(partner_id=self.business.id, **values)

    def valid(self, **values):
        """Post an invoice to a business and send it: it is valid at ETA."""
        move = self.sell_to_business(**values)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        return move

    def rejected(self):
        """Return a valid invoice that its buyer has rejected, which was noticed."""
        move = self.valid()
        self.control.document_state(move.ereceipt_uuid, "reject")
        self.follow()
        self.assertEqual(move.ereceipt_state, "rejected")
        return move

    def follow(self):
        """Ask ETA about what is decided, as happens now and then."""
        self.env["ereceipt.document"].sudo().search([("state", "=", "valid")]).write(
            {"next_attempt_at": fields.Datetime.now()}
        )
        self.run_outbox()
