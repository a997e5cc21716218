from dataclasses import replace

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..fiscal import lifecycle
from ..fiscal.contract import Problem
from ..fiscal.messages import _
from ..fiscal.retry import Backoff
from ..fiscal.signing.errors import KeyUnusable
from .ereceipt_signing_key import here

SIGNED_AT_ONCE = 100
"""How many documents one unit signs: what a process that dies has signed in vain."""

MESSAGES = frozenset({"send", "change"})
"""Purposes of units whose messages an authority may want signed."""

JUST_SIGNED_PAUSE = 0.05
"""Seconds until a person's request sends what it has signed, unless the jobs do."""

AWAY = Backoff(first=30.0, longest=600.0)
"""How often a key is looked for that was not there."""


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    signing_key_id = fields.Many2one(
        "ereceipt.signing.key",
        string="Signing key",
        check_company=True,
        ondelete="restrict",
        index="btree_not_null",
        tracking=True,
        help="The key with which documents are signed before they are sent.",
    )
    signs = fields.Boolean(string="Documents are signed", compute="_compute_signs")

    @api.depends("authority")
    def _compute_signs(self):
        for registration in self:
            registration.signs = bool(
                registration.authority
                and (registration._signs_documents() or registration._signs_messages())
            )

    def _signs_documents(self):
        """Whether its documents have to be signed before they are sent.

        Hook ``signs_documents``: an authority may take unsigned ones by a setting.
        """
        self.ensure_one()
        signs = self._authority_class().capabilities.signs == "document"
        return self._hook("signs_documents", signs)

    def _signs_messages(self):
        """Whether the key signs what is sent, each time anew."""
        self.ensure_one()
        return self._authority_class().capabilities.signs == "message"

    def _makes_codes(self):
        """Whether a security code is made with the key when something is issued."""
        self.ensure_one()
        return self._authority_class().capabilities.coded

    def _coding_signer(self):
        """Return the key that makes security codes, None where there are none.

        :raise UserError: the key cannot be used here
        """
        if not self._makes_codes():
            return None
        return self.sudo().signing_key_id._signer()

    def _key_problems(self):
        # EXTENDS
        problem = self._coding_problem()
        return [*super()._key_problems(), *([problem] if problem else [])]

    def _coding_problem(self):
        """Return what keeps security codes from being made now, or None."""
        if not self._makes_codes():
            return None
        key, record = self.sudo().signing_key_id, (self._name, self.id)
        if not key:
            return Problem(
                "key_missing",
                _(
                    "%(registration)s has no signing key, with which each document "
                    "gets its security code. Choose one there."
                ),
                record=record,
                values={"registration": self.sudo().name},
            )
        if key.kind == "agent":
            return Problem(
                "key_agent",
                _(
                    "The security code is made while the invoice is posted, and "
                    "%(key)s lies behind a signing agent, which takes its time. "
                    "Choose a key in a file, or a token at this server."
                ),
                record=record,
                values={"key": key.name},
            )
        if not key.active or not key.ready_at:
            return Problem(
                "key_away",
                _("The key %(key)s makes no security codes now: %(situation)s"),
                record=(key._name, key.id),
                values={"key": key.name, "situation": key.situation},
            )
        return None

    def write(self, vals):
        # EXTENDS: another key is tried at once
        result = super().write(vals)
        if "signing_key_id" in vals:
            self.filtered("breaker_open_until")._breaker_reset()
        return result


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    signature = fields.Text(
        prefetch=False,
        readonly=True,
        help="Of the content, which stays as it was signed.",
    )
    signed_at = fields.Datetime(string="Signed", readonly=True)
    signing_key_id = fields.Many2one(
        "ereceipt.signing.key", string="Signed with", ondelete="restrict", readonly=True
    )

    def _contract_document(self):
        # EXTENDS
        return replace(super()._contract_document(), signature=self.signature or "")

    def _signing_situation(self):
        """Return whether the signature comes by itself, for what now."""
        key = self.registration_id.signing_key_id
        return "to_sign" if key.active and key.ready_at else "to_sign_away"

    def _say_to_sign_away(self):
        return self._with_deadline(self._say_unsigned())

    def _say_unsigned(self):
        key = self.registration_id.signing_key_id
        if not key:
            return self.env._(
                "It waits for its signature: %s has no signing key.",
                self.registration_id.name,
            )
        return self.env._(
            "It waits for its signature. %(key)s: %(situation)s",
            key=key.name,
            situation=key.situation,
        )

    @api.model
    def _domain_needs_person(self):
        # EXTENDS: what is signed by itself asks nobody
        at_hand = Domain("state", "=", lifecycle.TO_SIGN) & Domain(
            "registration_id.signing_key_id.ready_at", "!=", False
        )
        return super()._domain_needs_person() & ~at_hand

    def _goes_interactively(self):
        # EXTENDS: signing comes first, where nobody has to do anything for it
        if self.state != lifecycle.TO_SIGN:
            return super()._goes_interactively()
        return (
            self._authority_class().capabilities.interactive
            and self._signing_situation() == "to_sign"
            and self.registration_id.signing_key_id.kind == "file"
            and not self._is_late()
        )

    def _pause_before_asking(self):
        # EXTENDS: what was signed just now is sent at once
        if self.state == lifecycle.QUEUED and self.signed_at and not self.sent_at:
            return None if self._holding_situation() else JUST_SIGNED_PAUSE
        return super()._pause_before_asking()

    def _store_signatures(self, signatures, key):
        """Keep the signatures of documents, and let those be sent.

        :param dict signatures: per document's id, in the authority's text form
        """
        now = fields.Datetime.now()
        for document in self.sudo():
            document.signature = signatures[document.id]
        self._go(
            lifecycle.QUEUED,
            signed_at=now,
            signing_key_id=key.id,
            last_error=False,
            next_attempt_at=now,
        )


