from odoo import models

from ..fiscal.messages import _


class AccountMove(models.Model):
    """Several invoices of one customer on one fapiao: what China asks of that."""

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # HOOKS OF THE ENGINE
    # -------------------------------------------------------------------------

    def _cn_nuonuo_differences(self, receipt, first):
        """Return why an invoice cannot stand on the fapiao of the first, as sentences.

        :param receipt: its contract Receipt
        :param first: that of the first
        """
        sentences = []
        if _inclusions(receipt) != _inclusions(first):
            sentences.append(
                _(
                    "%(invoice)s has prices with the tax in them and %(first)s has "
                    "not, or the other way round."
                )
            )
        if receipt.data.get("special") != first.data.get("special"):
            sentences.append(
                _("%(invoice)s is of another special business than %(first)s.")
            )
        elif any(
            one.data.get(name)
            for one in (receipt, first)
            for name in ("special_data", "differential")
        ):
            sentences.append(
                _(
                    "%(invoice)s or %(first)s has particulars of a special business, "
                    "which stand on a fapiao of their own."
                )
            )
        return sentences

    def _cn_nuonuo_merged_data(self, receipts):
        """Return the data of a fapiao of several invoices: the first one's, and the
        remarks of all."""
        remarks = dict.fromkeys(one.data.get("remark") or "" for one in receipts)
        return {
            **receipts[0].data,
            "remark": "；".join(remark for remark in remarks if remark),
        }

    def _cn_nuonuo_print_rows(self, document):
        # EXTENDS: with what else stands on the fapiao, whose total is not the invoice's
        rows = super()._cn_nuonuo_print_rows(document)
        others = document.link_ids.move_id - self
        if not others:
            return rows
        total = document.currency_id.format(document.amount_total)
        names = ", ".join(others._ereceipt_sorted().mapped("name"))
        return [
            *rows,
            (self.env._("On one fapiao with"), names),
            (self.env._("Total of the fapiao"), total),
        ]


def _inclusions(receipt):
    return {bool(line.data.get("tax_included")) for line in receipt.lines}
