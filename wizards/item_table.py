"""Reads a table from a CSV or XLSX file that somebody uploads."""

from odoo.exceptions import UserError

from ..fiscal.by_file.cells import FileError
from ..fiscal.by_file.reading import Bounds, read_any_table

BOUNDS = Bounds(columns=50, text=500)


def read_table(env, content):
    """Return the rows of an uploaded file, the first worksheet's or the CSV's.

    :param bytes content: the file; what it is follows from its bytes, not its name
    :return: rows of trimmed texts, with their numbers in the file (from 1)
    :rtype: list[tuple[int, list[str]]]
    :raise UserError: it is too large, or not such a file
    """
    try:
        return read_any_table(content, BOUNDS)
    except FileError as error:
        text = env["ereceipt.document"]._error_text(error, env.user)
        raise UserError(text) from error
