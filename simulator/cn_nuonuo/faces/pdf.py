"""The invoice as PDF: a page of text in a font that every viewer brings along."""

from __future__ import annotations

from ...pdf import assembled, stream
from .face import Face, item_name
from .text import in_words

_LEFT, _TOP, _LEADING, _SIZE = 30, 370, 14, 9
_MOST_LINES = 24
# Each code is its own Unicode character, so that text can be copied out.
_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin
12 dict begin begincmap
/CMapName /Own def /CMapType 2 def
1 begincodespacerange <0000> <FFFF> endcodespacerange
1 beginbfrange <0000> <FFFF> <0000> endbfrange
endcmap end end"""


def pdf_of(face: Face) -> bytes:
    """The file."""
    rows = [
        f"{face.kind.title}（模拟发票，仅供测试 SIMULATED）",
        f"发票号码：{face.number}    开票日期：{face.issued('%Y年%m月%d日')}",
        f"购买方：{face.said('buyerName')}    {face.said('buyerTaxNum')}",
        f"销售方：{face.company.name}    {face.company.tax_number}",
        "",
    ]
    rows += [
        f"{item_name(line)}  {line['spec']}  {line['num']} {line['unit']}  "
        f"{line['excl']}  {line['rate']}  {line['tax']}"
        for line in face.lines[:_MOST_LINES]
    ]
    rows += [
        "",
        f"合计：¥{face.total('excl')}    ¥{face.total('tax')}",
        f"价税合计：{in_words(face.total('incl'))}    ¥{face.total('incl')}",
        f"备注：{face.remark}",
        f"开票人：{face.said('clerk')}    {face.qr}",
    ]
    return _pdf(rows)


def _pdf(rows: list[str]) -> bytes:
    text = "".join(f"<{row.encode('utf-16-be').hex()}> Tj T*\n" for row in rows)
    content = f"BT /F1 {_SIZE} Tf {_LEADING} TL {_LEFT} {_TOP} Td\n{text}ET"
    return assembled(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            # 210 by 140 mm
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 397] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>",
            stream(content.encode()),
            b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light "
            b"/Encoding /UniGB-UTF16-H /DescendantFonts [6 0 R] /ToUnicode 8 0 R >>",
            b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light "
            b"/CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 5 >> "
            b"/FontDescriptor 7 0 R >>",
            b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 "
            b"/FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 "
            b"/Descent -120 /CapHeight 880 /StemV 93 >>",
            stream(_TO_UNICODE),
        ]
    )
