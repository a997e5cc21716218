import os
import threading
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..fiscal.contract import FiscalError
from ..fiscal.signing.certificate import read_certificate
from ..fiscal.signing.errors import KeyUnusable, PinNeeded, PinRefused
from ..fiscal.signing.pkcs11_module import pkcs11_module
from ..fiscal.signing.token import TokenKey
from .ereceipt_secret_mixin import sealed_column, secret_flag, secret_input
from .ereceipt_signing_key import here

MODULES_OPTION = "ereceipt_pkcs11_libraries"
"""Option of the server's configuration file: the PKCS#11 modules that may be used,
divided by commas. A module is a program that runs inside the server, so it is chosen
by who runs the server and not by who administers the company."""

LONGEST_PIN = 255

_TOKENS = {}
_TOKENS_LOCK = threading.Lock()


def token_key(path, serial, fingerprint):
    """Return this process's key on a token; its session lasts as long as the
    process."""
    with _TOKENS_LOCK:
        place = (path, serial, fingerprint)
        if place not in _TOKENS:
            _TOKENS[place] = TokenKey(pkcs11_module(path), serial, fingerprint)
        return _TOKENS[place]


class TokenSigner:
    """A key on a token that logs in when it signs for the first time; a contract
    Signer. Used by one thread, after which :attr:`logged_in` tells what happened.

    :ivar logged_in: whether the PIN was given to the token and taken
    """

    def __init__(self, key, pin):
        self._key = key
        self._pin = pin
        self.logged_in = False

    def certificate_chain(self):
        return self._key.certificate_chain()

    def sign(self, data, document, digest="sha256"):
        if not self.logged_in and isinstance(self._key.hindrance(), PinNeeded):
            if not self._pin:
                raise self._key.hindrance()
            pin, self._pin = self._pin, ""
            self._key.log_in(pin)
        self.logged_in = True
        return self._key.sign(data, document, digest)


