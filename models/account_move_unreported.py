from odoo import api, fields, models


class AccountMove(models.Model):
    """A sale of which no authority is told, although its company reports sales: that is
    said while it can still be mended."""

    _inherit = "account.move"

    ereceipt_unreported = fields.Char(
        string="E-receipt: why none is issued",
        compute="_compute_ereceipt_unreported",
        compute_sudo=True,
        groups="account_ereceipt.group_ereceipt_reader",
    )

    @api.depends(
        "state",
        "move_type",
        "journal_id.ereceipt_needs_none",
        "ereceipt_device_id",
        "ereceipt_document_ids",
    )
    @api.depends_context("lang")
    def _compute_ereceipt_unreported(self):
        self.ereceipt_unreported = False
        unreported = self.filtered(lambda m: m._ereceipt_is_unreported())
        reports_since = unreported._ereceipt_reports_since() if unreported else {}
        for move in unreported:
            since = reports_since.get(move.company_id.id)
            made = move.create_date or fields.Datetime.now()
            if since and made >= since:
                move.ereceipt_unreported = move._ereceipt_say_unreported()

    def _ereceipt_reports_since(self):
        """Return since when each company reports sales, by its id: the creation of its
        oldest registration that has a device at work."""
        groups = self.env["ereceipt.registration"]._read_group(
            [
                ("company_id", "in", self.company_id.ids),
                ("device_ids.lifecycle", "=", "active"),
            ],
            ["company_id"],
            ["create_date:min"],
        )
        return {company.id: since for company, since in groups}

    def _ereceipt_is_unreported(self):
        self.ensure_one()
        return (
            self.is_sale_document(include_receipts=True)
            and self.state in ("draft", "posted")
            and not self.ereceipt_device_id
            and not self.ereceipt_document_ids
            and not self.journal_id.ereceipt_needs_none
        )

    def _ereceipt_say_unreported(self):
        self.ensure_one()
        if self.state == "draft":
            return self.env._(
                "No e-receipt will be issued for this invoice: no device issues what is"
                " posted in the journal %(journal)s. Choose a device on the page"
                " E-receipt, or have the journal added to a device.",
                journal=self.journal_id.display_name,
            )
        return self.env._(
            "No e-receipt was issued for this invoice: it was posted without a device."
            " If the authority has to be told of it, reset it to draft and choose a"
            " device on the page E-receipt."
        )


class AccountJournal(models.Model):
    _inherit = "account.journal"

    ereceipt_needs_none = fields.Boolean(
        string="No e-receipts",
        help="What is posted here is reported in another way, or not at all: nothing is"
        " said on its invoices where no device issues them.",
    )
