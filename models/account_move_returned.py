from typing import NamedTuple

from odoo import models

from ..fiscal import lifecycle
from ..fiscal.contract import Receipt
from .ereceipt_chain import advisory_lock
from .ereceipt_document import TAKES_BACK

SALE_LOCK_CLASS = 0x65527374
"""First half of the advisory lock under which returns of a sale are issued ("eRst")."""


class Returned(NamedTuple):
    """A standing return: of which sale, by which entries, and what it gave back, read
    and as it is kept."""

    sale_key: tuple
    move_ids: tuple
    receipt: Receipt
    content: bytes


class AccountMove(models.Model):
    """What was returned of a sale so far.

    Returns of one sale may be posted in several transactions at the same moment, and
    none sees the others'. So a return is looked at and issued under a lock of its
    sale, which is held until the end of the transaction; who waited for it reads what
    was committed meanwhile with a fresh snapshot, as is done for chains.
    """

    _inherit = "account.move"

    def _ereceipt_snapshots_to_issue(self):
        # EXTENDS account_ereceipt
        self._ereceipt_lock_sales()
        locked = self.with_context(ereceipt_locked=True)
        return super(AccountMove, locked)._ereceipt_snapshots_to_issue()

    def _ereceipt_lock_sales(self):
        """Take the locks of the sales that these return until the end of the
        transaction, waiting for whoever has them. In id order, so that two callers
        cannot wait for each other.

        The lock is of the sale's entry: its document may be corrected meanwhile.
        """
        documents = self._ereceipt_original_documents().values()
        sales = self.env["ereceipt.document"].sudo().union(*documents)
        advisory_lock(self.env.cr, SALE_LOCK_CLASS, sales.link_ids.move_id.ids)

    def _ereceipt_earlier_returns(self, sales):
        """Return the receipts of the standing returns of sales, by the sale's
        document id, except those of the credit notes in ``self``."""
        earlier = {sale.id: [] for sale in sales}
        by_key = {sale._sale_key(sale.authority_uid): sale.id for sale in sales}
        for returned in sales and self._ereceipt_standing_returns(sales):
            sale_id = by_key.get(returned.sale_key)
            if sale_id and not set(self.ids).intersection(returned.move_ids):
                earlier[sale_id].append(returned.receipt)
        return earlier

    def _ereceipt_standing_returns(self, sales):
        """Return the :class:`Returned` of sales, as this transaction sees them and,
        under the locks of the sales, as others have committed them meanwhile."""
        domain = [
            ("original_uid", "in", sales.mapped("authority_uid")),
            ("kind", "in", TAKES_BACK),
            ("state", "in", list(lifecycle.STANDING)),
        ]
        found = sales.search(domain)
        returned = found._returned()
        if not self.env.context.get("ereceipt_locked"):
            return returned
        with self.env.registry.cursor() as cr:
            fresh = sales.with_env(sales.env(cr=cr))
            fresh = fresh.search([*domain, ("id", "not in", found.ids)])
            # what this transaction has settled is so, whatever a fresh look says
            settled = sales.browse(fresh.ids).exists()
            settled = settled.filtered(lambda d: d.state != lifecycle.WAITING)
            fresh -= fresh.browse(settled.ids)
            return returned + fresh._returned()


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _sale_key(self, uid):
        """Return what tells one sale from all others, to be compared across cursors."""
        return self.registration_id.id, self.environment, uid

    def _returned(self):
        """Return the :class:`Returned` of frozen returns."""
        receipts = self._read_contents()
        return [
            Returned(
                document._sale_key(document.original_uid),
                tuple(document.link_ids.move_id.ids),
                receipts[document.id],
                document.content.encode(),
            )
            for document in self
        ]
