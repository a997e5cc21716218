from odoo import api, fields, models

from ..fiscal import codes_owner

CHOICES = {
    "document_type_id": "document_type",
    "activity_code_id": "activity_code",
    "payment_method_id": "payment_method",
    "mixed_payment_method_id": "mixed_payment_method",
}
"""Fields that offer an authority's table, and the column of the device that keeps the
code alone: a code stays what it is when its table changes."""


def choice(string, table):
    """Return a field that chooses a code from a table of the device's authority."""
    return fields.Many2one(
        "ereceipt.code",
        string=string,
        compute="_compute_choices",
        inverse=f"_inverse_{table}",
        domain=f"{table}_domain",
    )


class EreceiptDevice(models.Model):
    """What an administrator sees of a device beyond its columns: its documents, and
    the authority's tables to choose codes from."""

    _inherit = "ereceipt.device"

    registration_id = fields.Many2one(default=lambda self: self._default_registration())
    address_governorate = fields.Char(
        default=lambda self: self.env.company.state_id.name
    )
    address_city = fields.Char(default=lambda self: self.env.company.city)
    address_street = fields.Char(default=lambda self: self.env.company.street)
    address_postal_code = fields.Char(default=lambda self: self.env.company.zip)
    document_count = fields.Integer(
        string="Number of documents", compute="_compute_document_count"
    )
    signs_in_per_device = fields.Boolean(
        related="registration_id.signs_in_per_device", string="Signs in by itself"
    )
    document_type_id = choice("Type of a sale", "document_type")
    document_type_domain = fields.Json(
        string="Types to choose from", compute="_compute_choice_domains"
    )
    activity_code_id = choice("Activity", "activity_code")
    activity_code_domain = fields.Json(
        string="Activities to choose from", compute="_compute_choice_domains"
    )
    payment_method_id = choice("When nothing was paid yet", "payment_method")
    payment_method_domain = fields.Json(
        string="Payment methods to choose from", compute="_compute_choice_domains"
    )
    mixed_payment_method_id = choice("Code of several ways", "mixed_payment_method")
    mixed_payment_method_domain = fields.Json(
        string="Codes to choose from for several ways",
        compute="_compute_choice_domains",
    )

    # -------------------------------------------------------------------------
    # DEFAULT METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _default_registration(self):
        """Offer the company's registration where there is but one."""
        found = self.env["ereceipt.registration"].search(
            [("company_id", "parent_of", self.env.company.ids)], limit=2
        )
        return found if len(found) == 1 else found.browse()

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    def _compute_document_count(self):
        counts = dict(
            self.env["ereceipt.document"]._read_group(
                [("device_id", "in", self.ids)], ["device_id"], ["__count"]
            )
        )
        for device in self:
            device.document_count = counts.get(device._origin, 0)

    @api.depends("registration_id")
    def _compute_choice_domains(self):
        """Offer what the glue of the authority names; no domain: no such table, and
        the code is typed."""
        for device in self:
            registration = device.registration_id
            tables = registration._hook("device_tables", {}) if registration else {}
            for column in CHOICES.values():
                domain = tables.get(column)
                device[f"{column}_domain"] = domain and [
                    ("authority", "=", codes_owner(registration.authority)),
                    *domain,
                ]

    @api.depends("registration_id", *CHOICES.values())
    def _compute_choices(self):
        codes = self.env["ereceipt.code"].with_context(active_test=False)
        for device in self:
            for field, column in CHOICES.items():
                domain = device[f"{column}_domain"]
                device[field] = domain and codes.search(
                    [*domain, ("code", "=", device[column] or "")], limit=1
                )

    # -------------------------------------------------------------------------
    # INVERSE METHODS
    # -------------------------------------------------------------------------

    def _inverse_document_type(self):
        self._take_choice("document_type_id")

    def _inverse_activity_code(self):
        self._take_choice("activity_code_id")

    def _inverse_payment_method(self):
        self._take_choice("payment_method_id")

    def _inverse_mixed_payment_method(self):
        self._take_choice("mixed_payment_method_id")

    def _take_choice(self, field):
        for device in self.filtered(f"{CHOICES[field]}_domain"):
            device[CHOICES[field]] = device[field].code

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_open_documents(self):
        """Open the documents of this device."""
        self.ensure_one()
        self.check_access("read")
        return self.env["ereceipt.document"]._listed(
            self.env._("E-receipts: %s", self.display_name),
            [("device_id", "=", self.id)],
        )

    def action_open_chain(self):
        """Open the documents of the present chain, the last one first."""
        action = self.action_open_documents()
        action["domain"] = [
            ("device_id", "=", self.id),
            ("environment", "=", self.environment),
            ("chain_index", ">", 0),
        ]
        return action
