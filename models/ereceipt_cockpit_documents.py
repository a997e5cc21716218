from collections import defaultdict

from babel.dates import format_skeleton

from odoo import api, models
from odoo.fields import Domain
from odoo.tools.date_utils import get_timedelta
from odoo.tools.misc import babel_locale_parse, get_lang

from ..fiscal import lifecycle

MOST_DEVICES = 40
"""Devices that stand in the table; the pivot has all of them."""

COLUMNS = {
    "waiting": (lifecycle.WAITING,),
    "to_sign": (lifecycle.TO_SIGN,),
    "sending": (lifecycle.QUEUED, lifecycle.SENDING, lifecycle.UNKNOWN),
    "there": (lifecycle.SUBMITTED, lifecycle.CANCELLING),
    "refused": (lifecycle.INVALID, lifecycle.REJECTED),
    "late": (lifecycle.LATE,),
    "failed": (lifecycle.FAILED,),
    "valid": (lifecycle.VALID,),
    "gone": (lifecycle.CANCELLED, lifecycle.SUPERSEDED),
}
"""Columns of the table by name, with the states that each counts."""

COLUMN_OF = {state: name for name, states in COLUMNS.items() for state in states}

OF_PERIOD = ("valid", "gone")
"""Columns that count what was issued in the period; the others count all there is."""

LEVELS = {
    "waiting": "warning",
    "to_sign": "warning",
    "refused": "danger",
    "late": "danger",
    "failed": "danger",
}


class Counted:
    """How many documents there are, from two queries of the database.

    :ivar undone: ``{(registration, device): {column: count}}`` of all that is undone
    :ivar period: the same of what was issued in the period and is done
    :ivar issued: how many were issued in the period, whatever became of them
    """

    def __init__(self):
        self.undone = defaultdict(lambda: defaultdict(int))
        self.period = defaultdict(lambda: defaultdict(int))
        self.issued = self.valid = 0

    def add_undone(self, place, state, count):
        """Count what is undone."""
        self.undone[place][COLUMN_OF[state]] += count

    def add_issued(self, place, state, count):
        """Count what was issued in the period."""
        self.issued += count
        if COLUMN_OF.get(state) in OF_PERIOD:
            self.period[place][COLUMN_OF[state]] += count
        if state == lifecycle.VALID:
            self.valid += count


