from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from ..fiscal import lifecycle

MOST_ERRORS = 10
MOST_FAILURES = 5


class EreceiptCockpit(models.AbstractModel):
    """What was refused and why, with the cure of each error, and what does not get
    through."""

    _inherit = "ereceipt.cockpit"

    # -------------------------------------------------------------------------
    # ERRORS AND THEIR CURES
    # -------------------------------------------------------------------------

    @api.model
    def _error_section(self, scope):
        """Return the errors of what is undone and of what was refused in the period,
        those of most documents first, each with cause, cure and who can cure it."""
        documents = self.env["ereceipt.document"]
        classes = self._error_classes(scope)
        examples = documents.browse([example_id for *_, example_id in classes])
        catalogues = self._catalogues(examples)
        rows = []
        for (authority, code, count, _id), example in zip(
            classes, examples, strict=True
        ):
            label, cure, who = self._explained(example, code, catalogues[authority])
            domain = [
                *self._wrong_domain(scope),
                ("authority", "=", authority),
                ("problem_code", "=", code),
            ]
            rows.append(
                self._row(
                    label,
                    count,
                    text=code,
                    note=" ".join(filter(None, (cure, self._who_text(who)))),
                    level="danger",
                    opens=self._open_documents(code, domain),
                )
            )
        return self._section("errors", self.env._("Errors, and their cure"), rows)

    @api.model
    def _wrong_domain(self, scope):
        """Return the domain of documents whose errors are told."""
        [(name, operator, since)] = scope.period[len(scope.everything) :]
        return [
            *scope.everything,
            "|",
            ("state", "in", sorted(lifecycle.UNDONE)),
            "&",
            ("state", "=", lifecycle.SUPERSEDED),
            (name, operator, since),
        ]

    @api.model
    def _error_classes(self, scope):
        """Return ``(authority, code, documents, id of the newest)`` of each error. The
        cure that is kept behind an error, under the same code, is no error."""
        documents = self.env["ereceipt.document"]
        query = documents._search(
            [*self._wrong_domain(scope), ("first_problem_code", "!=", False)]
        )
        columns = (
            SQL.identifier(query.table, name)
            for name in ("id", "authority", "problems")
        )
        return self.env.execute_query(
            SQL(
                """
                SELECT d.authority, p->>'code', count(DISTINCT d.id), max(d.id)
                  FROM %s d CROSS JOIN LATERAL jsonb_array_elements(d.problems) p
                 WHERE p->>'code' != '' AND p->'values'->'who' IS NULL
                 GROUP BY 1, 2 ORDER BY 3 DESC, 2 LIMIT %s
                """,
                query.subselect(*columns),
                MOST_ERRORS,
            )
        )

    @api.model
    def _catalogues(self, examples):
        """Return who knows the cure of each authority's errors, by its code."""
        return {
            code: documents[0].registration_id.sudo()._authority(offline=True)
            for code, documents in examples.grouped("authority").items()
        }

    @api.model
    def _explained(self, example, code, catalogue):
        """Return what an error says, how it is cured, and who can cure it, by an
        example and the authority's catalogue."""
        documents = self.env["ereceipt.document"]
        said = [p for p in example.problems or [] if p["code"] == code]
        label = documents._problem_text(said[0]) if said else code
        path = said[0].get("path") if said else ""
        cure = catalogue.cure(code, path or "")
        if not cure:
            return label, "", ""
        text = documents._problem_text(cure)
        # our own words for a known error stand in what it says already
        return label, "" if text in label else text, cure.values.get("who", "")

    @api.model
    def _who_text(self, who):
        texts = {
            "accountant": self.env._("The accountant can mend it."),
            "administrator": self.env._("An administrator can mend it."),
            "authority": self.env._("The authority has to mend it."),
        }
        return texts.get(who, "")

    # -------------------------------------------------------------------------
    # WHAT DOES NOT GET THROUGH
    # -------------------------------------------------------------------------

    @api.model
    def _failure_section(self, scope):
        """Return what keeps documents from getting to the authority: what they are
        tried again for, and what they were given up for."""
        stuck = [lifecycle.FAILED, *sorted(lifecycle.OPEN)]
        domain = [
            *scope.everything,
            ("state", "in", stuck),
            ("last_error", "!=", False),
        ]
        groups = self.env["ereceipt.document"]._read_group(
            domain,
            ["last_error"],
            ["__count", "create_date:min", "id:max"],
            order="__count DESC",
            limit=MOST_FAILURES,
        )
        documents = self.env["ereceipt.document"].browse(row[-1] for row in groups)
        rows = [
            self._row(
                document._last_error_text(),
                count,
                note=self._oldest_text(scope, oldest),
                level="warning",
                opens=self._open_documents(
                    self.env._("Does not get through"),
                    [*domain, ("last_error", "=", error)],
                ),
            )
            for (error, count, oldest, _id), document in zip(
                groups, documents, strict=True
            )
        ]
        return self._section("failures", self.env._("What does not get through"), rows)

    # -------------------------------------------------------------------------
    # ANSWERS
    # -------------------------------------------------------------------------

    @api.model
    def _answers_section(self, scope):
        """Return how each authority answers: calls and how many of them failed, how
        long an answer takes, how long the decision, how much gets through."""
        decided = {row[0]: row[1:] for row in self._decision_times(scope)}
        calls = {row[0]: row[1:] for row in self._call_times(scope)}
        registrations = self.env["ereceipt.registration"].browse(
            sorted(decided.keys() | calls.keys())
        )
        rows = []
        for registration in registrations:
            if registration.id in calls:
                rows += self._call_rows(scope, registration, *calls[registration.id])
            if registration.id in decided:
                row = decided[registration.id]
                rows.append(self._decision_row(scope, registration, *row))
        return self._section(
            "answers", self.env._("The authorities' answers in the period"), rows
        )

    @api.model
    def _call_times(self, scope):
        """Return by registration how many calls were made, how many failed, and the
        seconds within which half of all, and 95 of 100, were answered."""
        registrations = self.env["ereceipt.registration"]._search(
            [("environment", "=", scope.environment)]
        )
        exchanges = self.env["ereceipt.exchange"]
        query = exchanges._search(
            [
                ("started_at", ">=", scope.since),
                ("registration_id", "in", registrations),
            ]
        )
        columns = ("registration_id", "duration", "outcome")
        columns = (SQL.identifier(query.table, name) for name in columns)
        return self.env.execute_query(
            SQL(
                """
                SELECT e.registration_id, count(*),
                       count(*) FILTER (WHERE e.outcome != 'ok'),
                       percentile_cont(ARRAY[0.5, 0.95])
                           WITHIN GROUP (ORDER BY e.duration)
                  FROM %s e GROUP BY 1
                """,
                query.subselect(*columns),
            )
        )

    @api.model
    def _call_rows(self, scope, registration, count, failed, times):
        domain = [
            ("registration_id", "=", registration.id),
            ("started_at", ">=", scope.since.strftime("%Y-%m-%d %H:%M:%S")),
        ]
        model, kinds = "ereceipt.exchange", ("list", "form", "graph")
        name = registration.name
        every = self._open_list(model, name, domain, kinds)
        not_ok = self._open_list(model, name, [*domain, ("outcome", "!=", "ok")], kinds)
        note = self.env._(
            "answered within %(half)s, 95 of 100 within %(most)s",
            half=self._seconds_text(times[0]),
            most=self._seconds_text(times[1]),
        )
        label = self.env._("Calls to %s", name)
        rows = [self._row(label, count, note=note, opens=every)]
        if failed:
            rows.append(
                self._row(
                    self.env._("Calls to %s that failed", name),
                    failed,
                    note=self._percent_text(failed, count),
                    level="warning",
                    opens=not_ok,
                )
            )
        return rows

    @api.model
    def _decision_times(self, scope):
        """Return by registration how many documents of the period were decided, the
        seconds from issue to decision (of half of them, and of 95 of 100), and how
        many were decided within the last 24 hours."""
        documents = self.env["ereceipt.document"]
        query = documents._search(self._decided_domain(scope))
        columns = ("registration_id", "issued_at", "decided_at")
        columns = (SQL.identifier(query.table, name) for name in columns)
        return self.env.execute_query(
            SQL(
                """
                SELECT d.registration_id, count(*),
                       percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (
                           ORDER BY extract(epoch FROM d.decided_at - d.issued_at)),
                       count(*) FILTER (WHERE d.decided_at > %s)
                  FROM %s d GROUP BY 1
                """,
                scope.now - timedelta(days=1),
                query.subselect(*columns),
            )
        )

    @api.model
    def _decided_domain(self, scope):
        decided = [lifecycle.VALID, lifecycle.INVALID, lifecycle.REJECTED]
        return [
            *scope.period,
            ("state", "in", decided),
            ("decided_at", "!=", False),
        ]

    @api.model
    def _decision_row(self, scope, registration, count, times, lately):
        domain = [
            *self._decided_domain(scope),
            ("registration_id", "=", registration.id),
        ]
        note = self.env._(
            "half of them within %(half)s of their issue, 95 of 100 within %(most)s; "
            "in the last 24 hours: %(lately)s",
            half=self._seconds_text(times[0]),
            most=self._seconds_text(times[1]),
            lately=self._figure_text(lately),
        )
        label = self.env._("Decided by %s", registration.name)
        opens = self._open_documents(label, domain)
        return self._row(label, count, note=note, opens=opens)
