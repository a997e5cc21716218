import base64
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle
from ..fiscal.signing.agent.config import AgentError
from ..fiscal.signing.agent.link import fetch_pin, show_pin
from ..fiscal.signing.agent_pairing import start_pairing
from ..fiscal.signing.certificate import is_warning, order_chain, read_certificate
from .ereceipt_secret_mixin import sealed_column

SILENT_AFTER = timedelta(minutes=5)
"""An agent asks about every half minute; one that has not for so long is away."""

OWN_SECONDS = 3.0
"""How long pairing waits to see this server's own certificate."""


class EreceiptSigningAgent(models.Model):
    """A signing agent: a program beside a token elsewhere that was paired with a key.

    Its life: an administrator has a code shown on the key and types it at the agent
    within minutes. From then on the agent asks for what there is to sign; each side
    knows the other by a secret that never travelled. It is forgotten by archiving it:
    what it asks then is refused.
    """

    _name = "ereceipt.signing.agent"
    _description = "Signing agent"
    _inherit = ["ereceipt.guard.mixin", "ereceipt.secret.mixin"]
    _order = "key_id, name, id"

    _ereceipt_kept = ("secret",)

    name = fields.Char(required=True, program_only=True)
    active = fields.Boolean(default=True)
    key_id = fields.Many2one(
        "ereceipt.signing.key",
        required=True,
        ondelete="cascade",
        index=True,
        program_only=True,
    )
    company_id = fields.Many2one(related="key_id.company_id", store=True, index=True)
    secret_sealed = sealed_column()
    paired_by_id = fields.Many2one(
        "res.users", string="Paired by", readonly=True, program_only=True
    )
    seen_at = fields.Datetime(string="Last heard of", readonly=True, program_only=True)
    is_ready = fields.Boolean(string="Can sign", readonly=True, program_only=True)
    problem = fields.Char(readonly=True, program_only=True)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_by_program(self):
        if not self.env.su:
            raise UserError(
                self.env._("Archive an agent instead: what it signed names it.")
            )


class EreceiptSigningNonce(models.Model):
    """A request of an agent that was seen: a second one with the same nonce is a
    repetition by somebody else. Kept only as long as a request is good."""

    _name = "ereceipt.signing.nonce"
    _description = "Request of a signing agent that was seen"
    _log_access = False

    agent_id = fields.Many2one(
        "ereceipt.signing.agent", required=True, ondelete="cascade"
    )
    nonce = fields.Char(string="Number used once", required=True)
    until = fields.Datetime(string="Kept until", required=True, index=True)

    _nonce_unique = models.UniqueIndex("(agent_id, nonce)")

    @api.autovacuum
    def _gc_nonces(self):
        self.sudo().search([("until", "<", fields.Datetime.now())]).unlink()


