from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..fiscal.contract import Party
from ..fiscal.hr_cis.numbering import NUMBER, PREMISES
from ..fiscal.hr_cis.oib import clean_oib
from ..fiscal.hr_cis.working_days import report_by

AUTHORITY = "hr_cis"
EGYPTIAN_CASH = "C"
"""What the engine's column has by default; a cheque in Croatia, abolished in 2025."""

USUAL_ATTEMPTS, ATTEMPTS = 30, 2000
"""How often a receipt is sent before it is given up, elsewhere and here: every half
hour for longer than CIS takes it."""

TILL_WAIT = 3
"""Seconds that a print waits for the JIR, which belongs on it (spec croatia, last
part)."""


class EreceiptRegistration(models.Model):
    """What only Croatia's CIS wants of a registration."""

    _inherit = "ereceipt.registration"

    hr_url = fields.Char(
        string="CIS address", tracking=True, help="Empty: the authority's own address."
    )
    hr_in_vat = fields.Boolean(
        string="In the VAT system",
        default=True,
        tracking=True,
        help="Whether the company is a VAT payer. Receipts of others carry no VAT.",
    )
    hr_zki_hash = fields.Selection(
        [("sha256", "SHA-256"), ("sha1", "SHA-1")],
        string="Hash of the security code",
        default="sha256",
        required=True,
        tracking=True,
        help="SHA-256 by the authority's specification 2.7; SHA-1 by those before it.",
    )
    hr_extra_ca = fields.Text(
        string="Additional CA for the connection",
        help="PEM text of further certificate authorities to trust the authority's "
        "server by. Fina's are known.",
    )
    hr_answer_ca = fields.Text(
        string="CA of the answers",
        help="PEM text of the certificate authorities whose certificates may sign "
        "answers. Empty: Fina's.",
    )
    hr_company_cash_limit = fields.Float(
        string="Cash from companies",
        default=700.0,
        help="What a company may pay in cash for one receipt, in EUR. 0: no limit.",
    )

    @api.depends("hr_url", "hr_extra_ca")
    def _compute_forgets_secrets(self):
        # EXTENDS: what the addresses follow from
        return super()._compute_forgets_secrets()

    @api.onchange("authority")
    def _onchange_authority_hr_cis(self):
        if self.authority == AUTHORITY and self.max_attempts == USUAL_ATTEMPTS:
            self.max_attempts = ATTEMPTS

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS: CIS takes receipts for a month, and that long they are sent
        return super().create(
            [
                {"max_attempts": ATTEMPTS, **vals}
                if vals.get("authority") == AUTHORITY
                else vals
                for vals in vals_list
            ]
        )

    # -------------------------------------------------------------------------
    # HOOKS OF THE ENGINE
    # -------------------------------------------------------------------------

    def _hr_cis_endpoints(self):
        return {"cis": self.hr_url}

    def _hr_cis_settings(self, device):
        return {
            "in_vat": self.hr_in_vat,
            "zki_hash": self.hr_zki_hash,
            "extra_ca": (self.hr_extra_ca or "").strip(),
            "answer_ca": (self.hr_answer_ca or "").strip(),
            "company_cash_limit": Decimal(repr(self.hr_company_cash_limit)),
            "payment_method": (device and device.payment_method) or "",
        }

    def _hr_cis_seller(self):
        company = self._seller_company()
        return Party(
            kind="business",
            id=clean_oib(company.vat or ""),
            name=company.name,
            record=("res.company", company.id),
        )

    def _hr_cis_device_data(self, device):
        return {
            "premises": device.hr_premises or "",
            "device_number": device.hr_device_number or "",
            "numbering": device.hr_numbering,
            "operator_oib": device.hr_operator_oib or "",
            "vending": device.hr_vending,
        }

    def _hr_cis_device_values(self, vals):
        """Complete a new device: its serial follows from premises and number."""
        device = self.env["ereceipt.device"]
        return {**device._hr_cis_defaults(vals), **device._hr_marks(vals)}

    def _hr_cis_device_tables(self):
        payment = [("kind", "=", "payment_method")]
        return {"payment_method": payment, "mixed_payment_method": payment}

    def _hr_cis_series(self, device):
        """Return within what receipts are counted (OznSlijed): the taxpayer's premises,
        or the device there."""
        oib = clean_oib(self.company_id.vat or "")
        if device.hr_numbering == "N" and not device.hr_vending:
            return f"{oib} N {device.hr_premises}/{device.hr_device_number}"
        return f"{oib} P {device.hr_premises}"

    def _hr_cis_number_text(self, device, number):
        """Return a number as it is printed (schema, BrojRacunaType)."""
        return f"{number}/{device.hr_premises}/{device.hr_device_number}"

    def _hr_cis_report_by(self, receipt):
        """Return the end of the working days in which a receipt without JIR has to be
        reported: two, or five where the device was down and the paper book used."""
        paper = receipt.data.get("paper_number")
        return report_by(receipt.issued_at, "device" if paper else "line")

    def _hr_cis_elsewhere(self, move):
        """Whether an invoice is no receipt of a till: a company that does not pay at
        the till gets an electronic invoice (eRačun)."""
        return move._hr_cis_is_business() and move._hr_cis_expected_payment() == "T"


