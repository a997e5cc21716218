from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..fiscal.cn_nuonuo.code_tables import ORDINARY, SPECIAL_VAT
from ..fiscal.contract import Party

AUTHORITY = "cn_nuonuo"
KINDS = (SPECIAL_VAT, ORDINARY)
USUAL_TYPE = "S"
"""What the engine's column has by default; no kind of fapiao."""


class EreceiptRegistration(models.Model):
    """What only China's fapiao, issued through Nuonuo, want of a registration."""

    _inherit = "ereceipt.registration"

    cn_api_url = fields.Char(
        string="Nuonuo: calls", tracking=True, help="Empty: the provider's own address."
    )
    cn_token_url = fields.Char(
        string="Nuonuo: access tokens",
        tracking=True,
        help="Empty: the provider's own address.",
    )
    cn_application = fields.Selection(
        [("own", "Of the company itself"), ("isv", "Of a software house")],
        string="Application",
        default="own",
        required=True,
        tracking=True,
        help="As it was registered on the provider's open platform. That of a software "
        "house is authorized by the company, and refreshes its tokens.",
    )
    cn_user_id = fields.Char(
        string="Authorized user",
        copy=False,
        groups="account_ereceipt.group_ereceipt_admin",
        help="Of an application of a software house: the user that the company's "
        "authorization came with. Its refresh token is the second client secret.",
    )
    cn_seller_in_console = fields.Boolean(
        string="The provider has the company's address",
        help="Address, telephone and bank account are kept at the provider, so that "
        "they need not be sent.",
    )
    cn_push_mode = fields.Selection(
        [
            ("-1", "Nobody"),
            ("0", "The provider, by mail"),
            ("1", "The provider, by text message"),
            ("2", "The provider, by mail and text message"),
        ],
        string="Sent to the buyer by",
        default="-1",
        required=True,
        help="Whether the provider sends each fapiao to its buyer.",
    )
    cn_show_accounts = fields.Selection(
        [
            ("0", "None"),
            ("1", "The company's"),
            ("2", "The buyer's"),
            ("3", "Both"),
        ],
        string="Bank accounts in the remark",
        default="0",
        required=True,
    )
    cn_codes_required = fields.Boolean(
        string="Tax classification codes are needed",
        default=True,
        help="Each line needs its code of 19 digits. Otherwise the provider guesses "
        "it by the name of what is sold.",
    )
    cn_zero_lines = fields.Selection(
        [("refuse", "Not issued"), ("leave_out", "Left out")],
        string="Lines that cost nothing",
        default="refuse",
        required=True,
    )
    cn_verify_buyer = fields.Selection(
        [("0", "No"), ("1", "Yes")],
        string="Buyer's number is looked up",
        help="The tax bureau looks whether there is a company with that number. Empty: "
        "as it is set at the provider.",
    )
    cn_red_refresh = fields.Boolean(
        string="Ask the bureau about red letters",
        default=True,
        help="Have the provider look at the tax bureau whether the buyer has decided, "
        "each time that it is asked.",
    )
    cn_failed_call = fields.Selection(
        [("ask", "It may be issued: ask"), ("refused", "It is refused")],
        string="When a call failed (E4000)",
        default="ask",
        required=True,
        help="What it means that the provider failed to carry out a call that issues.",
    )
    cn_length_unit = fields.Selection(
        [("characters", "Characters"), ("gbk", "Bytes of GBK")],
        string="Lengths are counted in",
        default="characters",
        required=True,
    )
    cn_file_hosts = fields.Char(
        string="Hosts of files",
        help="Domains, with commas between, from which files are fetched. Empty: the "
        "provider's.",
    )
    cn_extra_ca = fields.Text(
        string="Nuonuo: additional CA",
        help="PEM text of further certificate authorities to trust servers by.",
    )

    @api.depends("cn_api_url", "cn_token_url", "cn_extra_ca")
    def _compute_forgets_secrets(self):
        # EXTENDS: what the addresses follow from
        return super()._compute_forgets_secrets()

    def _credentials(self):
        # EXTENDS: by the provider's names
        given = super()._credentials()
        if self.authority != AUTHORITY:
            return given
        return {
            "app_key": given["client_id"],
            "app_secret": given["client_secret"],
            "user_id": self.sudo().cn_user_id or "",
            "refresh_token": given["client_secret_2"],
        }

    # -------------------------------------------------------------------------
    # HOOKS OF THE ENGINE
    # -------------------------------------------------------------------------

    def _cn_nuonuo_endpoints(self):
        return {"api": self.cn_api_url, "token": self.cn_token_url}

    def _cn_nuonuo_settings(self, device):
        settings = {
            "application": self.cn_application,
            "seller_in_console": self.cn_seller_in_console,
            "push_mode": self.cn_push_mode,
            "show_accounts": self.cn_show_accounts,
            "verify_buyer": self.cn_verify_buyer or "",
            "codes_required": self.cn_codes_required,
            "zero_lines": self.cn_zero_lines,
            "red_refresh": self.cn_red_refresh,
            "failed_call": self.cn_failed_call,
            "length_unit": self.cn_length_unit,
            "extra_ca": (self.cn_extra_ca or "").strip(),
        }
        if self.cn_file_hosts:
            settings["file_hosts"] = self.cn_file_hosts
        return settings

    def _cn_nuonuo_limits_tokens(self):
        return True

    def _cn_nuonuo_seller(self):
        company = self.company_id
        return Party(
            kind="business",
            id=company.partner_id._ereceipt_tax_number().upper(),
            name=company.name,
            address=company.partner_id._ereceipt_address(),
            mobile=(company.phone or "").strip(),
            record=("res.company", company.id),
        )

    def _cn_nuonuo_device_data(self, device):
        return {
            "clerk": device.cn_clerk or "",
            "checker": device.cn_checker or "",
            "payee": device.cn_payee or "",
            "extension": device.cn_extension or "",
            "department": device.cn_department or "",
            "clerk_id": device.cn_clerk_id or "",
            "seller_account": device.cn_seller_account or "",
        }

    def _cn_nuonuo_device_values(self, vals):
        """Complete a new device: fapiao are ordinary ones unless something else is
        said."""
        untold = vals.get("document_type", USUAL_TYPE) == USUAL_TYPE
        return {"document_type": ORDINARY} if untold else {}

    def _cn_nuonuo_device_tables(self):
        return {"document_type": [("kind", "=", "document_type")]}


