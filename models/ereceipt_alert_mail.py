from odoo import Command, api, fields, models

PATH = "ereceipt-alerts"
"""Where the list of alerts is, below ``/odoo/``."""


class EreceiptAlertCause(models.Model):
    """Tells people of alerts: one mail for each of them and run of the job."""

    _inherit = "ereceipt.alert.cause"

    @api.model
    def _tell(self, news):
        """Mail what is new to everybody who is told of it.

        :param dict news: rows, with the documents that are new in each
        """
        by_user = {}
        for alert, documents in news.items():
            users = alert._record()._alert_users()
            alert.write(
                {
                    "told_at": fields.Datetime.now(),
                    "told_user_ids": [Command.link(user.id) for user in users],
                }
            )
            for user in users:
                by_user.setdefault(user, []).append((alert, documents))
        for user, told in by_user.items():
            self._mail_to(user, told)

    def _mail_to(self, user, told):
        reader = self.with_context(lang=user.lang, tz=user.tz)
        companies = {}
        for alert, documents in told:
            entry = alert.with_env(reader.env)._told_as(documents)
            companies.setdefault(alert.company_id.name, []).append(entry)
        count = len(told)
        if count == 1:
            [[entry]] = companies.values()
            subject = reader.env._(
                "E-receipts: %(what)s (%(company)s)",
                what=entry["label"],
                company=", ".join(companies),
            )
        else:
            subject = reader.env._(
                "E-receipts: %(count)s alerts (%(companies)s)",
                count=count,
                companies=", ".join(companies),
            )
        self.env["ereceipt.mail"]._send_to(
            user,
            subject,
            "account_ereceipt.alert_mail",
            {"companies": companies, "all_url": f"{self.get_base_url()}/odoo/{PATH}"},
        )

    def _told_as(self, documents):
        """Return what a mail says of the alert."""
        self.ensure_one()
        return {
            "label": self._kind_label(),
            "subject": self.subject,
            "count": len(documents),
            "note": self._note(documents),
            "advice": self.advice,
            "url": f"{self.get_base_url()}/odoo/{PATH}/{self.id}",
        }
