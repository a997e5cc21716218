import base64
import hashlib

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import LazyTranslate, config

from ..fiscal import authority_class, authority_classes, lifecycle
from ..fiscal.contract import Connection, Party, Problem

_lt = LazyTranslate(__name__)

WATCHDOG_MARGIN = 30
"""Seconds of a job's life that calls may never use: the time in which a run goes on
claiming (10), and writing and ending afterwards."""


class EreceiptRegistration(models.Model):
    """A company's registration with one tax authority.

    Its life: an administrator makes it, sets the environment and the credentials and
    presses *Test connection*; devices are made below it and activated. From then on
    the scheduled jobs speak to the authority in its name. It belongs to one database:
    a copy of the database sends nothing until an administrator confirms the copy
    (:meth:`action_confirm_database`). Changing from test to production starts new
    chains and wants the credentials of the other environment.

    Branches of the company see and use the registration of their parent.
    """

    _name = "ereceipt.registration"
    _description = "Registration with a tax authority"
    _inherit = [
        "ereceipt.credentials.mixin",
        "ereceipt.breaker.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "company_id, authority, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    authority = fields.Selection(
        selection="_selection_authority", required=True, tracking=True
    )
    environment = fields.Selection(
        [("test", "Test"), ("production", "Production")],
        required=True,
        default="test",
        tracking=True,
        help="Documents of the test environment have no legal value and say TEST.",
    )
    obliged_from = fields.Date(
        string="Obliged from",
        tracking=True,
        help="Documents dated before this day are not issued through this "
        "registration. Empty: from the beginning.",
    )
    responsible_id = fields.Many2one(
        "res.users",
        default=lambda self: self.env.user,
        help="Gets the activities that no accountant can deal with: credentials, "
        "connection, expiry.",
    )
    device_ids = fields.One2many("ereceipt.device", "registration_id", string="Devices")

    # --- database of origin ---
    database_uuid = fields.Char(
        string="Sends from the database",
        readonly=True,
        copy=False,
        program_only=True,
        default=lambda self: self._database_uuid(),
        help="The database that may send; a copy of it has another identifier.",
    )
    is_foreign_database = fields.Boolean(
        string="In a copied database",
        compute="_compute_is_foreign_database",
        help="Nothing is sent from a copy until an administrator confirms it.",
    )

    # --- policy ---
    connect_timeout = fields.Integer(
        string="Seconds to connect", default=5, help="Seconds to reach the authority."
    )
    call_timeout = fields.Integer(
        string="Seconds per call",
        default=60,
        help="Seconds that one call may last. What is not answered by then counts as "
        "sent and is asked about.",
    )
    documents_per_call = fields.Integer(
        string="Documents per call",
        default=200,
        help="How many documents travel in one call, at most.",
    )
    parallel_calls = fields.Integer(
        string="Calls at once",
        default=16,
        help="How many calls one job makes at the same time, at most. Fewer where the "
        "authority is known to want that.",
    )
    ingestion_seconds = fields.Integer(
        string="Seconds until it can be asked",
        default=0,
        help="How long the authority may take to show what it received: only after "
        "that is its answer that it does not know a document believed. 0: what is "
        "known of the authority.",
    )
    max_attempts = fields.Integer(
        string="Attempts at most",
        default=30,
        help="After so many attempts to send a document it is given up.",
    )

    # --- monitor ---
    last_run_at = fields.Datetime(string="Jobs last ran", compute="_compute_heartbeat")
    pending_count = fields.Integer(
        string="Documents to send or follow", compute="_compute_heartbeat"
    )
    heartbeat = fields.Char(string="State of the jobs", compute="_compute_heartbeat")
    problems = fields.Json(readonly=True, copy=False, program_only=True)
    tested_at = fields.Datetime(
        string="Last tested", readonly=True, copy=False, program_only=True
    )

    _authority_unique = models.UniqueIndex(
        "(company_id, authority, environment) WHERE active",
        "There is already a registration of this company with this authority for "
        "this environment.",
    )
    _numbers_positive = models.Constraint(
        "CHECK (connect_timeout > 0 AND call_timeout >= 10 AND documents_per_call > 0 "
        "AND parallel_calls > 0 AND max_attempts > 0)",
        "Time-outs, numbers of documents, of calls and of attempts have to be "
        "positive, and a call has to be given at least 10 seconds.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("database_uuid")
    def _compute_is_foreign_database(self):
        here = self._database_uuid()
        for registration in self:
            registration.is_foreign_database = registration.database_uuid != here

    def _compute_heartbeat(self):
        last_run = self.env["ereceipt.outbox"]._last_run()
        counts = dict(
            self.env["ereceipt.document"]._read_group(
                [
                    ("registration_id", "in", self.ids),
                    ("state", "in", sorted(lifecycle.OPEN)),
                ],
                ["registration_id"],
                ["__count"],
            )
        )
        for registration in self:
            registration.last_run_at = last_run
            registration.pending_count = counts.get(registration, 0)
            registration.heartbeat = self.env["ereceipt.outbox"]._heartbeat_text(
                last_run, registration.pending_count
            )

    # -------------------------------------------------------------------------
    # CONSTRAINT METHODS
    # -------------------------------------------------------------------------

    @api.constrains("call_timeout")
    def _check_call_timeout(self):
        """A call has to end before the server's watchdog ends the job."""
        watchdog = self._watchdog_seconds()
        for registration in self:
            longest = watchdog - WATCHDOG_MARGIN
            if watchdog and registration.call_timeout > longest:
                raise ValidationError(
                    self.env._(
                        "This server stops a scheduled job after %(watchdog)s seconds "
                        "(limit_time_real_cron), so a call may last %(longest)s "
                        "seconds at most.",
                        watchdog=watchdog,
                        longest=longest,
                    )
                )

    @api.model
    def _watchdog_seconds(self):
        """Return after how many seconds this server ends a job, 0 if never."""
        limit = config["limit_time_real_cron"]
        return config["limit_time_real"] if limit == -1 else limit

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        registrations = super().create(vals_list)
        for authority in set(registrations.mapped("authority")):
            self.env["ereceipt.code"]._load(authority)
        return registrations

    def write(self, vals):
        if "environment" in vals or "authority" in vals or "company_id" in vals:
            self._before_identity_change(vals)
        if vals.get("active") is False:
            self._check_nothing_issues()
        return super().write(vals)

    def _check_nothing_issues(self):
        """Refuse to archive what devices still issue through: their documents would
        be frozen and never sent."""
        for device in self.sudo().with_context(active_test=False).device_ids:
            if device.lifecycle == "active":
                raise UserError(
                    self.env._(
                        "%(device)s still issues through %(registration)s. Retire it "
                        "before the registration is archived.",
                        device=device.name,
                        registration=device.registration_id.name,
                    )
                )
        self._all_devices()._refuse_unsettled()

    def _before_identity_change(self, vals):
        """Another environment has other chains (and other credentials, but those go
        with any change of where they are sent)."""
        for registration in self:
            changed = {
                name
                for name in ("environment", "authority", "company_id")
                if name in vals and vals[name] != registration._plain(name)
            }
            if not changed:
                continue
            has_documents = registration.env["ereceipt.document"].search_count(
                [("registration_id", "=", registration.id)], limit=1
            )
            if has_documents and changed != {"environment"}:
                raise UserError(
                    self.env._(
                        "%(name)s has issued documents, so its company and its "
                        "authority cannot change. Archive it and make another one.",
                        name=registration.name,
                    )
                )
            registration._all_devices()._deactivate()

    def _plain(self, name):
        value = self[name]
        return value.id if isinstance(value, models.BaseModel) else value

    def _all_devices(self):
        """Return the devices, archived ones and those of branches that the user does
        not see too: not by the field, whose value may stem from what he sees."""
        devices = self.env["ereceipt.device"].sudo().with_context(active_test=False)
        return devices.search([("registration_id", "in", self.ids)])

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env["ereceipt.document"].search_count(
            [("registration_id", "in", self.ids)], limit=1
        )
        if used:
            raise UserError(
                self.env._(
                    "A registration that has issued documents cannot be deleted. "
                    "Archive it instead."
                )
            )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_confirm_database(self):
        """Let this database send: it is the original, or takes its place."""
        self.check_access("write")
        here = self._database_uuid()
        for registration in self:
            registration.sudo().database_uuid = here
            registration.message_post(
                body=self.env._(
                    "This database was confirmed as the one that sends documents."
                )
            )

    def action_close_breaker(self):
        """Let calls through again at once."""
        self.check_access("write")
        for record in (*self, *self.device_ids):
            record._breaker_reset()
        self.env["ereceipt.outbox"]._wake()

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _connection(self, device=None, recorder=None, give_up_at=None, offline=False):
        """Return the contract's Connection for this registration and device.

        :param bool offline: nothing will be called, so no secret is opened: issuing
            goes on where the key of the secrets is not at hand
        """
        self.ensure_one()
        owner = device if device and self._needs_device_credentials() else self
        credentials = {} if offline else owner._credentials()
        contract_device = device._contract_device() if device else None
        connection = Connection(
            environment=self.environment,
            endpoints=self._endpoints(),
            credentials=credentials,
            settings=self._settings(device),
            device=contract_device,
            seller_id=self._seller_party().id,
            identity=self._identity(owner, credentials),
            connect_timeout=self.connect_timeout,
            call_timeout=self.call_timeout,
            documents_per_call=self.documents_per_call,
            give_up_at=give_up_at,
            tokens=None if offline else self._token_store(),
            **({"recorder": recorder} if recorder else {}),
        )
        return connection

    def _identity(self, owner, credentials):
        """Return a text that differs whenever the credentials differ."""
        text = "\0".join(
            [self.env.cr.dbname, owner._name, str(owner.id), self.environment]
            + [f"{name}={value}" for name, value in sorted(credentials.items())]
        )
        return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode()[:26]

    def _authority(self, device=None, recorder=None, give_up_at=None, offline=False):
        """Return the authority as seen from this registration (and device)."""
        connection = self._connection(device, recorder, give_up_at, offline)
        return authority_class(self.authority)(connection)

    def _unit_seconds(self):
        """Return how long a unit of work may make calls: one call's time and some
        more for a token or a repeat, but never beyond the server's watchdog."""
        seconds = self.call_timeout + self.connect_timeout + 30
        watchdog = self._watchdog_seconds()
        return min(seconds, watchdog - WATCHDOG_MARGIN) if watchdog else seconds

    def _authority_class(self):
        """Return the class behind the authority's code, for capabilities and limits."""
        self.ensure_one()
        return authority_class(self.authority)

    def _endpoints(self):
        """Return base addresses by the authority's names: those that the registration
        has (hook ``endpoints``), and the authority's own where they are empty."""
        usual = getattr(self._authority_class(), "default_endpoints", {})
        own = self._hook("endpoints", {})
        given = {name: (url or "").strip() for name, url in own.items()}
        return {
            **usual.get(self.environment, {}),
            **{name: url for name, url in given.items() if url},
        }

    def _settings(self, device=None):
        """Return the switches that the authority's package documents. ``extra_ca`` is
        always the PEM text of certificates that are trusted besides the usual ones.
        """
        return self._hook("settings", {}, device)

    def _key_problems(self):
        """Hook: return what speaks against issuing with the registration's key."""
        return []

    def _needs_device_credentials(self):
        """Whether each device signs in by itself."""
        return self._hook("device_credentials", False)

    def _seller_party(self):
        """Return the company as the authority knows it."""
        self.ensure_one()
        seller = self._hook("seller", None)
        if seller:
            return seller
        company = self._seller_company()
        return Party(
            kind="business",
            id=(company.vat or "").strip(),
            name=company.name,
            record=("res.company", company.id),
        )

    def _seller_company(self):
        """Return the company whose name and tax number an authority is told. Of its
        row and its partner's, two of the largest, no more is read."""
        # as the program: who works in a branch may have no right to the main company
        company = self.company_id.sudo()
        company.fetch(["name", "vat"])
        company.partner_id.fetch(["vat"])
        return company

    def _hook(self, name, default, *args):
        """Call ``_<authority>_<name>(*args)`` where the glue of an authority has it."""
        method = getattr(self, f"_{self.authority}_{name}", None)
        return method(*args) if method else default

    def _sends_here(self):
        """Whether this database may send for this registration."""
        return self.filtered(lambda r: r.active and not r.is_foreign_database)

    @api.model
    def _problem_texts(self, problems: list[Problem], reader=None):
        """Return the sentences of problems.

        :param reader: the user in whose language they are told; the present one's if
            None
        """
        documents = self.env["ereceipt.document"]
        if reader:
            documents = documents.with_context(lang=reader.lang)
        return [documents._problem_text(problem) for problem in problems]

    # -------------------------------------------------------------------------
    # BREAKER
    # -------------------------------------------------------------------------

    def _breaker_opened(self, reason):
        if not any(device.lifecycle == "active" for device in self._all_devices()):
            return  # it is being set up: who tests it reads what is wrong
        self.env["ereceipt.alert"]._raise(
            self,
            "breaker",
            _lt("Sending to the tax authority is held back"),
            reason,
        )

    def _breaker_closed(self):
        self.env["ereceipt.alert"]._clear(self, "breaker")

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _selection_authority(self):
        text = self.env["ereceipt.document"]._sentence_text
        return [(code, text(a.name, {})) for code, a in authority_classes().items()]

    @api.model
    def _database_uuid(self):
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")

    def _ingestion_seconds(self):
        known = self._authority_class().limits.ingestion_time.total_seconds()
        return self.ingestion_seconds or known