class EreceiptCockpit(models.AbstractModel):
    """How many documents there are, where, in which state, and since when."""

    _inherit = "ereceipt.cockpit"

    # -------------------------------------------------------------------------
    # COUNTING
    # -------------------------------------------------------------------------

    @api.model
    def _document_figures(self, scope, others):
        """Return tiles, the table and the course of the days.

        :param bool others: something else than documents needs a person
        """
        counted = self._count(scope)
        return {
            "tiles": self._tiles(scope, counted, others),
            "table": self._device_table(scope, counted),
            "course": self._course(scope),
        }

    @api.model
    def _count(self, scope):
        documents, counted = self.env["ereceipt.document"], Counted()
        for registration, device, state, count in documents._read_group(
            scope.undone,
            ["registration_id", "device_id", "state"],
            ["__count"],
            order="state",
        ):
            counted.add_undone((registration, device), state, count)
        for registration, device, state, count in documents._read_group(
            scope.period,
            ["registration_id", "device_id", "state"],
            ["__count"],
            order="state",
        ):
            counted.add_issued((registration, device), state, count)
        return counted

    # -------------------------------------------------------------------------
    # TILES
    # -------------------------------------------------------------------------

    @api.model
    def _tiles(self, scope, counted, others):
        return [
            self._person_tile(scope, others),
            self._way_tile(scope),
            self._later_tile(scope),
            self._deadline_tile(scope),
            self._valid_tile(scope, counted),
            self._rework_tile(scope, counted),
        ]

    @api.model
    def _person_tile(self, scope, others):
        domain = [*scope.everything, ("needs_person", "=", True)]
        count, oldest = self._count_and_oldest(domain)
        name = self.env._("Needs a person")
        if count:
            note, level = self._oldest_text(scope, oldest), "danger"
        elif others:
            note, level = self.env._("No document; something else does"), "warning"
        else:
            note, level = self.env._("Nothing to do"), "success"
        return self._row(
            name,
            count,
            note=note,
            level=level,
            opens=self._open_documents(name, domain),
        )

    @api.model
    def _way_tile(self, scope):
        domain = [*scope.undone, ("on_the_way", "=", True)]
        count, oldest = self._count_and_oldest(domain)
        name = self.env._("On the way")
        return self._row(
            name,
            count,
            note=self._oldest_text(scope, oldest)
            or self.env._("Everything has arrived"),
            level="info" if count else "success",
            opens=self._open_documents(name, domain),
        )

    @api.model
    def _later_tile(self, scope):
        """What waits for something that comes by itself: a payment, its original."""
        domain = [
            *scope.everything,
            ("state", "=", lifecycle.WAITING),
            ("waiting_reason", "in", ["payment", "original"]),
        ]
        count, oldest = self._count_and_oldest(domain)
        name = self.env._("Waits for payment or its original")
        return self._row(
            name,
            count,
            note=self._oldest_text(scope, oldest),
            opens=self._open_documents(name, domain),
        )

    @api.model
    def _deadline_tile(self, scope):
        domain = self._closing_domain(scope, "now", "+1d")
        count = self.env["ereceipt.document"].search_count(domain)
        name = self.env._("Window closes within a day")
        return self._row(
            name,
            count,
            level="warning" if count else "success",
            opens=self._open_documents(name, domain),
        )

    @api.model
    def _valid_tile(self, scope, counted):
        name = self.env._("Valid in the period")
        return self._row(
            name,
            counted.valid,
            note=self.env._(
                "of %s issued",
                self._figure_text(counted.issued),
            ),
            opens=self._open_documents(
                name, [*scope.period, ("state", "=", lifecycle.VALID)]
            ),
        )

    @api.model
    def _count_and_oldest(self, domain):
        [(count, oldest)] = self.env["ereceipt.document"]._read_group(
            domain, [], ["__count", "create_date:min"]
        )
        return count, oldest

    # -------------------------------------------------------------------------
    # TABLE
    # -------------------------------------------------------------------------

    @api.model
    def _device_table(self, scope, counted):
        """Return the documents by device and state, below their registrations, the
        devices with the most to do first."""
        places = sorted(
            {*counted.undone, *counted.period},
            key=lambda place: (
                place[0].company_id.id,
                place[0].id,
                -sum(counted.undone[place].values()),
                place[1].sequence,
                place[1].id,
            ),
        )
        several = len({place[0].company_id for place in places}) > 1
        rows = []
        for position, (registration, device) in enumerate(places[:MOST_DEVICES]):
            first = not position or places[position - 1][0] != registration
            rows.append(
                {
                    "key": f"{registration.id}-{device.id}",
                    "group": self._place_text(registration, several) if first else "",
                    "label": device.name,
                    "open": self._open_form("ereceipt.device", device.id),
                    "cells": self._cells(scope, counted, registration, device),
                }
            )
        return {
            "columns": self._column_labels(),
            "rows": rows,
            "more": len(places) - len(rows)
            and self.env._("%s more devices", len(places) - len(rows)),
            "open": self._open_documents(
                self.env._("By device and state"),
                self._table_domain(scope),
                first="pivot",
            ),
        }

    @api.model
    def _table_domain(self, scope):
        """Return the domain of all that the table counts, in whatever column."""
        done = [state for name in OF_PERIOD for state in COLUMNS[name]]
        of_period = Domain(scope.period) & Domain("state", "in", done)
        return list(Domain(scope.undone) | of_period)

    @api.model
    def _place_text(self, registration, several):
        """Return the authority, with the company where there is more than one."""
        authority = dict(registration._selection_authority()).get(
            registration.authority, registration.authority
        )
        if several:
            return f"{authority} – {registration.company_id.sudo().name}"
        return authority

    @api.model
    def _column_labels(self):
        labels = {
            "waiting": self.env._("Waiting"),
            "to_sign": self.env._("To sign"),
            "sending": self.env._("To send"),
            "there": self.env._("With the authority"),
            "refused": self.env._("Refused"),
            "late": self.env._("Late"),
            "failed": self.env._("Given up"),
            "valid": self.env._("Valid in the period"),
            "gone": self.env._("Replaced or cancelled"),
        }
        return [
            {"name": name, "label": labels[name], "level": LEVELS.get(name, "")}
            for name in COLUMNS
        ]

    @api.model
    def _cells(self, scope, counted, registration, device):
        cells = []
        for name, states in COLUMNS.items():
            of_period = name in OF_PERIOD
            counts = (counted.period if of_period else counted.undone)[
                registration, device
            ]
            domain = [
                *(scope.period if of_period else scope.everything),
                ("registration_id", "=", registration.id),
                ("device_id", "=", device.id),
                ("state", "in", list(states)),
            ]
            count = counts[name]
            cells.append(
                {
                    "name": name,
                    "count": count,
                    "open": count and self._open_documents(device.name, domain),
                }
            )
        return cells

    # -------------------------------------------------------------------------
    # COURSE
    # -------------------------------------------------------------------------

    @api.model
    def _course(self, scope):
        """Return what was issued in each hour of a day, or on each day, and how much
        of that is refused, late or given up."""
        unit = "hour" if scope.days == 1 else "day"
        bad = {*lifecycle.REFUSED, lifecycle.LATE, lifecycle.FAILED}
        counts = defaultdict(lambda: [0, 0])
        for begins, state, count in self.env["ereceipt.document"]._read_group(
            scope.period, [f"issued_at:{unit}", "state"], ["__count"]
        ):
            counts[begins][0] += count
            counts[begins][1] += count if state in bad else 0
        highest = max((issued for issued, _bad in counts.values()), default=0)
        return {
            "title": self.env._("Issued"),
            "bars": [
                {
                    "label": self._bar_text(begins, unit),
                    "count": issued,
                    "bad": wrong,
                    "height": round(100 * issued / highest),
                    "share": round(100 * wrong / issued),
                }
                for begins, (issued, wrong) in sorted(counts.items())
            ],
            "open": self._open_documents(
                self.env._("Issued"), scope.period, first="graph"
            ),
        }

    @api.model
    def _bar_text(self, begins, unit):
        if unit == "day":
            locale = babel_locale_parse(get_lang(self.env).code)
            return format_skeleton("MMMd", begins, locale=locale)
        until = begins + get_timedelta(1, "hour")
        return f"{begins:%H}–{until:%H}"

    # -------------------------------------------------------------------------
    # NEEDS A PERSON
    # -------------------------------------------------------------------------

    @api.model
    def _person_section(self, scope, others):
        """Return what needs a person by what it waits for, the most first.

        :param bool others: something else than documents needs one
        """
        documents = self.env["ereceipt.document"]
        domain = [*scope.everything, ("needs_person", "=", True)]
        groups = documents._read_group(
            domain,
            ["state", "waiting_reason"],
            ["__count", "create_date:min"],
            order="__count DESC, state",
        )
        states = dict(documents._selection_state())
        reasons = dict(
            documents._fields["waiting_reason"]._description_selection(self.env)
        )
        rows = []
        for state, reason, count, oldest in groups:
            label = states[state]
            if state == lifecycle.CANCELLED:
                label = self.env._("Cancelled at the authority, still posted here")
            elif reason:
                label = self.env._(
                    "%(state)s: %(reason)s", state=label, reason=reasons[reason]
                )
            same = [("state", "=", state), ("waiting_reason", "=", reason or False)]
            rows.append(
                self._row(
                    label,
                    count,
                    note=self._oldest_text(scope, oldest),
                    level=LEVELS.get(COLUMN_OF[state], "warning"),
                    opens=self._open_documents(label, [*domain, *same]),
                )
            )
        if not rows and others:
            label = self.env._("No document needs anybody, but what stands below does.")
            rows.append(self._row(label, level="warning"))
        elif not rows:
            label = self.env._("Nobody has to do anything.")
            rows.append(self._row(label, level="success"))
        return self._section("person", self.env._("Needs a person"), rows)

    # -------------------------------------------------------------------------
    # DEADLINES
    # -------------------------------------------------------------------------

    @api.model
    def _closing_domain(self, scope, after, until):
        """Return the domain of documents whose window closes between two moments, both
        told from now as Odoo's domains tell them ("+3H"); "now" is itself, None for
        no limit."""
        domain = scope.everything
        for operator, moment in ((">", after), ("<=", until)):
            if moment:
                value = "now" if moment == "now" else f"now {moment}"
                domain = [*domain, ("closes_at", operator, value)]
        return domain

    @api.model
    def _deadline_section(self, scope):
        spans = (
            (self.env._("Over"), None, "now", "danger"),
            (self.env._("Within 3 hours"), "now", "+3H", "danger"),
            (self.env._("Within a day"), "+3H", "+1d", "warning"),
            (self.env._("Within 3 days"), "+1d", "+3d", "info"),
        )
        rows = []
        for label, after, until, level in spans:
            domain = self._closing_domain(scope, after, until)
            count = self.env["ereceipt.document"].search_count(domain)
            name = self.env._("Window closes: %s", label)
            rows.append(
                count
                and self._row(
                    label,
                    count,
                    level=level,
                    opens=self._open_documents(name, domain),
                )
            )
        return self._section(
            "deadlines", self.env._("The authority's windows close"), rows
        )
