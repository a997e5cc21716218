"""The files behind a result's links: XML, OFD, PDF; and amounts in words."""

import base64
import io
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree
from nuonuo_kit import BUYER, SELLER, confirmation, discounted, line, order
from pypdf import PdfReader

from simulator.cn_nuonuo.faces.text import in_words

VECTORS = Path(__file__).parent / "vectors" / "nuonuo"
OFD = "{http://www.ofdspec.org/2016}"


@pytest.fixture
def row(nuonuo, seller):
    """The result of an invoice with a discount, and accounts on its face."""
    lines = [*discounted(unit=None), line("50.00", "0.06", unit="次", specType="a")]
    accounts = {"buyerAccount": "工商银行 123", "showBankAccountType": "3"}
    made = order(*lines, invoiceLine="bs", remark="货款", payee="李四", **accounts)
    return seller.issued(nuonuo, made)


def paths(root):
    """Every path of names in a document."""
    tree = root.getroottree()
    return {
        "/".join(part.split("[")[0] for part in tree.getpath(node).split("/"))
        for node in root.iter(etree.Element)
    }


def test_the_xml(seller, row):
    answer = seller.get(row["xmlUrl"])
    assert answer.headers["Content-Type"] == "application/xml"
    root = etree.fromstring(answer.content)
    assert root.findtext("Header/EIid") == row["invoiceNo"]
    assert root.findtext("Header/EInvoiceTag") == "SWEI3100"
    assert root.findtext("Header/InherentLabel/InIssuType/LabelCode") == "Y"
    assert root.findtext("Header/InherentLabel/GeneralOrSpecialVAT/LabelCode") == "01"
    data = root.find("EInvoiceData")
    assert data.findtext("SellerInformation/SellerIdNum") == SELLER
    assert data.findtext("BuyerInformation/BuyerIdNum") == BUYER
    assert data.findtext("BuyerInformation/BuyerBankName") == "工商银行"
    assert data.findtext("BuyerInformation/BuyerBankAccNum") == "123"
    basics = data.find("BasicInformation")
    assert basics.findtext("TotalAmWithoutTax") == "240.00"
    assert basics.findtext("TotalTaxAm") == "27.70"
    assert basics.findtext("TotalTax-includedAmount") == "267.70"
    words = basics.findtext("TotalTax-includedAmountInChinese")
    assert words == "贰佰陆拾柒圆柒角"
    items = data.findall("IssuItemInformation")
    assert [item.findtext("ItemName") for item in items[:2]] == ["*计算机*测试设备"] * 2
    assert [item.findtext("Amount") for item in items] == ["200.00", "-10.00", "50.00"]
    assert items[1].find("Quantity") is None
    remark = data.findtext("AdditionalInformation/Remark")
    for part in ("货款", "购方开户银行及账号：工商银行 123", "收款人：李四"):
        assert part in remark
    assert root.findtext("TaxSupervisionInfo/TaxBureauCode") == "13100000000"


def test_the_signature_says_that_it_is_none(seller, row):
    text = seller.get(row["xmlUrl"]).content
    root = etree.fromstring(text)
    value = root.findtext("TaxBureauSignature/SignatureValue")
    assert base64.b64decode(value) == b"SIMULATED-NOT-A-SIGNATURE"
    assert b"this is no signature" in text


def test_the_xml_has_the_names_of_real_ones(nuonuo, seller, row):
    """Every path occurs in a public sample or in the spec's outline."""
    known = set()
    for file in ("mit-demo-blue-special.xml", "own-synthetic-red-full.xml"):
        known |= paths(etree.fromstring((VECTORS / file).read_bytes()))
    buyer = "/EInvoice/EInvoiceData/BuyerInformation/Buyer"
    known |= {f"{buyer}{name}" for name in ("Addr", "TelNum", "BankName", "BankAccNum")}
    known |= {f"{buyer}HandlingName"}
    known |= {"/EInvoice/EInvoiceData/IssuItemInformation/SpecMod"}
    red = confirmation(row, redReason="4", orderNo="R")
    assert seller.call("saveInvoiceRedConfirm", red).code == "E0000"
    nuonuo.settle()
    for url in (row["xmlUrl"], seller.one("R")["xmlUrl"]):
        assert paths(etree.fromstring(seller.get(url).content)) <= known
    root = etree.fromstring(seller.get(seller.one("R")["xmlUrl"]).content)
    assert root.findtext("Header/InherentLabel/InIssuType/LabelCode") == "N"
    node = root.find("EInvoiceData/SpecificInformation/RedEInvoice")
    assert node.findtext("OriginalInvoiceCode") == row["invoiceNo"]
    assert (
        node.findtext("CreditNoteNumber") == seller.bill(billId=red["billId"])["billNo"]
    )


