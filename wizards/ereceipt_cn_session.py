import base64
from contextlib import suppress
from datetime import datetime, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..fiscal.cn_nuonuo.moments import read_local
from ..fiscal.contract import AuthorityError, FiscalError
from ..models.ereceipt_qr import qr_png

WAIT = timedelta(seconds=30)
"""So long the dialog looks by itself for what the bureau usually does within moments.
The provider may be asked as often as one likes."""


class EreceiptCnSession(models.TransientModel):
    """Logs a clerk in at China's tax bureau, or has him show his face: by a QR code
    that he scans, or by the code of a text message. What was held meanwhile goes on.

    No request waits for the bureau: what it takes a moment for is ``awaited``, and the
    dialog looks again by itself until it is there or ``awaited_until`` is over.
    """

    _name = "ereceipt.cn.session"
    _description = "Session at China's tax bureau"

    device_id = fields.Many2one("ereceipt.device", required=True, readonly=True)
    purpose = fields.Selection(
        [("login", "Log in"), ("person", "Show the face")],
        string="What for",
        required=True,
        default="login",
    )
    way = fields.Selection(
        [("qr", "QR code"), ("message", "Text message")],
        string="By",
        readonly=True,
        help="What the bureau was asked for last.",
    )
    qr_text = fields.Char(readonly=True)
    qr_image = fields.Binary(string="To be scanned", compute="_compute_qr_image")
    message_code = fields.Char(
        string="Code of the text message", help="As it came to the clerk's telephone."
    )
    state_text = fields.Char(string="State", readonly=True)
    awaited = fields.Selection(
        [("code", "QR code"), ("login", "Login")],
        readonly=True,
        help="What the bureau is at, and the dialog looks for by itself.",
    )
    awaited_until = fields.Datetime(string="Looked for until", readonly=True)
    is_good = fields.Boolean(readonly=True)

    @api.depends("qr_text")
    def _compute_qr_image(self):
        for wizard in self:
            text = wizard.qr_text
            wizard.qr_image = base64.b64encode(qr_png(text)) if text else False

    @api.onchange("purpose")
    def _onchange_purpose(self):
        """What was said and shown is about the other one."""
        self.update(
            {"way": False, "qr_text": False, "state_text": False, "awaited": False}
        )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_get_code(self):
        """Show a code to be scanned: the one that is still good, or, where that is
        shown already or there is none, a new one that the bureau makes. It makes one
        once a minute and so many a day."""
        shown = self.qr_text

        def call(session):
            code = session.qr(self.purpose)
            if shown or not _is_good(code):
                session.refresh_qr(self.purpose)
                code = session.qr(self.purpose)
            return code

        self.write({"way": "qr", "awaited": False})
        try:
            code = self._call(call, limited=True)
        except AuthorityError as error:
            return self._say(self._too_often(error))
        return self._shown(code)

    def action_show_code(self):
        """Show the code that was asked for."""
        return self._shown(self._call(lambda session: session.qr(self.purpose)))

    def action_send_message(self):
        """Have the bureau send a text message with a code."""
        try:
            self._call(lambda session: session.send_message(), limited=True)
        except AuthorityError as error:
            return self._say(self._too_often(error))
        self.write({"way": "message", "qr_text": False})
        return self._say(
            self.env._(
                "A text message is on its way to the clerk. Enter its code here, then "
                "press “Log in with its code”."
            )
        )

    def action_enter_message(self):
        """Log in with the code of the text message.

        :raise UserError: no code was entered
        """
        code = (self.message_code or "").strip()
        if not code:
            raise UserError(self.env._("Enter the code of the text message first."))

        self.awaited = False
        self._call(lambda session: session.submit_message(code))
        return self.action_check()

    def action_scanned(self):
        """Say that the code was scanned, and look what came of it."""

        def call(session):
            if self.purpose == "login":
                session.scanned()
                return
            # where it was asked a moment ago, that is looked at
            with suppress(AuthorityError):
                session.refresh_person()

        self.awaited = False
        self._call(call)
        return self.action_check()

    def action_check(self):
        """Look whether the clerk is logged in, or has shown his face; then let what was
        held go on."""

        by_message = self.way == "message" or self.message_code

        def call(session):
            if self.purpose == "person":
                return session.person(), False
            # the provider brings a login to its end when it is asked for it
            result = session.message_result if by_message else session.scan_result
            is_running = False
            with suppress(AuthorityError):
                is_running = result().progress == "running"
            return session.login(), is_running

        found, is_running = self._call(call)
        if found.good:
            return self._say(self._succeeded())
        if is_running:
            return self._await("login", self._not_yet(by_message))
        return self._say(self._not_yet(by_message))

    def look_again(self):
        """Look for what is awaited, as the dialog does by itself.

        :return: what still is, or False: then the dialog has something new to say
        """
        self.ensure_one()
        looks = {"code": self.action_show_code, "login": self.action_check}
        if self.awaited:
            try:
                looks[self.awaited]()
            except UserError as error:
                # nobody has pressed a button, so it is said where people look
                self._say(str(error))
        return self.awaited

    # -------------------------------------------------------------------------
    # SENTENCES
    # -------------------------------------------------------------------------

    def _how_it_stands(self):
        """Return whether the clerk is logged in, or has shown his face, and what to do
        then."""
        look = {"login": lambda s: s.login(), "person": lambda s: s.person()}
        try:
            found = self._call(look[self.purpose])
        except UserError as error:
            return self.env._("How the clerk stands is not known. %s", error)
        clerk = found.account or self.device_id.name
        if self.purpose == "person":
            if found.good:
                return self.env._(
                    "The bureau has seen the face of %s. Nothing has to be done, "
                    "unless it asks again.",
                    clerk,
                )
            return self.env._(
                "The bureau wants to see the face of %s. Get a QR code and scan it.",
                clerk,
            )
        if found.good:
            return self.env._(
                "%s is logged in. Nothing has to be done: log in anew only if the "
                "bureau asks for it.",
                clerk,
            )
        return self.env._(
            "%s is not logged in. Get a QR code and scan it, or have a text message "
            "sent.",
            clerk,
        )

    def _succeeded(self):
        """Let what was held go on; return that it does."""
        self.write({"is_good": True, "qr_text": False, "message_code": False})
        self.device_id.sudo()._cn_nuonuo_resume()
        if self.purpose == "person":
            return self.env._(
                "The bureau has seen the clerk's face. What was held goes on by itself."
            )
        return self.env._("The clerk is logged in. What was held goes on by itself.")

    def _not_yet(self, by_message):
        """Return that it is not done, and what to do."""
        if self.purpose == "person":
            return self.env._(
                "The bureau has not seen the clerk's face yet. Scan the code and "
                "follow the app, wait half a minute, then look again."
            )
        if by_message:
            return self.env._(
                "The clerk is not logged in yet. Look again in some seconds; if the "
                "code was wrong, enter it once more or have another message sent."
            )
        return self.env._(
            "The clerk is not logged in yet. If the code was scanned, look again in "
            "some seconds; if not, get a code and scan it."
        )

    def _too_often(self, error):
        """Return what to do where the bureau gives no new code or message."""
        return self.env._(
            "The bureau gives nothing new right now: it does so once a minute and "
            "twenty times a day. Wait a minute, then press the button again. It says: "
            "%s",
            self._text_of(error),
        )

    def _text_of(self, error):
        return self.env["ereceipt.document"]._error_text(error, self.env.user)

    # -------------------------------------------------------------------------
    # HELPERS
    # -------------------------------------------------------------------------

    def _call(self, work, limited=False):
        """Return what ``work(session)`` returns.

        :param bool limited: the bureau does it only so often, and refuses besides
        :raise UserError: the provider refuses, or cannot be reached
        :raise AuthorityError: the provider refuses what is limited
        """
        self.ensure_one()
        # who may not see the account may not log in there
        self.device_id.check_access("read")
        self._keep_to_this_request()
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
            if limited and isinstance(error, AuthorityError):
                raise
            raise UserError(self._text_of(error)) from error

    def _keep_to_this_request(self):
        """Have what looks by itself wait for a button that is pressed, and the other
        way round: one that came second is carried out anew by Odoo before it has
        called anybody, since nothing that the bureau limits may be asked twice."""
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                "SELECT id FROM %s WHERE id = %s FOR UPDATE",
                SQL.identifier(self._table),
                self.id,
            )
        )

    def _shown(self, code):
        if code.progress == "done" and code.text:
            self.qr_text = code.text
            return self._say(self._to_scan(code.kind))
        self.qr_text = False
        if code.progress == "running":
            return self._await(
                "code",
                self.env._(
                    "The bureau has not made the code yet. Press “Show it” in half a "
                    "minute, or get another one."
                ),
            )
        return self._say(code.words or self.env._("There is no code. Get a new one."))

    def _to_scan(self, kind):
        apps = {
            "1": self.env._("WeChat or Alipay"),
            "2": self.env._("the tax bureau's app"),
            "3": self.env._("the app of the e-business licence"),
            "4": self.env._("the tax bureau's app"),
        }
        return self.env._(
            "Scan it with %s within five minutes, then press “I have scanned it”.",
            apps.get(kind, apps["2"]),
        )

    def _open(self):
        """Show the dialog, with how the clerk stands at the bureau."""
        return self._say(self._how_it_stands())

    def _await(self, what, at_last):
        """Have the dialog look again by itself, for a while.

        :param at_last: what to do when that has not helped
        """
        now = fields.Datetime.now()
        if self.awaited != what:
            self.awaited_until = now + WAIT
        elif now >= self.awaited_until:
            return self._say(at_last)
        texts = {
            "code": self.env._(
                "The bureau makes the code, which is shown here in a moment."
            ),
            "login": self.env._(
                "The bureau is asked to log the clerk in, which takes a moment."
            ),
        }
        return self._say(texts[what], awaited=what)

    def _say(self, text, awaited=False):
        """Show the dialog again with how it stands."""
        self.write({"state_text": text, "awaited": awaited})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Tax bureau"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


def _is_good(code):
    """Whether a code can still be scanned."""
    if code.progress != "done" or not code.text:
        return False
    try:
        return read_local(code.ends_at) > datetime.now(timezone.utc)
    except ValueError:
        # it is not told until when
        return False