class EreceiptWork(models.AbstractModel):
    """Signing, as units of work beside sending and asking: claimed alike, carried out
    in a thread, since a token takes its time, and written down afterwards. A document
    whose signing was lost is signed once more: nobody outside has seen it."""

    _inherit = "ereceipt.work"

    # -------------------------------------------------------------------------
    # CLAIMING
    # -------------------------------------------------------------------------

    def _sql_due_offline(self):
        # EXTENDS: signing calls no authority, so no breaker holds it back
        return SQL(
            "%s OR (d.state = 'to_sign' AND EXISTS (SELECT 1 "
            "FROM ereceipt_signing_key k WHERE k.id = r.signing_key_id AND k.active "
            "AND k.kind <> 'agent' AND k.ready_at <= %s "
            "AND (k.kind <> 'token' OR k.host = %s)))",
            super()._sql_due_offline(),
            fields.Datetime.now(),
            here(),
        )

    def _sql_purposes(self):
        # EXTENDS
        return [SQL("WHEN d.state = 'to_sign' THEN 'sign'"), *super()._sql_purposes()]

    def _states_for(self, purpose, authority_class):
        # EXTENDS
        if purpose == "sign":
            return [lifecycle.TO_SIGN]
        return super()._states_for(purpose, authority_class)

    def _most_at_once(self, registration, purpose):
        # EXTENDS
        if purpose == "sign":
            return SIGNED_AT_ONCE
        return super()._most_at_once(registration, purpose)

    def _unit_values(self, device, documents, purpose):
        # EXTENDS
        values = super()._unit_values(device, documents, purpose)
        registration = device.registration_id
        messages = purpose in MESSAGES and registration._signs_messages()
        if purpose == "sign" or messages:
            values["signer"] = registration.signing_key_id._signer()
        return values

    def _hold_unusable(self, device, documents, purpose, reason):
        # EXTENDS: without its key nothing is signed, and all else goes on
        if purpose == "sign":
            device.registration_id.signing_key_id._is_away(reason)
            return None
        return super()._hold_unusable(device, documents, purpose, reason)

    # -------------------------------------------------------------------------
    # SETTLING
    # -------------------------------------------------------------------------

    def _settle_unit_sign(self, unit, report, documents):
        """Keep the signatures that were made; the others are tried again when the key
        is at hand."""
        waiting = documents.filtered(lambda d: d.state == lifecycle.TO_SIGN)
        signed = waiting.filtered(lambda d: report.signatures.get(d.id))
        signed._store_signatures(report.signatures, self._key_of(unit))
        (waiting - signed).sudo().write(
            {"lease_token": False, "next_attempt_at": fields.Datetime.now()}
        )

    def _after_unit_sign(self, unit, report):
        """Note whether the key could sign."""
        key = self._key_of(unit)
        if report.error:
            reason = self._error_text(unit, report.error)
            key._could_not_sign(report.error, reason, unit.signer)
        elif report.signatures:
            key._could_sign()

    def _key_of(self, unit):
        registration = self.env["ereceipt.registration"].browse(unit.registration_id)
        return registration.signing_key_id


class EreceiptSigningKey(models.Model):
    _inherit = "ereceipt.signing.key"

    failures = fields.Integer(
        string="Failures in a row",
        readonly=True,
        program_only=True,
        copy=False,
        help="How often it could not sign, one time after another.",
    )

    def _at_hand(self):
        # EXTENDS: what was held back for want of the key goes on
        result = super()._at_hand()
        for registration in self.registration_ids:
            if registration.breaker_open_until and registration._signs_messages():
                registration.sudo()._breaker_reset()
        return result

    def _could_sign(self):
        self.ensure_one()
        values = {"last_used_at": fields.Datetime.now()}
        if self.failures or self.last_error:
            values.update(failures=0, last_error=False)
            self.env["ereceipt.alert"]._clear(self, "key")
        self.sudo().write(values)

    def _could_not_sign(self, error, reason, signer):
        """Try again later where the key is only away; otherwise a person has to do
        something first.

        Hook: each kind of key adds what follows for it.
        """
        self.ensure_one()
        failures = self.failures + 1
        self.sudo().failures = failures
        if isinstance(error, KeyUnusable):
            self._is_away(reason)
        else:
            self._is_away(reason, AWAY.delay(failures))
