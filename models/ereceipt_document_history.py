from decimal import Decimal

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_datetime

MOST_CALLS = 100
"""Calls that the history tells of, the last ones; the page of calls has all."""


class EreceiptDocument(models.Model):
    """What happened to a document, in the order in which it did, put together from its
    moments and the calls in which it travelled."""

    _inherit = "ereceipt.document"

    problems_text = fields.Char(
        string="What is wrong, as text", compute="_compute_problems_text"
    )
    history = fields.Html(compute="_compute_history", sanitize=False)

    @api.depends("problems")
    @api.depends_context("lang", "tz")
    def _compute_problems_text(self):
        for document in self:
            problems = document.problems or []
            document.problems_text = " ".join(map(self._problem_text, problems))

    @api.depends("state", "exchange_ids", "replaced_by_ids")
    @api.depends_context("lang", "tz")
    def _compute_history(self):
        for document in self:
            # of what happened in the same second, the call comes before its outcome
            events = [
                *document._events_until_sent(),
                *document._call_events(),
                *document._events_since(),
            ]
            events = sorted((e for e in events if e[0]), key=lambda event: event[0])
            document.history = self._history_html(events)

    # -------------------------------------------------------------------------
    # EVENTS
    # -------------------------------------------------------------------------

    def _events_until_sent(self):
        """Return ``(moment, what, address to open or "")`` of what its columns tell of
        its way to the authority.

        Hook: other modules add their own.
        """
        self.ensure_one()
        former = self.replaces_id
        return [
            (
                self.create_date,
                self.env._("Made by %s", self.create_uid.sudo().name),
                "",
            ),
            (self.issued_at, self.env._("Issued: content, time and number frozen"), ""),
            (
                former and (self.issued_at or self.create_date),
                self.env._("Takes the place of %s", former.name),
                _address(former),
            ),
            (self.signed_at, self.env._("Signed"), ""),
            (self.handed_over_at, self.env._("First handed to the customer"), ""),
            (self.sent_at, self.env._("First sent"), ""),
        ]

    def _events_since(self):
        """Return the same of what its columns tell of the authority's answers, and of
        what came after it.

        Hook: other modules add their own.
        """
        self.ensure_one()
        events = [
            (self.submitted_at, self.env._("Received by the authority"), ""),
            (self.decided_at, self.env._("Decided: %s", self._verdict_label()), ""),
            (
                self.change_sent_at,
                self.env._("Asked of the authority: %s", self._change_label()),
                "",
            ),
        ]
        if not self.replaced_by_ids:
            events.append((self.gone_at, self._state_label(), ""))
        for later in self.replaced_by_ids:
            sentence = self.env._("Replaced by %s", later.name)
            events.append((later.create_date, sentence, _address(later)))
        return events

    def _verdict_label(self):
        """Return what was decided, whatever became of the document afterwards."""
        labels = dict(self._fields["verdict"]._description_selection(self.env))
        return labels.get(self.verdict) or self._state_label()

    def _call_events(self):
        """Return the same of each call in which it travelled or was asked about."""
        self.ensure_one()
        calls = self.env["ereceipt.exchange"].search(
            [("document_ids", "in", self.ids)], limit=MOST_CALLS
        )
        outcomes = dict(calls._fields["outcome"]._description_selection(self.env))
        return [
            (
                call.started_at,
                self.env._(
                    "%(purpose)s: %(outcome)s (%(seconds)s s)",
                    purpose=call.purpose_text,
                    outcome=call.error or outcomes.get(call.outcome, ""),
                    seconds=self._number_text(Decimal(f"{call.duration:.2f}")),
                ),
                _address(call),
            )
            for call in calls
        ]

    # -------------------------------------------------------------------------
    # HTML
    # -------------------------------------------------------------------------

    @api.model
    def _history_html(self, events):
        rows = Markup().join(
            Markup(
                '<tr><td class="text-muted text-nowrap pe-3">%s</td><td>%s</td></tr>'
            )
            % (
                format_datetime(self.env, moment, dt_format="medium"),
                Markup('<a href="%s">%s</a>') % (address, what) if address else what,
            )
            for moment, what, address in events
        )
        return Markup('<table class="table table-sm w-auto">%s</table>') % rows


def _address(record):
    return f"/odoo/{record._name}/{record.id}" if record else ""
