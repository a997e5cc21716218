from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools.mail import email_normalize, email_split

from odoo.addons.mail.tools.alias_error import AliasError

from ..fiscal import authority_classes
from ..fiscal.by_file import catalogue
from ..fiscal.by_file.cells import FileError
from ..fiscal.by_file.layout import Layout
from ..fiscal.by_file.reading import Form

CARRIED = {"documents": "out", "results": "in"}
"""What files may carry, and which way that goes."""

CATALOGUES = {"documents": catalogue.DOCUMENTS, "results": catalogue.RESULTS}
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}

EVERY = {
    "quarter": timedelta(minutes=15),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}

LAYOUT = (
    "carries",
    "file_format",
    "encoding",
    "delimiter",
    "heading_row",
    "rows_path",
    "decimal_point",
    "date_form",
    "moment_form",
)
"""What a profile takes over from a template, beside its columns."""


class EreceiptFileProfile(models.Model):
    """How files are exchanged with another program: what they carry, which way, in
    what form, over which channel and when.

    Its life: an administrator makes it, mostly from a *template* (a layout without a
    company, some of which are shipped), and an accountant, a schedule, a mail or a
    file in a folder lets it *run*. Each run keeps its file; a profile that has run is
    archived, not deleted.
    """

    _name = "ereceipt.file.profile"
    _description = "Profile of an exchange by file"
    _inherit = [
        "ereceipt.guard.mixin",
        "mail.thread",
        "mail.alias.mixin.optional",
    ]
    _order = "template, sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    template = fields.Boolean(
        readonly=True,
        copy=False,
        program_only=True,
        help="A layout to make profiles of, for all companies. It never runs.",
    )
    template_id = fields.Many2one(
        "ereceipt.file.profile",
        string="As in",
        domain="[('template', '=', True), ('authority', 'in', (False, authority))]",
        store=False,
        help="Take over the layout of a template. It can be changed afterwards.",
    )
    company_id = fields.Many2one(
        "res.company",
        index=True,
        default=lambda self: self.env.company,
    )
    registration_id = fields.Many2one(
        "ereceipt.registration", ondelete="restrict", index=True, check_company=True
    )
    authority = fields.Selection(
        selection="_selection_authority",
        compute="_compute_authority",
        store=True,
        readonly=False,
    )
    device_id = fields.Many2one(
        "ereceipt.device",
        ondelete="restrict",
        check_company=True,
        domain="[('registration_id', '=', registration_id)]",
        help="Empty: every device of the registration whose documents go by file.",
    )
    carries = fields.Selection(
        [
            ("documents", "Documents to be issued"),
            ("results", "Results of documents"),
        ],
        required=True,
        default="documents",
        tracking=True,
    )
    direction = fields.Selection(
        [("out", "Out"), ("in", "In")], compute="_compute_direction", store=True
    )

    # --- form ---
    file_format = fields.Selection(
        [("csv", "CSV"), ("xlsx", "Workbook (XLSX)"), ("json", "JSON"), ("xml", "XML")],
        string="Format",
        required=True,
        default="xlsx",
    )
    encoding = fields.Selection(
        [
            ("utf-8", "UTF-8"),
            ("utf-8-sig", "UTF-8 with a mark"),
            ("gb18030", "GB18030"),
            ("utf-16", "UTF-16"),
            ("cp1256", "Windows, Arabic"),
            ("cp1252", "Windows, Western"),
        ],
        required=True,
        default="utf-8-sig",
        help="Spreadsheets know UTF-8 by its mark.",
    )
    delimiter = fields.Selection(
        [
            ("comma", "Comma"),
            ("semicolon", "Semicolon"),
            ("tab", "Tab"),
            ("bar", "Bar"),
        ],
        string="Between cells",
        required=True,
        default="comma",
    )
    heading_row = fields.Integer(
        string="Row of headings",
        default=1,
        help="The number of the row that names the columns. 0: none does, and a column "
        "is called by its place, from 1.",
    )
    rows_path = fields.Char(
        string="Where the rows are",
        help="In JSON the members that lead to the list, in XML the names of the root "
        "and of a row, with / between them. Empty: the whole.",
    )
    decimal_point = fields.Selection(
        [(".", "Point"), (",", "Comma")],
        string="Before decimals",
        required=True,
        default=".",
    )
    date_form = fields.Char(string="Form of dates", required=True, default="%Y-%m-%d")
    moment_form = fields.Char(
        string="Form of times", required=True, default="%Y-%m-%d %H:%M:%S"
    )
    column_ids = fields.One2many(
        "ereceipt.file.column", "profile_id", string="Columns", copy=True
    )

    # --- channel ---
    channel = fields.Selection(
        [
            ("person", "A person"),
            ("folder", "A folder of the server"),
            ("mail", "Mail"),
        ],
        required=True,
        default="person",
        tracking=True,
        help="Who brings or takes the files: a person uploads or downloads them; they "
        "lie in a folder; or they are attached to mails.",
    )
    folder = fields.Char(
        tracking=True,
        help="A folder of the server, below one that its configuration file permits.",
    )
    mail_to = fields.Char(
        string="Mailed to", tracking=True, help="Addresses, with commas between."
    )
    senders = fields.Char(
        string="Mailed by",
        tracking=True,
        help="Addresses from which files are taken, with commas between. Others get "
        "their mail back.",
    )
    at_once = fields.Boolean(
        string="Without a look",
        tracking=True,
        help="What comes by folder or mail is applied at once, and what goes out by "
        "schedule is handed over. Otherwise a person looks at it first.",
    )
    schedule = fields.Selection(
        [
            ("manual", "When a person says so"),
            ("quarter", "Every quarter of an hour"),
            ("hour", "Every hour"),
            ("day", "Every day"),
        ],
        required=True,
        default="manual",
        tracking=True,
    )
    next_run_at = fields.Datetime(
        string="Next run", copy=False, readonly=True, program_only=True
    )
    last_error = fields.Char(
        string="Last error", copy=False, readonly=True, program_only=True
    )

    run_ids = fields.One2many("ereceipt.file.run", "profile_id", string="Runs")
    run_count = fields.Integer(string="Number of runs", compute="_compute_run_count")

    _belongs = models.Constraint(
        "CHECK (template OR (company_id IS NOT NULL AND registration_id IS NOT NULL))",
        "A profile belongs to a registration of a company.",
    )
    _heading_place = models.Constraint(
        "CHECK (heading_row BETWEEN 0 AND 50)",
        "The row of headings is among the first fifty.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("registration_id.authority")
    def _compute_authority(self):
        for profile in self.filtered("registration_id"):
            profile.authority = profile.registration_id.authority

    @api.depends("carries")
    def _compute_direction(self):
        for profile in self:
            profile.direction = CARRIED.get(profile.carries)

    def _compute_run_count(self):
        counts = dict(
            self.env["ereceipt.file.run"]._read_group(
                [("profile_id", "in", self.ids)], ["profile_id"], ["__count"]
            )
        )
        for profile in self:
            profile.run_count = counts.get(profile._origin, 0)

    # -------------------------------------------------------------------------
    # ONCHANGE METHODS
    # -------------------------------------------------------------------------

    @api.onchange("template_id")
    def _onchange_template_id(self):
        if self.template_id:
            self.update(self._template_values(self.template_id))

    @api.model
    def _template_values(self, template):
        """Return what a profile takes over from a template."""
        columns = [
            Command.create(column._layout_values()) for column in template.column_ids
        ]
        return {
            **{name: template[name] for name in LAYOUT},
            "column_ids": [Command.clear(), *columns],
        }

    # -------------------------------------------------------------------------
    # CONSTRAINT METHODS
    # -------------------------------------------------------------------------

    @api.constrains("column_ids", "template", *LAYOUT)
    def _check_layout(self):
        for profile in self.filtered("column_ids"):
            profile._layout()
            named = profile.column_ids.filtered("field_name")
            if profile.direction == "in" and not (
                set(catalogue.KEYS) & set(named.mapped("field_name"))
            ):
                raise ValidationError(
                    self.env._(
                        "%s: a column has to say which document a row is about: its "
                        "order number, its number, or its identifier.",
                        profile.name,
                    )
                )

    @api.constrains("channel", "carries", "mail_to", "senders", "alias_name")
    def _check_mail(self):
        for profile in self.filtered(lambda p: p.channel == "mail"):
            out = profile.direction == "out"
            if not profile._addresses(profile.mail_to if out else profile.senders):
                raise ValidationError(
                    self.env._(
                        "%s: enter the addresses that its files are mailed to, or "
                        "come from.",
                        profile.name,
                    )
                )

    @api.constrains("registration_id", "device_id")
    def _check_device(self):
        for profile in self.filtered("device_id"):
            if profile.device_id.registration_id != profile.registration_id:
                raise ValidationError(
                    self.env._(
                        "%(profile)s: the device %(device)s has another registration.",
                        profile=profile.name,
                        device=profile.device_id.name,
                    )
                )

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS: a template is nobody's
        for vals in vals_list:
            if vals.get("template"):
                vals.update(company_id=False, registration_id=False, device_id=False)
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if self.sudo().run_ids:
            raise UserError(
                self.env._("A profile that has run cannot be deleted. Archive it.")
            )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_open_runs(self):
        """Open the runs of the profile."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_file_run_action"
        )
        action["domain"] = [("profile_id", "=", self.id)]
        action["context"] = {}
        return action

    def action_upload(self):
        """Open the dialog that takes a file."""
        self.ensure_one()
        wizard = self.env["ereceipt.file.upload"].create({"profile_id": self.id})
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Read a file"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _form(self):
        """Return the form of the files."""
        self.ensure_one()
        return Form(
            kind=self.file_format,
            encoding=self.encoding,
            delimiter=DELIMITERS[self.delimiter],
            heading=self.heading_row,
            path=self.rows_path or "",
        )

    def _layout(self):
        """Return which column is which field.

        :raise ValidationError: it makes no sense
        """
        self.ensure_one()
        authority = authority_classes().get(self.authority)
        try:
            return Layout(
                [column._column() for column in self.column_ids.sorted()],
                CATALOGUES[self.carries],
                point=self.decimal_point,
                date_form=self.date_form,
                moment_form=self.moment_form,
                zone=authority.limits.zone if authority else "UTC",
            )
        except FileError as error:
            text = f"{self.name}: {self._error_text(error)}"
            raise ValidationError(text) from error

    @api.model
    def _error_text(self, error, reader=None):
        """Return what is wrong with a file, in a reader's language (the user's)."""
        document = self.env["ereceipt.document"]
        return document._error_text(error, reader or self.env.user)

    @api.model
    def _addresses(self, text):
        """Return the mail addresses of a text, in small letters."""
        found = map(email_normalize, email_split(text or ""))
        return {address for address in found if address}

    # -------------------------------------------------------------------------
    # MAIL
    # -------------------------------------------------------------------------

    def _alias_get_creation_values(self):
        # EXTENDS mail: a mail to the alias is a run of the profile
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("ereceipt.file.run")
        if self.id:
            values["alias_defaults"] = repr({"profile_id": self.id})
        return values

    def _alias_get_error(self, message, message_dict, alias):
        # EXTENDS mail: strangers get their mail back
        known = self._addresses(self.senders)
        sender = self._addresses(message_dict.get("email_from"))
        open_to_mail = self.channel == "mail" and self.direction == "in"
        registration = self.sudo().registration_id
        allowed = self.active and open_to_mail and registration._sends_here()
        if not allowed or not sender or not sender <= known:
            return AliasError(
                "error_ereceipt_sender",
                self.env._("files are taken from known senders only"),
            )
        return super()._alias_get_error(message, message_dict, alias)

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _selection_authority(self):
        return self.env["ereceipt.registration"]._selection_authority()