def test_the_price_on_the_face_is_tax_exclusive(nuonuo, seller):
    priced = line("100.00", price="113", num="1", withTaxFlag="1")
    row = seller.issued(nuonuo, order(priced))
    root = etree.fromstring(seller.get(row["xmlUrl"]).content)
    assert root.findtext(".//UnPrice") == "100"


def test_the_ofd(seller, row):
    answer = seller.get(row["ofdUrl"])
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    assert not [name for name in archive.namelist() if "Signs" in name]
    info = etree.fromstring(archive.read("OFD.xml")).find(f".//{OFD}CustomDatas")
    datas = {node.get("Name"): node.text for node in info}
    assert datas["发票号码"] == row["invoiceNo"]
    assert datas["销售方纳税人识别号"] == SELLER
    assert datas["购买方纳税人识别号"] == BUYER
    assert (datas["合计金额"], datas["合计税额"]) == ("240.00", "27.70")
    assert datas["开票日期"].endswith("日")
    content = etree.fromstring(archive.read("Doc_0/Pages/Page_0/Content.xml"))
    texts = {
        node.get("ID"): node.findtext(f"{OFD}TextCode")
        for node in content.iter(f"{OFD}TextObject")
    }
    tags = etree.fromstring(archive.read("Doc_0/Tags/CustomTag.xml"))

    def tagged(path):
        found = tags.findall("/".join(f"{OFD}{name}" for name in path.split("/")))
        return [texts[ref.text] for node in found for ref in node]

    assert tags.tag == f"{OFD}root"
    assert tagged("InvoiceNo") == [row["invoiceNo"]]
    assert tagged("Buyer/BuyerTaxID") == [BUYER]
    assert tagged("Seller/SellerTaxID") == [SELLER]
    assert tagged("TaxInclusiveTotalAmount") == ["267.70"]
    assert tagged("Amount") == ["200.00", "-10.00", "50.00"]
    assert "货款" in tagged("Note")[0]
    assert seller.get(row["ofdUrl"]).content == answer.content


def test_the_pdf(seller, row):
    answer = seller.get(row["pdfUrl"])
    assert answer.headers["Content-Type"] == "application/pdf"
    (page,) = PdfReader(io.BytesIO(answer.content), strict=True).pages
    text = page.extract_text()
    assert "模拟发票，仅供测试" in text
    for part in (row["invoiceNo"], "267.70", "贰佰陆拾柒圆柒角", row["qrCode"]):
        assert part in text


def test_files_that_are_not_there(nuonuo, seller, row):
    url = row["xmlUrl"]
    nuonuo.register(companies=[{"tax_number": SELLER, "xml": False}])
    assert seller.one(row["orderNo"])["xmlUrl"] == ""
    assert seller.get(url).status_code == 404
    assert seller.get(row["pdfUrl"]).status_code == 200
    assert seller.get(row["pdfUrl"].replace(".pdf", ".exe")).status_code == 404
    secret = row["pdfUrl"].split("/")[-2]
    other = row["pdfUrl"].replace(secret, "x" * len(secret))
    assert seller.get(other).status_code == 404


WORDS = {
    "0.00": "零圆整",
    "0.05": "伍分",
    "0.50": "伍角",
    "1.00": "壹圆整",
    "1.05": "壹圆零伍分",
    "10.10": "壹拾圆壹角",
    "105.67": "壹佰零伍圆陆角柒分",
    "16000.00": "壹万陆仟圆整",
    "322.20": "叁佰贰拾贰圆贰角",
    "100000.00": "壹拾万圆整",
    "100000005.00": "壹亿零伍圆整",
    "10203040.00": "壹仟零贰拾万叁仟零肆拾圆整",
    "1010000.00": "壹佰零壹万圆整",
    "-322.20": "（负数）叁佰贰拾贰圆贰角",
}


@pytest.mark.parametrize(("amount", "words"), WORDS.items())
def test_amounts_in_words(amount, words):
    assert in_words(Decimal(amount)) == words
