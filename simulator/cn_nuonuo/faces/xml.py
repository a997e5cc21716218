"""The invoice as XML (spec china 2.3), with a signature that is none."""

from __future__ import annotations

import base64
from decimal import Decimal

from lxml import etree

from ..shapes import text
from .face import DUMMY, Face, item_name, split_account
from .text import in_words

_VERSION = "0.33"
_REFERENCE = "|".join(
    f"/Einvoice/{name}"
    for name in (
        "Header",
        "EinvoiceData",
        "SellerAuthentication",
        "TaxSupervisionInfo",
        "TaxBureauSignature/SignatureTime",
    )
)


def xml_of(face: Face) -> bytes:
    """The file."""
    root = etree.Element("EInvoice")
    _header(etree.SubElement(root, "Header"), face)
    data = etree.SubElement(root, "EInvoiceData")
    _parties(data, face)
    _basics(etree.SubElement(data, "BasicInformation"), face)
    for line in face.lines:
        _item(etree.SubElement(data, "IssuItemInformation"), line)
    _specific(etree.SubElement(data, "SpecificInformation"), face)
    more = etree.SubElement(data, "AdditionalInformation")
    if face.remark:
        _leaf(more, "Remark", face.remark)
    for row in face.invoice.order.get("additionalElementList") or []:
        extra = etree.SubElement(more, "Additional")
        _leaf(extra, "Information", row["elementName"])
        _leaf(extra, "InformationValue", text(row, "elementValue"))
    seller = etree.SubElement(root, "SellerAuthentication")
    _leaf(seller, "AuthenticationMethods", "01")
    _supervision(etree.SubElement(root, "TaxSupervisionInfo"), face)
    _signature(etree.SubElement(root, "TaxBureauSignature"), face)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8", standalone=True)


def _leaf(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text


def _label(parent: etree._Element, name: str, code: str, title: str) -> None:
    label = etree.SubElement(parent, name)
    _leaf(label, "LabelCode", code)
    _leaf(label, "LabelName", title)


def _header(header: etree._Element, face: Face) -> None:
    _leaf(header, "EIid", face.number)
    _leaf(header, "EInvoiceTag", f"SWEI{face.company.province}")
    _leaf(header, "Version", _VERSION)
    own = etree.SubElement(header, "InherentLabel")
    blue = "N" if face.invoice.red else "Y"
    _label(own, "InIssuType", blue, "是否蓝字发票标志")
    _label(own, "EInvoiceType", "01", "电子发票")
    if face.kind.special:
        _label(own, "GeneralOrSpecialVAT", "01", "增值税专用发票")
    else:
        _label(own, "GeneralOrSpecialVAT", "02", "普通发票")
    if face.company.small:
        _label(own, "TaxpayerType", "2", "小规模纳税人")
    else:
        _label(own, "TaxpayerType", "1", "一般纳税人")
    etree.SubElement(header, "UndefinedLabel")


def _parties(data: etree._Element, face: Face) -> None:
    bank, account = split_account(face.said("salerAccount"))
    seller = etree.SubElement(data, "SellerInformation")
    _leaf(seller, "SellerIdNum", face.company.tax_number)
    _leaf(seller, "SellerName", face.company.name)
    _leaf(seller, "SellerAddr", face.said("salerAddress"))
    _leaf(seller, "SellerTelNum", face.said("salerTel"))
    _leaf(seller, "SellerBankName", bank)
    _leaf(seller, "SellerBankAccNum", account)
    bank, account = split_account(face.said("buyerAccount"))
    buyer = etree.SubElement(data, "BuyerInformation")
    _leaf(buyer, "BuyerIdNum", face.said("buyerTaxNum"))
    _leaf(buyer, "BuyerName", face.said("buyerName"))
    _leaf(buyer, "BuyerAddr", face.said("buyerAddress"))
    _leaf(buyer, "BuyerTelNum", face.said("buyerTel"))
    _leaf(buyer, "BuyerBankName", bank)
    _leaf(buyer, "BuyerBankAccNum", account)
    _leaf(buyer, "BuyerHandlingName", face.said("buyerManagerName"))


def _basics(basics: etree._Element, face: Face) -> None:
    _leaf(basics, "TotalAmWithoutTax", str(face.total("excl")))
    _leaf(basics, "TotalTaxAm", str(face.total("tax")))
    _leaf(basics, "TotalTax-includedAmount", str(face.total("incl")))
    words = in_words(face.total("incl"))
    _leaf(basics, "TotalTax-includedAmountInChinese", words)
    _leaf(basics, "Drawer", face.said("clerk"))
    _leaf(basics, "RequestTime", face.issued("%Y-%m-%d %H:%M:%S"))


def _item(item: etree._Element, line: dict[str, str]) -> None:
    _leaf(item, "ItemName", item_name(line))
    if line["spec"]:
        _leaf(item, "SpecMod", line["spec"])
    if line["unit"]:
        _leaf(item, "MeaUnits", line["unit"])
    if line["num"]:
        _leaf(item, "Quantity", line["num"])
        # prices are tax-exclusive on the face, whatever the order said
        price = Decimal(line["excl"]) / Decimal(line["num"])
        text = f"{price.quantize(Decimal('1e-13')).normalize():f}"
        _leaf(item, "UnPrice", line["price"] if not line["with_tax"] else text)
    _leaf(item, "Amount", line["excl"])
    _leaf(item, "TaxRate", line["rate"])
    _leaf(item, "ComTaxAm", line["tax"])
    _leaf(item, "TotaltaxIncludedAmount", line["incl"])
    _leaf(item, "TaxClassificationCode", line["code"])


def _specific(specific: etree._Element, face: Face) -> None:
    red = face.invoice.red
    if red:
        node = etree.SubElement(specific, "RedEInvoice")
        _leaf(node, "OriginalInvoiceCode", red["blue"])
        _leaf(node, "CreditNoteNumber", red["bill_no"])


def _supervision(info: etree._Element, face: Face) -> None:
    _leaf(info, "InvoiceNumber", face.number)
    _leaf(info, "IssueTime", face.issued("%Y-%m-%d"))
    _leaf(info, "TaxBureauCode", f"1{face.company.province}000000")
    _leaf(info, "TaxBureauName", face.bureau)


def _signature(signature: etree._Element, face: Face) -> None:
    signature.append(etree.Comment(" Made by a simulator: this is no signature. "))
    etree.SubElement(signature, "Reference", URI=_REFERENCE)
    _leaf(signature, "SignatureAlgorithm", "1.2.156.10197.1.501")
    _leaf(signature, "SignatureFormat", "DETACH")
    _leaf(signature, "SignatureTime", face.issued("%Y-%m-%d %H:%M:%S"))
    _leaf(signature, "SignatureValue", base64.b64encode(DUMMY.encode()).decode())
    etree.SubElement(signature, "KeyInfo")
