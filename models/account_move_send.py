import mimetypes

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import AccessError

from ..fiscal import lifecycle
from .account_move_delivery import MAILED

MADE_FROM = {"mail_template": "mail.template", "pdf_report": "ir.actions.report"}
"""Records that the settings of a mail name by their ids."""

MISSED = frozenset({lifecycle.LATE, lifecycle.FAILED})
UNDECIDED = frozenset(
    {
        lifecycle.WAITING,
        lifecycle.TO_SIGN,
        lifecycle.QUEUED,
        lifecycle.SENDING,
        lifecycle.UNKNOWN,
        lifecycle.SUBMITTED,
    }
)


def _says_how(sending_data):
    """Whether the order for a mail says how it is mailed, as ours do."""
    return isinstance(sending_data, dict) and "ereceipt" in sending_data


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    mail_file = fields.Boolean(
        string="Attach the document's file to mails",
        help="Mails with an invoice carry the document as it was sent to the "
        "authority, besides the PDF.",
    )


class AccountMove(models.Model):
    _inherit = "account.move"

    ereceipt_mail_settings = fields.Json(
        string="E-receipt: how it is mailed",
        copy=False,
        groups=fields.NO_ACCESS,
        help="How to mail the invoice when its document is valid.",
    )

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS account
        for vals in vals_list:
            self._ereceipt_refuse_mail_settings(vals)
        return super().create(vals_list)

    def write(self, vals):
        # EXTENDS account
        self._ereceipt_refuse_mail_settings(vals)
        return super().write(vals)

    @api.model
    def default_get(self, fields):
        # EXTENDS account: neither a context nor a default of one's own gets past
        values = super().default_get(fields)
        values.pop("ereceipt_mail_settings", None)
        if _says_how(values.get("sending_data")):
            del values["sending_data"]
        return values

    def _ereceipt_refuse_mail_settings(self, vals):
        """Refuse what is not from the dialog: the job mails as the superuser whatever
        stands there, any file and any report."""
        if not self.env.su and _says_how(vals.get("sending_data")):
            raise AccessError(
                self.env._("How an invoice is mailed is chosen in Send & Print.")
            )

    # -------------------------------------------------------------------------
    # MAIL THAT WAITS
    # -------------------------------------------------------------------------

    def _ereceipt_mail_waits(self):
        """Whether a mail with this invoice has to wait until its document is valid:
        the device wants that, or the print lacks what the authority's answer brings."""
        self.ensure_one()
        document = self.ereceipt_document_id.sudo()
        if document.state not in UNDECIDED | MISSED:
            return False
        capabilities = document._authority_class().capabilities
        return capabilities.printable_at == "answer" or (
            document.device_id.mail_only_valid
        )

    def _ereceipt_mail_refused(self):
        """Whether the invoice's document was refused, so that mailing it would give
        the customer what does not count."""
        self.ensure_one()
        return self.ereceipt_document_id.sudo().state in lifecycle.REFUSED

    def _ereceipt_mail_when_valid(self, settings=None):
        """Have the invoices mailed by the job as soon as their documents are valid.

        :param dict settings: what the person chose in the dialog, None for what is
            usual for the customer
        :raise AccessError: the person may not read what is to be mailed
        """
        self.check_access("write")
        self._ereceipt_check_mail_settings(settings or {})
        for move in self.sudo():
            move.ereceipt_mail_settings = {
                "author_user_id": self.env.user.id,
                "author_partner_id": self.env.user.partner_id.id,
                **({"ereceipt": settings} if settings else {}),
            }
        return self._ereceipt_notification(
            self.env._(
                "It is mailed by itself as soon as the tax authority has validated it."
            )
            if len(self) == 1
            else self.env._(
                "%s invoices are mailed by themselves as soon as the tax authority has "
                "validated them.",
                len(self),
            ),
            "info",
        )

    def _ereceipt_check_mail_settings(self, settings):
        """Look at what the job will mail as the superuser, while it is known who
        wants that.

        :raise AccessError: it is a file, template or report that he may not read, or
            that is not one of invoices
        """
        ids = [row["id"] for row in settings.get("mail_attachments_widget") or ()]
        # the others stand for files that are made when it is mailed
        files = [int(number) for number in ids if str(number).isdecimal()]
        self.env["ir.attachment"].browse(files).exists().check_access("read")
        for name, model in MADE_FROM.items():
            record = self.env[model].browse(settings.get(name) or ())
            if not record:
                continue
            record.check_access("read")
            if record.sudo().model != self._name:
                raise AccessError(
                    self.env._("%s is not for invoices.", record.sudo().display_name)
                )

    def button_draft(self):
        # EXTENDS account: another invoice wants another mail
        res = super().button_draft()
        moves = self.sudo().filtered("ereceipt_mail_settings")
        moves.ereceipt_mail_settings = False
        return res

    # -------------------------------------------------------------------------
    # WAITING BEFORE PRINTING
    # -------------------------------------------------------------------------

    def action_invoice_sent(self):
        # EXTENDS account: give the authority the device's time to answer first
        action = super().action_invoice_sent()
        return self._ereceipt_await_answer(action) or action

    def action_print_pdf(self):
        # EXTENDS account
        action = super().action_print_pdf()
        waiting = self._ereceipt_await_answer(action)
        self._ereceipt_handed_over()
        return waiting or action

    def action_invoice_download_pdf(self, target="download"):
        # EXTENDS account
        action = super().action_invoice_download_pdf(target)
        waiting = self._ereceipt_await_answer(action)
        self._ereceipt_handed_over()
        return waiting or action