class EreceiptDevice(models.Model):
    """What only China's fapiao want of a device: it is an account at the tax bureau,
    with the person who is logged in there."""

    _inherit = "ereceipt.device"

    cn_clerk = fields.Char(
        string="Clerk",
        tracking=True,
        help="Name of the person who is logged in at the tax bureau (开票人), as the "
        "bureau has it.",
    )
    cn_checker = fields.Char(string="Checker", help="复核人")
    cn_payee = fields.Char(string="Payee", help="收款人")
    cn_extension = fields.Char(
        string="Extension",
        tracking=True,
        help="Of the account at the provider (分机号), at most five digits. Empty: the "
        "company's first.",
    )
    cn_department = fields.Char(string="Department ID", help="Of the provider.")
    cn_clerk_id = fields.Char(string="Clerk ID", help="Of the provider.")
    cn_seller_account = fields.Char(
        string="Bank and account",
        help="The company's, as they stand on a fapiao.",
    )
    cn_user_id = fields.Many2one(
        "res.users",
        string="Clerk's user",
        help="Whose account it is: is asked to log in at the tax bureau. Empty: the "
        "registration's responsible.",
    )

    # -------------------------------------------------------------------------
    # ONCHANGE METHODS
    # -------------------------------------------------------------------------

    @api.onchange("registration_id")
    def _onchange_registration_id_cn_nuonuo(self):
        if self._is_cn_nuonuo() and self.document_type not in KINDS:
            self.document_type = ORDINARY

    # -------------------------------------------------------------------------
    # CONSTRAINT METHODS
    # -------------------------------------------------------------------------

    @api.constrains("document_type", "registration_id", "active")
    def _check_cn_kind(self):
        for device in self.filtered(lambda d: d.active and d._is_cn_nuonuo()):
            if device.document_type not in KINDS:
                raise ValidationError(
                    self.env._(
                        "%(device)s: “%(kind)s” is no kind of fapiao. Choose 81 "
                        "(special) or 82 (ordinary).",
                        device=device.name,
                        kind=device.document_type,
                    )
                )

    # -------------------------------------------------------------------------
    # HELPERS
    # -------------------------------------------------------------------------

    def _is_cn_nuonuo(self):
        return self.registration_id.authority == AUTHORITY

    def _cn_nuonuo_clerk_user(self):
        """Return who logs in at the tax bureau for this account."""
        self.ensure_one()
        return self.cn_user_id or self.registration_id.responsible_id
