"""Documents as rows of a file, and rows of results as what an authority says."""

from datetime import datetime, timezone
from decimal import Decimal

import cn_kit
import pytest

from fiscal.by_file import catalogue
from fiscal.by_file.cells import FileError
from fiscal.by_file.layout import Column, Layout
from fiscal.by_file.reading import Form, Table, read
from fiscal.by_file.receipts import rows_of, totals_of
from fiscal.by_file.results import (
    Result,
    ResultError,
    outcome_of,
    result_of,
    wrong_anyhow,
)
from fiscal.by_file.writing import write
from fiscal.contract import Capabilities, Status

D = Decimal
NUMBER, OTHER = "26312000000000000101", "26312000000000000102"
AT = datetime(2026, 10, 1, 1, 30, tzinfo=timezone.utc)


class Plain:
    """An authority without words of its own for files."""

    capabilities = Capabilities(uid_at="answer")


def document(receipt=None, uid=""):
    return cn_kit.document(receipt, key=7, uid=uid)


def valid(number=NUMBER, **told):
    return Result(Status.VALID, number, **told)


def codes(authority, results, receipt=None, uid=""):
    receipt = receipt or cn_kit.receipt()
    with pytest.raises(ResultError) as raised:
        outcome_of(authority, document(receipt, uid), receipt, results)
    return [problem.code for problem in raised.value.problems]


# ----------------------------------------------------------------------------------
# Out
# ----------------------------------------------------------------------------------


def test_rows_have_fields_of_the_catalogue_only() -> None:
    receipt = cn_kit.receipt(cn_kit.line("200.00", discount="20.00"))
    for rows in (
        rows_of(receipt),
        cn_kit.authority().file_rows(cn_kit.authority().build(receipt).content),
    ):
        for row in rows:
            assert set(row) <= set(catalogue.DOCUMENTS)


def test_a_row_for_each_line_and_its_whole() -> None:
    receipt = cn_kit.receipt(cn_kit.line("200.00"), cn_kit.line("10.00", "6"))
    first, second = rows_of(receipt)
    assert first["buyer_id"] == second["buyer_id"] == cn_kit.BUYER
    assert (first["line_net"], second["line_net"]) == (D("200.00"), D("10.00"))
    assert (first["tax_rate"], second["tax_rate"]) == (D(13), D(6))
    assert first["total"] == D("236.60") == first["net"] + first["tax"]
    assert totals_of(receipt) == {n: first[n] for n in ("net", "tax", "total")}


def test_a_row_for_each_line_of_the_fapiao() -> None:
    receipt = cn_kit.receipt(cn_kit.line("200.00", discount="20.00"))
    rows = cn_kit.authority().file_rows(cn_kit.authority().build(receipt).content)
    assert [row["line_nature"] for row in rows] == ["02", "01"]
    assert [row["line_net"] for row in rows] == [D("220.00"), D("-20.00")]
    assert {row["order"] for row in rows} == {rows[0]["order"]} != {rows[0]["number"]}
    assert sum(row["line_total"] for row in rows) == rows[0]["total"]


def test_a_red_letter_names_its_blue_one() -> None:
    receipt = cn_kit.back()
    [row] = cn_kit.authority().file_rows(cn_kit.authority().build(receipt).content)
    assert (row["kind"], row["original_uid"]) == ("return", cn_kit.BLUE)
    assert row["line_net"] == -D("200.00")


# ----------------------------------------------------------------------------------
# Layout
# ----------------------------------------------------------------------------------

LAYOUT = [
    Column("单号", "order", required=True),
    Column("状态", "state", words={"valid": "已开具", "invalid": "失败"}),
    Column("号码", "authority_uid"),
    Column("时间", "issued_at"),
    Column("合计", "total"),
    Column("来源", constant="web"),
]


def layout(columns=LAYOUT, known=catalogue.RESULTS, **options):
    return Layout(columns, known, zone="Asia/Shanghai", **options)


def given(text, **options):
    return list(layout(**options).givens(read(text.encode(), Form())))


