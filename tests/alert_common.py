from datetime import timedelta

from markupsafe import escape

from odoo import Command, fields
from odoo.tools import SQL


class AlertKit:
    """Runs the upkeep job and looks at what people were told. Part of a test class,
    before the one that has the company.

    The ``administrator`` is responsible, the ``manager`` is told as well.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator.email = "admin@example.com"
        cls.manager.email = "manager@example.com"
        cls.registration.write(
            {
                "responsible_id": cls.administrator.id,
                "alert_user_ids": [Command.set(cls.manager.ids)],
            }
        )

    def upkeep(self):
        """Run the upkeep job as its scheduler would."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            self.env(cr=cr, su=True)["ereceipt.outbox"]._cron_upkeep()
        self.env.invalidate_all()

    def alerts(self, kind, user=None):
        """Return the alerts of a kind, as somebody who reads sees them."""
        alerts = self.env["ereceipt.alert.cause"].with_user(user or self.auditor)
        return alerts.search([("kind", "=", kind)])

    def open_alerts(self, kind):
        return self.alerts(kind).filtered("is_open")

    def mails(self, user=None, since=0):
        """Return the mails that somebody got."""
        address = (user or self.administrator).email_formatted
        mails = self.env["mail.mail"].sudo()
        return mails.search([("email_to", "=", address), ("id", ">", since)])

    def activities(self, record, cause, user=None):
        """Return the open activities for a cause on records, of one user."""
        domain = [
            ("res_model", "=", record._name),
            ("res_id", "in", record.ids),
            ("ereceipt_cause", "=", cause),
        ]
        if user:
            domain.append(("user_id", "=", user.id))
        return self.env["mail.activity"].sudo().search(domain)

    def assert_told_once(self, kind, told=None):
        """Run the job twice: one alert of the kind comes up, and one mail each to
        whoever is told, and nothing more at the second run.

        :return: the alert
        """
        told = told or (self.administrator | self.manager)
        self.assertFalse(self.open_alerts(kind))
        before = {user: len(self.mails(user)) for user in told}
        self.upkeep()
        alert = self.open_alerts(kind)
        self.assertEqual(len(alert), 1, kind)
        self.assertEqual(alert.told_user_ids, told)
        label = dict(alert._fields["kind"].selection)[kind]
        for user in told:
            new = self.mails(user)[: len(self.mails(user)) - before[user]]
            self.assertEqual(len(new), 1, "one mail a run and person")
            self.assertIn(escape(label), new.body_html)
            self.assertIn(f"/odoo/ereceipt-alerts/{alert.id}", new.body_html)
        count = self.env["mail.activity"].sudo().search_count([])
        self.upkeep()
        self.assertEqual(self.open_alerts(kind), alert, "still the same")
        for user in told:
            self.assertEqual(len(self.mails(user)), before[user] + 1, "told once")
        self.assertEqual(self.env["mail.activity"].sudo().search_count([]), count)
        return alert

    def assert_gone(self, alert):
        """Run the job: the alert is closed and tells since when."""
        self.upkeep()
        self.assertFalse(alert.is_open)
        self.assertGreaterEqual(alert.closed_at, alert.opened_at)
        self.assertFalse(self.open_alerts(alert.kind))

    def change_row(self, record, **values):
        """Change columns in the database, past everything that is in Odoo."""
        self.env.flush_all()
        for column, value in values.items():
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s WHERE id = %s",
                    SQL.identifier(record._table),
                    SQL.identifier(column),
                    value,
                    record.id,
                )
            )
        self.env.invalidate_all()

    @staticmethod
    def ago(**delta):
        return fields.Datetime.now() - timedelta(**delta)