class EreceiptSigningKey(models.Model):
    """A key on a token or HSM that is plugged into one of our servers.

    Its PIN is typed by a person and sealed. The first process that signs gives it to
    the token, once, and notes before that it is trying: a process that dies then has
    used the PIN up. A PIN that the token took is used by the server's other processes,
    each once, until the end of its time; one that it refused is forgotten at once, and
    so is any when the token is taken out.
    """

    _inherit = "ereceipt.signing.key"

    _ereceipt_secrets = ("pin",)

    module_path = fields.Selection(
        selection="_selection_module_path",
        string="PKCS#11 module",
        help="Of those that the server's configuration names.",
    )
    token_serial = fields.Char(
        string="Serial number of the token",
        help="Which token, where several are plugged in. Empty: the only one.",
    )
    token_certificate = fields.Char(
        string="Certificate's SHA-256",
        help="Which certificate, where the token has several for signatures.",
    )
    pin_sealed = sealed_column()
    pin = secret_input("PIN")
    pin_set = secret_flag("PIN is there")
    pin_state = fields.Selection(
        [
            ("none", "Has to be typed"),
            ("typed", "Typed"),
            ("trying", "Being tried"),
            ("good", "Accepted"),
        ],
        string="State of the PIN",
        default="none",
        readonly=True,
        program_only=True,
        copy=False,
    )
    pin_until = fields.Datetime(
        string="PIN is kept until",
        readonly=True,
        program_only=True,
        copy=False,
        help="Then it has to be typed again.",
    )
    pin_hours = fields.Integer(
        string="Keep the PIN for",
        default=12,
        help="Hours after which the PIN has to be typed again.",
    )

    _pin_hours_bounded = models.Constraint(
        "CHECK (pin_hours BETWEEN 1 AND 744)",
        "A PIN is kept for between 1 and 744 hours.",
    )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_read_token(self):
        """Look what is plugged in, without a PIN, and take the certificate."""
        self.ensure_one()
        self.check_access("write")
        self._check_here()
        try:
            chain = self._token_key().certificate_chain()
        except FiscalError as error:
            raise UserError(self._fiscal_text(error)) from error
        self._take_certificates([read_certificate(der) for der in chain])
        return True

    def action_forget_pin(self):
        """Sign no more until somebody types the PIN."""
        self.check_access("write")
        self._forget_pin()
        return True

    # -------------------------------------------------------------------------
    # BUSINESS METHODS: PIN
    # -------------------------------------------------------------------------

    def _inverse_ereceipt_secrets(self):
        # EXTENDS: a PIN that was typed is tried by the next run
        typed = self.filtered("pin")
        for key in typed:
            key._check_pin(key.pin)
        result = super()._inverse_ereceipt_secrets()
        for key in typed:
            until = fields.Datetime.now() + timedelta(hours=key.pin_hours)
            key.sudo().write({"pin_state": "typed", "pin_until": until})
            key._at_hand()
        return result

    def _check_pin(self, pin):
        self._check_here()
        if self.kind != "token" or not self.certificate_pem:
            raise UserError(self.env._("Read the token before its PIN is typed."))
        if len(pin) > LONGEST_PIN:
            raise UserError(self.env._("That is too long for a PIN."))

    def _ereceipt_secret_target(self):
        # EXTENDS: a PIN is for one token behind one module
        self.ensure_one()
        return (self.kind, self.module_path, self.token_serial, self.host)

    @api.depends("kind", "module_path", "token_serial", "host")
    def _compute_forgets_secrets(self):
        return super()._compute_forgets_secrets()

    def _ereceipt_target_changed(self, sealed):
        # EXTENDS
        result = super()._ereceipt_target_changed(sealed)
        if self.kind == "token" and not self.pin_set:
            self._forget_pin()
        return result

    def _forget_pin(self):
        for key in self:
            key._ereceipt_set_secret("pin", False)
        self.sudo().write({"pin_state": "none", "pin_until": False, "ready_at": False})

    @api.model
    def _forget_old_pins(self):
        """Forget the PINs whose time is over (upkeep)."""
        self.sudo().search(
            [("pin_until", "<=", fields.Datetime.now()), ("pin_state", "!=", "none")]
        )._forget_pin()

    # -------------------------------------------------------------------------
    # BUSINESS METHODS: SIGNING
    # -------------------------------------------------------------------------

    def _signer_token(self):
        """Return a signer for one unit of work; called when the unit is claimed, so
        that what is noted here is committed before the token is touched.

        :raise UserError: there is no PIN to try
        """
        self._check_here()
        if self.pin_state == "trying" or not self.pin_set:
            self._forget_pin()
            raise UserError(
                self.env._(
                    "The PIN of %s has to be typed again: a process ended while it was "
                    "trying it.",
                    self.name,
                )
                if self.pin_state == "trying"
                else self.env._("The PIN of %s has to be typed.", self.name)
            )
        pin = self._ereceipt_secret("pin")
        if self.pin_state == "typed":
            # nobody else tries it meanwhile
            self.sudo().write({"pin_state": "trying", "ready_at": False})
        return TokenSigner(self._token_key(), pin)

    def _token_key(self):
        self.ensure_one()
        named = [path for path, _label in self._selection_module_path()]
        if self.module_path not in named:
            raise UserError(
                self.env._(
                    "Choose the PKCS#11 module of %(key)s. If there is none to "
                    "choose, name it in the server's configuration file: %(option)s = "
                    "/path/to/the/module.so",
                    key=self.name,
                    option=MODULES_OPTION,
                )
            )
        try:
            return token_key(
                self.module_path,
                self.token_serial or "",
                self.token_certificate or "",
            )
        except KeyUnusable as error:
            raise UserError(self._fiscal_text(error)) from error

    def _check_here(self):
        if self.kind == "token" and self.host and self.host != here():
            raise UserError(
                self.env._(
                    "The token of %(key)s is plugged into %(host)s, and this is "
                    "%(here)s.",
                    key=self.name,
                    host=self.host,
                    here=here(),
                )
            )

    def _fiscal_text(self, error):
        return self.env["ereceipt.document"]._error_text(error, self.env.user)

    def _could_sign(self):
        # EXTENDS
        if self.kind == "token" and self.pin_state == "trying":
            self.sudo().write({"pin_state": "good", "ready_at": fields.Datetime.now()})
        return super()._could_sign()

    def _could_not_sign(self, error, reason, signer):
        # EXTENDS: a PIN that was refused is not tried again, nor one whose session
        # ended; one that the token has not seen is tried when the token is there
        if self.kind != "token":
            return super()._could_not_sign(error, reason, signer)
        if signer.logged_in or isinstance(error, PinRefused | PinNeeded):
            self._forget_pin()
            return self._is_away(reason)
        if self.pin_state == "trying":
            self.sudo().pin_state = "typed"
        return super()._could_not_sign(error, reason, signer)

    def _situation_token(self):
        if not self.certificate_pem:
            return self.env._("Read the token.")
        if self.pin_state == "none":
            return self.last_error or self.env._("Type its PIN.")
        if self.last_error:
            return self.last_error
        if self.pin_state == "good":
            return self.env._("Ready")
        return self.env._("The PIN is tried with the next document.")

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _selection_module_path(self):
        paths = (config.get(MODULES_OPTION) or "").split(",")
        return [(p, os.path.basename(p)) for path in paths if (p := path.strip())]