def test_rows_are_read_by_their_headings() -> None:
    [row] = given(
        "合计,x, 状态 ,单号,号码,时间\n1.00,y,已开具,A-1,N,2026-10-01 09:30:00\n"
    )
    assert row.number == 2
    assert row.values == {
        "order": "A-1",
        "state": "valid",
        "authority_uid": "N",
        "issued_at": AT,
        "total": D("1.00"),
    }
    assert not row.problems


def test_every_problem_of_a_row() -> None:
    [row] = given("单号,合计,时间\n,x,y\n")
    assert [problem.code for problem in row.problems] == ["missing", "cell", "cell"]
    assert "单号" in row.problems[0].text
    assert "no figure" in row.problems[2].text


def test_a_required_column_is_missing() -> None:
    with pytest.raises(FileError, match="no column 单号. Its columns are: a, b"):
        given("a,b\n1,2\n")


def test_columns_by_their_places() -> None:
    columns = [Column("2", "number"), Column("1", "authority_uid")]
    table = read(b"N,A-1\n", Form(heading=0))
    [row] = layout(columns).givens(table)
    assert row.values == {"number": "A-1", "authority_uid": "N"}


def test_a_constant_stands_in_for_an_empty_cell() -> None:
    columns = [Column("a", "number"), Column("b", "state", constant="valid")]
    rows = layout(columns).givens(Table(("a", "b"), ((2, ("1", "")), (3, ("2", "x")))))
    assert [row.values["state"] for row in rows] == ["valid", "x"]


def test_what_makes_no_layout() -> None:
    for column in (
        Column("a", "quantity"),
        Column("a", "total", form="x"),
        Column("a", "issued_at", form="x"),
    ):
        with pytest.raises(FileError):
            layout([column])


def test_rendering() -> None:
    columns = [
        Column("kind", "kind", words={"sale": "蓝字"}),
        Column("rate", "tax_rate", form="/100"),
        Column("net", "line_net", form="0.00"),
        Column("at", "issued_at"),
        Column("included", "tax_included", words={"no": "否"}),
        Column("always", constant="x"),
        Column("spec", "spec", required=True),
    ]
    [row] = rows_of(cn_kit.receipt())
    out = layout(columns, catalogue.DOCUMENTS, point=",")
    cells, problems = out.render(row)
    assert out.by_line
    assert cells == ["蓝字", "0,13", "200,00", "2026-10-01 09:30:00", "否", "x", ""]
    assert [problem.values["column"] for problem in problems] == ["spec"]
    assert not layout([Column("a", "number")], catalogue.DOCUMENTS).by_line


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json", "xml"])
def test_what_goes_out_could_come_in(kind: str) -> None:
    columns = [
        Column("order", "order"),
        Column("net", "net"),
        Column("at", "issued_at"),
    ]
    [row] = rows_of(cn_kit.receipt())
    cells, _problems = layout(columns, catalogue.DOCUMENTS, point=",").render(row)
    content = write(["order", "net", "at"], [cells], Form(kind))
    [back] = layout(columns, point=",").givens(read(content, Form(kind)))
    assert back.values == {
        "order": "S00042-1",
        "net": D("200.00"),
        "issued_at": cn_kit.ISSUED,
    }


# ----------------------------------------------------------------------------------
# In
# ----------------------------------------------------------------------------------


def test_what_a_row_says() -> None:
    assert result_of({"authority_uid": "N"}).status == Status.VALID
    assert result_of({"message": "No."}).status == Status.INVALID
    assert result_of({"state": "Pending"}).status == Status.PENDING
    assert result_of({"state": "cancelled", "total": D(1)}).total == D(1)
    for values, code in (({}, "nothing"), ({"state": "ok"}, "state")):
        with pytest.raises(ResultError) as raised:
            result_of(values)
        assert [problem.code for problem in raised.value.problems] == [code]


def test_the_outcome_of_a_plain_authority() -> None:
    receipt = cn_kit.receipt()
    outcome = outcome_of(
        Plain, document(), receipt, [valid(total=D("226.00"), issued_at=AT)] * 2
    )
    assert (outcome.key, outcome.status, outcome.uid) == (7, Status.VALID, NUMBER)
    assert outcome.authority_ids == {"issued_at": AT.isoformat()}
    refused = Result(Status.INVALID, code="X1", message="100 % wrong")
    [problem] = outcome_of(Plain, document(), receipt, [refused]).errors
    assert (problem.code, problem.text) == ("X1", "100 % wrong")


