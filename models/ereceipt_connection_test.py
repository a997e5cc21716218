from odoo import api, fields, models

from ..fiscal.contract import Problem
from ..fiscal.messages import _
from .ereceipt_notification import RELOAD, notification


class EreceiptRegistration(models.Model):
    """The test of the connection: what is tried, kept and said."""

    _inherit = "ereceipt.registration"

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_test_connection(self):
        """Try reach, TLS, credentials, what the token says, the clock, and whether the
        devices' chains can go on from here."""
        self.ensure_one()
        self.check_access("write")
        devices = self.device_ids.filtered(lambda d: d.lifecycle != "retired")
        if self._needs_device_credentials():
            return self._test_devices(devices)
        found = [*self._authority().probe(), *self._key_problems()]
        found = self._after_probe(found, devices)
        return self._store_probe(found or devices._chain_problems())

    def _test_devices(self, devices):
        """Test the connection of each device: there is none of the registration's own,
        so nothing of it is kept here."""
        if self.problems or self.tested_at:
            self.sudo().write({"problems": False, "tested_at": False})
        if devices:
            return devices.action_test_connection()
        lacking = [
            Problem(
                "probe_no_device",
                _(
                    "There is no device whose connection could be tested: each signs in"
                    " by itself. Add a device with the serial number and the"
                    " credentials that the authority's portal shows for it."
                ),
            ),
            *self._seller_problems(),
        ]
        return self._probe_notification(self._problem_texts(lacking))

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _seller_problems(self):
        """Return what the company lacks for the authority to know it."""
        self.ensure_one()
        seller = self._seller_party()
        if seller.id:
            return []
        text = _(
            "The company %(company)s has no tax registration number, by which the"
            " authority knows it. Enter it in the company's data."
        )
        values = {"company": seller.name or self.company_id.name}
        return [Problem("probe_no_seller_id", text, "", seller.record, values)]

    def _store_probe(self, problems):
        """Keep what a test of the connection found, and say it."""
        self.ensure_one()
        self.sudo().write(
            {
                "tested_at": fields.Datetime.now(),
                "problems": self.env["ereceipt.document"]._problems_json(problems),
            }
        )
        if not problems:
            self.sudo()._breaker_reset()
        return self._probe_notification(self._problem_texts(problems))

    @api.model
    def _probe_notification(self, texts):
        """Return what says how a test ended.

        :param texts: a sentence for each thing that is wrong
        """
        return notification(
            "danger" if texts else "success",
            "\n".join(texts) or self.env._("Everything answers as it should."),
            RELOAD,
            title=self.env._("Connection test"),
            sticky=bool(texts),
        )


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    test_result = fields.Selection(
        [("passed", "Passed"), ("failed", "Failed")],
        string="Test of the connection",
        compute="_compute_test_result",
        help="How the last test of the connection ended.",
    )

    @api.depends("tested_at", "problems")
    def _compute_test_result(self):
        for device in self:
            tested = device.tested_at and ("failed" if device.problems else "passed")
            device.test_result = tested

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_test_connection(self):
        """Try every device's reach, credentials, claims and clock, and whether its
        chain can go on from here."""
        self.check_access("write")
        # every call comes before the first write: nothing is locked while they last
        probed = [(device, device._probed()) for device in self]
        texts = []
        for registration in self.registration_id:
            if registration._needs_device_credentials():
                texts += registration._problem_texts(registration._seller_problems())
        for device, problems in probed:
            device._store_probe(problems)
            texts += device._named_texts(problems, len(self) > 1)
        return self.registration_id[:1]._probe_notification(texts)

    def _named_texts(self, problems, among_others):
        """Return the sentences of a device's problems, with its name where several
        were tested."""
        texts = self.registration_id._problem_texts(problems)
        if not among_others:
            return texts
        name = self.env["ereceipt.document"]._set_apart(self.display_name)
        return [f"{name}: {text}" for text in texts]
