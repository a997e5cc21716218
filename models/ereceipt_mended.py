from datetime import timedelta

from odoo import models

UNSEEN = timedelta(minutes=10)
"""How long a transaction may last whose changes a look at a waiting document could
not see: they bear the time at which it began."""


class EreceiptDocument(models.Model):
    """Sees when something was mended that a waiting document lacked: by a look at what
    it uses, so that no foreign model has to tell."""

    _inherit = "ereceipt.document"

    def _mended(self):
        """Return the waiting documents of which something that they use was written
        after they were last looked at."""
        return self.filtered(
            lambda d: any(
                record.write_date and record.write_date >= d.checked_at - UNSEEN
                for records in d._used_records()
                for record in records
            )
        )

    def _used_records(self):
        """Return what a waiting document's data comes from, as recordsets."""
        self.ensure_one()
        lines = self.link_ids.move_id.invoice_line_ids
        products = lines.product_id
        mapping = self.env["ereceipt.code.mapping"].search(
            [], order="write_date desc", limit=1
        )
        return (
            self.link_ids.move_id.commercial_partner_id,
            products,
            products.product_tmpl_id,
            products.categ_id,
            lines.product_uom_id,
            lines.tax_ids,
            self.device_id,
            self.registration_id,
            self.company_id.partner_id,
            mapping,
        )
