from datetime import timezone

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import LazyTranslate

from ..fiscal.contract import Address, Device, Problem
from .ereceipt_secret_mixin import sealed_column, secret_flag, secret_input

_lt = LazyTranslate(__name__)


class EreceiptDevice(models.Model):
    """A point of issue: a till with a serial, or a branch where the authority gives no
    serials.

    Its life: *draft* while it is set up; *active* once the authority was asked about
    it (credentials, and whether it already has a chain that must go on); *retired*
    when nothing is to be issued on it any more. What was issued stays, and the device
    can be taken back into use: a serial never has a second device beside one that
    issued on it. A change of the registration's environment makes it a draft again:
    the test environment and production have chains of their own.

    The head of its chain is the last chained document; there is no column for it, so
    that nothing can disagree with the documents.
    """

    _name = "ereceipt.device"
    _description = "Device"
    _inherit = [
        "ereceipt.credentials.mixin",
        "ereceipt.breaker.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "registration_id, sequence, id"
    _check_company_auto = True

    _ereceipt_secrets = ("client_secret", "client_secret_2", "presharedkey")

    name = fields.Char(required=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    registration_id = fields.Many2one(
        "ereceipt.registration",
        required=True,
        ondelete="restrict",
        index=True,
        check_company=True,
    )
    authority = fields.Selection(
        related="registration_id.authority", store=True, program_only=True
    )
    environment = fields.Selection(related="registration_id.environment")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        help="The company, or the branch, that issues on this device.",
    )
    lifecycle = fields.Selection(
        [("draft", "Being set up"), ("active", "Active"), ("retired", "Retired")],
        string="Stage",
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
        program_only=True,
    )
    serial = fields.Char(
        string="Serial number",
        copy=False,
        tracking=True,
        help="The serial under which the authority knows this device. Empty where the "
        "authority gives none.",
    )
    journal_ids = fields.Many2many(
        "account.journal",
        string="Journals",
        check_company=True,
        copy=False,
        # who may not read journals (an auditor of receipts alone) reads the rest
        groups="account.group_account_readonly,account.group_account_invoice",
        domain="[('type', '=', 'sale'), ('company_id', '=', company_id)]",
        help="What is posted in these journals is issued on this device. Several "
        "journals on one device wait for each other for a moment when they post at "
        "the same time, since their documents form one chain.",
    )
    document_type = fields.Char(
        string="Type of its documents",
        required=True,
        default="S",
        help="The authority's type for a sale; the type for its return follows.",
    )
    branch_code = fields.Char(
        string="Branch code",
        default="0",
        help="Of the place of business, as the authority's portal shows it.",
    )
    activity_code = fields.Char(
        string="Activity code", help="What is sold here, by the authority's table."
    )

    # --- address of the branch, in the parts that authorities ask for ---
    address_country_id = fields.Many2one(
        "res.country",
        string="Country",
        default=lambda self: self.env.company.country_id,
    )
    address_governorate = fields.Char(string="Governorate")
    address_city = fields.Char(string="City")
    address_street = fields.Char(string="Street")
    address_building = fields.Char(string="Building")
    address_postal_code = fields.Char(string="Postal code")
    address_floor = fields.Char(string="Floor")
    address_room = fields.Char(string="Room")
    address_landmark = fields.Char(string="Landmark")
    address_additional = fields.Char(string="More of the address")

    # --- policy ---
    issue_moment = fields.Selection(
        [
            ("posting", "When the invoice is posted"),
            ("payment", "When the invoice is paid"),
            ("manual", "When a person says so"),
        ],
        string="When to issue",
        required=True,
        default="posting",
    )
    problem_policy = fields.Selection(
        [
            ("block", "Do not post"),
            ("wait", "Post; the document waits until it is mended"),
        ],
        string="When something is missing",
        required=True,
        default="block",
        help="What happens to an invoice that the authority would refuse.",
    )
    date_policy = fields.Selection(
        [
            ("refuse", "Do not issue"),
            ("adapt", "Set the invoice date to the day of issue"),
            ("keep", "Issue and keep the invoice date"),
        ],
        string="When the date is another day",
        required=True,
        default="refuse",
        help="When the invoice date is not the day of issue in the authority's time "
        "zone. Keeping it puts the VAT of this invoice into another period of the "
        "books than the authority's.",
    )
    wait_seconds = fields.Integer(
        string="Seconds to wait when printing",
        default=0,
        help="How long printing and mailing wait for the authority's answer.",
    )
    mail_only_valid = fields.Boolean(
        string="Mail only what is valid",
        help="Send & Print refuses to mail what the authority has not validated.",
    )
    log_valid = fields.Boolean(
        string="Log when valid",
        help="Write a note on the invoice when the authority validates it.",
    )
    payment_method = fields.Char(
        string="Payment method when nothing was paid yet",
        default="C",
        help="The authority's code when nothing was paid yet.",
    )
    mixed_payment_rule = fields.Selection(
        [("largest", "The largest payment"), ("code", "A code of its own")],
        string="Several ways of payment",
        required=True,
        default="largest",
    )
    mixed_payment_method = fields.Char(string="Payment method for several ways")
    rounding_policy = fields.Selection(
        [
            ("omit", "Leave it out of the document"),
            ("item", "As an item with this code"),
            ("refuse", "Do not issue"),
        ],
        string="Cash rounding",
        required=True,
        default="omit",
        help="Cash rounding upwards has no place in some authorities' documents.",
    )
    rounding_item_scheme = fields.Char(string="Code system of the rounding line")
    rounding_item_code = fields.Char(string="Code of the rounding line")

    # --- credentials ---
    presharedkey_sealed = sealed_column()
    presharedkey = secret_input("Pre-shared key")
    presharedkey_set = secret_flag("Pre-shared key is set")

    # --- chain ---
    initial_previous_uid = fields.Char(
        string="Last document of an earlier chain",
        copy=False,
        tracking=True,
        help="The authority's identifier of the last document that was issued on this "
        "serial by other software. The chain goes on from it.",
    )
    chain_head_uid = fields.Char(
        string="Last document of the chain",
        compute="_compute_chain_head",
        help="The identifier that the next document refers to.",
    )
    chain_length = fields.Integer(
        string="Documents in the chain", compute="_compute_chain_head"
    )

    # --- monitor ---
    problems = fields.Json(readonly=True, copy=False, program_only=True)
    tested_at = fields.Datetime(
        string="Last tested", readonly=True, copy=False, program_only=True
    )

    _serial_unique = models.UniqueIndex(
        "(registration_id, serial) WHERE active",
        "There is already a device with this serial in this registration.",
    )
    _wait_bounded = models.Constraint(
        "CHECK (wait_seconds BETWEEN 0 AND 30)",
        "Printing can wait for 30 seconds at most.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    def _compute_chain_head(self):
        for device in self:
            head = device._chain_row(self.env.cr) if device.id else None
            device.chain_length = head.index if head else 0
            device.chain_head_uid = head.uid if head else device.initial_previous_uid

    # -------------------------------------------------------------------------
    # CONSTRAINT METHODS
    # -------------------------------------------------------------------------

    @api.constrains("journal_ids", "registration_id", "active", "lifecycle")
    def _check_journals(self):
        """A journal issues on one device per authority, and nobody else sends it."""
        for device in self.filtered("active"):
            others = self.search(
                [
                    ("id", "!=", device.id),
                    ("authority", "=", device.authority),
                    ("lifecycle", "!=", "retired"),
                    ("journal_ids", "in", device.journal_ids.ids),
                ]
            )
            if others and device.lifecycle != "retired":
                raise ValidationError(
                    self.env._(
                        "The journal %(journal)s already issues on %(device)s. Take it "
                        "out there first; an invoice can still be given another device "
                        "by hand.",
                        journal=(others.journal_ids & device.journal_ids)[0].name,
                        device=others[0].name,
                    )
                )
            device._check_rival_modules()

    def _check_rival_modules(self):
        """Refuse journals that another module reports to an authority."""
        for journal in self.journal_ids:
            rival = journal._ereceipt_rival(self.authority)
            if rival:
                raise ValidationError(
                    self.env._(
                        "The journal %(journal)s is reported by %(rival)s already. "
                        "Take it out there first: the same invoice would be sent "
                        "twice.",
                        journal=journal.name,
                        rival=rival,
                    )
                )

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._completed(vals) for vals in vals_list])

    @api.model
    def _completed(self, vals):
        """Return a new device's values with what its authority's glue adds to them
        (hook ``device_values`` of the registration)."""
        registrations = self.env["ereceipt.registration"]
        registration = registrations.browse(vals.get("registration_id"))
        return {**vals, **registration._hook("device_values", {}, vals)}

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.env["ereceipt.document"].search_count(
            [("device_id", "in", self.ids)], limit=1
        )
        if used:
            raise UserError(
                self.env._(
                    "A device that has issued documents cannot be deleted. Retire it "
                    "instead."
                )
            )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_activate(self):
        """Make devices ready to issue, after asking the authority about them.

        :raise UserError: the authority refuses, cannot be asked, or knows a chain of
            this serial that ours would not continue
        """
        self.check_access("write")
        self._check_serial_there()
        self._refuse_second_chain()
        for device in self:
            if not device.journal_ids:
                raise UserError(
                    self.env._("Choose the journals of %s first.", device.name)
                )
            authority = device._authority()
            problems = [
                *device._line_problems(authority),
                *device.registration_id._key_problems(),
            ]
            if problems:
                texts = self.env["ereceipt.registration"]._problem_texts(problems)
                raise UserError("\n".join(texts))
            device._check_chain_start(authority)
        # every call came before the first write: nothing was locked while they lasted
        for device in self:
            device._store_probe([])
            device.sudo().lifecycle = "active"
            device._take_drafts()
        return True

    def _line_problems(self, authority):
        """Hook: return what keeps calls of the device from getting there."""
        return authority.probe()

    def _take_drafts(self):
        """Let the drafts that are already in the device's journals choose anew."""
        moves = self.env["account.move"].search(
            [("state", "=", "draft"), ("journal_id", "in", self.journal_ids.ids)]
        )
        self.env.add_to_compute(moves._fields["ereceipt_device_id"], moves)

    def action_continue_chain(self):
        """Take over the chain that the authority knows of this serial."""
        self.ensure_one()
        self.check_access("write")
        self.initial_previous_uid = self._asked_last_uid(self._authority())
        return self.action_activate()

    def action_retire(self):
        """Issue nothing on the devices any more."""
        self.check_access("write")
        self.sudo().lifecycle = "retired"

    def action_take_back(self):
        """Set retired and archived devices up again: their chains go on where they
        ended, once they are activated."""
        self.check_access("write")
        away = self.filtered(lambda d: d.lifecycle == "retired" or not d.active)
        away._refuse_second_chain()
        away.sudo().write(
            {
                "lifecycle": "draft",
                "active": True,
                "problems": False,
                "tested_at": False,
            }
        )

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _deactivate(self):
        """Make devices drafts again: the registration changed below them, and with it
        the chain that they continue."""
        values = {"problems": False, "tested_at": False, "initial_previous_uid": False}
        devices = self.sudo()
        super(EreceiptDevice, devices).write(values)
        devices.filtered(lambda d: d.lifecycle == "active").lifecycle = "draft"
        return True

    def _issues(self):
        """Return the devices on which something may be issued now."""
        return self.filtered(lambda d: d.active and d.lifecycle == "active")

    def _refers_to_sales(self):
        """Whether a return that is issued on it names the sale."""
        return bool(
            self and self.registration_id._authority_class().capabilities.refers
        )

    def _credentials(self):
        # EXTENDS
        return {
            **super()._credentials(),
            "presharedkey": self._ereceipt_secret("presharedkey"),
        }

    def _connection(self, give_up_at):
        """Return the contract's Connection for calls of this device."""
        self.ensure_one()
        return self.registration_id._connection(self, give_up_at=give_up_at)

    def _authority(self, recorder=None, give_up_at=None):
        """Return the authority as this device sees it."""
        self.ensure_one()
        return self.registration_id._authority(self, recorder, give_up_at)

    def _authority_offline(self):
        """Return the authority for checking, building and reading only."""
        self.ensure_one()
        return self.registration_id._authority(self, offline=True)

    def _contract_device(self):
        """Return the contract's Device."""
        self.ensure_one()
        return Device(
            serial=self.serial or "",
            branch_code=self.branch_code or "",
            activity_code=self.activity_code or "",
            address=self._contract_address(),
            data=self.registration_id._hook("device_data", {}, self),
            record=("ereceipt.device", self.id),
        )

    def _report_by(self, receipt):
        """Return until when (naive UTC) the law wants a receipt at the authority,
        False where it says nothing beyond the authority's window.

        Hook ``report_by(receipt)``: returns an aware time.
        """
        moment = self.registration_id._hook("report_by", None, receipt)
        return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment else False

    def _contract_address(self):
        parts = ("governorate", "city", "street", "building", "postal_code")
        parts += ("floor", "room", "landmark", "additional")
        return Address(
            country=self.address_country_id.code or "",
            **{part: self[f"address_{part}"] or "" for part in parts},
        )

    def _store_probe(self, problems: list[Problem]):
        self.sudo().write(
            {
                "tested_at": fields.Datetime.now(),
                "problems": self.env["ereceipt.document"]._problems_json(problems),
            }
        )
        if not problems:
            self.sudo()._breaker_reset()
            registration = self.registration_id.sudo()
            registration._breaker_reset()
            if not registration._needs_device_credentials():
                # they sign in as one
                registration.write({"tested_at": self.tested_at, "problems": False})

    def _breaker_opened(self, reason):
        self.env["ereceipt.alert"]._raise(
            self,
            "breaker",
            _lt("The authority refuses the device's credentials"),
            reason,
        )

    def _breaker_closed(self):
        self.env["ereceipt.alert"]._clear(self, "breaker")
