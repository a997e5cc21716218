from odoo import Command
from odoo.tests import tagged

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from ..simulator.hr_cis import App
from ..simulator.hr_cis.client import CisControlClient
from ..simulator.server import running
from .common import EreceiptCommon

OIB, OPERATOR, BUYER_OIB = "69435151530", "12312312316", "88890465617"
SERVICE = "/FiskalizacijaServiceTest"


@tagged("post_install", "-at_install", "post_install_l10n")
class HrCisCommon(EreceiptCommon):
    """A Croatian company with two tills in one shop, registered with a running
    simulator of CIS, which certified its key. The cast is that of the Egyptian one; the
    accountant has an OIB."""

    zone = "Europe/Zagreb"

    @classmethod
    @AccountTestInvoicingCommon.setup_country("hr")
    def setUpClass(cls):
        super(EreceiptCommon, cls).setUpClass()
        cls.company = cls.env.company
        cls.company.write({"vat": f"HR{OIB}", "name": "Kavana d.o.o."})
        cls.simulator_url = cls.enterClassContext(running(App()))
        cls.control = CisControlClient(cls.simulator_url)
        cls._set_up_users()
        cls.accountant.partner_id.hr_operator_oib = OPERATOR
        cls._set_up_books()
        cls._set_up_registration()

    def setUp(self):
        super(EreceiptCommon, self).setUp()
        self.control.reset()

    @classmethod
    def _set_up_books(cls):
        cls.journal = cls.company_data["default_journal_sale"]
        cls.journal_2 = cls.journal.copy({"name": "Till 2", "code": "TIL2"})
        cls.vat = cls.env["account.chart.template"].ref("VAT_S_IN_ROC_25")
        cls.item = cls.env["product.product"].create(
            {
                "name": "Kava",
                "list_price": 100.0,
                "taxes_id": [Command.set(cls.vat.ids)],
            }
        )
        country = cls.env.ref("base.hr").id
        cls.customer = cls.env["res.partner"].create(
            {"name": "Ana Horvat", "country_id": country}
        )
        cls.business = cls.env["res.partner"].create(
            {
                "name": "Kupac d.o.o.",
                "is_company": True,
                "country_id": country,
                "vat": f"HR{BUYER_OIB}",
            }
        )

    @classmethod
    def _set_up_registration(cls):
        administration = cls.env(user=cls.administrator.id)
        cls.key = cls.make_key(administration, OIB)
        cls.registration = administration["ereceipt.registration"].create(
            cls.registered(cls.company, cls.key)
        )
        cls.device, cls.device_2 = administration["ereceipt.device"].create(
            [
                {
                    "name": f"Till {number}",
                    "registration_id": cls.registration.id,
                    "hr_premises": "POSL1",
                    "hr_device_number": f"0{number}",
                    "journal_ids": [Command.set(journal.ids)],
                }
                for number, journal in enumerate((cls.journal, cls.journal_2), 1)
            ]
        )
        (cls.device | cls.device_2).action_activate()

    @classmethod
    def registered(cls, company, key):
        """Return the values of a registration that speaks to the simulator."""
        return {
            "company_id": company.id,
            "authority": "hr_cis",
            "environment": "test",
            "hr_url": f"{cls.simulator_url}{SERVICE}",
            "hr_answer_ca": cls.control.authority()["ca"],
            "signing_key_id": key.id,
        }

    @classmethod
    def make_key(cls, env, oib, **order):
        """Make a key that the simulator certified for a taxpayer."""
        made = cls.control.certificate(oib, **order)
        key = env["ereceipt.signing.key"].create({"name": f"FISKAL {oib}"})
        key.write({"key_file": made["p12"], "key_password": made["password"]})
        return key

    # -------------------------------------------------------------------------
    # DOCUMENTS
    # -------------------------------------------------------------------------

    @classmethod
    def own_tax(cls, name, kind, **values):
        """Make a tax that the chart does not have, and say what it is to CIS."""
        tax = cls.env["account.tax"].create(
            {
                "name": name,
                "type_tax_use": "sale",
                "company_id": cls.company.id,
                **values,
            }
        )
        cls.env["ereceipt.code.mapping"].with_user(cls.manager).create(
            {
                "authority": "hr_cis",
                "kind": "tax",
                "tax_id": tax.id,
                "code": kind,
                "company_id": cls.company.id,
            }
        )
        return tax

    def registered_as(self, move):
        """Return what CIS has of an invoice's receipt, None if nothing."""
        number = move.ereceipt_document_id.authority_number
        found = self.control.registered(number=number)
        return found[0] if found else None

    def valid(self, **values):
        """Post an invoice and send it: it has a JIR."""
        move = self.invoice(**values)
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        return move