class AccountMoveSend(models.AbstractModel):
    """*Send & Print* knows the invoice's document: it says its state, keeps back what
    must not be mailed yet, and notes when the customer got it."""

    _inherit = "account.move.send"

    # -------------------------------------------------------------------------
    # ALERTS
    # -------------------------------------------------------------------------

    @api.model
    def _get_alerts(self, moves, moves_data):
        # EXTENDS account
        alerts = super()._get_alerts(moves, moves_data)
        documented = moves.filtered("ereceipt_document_id")
        mailed = documented.filtered(
            lambda m: "email" in moves_data[m]["sending_methods"]
        )
        refused = documented.filtered(lambda m: m._ereceipt_mail_refused())
        waiting = mailed.filtered(lambda m: m._ereceipt_mail_waits())
        missed = documented.filtered(lambda m: m.ereceipt_state in MISSED) - waiting
        pending = documented.filtered(lambda m: m.ereceipt_state in UNDECIDED) - waiting
        blocked = len(moves) == 1 and refused & mailed
        if refused:
            alerts["ereceipt_refused"] = self._ereceipt_alert(
                "danger" if blocked else "warning",
                refused,
                self.env._("It is not mailed."),
                self.env._(
                    "The tax authority refused %s of these; they are not mailed.",
                    len(refused),
                ),
            )
        if waiting:
            alerts["ereceipt_waiting"] = self._ereceipt_alert(
                "warning",
                waiting,
                self.env._(
                    "It is mailed by itself as soon as the tax authority has validated "
                    "it."
                ),
                self.env._(
                    "%s of these are mailed by themselves as soon as the tax authority "
                    "has validated them.",
                    len(waiting),
                ),
            )
        if missed:
            alerts["ereceipt_missed"] = self._ereceipt_alert(
                "warning",
                missed,
                self.env._("It has not reached the tax authority."),
                self.env._("%s of these have not reached the authority.", len(missed)),
            )
        if pending:
            alerts["ereceipt_pending"] = self._ereceipt_alert(
                "info",
                pending,
                self.env._("The tax authority has not validated it yet."),
                self.env._(
                    "The tax authority has not validated %s of these yet.", len(pending)
                ),
            )
        return alerts

    @api.model
    def _ereceipt_alert(self, level, moves, one, several):
        """Return one alert of the dialog, with what to open."""
        if len(moves) == 1:
            document = moves.ereceipt_document_id
            return {
                "level": level,
                "message": f"{one} {document.what_now}",
                "action_text": self.env._("Open the e-receipt"),
                "action": document._get_records_action(),
            }
        return {
            "level": level,
            "message": several,
            "action_text": self.env._("Open them"),
            "action": moves._get_records_action(name=self.env._("Invoices")),
        }

    # -------------------------------------------------------------------------
    # MAIL THAT WAITS
    # -------------------------------------------------------------------------

    @api.model
    def _hook_invoice_document_before_pdf_report_render(self, invoice, invoice_data):
        # EXTENDS account: whoever calls, what must not be mailed is not mailed
        super()._hook_invoice_document_before_pdf_report_render(invoice, invoice_data)
        if "email" not in invoice_data["sending_methods"]:
            return
        if invoice._ereceipt_mail_waits():
            invoice_data["error"] = {
                "error_title": self.env._(
                    "%s is mailed only when the tax authority has validated it.",
                    invoice.name,
                ),
                "errors": [invoice.ereceipt_what_now],
            }
        elif invoice._ereceipt_mail_refused():
            invoice_data["error"] = {
                "error_title": self.env._(
                    "%s is not mailed: the tax authority refused it.", invoice.name
                ),
                "errors": [invoice.ereceipt_what_now],
            }

    @api.model
    def _get_default_sending_settings(self, move, from_cron=False, **custom_settings):
        # EXTENDS account: the job mails what waited as the person had chosen it
        chosen = (move.sending_data or {}).get("ereceipt") if from_cron else None
        if chosen:
            custom_settings = {
                **self._ereceipt_settings_loaded(chosen),
                **custom_settings,
            }
        return super()._get_default_sending_settings(
            move, from_cron=from_cron, **custom_settings
        )

    @api.model
    def _ereceipt_settings_stored(self, settings):
        """Return the settings of the dialog as JSON can keep them."""
        return {
            name: value.id if isinstance(value, models.BaseModel) else value
            for name, value in settings.items()
        }

    @api.model
    def _ereceipt_settings_loaded(self, stored):
        """Return stored settings as the dialog made them."""
        settings = dict(stored)
        for name, model in MADE_FROM.items():
            if name in settings:
                settings[name] = self.env[model].browse(settings[name]).exists()
        if settings.get("mail_body"):
            settings["mail_body"] = Markup(settings["mail_body"])
        return settings

    # -------------------------------------------------------------------------
    # WHAT IS MAILED
    # -------------------------------------------------------------------------

    @api.model
    def _get_default_mail_template_id(self, move):
        # EXTENDS account: who holds a document that does not count is told so
        if move.ereceipt_document_id.sudo()._owes_replacement():
            template = self.env.ref(
                "account_ereceipt.mail_template_ereceipt_replacement",
                raise_if_not_found=False,
            )
            if template:
                return template
        return super()._get_default_mail_template_id(move)

    @api.model
    def _get_mail_params(self, move, move_data):
        # EXTENDS account
        params = super()._get_mail_params(move, move_data)
        document = move.ereceipt_document_id.sudo()
        if params and document.content and document.device_id.mail_file:
            extension = mimetypes.guess_extension(document.media_type or "") or ".txt"
            name = document.name.replace("/", "_") + extension
            params["attachments"].append((name, document.content.encode()))
        return params

    @api.model
    def _hook_if_success(self, moves_data, from_cron=False):
        # EXTENDS account: an error before the PDF does not stop a mail where the
        # caller is content with a pro forma
        sent = mailed = self.env["account.move"]
        for move, move_data in moves_data.items():
            methods = set(move_data["sending_methods"])
            if move._ereceipt_mail_waits() or move._ereceipt_mail_refused():
                methods.discard("email")
            move_data["sending_methods"] = methods
            addressed = move.partner_id.email or move_data.get("mail_partner_ids")
            if "email" in methods and addressed:
                mailed |= move
            elif methods:
                sent |= move
        sent._ereceipt_handed_over()
        mailed._ereceipt_handed_over(MAILED)
        return super()._hook_if_success(moves_data, from_cron=from_cron)
