"""Files: fetched from the provider's hosts alone, read without harm, and compared."""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from cn_kit import (
    BLUE,
    BUYER,
    SELLER,
    VECTORS,
    authority,
    back,
    codes,
    document,
    line,
    order_of,
    receipt,
    row,
    xml,
)

from fiscal.cn_nuonuo import ofd as ofd_module
from fiscal.cn_nuonuo.answers import rows_of
from fiscal.cn_nuonuo.fapiao import thaw
from fiscal.cn_nuonuo.ofd import read_ofd
from fiscal.cn_nuonuo.voucher import MOST_XML_BYTES, read_xml
from fiscal.contract import AuthorityError, TransientError

NUMBER = "26310000000000000101"
LINES = (
    line("190.00", discount="10.00", quantity=Decimal(2)),
    line("50.00", "6"),
    line("50.00", "9"),
)
FIGURES = {
    **{"exTaxAmount": "290.00", "taxAmount": "32.20", "orderAmount": "322.20"},
    **{"invoiceNo": NUMBER, "allElectronicInvoiceNumber": NUMBER},
}
OFD_NAME = "http://www.ofdspec.org/2016"


def zipped(members, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in members.items():
            # the same bytes whenever it is made
            info = zipfile.ZipInfo(name, (2026, 10, 1, 0, 0, 0))
            archive.writestr(info, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def ofd(said=None, more=None):
    """An OFD as the bureau makes it: custom data, and tags that point at texts."""
    values = {
        "发票号码": NUMBER,
        "销售方纳税人识别号": SELLER,
        "购买方纳税人识别号": BUYER,
        "合计金额": "290.00",
        "合计税额": "32.20",
        "开票日期": "2026年10月01日",
        **(said or {}),
    }
    rows = "".join(
        f'<ofd:CustomData Name="{name}">{text}</ofd:CustomData>'
        for name, text in values.items()
    )
    members = {
        "OFD.xml": f'<ofd:OFD xmlns:ofd="{OFD_NAME}"><ofd:DocBody><ofd:DocInfo>'
        f"<ofd:CustomDatas>{rows}</ofd:CustomDatas></ofd:DocInfo>"
        "<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot></ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f'<ofd:Document xmlns:ofd="{OFD_NAME}"><ofd:Pages>'
        '<ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>'
        "<ofd:CustomTags>Tags/CustomTags.xml</ofd:CustomTags></ofd:Document>",
        "Doc_0/Tags/CustomTags.xml": f'<ofd:CustomTags xmlns:ofd="{OFD_NAME}">'
        '<ofd:CustomTag TypeID="0"><ofd:FileLoc>CustomTag.xml</ofd:FileLoc>'
        "</ofd:CustomTag></ofd:CustomTags>",
        "Doc_0/Tags/CustomTag.xml": f'<ofd:root xmlns:ofd="{OFD_NAME}">'
        '<ofd:Buyer><ofd:BuyerName><ofd:ObjectRef PageRef="1">11</ofd:ObjectRef>'
        "</ofd:BuyerName></ofd:Buyer><ofd:TaxInclusiveTotalAmount>"
        '<ofd:ObjectRef PageRef="1">12</ofd:ObjectRef>'
        '<ofd:ObjectRef PageRef="1">13</ofd:ObjectRef>'
        "</ofd:TaxInclusiveTotalAmount></ofd:root>",
        "Doc_0/Pages/Page_0/Content.xml": f'<ofd:Page xmlns:ofd="{OFD_NAME}">'
        + "".join(
            f'<ofd:TextObject ID="{number}"><ofd:TextCode>{text}</ofd:TextCode>'
            "</ofd:TextObject>"
            for number, text in (
                *(("11", "测试购买有限公司"), ("12", "¥"), ("13", "322.20")),
            )
        )
        + "</ofd:Page>",
        **(more or {}),
    }
    return zipped({name: text for name, text in members.items() if text is not None})


# -- reading --------------------------------------------------------------------------


def test_an_ofd_of_the_bureau():
    said = read_ofd(ofd())
    assert (said.number, said.day) == (NUMBER, date(2026, 10, 1))
    assert (said.net, said.tax, said.total) == (
        *(Decimal("290.00"), Decimal("32.20"), Decimal("322.20")),
    )
    assert (said.seller_id, said.buyer_name) == (SELLER, "测试购买有限公司")


@pytest.mark.parametrize(
    "more",
    [
        {"Doc_0/Document.xml": None},
        {"Doc_0/Tags/CustomTags.xml": "<no"},
        {"Doc_0/Tags/CustomTag.xml": "<x/>"},
        {"Doc_0/Pages/Page_0/Content.xml": None},
    ],
)
def test_an_ofd_without_tags_says_less(more):
    said = read_ofd(ofd(more=more))
    assert (said.number, said.total) == (NUMBER, None)


def bomb(name="OFD.xml"):
    return zipped({name: b"<a>" + b" " * (ofd_module.MOST_MEMBER_BYTES + 1) + b"</a>"})


def lying():
    """An archive whose directory tells another size than its member has."""
    content = bytearray(ofd())
    place = content.rfind(b"PK\x01\x02")
    content[place + 24 : place + 28] = (7).to_bytes(4, "little")
    return bytes(content)


ENTITIES = (
    b'<!DOCTYPE EInvoice [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]>'
    b"<EInvoice><EInvoiceData>&b;</EInvoiceData></EInvoice>"
)
OUTSIDE = (
    b'<!DOCTYPE EInvoice [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    b"<EInvoice><EInvoiceData>&a;</EInvoiceData></EInvoice>"
)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04",
        b"x" * 100,
        ofd()[:-40],
        ofd()[40:],
        bomb(),
        zipped({f"{n}.xml": "" for n in range(ofd_module.MOST_MEMBERS + 1)}),
        zipped({"OFD.xml": ENTITIES}),
        zipped({"other.xml": "<a/>"}),
        ofd({"发票号码": "none"}),
    ],
)
def test_what_is_no_ofd(content):
    with pytest.raises(ValueError):
        read_ofd(content)


