"""Files as tables: what is written is read again, and nothing harmful is either."""

import csv
import io
import json
import zipfile
from datetime import datetime, timezone
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscal.by_file.cells import (
    CellError,
    DecimalForm,
    FileError,
    Typed,
    as_meant,
    decimal_form,
    harmless,
    moment_form,
    read_moment,
    write_moment,
)
from fiscal.by_file.reading import Bounds, Form, Table, read, read_any_table
from fiscal.by_file.writing import unwritable, write

HEADING = ["订单号", "金额", "remark"]
FORMS = [
    Form("csv", "utf-8"),
    Form("csv", "utf-8-sig", ";"),
    Form("csv", "gb18030", "\t"),
    Form("csv", "utf-16", "|"),
    Form("csv", "utf-8", heading=3),
    Form("xlsx"),
    Form("xlsx", heading=2),
    Form("json"),
    Form("json", path="data/rows"),
    Form("xml"),
    Form("xml", path="Invoices/Invoice"),
]
NAMES = {"xml": ["Order", "Amounts/Net", "@remark"], "json": ["a", "b/c", "b/d"]}

texts = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Cn", "Zl", "Zp")), max_size=40
).map(str.strip)
rows = st.lists(st.lists(texts, min_size=3, max_size=3).filter(any), max_size=6)


def cells(table: Table) -> list[list[str]]:
    return [list(row) for _number, row in table.rows]


@pytest.mark.parametrize("form", FORMS, ids=str)
@given(rows)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_again(form: Form, given: list[list[str]]) -> None:
    heading = NAMES.get(form.kind, HEADING)
    table = read(write(heading, given, form), form)
    if form.kind == "json" and not given:
        assert table == Table()
        return
    if form.kind == "xml":
        # what has no children is its own text; empty ones are there all the same
        places = [table.heading.index(name) for name in heading if given]
        assert [[row[p] for p in places] for row in cells(table)] == given
        return
    assert list(table.heading) == heading
    assert cells(table) == given


@given(st.text(max_size=20))
@settings(max_examples=300, deadline=None)
def test_no_text_of_a_csv_is_a_formula(text: str) -> None:
    content = write(["a"], [["x"], [text or "x"]], Form())
    for row in csv.reader(io.StringIO(content.decode(), newline="")):
        for cell in row:
            bare = cell.lstrip()
            figure = bare.lstrip("+-").replace(".", "").replace(",", "").rstrip("%")
            assert not bare or bare[0] not in "=+-@＝＋－＠" or figure.isdecimal(), cell


@given(st.text(alphabet="'=+-@＝1.,a%", max_size=8))
def test_an_apostrophe_comes_and_goes(text: str) -> None:
    assert as_meant(harmless(text)) == text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2+3", "'-2+3"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("-2.50", "-2.50"),
        ("+8613800000000", "+8613800000000"),
        ("O'Neill", "O'Neill"),
    ],
)
def test_formulas_are_texts(text: str, written: str) -> None:
    assert harmless(text) == written


def test_a_workbook_has_texts_and_numbers_and_no_formulas() -> None:
    row = ["=1+1", "https://example.com", "00123", Typed("1.50", Decimal("1.50"))]
    book = openpyxl.load_workbook(io.BytesIO(write(["a", "b", "c", "d"], [row], XLSX)))
    found = [cell for cell in book.active[2]]
    assert [cell.data_type for cell in found] == ["s", "s", "s", "n"]
    assert [cell.value for cell in found] == [*row[:3], 1.5]
    assert found[3].number_format == "0.00"
    assert all(cell.hyperlink is None for cell in found)


XLSX = Form("xlsx")


def test_the_same_rows_are_the_same_bytes() -> None:
    for form in FORMS:
        heading = NAMES.get(form.kind, HEADING)
        one, other = (write(heading, [["1", "2", "3"]], form) for _twice in "12")
        assert one == other, form


def test_typed_cells_need_no_stated_form() -> None:
    book = openpyxl.Workbook()
    book.active.append(["n", "d"])
    book.active.append([1234.5, datetime(2026, 3, 1, 10, 30)])
    out = io.BytesIO()
    book.save(out)
    [(number, (figure, moment))] = read(out.getvalue(), XLSX).rows
    assert number == 2
    assert DecimalForm(",").figure(figure) == Decimal("1234.5")
    assert read_moment(moment, "%d.%m.%Y", "Asia/Shanghai") == datetime(
        2026, 3, 1, 2, 30, tzinfo=timezone.utc
    )


def test_numbers_of_json_keep_their_digits() -> None:
    content = b'[{"n": 0.10, "m": {"big": 12345678901234567890.123}}]'
    [(_number, row)] = read(content, Form("json")).rows
    assert row == ("0.10", "12345678901234567890.123")
    assert DecimalForm(",").figure(row[1]) == Decimal("12345678901234567890.123")


# ----------------------------------------------------------------------------------
# Hostile files
# ----------------------------------------------------------------------------------


def refused(content: bytes, form: Form, bounds: Bounds | None = None) -> str:
    with pytest.raises(FileError) as raised:
        read(content, form, bounds)
    return str(raised.value)


