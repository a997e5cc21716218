from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..fiscal import authority_classes
from ..models import ereceipt_seal_verify
from ..models.ereceipt_retention import DAYS_OF_YEAR, RETENTION_PARAMETER
from .alert_common import AlertKit
from .common import EreceiptCommon

EGYPT, LONGEST = 6 * DAYS_OF_YEAR, 31 * DAYS_OF_YEAR
"""The law's years, and the one in which they have not begun."""


@tagged("post_install", "-at_install", "post_install_l10n")
class TestProofVerify(AlertKit, EreceiptCommon):
    """The job finds what was changed, wherever, and forgets what is right again."""

    def seal(self, count):
        for _number in range(count):
            self.invoice()
            self.run_outbox()
            self.env["ereceipt.seal"]._seal()

    def exchange_of(self, number):
        exchanges = self.env["ereceipt.exchange"].sudo()
        return exchanges.search([("seal_id.number", "=", number)], limit=1)

    def test_the_job_goes_round_and_remembers(self):
        self.seal(3)
        seals = self.env["ereceipt.seal"].sudo()
        wrong = self.exchange_of(2)
        url = wrong.url
        self.change_row(wrong, url="https://example.com")
        seals._verify_some()
        self.assertEqual(
            seals._seals_found_wrong(), {2: [f"Exchange {wrong.id} was changed."]}
        )
        self.change_row(wrong, url=url)
        seals._verify_some()
        self.assertFalse(seals._seals_found_wrong())

    def test_a_part_that_was_not_looked_at_stays_as_it_was(self):
        self.seal(3)
        seals = self.env["ereceipt.seal"].sudo()
        self.change_row(self.exchange_of(1), url="https://example.com")
        self.patch(ereceipt_seal_verify, "SEALS_AT_ONCE", 1)
        seals._verify_some()
        self.assertEqual(list(seals._seals_found_wrong()), [1])
        seals._verify_some()
        self.assertEqual(list(seals._seals_found_wrong()), [1], "2 is right, 1 is not")
        for _run in range(3):
            seals._verify_some()
        self.assertEqual(list(seals._seals_found_wrong()), [1], "looked at again")

    def test_seals_that_were_noted_outside(self):
        self.seal(2)
        seals = self.env["ereceipt.seal"].sudo()
        noted = {seal.number: seal.hash for seal in seals.search([])}
        self.assertFalse(list(seals._differences_from_noted(noted)))
        self.assertEqual(len(list(seals._differences_from_noted({9: "a" * 64}))), 1)
        first = seals.search([("number", "=", 1)])
        self.change_row(first, hash="0" * 64)
        self.assertEqual(len(list(seals._differences_from_noted(noted))), 1)

    # -------------------------------------------------------------------------
    # RETENTION
    # -------------------------------------------------------------------------

    def purged_after(self, days):
        with freeze_time(fields.Datetime.now() + timedelta(days=days)):
            self.env["ereceipt.exchange"]._purge()
        return bool(self.exchange_of(1).purged_at)

    def test_the_law_of_each_authority_is_the_least(self):
        self.seal(1)
        exchanges = self.env["ereceipt.exchange"]
        for code, authority in authority_classes().items():
            # of a call on a business year's first day, counted from its last
            least = authority.limits.retention_years * DAYS_OF_YEAR + 365
            self.assertGreaterEqual(exchanges._retention_days(code), least)
        self.assertEqual(exchanges._retention_days("cn_nuonuo"), LONGEST)
        self.assertEqual(exchanges._retention_days(None), LONGEST, "rather too long")
        self.assertEqual(self.registration.retention_days, EGYPT)
        parameters = self.env["ir.config_parameter"].sudo()
        for days in ("1", "0", ""):
            parameters.set_param(RETENTION_PARAMETER, days)
            self.assertFalse(self.purged_after(EGYPT - 2), "never below the law")
        self.assertTrue(self.purged_after(EGYPT + 2))

    def test_the_company_may_keep_more(self):
        self.seal(1)
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param(RETENTION_PARAMETER, str(EGYPT + 100))
        self.assertEqual(self.registration.retention_days, EGYPT + 100)
        self.assertFalse(self.purged_after(EGYPT + 50))
        self.assertTrue(self.purged_after(EGYPT + 102))
        self.assertFalse(self.env["ereceipt.seal"]._verify(), "the seals stay whole")

    def test_no_setting_goes_below(self):
        settings = self.env["res.config.settings"]
        with self.assertRaisesRegex(ValidationError, str(EGYPT)):
            settings.create({"ereceipt_retention_days": EGYPT - 1})

    def test_what_belongs_to_no_registration_is_kept_longest(self):
        self.seal(1)
        exchange = self.exchange_of(1)
        self.change_row(exchange, registration_id=None)
        self.assertFalse(self.purged_after(EGYPT + 2))
        self.assertTrue(self.purged_after(LONGEST + 2))
