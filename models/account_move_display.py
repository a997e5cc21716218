import hashlib

from odoo import api, fields, models

from ..fiscal import lifecycle
from .account_move_flow import SENDABLE


class AccountMove(models.Model):
    """What the invoice's form and list show of its document."""

    _inherit = "account.move"

    ereceipt_visible = fields.Boolean(
        string="Has to do with e-receipts",
        compute="_compute_ereceipt_visible",
        compute_sudo=True,
        help="Whether anything about electronic receipts concerns this entry.",
    )
    ereceipt_document_count = fields.Integer(
        string="Number of e-receipts",
        compute="_compute_ereceipt_visible",
        compute_sudo=True,
    )
    ereceipt_environment = fields.Selection(
        related="ereceipt_document_id.environment", string="E-receipt environment"
    )
    ereceipt_qr_image = fields.Binary(
        related="ereceipt_document_id.qr_image", string="E-receipt QR code"
    )
    ereceipt_qr_address = fields.Char(
        string="Address of the QR code",
        compute="_compute_ereceipt_qr_address",
        compute_sudo=True,
        help="The picture is painted when it is shown, not when the form is read.",
    )
    ereceipt_authority_number = fields.Char(
        related="ereceipt_document_id.authority_number",
        string="Number for the authority",
    )
    ereceipt_issued_at = fields.Datetime(
        related="ereceipt_document_id.issued_at", string="E-receipt issued"
    )
    ereceipt_decided_at = fields.Datetime(
        related="ereceipt_document_id.decided_at", string="E-receipt decided"
    )
    ereceipt_deadline_at = fields.Datetime(
        related="ereceipt_document_id.closes_at", string="E-receipt deadline"
    )
    ereceipt_deadline_text = fields.Char(
        related="ereceipt_document_id.deadline_text", string="Time left"
    )
    ereceipt_deadline_level = fields.Selection(
        related="ereceipt_document_id.deadline_level", string="Time left is"
    )
    ereceipt_has_authority_pdf = fields.Boolean(
        related="ereceipt_document_id.has_authority_pdf",
        string="E-receipt has the authority's PDF",
    )
    ereceipt_reversed_document_id = fields.Many2one(
        "ereceipt.document",
        string="E-receipt of the sale",
        compute="_compute_ereceipt_reversed_document_id",
        compute_sudo=True,
        # what else is shown follows from it, to whoever sees the invoice
        groups="base.group_user",
        help="What a credit note refers to by itself: nothing has to be typed.",
    )

    @api.depends("ereceipt_document_id.qr", "ereceipt_document_id.qr_answered")
    def _compute_ereceipt_qr_address(self):
        for move in self:
            text = move.ereceipt_document_id._qr_now()
            move.ereceipt_qr_address = text and (
                f"/web/image/account.move/{move.id}/ereceipt_qr_image"
                f"?unique={hashlib.sha256(text.encode()).hexdigest()[:8]}"
            )

    @api.depends("ereceipt_device_id", "ereceipt_document_ids", "move_type")
    def _compute_ereceipt_visible(self):
        for move in self:
            move.ereceipt_document_count = len(move.ereceipt_document_ids)
            move.ereceipt_visible = move.is_sale_document(
                include_receipts=True
            ) and bool(move.ereceipt_device_id or move.ereceipt_document_ids)

    @api.depends(
        "move_type",
        "ereceipt_device_id",
        "ereceipt_original_uid",
        "reversed_entry_id.ereceipt_document_id.state",
    )
    def _compute_ereceipt_reversed_document_id(self):
        untyped = self.filtered(lambda m: not m.ereceipt_original_uid)
        documents = untyped._ereceipt_original_documents()
        for move in self:
            move.ereceipt_reversed_document_id = documents.get(move.id, False)

    def action_ereceipt_follow_up(self):
        """Bring on what is on its way: send what is queued, ask about the rest."""
        return self._ereceipt_hurry(
            SENDABLE | lifecycle.ASKED, self.env._("None of these is on its way.")
        )