def test_many_large_members_together(monkeypatch):
    monkeypatch.setattr(ofd_module, "MOST_BYTES", 1000)
    with pytest.raises(ValueError, match="too large"):
        read_ofd(ofd())


def test_a_directory_that_lies():
    with pytest.raises(ValueError):
        read_ofd(lying())


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "C:\\x"])
def test_no_path_leaves_the_archive(path):
    tags = (
        f'<ofd:CustomTags xmlns:ofd="{OFD_NAME}"><ofd:FileLoc>{path}</ofd:FileLoc>'
        "</ofd:CustomTags>"
    )
    assert read_ofd(ofd(more={"Doc_0/Tags/CustomTags.xml": tags})).number == NUMBER


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<EInvoice/>",
        b"<Other><EInvoiceData/></Other>",
        ENTITIES,
        OUTSIDE,
        b"<EInvoice><EInvoiceData>"
        + b"<a>" * 200
        + b"</a>" * 200
        + b"</EInvoiceData></EInvoice>",
        b"<EInvoice><EInvoiceData>"
        + b"<IssuItemInformation/>" * 4001
        + b"</EInvoiceData></EInvoice>",
        b"<EInvoice>" + b" " * MOST_XML_BYTES + b"</EInvoice>",
    ],
)
def test_what_is_no_xml_of_a_fapiao(content):
    with pytest.raises(ValueError):
        read_xml(content)


def test_an_xml_that_says_little():
    said = read_xml(b"<EInvoice xmlns='u:x'><EInvoiceData/></EInvoice>")
    assert (said.number, said.total, said.red, said.lines) == ("", None, None, ())


# -- fetching -------------------------------------------------------------------------


PDF = b"%PDF-1.7 x"
XML = xml("own-synthetic-multirate-discount-ordinary")


def serve(provider, made, **more):
    files = {"ofd": ofd(), "xml": XML, "pdf": PDF}
    links = {}
    for name, content in files.items():
        provider.files[f"/files/{name}"] = content
        links[f"{name}Url"] = f"{provider.url}/files/{name}"
    provider.told(
        "queryInvoiceResult", [row(order_of(made), **{**FIGURES, **links, **more})]
    )


@pytest.fixture
def made():
    return document(receipt(*LINES), uid=NUMBER)


def test_all_files(provider, made):
    serve(provider, made)
    files = provider.authority().fetch_files(made)
    assert [(one.name, one.original) for one in files] == [
        (f"{NUMBER}.ofd", True),
        (f"{NUMBER}.xml", True),
        (f"{NUMBER}.pdf", False),
    ]
    for one in files:
        assert one.sha256 == hashlib.sha256(one.content).hexdigest()
        assert one.problems == ()
    assert files[1].content == XML
    assert provider.authority().fetch_pdf(made) == PDF


def test_a_pdf_alone_is_the_voucher(provider, made):
    serve(provider, made, ofdUrl="", xmlUrl="")
    (file,) = provider.authority().fetch_files(made)
    assert (file.media_type, file.original) == ("application/pdf", True)


def test_nothing_is_there_yet(provider, made):
    provider.told("queryInvoiceResult", [row(order_of(made), "20")])
    assert provider.authority().fetch_files(made) == []
    with pytest.raises(AuthorityError):
        provider.authority().fetch_pdf(made)


DIFFERENCES = [
    ({"发票号码": "2" * 20}, 1),
    ({"开票日期": "2026年10月02日"}, 1),
    ({"销售方纳税人识别号": "X"}, 1),
    ({"购买方纳税人识别号": "X"}, 1),
    ({"合计金额": "290.01", "合计税额": "¥32.19"}, 2),
    ({"合计税额": "32.2"}, 0),
]


