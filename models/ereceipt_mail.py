from odoo import api, models


class EreceiptMail(models.AbstractModel):
    """Mails of the jobs to people who work here, each in his own language."""

    _name = "ereceipt.mail"
    _description = "Mails of electronic receipts"

    @api.model
    def _send_to(self, user, subject, template, values):
        """Put a mail to a user into the queue of mails; nothing where he has no
        address.

        :param str subject: in the user's language already
        :param str template: XML id of a QWeb template
        :param dict values: what the template shows
        :return: the mail
        """
        mails = self.env["mail.mail"].sudo()
        if not user.email:
            return mails
        language = self.env["res.lang"]._get_data(code=user.lang)
        body = self.env["ir.qweb"]._render(
            template,
            {
                **values,
                "direction": language.direction or "ltr",
                "user": user,
            },
            lang=user.lang,
        )
        company, program = user.company_id.sudo(), self.env.ref("base.user_root").sudo()
        return mails.create(
            {
                "subject": subject,
                "body_html": body,
                "email_to": user.email_formatted,
                "email_from": company.email_formatted or program.email_formatted,
                "auto_delete": True,
            }
        )
