from odoo import api, fields, models
from odoo.exceptions import UserError

UNDECIDED = ("asked", "returned")
TITLE = ("buyer_kind", "buyer_name", "buyer_number")
DELIVERY = ("email", "phone")
LONGEST = {"buyer_name": 100, "buyer_number": 40, "email": 100, "phone": 40}
"""Characters that may be typed; what an authority takes is checked besides."""


class EreceiptRequest(models.Model):
    """Somebody's wish that an invoice is issued to the tax authority, with the title
    that the buyer wants on it.

    Its life: *asked* by a colleague who may not issue, or by the customer in the
    portal; *sent back* with a reason by who may issue, and asked once more; *granted*,
    whereupon the invoice is issued with this title; or *withdrawn*. Until it is decided
    nothing of the invoice is issued, however the device issues otherwise. A granted one
    does not change any more: who wants another title asks anew, as long as nothing
    stands at the authority. The last granted one counts.

    What it says is never written to the contact by itself, unless the device says so:
    a person sees what differs and takes it over.
    """

    _name = "ereceipt.request"
    _description = "Request to issue"
    _inherit = [
        "ereceipt.guard.mixin",
        "ereceipt.portal.form",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"

    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        required=True,
        ondelete="cascade",
        index=True,
        domain="[('move_type', 'in', ('out_invoice', 'out_receipt')),"
        " ('state', '!=', 'cancel')]",
    )
    company_id = fields.Many2one(related="move_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(
        related="move_id.commercial_partner_id", string="Customer", store=True
    )
    salesperson_id = fields.Many2one(
        related="move_id.invoice_user_id", string="Salesperson", store=True
    )
    currency_id = fields.Many2one(related="move_id.currency_id")
    amount_total = fields.Monetary(related="move_id.amount_total")
    ereceipt_state = fields.Selection(
        related="move_id.ereceipt_state", string="E-receipt"
    )
    ereceipt_uuid = fields.Char(
        related="move_id.ereceipt_uuid", string="Number at the authority"
    )
    authority = fields.Char(compute="_compute_authority")

    # --- who asks, and how it stands ---
    state = fields.Selection(
        [
            ("asked", "Asked"),
            ("returned", "Sent back"),
            ("granted", "Granted"),
            ("withdrawn", "Withdrawn"),
        ],
        default="asked",
        required=True,
        copy=False,
        tracking=True,
        program_only=True,
    )
    source = fields.Selection(
        [("colleague", "A colleague"), ("customer", "The customer")],
        string="Asked by",
        default="colleague",
        required=True,
        copy=False,
        program_only=True,
    )
    requester_id = fields.Many2one(
        "res.users",
        string="Who asks",
        default=lambda self: self.env.uid,
        copy=False,
        program_only=True,
    )
    decided_by_id = fields.Many2one(
        "res.users", string="Decided by", copy=False, readonly=True, program_only=True
    )
    decided_at = fields.Datetime(
        string="Decided on", copy=False, readonly=True, program_only=True
    )
    reason = fields.Char(
        string="Why it was sent back", copy=False, readonly=True, program_only=True
    )
    customer_changes = fields.Integer(
        string="Changes by the customer", copy=False, readonly=True, program_only=True
    )

    # --- what is wanted ---
    wanted_by = fields.Date(string="Wanted by", tracking=True)
    note = fields.Text(string="Note to who issues")
    buyer_kind = fields.Selection(
        [
            ("company", "Company"),
            ("person", "Natural person"),
            ("body", "Body without a tax number"),
        ],
        string="Buyer",
        default="company",
        required=True,
        tracking=True,
    )
    buyer_name = fields.Char(string="Name on the invoice", tracking=True)
    buyer_number = fields.Char(string="Tax number", tracking=True)
    email = fields.Char(string="E-mail", tracking=True, help="Where it is sent to.")
    phone = fields.Char(string="Mobile", tracking=True, help="Where it is sent to.")

    # --- for who decides ---
    problems = fields.Json(string="What is wrong", compute="_compute_problems")
    difference = fields.Text(
        string="Other than the contact",
        compute="_compute_difference",
        help="What the request says and the contact does not.",
    )

    _one_undecided = models.UniqueIndex(
        "(move_id) WHERE state IN ('asked', 'returned')",
        "It was asked already that this invoice is issued.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("move_id")
    def _compute_display_name(self):
        for request in self:
            move = request.move_id.sudo()
            request.display_name = self.env._(
                "Request for %s", move.display_name or self.env._("an invoice")
            )

    @api.depends("move_id.ereceipt_device_id")
    def _compute_authority(self):
        for request in self:
            request.authority = request._registration().authority

    @api.depends("move_id", "state", *TITLE, *DELIVERY)
    @api.depends_context("lang")
    def _compute_problems(self):
        document = self.env["ereceipt.document"]
        for request in self:
            found = request._title_findings() if request._is_undecided() else []
            kept = document._problems_json(found)
            request.problems = document._problems_actionable(kept) or False

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.model
    def default_get(self, fields):
        # EXTENDS: the title as the contact has it
        values = super().default_get(fields)
        move = self.env["account.move"].browse(values.get("move_id"))
        if move and move.has_access("read"):
            titled = self._title_of(move)
            values.update({k: v for k, v in titled.items() if k in fields})
        return values

    def onchange(self, values, field_names, fields_spec):
        # EXTENDS web: what is only being typed tells nothing of an invoice that its
        # reader may not see
        move_id = values.get("move_id") or self.env.context.get("default_move_id")
        if isinstance(move_id, dict):
            move_id = move_id.get("id")
        self.env["account.move"].browse(move_id or ()).check_access("read")
        return super().onchange(values, field_names, fields_spec)

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS: what is not said is as the contact has it
        moves = self.env["account.move"].browse(
            [vals["move_id"] for vals in vals_list if vals.get("move_id")]
        )
        moves.check_access("read")
        moves.sudo()._ereceipt_refuse_request()
        completed = [
            {**self._title_of(moves.browse(vals["move_id"])), **self._tidy(vals)}
            if vals.get("move_id")
            else vals
            for vals in vals_list
        ]
        # what was just decided makes room for another one
        self.flush_model(["state"])
        requests = super().create(completed)
        requests._begin()
        return requests

    def write(self, vals):
        # EXTENDS: what was decided stays, and so does what it is for
        if not self.env.su:
            self._refuse_decided(vals)
        return super().write(self._tidy(vals))

    def _refuse_decided(self, vals):
        decided = self.filtered(lambda request: not request._is_undecided())
        if decided and vals:
            raise UserError(
                self.env._(
                    "%s was decided and cannot be changed any more. Ask anew.",
                    decided[0].display_name,
                )
            )
        if "move_id" in vals and any(r.move_id.id != vals["move_id"] for r in self):
            raise UserError(
                self.env._(
                    "A request stays with its invoice. Withdraw it, and make another."
                )
            )

    @api.model
    def _tidy(self, vals):
        """Return values with texts in one line, as long as they may be.

        :raise UserError: names what is too long
        """
        tidied = dict(vals)
        longest = self._longest()
        for name in longest.keys() & vals.keys():
            text = " ".join(str(vals[name] or "").split())
            if len(text) > longest[name]:
                raise UserError(
                    self.env._(
                        "“%(field)s” is too long: at most %(most)s characters.",
                        field=self._fields[name]._description_string(self.env),
                        most=longest[name],
                    )
                )
            tidied[name] = text or False
        return tidied

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    def _is_undecided(self):
        self.ensure_one()
        return self.state in UNDECIDED

    def _device(self):
        """Return the device that the invoice is issued on, in sudo."""
        return self.move_id.sudo().ereceipt_device_id

    def _registration(self):
        return self._device().registration_id

    @api.model
    def _title_fields(self):
        """Hook: return the fields that make up the title."""
        return TITLE + DELIVERY

    @api.model
    def _longest(self):
        """Hook: return the most characters of texts, by field."""
        return dict(LONGEST)

    def _hook(self, name, default, *args):
        """Call ``_<authority>_<name>(*args)`` of the invoice's authority where its glue
        has it.

        Hooks: ``title_of(move)``, ``applied(receipt)``, ``title_problems(found)``,
        ``title_rows(partner)``, ``contact_values(partner)``, ``portal_inputs(inputs)``.
        """
        authority = self._registration().authority
        method = getattr(self, f"_{authority}_{name}", None)
        return method(*args) if method else default
