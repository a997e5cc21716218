"""The invoice as OFD (GB/T 33190, spec china 2.4): one page, and its tags.

As real ones of this kind it has no seal.
"""

from __future__ import annotations

import io
import zipfile

from lxml import etree

from .face import DUMMY, Face, item_name

_NS = "http://www.ofdspec.org/2016"
_BOX = "0 0 210 140"
_PAGE, _FONT, _LAYER, _FIRST = "1", "2", "3", 10
_STAMP = (1980, 1, 1, 0, 0, 0)  # two files of one invoice are the same


class _Page:
    """Text objects, and which of them each tag names."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.tags: dict[str, list[str]] = {}

    def put(self, text: str, *path: str) -> None:
        """Place a text; ``path`` is the tag that names it."""
        identity = str(_FIRST + len(self.texts))
        self.texts.append((identity, text))
        if path:
            self.tags.setdefault("/".join(path), []).append(identity)


def ofd_of(face: Face) -> bytes:
    """The file."""
    page = _laid_out(face)
    parts = {
        "OFD.xml": _root(face),
        "Doc_0/Document.xml": _document(),
        "Doc_0/PublicRes.xml": _resources(),
        "Doc_0/Pages/Page_0/Content.xml": _content(page),
        "Doc_0/Tags/CustomTags.xml": _tag_list(),
        "Doc_0/Tags/CustomTag.xml": _tags(page),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, node in parts.items():
            data = etree.tostring(node, xml_declaration=True, encoding="UTF-8")
            archive.writestr(zipfile.ZipInfo(name, _STAMP), data)
    return buffer.getvalue()


def _laid_out(face: Face) -> _Page:
    page = _Page()
    page.put(face.kind.title)
    page.put("模拟发票，仅供测试")
    page.put(face.number, "InvoiceNo")
    page.put(face.issued("%Y年%m月%d日"), "IssueDate")
    page.put(face.said("buyerName"), "Buyer", "BuyerName")
    page.put(face.said("buyerTaxNum"), "Buyer", "BuyerTaxID")
    page.put(face.company.name, "Seller", "SellerName")
    page.put(face.company.tax_number, "Seller", "SellerTaxID")
    for line in face.lines:
        page.put(item_name(line), "Item")
        if line["num"]:
            page.put(line["num"], "Quantity")
            page.put(line["price"], "Price")
        page.put(line["excl"], "Amount")
        page.put(line["rate"], "TaxScheme")
        page.put(line["tax"], "TaxAmount")
    page.put(str(face.total("excl")), "TaxExclusiveTotalAmount")
    page.put(str(face.total("tax")), "TaxTotalAmount")
    page.put(str(face.total("incl")), "TaxInclusiveTotalAmount")
    page.put(face.said("clerk"), "InvoiceClerk")
    page.put(face.remark, "Note")
    return page


def _made(name: str, **attributes: str) -> etree._Element:
    node = etree.Element(f"{{{_NS}}}{name}", nsmap={"ofd": _NS})
    for key, value in attributes.items():
        node.set(key, value)
    return node


def _add(
    parent: etree._Element, name: str, text: str = "", **attributes: str
) -> etree._Element:
    node = etree.SubElement(parent, f"{{{_NS}}}{name}")
    for key, value in attributes.items():
        node.set(key, value)
    if text:
        node.text = text
    return node


def _root(face: Face) -> etree._Element:
    root = _made("OFD", Version="1.1", DocType="OFD")
    body = _add(root, "DocBody")
    info = _add(body, "DocInfo")
    _add(info, "DocID", face.number.rjust(32, "0"))
    _add(info, "Author", "China Tax")
    _add(info, "CreationDate", face.issued("%Y-%m-%d"))
    _add(info, "Creator", DUMMY)
    datas = _add(info, "CustomDatas")
    for name, value in (
        ("发票号码", face.number),
        ("销售方纳税人识别号", face.company.tax_number),
        ("购买方纳税人识别号", face.said("buyerTaxNum")),
        ("合计金额", str(face.total("excl"))),
        ("合计税额", str(face.total("tax"))),
        ("价税合计", str(face.total("incl"))),
        ("开票日期", face.issued("%Y年%m月%d日")),
    ):
        _add(datas, "CustomData", value, Name=name)
    _add(body, "DocRoot", "Doc_0/Document.xml")
    return root


def _document() -> etree._Element:
    root = _made("Document")
    common = _add(root, "CommonData")
    _add(common, "MaxUnitID", "100000")
    _add(_add(common, "PageArea"), "PhysicalBox", _BOX)
    _add(common, "PublicRes", "PublicRes.xml")
    pages = _add(root, "Pages")
    _add(pages, "Page", ID=_PAGE, BaseLoc="Pages/Page_0/Content.xml")
    _add(root, "CustomTags", "Tags/CustomTags.xml")
    return root


def _resources() -> etree._Element:
    root = _made("Res", BaseLoc="Res")
    _add(_add(root, "Fonts"), "Font", ID=_FONT, FontName="SimSun", FamilyName="SimSun")
    return root


def _content(page: _Page) -> etree._Element:
    root = _made("Page")
    _add(_add(root, "Area"), "PhysicalBox", _BOX)
    layer = _add(_add(root, "Content"), "Layer", ID=_LAYER)
    for row, (identity, text) in enumerate(page.texts):
        # more than fits is laid over itself: nobody reads this print
        place = f"10 {6 + row * 4 % 128} 190 4"
        holder = _add(
            layer, "TextObject", ID=identity, Boundary=place, Font=_FONT, Size="3"
        )
        _add(holder, "TextCode", text, X="0", Y="3")
    return root


def _tag_list() -> etree._Element:
    root = _made("CustomTags")
    tag = _add(root, "CustomTag", NameSpace="http://www.ofdspec.org/2016")
    _add(tag, "FileLoc", "CustomTag.xml")
    return root


def _tags(page: _Page) -> etree._Element:
    root = _made("root")
    parents = {"": root}
    for path, identities in page.tags.items():
        holder, _slash, name = path.rpartition("/")
        if holder not in parents:
            parents[holder] = _add(root, holder)
        tag = _add(parents[holder], name)
        for identity in identities:
            _add(tag, "ObjectRef", identity, PageRef=_PAGE)
    return root
