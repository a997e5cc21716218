"""The sales that returns refer to, and what is left to return of them."""

from dataclasses import dataclass, replace

from odoo import models

from ..fiscal.contract import Original, Party, Returnable


@dataclass(frozen=True, slots=True)
class ReturnOf:
    """What a return refers to, and what follows from it.

    :ivar document_type: the authority's type of the sale, "" if unknown
    :ivar reason: the authority's code for a return without reference
    :ivar buyer: the buyer as the sale has him, where the return is from the same
        customer
    :ivar schemes: the code system of each sold item, by internal and item code
    """

    reference: Original
    document_type: str = ""
    reason: str = ""
    buyer: Party | None = None
    schemes: dict | None = None


@dataclass(frozen=True, slots=True)
class SoldItems:
    """What a receipt sold or gave back, by internal and item code."""

    amounts: dict
    schemes: dict


def sold_items(receipt):
    """Return the :class:`SoldItems` of a receipt."""
    amounts, schemes = {}, {}
    for line in receipt.lines:
        key = (line.internal_code, line.item_code)
        schemes[key] = line.item_scheme
        former = amounts.get(key)
        quantity, net = line.quantity, line.net
        if former:
            quantity, net = quantity + former.quantity, net + former.amount
        amounts[key] = Returnable(quantity, net)
    return SoldItems(amounts, schemes)


def left_to_return(items, earlier):
    """Return what is left of sales after their earlier returns.

    :param items: :class:`SoldItems` by the sale's document id
    :param earlier: lists of receipts that returned something, by the same
    """
    left = {}
    for sale_id, sold in items.items():
        rest = SoldItems(dict(sold.amounts), sold.schemes)
        for receipt in earlier.get(sale_id, ()):
            _deduct(rest, receipt)
        left[sale_id] = rest
    return left


def _deduct(rest, receipt):
    for key, returned in sold_items(receipt).amounts.items():
        former = rest.amounts.get(key)
        if former:
            rest.amounts[key] = Returnable(
                former.quantity - returned.quantity, former.amount - returned.amount
            )


class Originals:
    """What the returns that are posted together refer to. Returns of the same sale
    count one after the other against what is left of it."""

    def __init__(self):
        self._found = {}
        self._rest = {}
        self._sale_of = {}

    def add(self, move_id, found, rest=None, sale_id=None):
        """Note what a credit note refers to, and for a sale of ours what is left."""
        self._found[move_id] = found
        if rest is not None:
            self._sale_of[move_id] = sale_id
            self._rest[sale_id] = rest

    def get(self, move_id):
        """Return the :class:`ReturnOf` of a credit note, None for anything else."""
        found = self._found.get(move_id)
        rest = self._rest.get(self._sale_of.get(move_id))
        if not found or not rest:
            return found
        reference = replace(found.reference, returnable=dict(rest.amounts))
        return replace(found, reference=reference, schemes=rest.schemes)

    def count(self, move_id, receipt):
        """Deduct a return from what is left of its sale."""
        rest = self._rest.get(self._sale_of.get(move_id))
        if rest:
            _deduct(rest, receipt)


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _read_contents(self):
        """Return what frozen documents say, by id.

        :rtype: dict[int, contract.Receipt]
        """
        self.fetch(["content"])
        receipts = {}
        for registration, documents in self.grouped("registration_id").items():
            authority = registration._authority(offline=True)
            for document in documents:
                receipts[document.id] = authority.parse(document.content.encode())
        return receipts
