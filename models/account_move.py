from odoo import api, fields, models

from ..fiscal import lifecycle


class AccountMove(models.Model):
    _inherit = "account.move"

    ereceipt_link_ids = fields.One2many(
        "ereceipt.document.move",
        "move_id",
        string="Places of its e-receipts",
        copy=False,
        readonly=True,
        groups="account_ereceipt.group_ereceipt_reader",
        help="What ties the invoice to each of its e-receipts; the last one counts.",
    )
    ereceipt_document_ids = fields.Many2many(
        "ereceipt.document",
        string="All e-receipts",
        compute="_compute_ereceipt_document_ids",
        groups="account_ereceipt.group_ereceipt_reader",
        help="Its e-receipt and those that it took the place of.",
    )
    ereceipt_document_id = fields.Many2one(
        "ereceipt.document",
        string="E-receipt",
        compute="_compute_ereceipt_document_id",
        store=True,
        copy=False,
        index="btree_not_null",
    )
    ereceipt_state = fields.Selection(
        selection=lambda self: self.env["ereceipt.document"]._selection_state(),
        string="E-receipt state",
        compute="_compute_ereceipt_document_id",
        store=True,
        copy=False,
        index="btree_not_null",
    )
    ereceipt_uuid = fields.Char(
        string="E-receipt UUID",
        compute="_compute_ereceipt_document_id",
        store=True,
        copy=False,
        index="btree_not_null",
    )
    ereceipt_device_id = fields.Many2one(
        "ereceipt.device",
        string="Issued on",
        compute="_compute_ereceipt_device_id",
        store=True,
        readonly=False,
        copy=False,
        check_company=True,
        help="The device on which this invoice is issued to the tax authority.",
    )
    ereceipt_locked = fields.Boolean(
        string="Locked by its e-receipt",
        compute="_compute_ereceipt_locked",
        help="What the authority holds must not change here.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("ereceipt_link_ids.document_id")
    def _compute_ereceipt_document_ids(self):
        for move in self:
            move.ereceipt_document_ids = move.ereceipt_link_ids.document_id

    @api.depends(
        "ereceipt_link_ids.document_id.state",
        "ereceipt_link_ids.document_id.authority_uid",
    )
    def _compute_ereceipt_document_id(self):
        """Show the document that stands for the invoice now: the newest one that was
        not replaced or taken back."""
        gone = (lifecycle.SUPERSEDED, lifecycle.WITHDRAWN)
        for move in self:
            documents = move.ereceipt_link_ids.document_id.sudo()
            if len(documents) > 1:
                documents = documents.sorted("id")
                documents = (
                    documents.filtered(lambda d: d.state not in gone) or documents
                )[-1]
            move.ereceipt_document_id = documents
            move.ereceipt_state = documents.state
            move.ereceipt_uuid = documents.authority_uid

    @api.depends("journal_id", "move_type", "partner_id", "invoice_date")
    def _compute_ereceipt_device_id(self):
        """Take an active device of the journal; what was chosen by hand stays until
        the journal, the customer or the date changes."""
        sales = self.filtered(lambda m: m.is_sale_document(include_receipts=True))
        (self - sales).ereceipt_device_id = False
        open_moves = sales.filtered(
            lambda m: m.state == "draft" or not m.ereceipt_device_id
        )
        for move in sales - open_moves:
            move.ereceipt_device_id = move.ereceipt_device_id
        devices = self.env["ereceipt.device"].sudo()
        active = devices.search(
            [
                ("journal_ids", "in", open_moves.journal_id.ids),
                ("lifecycle", "=", "active"),
            ]
        )
        by_journal = {}
        for device in active:
            for journal in device.journal_ids:
                by_journal[journal.id] = by_journal.get(journal.id, devices) | device
        for move in open_moves:
            move.ereceipt_device_id = move._ereceipt_choose_device(
                by_journal.get(move.journal_id.id, devices)
            )

    def _ereceipt_choose_device(self, devices):
        """Return the device to issue on, of those that the journal issues on: one
        where the sale was issued that is taken back, then one of the authority that
        such a document is best for. Where none is right the first is taken, so that
        its checks tell what is wrong.

        :param devices: devices of different authorities, in sudo
        """
        if len(devices) <= 1:
            return devices
        sold_through = (
            self.reversed_entry_id.sudo().ereceipt_document_id.registration_id
        )
        where_sold = devices.filtered(lambda d: d.registration_id == sold_through)
        return (where_sold or devices).sorted(
            lambda d: -d.registration_id._hook("suits", 1, self)
        )[:1]

    @api.depends("ereceipt_state")
    def _compute_ereceipt_locked(self):
        for move in self:
            move.ereceipt_locked = bool(move._ereceipt_locking_documents())

    @api.depends("ereceipt_state")
    def _compute_show_reset_to_draft_button(self):
        # EXTENDS account
        result = super()._compute_show_reset_to_draft_button()
        for move in self:
            if move.show_reset_to_draft_button and move.ereceipt_locked:
                move.show_reset_to_draft_button = False
        return result
