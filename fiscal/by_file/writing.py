"""Writes rows of texts as CSV, XLSX, JSON and XML."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from ..messages import Sentence, _
from ..xmltext import etree, need
from .cells import FileError, Typed, harmless
from .reading import Form

_DEFAULT_XML = ("rows", "row")
_EPOCH = datetime(2000, 1, 1)
_XML_NAME = re.compile(r"[^\W\d][\w.-]*")
_UNWRITABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]"
)
"""Characters that neither XML nor a workbook can have."""

MEDIA_TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "xml": "application/xml",
}


def write(heading: Sequence[str], rows: Sequence[Sequence[str]], form: Form) -> bytes:
    """Return a file of rows. Two writings of the same are the same bytes.

    :param heading: a name for each column; in JSON and XML the path to it, ``/``
        between its parts, ``@name`` for an attribute of XML
    :raise FileError: names cannot be written so, or texts not in this encoding
    """
    cleaned = [[_cleaned(cell) for cell in row] for row in rows]
    names = [_cleaned(name) for name in heading]
    make = {"csv": _csv, "xlsx": _xlsx, "json": _json, "xml": _xml}[form.kind]
    return make(names, cleaned, form)


def unwritable(row: Sequence[str], form: Form) -> str:
    """Return the first text of a row that its encoding cannot write, "" for none."""
    if form.kind != "csv":
        return ""
    for cell in row:
        try:
            _cleaned(cell).encode(form.encoding)
        except UnicodeEncodeError as error:
            return error.object[error.start : error.end]
    return ""


def _cleaned(cell: str) -> str:
    """Return a cell without what cannot be written, and without blanks around it."""
    if isinstance(cell, Typed):
        return cell
    return _UNWRITABLE.sub("", cell).strip()


def _lines(
    heading: list[str], rows: list[list[str]], form: Form
) -> list[Sequence[str]]:
    above: list[Sequence[str]] = [[] for _row in range(form.heading - 1)]
    return [*above, *([heading] if form.heading else []), *rows]


def _csv(heading: list[str], rows: list[list[str]], form: Form) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=form.delimiter or ",", lineterminator="\r\n")
    for line in _lines(heading, rows, form):
        writer.writerow(
            cell if isinstance(cell, Typed) else harmless(cell) for cell in line
        )
    try:
        return text.getvalue().encode(form.encoding)
    except UnicodeEncodeError as error:
        raise FileError(
            Sentence(
                _("“%(text)s” cannot be written in the encoding %(encoding)s."),
                text=error.object[error.start : error.end],
                encoding=form.encoding,
            )
        ) from error


def _xlsx(heading: list[str], rows: list[list[str]], form: Form) -> bytes:
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        # else the time of writing is in it
        book.set_properties({"created": _EPOCH})
        sheet = book.add_worksheet()
        formats: dict[str, Any] = {}
        for row, line in enumerate(_lines(heading, rows, form)):
            for column, cell in enumerate(line):
                value = getattr(cell, "value", None)
                if isinstance(value, Decimal):
                    shape = _shape(value)
                    if shape not in formats:
                        formats[shape] = book.add_format({"num_format": shape})
                    sheet.write_number(row, column, float(value), formats[shape])
                else:
                    sheet.write_string(row, column, str(cell))
    return out.getvalue()


def _shape(value: Decimal) -> str:
    exponent = value.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return f"0.{'0' * places}" if places else "0"


def _json(heading: list[str], rows: list[list[str]], form: Form) -> bytes:
    records = []
    for row in rows:
        record: dict[str, Any] = {}
        for name, cell in zip(heading, row, strict=True):
            _put(record, name.split("/"), str(cell))
        records.append(record)
    root: Any = records
    for name in reversed([*filter(None, form.path.split("/"))]):
        root = {name: root}
    return json.dumps(root, ensure_ascii=False, indent=1).encode()


def _put(record: dict[str, Any], path: list[str], text: str) -> None:
    *way, last = path
    for name in way:
        record = record.setdefault(name, {})
        if not isinstance(record, dict):
            raise _bad_name("/".join(path))
    if not last or isinstance(record.get(last), dict):
        raise _bad_name("/".join(path))
    record[last] = text


def _xml(heading: list[str], rows: list[list[str]], form: Form) -> bytes:
    need()
    told = [*filter(None, form.path.split("/"))]
    own, of_row = [*told, *_DEFAULT_XML[len(told) :]][:2]
    for name in (own, of_row, *heading):
        _check_name(name)
    root = etree.Element(own)
    for row in rows:
        element = etree.SubElement(root, of_row)
        for name, cell in zip(heading, row, strict=True):
            _place(element, name.split("/"), str(cell))
    content: bytes = etree.tostring(
        root, encoding="utf-8", xml_declaration=True, pretty_print=True
    )
    return content


def _check_name(path: str) -> None:
    *way, last = path.split("/")
    if not all(map(_XML_NAME.fullmatch, [*way, last.removeprefix("@")])):
        raise _bad_name(path)


def _place(element: Any, path: list[str], text: str) -> None:
    for name in path:
        if name.startswith("@"):
            element.set(name[1:], text)
            return
        found = element.find(name)
        element = found if found is not None else etree.SubElement(element, name)
    element.text = text


def _bad_name(name: str) -> FileError:
    return FileError(
        Sentence(_("“%(name)s” cannot be the name of a column here."), name=name)
    )
