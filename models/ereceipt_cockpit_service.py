from odoo import api, fields, models

from ..fiscal import lifecycle
from .ereceipt_registration_display import ALIVE_WITHIN
from .ereceipt_what_now_sentences import OVERDUE

SPARE_LANES = tuple(f"ir_cron_ereceipt_lane_{number}" for number in (2, 3, 4))
"""Jobs that are off unless somebody wants them."""


class EreceiptCockpit(models.AbstractModel):
    """Whether all goes on by itself: the jobs, what holds sending back, what ends
    soon, what an authority limits; and what else there is to do."""

    _inherit = "ereceipt.cockpit"

    # -------------------------------------------------------------------------
    # JOBS
    # -------------------------------------------------------------------------

    @api.model
    def _jobs_section(self, scope):
        """Return when the jobs ran and what they left, which of them are off, and what
        holds sending back."""
        rows = [
            self._heartbeat_row(scope),
            self._overdue_row(scope),
            *self._jobs_off_rows(),
            *self._held_rows(scope),
        ]
        return self._section("jobs", self.env._("The jobs that send and follow"), rows)

    @api.model
    def _heartbeat_row(self, scope):
        outbox = self.env["ereceipt.outbox"]
        last_run = outbox._last_run()
        domain = [*scope.everything, ("state", "in", sorted(lifecycle.OPEN))]
        waiting = self.env["ereceipt.document"].search_count(domain)
        alive = last_run and last_run >= scope.now - ALIVE_WITHIN
        return self._row(
            outbox._heartbeat_text(last_run, waiting),
            waiting,
            level="success" if alive else "danger",
            opens=self._open_documents(self.env._("For the jobs to bring on"), domain),
            asks=bool(waiting and not alive),
        )

    @api.model
    def _overdue_row(self, scope):
        """What should have been taken care of long ago."""
        before = fields.Datetime.to_string(scope.now - OVERDUE)
        domain = [
            *scope.everything,
            ("state", "in", sorted(lifecycle.OPEN)),
            ("next_attempt_at", "<", before),
        ]
        count = self.env["ereceipt.document"].search_count(domain)
        name = self.env._("Due for more than five minutes")
        opens = self._open_documents(name, domain)
        return count and self._row(name, count, level="warning", opens=opens)

    @api.model
    def _jobs_off_rows(self):
        """Return jobs of ours that are switched off, and those that failed."""
        known = self.env["ir.model.data"].sudo()
        names = dict(
            known.search_fetch(
                [("module", "=", "account_ereceipt"), ("model", "=", "ir.cron")],
                ["res_id", "name"],
            ).mapped(lambda data: (data.res_id, data.name))
        )
        crons = self.env["ir.cron"].sudo().with_context(active_test=False)
        rows = []
        for cron in crons.search_fetch(
            [("id", "in", list(names))], ["name", "active", "failure_count"]
        ):
            off = not cron.active and names[cron.id] not in SPARE_LANES
            if off:
                note = self.env._("It is switched off.")
            elif cron.active and cron.failure_count:
                note = self.env._("Its last run failed.")
            else:
                continue
            # the name that is translated; a job's own is English
            rows.append(self._row(cron.name, note=note, level="danger", asks=off))
        return rows

    @api.model
    def _held_rows(self, scope):
        """Return registrations and devices whose calls are held back, with why."""
        registrations = self.env["ereceipt.registration"].search(
            [("environment", "=", scope.environment)]
        )
        held = [("breaker_open_until", ">", scope.now)]
        devices = self.env["ereceipt.device"].search(
            [*held, ("registration_id", "in", registrations.ids)]
        )
        rows = [
            self._row(
                self.env._("%s: in a copied database", registration.name),
                note=self.env._(
                    "Nothing is sent from a copy until an administrator confirms it."
                ),
                level="danger",
                opens=self._open_form(registration._name, registration.id),
                asks=True,
            )
            for registration in registrations
            if registration.is_foreign_database
        ]
        owners = [*registrations.filtered_domain(held), *devices]
        return [*rows, *(self._held_row(owner) for owner in owners)]

    @api.model
    def _held_row(self, owner):
        """Return the row of a registration or device whose calls are held back. What
        is refused for its credentials does not go on by itself at any time."""
        refused = owner.breaker_credentials
        if refused:
            label = self.env._("%s: its credentials are refused", owner.display_name)
        else:
            label = self.env._("%s: sending is held back", owner.display_name)
        return self._row(
            label,
            text="" if refused else self._clock_text(owner.breaker_open_until),
            note=owner.breaker_reason_shown or "",
            level="danger",
            opens=self._open_form(owner._name, owner.id),
            asks=refused,
        )

    # -------------------------------------------------------------------------
    # ENDS AND LIMITS
    # -------------------------------------------------------------------------

    @api.model
    def _ends_section(self, scope):
        """Return what ends soon (credentials, certificates), what an authority limits,
        and registrations that are not in use yet."""
        rows = [*self._unused_rows(scope), *self._end_rows(), *self._facts(scope)]
        return self._section("ends", self.env._("Ends and limits"), rows)

    @api.model
    def _unused_rows(self, scope):
        unused = self.env["ereceipt.registration"].search(
            [
                ("environment", "=", scope.environment),
                ("device_ids", "not any", [("lifecycle", "=", "active")]),
            ]
        )
        return [
            self._row(
                self.env._("%s: no device is active", registration.name),
                note=self.env._(
                    "Nothing is issued through it. Its form says what is left to do."
                ),
                level="info",
                opens=self._open_form(registration._name, registration.id),
            )
            for registration in unused
        ]

    @api.model
    def _end_rows(self):
        rows = []
        for model, names in self._ending_models():
            last_day = model._last_day_told()
            last_step = model._end_steps()[-1]
            near = ["|"] * (len(names) - 1) + [(n, "<=", last_day) for n in names]
            for record in model.search(near):
                for name, end, days in record._ends_due():
                    rows.append(
                        self._row(
                            record.display_name,
                            note=record._end_text(name, end, days),
                            level="danger" if days <= last_step else "warning",
                            opens=self._open_form(record._name, record.id),
                            asks=days <= last_step,
                        )
                    )
        return rows

    @api.model
    def _ending_models(self):
        """Return the models whose records end, with the names of their dates."""
        for name in sorted(self.env.registry):
            model = self.env[name]
            ends = getattr(model, "_ereceipt_ends", ())
            if ends and not model._abstract and model.has_access("read"):
                yield model, ends

    @api.model
    def _facts(self, scope):
        """Return what authorities limit.

        Hook ``cockpit_facts`` of a registration: rows of :meth:`_row`.
        """
        registrations = self.env["ereceipt.registration"].search(
            [("environment", "=", scope.environment)]
        )
        return [
            {**row, "open": self._open_form(registration._name, registration.id)}
            for registration in registrations
            for row in registration._hook("cockpit_facts", [])
        ]

    # -------------------------------------------------------------------------
    # FURTHER
    # -------------------------------------------------------------------------

    @api.model
    def _further_section(self, scope):
        """Return what else waits for somebody: alerts, differences, requests, payments
        that customers tell of."""
        rows = [
            self._further_row(*one)
            for one in (*self._further(scope), *self._further_of_customers())
        ]
        return self._section("further", self.env._("Also to do"), rows)

    @api.model
    def _further_row(self, name, label, domain):
        model = self.env[name]
        count = model.has_access("read") and model.search_count(domain)
        return count and self._row(
            label,
            count,
            level="warning",
            opens=self._open_list(name, label, domain),
            asks=True,
        )

    @api.model
    def _further(self, scope):
        """Return ``(model, label, domain)`` of what there is to do with authorities."""
        alerts = [
            ("closed_at", "=", False),
            "|",
            ("registration_id", "=", False),
            ("registration_id.environment", "=", scope.environment),
        ]
        differences = [
            ("state", "=", "open"),
            ("reconciliation_id.environment", "=", scope.environment),
        ]
        return (
            ("ereceipt.alert.cause", self.env._("Alerts"), alerts),
            (
                "ereceipt.reconciliation.line",
                self.env._("Differences from the authority's books"),
                differences,
            ),
        )

    @api.model
    def _further_of_customers(self):
        """Return the same of what customers and colleagues ask for and tell.

        Hook: other parts of the product add their own.
        """
        return (
            (
                "ereceipt.request",
                self.env._("Colleagues and customers ask for an invoice"),
                [("state", "=", "asked")],
            ),
        )