@pytest.mark.parametrize(("said", "count"), DIFFERENCES)
def test_an_ofd_that_says_something_else(provider, made, said, count):
    serve(provider, made)
    provider.files["/files/ofd"] = ofd(said)
    file = provider.authority().fetch_files(made)[0]
    assert codes(file.problems) == ["file_differs"] * count
    assert file.content == ofd(said)


def test_an_xml_that_says_something_else(provider, made):
    serve(provider, made)
    for before, after in (
        (b"<LabelCode>02</LabelCode>", b"<LabelCode>01</LabelCode>"),
        (b">322.20</TotalTax-", b">322.21</TotalTax-"),
        ("测试销售".encode(), "测试销货".encode()),
    ):
        assert before in XML
        provider.files["/files/xml"] = XML.replace(before, after)
        file = provider.authority().fetch_files(made)[1]
        assert codes(file.problems) == ["file_differs"]


def test_files_of_a_split(provider, made):
    """Each file has its own fapiao's figures."""
    serve(provider, made)
    half = {"exTaxAmount": "145.00", "taxAmount": "16.10", "orderAmount": "161.10"}
    other = {"invoiceNo": BLUE, "allElectronicInvoiceNumber": BLUE}
    link = {"ofdUrl": f"{provider.url}/files/ofd"}
    order = order_of(made)
    provider.told(
        "queryInvoiceResult",
        [row(order, **{**FIGURES, **half, **link}), row(order, **{**half, **other})],
    )
    texts = {"合计金额": "145.00", "合计税额": "16.10", "价税合计": "161.10"}
    provider.files["/files/ofd"] = ofd(texts)
    (file,) = provider.authority().fetch_files(made)
    assert file.problems == ()
    provider.files["/files/ofd"] = ofd({**texts, "合计税额": "32.20"})
    (file,) = provider.authority().fetch_files(made)
    assert codes(file.problems) == ["file_differs"]


def test_files_of_a_red_letter(provider):
    red = document(back(*LINES), uid=NUMBER)
    number = "26310000000000000202"
    figures = {"invoiceNo": number, "allElectronicInvoiceNumber": number}
    serve(provider, red, **figures, ofdUrl="", pdfUrl="")
    provider.files["/files/xml"] = xml("own-synthetic-red-full")
    (file,) = provider.authority().fetch_files(red)
    assert file.problems == ()
    provider.files["/files/xml"] = XML.replace(NUMBER.encode(), number.encode())
    (file,) = provider.authority().fetch_files(red)
    assert codes(file.problems) == ["file_differs"] * 3


def test_a_file_that_cannot_be_read_is_kept(provider, made):
    serve(provider, made)
    content = provider.files["/files/ofd"] = bomb()
    file = provider.authority().fetch_files(made)[0]
    assert codes(file.problems) == ["file_unreadable"]
    assert file.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("content", [b"<html>", b"", None])
def test_what_is_no_such_file(provider, made, content):
    serve(provider, made)
    provider.files["/files/pdf"] = content
    with pytest.raises(TransientError):
        provider.authority().fetch_files(made)


def test_a_file_that_is_too_large(provider, made):
    serve(provider, made)
    with pytest.raises(TransientError):
        provider.authority(settings={"file_bytes": 100}).fetch_files(made)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com/x.pdf",
        "https://notnuonuo.com/x.pdf",
        "https://nuonuo.com.example.com/x.pdf",
        "https://nuonuo.com@example.com/x.pdf",
        "http://inv.jss.com.cn/x.pdf",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "//x",
    ],
)
def test_other_hosts_are_not_called(provider, made, url):
    serve(provider, made, pdfUrl=url)
    with pytest.raises(TransientError):
        provider.authority().fetch_pdf(made)
    assert [one.purpose for one in provider.exchanges] == ["token", "query"]


def test_this_machine_is_not_called_for_a_provider_elsewhere(made):
    own = authority()
    link = {"pdfUrl": "http://127.0.0.1:1/x.pdf"}
    (one,) = rows_of([row(order_of(made), **FIGURES, **link)])
    with pytest.raises(TransientError, match="none of the hosts"):
        list(own._fetcher().files(one, thaw(made.content), 1))
    allowed = replace(one, pdf_url="https://inv.nuonuo.com/x.pdf")
    own._fetcher()._allow(allowed.pdf_url)


def test_the_legacy_sample_is_another_fapiao(provider, made):
    serve(provider, made)
    content = (VECTORS / "ofd" / "testca-legacy-signed-valid.ofd").read_bytes()
    provider.files["/files/ofd"] = content
    problems = provider.authority().fetch_files(made)[0].problems
    assert len(problems) == 8
