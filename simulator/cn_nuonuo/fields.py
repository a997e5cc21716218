"""The fields of requests: which there are, which are required, how long they may be.

After the platform's tables (a copy is with the tests, which compare). A row is
``name``, ``name!`` when it is required, then the longest length; 0: no limit is named.
Fields whose being required depends on something are in :mod:`.orders`.
"""

from __future__ import annotations

from typing import NamedTuple


class Field(NamedTuple):
    """A field of text; ``longest`` 0: any length."""

    name: str
    required: bool
    longest: int


def _table(text: str) -> dict[str, Field]:
    rows = [row.split() for row in text.split("\n") if row.strip()]
    made = [
        Field(name.rstrip("!"), name.endswith("!"), int(longest))
        for name, longest in rows
    ]
    return {row.name: row for row in made}


ORDER = _table("""
    buyerName! 100
    buyerTaxNum 20
    buyerTel 50
    buyerAddress 80
    buyerAccount 100
    salerTaxNum! 20
    salerTel! 20
    salerAddress! 80
    salerAccount 100
    showBankAccountType 2
    orderNo! 20
    invoiceDate! 20
    invoiceCode 12
    invoiceNum 8
    redReason 1
    billInfoNo 24
    departmentId 32
    clerkId 32
    remark 230
    checker 20
    payee 20
    clerk! 20
    listFlag 1
    listName 92
    pushMode 2
    buyerPhone 20
    email 50
    ccPhone 100
    ccEmail 250
    invoiceType! 1
    invoiceLine 2
    paperInvoiceType 12
    specificFactor 2
    forceFlag 2
    proxyInvoiceFlag 1
    taxRebateProxy 1
    invoiceDifferenceType 2
    callBackUrl 255
    extensionNumber 5
    terminalNumber 4
    machineCode 12
    vehicleFlag 1
    hiddenBmbbbh 1
    nextInvoiceCode 12
    nextInvoiceNum 8
    invoiceNumEnd 8
    surveyAnswerType 1
    buyerManagerName 16
    managerCardType 40
    managerCardNo 20
    bField1 255
    bField2 255
    bField3 255
    naturalPersonFlag 1
    certificateType 0
    taxNumVerifyFlag 1
    naturalPersonVerifyFlag 1
    additionalElementName 50
""")
LINE = _table("""
    goodsName! 90
    goodsCode 19
    selfCode 16
    withTaxFlag! 1
    price 16
    num 16
    unit 20
    specType 40
    tax 16
    taxRate! 10
    taxExcludedAmount 16
    taxIncludedAmount 16
    invoiceLineProperty 1
    favouredPolicyFlag 2
    favouredPolicyName 50
    deduction 16
    zeroRateFlag 1
    dField1 255
    dField2 255
    dField3 255
    dField4 255
    dField5 255
""")
BUILDING = _table("""
    buildingAddress! 0
    detailedAddress 120
    landVatItemNo 16
    itemName! 80
    crossCityFlag! 1
""")
TRANSPORT = _table("""
    transportTool! 1
    transportToolNum! 40
    origin! 80
    destination! 80
    goodsName! 80
""")
TRAVELLER = _table("""
    traveller! 20
    travelDate! 0
    travellerCardType! 0
    travellerCardNo! 20
    travelPlace! 80
    arrivePlace! 80
    vehicleType! 2
    vehicleLevel 20
""")
RENT = _table("""
    realPropertyAddress! 0
    detailAddress! 120
    rentStartDate! 0
    rentEndDate! 0
    crossCityFlag! 2
    realPropertyCertificate 40
    unit! 2
""")
SALE = _table("""
    realPropertyContractNumber 28
    realPropertyAddress! 0
    detailAddress! 120
    crossCityFlag! 2
    incrementTaxNumber 18
    price 20
    taxAmount 20
    realPropertyCertificate 40
    unit! 2
""")
VOUCHER = _table("""
    detailIndex! 0
    voucherType! 0
    allElectronicInvoiceNumber 20
    invoiceCode 12
    invoiceNumber 8
    voucherNumber 20
    invoiceTime 18
    taxtotal! 18
    differenceTaxtotal! 18
    remark 100
    voucherSource! 1
""")
ELEMENT = _table("""
    elementName! 200
    elementType 20
    elementValue 200
""")
CONFIRMATION = _table("""
    billId 32
    blueInvoiceLine! 2
    applySource! 1
    blueInvoiceCode 12
    blueInvoiceNumber 8
    blueElecInvoiceNumber 20
    billTime 20
    sellerTaxNo! 20
    sellerName 100
    buyerTaxNo 20
    buyerName! 100
    redReason! 1
    extensionNumber 5
    clerkId 32
    deptId 32
    departmentId 32
    autoInvoice 1
    orderNo 20
    phone 20
    email 50
    callbackUrl 255
""")
RED_LINE = _table("""
    blueDetailIndex! 4
    goodsName! 90
    specType 40
    unit 20
    num 16
    taxExcludedPrice 16
    taxExcludedAmount! 16
    taxAmount! 16
    taxRate! 10
    goodsCode 19
    favouredPolicyFlag 2
    favouredPolicyName 50
""")
# The nodes of an order, and the fields of what is in them.
NODES = {
    "invoiceBuildingInfo": BUILDING,
    "invoiceGoodsTransports": TRANSPORT,
    "invoiceTravellerTransportInfoList": TRAVELLER,
    "realPropertyRentInfo": RENT,
    "realPropertySellInfo": SALE,
    "differenceVoucherInfoList": VOUCHER,
    "additionalElementList": ELEMENT,
}
LISTS = (
    "invoiceGoodsTransports",
    "invoiceTravellerTransportInfoList",
    "differenceVoucherInfoList",
    "additionalElementList",
)
# Of other kinds of invoices.
STRANGE_NODES = ("vehicleInfo", "secondHandCarInfo")