@pytest.mark.parametrize("authority", [Plain, cn_kit.authority()], ids=["plain", "cn"])
def test_what_does_not_fit(authority) -> None:
    cent = valid(total=D("226.01"))
    assert codes(authority, [cent]) == ["amount_differs"]
    wrong = valid(net=D("1"), tax=D("2"), total=D("226.00"))
    assert codes(authority, [wrong]) == ["amount_differs"] * 2
    assert codes(authority, [valid("")]) == ["number_missing"]
    assert codes(authority, [valid(OTHER)], uid=NUMBER) == ["other_number"]
    assert codes(authority, [valid(), Result(Status.INVALID)]) == ["states_differ"]
    assert codes(authority, [valid(), valid(serial="1")]) == ["rows_differ"]


@pytest.mark.parametrize(
    ("told", "wrong"),
    [
        ((valid(total=D("100.00")),), []),
        ((valid(total=D("226.00")),), []),
        ((valid(total=D("226.01")),), ["amount_differs"]),
        ((valid(total=D("100.00")), valid(OTHER, total=D("126.00"))), []),
        (
            (valid(total=D("100.00")), valid(OTHER, total=D("127.00"))),
            ["amount_differs"],
        ),
        ((valid(), Result(Status.INVALID, message="x")), ["states_differ"]),
        ((valid(""),), ["number_missing"]),
    ],
)
def test_what_is_wrong_whatever_other_rows_say(told, wrong) -> None:
    receipt = cn_kit.receipt()
    assert receipt.total == D("226.00")
    found = wrong_anyhow(Plain, document(), receipt, told)
    assert [problem.code for problem in found] == wrong


def test_signs_of_what_is_taken_back_do_not_count() -> None:
    receipt = cn_kit.back()
    for total in (D("-226.00"), D("226.00")):
        outcome = outcome_of(
            cn_kit.authority(), document(receipt), receipt, [valid(total=total)]
        )
        assert outcome.status == Status.VALID
    with pytest.raises(ResultError):
        outcome_of(Plain, document(receipt), receipt, [valid(total=D("225.99"))])


def test_a_split_order() -> None:
    parts = [valid(total=D("126.00")), valid(OTHER, total=D("100.00"))]
    receipt = cn_kit.receipt()
    outcome = outcome_of(cn_kit.authority(), document(), receipt, parts)
    assert outcome.uid == NUMBER
    assert outcome.authority_ids["numbers"] == f"{NUMBER},{OTHER}"
    assert outcome.authority_ids["totals"] == "126.00,100.00"
    assert not outcome.warnings
    plain = outcome_of(Plain, document(), receipt, parts)
    assert plain.authority_ids["numbers"] == f"{NUMBER},{OTHER}"
    assert codes(Plain, parts[:1] + [valid(OTHER, total=D("99.00"))]) == [
        "amount_differs"
    ]


def test_the_outcome_of_a_fapiao() -> None:
    authority, receipt = cn_kit.authority(), cn_kit.receipt()
    told = valid(serial="S1", issued_at=AT)
    outcome = outcome_of(authority, document(), receipt, [told])
    assert outcome.authority_ids["number"] == NUMBER
    assert outcome.authority_ids["serial"] == "S1"
    assert outcome.authority_ids["order"]
    refused = Result(Status.INVALID, code="", message="购方税号错误")
    outcome = outcome_of(authority, document(), receipt, [refused])
    assert outcome.status == Status.INVALID
    assert outcome.errors
    cancelled = outcome_of(
        authority, document(uid=NUMBER), receipt, [Result(Status.CANCELLED, NUMBER)]
    )
    assert cancelled.status == Status.CANCELLED
    assert codes(authority, [valid("2631")]) == ["number_form"]
    assert codes(authority, [Result(Status.REJECTED)]) == ["state"]
