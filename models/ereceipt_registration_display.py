from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_datetime

from .ereceipt_notification import notification

ALIVE_WITHIN = timedelta(minutes=15)
"""How long ago a lane may have run at most to count as alive: they run each minute,
and a long run may take several."""


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist: ``link`` is where it is done, "" for here."""

    done: bool
    title: str
    hint: str
    link: str = ""


class EreceiptRegistration(models.Model):
    """What an administrator sees beyond the fields: what is left to set up, whether
    the jobs are alive, what a change of the environment means."""

    _inherit = "ereceipt.registration"

    authority = fields.Selection(default=lambda self: self._default_authority())
    device_count = fields.Integer(string="Number of devices", compute="_compute_counts")
    document_count = fields.Integer(
        string="Number of documents", compute="_compute_counts"
    )
    needs_person_count = fields.Integer(
        string="Documents that need a person", compute="_compute_counts"
    )
    signs_in_per_device = fields.Boolean(
        string="Each device signs in",
        compute="_compute_signs_in_per_device",
        help="Credentials are those of the devices and not of the company.",
    )
    connection_text = fields.Char(string="Connection", compute="_compute_connection")
    jobs_alive = fields.Boolean(string="Jobs run", compute="_compute_jobs_alive")
    is_ready = fields.Boolean(
        string="Ready to be activated", compute="_compute_checklist"
    )
    checklist = fields.Html(compute="_compute_checklist", sanitize=False)

    # -------------------------------------------------------------------------
    # DEFAULT METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _default_authority(self):
        """Offer the authority where only one is known."""
        known = self._selection_authority()
        return known[0][0] if len(known) == 1 else False

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("device_ids")
    def _compute_counts(self):
        documents = self.env["ereceipt.document"]
        own = [("registration_id", "in", self.ids)]
        by_registration = ["registration_id"], ["__count"]
        all_counts = dict(documents._read_group(own, *by_registration))
        person_counts = dict(
            documents._read_group(
                [*own, *documents._domain_needs_person()], *by_registration
            )
        )
        for registration in self:
            registration.device_count = len(registration.device_ids)
            registration.document_count = all_counts.get(registration, 0)
            registration.needs_person_count = person_counts.get(registration, 0)

    @api.depends("authority")
    def _compute_signs_in_per_device(self):
        for registration in self:
            registration.signs_in_per_device = bool(
                registration.authority and registration._needs_device_credentials()
            )

    @api.depends("tested_at", "problems", "device_ids.tested_at", "device_ids.problems")
    @api.depends_context("lang", "tz")
    def _compute_connection(self):
        """Say when the connection was tested, or which devices were not."""
        for registration in self:
            devices = registration._devices_in_use()
            tested = devices.filtered(lambda d: d.tested_at and not d.problems)
            if registration.signs_in_per_device and devices:
                registration.connection_text = self.env._(
                    "%(tested)s of %(all)s devices passed the test",
                    tested=len(tested),
                    all=len(devices),
                )
            elif registration.tested_at:
                time = format_datetime(self.env, registration.tested_at)
                registration.connection_text = (
                    self.env._("The test of %s failed", time)
                    if registration.problems
                    else self.env._("Tested %s", time)
                )
            else:
                registration.connection_text = self.env._("Not tested yet")

    @api.depends("last_run_at")
    def _compute_jobs_alive(self):
        since = fields.Datetime.now() - ALIVE_WITHIN
        for registration in self:
            last = registration.last_run_at
            registration.jobs_alive = bool(last and last >= since)

    @api.depends("company_id.vat", "environment", "device_ids", "tested_at", "problems")
    @api.depends_context("lang")
    def _compute_checklist(self):
        for registration in self:
            steps = registration._checklist_steps()
            registration.is_ready = all(step.done for step in steps)
            registration.checklist = self._checklist_html(steps)

    # -------------------------------------------------------------------------
    # ONCHANGE METHODS
    # -------------------------------------------------------------------------

    @api.onchange("environment")
    def _onchange_environment(self):
        """Say what goes with the other environment before it is saved."""
        before = self._origin.environment
        if not before or before == self.environment:
            return None
        return {
            "warning": {
                "title": self.env._("Another environment"),
                "message": self.env._(
                    "Saving forgets the credentials and makes the devices drafts "
                    "again: the other environment has its own credentials and its own "
                    "chains. What is on its way in the present environment stops "
                    "until you change back."
                ),
            }
        }

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_open_documents(self):
        """Open the documents of this registration."""
        self.ensure_one()
        self.check_access("read")
        return self.env["ereceipt.document"]._listed(
            self.env._("E-receipts: %s", self.display_name),
            [("registration_id", "=", self.id)],
        )

    def action_open_needs_person(self):
        """Open the documents of this registration that wait for somebody."""
        action = self.action_open_documents()
        action["context"] = {"search_default_needs_person": 1}
        return action

    def action_open_devices(self):
        """Open the devices of this registration."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_device_action"
        )
        action["domain"] = [("registration_id", "=", self.id)]
        action["context"] = {
            "default_registration_id": self.id,
            "default_company_id": self.company_id.id,
        }
        return action

    @api.model
    def action_seal_credentials(self):
        """Seal the stored credentials of all companies with the current key, after a
        key was put before the old one, and tell what came of it.

        :raise AccessError: the user is no administrator of electronic receipts
        :raise UserError: there is no usable key
        """
        self.check_access("write")
        anew, current, failed = self._ereceipt_reseal_all()
        lines = [
            self.env._(
                "Sealed anew with the key %(key)s: %(anew)s. Sealed with it now: "
                "%(current)s in all.",
                anew=anew,
                key=self._ereceipt_vault().current,
                current=current,
            )
        ]
        if failed:
            lines += self._cannot_be_opened(failed)
        return notification(
            "danger" if failed else "success",
            "\n".join(lines),
            title=self.env._("Stored credentials"),
            sticky=bool(failed),
        )

    def _cannot_be_opened(self, failed):
        """Return what to say of credentials that cannot be opened, without naming
        what the user may not see."""
        told = [
            sentence
            for record, sentence in failed
            if record.with_user(self.env.user).has_access("read")
        ]
        lines = [
            self.env._("Cannot be opened, and stay as they are: %s", len(failed)),
            *(f"- {sentence}" for sentence in dict.fromkeys(told)),
        ]
        if len(told) < len(failed):
            lines.append(
                self.env._(
                    "Of companies that you do not work in: %s of them.",
                    len(failed) - len(told),
                )
            )
        return lines

    # -------------------------------------------------------------------------
    # CHECKLIST
    # -------------------------------------------------------------------------

    def _checklist_steps(self):
        """Return the steps of an administrator's first day, in their order.

        Hook: authorities and other modules add steps of their own.

        :rtype: list[Step]
        """
        self.ensure_one()
        company = self.company_id
        devices = self._devices_in_use()
        return [
            Step(
                bool(company.vat),
                self.env._("The company has its tax registration number"),
                self.env._("The authority knows the company by it."),
                f"/odoo/res.company/{company.id}" if company.id else "",
            ),
            Step(
                bool(devices),
                self.env._("A device is set up"),
                self.env._(
                    "Add each till or desk with the serial that the authority gave it, "
                    "and the journals that post on it."
                )
                if self.uses_serials
                else self.env._(
                    "Add each branch that issues, and the journals that post on it."
                ),
            ),
            self._checklist_credentials(devices),
            self._checklist_connection(devices),
            Step(
                any(device.lifecycle == "active" for device in devices),
                self.env._("A device is active"),
                self.env._(
                    "Activate the devices: from then on, what is posted in their "
                    "journals is issued."
                ),
            ),
            Step(
                self.jobs_alive,
                self.env._("The scheduled jobs run"),
                self.env._(
                    "They send and follow the documents. Check that this server runs "
                    "scheduled jobs and that lane 1 is active."
                ),
            ),
            Step(
                self.environment == "production",
                self.env._("The environment is production"),
                self.env._(
                    "Documents of the test environment have no legal value. Change "
                    "it when the trial is over."
                ),
            ),
        ]

    def _devices_in_use(self):
        return self.device_ids.filtered(lambda d: d.lifecycle != "retired")

    def _checklist_credentials(self, devices):
        owners = devices if self.signs_in_per_device else self
        missing = owners.filtered(
            lambda o: not (o.sudo().client_id and o.client_secret_set)
        )
        if self.signs_in_per_device:
            hint = self.env._(
                "Type what the authority's portal shows for each device, on the "
                "device's own page."
            )
        else:
            hint = self.env._(
                "Type what the authority's portal shows, on the page Credentials below."
            )
        return Step(
            bool(owners) and not missing,
            self.env._("The credentials are stored"),
            hint,
        )

    def _checklist_connection(self, devices):
        owners = devices if self.signs_in_per_device else self
        return Step(
            bool(owners) and all(o.tested_at and not o.problems for o in owners),
            self.env._("The connection was tested"),
            self.env._(
                "Press Test connection: reach, credentials, what the authority says "
                "about them, the clock, the address of each branch."
            ),
        )

    @api.model
    def _checklist_html(self, steps):
        rows = Markup().join(
            Markup(
                '<li class="d-flex gap-2 py-1">'
                '<i class="fa fa-fw %(icon)s mt-1" title="%(state)s"></i>'
                "<span>%(title)s%(hint)s</span></li>"
            )
            % {
                "icon": "fa-check-circle text-success"
                if step.done
                else "fa-circle-o text-muted",
                "state": self.env._("Done") if step.done else self.env._("To do"),
                "title": self._checklist_title(step),
                "hint": ""
                if step.done
                else Markup('<br/><small class="text-muted">%s</small>') % step.hint,
            }
            for step in steps
        )
        return Markup('<ul class="list-unstyled mb-0">%s</ul>') % rows

    @api.model
    def _checklist_title(self, step):
        if step.done:
            return Markup('<span class="text-muted">%s</span>') % step.title
        if step.link:
            return Markup('<a href="%s">%s</a>') % (step.link, step.title)
        return Markup("<span>%s</span>") % step.title
