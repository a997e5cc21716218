import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..fiscal import lifecycle
from .ereceipt_secret_mixin import sealed_column, secret_flag, secret_input

KEPT_FOR = timedelta(days=30)
WATCHED = lifecycle.ASKED | lifecycle.FOLLOWED
"""States in which what an authority says may bring a document on."""

HINT_PAUSE = timedelta(seconds=30)
"""A document is asked about once in so long because of hints, however many there are.
None is lost: what comes meanwhile has it asked about when the pause is over."""

MOST_A_MINUTE = 300
"""Call-backs of one registration that are taken; who calls more often is to come again
later."""


class EreceiptCallback(models.Model):
    """A call-back of an authority that was received, kept for a month: so that the
    same one, delivered twice, is taken once. It is a hint and nothing more: what it
    names is asked about."""

    _name = "ereceipt.callback"
    _description = "Call-back of a tax authority"
    _order = "id desc"
    _log_access = False

    registration_id = fields.Many2one(
        "ereceipt.registration", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="registration_id.company_id", store=True)
    delivery = fields.Char(
        string="Delivery number",
        required=True,
        help="The authority's own number of this message, or what stands for one.",
    )
    topic = fields.Char(string="About", required=True)
    received_at = fields.Datetime(
        string="Received", required=True, index=True, help="When the authority called."
    )
    document_count = fields.Integer(string="Documents asked about")

    _delivery_unique = models.UniqueIndex("(registration_id, delivery)")

    @api.autovacuum
    def _gc_callbacks(self):
        before = fields.Datetime.now() - KEPT_FOR
        self.sudo().search([("received_at", "<", before)]).unlink()


class EreceiptRegistration(models.Model):
    """Where an authority may call us, and how it shows that it is the authority."""

    _inherit = "ereceipt.registration"

    _ereceipt_secrets = ("client_secret", "client_secret_2", "callback_key")

    takes_callbacks = fields.Boolean(
        string="Takes call-backs",
        compute="_compute_takes_callbacks",
        help="The authority can tell of news by itself.",
    )
    tells_callback_url = fields.Boolean(
        string="Tells the address for call-backs",
        compute="_compute_takes_callbacks",
        help="The authority gets the address with each document. It knows no key.",
    )
    callback_path = fields.Char(
        string="Address for call-backs",
        readonly=True,
        program_only=True,
        copy=False,
        index="btree_not_null",
        groups="account_ereceipt.group_ereceipt_admin",
    )
    callback_url = fields.Char(
        string="Address for call-backs",
        compute="_compute_callback_url",
        groups="account_ereceipt.group_ereceipt_admin",
        help="Where the authority may call. Whoever knows it, and the key if there is "
        "one, may call it as well, so keep it.",
    )
    callback_key_sealed = sealed_column()
    callback_key = secret_input("Call-back key")
    callback_key_set = secret_flag("Call-back key is set")

    @api.depends("authority")
    def _compute_takes_callbacks(self):
        for registration in self:
            known = registration.authority
            registration.takes_callbacks = bool(known and registration._callback_base())
            registration.tells_callback_url = bool(
                known and registration._hook("tells_callback_url", False)
            )

    @api.depends("callback_path", "authority")
    def _compute_callback_url(self):
        for registration in self:
            path = registration.callback_path
            base = registration._callback_base() if path else ""
            registration.callback_url = base and (
                f"{registration.get_base_url()}{base}/{path}"
            )

    def _callback_base(self):
        """Return below which path the authority's call-backs are served, "" where it
        makes none (hook ``callback_base``)."""
        return self._hook("callback_base", "")

    def action_open_for_callbacks(self):
        """Make an address for call-backs; an earlier one serves no more."""
        self.check_access("write")
        for registration in self:
            registration.sudo().callback_path = secrets.token_urlsafe(24)
        return True

    def action_close_for_callbacks(self):
        """Serve no call-backs any more."""
        self.check_access("write")
        self.sudo().callback_path = False
        return True

    def _take_callback(self, delivery, topic, named):
        """Let the authority be asked about what it tells of, once for each delivery.

        :param str delivery: tells repeated deliveries, "" if nothing does
        :param Domain named: which documents of this registration it tells of
        :return: False where too many came at once, and nothing was done
        """
        self.ensure_one()
        if self._has_too_many_callbacks():
            return False
        if delivery and not self._is_new_callback(delivery, topic):
            return True
        documents = self.env["ereceipt.document"].search(
            Domain("registration_id", "=", self.id)
            & Domain("environment", "=", self.environment)
            & Domain("state", "in", sorted(WATCHED))
            & named
        )
        documents._take_hint()
        if delivery:
            self.env["ereceipt.callback"].search(
                [("registration_id", "=", self.id), ("delivery", "=", delivery)]
            ).document_count = len(documents)
        return True

    def _has_too_many_callbacks(self):
        since = fields.Datetime.now() - timedelta(minutes=1)
        taken = self.env["ereceipt.callback"].search_count(
            [("registration_id", "=", self.id), ("received_at", ">", since)],
            limit=MOST_A_MINUTE,
        )
        return taken >= MOST_A_MINUTE

    def _is_new_callback(self, delivery, topic):
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO ereceipt_callback "
                "(registration_id, company_id, delivery, topic, received_at) "
                "VALUES (%s, %s, %s, %s, %s) "
                "ON CONFLICT (registration_id, delivery) DO NOTHING RETURNING id",
                self.id,
                self.company_id.id,
                delivery,
                topic,
                fields.Datetime.now(),
            )
        )
        return bool(rows)


class EreceiptDocument(models.Model):
    """What an authority's hints do to a document: it is asked about sooner."""

    _inherit = "ereceipt.document"

    hinted_at = fields.Datetime(
        string="Asked about because of a call-back",
        readonly=True,
        help="When a call-back last made it due.",
    )

    def _take_hint(self):
        """Make documents due, each once in :data:`HINT_PAUSE`; one that is being asked
        about at this moment once more afterwards."""
        now = fields.Datetime.now()
        sooner = {}
        for document in self._locked_for_hint():
            before = document.hinted_at
            at = max(now, before + HINT_PAUSE) if before else now
            if document.lease_token:
                if not before or before <= now:
                    document.hinted_at = now + HINT_PAUSE
            elif not document.next_attempt_at or document.next_attempt_at > at:
                sooner.setdefault(at, self.browse())
                sooner[at] |= document
        for at, documents in sooner.items():
            documents.write({"next_attempt_at": at, "hinted_at": at})
        if now in sooner:
            self.env["ereceipt.outbox"]._wake()

    def _locked_for_hint(self):
        self.flush_recordset(["hinted_at", "lease_token", "next_attempt_at"])
        return self.env["ereceipt.work"]._locking(
            SQL(
                "SELECT d.id FROM ereceipt_document d WHERE d.id = ANY(%s) "
                "ORDER BY d.id FOR NO KEY UPDATE",
                self.ids,
            )
        )


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    def _settle_pending(self, document, unit, outcome):
        # EXTENDS: what was told meanwhile may be younger than the answer
        result = super()._settle_pending(document, unit, outcome)
        at = document.hinted_at
        if at and fields.Datetime.now() < at < document.next_attempt_at:
            document.sudo().next_attempt_at = at
        return result
