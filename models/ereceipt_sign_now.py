import time
import uuid

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..fiscal import lifecycle
from .ereceipt_signing import SIGNED_AT_ONCE
from .ereceipt_signing_key import here

SECONDS = 20.0
"""How long a person who signs a selection waits for it; the jobs sign the rest."""


class EreceiptSigningKey(models.Model):
    _inherit = "ereceipt.signing.key"

    def _wants_pin(self):
        """Whether it could sign here if only somebody typed its PIN."""
        self.ensure_one()
        return (
            self.kind == "token"
            and self.active
            and self.pin_state == "none"
            and bool(self.certificate_pem)
            and self.host in (False, here())
        )

    def _may_sign_here(self):
        """Whether it is worth trying now, because a person wants it, even if a job
        would not try it yet. A PIN is tried once however often somebody asks."""
        self.ensure_one()
        if not self.active or self.kind == "agent":
            return False
        if self.kind == "token":
            return self.pin_state in ("typed", "good") and self.host in (False, here())
        return bool(self.private_key_sealed)

    def _pin_action(self):
        """Return the dialog in which the PIN is typed."""
        self.ensure_one()
        view = self.env.ref("account_ereceipt.ereceipt_signing_key_view_form_pin")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("PIN of %s", self.name),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(view.id, "form")],
            "target": "new",
        }


class EreceiptDocument(models.Model):
    """Signing a selection at once, because a person wants it."""

    _inherit = "ereceipt.document"

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _sign_now(self):
        """Sign documents while a person waits.

        :return: the action that tells how many are signed and what the others wait
            for; the dialog for the PIN where that is it and the person may type it
        """
        asked = self.sudo().filtered(lambda d: d.state == lifecycle.TO_SIGN)
        if not asked:
            raise UserError(self.env._("None of these waits for its signature."))
        moves = asked.link_ids.move_id
        self.env["ereceipt.outbox"].sudo()._sign_now(moves)
        self.env.invalidate_all()
        with self.env.registry.cursor() as cr:
            # the request's own snapshot is older than the signatures
            fresh = moves.with_env(self.env(cr=cr, su=True)).ereceipt_document_id
            waiting = fresh.filtered(lambda d: d.state == lifecycle.TO_SIGN)
            signed = len(fresh.filtered("signed_at"))
            reasons = [
                self.env._(
                    "%(count)s wait. %(reason)s",
                    count=len(group),
                    reason=group[0].with_env(fresh.env)._why_unsigned(),
                )
                for group in waiting.grouped("registration_id").values()
            ]
            wanting = waiting.registration_id.signing_key_id.filtered(
                lambda key: key._wants_pin()
            ).ids
        keys = self.env["ereceipt.signing.key"].browse(wanting)
        if keys and keys.has_access("write"):
            return keys[0]._pin_action()
        told = self.env._("%s documents are signed and sent next.", signed)
        return self.env["account.move"]._ereceipt_notification(
            "\n".join([told, *reasons]), "warning" if reasons else "success"
        )

    def _why_unsigned(self):
        """Return what keeps the document from being signed, as a sentence."""
        self.ensure_one()
        registration = self.registration_id
        key = registration.signing_key_id
        if self._holding_situation():
            return getattr(self, f"_say_{self._holding_situation()}")()
        if key.kind == "token" and key.host not in (False, here()):
            return self.env._(
                "%(key)s is plugged into the server %(host)s, which signs.",
                key=key.name,
                host=key.host,
            )
        return self._say_unsigned()


class EreceiptOutbox(models.AbstractModel):
    _inherit = "ereceipt.outbox"

    def _sign_now(self, moves):
        """Sign the documents of invoices that wait for their signature as the jobs
        would, in cursors of its own: what is claimed is committed before anything is
        signed.

        :param moves: in sudo
        """
        until = time.monotonic() + SECONDS
        ids = moves.ids
        device_ids = self._now_apart(lambda work: work._prepare_to_sign(ids))
        for device_id in device_ids:
            while time.monotonic() < until and self._sign_unit(device_id, ids, until):
                pass
        self._wake()

    def _sign_unit(self, device_id, move_ids, until):
        """Sign some documents of a device.

        :return: whether there may be more that can be signed
        """
        unit = self._now_apart(lambda work: work._claim_to_sign(device_id, move_ids))
        if not unit:
            return False
        unit.give_up_at = min(unit.give_up_at, until)
        report = unit.run()
        self._settle_now(unit, report)
        return not report.error


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    def _prepare_to_sign(self, move_ids):
        """Let the keys of invoices' documents be tried now, and do with the documents
        what comes before signing: what is too late is not signed, and what was issued
        on an earlier day is issued anew.

        :return: ids of the devices on which something is to be signed
        """
        moves = self.env["account.move"].browse(move_ids)
        registrations = moves.ereceipt_document_id.registration_id._sends_here()
        keys = registrations.signing_key_id.filtered(lambda key: key._may_sign_here())
        keys.write({"ready_at": fields.Datetime.now()})
        self._mark_late()
        self._renew_unsigned(registrations.filtered(lambda r: r.signing_key_id in keys))
        return moves.ereceipt_document_id.device_id.ids

    def _claim_to_sign(self, device_id, move_ids):
        """Claim what of a device waits for its signature, of the documents of some
        invoices.

        :return: a Unit, or None when there is nothing (left) or the key is away
        """
        moves = self.env["account.move"].browse(move_ids)
        due = self._locking(
            SQL(
                "SELECT d.id %s AND d.state = %s AND d.device_id = %s "
                "AND d.id = ANY(%s) ORDER BY d.id LIMIT %s "
                "FOR NO KEY UPDATE OF d SKIP LOCKED",
                self._sql_due(fields.Datetime.now()),
                lifecycle.TO_SIGN,
                device_id,
                moves.ereceipt_document_id.ids,
                SIGNED_AT_ONCE,
            )
        )
        device = self.env["ereceipt.device"].browse(device_id)
        token = f"now:{uuid.uuid4().hex}"
        return self._claimed_unit(device, due, "sign", token) if due else None
