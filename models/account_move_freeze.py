from collections import defaultdict
from dataclasses import replace
from datetime import timezone

from odoo import fields, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle
from ..fiscal.contract import FiscalError
from .account_move_issue import REPLACEABLE
from .ereceipt_numbers import Numbers


class AccountMove(models.Model):
    """Freezing: content, number, time and identifier of what is issued, under the
    locks of its device."""

    _inherit = "account.move"

    def _ereceipt_freeze(self, snapshots):
        """Freeze the documents of invoices, device by device, under the locks of their
        chains. ``self`` is in the order that the chain shall have.

        :return: the issued documents
        """
        by_device = defaultdict(self.browse)
        for move in self:
            by_device[move.ereceipt_device_id.sudo()] |= move
        devices = self.env["ereceipt.device"].sudo().concat(*by_device)
        chained = devices.filtered(
            lambda d: d.registration_id._authority_class().capabilities.chained
        )
        chained._chain_lock()
        devices._series_lock()
        documents = self.env["ereceipt.document"].sudo()
        for device in devices.sorted("id"):
            documents |= by_device[device]._ereceipt_freeze_on(
                device, snapshots, device in chained
            )
        return documents

    def _ereceipt_freeze_on(self, device, snapshots, chained):
        """Freeze the documents of one device, one after the other."""
        authority = device._authority_offline()
        signer = device.registration_id._coding_signer()
        index, uid, last = device._chain_head() if chained else (0, "", None)
        numbers = Numbers(device)
        fresh = []
        frozen = self.env["ereceipt.document"].sudo()
        for move in self:
            replaced = move._ereceipt_replaced()
            last = device._next_issue_time(last or numbers.last_moment())
            moment = move._ereceipt_hook(
                device.registration_id, "issue_moment", last, last
            )
            place = numbers.take(moment, replaced)
            receipt = replace(
                move._ereceipt_placed(
                    move._ereceipt_whole(snapshots), uid, place.number
                ),
                issued_at=moment.replace(tzinfo=timezone.utc),
            )
            built = move._ereceipt_built(authority, receipt, signer)
            values = {
                **frozen._frozen_values(
                    receipt, built, device._deadline(moment, replaced)
                ),
                **place.values(),
                "report_by": device._report_by(receipt),
                **move._ereceipt_queued_values(authority, replaced),
                # cash rounding upwards is no part of some authorities' documents
                "amount_total": float(receipt.total),
            }
            if chained and not replaced:
                index += 1
                values["chain_index"] = index
                uid = built.uid
            elif chained and device._is_head_corrected(replaced, uid):
                uid = built.uid
            waiting = move.ereceipt_document_id.sudo()
            if waiting.state == lifecycle.WAITING:
                # device and environment may have changed while it waited
                waiting.write({**move._ereceipt_row_values(), **values})
                frozen |= waiting
            else:
                fresh.append({**move._ereceipt_row(), **values})
        frozen |= frozen.create(fresh)
        frozen._supersede_replaced()
        return frozen

    def _ereceipt_built(self, authority, receipt, signer):
        """Return what is frozen of a receipt.

        :param signer: makes its security code, None where it gets none
        :raise UserError: the key cannot do that now
        """
        if signer is None:
            return authority.build(receipt)
        try:
            return authority.build(receipt, signer)
        except FiscalError as error:
            reason = self.env["ereceipt.document"]._error_text(error, self.env.user)
            raise UserError(
                self.env._(
                    "%(invoice)s gets no security code: %(reason)s",
                    invoice=self.display_name,
                    reason=reason,
                )
            ) from error

    def _ereceipt_placed(self, receipt, head="", number=1):
        """Return a receipt with its place in the chain: after the head, or, where it
        corrects another document, in that one's place.

        :param int number: its place in the device's series, where it has one; any
            while it is only looked at
        """
        replaced = self._ereceipt_replaced()
        if number and self.ereceipt_device_id.sudo()._series_name():
            data = {**receipt.data, "sequence_number": number}
            receipt = replace(receipt, data=data)
        if not replaced:
            return replace(receipt, previous_uid=head)
        return replace(
            receipt,
            previous_uid=replaced.previous_uid or "",
            replaces_uid=replaced.authority_uid or "",
        )

    def _ereceipt_replaced(self):
        """Return the document that a new one of this invoice would correct."""
        current = self.ereceipt_document_id.sudo()
        if current.state in REPLACEABLE and (
            current.environment == current.registration_id.environment
        ):
            return current
        return current.browse()

    def _ereceipt_row(self):
        """Return the columns of a new document of this invoice before its content."""
        return {
            **self._ereceipt_row_values(),
            "link_ids": self._ereceipt_bundle()._ereceipt_links(),
        }

    def _ereceipt_row_values(self):
        """Return whose document it is and for whom, as it is now."""
        self.ensure_one()
        device = self.ereceipt_device_id.sudo()
        return {
            "name": self.name,
            "registration_id": device.registration_id.id,
            "device_id": device.id,
            "company_id": self.company_id.id,
            "authority": device.registration_id.authority,
            "environment": device.registration_id.environment,
            "kind": self._ereceipt_kind(device.registration_id),
            "partner_id": self.commercial_partner_id.id,
            "currency_id": self.currency_id.id,
            "amount_total": self._ereceipt_bundle_total(),
        }

    def _ereceipt_queued_values(self, authority, replaced):
        """Return the columns with which a frozen document sets out."""
        signs = self.ereceipt_device_id.sudo().registration_id._signs_documents()
        depends_on = self._ereceipt_depends_on()
        return {
            "name": self.name,
            "state": lifecycle.TO_SIGN if signs else lifecycle.QUEUED,
            "waiting_reason": False,
            "problems": False,
            "next_attempt_at": fields.Datetime.now(),
            "depends_on_id": depends_on.id,
            "replaces_id": replaced.id,
        }
