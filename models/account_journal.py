from odoo import models


class AccountJournal(models.Model):
    _inherit = "account.journal"

    def _ereceipt_rival(self, authority):
        """Hook: return the name of another module that reports this journal's
        invoices to the same tax administration, or False.

        :param str authority: the authority's code
        """
        self.ensure_one()
        if "edi_format_ids" not in self._fields:
            return False
        method = getattr(self, f"_{authority}_rival_formats", None)
        rivals = self.edi_format_ids.filtered(
            lambda f: f.code in (method() if method else ())
        )
        return rivals[:1].name
