import base64
from contextlib import suppress

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal.contract import AuthorityError, FiscalError
from ..models.ereceipt_qr import qr_png


class EreceiptCnSession(models.TransientModel):
    """Logs a clerk in at China's tax bureau, or has him show his face: by a QR code
    that he scans, or by the code of a text message. What was held meanwhile goes on."""

    _name = "ereceipt.cn.session"
    _description = "Session at China's tax bureau"

    device_id = fields.Many2one("ereceipt.device", required=True, readonly=True)
    purpose = fields.Selection(
        [("login", "Log in"), ("person", "Show the face")],
        string="What for",
        required=True,
        default="login",
    )
    qr_text = fields.Char(readonly=True)
    qr_image = fields.Binary(string="To be scanned", compute="_compute_qr_image")
    message_code = fields.Char(
        string="Code of the text message", help="As it came to the clerk's telephone."
    )
    state_text = fields.Char(string="State", readonly=True)
    is_good = fields.Boolean(readonly=True)

    @api.depends("qr_text")
    def _compute_qr_image(self):
        for wizard in self:
            text = wizard.qr_text
            wizard.qr_image = base64.b64encode(qr_png(text)) if text else False

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_get_code(self):
        """Have the bureau make a code to be scanned, and show it."""

        def call(session):
            session.refresh_qr(self.purpose)
            return session.qr(self.purpose)

        return self._shown(self._call(call))

    def action_show_code(self):
        """Show the code that was asked for."""
        return self._shown(self._call(lambda session: session.qr(self.purpose)))

    def action_send_message(self):
        """Have the bureau send a text message with a code."""
        self._call(lambda session: session.send_message())
        return self._say(self.env._("A text message is on its way to the clerk."))

    def action_enter_message(self):
        """Log in with the code of the text message.

        :raise UserError: no code was entered
        """
        code = (self.message_code or "").strip()
        if not code:
            raise UserError(self.env._("Enter the code of the text message first."))

        self._call(lambda session: session.submit_message(code))
        return self.action_check()

    def action_scanned(self):
        """Say that the code was scanned, and look what came of it."""

        def call(session):
            if self.purpose == "login":
                session.scanned()
            else:
                session.refresh_person()

        self._call(call)
        return self.action_check()

    def action_check(self):
        """Look whether the clerk is logged in, or has shown his face; then let what was
        held go on."""

        def call(session):
            if self.purpose == "person":
                return session.person()
            # the provider brings a login to its end when it is asked for it
            with suppress(AuthorityError):
                if self.message_code:
                    session.message_result()
                else:
                    session.scan_result()
            return session.login()

        found = self._call(call)
        if not found.good:
            return self._say(
                self.env._("Not yet: wait some seconds and look again, or try anew.")
            )
        self.write({"is_good": True, "qr_text": False, "message_code": False})
        self.device_id.sudo()._cn_nuonuo_resume()
        return self._say(self.env._("Done. What was held goes on by itself."))

    # -------------------------------------------------------------------------
    # HELPERS
    # -------------------------------------------------------------------------

    def _call(self, work):
        """Return what ``work(session)`` returns.

        :raise UserError: the provider refuses, or cannot be reached
        """
        self.ensure_one()
        # who may not see the account may not log in there
        self.device_id.check_access("read")
        device = self.device_id.sudo()
        device._check_cn_nuonuo()
        registration = device.registration_id
        if not registration._sends_here():
            raise UserError(
                self.env._("Nothing is called from a copy of the database.")
            )
        try:
            with registration._calling(device) as authority:
                return work(authority.session())
        except FiscalError as error:
            text = self.env["ereceipt.document"]._error_text(error, self.env.user)
            raise UserError(text) from error

    def _shown(self, code):
        if code.progress == "done" and code.text:
            self.qr_text = code.text
            return self._say(
                self.env._("Scan it within five minutes, then say so below.")
            )
        self.qr_text = False
        if code.progress == "running":
            return self._say(
                self.env._("The bureau makes the code: show it in some seconds.")
            )
        return self._say(code.words or self.env._("There is no code. Get a new one."))

    def _say(self, text):
        """Show the dialog again with how it stands."""
        self.state_text = text
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Tax bureau"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