class EreceiptDevice(models.Model):
    """What only Croatia's CIS wants of a device: a charging device (naplatni uređaj) of
    business premises that are registered with the tax administration."""

    _inherit = "ereceipt.device"

    hr_premises = fields.Char(
        string="Business premises",
        size=20,
        tracking=True,
        help="Their mark (OznPosPr) as registered with the tax administration: letters "
        "and digits.",
    )
    hr_device_number = fields.Char(
        string="Charging device",
        size=20,
        tracking=True,
        help="Its number (OznNapUr) within the premises: digits without leading zeros.",
    )
    hr_numbering = fields.Selection(
        [
            ("P", "Per business premises"),
            ("N", "Per charging device"),
        ],
        string="Receipts are counted",
        default="P",
        required=True,
        tracking=True,
        help="From 1 on in each year (OznSlijed).",
    )
    hr_operator_oib = fields.Char(
        string="Operator's OIB",
        help="Of the person who has this device alone. Empty: of whoever posts.",
    )
    hr_vending = fields.Boolean(
        string="Vending machine",
        help="Nobody serves there: the company's own OIB stands for the operator.",
    )

    # -------------------------------------------------------------------------
    # ONCHANGE METHODS
    # -------------------------------------------------------------------------

    @api.onchange("registration_id")
    def _onchange_registration_id_hr_cis(self):
        if self._is_hr_cis():
            self.update(self._hr_cis_defaults(self._hr_cis_as_vals()))

    @api.onchange("hr_premises", "hr_device_number", "registration_id")
    def _onchange_hr_premises(self):
        if self._is_hr_cis() and self.hr_premises and self.hr_device_number:
            self.serial = self._hr_cis_serial(self.hr_premises, self.hr_device_number)

    # -------------------------------------------------------------------------
    # CONSTRAINT METHODS
    # -------------------------------------------------------------------------

    @api.constrains("hr_premises", "hr_device_number", "registration_id", "active")
    def _check_hr_marks(self):
        for device in self.filtered(lambda d: d.active and d._is_hr_cis()):
            if not PREMISES.fullmatch(device.hr_premises or ""):
                raise ValidationError(
                    self.env._(
                        "%(device)s: the mark of the business premises has 1 to 20 "
                        "letters (a to z) and digits, as it is registered with the "
                        "tax administration.",
                        device=device.name,
                    )
                )
            if not NUMBER.fullmatch(device.hr_device_number or ""):
                raise ValidationError(
                    self.env._(
                        "%(device)s: the number of the charging device has 1 to 20 "
                        "digits and is not 0.",
                        device=device.name,
                    )
                )

    @api.constrains("hr_premises", "hr_numbering", "registration_id", "active")
    def _check_hr_numbering(self):
        """Premises have one way of counting: a number would come twice otherwise."""
        for device in self.filtered(lambda d: d.active and d._is_hr_cis()):
            other = self.sudo().search(
                [
                    ("id", "!=", device.id),
                    ("registration_id", "=", device.registration_id.id),
                    ("hr_premises", "=", device.hr_premises),
                    ("hr_numbering", "!=", device.hr_numbering),
                    ("hr_vending", "=", False),
                    ("lifecycle", "!=", "retired"),
                ],
                limit=1,
            )
            if other and not device.hr_vending:
                raise ValidationError(
                    self.env._(
                        "%(device)s and %(other)s belong to the same premises, so "
                        "their receipts are counted in the same way. Choose one for "
                        "both.",
                        device=device.name,
                        other=other.name,
                    )
                )

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def write(self, vals):
        # EXTENDS
        if not {"hr_premises", "hr_device_number", "hr_numbering"} & vals.keys():
            return super().write(vals)
        if "hr_numbering" in vals:
            self._number_alike(vals["hr_numbering"])
        for device in self:
            own = vals
            if device._is_hr_cis():
                marks = {
                    "hr_premises": device.hr_premises,
                    "hr_device_number": device.hr_device_number,
                }
                known = {name: vals.get(name, marks[name]) for name in marks}
                own = {**vals, **self._hr_marks(known)}
            super(EreceiptDevice, device).write(own)
        return True

    def _number_alike(self, numbering):
        """Let all devices of the same premises count in another way.

        :raise UserError: one of them has issued
        """
        concerned = self.filtered(
            lambda d: d._is_hr_cis() and d.hr_numbering != numbering
        )
        for device in concerned:
            concerned |= self.search(
                [
                    ("registration_id", "=", device.registration_id.id),
                    ("hr_premises", "=", device.hr_premises),
                    ("lifecycle", "!=", "retired"),
                ]
            )
        for device in concerned:
            if device._has_issued():
                raise UserError(
                    self.env._(
                        "%s has issued receipts, so the way of counting them cannot "
                        "change at its premises. Retire the devices there and make "
                        "others.",
                        device.name,
                    )
                )
        return super(EreceiptDevice, concerned).write({"hr_numbering": numbering})

    # -------------------------------------------------------------------------
    # HELPERS
    # -------------------------------------------------------------------------

    def _is_hr_cis(self):
        return self.registration_id.authority == AUTHORITY

    @api.model
    def _hr_cis_serial(self, premises, number):
        return f"{premises}/{number}"

    @api.model
    def _hr_marks(self, vals):
        """Return premises, number and serial without blanks and leading zeros, as far
        as they are given."""
        premises = "".join((vals.get("hr_premises") or "").split())
        number = "".join((vals.get("hr_device_number") or "").split()).lstrip("0")
        if not premises or not number:
            return {}
        return {
            "hr_premises": premises,
            "hr_device_number": number,
            "serial": self._hr_cis_serial(premises, number),
        }

    def _hr_cis_as_vals(self):
        names = ("payment_method", "wait_seconds", "mixed_payment_rule")
        return {name: self[name] for name in names}

    @api.model
    def _hr_cis_defaults(self, vals):
        """Return what a till in Croatia has by default where nothing else was chosen:
        cash, several ways as such, and a print that waits for the JIR."""
        values = {}
        if vals.get("payment_method", EGYPTIAN_CASH) == EGYPTIAN_CASH:
            values["payment_method"] = "G"
        if vals.get("mixed_payment_rule", "largest") == "largest":
            values["mixed_payment_rule"] = "code"
            values["mixed_payment_method"] = "O"
        if not vals.get("wait_seconds"):
            values["wait_seconds"] = TILL_WAIT
        return values
