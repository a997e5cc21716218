import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ..fiscal import lifecycle
from .ereceipt_secret_mixin import sealed_column, secret_flag, secret_input

KEPT_FOR = timedelta(days=30)
WATCHED = lifecycle.ASKED | lifecycle.FOLLOWED
"""States in which what an authority says may bring a document on."""


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
        help="The authority's own number of this message.",
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
        help="To be entered on the authority's portal. Whoever knows it and the key "
        "may call it, so keep it.",
    )
    callback_key_sealed = sealed_column()
    callback_key = secret_input("Call-back key")
    callback_key_set = secret_flag("Call-back key is set")

    @api.depends("authority")
    def _compute_takes_callbacks(self):
        for registration in self:
            registration.takes_callbacks = bool(
                registration.authority and registration._callback_base()
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

    def _take_callback(self, delivery, topic, uids, submissions):
        """Let the authority be asked about what it tells of, once for each delivery.

        :param str delivery: tells repeated deliveries, "" if nothing does
        """
        self.ensure_one()
        if delivery and not self._is_new_callback(delivery, topic):
            return
        documents = self.env["ereceipt.document"].search(
            [
                ("registration_id", "=", self.id),
                ("environment", "=", self.environment),
                ("state", "in", sorted(WATCHED)),
                "|",
                ("authority_uid", "in", sorted(uids)),
                ("submission_ref", "in", sorted(submissions)),
            ]
        )
        if documents:
            documents.write({"next_attempt_at": fields.Datetime.now()})
            self.env["ereceipt.outbox"]._wake()
        if delivery:
            self.env["ereceipt.callback"].search(
                [("registration_id", "=", self.id), ("delivery", "=", delivery)]
            ).document_count = len(documents)

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