class EreceiptSigningKey(models.Model):
    """A key that lies where an agent runs."""

    _inherit = "ereceipt.signing.key"

    _ereceipt_kept = ("private_key", "pairing")

    agent_ids = fields.One2many("ereceipt.signing.agent", "key_id", string="Agents")
    pairing_ref = fields.Char(
        string="Pairing code's number",
        readonly=True,
        program_only=True,
        copy=False,
        index="btree_not_null",
        help="The part of the code that tells it from others.",
    )
    pairing_sealed = sealed_column()
    pairing_until = fields.Datetime(
        string="Pairing code is good until",
        readonly=True,
        program_only=True,
        copy=False,
    )
    pairing_attempts = fields.Integer(
        string="Wrong pairing codes",
        readonly=True,
        program_only=True,
        copy=False,
        help="How often a wrong code was tried; after some the code is void.",
    )
    pairing_by_id = fields.Many2one(
        "res.users",
        string="Pairing code made by",
        readonly=True,
        program_only=True,
        copy=False,
    )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_pair_agent(self):
        """Show, once, a code for pairing an agent; an earlier one ends."""
        self.ensure_one()
        self.check_access("write")
        if self.kind != "agent":
            raise UserError(
                self.env._("%s does not lie where an agent could run.", self.name)
            )
        # the call comes before the first write: nothing is locked while it lasts
        fingerprint, problem = self._own_fingerprint()
        code, pairing = start_pairing(str(self.id), self._utc_now())
        self._ereceipt_set_secret("pairing", base64.b64encode(pairing.key).decode())
        self.sudo().write(
            {
                "pairing_ref": pairing.id,
                "pairing_until": pairing.expires_at.replace(tzinfo=None),
                "pairing_attempts": pairing.attempts,
                "pairing_by_id": self.env.uid,
            }
        )
        wizard = self.env["ereceipt.pairing"].create(
            {
                "key_id": self.id,
                "fingerprint": fingerprint,
                "fingerprint_problem": problem,
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Pair an agent"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
            "context": {"ereceipt_pairing_code": code},
        }

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _own_fingerprint(self):
        """Look at our own address as an agent does that connects for the first time.

        :return: the fingerprint of the certificate's key as the agent shows it, and
            why it is not known; one of both is False
        """
        address = self.get_base_url()
        if not address.startswith("https://"):
            return False, self.env._(
                "Agents come by HTTPS alone, and this server's address is %s. Let it "
                "be served over HTTPS, and enter that address as the system parameter "
                "web.base.url.",
                address,
            )
        try:
            return show_pin(fetch_pin(address, OWN_SECONDS)), False
        except (AgentError, ValueError):
            return False, self.env._(
                "This server cannot see its own certificate at %s, so its fingerprint "
                "is not shown. Let whoever runs the server tell it to you.",
                address,
            )

    @api.model
    def _utc_now(self):
        return self.env["account.move"]._ereceipt_now()

    def _signer_agent(self):
        """No lane signs for an agent: it asks by itself."""
        raise UserError(
            self.env._("An agent signs with %s, not this server.", self.name)
        )

    def _agent_seen(self, agent, report, problems):
        """Note what an agent said of itself.

        :param problems: what is wrong with its certificate
        """
        wrong = [p for p in problems if not is_warning(p)]
        hindrance = report.problem or (wrong[0] if wrong else None)
        text = self.env["ereceipt.document"]._problem_text
        agent.sudo().write(
            {
                "seen_at": fields.Datetime.now(),
                "is_ready": hindrance is None,
                "problem": text(hindrance) if hindrance else False,
            }
        )
        if hindrance is None:
            self._agent_at_hand(report)

    def _agent_at_hand(self, report):
        if report.certificates:
            first, *others = [read_certificate(der) for der in report.certificates]
            if first.fingerprint != self.fingerprint:
                self._take_certificates(order_chain(first, others))
        if not self.ready_at or self.last_error:
            self._at_hand()

    @api.model
    def _notice_silent_agents(self):
        """Say of keys whose agents are all silent or cannot sign that they are away,
        where documents wait for them (upkeep)."""
        since = fields.Datetime.now() - SILENT_AFTER
        for key in self.sudo().search(
            [("kind", "=", "agent"), ("ready_at", "!=", False)]
        ):
            alive = key.agent_ids.filtered(
                lambda a: a.is_ready and a.seen_at and a.seen_at >= since
            )
            if not alive:
                key._agents_are_away()

    def _agents_are_away(self):
        waiting = self.env["ereceipt.document"].search_count(
            [
                ("registration_id.signing_key_id", "=", self.id),
                ("state", "=", lifecycle.TO_SIGN),
            ],
            limit=1,
        )
        if waiting:
            self._is_away(self._situation_agent())
        else:
            self.ready_at = False

    def _situation_agent(self):
        agents = self.agent_ids
        if not agents:
            return self.env._("No agent is paired.")
        last = max(agents, key=lambda a: a.seen_at or a.create_date)
        since = fields.Datetime.now() - SILENT_AFTER
        if not last.seen_at or last.seen_at < since:
            return self.env._(
                "The agent %s is not heard of. See whether its computer is on.",
                last.name,
            )
        if last.is_ready:
            return self.env._("Ready: the agent %s is asking.", last.name)
        return self.env._(
            "The agent %(agent)s cannot sign: %(problem)s",
            agent=last.name,
            problem=last.problem or "",
        )
