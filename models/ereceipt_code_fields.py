"""The fields through which products, taxes and units of measure show their codes."""

from odoo import fields

READERS = "account_ereceipt.group_ereceipt_reader"


def code_rows(inverse, string="Codes for tax authorities"):
    """Return the field of a record's own rows of codes.

    :param inverse: the field of the row that names the record
    """
    return fields.One2many(
        "ereceipt.code.mapping", inverse, string=string, groups=READERS
    )


def codes_in_use():
    """Return the field that says which codes are in use and where they are from; its
    model computes it."""
    return fields.Text(
        string="Codes in use", compute="_compute_ereceipt_code_info", groups=READERS
    )


def code_missing():
    """Return the field that tells whether an authority's code is lacking; its model
    computes and searches it."""
    return fields.Boolean(
        string="Without e-receipt code",
        compute="_compute_ereceipt_code_missing",
        search="_search_ereceipt_code_missing",
        groups=READERS,
    )


def show_codes(kind, records):
    """Compute :func:`codes_in_use` of records that have one code each."""
    texts = records.env["ereceipt.code.mapping"]._describe(kind, records._origin)
    for record in records:
        record.ereceipt_code_info = texts.get(record._origin.id, "")


def show_missing(records):
    """Compute :func:`code_missing` by searching."""
    missing = records.with_context(active_test=False).search(
        [("id", "in", records.ids), ("ereceipt_code_missing", "=", True)]
    )
    for record in records:
        record.ereceipt_code_missing = record._origin in missing
