"""Reads a table from a CSV or XLSX file that somebody uploads: hostile until read."""

import csv
import io
import zipfile

import openpyxl

from odoo.exceptions import UserError

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 60 * 1024 * 1024
MAX_PARTS = 500
MAX_ROWS = 20_000
MAX_COLUMNS = 50
MAX_TEXT = 500

ENCODINGS = ("utf-8-sig", "cp1256")
"""UTF-8, or the Arabic code page of Windows, which spreadsheets there still write."""

ZIP_START = b"PK\x03\x04"
OLE_START = b"\xd0\xcf\x11\xe0"


def read_table(env, content, encodings=ENCODINGS, cut=False):
    """Return the rows of an uploaded file, the first worksheet's or the CSV's.

    :param bytes content: the file; what it is follows from its bytes, not its name
    :param encodings: what a CSV without a mark may be written in, the likeliest first
    :param bool cut: cells that are too long are cut, not refused
    :return: rows of trimmed texts, with their numbers in the file (from 1)
    :rtype: list[tuple[int, list[str]]]
    :raise UserError: it is too large, or not such a file
    """
    if len(content) > MAX_BYTES:
        raise UserError(
            env._("The file has more than %s MB.", MAX_BYTES // (1024 * 1024))
        )
    if content.startswith(OLE_START):
        raise UserError(
            env._("Workbooks of old Excel (.xls) cannot be read. Save it as .xlsx.")
        )
    if content.startswith(ZIP_START):
        rows = _workbook_rows(env, content)
    else:
        rows = _csv_rows(env, content, encodings)
    table = []
    for number, cells in enumerate(rows, 1):
        if number > MAX_ROWS + 1:
            raise UserError(
                env._("The file has more than %s rows. Split it.", MAX_ROWS)
            )
        texts = [_text(env, cell, number, cut) for cell in cells]
        if any(texts):
            table.append((number, texts))
    return table


def _text(env, cell, number, cut):
    """Return a cell as text; a whole number without the decimals that a spreadsheet
    gives it."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        cell = int(cell)
    text = str(cell).strip()
    if cut:
        return text[:MAX_TEXT]
    if len(text) > MAX_TEXT:
        raise UserError(
            env._(
                "A cell in row %(row)s has more than %(most)s characters.",
                row=number,
                most=MAX_TEXT,
            )
        )
    return text


# -----------------------------------------------------------------------------
# XLSX
# -----------------------------------------------------------------------------


def _workbook_rows(env, content):
    unreadable = env._("The file cannot be read as a workbook.")
    try:
        _check_parts(env, content)
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        sheet = book.worksheets[0]
        # what the file says of its size need not be true
        sheet.reset_dimensions()
        rows = []
        for row in sheet.iter_rows(
            max_row=MAX_ROWS + 2, max_col=MAX_COLUMNS, values_only=True
        ):
            rows.append(row)
        return rows
    except UserError:
        raise
    except Exception as error:
        # the library has no error class of its own: a broken file raises anything
        raise UserError(unreadable) from error


def _check_parts(env, content):
    """Refuse archives that unpack to too much, and XML that declares entities.

    :raise UserError: the archive is not what a spreadsheet program writes
    """
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        size = sum(part.file_size for part in parts)
        if len(parts) > MAX_PARTS or size > MAX_UNPACKED:
            raise UserError(env._("The workbook is too large."))
        for part in parts:
            if not part.filename.endswith((".xml", ".rels", ".vml")):
                continue
            data = archive.read(part)
            if b"<!DOCTYPE" in data or b"<!ENTITY" in data or b"\0" in data:
                raise UserError(
                    env._("The workbook contains what a spreadsheet never has.")
                )


# -----------------------------------------------------------------------------
# CSV
# -----------------------------------------------------------------------------


def _csv_rows(env, content, encodings):
    text = _decoded(env, content, encodings)
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    try:
        rows = []
        for row in csv.reader(io.StringIO(text), delimiter=delimiter):
            rows.append(row[:MAX_COLUMNS])
            if len(rows) > MAX_ROWS + 1:
                break
        return rows
    except csv.Error as error:
        raise UserError(env._("The file cannot be read as CSV: %s", error)) from error


def _decoded(env, content, encodings):
    """Return the text of a CSV file: UTF-16 with a mark, or one of the encodings."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise UserError(env._("The file is neither a workbook nor a text in UTF-8."))