def zipped(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_too_large() -> None:
    small = Bounds(size=100, rows=2, columns=2, text=5)
    assert "MB" in refused(b"x" * 101, Form(), small)
    assert "more than 2 rows" in refused(b"a\n1\n2\n3\n", Form(), small)
    assert "more than 2 rows" in refused(b"[{}, {}, {}]", Form("json"), small)
    assert "more than 2 columns" in refused(
        b'[{"a": "1", "b": "1", "c": "1"}]', Form("json"), small
    )
    assert "more than 5 characters" in refused(b"a\n123456\n", Form(), small)


def test_no_entities() -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a "b">]><r><x>&a;</x></r>'
    assert "document type" in refused(bomb, Form("xml"))
    assert "never has" in refused(
        zipped({"xl/workbook.xml": b"<!DOCTYPE r [<!ENTITY a 'b'>]><r/>"}), XLSX
    )
    assert "too large" in refused(zipped({"a.bin": bytes(61 * 1024 * 1024)}), XLSX)


def test_what_is_no_such_file() -> None:
    assert "(.xls)" in refused(b"\xd0\xcf\x11\xe0", XLSX)
    assert "workbook" in refused(b"a,b", XLSX)
    assert "JSON" in refused(b"{", Form("json"))
    assert "JSON" in refused(b"[" * 100_000, Form("json"))
    assert "list of rows" in refused(b'{"a": 1}', Form("json"))
    assert "list of rows" in refused(b'{"a": []}', Form("json", path="a/b"))
    assert "XML" in refused(b"<a>", Form("xml"))
    assert "list of rows" in refused(b"<a/>", Form("xml", path="b"))
    assert "encoding utf-8" in refused("金额".encode("gb18030"), Form("csv", "utf-8"))


def test_a_mark_tells_the_encoding() -> None:
    table = read("a\nб\n".encode("utf-16"), Form("csv", "gb18030"))
    assert cells(table) == [["б"]]


def test_any_table() -> None:
    content = "code;name\n1;شركة\n".encode("cp1256")
    assert read_any_table(content, Bounds()) == [
        (1, ["code", "name"]),
        (2, ["1", "شركة"]),
    ]


def test_names_that_cannot_be() -> None:
    for names, kind in (
        (["a b"], "xml"),
        (["1"], "xml"),
        (["a/"], "xml"),
        (["@a/b"], "xml"),
        (["a", "a/b"], "json"),
        (["a/b", "a"], "json"),
    ):
        with pytest.raises(FileError, match="name of a column"):
            write(names, [["1"] * len(names)], Form(kind))


def test_letters_that_an_encoding_lacks() -> None:
    form = Form("csv", "cp1252")
    assert unwritable(["a", "x金额"], form) == "金额"
    assert unwritable(["金额"], Form("csv", "gb18030")) == ""
    with pytest.raises(FileError, match="金额"):
        write(["a"], [["金额"]], form)


def test_json_is_flat_texts_that_json_reads() -> None:
    content = write(["a/b", "c"], [["1", "=2"]], Form("json", path="data"))
    assert json.loads(content) == {"data": [{"a": {"b": "1"}, "c": "=2"}]}


# ----------------------------------------------------------------------------------
# Figures and dates
# ----------------------------------------------------------------------------------

amounts = st.decimals(-(10**12), 10**12, places=2)


@given(amounts, st.sampled_from([".", ","]), st.sampled_from(["", "%", "/100"]))
def test_figures_come_back(value: Decimal, point: str, scale: str) -> None:
    form = DecimalForm(point, scale=scale)
    assert form.figure(str(form.cell(value))) == value


@pytest.mark.parametrize(
    ("text", "point", "value"),
    [
        ("1,234.50", ".", "1234.50"),
        ("1.234,50", ",", "1234.50"),
        ("1 234,5", ",", "1234.5"),
        ("-0.10", ".", "-0.10"),
        ("13%", ".", "13"),
    ],
)
def test_figures(text: str, point: str, value: str) -> None:
    assert DecimalForm(point).figure(text) == Decimal(value)


@pytest.mark.parametrize("text", ["1,23.4", "1,2345", "", "x", "1e5", "١٢", "nan"])
def test_no_figures(text: str) -> None:
    with pytest.raises(CellError, match="no figure"):
        DecimalForm(".").figure(text)


def test_forms_of_figures() -> None:
    assert decimal_form("0.00", ".").cell(Decimal("2.345")) == "2.35"
    assert decimal_form("0", ".").cell(Decimal("2.5")) == "3"
    assert decimal_form("/100", ".").cell(Decimal("1.5")) == "0.015"
    assert decimal_form("0%", ".").cell(Decimal("13")) == "13%"
    assert decimal_form("", ",").cell(Decimal("1.50")) == "1,5"
    assert decimal_form("/100", ".").figure("0.13") == Decimal("13")
    assert decimal_form("/100", ".").figure("13%") == Decimal("13")
    for text in ("0,00", "#", "00", "%%"):
        with pytest.raises(FileError, match="no form of figures"):
            decimal_form(text, ".")


def test_moments_by_the_clocks_of_a_zone() -> None:
    moment = datetime(2026, 2, 28, 16, 30, tzinfo=timezone.utc)
    form = moment_form("%Y-%m-%d %H:%M:%S")
    assert write_moment(moment, form, "Asia/Shanghai") == "2026-03-01 00:30:00"
    assert read_moment("2026-03-01 00:30:00", form, "Asia/Shanghai") == moment
    for text in ("2026-03-01", "2026-02-30 00:00:00", ""):
        with pytest.raises(CellError, match="no date"):
            read_moment(text, form, "Asia/Shanghai")
    for text in ("%Y", "%x", "yyyy-mm-dd", "%Y-%m-%d %"):
        with pytest.raises(FileError, match="no form of dates"):
            moment_form(text)
