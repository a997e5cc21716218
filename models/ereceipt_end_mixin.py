import logging

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import format_date

_logger = logging.getLogger(__name__)

WARN_PARAMETER = "account_ereceipt.warn_days"
WARN_DAYS = "30, 14, 3"
MOST_STEPS = 6
LONGEST_WARNING = 366


def warn_days(text):
    """Return the days before an end on which somebody is told, the first one first.

    :param str text: numbers from 1 to 366, at most six, divided by commas
    :raise ValueError: it is something else
    """
    days = sorted({int(part) for part in text.split(",")}, reverse=True)
    if len(days) > MOST_STEPS or not all(0 < day <= LONGEST_WARNING for day in days):
        raise ValueError(text)
    return days


class EreceiptEndMixin(models.AbstractModel):
    """Something that ends on a day and has to be renewed before: credentials, a
    certificate.

    A model names its dates in ``_ereceipt_ends``; the label of each is what is said of
    it ("Credentials end"). A job tells who is responsible at each step before an end,
    once for each: one activity, which the next step takes the place of, and which is
    closed when the date is moved or the record goes out of use. What was told is kept
    beside the record, so that an activity that somebody has done does not come back.
    """

    _name = "ereceipt.end.mixin"
    _inherit = ["ereceipt.guard.mixin"]
    _description = "Something that ends"

    _ereceipt_ends = ()

    ends_told = fields.Json(
        string="Ends that were told of",
        readonly=True,
        copy=False,
        program_only=True,
        help="By the name of the date: which end somebody was told of, and how many "
        "days before.",
    )
    ends_soon = fields.Boolean(
        string="Something ends soon",
        compute="_compute_ends",
        search="_search_ends_soon",
        help="A date below is near: who is responsible is told.",
    )
    ends_shown = fields.Json(string="What ends soon", compute="_compute_ends")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends(lambda self: self._ereceipt_ends)
    @api.depends_context("lang", "tz")
    def _compute_ends(self):
        """Tell what ends soon, as the widget ``actionable_errors`` shows it."""
        last = self._end_steps()[-1]
        for record in self:
            record.ends_soon = bool(record._ends_due())
            shown = {}
            for owner in record._end_owners():
                for name, end, days in owner._ends_due():
                    entry = {
                        "level": "danger" if days <= last else "warning",
                        "message": owner._end_text(name, end, days),
                    }
                    if owner != record:
                        entry["message"] = f"{owner.display_name}: {entry['message']}"
                        entry["action_text"] = self.env._("Open")
                        entry["action"] = owner._get_records_action()
                    shown[f"{owner._name}_{owner.id}_{name}"] = entry
            record.ends_shown = shown or False

    def _search_ends_soon(self, operator, value):
        if operator != "in":
            return NotImplemented
        near = Domain.OR(
            Domain(name, "<=", self._last_day_told()) for name in self._ereceipt_ends
        )
        soon = Domain("id", "in", self.search(near).filtered("ends_soon").ids)
        return soon if True in value else ~soon

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def write(self, vals):
        result = super().write(vals)
        if not vals.keys().isdisjoint(self._ereceipt_ends):
            self._close_moved_ends()
        return result

    # -------------------------------------------------------------------------
    # WARNING
    # -------------------------------------------------------------------------

    @api.model
    def _warn_of_ends(self):
        """Tell of every end that is near, of every model; called by the upkeep job."""
        for model in self._models_that_end():
            near = (
                Domain(date, "<=", self._last_day_told())
                for date in model._ereceipt_ends
            )
            told = Domain("ends_told", "!=", False)
            for record in model.search(Domain.OR([told, *near])):
                record._close_moved_ends()
                record._warn_of_own_ends()

    @api.model
    def _models_that_end(self):
        """Return the models that have dates that end, archived records with them."""
        models_there = (self.env[name] for name in sorted(self.env.registry))
        return [
            model.with_context(active_test=False)
            for model in models_there
            if not model._abstract and getattr(model, "_ereceipt_ends", ())
        ]

    def _warn_of_own_ends(self):
        """Tell of the ends for which a new step has come."""
        told = dict(self.ends_told or {})
        steps = self._end_steps()
        for name, end, days in self._ends_due():
            step = min(step for step in steps if days <= step)
            if name in told and told[name]["days"] <= step:
                continue
            self._tell_end(name, end)
            told[name] = {"end": str(end), "days": step}
        if told != (self.ends_told or {}):
            self.sudo().ends_told = told

    def _tell_end(self, name, end):
        """Ask who is responsible to renew it, in the place of an earlier warning."""
        alerts = self.env["ereceipt.alert"]
        reader = self.with_context(lang=self._end_responsible().lang)
        alerts._take_back(self, _cause(name))
        alerts._raise(
            self,
            _cause(name),
            reader._end_sentence(name, end),
            reader._end_cure(name),
            deadline=end,
        )

    def _close_moved_ends(self):
        """Close the activities of ends that were moved or count no more."""
        for record in self:
            told = dict(record.ends_told or {})
            for name, before in list(told.items()):
                if before["end"] != str(record[name]) or not record._end_counts(name):
                    self.env["ereceipt.alert"]._clear(record, _cause(name))
                    del told[name]
            if told != (record.ends_told or {}):
                record.sudo().ends_told = told or False

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    def _end_counts(self, name):
        """Hook: whether this end matters to anybody."""
        self.ensure_one()
        return True

    def _end_responsible(self):
        """Hook: return the user who is told."""
        raise NotImplementedError

    def _alert_users(self):
        """Hook: return everybody who is told of what is wrong with it."""
        return self._end_responsible()

    def _end_registration(self):
        """Hook: return the registration that it is used for."""
        raise NotImplementedError

    def _end_owners(self):
        """Hook: return the records, as a list, whose ends a form shows."""
        return list(self)

    def _end_cure(self, name):
        """Hook: return what the person who is told has to do, or False."""
        return False

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    def _ends_due(self):
        """Return ``(name, date, days left)`` of each end that is near or past."""
        self.ensure_one()
        today = fields.Date.context_today(self)
        first = self._end_steps()[0]
        due = []
        for name in self._ereceipt_ends:
            end = self[name]
            if end and (end - today).days <= first and self._end_counts(name):
                due.append((name, end, (end - today).days))
        return due

    def _end_text(self, name, end, days):
        what = self._end_label(name)
        if days < 0:
            date = format_date(self.env, end)
            return self.env._("%(what)s: that was on %(date)s", what=what, date=date)
        if days == 0:
            return self.env._("%s today", what)
        if days == 1:
            return self.env._("%s tomorrow", what)
        return self.env._("%(what)s in %(days)s days", what=what, days=days)

    def _end_sentence(self, name, end):
        return self.env._(
            "%(what)s on %(date)s",
            what=self._end_label(name),
            date=format_date(self.env, end),
        )

    def _end_label(self, name):
        return self.fields_get([name], ["string"])[name]["string"]

    @api.model
    def _end_steps(self):
        """Return the days before an end on which somebody is told."""
        text = self.env["ir.config_parameter"].sudo().get_param(WARN_PARAMETER)
        try:
            return warn_days(text or WARN_DAYS)
        except ValueError:
            _logger.warning("%s is no list of days: %s", WARN_PARAMETER, text)
            return warn_days(WARN_DAYS)

    @api.model
    def _last_day_told(self):
        """Return the latest end of which somebody is told today."""
        return fields.Date.add(
            fields.Date.context_today(self), days=self._end_steps()[0]
        )


def _cause(name):
    return f"end:{name}"
