import logging
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle
from ..fiscal.contract import TransientError
from ..fiscal.transport import is_loopback
from ..fiscal.webhook import SHORTEST_SECRET, Policy, check_target, parse_networks
from .ereceipt_notification import RELOAD, notification
from .ereceipt_secret_mixin import sealed_column, secret_flag, secret_input

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

NETWORKS_PARAMETER = "account_ereceipt.webhook_networks"
FORMER_FOR = timedelta(days=2)
"""How long a secret goes on signing after another one was entered."""

STATES = {
    lifecycle.VALID: "tells_valid",
    lifecycle.INVALID: "tells_invalid",
    lifecycle.REJECTED: "tells_rejected",
    lifecycle.CANCELLED: "tells_cancelled",
    lifecycle.LATE: "tells_late",
    lifecycle.FAILED: "tells_failed",
    lifecycle.SUPERSEDED: "tells_superseded",
    lifecycle.WITHDRAWN: "tells_withdrawn",
}
"""States that a receiver is told of, each with the field that says whether."""


class EreceiptWebhook(models.Model):
    """An address of another system that is told what became of documents.

    Its life: an administrator enters the address and a secret, chooses what is told,
    and sends a message on trial. From then on each change of state writes a delivery,
    in the transaction that changes it, and a job of its own brings deliveries to the
    receiver: signed, each until it is taken or too old. A receiver that is down is left
    in peace for growing pauses; one that answers 410 is archived. Another secret may be
    entered at any time: for two days both sign.

    It belongs to one database: a copy of it tells nobody anything.
    """

    _name = "ereceipt.webhook"
    _description = "Web hook for electronic receipts"
    _inherit = [
        "ereceipt.secret.mixin",
        "ereceipt.breaker.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "company_id, name, id"

    _ereceipt_secrets = ("secret",)
    _ereceipt_kept = ("former_secret",)

    name = fields.Char(required=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    environment = fields.Selection(
        [("test", "Test"), ("production", "Production")],
        required=True,
        default="test",
        tracking=True,
        help="Only documents of this environment are told of.",
    )
    url = fields.Char(
        string="Address",
        required=True,
        tracking=True,
        help="Where messages are sent to. It begins with https://; only for the test "
        "environment this server itself may be called, with http:// too.",
    )
    responsible_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        help="Is told when messages cannot be brought to the receiver.",
    )

    # --- what is told ---
    tells_valid = fields.Boolean(string="Valid", default=True)
    tells_invalid = fields.Boolean(string="Refused", default=True)
    tells_rejected = fields.Boolean(string="Rejected by the buyer", default=True)
    tells_cancelled = fields.Boolean(string="Cancelled", default=True)
    tells_late = fields.Boolean(string="Late", default=True)
    tells_failed = fields.Boolean(string="Given up", default=True)
    tells_superseded = fields.Boolean(string="Replaced", default=True)
    tells_withdrawn = fields.Boolean(string="Withdrawn", default=True)

    # --- secrets ---
    secret_sealed = sealed_column()
    secret = secret_input(
        "Secret",
        help="What messages are signed with. The receiver knows it too. Make it of "
        "chance, with 32 characters at least.",
    )
    secret_set = secret_flag("Secret is set")
    former_secret_sealed = sealed_column()
    former_until = fields.Datetime(
        string="Former secret signs until",
        readonly=True,
        copy=False,
        program_only=True,
        help="Until then messages bear two signatures, so that the receiver may know "
        "either secret.",
    )

    # --- policy ---
    call_timeout = fields.Integer(
        string="Seconds per call",
        default=10,
        help="Seconds within which the receiver has to answer.",
    )
    keep_days = fields.Integer(
        string="Days of trying",
        default=3,
        help="After so many days a message that was not taken is given up.",
    )

    # --- database of origin ---
    database_uuid = fields.Char(
        string="Tells from the database",
        readonly=True,
        copy=False,
        program_only=True,
        default=lambda self: self.env["ereceipt.registration"]._database_uuid(),
    )
    is_foreign_database = fields.Boolean(
        string="In a copied database", compute="_compute_is_foreign_database"
    )

    # --- monitor ---
    delivery_ids = fields.One2many("ereceipt.webhook.delivery", "webhook_id")
    delivery_count = fields.Integer(string="Deliveries", compute="_compute_counts")
    pending_count = fields.Integer(string="Under way", compute="_compute_counts")
    dead_count = fields.Integer(string="Not taken", compute="_compute_counts")

    _numbers_in_bounds = models.Constraint(
        "CHECK (call_timeout BETWEEN 1 AND 30 AND keep_days BETWEEN 1 AND 14)",
        "A call may last from 1 to 30 seconds, and a message is tried from 1 to 14 "
        "days.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("database_uuid")
    def _compute_is_foreign_database(self):
        here = self.env["ereceipt.registration"]._database_uuid()
        for hook in self:
            hook.is_foreign_database = hook.database_uuid != here

    def _compute_counts(self):
        counts = {
            (hook, state): count
            for hook, state, count in self.env["ereceipt.webhook.delivery"]._read_group(
                [("webhook_id", "in", self.ids)],
                ["webhook_id", "state"],
                ["__count"],
            )
        }
        totals = Counter()
        for (hook, _state), count in counts.items():
            totals[hook] += count
        for hook in self:
            hook.delivery_count = totals[hook]
            hook.pending_count = sum(
                counts.get((hook, state), 0) for state in ("pending", "sending")
            )
            hook.dead_count = counts.get((hook, "dead"), 0)

    @api.depends("url")
    def _compute_forgets_secrets(self):
        return super()._compute_forgets_secrets()

    # -------------------------------------------------------------------------
    # CONSTRAINT METHODS
    # -------------------------------------------------------------------------

    @api.constrains("url", "environment")
    def _check_url(self):
        for hook in self:
            try:
                check_target(hook.url, loopback=hook.environment == "test")
            except TransientError as error:
                text = hook.env["ereceipt.document"]._error_text(error, self.env.user)
                raise ValidationError(text) from error

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        hooks = super().create(vals_list)
        self.env.registry.clear_cache()
        return hooks

    def write(self, vals):
        result = super().write(vals)
        heard = {"active", "company_id", "environment", *STATES.values()}
        if heard & vals.keys():
            self.env.registry.clear_cache()
        if {"url", "secret"} & vals.keys():
            # what failed, failed with another one
            held = self.filtered("breaker_open_until")
            held._breaker_reset()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # -------------------------------------------------------------------------
    # SECRETS
    # -------------------------------------------------------------------------

    def _ereceipt_secret_target(self):
        # EXTENDS: who knows the secret could make messages as ours
        self.ensure_one()
        return self.url

    def _ereceipt_target_changed(self, sealed):
        # EXTENDS: the former one was for the other receiver as well
        result = super()._ereceipt_target_changed(sealed)
        self._forget_former_secret()
        return result

    def _ereceipt_set_secret(self, name, value):
        # EXTENDS: the secret before goes on signing for a while
        if name != "secret" or not value:
            return super()._ereceipt_set_secret(name, value)
        if len(value) < SHORTEST_SECRET:
            raise UserError(
                self.env._(
                    "The secret of %(hook)s is too short: make one of chance, with "
                    "%(length)s characters at least.",
                    hook=self.name,
                    length=SHORTEST_SECRET,
                )
            )
        before = self._openable_secret()
        if before and before != value:
            super()._ereceipt_set_secret("former_secret", before)
            self.sudo().former_until = fields.Datetime.now() + FORMER_FOR
        return super()._ereceipt_set_secret(name, value)

    def _openable_secret(self):
        """Return the present secret, "" where there is none or its key is lost: then
        it cannot sign any more."""
        try:
            return self._ereceipt_secret("secret")
        except UserError:
            _logger.warning("The former secret of web hook %s is not known", self.id)
            return ""

    def _forget_former_secret(self):
        hooks = self.sudo()
        for hook in hooks.filtered("former_secret_sealed"):
            hook._ereceipt_set_secret("former_secret", False)
        hooks.filtered("former_until").former_until = False

    def _signing_secrets(self):
        """Return every secret that is valid now, in clear. For calls only.

        :raise UserError: one cannot be opened on this server
        """
        self.ensure_one()
        secrets = [self._ereceipt_secret("secret")]
        until = self.sudo().former_until
        if until and until > fields.Datetime.now():
            secrets.append(self._ereceipt_secret("former_secret"))
        return tuple(filter(None, secrets))

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_send_test(self):
        """Send a message on trial, which is about no document.

        :raise UserError: nothing can be sent from here
        """
        self.check_access("write")
        for hook in self:
            if hook.is_foreign_database or not hook.active or not hook.secret_set:
                raise UserError(
                    self.env._(
                        "%s sends nothing: it has no secret, is archived, or is in a "
                        "copied database.",
                        hook.name,
                    )
                )
        deliveries = self.env["ereceipt.webhook.delivery"].sudo()
        deliveries._write_test(self)
        # what is shown is loaded again: the delivery counts among the others
        message = self.env._("A message on trial is on its way. See “Deliveries”.")
        return notification("info", message, RELOAD)

    def action_confirm_database(self):
        """Let this database tell the receivers: it takes the place of the other."""
        self.check_access("write")
        self.sudo().database_uuid = self.env["ereceipt.registration"]._database_uuid()

    def action_close_breaker(self):
        """Let calls through again at once."""
        self.check_access("write")
        self._breaker_reset()
        self.env["ereceipt.webhook.delivery"].sudo()._wake()

    def action_forget_former_secret(self):
        """Sign with the present secret alone: the receiver knows it."""
        self.check_access("write")
        self._forget_former_secret()

    def action_open_deliveries(self):
        """Show what was sent to the receiver."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_webhook_delivery_action"
        )
        return {
            **action,
            "domain": [("webhook_id", "=", self.id)],
            "context": {"search_default_not_taken": self.dead_count > 0},
        }

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    @tools.ormcache()
    def _heard(self):
        """Return the states that somebody is told of, by company id and environment;
        empty where nobody is, and then nothing is done when documents change."""
        heard = {}
        # what a caller's context says of archived ones must not get into the cache
        for hook in self.with_env(self.env(su=True, context={})).search([]):
            states = {state for state, name in STATES.items() if hook[name]}
            key = (hook.company_id.id, hook.environment)
            heard[key] = heard.get(key, frozenset()) | states
        return tools.frozendict(heard)

    def _policy(self):
        """Return which addresses may be called for it."""
        self.ensure_one()
        parameters = self.env["ir.config_parameter"].sudo()
        given = parameters.get_param(NETWORKS_PARAMETER) or ""
        try:
            networks = parse_networks(given)
        except ValueError:
            _logger.error("%s names no networks: %r", NETWORKS_PARAMETER, given)
            networks = ()
        return Policy(networks, self._is_local())

    def _is_local(self):
        """Whether the receiver is on this server, which a trial may be."""
        host = urlsplit(self.url).hostname or ""
        return self.environment == "test" and is_loopback(host)

    def _stop(self, reason):
        """Tell the receiver nothing any more: it wants that."""
        for hook in self.sudo():
            hook.active = False
            self.env["ereceipt.alert"]._raise(
                hook,
                "webhook_gone",
                _lt("The receiver of a web hook wants no messages any more"),
                reason,
            )

    def _alert_users(self):
        """Return who is told of what goes wrong."""
        return self.responsible_id or self.env.ref("base.user_admin")

    def _breaker_opened(self, reason):
        self.env["ereceipt.alert"]._raise(
            self,
            "breaker",
            _lt("Messages of a web hook are held back"),
            reason,
        )

    def _breaker_closed(self):
        self.env["ereceipt.alert"]._clear(self, "breaker")

    @api.model
    def _end_former_secrets(self):
        """Forget the former secrets whose time is over; called by the upkeep job."""
        ended = self.sudo().with_context(active_test=False)
        ended.search(
            [("former_until", "<=", fields.Datetime.now())]
        )._forget_former_secret()


class EreceiptOutbox(models.AbstractModel):
    _inherit = "ereceipt.outbox"

    @api.model
    def _upkeep_steps(self):
        # EXTENDS
        return [
            *super()._upkeep_steps(),
            self.env["ereceipt.webhook"]._end_former_secrets,
            self.env["ereceipt.webhook.delivery"]._purge,
        ]
