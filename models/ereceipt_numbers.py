import zlib
from datetime import datetime
from typing import NamedTuple

import pytz

from odoo import fields, models
from odoo.tools import SQL

from .ereceipt_chain import advisory_lock

SERIES_LOCK_CLASS = 0x6552736E
"""First half of the advisory lock that numbers are taken under ("eRsn")."""


class Place(NamedTuple):
    """A document's place in a series of numbers; no series: it takes none."""

    series: str = ""
    number: int = 0
    text: str = ""

    def values(self):
        """Return the columns of the document."""
        return {
            "series": self.series or False,
            "series_number": self.number,
            "authority_number": self.text or False,
        }


class Head(NamedTuple):
    """The last number that was taken, and when."""

    number: int
    issued_at: datetime


class Numbers:
    """The numbers that one device gives, to be asked under
    :meth:`EreceiptDevice._series_lock`. A transaction that is rolled back took none."""

    def __init__(self, device):
        self._device = device
        self._name = device._series_name()
        self._heads = {}

    def last_moment(self):
        """Return when the last number of the present year was taken, None if none was:
        what is numbered later was not issued earlier."""
        if not self._name:
            return None
        head = self._head(self._series(self._device._wall_clock()))
        return head.issued_at if head else None

    def take(self, moment, replaced):
        """Return the :class:`Place` of a document issued at a moment (naive UTC).

        :param replaced: the document that it corrects, whose number it takes over
        """
        if not self._name:
            return Place()
        series = self._series(moment)
        if replaced and replaced.series == series:
            return Place(series, replaced.series_number, replaced.authority_number)
        head = self._head(series)
        number = head.number + 1 if head else 1
        self._heads[series] = Head(number, moment)
        hook = self._device.registration_id._hook
        return Place(series, number, hook("number_text", "", self._device, number))

    def _series(self, moment):
        """Return the name of the series of a year in the authority's zone."""
        zone = self._device.registration_id._authority_class().limits.zone
        local = pytz.utc.localize(moment).astimezone(pytz.timezone(zone))
        return f"{self._name} {local.year}"

    def _head(self, series):
        if series not in self._heads:
            self._heads[series] = self._device._series_head(series)
        return self._heads[series]


class EreceiptDocument(models.Model):
    """A number of the authority's own counting, beside that of the books: without gaps,
    from 1 on in each year, in the order of issuing. What corrects a document has that
    one's number."""

    _inherit = "ereceipt.document"

    series = fields.Char(
        readonly=True, help="Within what the number counts: taxpayer, place, year."
    )
    series_number = fields.Integer(
        string="Place in the series", readonly=True, help="0 where there is no series."
    )
    authority_number = fields.Char(
        string="Number for the authority", readonly=True, index="btree_not_null"
    )

    _series_number_unique = models.UniqueIndex(
        "(authority, environment, series, series_number) "
        "WHERE series_number > 0 AND replaces_id IS NULL",
        "Two documents claim the same number.",
    )


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    def _series_name(self):
        """Return within what the device's documents are counted, "" where the
        authority wants no counting beside that of the books.

        Hook ``series(device)``.
        """
        if not self:
            return ""
        return self.registration_id._hook("series", "", self)

    def _series_lock(self):
        """Take the locks of the devices' series until the end of the transaction. Two
        series may share one: their posting only waits for each other then."""
        names = {
            f"{device.authority} {device.environment} {name}"
            for device in self
            if (name := device._series_name())
        }
        ids = {zlib.crc32(name.encode()) & 0x7FFFFFFF for name in names}
        advisory_lock(self.env.cr, SERIES_LOCK_CLASS, ids)

    def _series_head(self, series):
        """Return the last number taken of a series, or None: the later of what this
        transaction and a fresh snapshot see, as for a chain."""
        self.env["ereceipt.document"].flush_model()
        rows = [self._series_row(self.env.cr, series)]
        with self.env.registry.cursor() as fresh:
            rows.append(self._series_row(fresh, series))
        return max(filter(None, rows), default=None)

    def _series_row(self, cr, series):
        cr.execute(
            SQL(
                "SELECT series_number, issued_at FROM ereceipt_document "
                "WHERE authority = %s AND environment = %s AND series = %s "
                "AND series_number > 0 AND replaces_id IS NULL "
                "ORDER BY series_number DESC LIMIT 1",
                self.authority,
                self.environment,
                series,
            )
        )
        row = cr.fetchone()
        return row and Head(*row)
