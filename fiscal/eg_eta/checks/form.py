"""Where receipts and invoices have the parts that both are checked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """The paths of a kind of document; those of a line are relative to it.

    :ivar lines: the array of the lines
    :ivar line_discounts: the discounts before taxes, ``item_discounts`` those after
    :ivar branch: the address of the branch that issues
    :ivar described: whether discounts have a description there
    """

    lines: str
    line_price: str
    line_gross: str
    line_net: str
    line_discounts: str
    item_discounts: str
    discounts: str
    total: str
    total_discounts: str
    currency: str
    rate: str
    seller_id: str
    branch_code: str
    branch: str
    activity: str
    buyer: str
    described: bool


RECEIPT = Form(
    lines="itemData",
    line_price="unitPrice",
    line_gross="totalSale",
    line_net="netSale",
    line_discounts="commercialDiscountData",
    item_discounts="itemDiscountData",
    discounts="extraReceiptDiscountData",
    total="totalAmount",
    total_discounts="totalCommercialDiscount",
    currency="header.currency",
    rate="header.exchangeRate",
    seller_id="seller.rin",
    branch_code="seller.branchCode",
    branch="seller.branchAddress",
    activity="seller.activityCode",
    buyer="buyer",
    described=True,
)

INVOICE = Form(
    lines="invoiceLines",
    line_price="unitValue",
    line_gross="salesTotal",
    line_net="netTotal",
    line_discounts="discount",
    item_discounts="itemsDiscount",
    discounts="extraDiscountAmount",
    total="totalAmount",
    total_discounts="totalDiscountAmount",
    currency="invoiceLines[0].unitValue.currencySold",
    rate="invoiceLines[0].unitValue.currencyExchangeRate",
    seller_id="issuer.id",
    branch_code="issuer.address.branchID",
    branch="issuer.address",
    activity="taxpayerActivityCode",
    buyer="receiver",
    described=False,
)
