import json
import logging
import uuid
from datetime import timedelta

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from .ereceipt_document_told import moment_text
from .ereceipt_webhook import STATES

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

NOTED = "account_ereceipt.webhook"
TEST = "webhook.test"
CRON = "account_ereceipt.ir_cron_ereceipt_webhooks"
KEPT_FOR = timedelta(days=30)
DEAD_KEPT_FOR = timedelta(days=90)
PURGE_BATCH = 5000


class EreceiptWebhookDelivery(models.Model):
    """One event for one receiver.

    Its life: it is written in the transaction that changes a document, with what there
    is to tell at that moment. It is *pending* until a run claims it (*sending*), calls
    the receiver and writes down the answer: *done* when the receiver took it, pending
    again for a later attempt, *dead* when it was not taken for days. A run that dies
    leaves it to the next one, which sends it again: a receiver may get an event twice,
    and knows it by its identifier. The events of one document come in their order: a
    later one waits for an earlier one.

    Nobody writes or deletes a row. What was taken is purged after a month, what was
    not after three.
    """

    _name = "ereceipt.webhook.delivery"
    _description = "Delivery to a web hook"
    _order = "id desc"
    _rec_name = "event_id"

    webhook_id = fields.Many2one(
        "ereceipt.webhook", string="Web hook", required=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    document_id = fields.Many2one(
        "ereceipt.document",
        ondelete="set null",
        index="btree_not_null",
    )
    event = fields.Char(required=True, help="What happened.")
    event_id = fields.Char(
        string="Identifier",
        required=True,
        default=lambda self: str(uuid.uuid4()),
        help="The same at each attempt: by it the receiver knows what it has already.",
    )
    happened_at = fields.Datetime(string="Happened", required=True)
    told = fields.Json(string="What is told", prefetch=False)
    body = fields.Text(string="Message", compute="_compute_body")
    state = fields.Selection(
        [
            ("pending", "Waiting"),
            ("sending", "Being sent"),
            ("done", "Taken"),
            ("dead", "Given up"),
        ],
        required=True,
        default="pending",
    )
    attempts = fields.Integer(default=0)
    next_attempt_at = fields.Datetime(
        string="Next attempt", default=lambda self: fields.Datetime.now()
    )
    give_up_at = fields.Datetime(string="Tried until", required=True)
    lease_token = fields.Char(string="Claimed by", groups=fields.NO_ACCESS)
    lease_until = fields.Datetime(string="Claimed until", groups=fields.NO_ACCESS)
    sent_at = fields.Datetime(string="Last sent")
    delivered_at = fields.Datetime(string="Taken at")
    status = fields.Integer(string="HTTP status", aggregator=None)
    seconds = fields.Float(string="Seconds of the call", aggregator="avg")
    error = fields.Char(string="Why it was not taken")

    _event_id_unique = models.UniqueIndex("(event_id)")
    _due_index = models.Index("(next_attempt_at) WHERE state = 'pending'")
    _open_index = models.Index(
        "(webhook_id, document_id, id) WHERE state IN ('pending', 'sending')"
    )
    _state_index = models.Index("(webhook_id, state, create_date)")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("told")
    def _compute_body(self):
        for delivery in self:
            delivery.body = delivery._message_text()

    def _message_text(self):
        """Return the message as it is sent: the same at each attempt."""
        return json.dumps(
            {
                "id": self.event_id,
                "event": self.event,
                "sequence": self.id,
                "happened_at": moment_text(self.happened_at),
                "version": 1,
                "document": self.told or None,
            },
            ensure_ascii=False,
        )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_send_again(self):
        """Try again from the beginning what was given up or taken.

        :raise AccessError: the person does not administer the web hooks
        """
        self.webhook_id.check_access("write")
        self.check_access("read")
        again = self.filtered(lambda d: d.state in ("done", "dead"))
        if not again:
            raise UserError(
                self.env._("These are on their way to the receiver by themselves.")
            )
        now = fields.Datetime.now()
        for hook, deliveries in again.sudo().grouped("webhook_id").items():
            deliveries.write(
                {
                    "state": "pending",
                    "attempts": 0,
                    "next_attempt_at": now,
                    "give_up_at": now + timedelta(days=hook.keep_days),
                    "error": False,
                }
            )
            hook._clear_dead_alert()
        again.sudo()._wake()

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _write_noted(self):
        """Write the deliveries of what changed in this transaction, right before it is
        committed. A defect in that keeps no document from changing."""
        noted = self.env.cr.precommit.data.pop(NOTED, {})
        try:
            with self.env.cr.savepoint(flush=False):
                self._write_events(noted)
                self.env.flush_all()
        except OperationalError:
            raise
        except Exception:
            _logger.exception("Web hooks are not told of documents %s", list(noted))
            self.env.invalidate_all(flush=False)

    @api.model
    def _write_events(self, noted):
        """Write a delivery for each document that changed and each receiver of that.

        :param dict noted: the state before, by the document's id
        """
        documents = self.env["ereceipt.document"].sudo().browse(noted).exists()
        # what was changed and taken back in between did not change
        changed = documents.filtered(lambda d: d.state != noted[d.id])
        hooks = self.env["ereceipt.webhook"].sudo()
        hooks = hooks.search([("company_id", "in", changed.company_id.ids)])
        values_list = []
        for document, told in changed._told_in_its_language():
            for hook in hooks:
                if hook._hears(document):
                    values = hook._delivery_values(f"document.{document.state}")
                    values |= {"document_id": document.id, "told": told}
                    values_list.append(values)
        if values_list:
            self.create(values_list)
            self._wake()

    @api.model
    def _write_test(self, hooks):
        """Write a message on trial for each of these receivers."""
        self.create([hook._delivery_values(TEST) for hook in hooks])
        self._wake()

    @api.model
    def _wake(self):
        """Let the job run as soon as this transaction is committed."""
        job = self.env.ref(CRON, raise_if_not_found=False)
        if job and job.sudo().active:
            job.sudo()._trigger()

    @api.model
    def _purge(self):
        """Delete what is old: what was taken, then what was not."""
        now = fields.Datetime.now()
        for state, kept in (("done", KEPT_FOR), ("dead", DEAD_KEPT_FOR)):
            old = self.sudo().search(
                [("state", "=", state), ("create_date", "<", now - kept)],
                limit=PURGE_BATCH,
            )
            hooks = old.webhook_id
            old.unlink()
            if state == "dead":
                hooks._clear_dead_alert()


class EreceiptWebhook(models.Model):
    _inherit = "ereceipt.webhook"

    def _hears(self, document):
        """Whether its receiver is told that a document came into its present state."""
        tells = STATES.get(document.state)
        return bool(
            tells
            and self[tells]
            and self.company_id == document.company_id
            and self.environment == document.environment
        )

    def _delivery_values(self, event):
        now = fields.Datetime.now()
        return {
            "webhook_id": self.id,
            "company_id": self.company_id.id,
            "event": event,
            "happened_at": now,
            "give_up_at": now + timedelta(days=self.keep_days),
        }

    def _raise_dead_alert(self, reason):
        self.env["ereceipt.alert"]._raise(
            self,
            "webhook_dead",
            _lt("Messages of a web hook were given up"),
            reason,
        )

    def _clear_dead_alert(self):
        """Close the alert when nothing that was given up is left."""
        for hook in self:
            dead = [("webhook_id", "=", hook.id), ("state", "=", "dead")]
            if not self.env["ereceipt.webhook.delivery"].search_count(dead, limit=1):
                self.env["ereceipt.alert"]._clear(hook, "webhook_dead")


class EreceiptDocument(models.Model):
    """Notes, for receivers, which documents change in a transaction."""

    _inherit = "ereceipt.document"

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS: what is adopted is decided from the start
        documents = super().create(vals_list)
        heard = self.env["ereceipt.webhook"]._heard()
        if heard:
            made = documents.filtered(lambda d: d._is_heard(d.state, heard))
            made._note_for_webhooks(dict.fromkeys(made.ids))
        return documents

    def _go(self, state, **values):
        # EXTENDS: costs a look into a cache where nobody is told of anything
        heard = self.env["ereceipt.webhook"]._heard()
        if heard:
            changing = self.filtered(
                lambda d: d.state != state and d._is_heard(state, heard)
            )
            changing._note_for_webhooks({d.id: d.state for d in changing})
        return super()._go(state, **values)

    def _is_heard(self, state, heard):
        """Whether somebody is told that a document comes into a state."""
        return state in heard.get((self.company_id.id, self.environment), ())

    def _note_for_webhooks(self, before):
        """Have deliveries written, at the end of the transaction and all together.

        :param dict before: the state that each document leaves, by id; None of one
            that was not there
        """
        if not before:
            return
        precommit = self.env.cr.precommit
        if NOTED not in precommit.data:
            precommit.data[NOTED] = {}
            # a person's context may have defaults for something else, or an opinion
            # about what is archived
            plain = self.env(su=True, context={})
            precommit.add(plain["ereceipt.webhook.delivery"]._write_noted)
        noted = precommit.data[NOTED]
        for document_id, state in before.items():
            noted.setdefault(document_id, state)

    def _told_in_its_language(self):
        """Yield each document and what other systems are told of it, in the language
        of its company."""
        for lang, documents in self.grouped(
            lambda d: d.company_id.partner_id.lang
        ).items():
            told = documents.with_context(lang=lang)._told_outside()
            yield from zip(documents, told, strict=True)
