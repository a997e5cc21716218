import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .common import EreceiptCommon
from .webhook_receiver import receiving

SECRET = "an-oak-a-river-and-seven-green-lamps"


@tagged("post_install", "-at_install", "post_install_l10n")
class WebhookCommon(EreceiptCommon):
    """The Egyptian company, and another system that is told of its documents."""

    def setUp(self):
        super().setUp()
        self.receiver = self.enterContext(receiving())
        self.hook = self.make_hook(self.receiver.url)

    def make_hook(self, url, **values):
        """Make a web hook as the administrator does."""
        hooks = self.env["ereceipt.webhook"].with_user(self.administrator)
        return hooks.create(
            {"name": "Web shop", "url": url, "secret": SECRET, "call_timeout": 2}
            | values
        )

    def run_hooks(self, seconds=0.5, rounds=1, waiting=False):
        """Run the job that tells other systems, as its scheduler would.

        :param bool waiting: let the time go by first that deliveries wait
        """
        self.env.flush_all()
        with self.enter_registry_test_mode():
            for _round in range(rounds):
                with self.env.registry.cursor() as cr:
                    env = self.env(cr=cr, su=True)
                    if waiting:
                        self.deliveries(env=env).filtered("next_attempt_at").write(
                            {"next_attempt_at": fields.Datetime.now()}
                        )
                    env["ereceipt.outbox"]._run(
                        time.monotonic() + seconds, env["ereceipt.webhook.work"]
                    )
        self.env.invalidate_all()

    def deliveries(self, hook=None, env=None):
        """Return what was written for a hook (or all), the first first."""
        domain = [("webhook_id", "=", hook.id)] if hook else []
        rows = (env or self.env)["ereceipt.webhook.delivery"].sudo()
        return rows.search(domain, order="id")

    def pass_breaker(self, hook=None):
        """Let the time go by for which calls are held back."""
        self.env.cr.execute(
            "UPDATE ereceipt_webhook SET breaker_open_until = breaker_open_until - %s",
            [timedelta(days=1)],
        )
        self.env.invalidate_all()

    def causes(self, record):
        """Return why somebody is asked to do something about a record."""
        activities = self.env["mail.activity"].sudo()
        found = activities.search(
            [("res_model", "=", record._name), ("res_id", "=", record.id)]
        )
        return found.filtered("ereceipt_cause").mapped("ereceipt_cause")
