"""Reads a table from a CSV or XLSX file that somebody uploads."""

from odoo.exceptions import UserError

from ..fiscal.by_file.cells import FileError
from ..fiscal.by_file.reading import USUAL_ENCODINGS, Bounds, read_any_table


def read_table(env, content, encodings=USUAL_ENCODINGS, cut=False):
    """Return the rows of an uploaded file, the first worksheet's or the CSV's.

    :param bytes content: the file; what it is follows from its bytes, not its name
    :param encodings: of CSV, in the order in which they are tried
    :param bool cut: whether the ends of long cells are left out instead of refused
    :return: rows of trimmed texts, with their numbers in the file (from 1)
    :rtype: list[tuple[int, list[str]]]
    :raise UserError: it is too large, or not such a file
    """
    try:
        return read_any_table(content, Bounds(columns=50, text=500, cut=cut), encodings)
    except FileError as error:
        text = env["ereceipt.document"]._error_text(error, env.user)
        raise UserError(text) from error
