import base64
from datetime import timezone

from psycopg2.errors import UniqueViolation

from odoo import fields, models
from odoo.tools import SQL

from ..fiscal import lifecycle
from ..fiscal.contract import Problem
from ..fiscal.signing.agent_desk import Agent, JobState, Lease, Refusal
from ..fiscal.signing.agent_pairing import Pairing
from ..fiscal.signing.agent_protocol import dump_problem, read_problem

OFFERED_FROM = 50
"""How many documents are looked through for one that an agent may have."""


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    signing_refusals = fields.Json(
        string="Agents that refused it",
        readonly=True,
        help="What agents answered instead of a signature.",
    )


class SigningStore:
    """What the desk of the signing agents keeps (``fiscal.signing.agent_desk.Store``).

    No model, so that nobody calls it from outside. Works as the superuser in a
    transaction of its own request: an agent is known by its secret, not by a user.

    :param env: of the superuser
    """

    def __init__(self, env):
        self.env = env

    # -------------------------------------------------------------------------
    # PAIRING
    # -------------------------------------------------------------------------

    def pairing(self, pairing_id):
        key = self._locked_key(pairing_id)
        if not key:
            return None
        return Pairing(
            id=pairing_id,
            registration=str(key.id),
            expires_at=key.pairing_until.replace(tzinfo=timezone.utc),
            attempts=key.pairing_attempts,
            key=base64.b64decode(key._ereceipt_secret("pairing")),
        )

    def _locked_key(self, pairing_id):
        keys = self.env["ereceipt.signing.key"]
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM ereceipt_signing_key WHERE pairing_ref = %s AND active "
                "AND pairing_sealed IS NOT NULL FOR NO KEY UPDATE",
                pairing_id,
            )
        )
        return keys.browse(rows[0][0]) if rows else keys

    def put_pairing(self, pairing):
        key = self.env["ereceipt.signing.key"].browse(int(pairing.registration))
        key.pairing_attempts = pairing.attempts

    def new_agent(self, pairing, name, certificates):
        key = self.env["ereceipt.signing.key"].browse(int(pairing.registration))
        row = self.env["ereceipt.signing.agent"].create(
            {"name": name, "key_id": key.id, "paired_by_id": key.pairing_by_id.id}
        )
        key._ereceipt_set_secret("pairing", False)
        key.write({"pairing_ref": False, "pairing_until": False})
        key.message_post(
            body=self.env._("The signing agent %s was paired with this key.", name)
        )
        return self._agent(row, b"")

    def put_secret(self, agent):
        row = self.env["ereceipt.signing.agent"].browse(int(agent.id))
        row._ereceipt_set_secret("secret", base64.b64encode(agent.secret).decode())

    # -------------------------------------------------------------------------
    # AGENTS
    # -------------------------------------------------------------------------

    def agent(self, agent_id):
        if not agent_id.isdecimal():
            return None
        row = self.env["ereceipt.signing.agent"].search([("id", "=", int(agent_id))])
        if not row or not row.key_id.active or not row.secret_sealed:
            return None
        return self._agent(row, base64.b64decode(row._ereceipt_secret("secret")))

    def _agent(self, row, secret):
        company = row.key_id.company_id
        return Agent(
            id=str(row.id),
            name=row.name,
            registration=str(row.key_id.id),
            secret=secret,
            rin="".join(c for c in (company.vat or "") if c.isdigit()),
            registration_name=company.name,
        )

    def is_new(self, agent, nonce, until):
        """In a transaction of its own: what this request does may be undone, what was
        seen was seen."""
        try:
            with self.env.registry.cursor() as cr:
                cr.execute(
                    SQL(
                        "INSERT INTO ereceipt_signing_nonce (agent_id, nonce, until) "
                        "VALUES (%s, %s, %s)",
                        int(agent.id),
                        nonce,
                        until.replace(tzinfo=None),
                    ),
                    log_exceptions=False,
                )
        except UniqueViolation:
            return False
        return True

    def seen(self, agent, report, problems, now):
        row = self.env["ereceipt.signing.agent"].browse(int(agent.id))
        row.key_id._agent_seen(row, report, problems)

    # -------------------------------------------------------------------------
    # JOBS
    # -------------------------------------------------------------------------

    def waiting(self, agent):
        key = self.env["ereceipt.signing.key"].browse(int(agent.registration))
        registrations = key.registration_ids._sends_here()
        self.env["ereceipt.work"]._renew_unsigned(registrations)
        documents = self.env["ereceipt.document"].search(
            [
                ("registration_id", "in", registrations.ids),
                ("state", "=", lifecycle.TO_SIGN),
            ],
            order="id",
            limit=OFFERED_FROM,
        )
        return [str(document.id) for document in documents]

    def take(self, job_id, *, wait):
        if not job_id.isdecimal():
            return None
        self.env["ereceipt.document"].flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM ereceipt_document WHERE id = %s AND "
                "content IS NOT NULL AND (state = 'to_sign' OR signature IS NOT NULL) "
                "FOR NO KEY UPDATE %s",
                int(job_id),
                SQL("") if wait else SQL("SKIP LOCKED"),
            )
        )
        return self._job(rows[0][0]) if rows else None

    def _job(self, document_id):
        document = self.env["ereceipt.document"].browse(document_id)
        document.invalidate_recordset()
        lease = None
        agent_id, _colon, token = (document.lease_token or "").partition(":")
        if token and document.lease_until:
            until = document.lease_until.replace(tzinfo=timezone.utc)
            lease = Lease(agent_id, token, until)
        return JobState(
            id=str(document.id),
            registration=str(document.registration_id.signing_key_id.id),
            format=document.authority,
            document=document.content.encode(),
            created_at=document.issued_at.replace(tzinfo=timezone.utc),
            lease=lease,
            signature=base64.b64decode(document.signature or ""),
            refusals=tuple(
                Refusal(
                    row["agent"],
                    fields.Datetime.from_string(row["at"]).replace(tzinfo=timezone.utc),
                    read_problem(row["problem"]),
                    row["wrong"],
                )
                for row in document.signing_refusals or ()
            ),
        )

    def put(self, job):
        document = self.env["ereceipt.document"].browse(int(job.id))
        key = document.registration_id.signing_key_id
        if job.signature:
            signature = base64.b64encode(job.signature).decode()
            document._store_signatures({document.id: signature}, key)
            key._could_sign()
            self.env["ereceipt.outbox"]._wake()
            return
        lease = job.lease
        document.write(
            {
                "lease_token": f"{lease.agent}:{lease.token}" if lease else False,
                "lease_until": lease.until.replace(tzinfo=None) if lease else False,
                "signing_refusals": [self._dumped(one) for one in job.refusals],
                "last_error": self._last_refusal(job),
            }
        )

    def _dumped(self, refusal):
        return {
            "agent": refusal.agent,
            "at": fields.Datetime.to_string(refusal.at),
            "problem": dump_problem(refusal.problem),
            "wrong": refusal.wrong,
        }

    def _last_refusal(self, job):
        if not job.refusals:
            return False
        problem: Problem = max(job.refusals, key=lambda one: one.at).problem
        return self.env["ereceipt.document"]._problem_text(problem)
