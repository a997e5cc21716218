from datetime import datetime, time, timedelta, timezone

import pytz

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..fiscal import lifecycle
from ..fiscal.reconciling import REMEDIES, Counts, Kind, Terms

LONGEST_PERIOD = timedelta(days=400)
REACH_BACK = timedelta(days=31)
"""How far back the daily job goes for what is still open."""

AFTER_START = timedelta(hours=1)
"""How much of what is issued after the start is looked at: the authority's clock may
be ahead, and a day's last piece takes its time."""

DAY = 24 * 3600
CRON = "account_ereceipt.ir_cron_ereceipt_reconcile"


class EreceiptReconciliation(models.Model):
    """Our books compared with an authority's, for one registration and a period.

    Its life: the daily job makes one for the last days, or a person does with the
    wizard (*draft*). The job then goes through the period device by device and day by
    day (*running*): it reads the authority's list with nothing locked and no
    transaction open, compares it with our documents, keeps each difference as a line,
    and commits that together with how far it got, so that it goes on from there when
    it was killed. In the end documents that both sides date on different days are
    brought together, differences of earlier reconciliations that this one looked at
    again are closed, and it is *done*. When the authority cannot be read after several
    attempts it has *failed*, and can be resumed.

    Where the authority has no list, each document is asked about; where it cannot be
    asked either (``way``), only our own states tell what never got there.
    """

    _name = "ereceipt.reconciliation"
    _description = "Reconciliation with a tax authority"
    _order = "id desc"

    registration_id = fields.Many2one(
        "ereceipt.registration",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    environment = fields.Selection(
        [("test", "Test"), ("production", "Production")], required=True, readonly=True
    )
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(string="Until", required=True, readonly=True)
    origin = fields.Selection(
        [("job", "Daily job"), ("person", "A person")],
        string="Asked for by",
        required=True,
        default="person",
        readonly=True,
    )
    user_id = fields.Many2one("res.users", string="By", readonly=True)
    way = fields.Selection(
        [
            ("list", "The authority's list"),
            ("ask", "Asking about each document"),
            ("own", "Our own states: the authority cannot be asked"),
        ],
        string="Compared by",
        required=True,
        readonly=True,
    )

    # --- progress ---
    state = fields.Selection(
        [
            ("draft", "To be started"),
            ("running", "Running"),
            ("done", "Done"),
            ("failed", "Failed"),
        ],
        required=True,
        default="draft",
        readonly=True,
    )
    started_at = fields.Datetime(string="Started", readonly=True)
    finished_at = fields.Datetime(string="Ended", readonly=True)
    ends_at = fields.Datetime(
        string="Compared until",
        readonly=True,
        help="The end of the period, or soon after it was started.",
    )
    device_index = fields.Integer(string="Devices done", readonly=True)
    position = fields.Datetime(
        string="Compared up to",
        readonly=True,
        help="Everything issued before that is compared, on the device at hand.",
    )
    window_seconds = fields.Integer(
        string="Seconds at once",
        default=DAY,
        readonly=True,
        help="How long a piece of the period is read in one go: a day, less where a "
        "day has too many documents.",
    )
    closed_line_id = fields.Integer(string="Lines brought together", readonly=True)
    progress = fields.Float(compute="_compute_progress", help="In percent.")
    failures = fields.Integer(string="Failed attempts in a row", readonly=True)
    retry_at = fields.Datetime(string="Next attempt", readonly=True)
    error = fields.Char(string="Why it does not go on", readonly=True)

    # --- what came of it ---
    here_count = fields.Integer(string="Documents here", readonly=True)
    there_count = fields.Integer(string="Documents there", readonly=True)
    matched_count = fields.Integer(string="Agree", readonly=True)
    void_count = fields.Integer(
        string="Refused or taken back, not there",
        readonly=True,
        help="The authority refused them, or they were replaced or taken back here: it "
        "need not list them, so there is nothing to compare.",
    )
    moving_count = fields.Integer(
        string="On their way",
        readonly=True,
        help="So recent that one side may not know yet; the next reconciliation "
        "looks again.",
    )
    line_ids = fields.One2many(
        "ereceipt.reconciliation.line", "reconciliation_id", string="Differences"
    )
    line_count = fields.Integer(
        string="Number of differences", compute="_compute_counts"
    )
    open_count = fields.Integer(
        string="Open differences", compute="_compute_counts", search="_search_open"
    )
    open_text = fields.Char(string="What is open", compute="_compute_open_text")

    _period = models.Constraint(
        "CHECK (date_from <= date_to)", "A period ends after it has begun."
    )
    _going_index = models.Index("(id) WHERE state IN ('draft', 'running')")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("registration_id", "date_from", "date_to")
    @api.depends_context("lang")
    def _compute_display_name(self):
        apart = self.env["ereceipt.document"]._set_apart
        for one in self:
            one.display_name = self.env._(
                "%(name)s, %(period)s",
                name=apart(one.sudo().registration_id.display_name),
                period=one._period_text(),
            )

    @api.depends("line_ids.state")
    def _compute_counts(self):
        counts = {}
        for one, state, count in self.env["ereceipt.reconciliation.line"]._read_group(
            [("reconciliation_id", "in", self.ids)],
            ["reconciliation_id", "state"],
            ["__count"],
        ):
            counts.setdefault(one, {})[state] = count
        for one in self:
            by_state = counts.get(one, {})
            one.line_count = sum(by_state.values())
            one.open_count = by_state.get("open", 0) + by_state.get("begun", 0)

    @api.depends("line_ids.state")
    @api.depends_context("lang")
    def _compute_open_text(self):
        for one in self:
            begun, mendable, others = one._open_by_remedy()
            sentences = []
            if mendable:
                sentences.append(
                    self.env._("Differences with a remedy to choose: %s.", mendable)
                )
            if others:
                sentences.append(
                    self.env._(
                        "Differences to look into, and to correct or explain: %s.",
                        others,
                    )
                )
            if begun:
                sentences.append(
                    self.env._("Differences that are being remedied: %s.", begun)
                )
            one.open_text = " ".join(sentences)

    def _open_by_remedy(self):
        """Return how many differences are being remedied, how many allow a remedy, and
        how many only a person's look."""
        self.ensure_one()
        begun = mendable = others = 0
        lines = self.env["ereceipt.reconciliation.line"]
        for kind, state, count, documents in lines._read_group(
            [("reconciliation_id", "=", self.id), ("state", "in", ("open", "begun"))],
            ["kind", "state"],
            ["__count", "document_id:count"],
        ):
            if state == "begun":
                begun += count
                continue
            remedies = set(REMEDIES[Kind(kind)])
            fit = documents if remedies - {"adopt"} else 0
            if "adopt" in remedies and self._adopts():
                fit = count
            mendable, others = mendable + fit, others + count - fit
        return begun, mendable, others

    def _search_open(self, operator, value):
        if operator not in (">", "!=") or value:
            return NotImplemented
        return [("line_ids.state", "in", ("open", "begun"))]

    @api.depends("state", "position", "device_index")
    def _compute_progress(self):
        for one in self:
            if one.state == "done":
                one.progress = 100.0
                continue
            start, end = one._bounds()
            devices = max(len(one._devices()), 1)
            whole = max((end - start).total_seconds(), 1.0)
            here = ((one.position or start) - start).total_seconds() / whole
            one.progress = min(99.0, 100.0 * (one.device_index + here) / devices)

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was compared is kept."))

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_resume(self):
        """Go on with what has failed, from where it stopped."""
        self._require("user")
        failed = self.filtered(lambda one: one.state == "failed")
        if not failed:
            raise UserError(self.env._("None of these has failed."))
        failed.sudo().write(
            {"state": "running", "failures": 0, "retry_at": False, "error": False}
        )
        for one in failed.sudo():
            one.device_queue = one._tried_by_none()
        self._wake()

    def action_open_lines(self):
        """Open the differences."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_reconciliation_line_action"
        )
        action["domain"] = [("reconciliation_id", "=", self.id)]
        action["context"] = {"search_default_group_kind": 1}
        return action

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _begin(self, registration, date_from, date_to, origin="person"):
        """Make a reconciliation, which the job carries out.

        :return: the one that is going on for the same period already, or a new one
        """
        going = self.sudo().search(
            [
                ("registration_id", "=", registration.id),
                ("environment", "=", registration.environment),
                ("date_from", "=", date_from),
                ("date_to", "=", date_to),
                ("state", "in", ("draft", "running")),
            ],
            limit=1,
        )
        if not going:
            going = self.sudo().create(
                {
                    "registration_id": registration.id,
                    "company_id": registration.company_id.id,
                    "environment": registration.environment,
                    "date_from": date_from,
                    "date_to": date_to,
                    "origin": origin,
                    "user_id": self.env.uid if origin == "person" else False,
                    "way": registration._reconciled_by(),
                }
            )
        self._wake()
        return going

    @api.model
    def _wake(self):
        self.env.ref(CRON).sudo()._trigger()

    def _require(self, role):
        """Raise unless the person has the role and sees these.

        :raise AccessError:
        """
        self.check_access("read")
        group = f"account_ereceipt.group_ereceipt_{role}"
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(
                self.env._(
                    "This takes the role %s of e-receipts.",
                    self.env.ref(group).sudo().name,
                )
            )

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    def _adopts(self):
        """Whether what the authority holds can be fetched as a draft."""
        return self.sudo().registration_id._authority_class().capabilities.adoptable

    def _zone(self):
        return pytz.timezone(self.registration_id._authority_class().limits.zone)

    def _bounds(self):
        """Return when the period begins and ends (naive UTC): days are those of the
        authority, and what is issued long after the start is not looked at."""
        self.ensure_one()
        zone = self._zone()

        def midnight(day):
            local = zone.localize(datetime.combine(day, time.min))
            return local.astimezone(pytz.utc).replace(tzinfo=None)

        end = midnight(self.date_to + timedelta(days=1))
        return midnight(self.date_from), min(end, self.ends_at or end)

    def _terms(self):
        """Return how strictly the sides are compared now."""
        registration = self.registration_id.sudo()
        devices = registration.with_context(active_test=False).device_ids
        limits = registration._authority_class().limits
        return Terms(
            now=datetime.now(timezone.utc),
            patience=timedelta(minutes=registration.reconcile_patience),
            zone=self._zone(),
            precision=limits.listed_precision,
            devices=frozenset(s for s in devices.mapped("serial") if s),
        )

    def _counted(self, counts: Counts):
        """Return the columns with what was compared added to them."""
        return {
            "here_count": self.here_count + counts.here,
            "there_count": self.there_count + counts.there,
            "matched_count": self.matched_count + counts.matched,
            "void_count": self.void_count + counts.void,
            "moving_count": self.moving_count + counts.moving,
        }


class EreceiptRegistration(models.Model):
    """How a registration is reconciled."""

    _inherit = "ereceipt.registration"

    reconcile_days = fields.Integer(
        string="Days reconciled daily",
        default=3,
        help="Each day the last so many days, and what is still open from before, are "
        "compared with what the authority holds. 0: only when a person asks for it.",
    )
    reconcile_patience = fields.Integer(
        string="Minutes of patience",
        default=60,
        help="What happened to a document more recently may not be known to the other "
        "side yet, and is no difference.",
    )
    open_difference_count = fields.Integer(
        string="Open differences", compute="_compute_open_difference_count"
    )

    _reconcile_positive = models.Constraint(
        "CHECK (reconcile_days >= 0 AND reconcile_patience >= 0)",
        "Neither the days that are reconciled nor the minutes of patience can be "
        "negative.",
    )

    def _compute_open_difference_count(self):
        counts = dict(
            self.env["ereceipt.reconciliation.line"]._read_group(
                [
                    ("registration_id", "in", self.ids),
                    ("state", "in", ("open", "begun")),
                ],
                ["registration_id"],
                ["__count"],
            )
        )
        for registration in self:
            registration.open_difference_count = counts.get(registration, 0)

    def action_open_reconciliations(self):
        """Open what was compared with this authority."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_reconciliation_action"
        )
        action["domain"] = [("registration_id", "=", self.id)]
        action["context"] = {}
        return action

    def _reconciled_by(self):
        """Return by which way the authority's side is had."""
        capabilities = self._authority_class().capabilities
        if capabilities.listable:
            return "list"
        return "ask" if capabilities.recovery == "ask" else "own"

    def _listed_by_device(self):
        """Whether the authority's list is one of each device."""
        return self._needs_device_credentials()

    def _today_there(self):
        """Return today's date where the authority is."""
        zone = pytz.timezone(self._authority_class().limits.zone)
        return datetime.now(zone).date()

    def _daily_period(self):
        """Return the first and last day of the daily reconciliation: the last days,
        and further back for what is still open."""
        self.ensure_one()
        today = self._today_there()
        first = today - timedelta(days=self.reconcile_days - 1)
        [(oldest,)] = self.env.execute_query(
            SQL(
                "SELECT min(issued_at) FROM ereceipt_document "
                "WHERE registration_id = %s AND environment = %s AND issued_at >= %s "
                "AND state = ANY(%s)",
                self.id,
                self.environment,
                fields.Datetime.now() - REACH_BACK,
                sorted(lifecycle.OPEN),
            )
        )
        if oldest:
            zone = pytz.timezone(self._authority_class().limits.zone)
            day = pytz.utc.localize(oldest).astimezone(zone).date()
            first = min(first, day)
        return first, today


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    _issued_index = models.Index("(registration_id, issued_at)")
