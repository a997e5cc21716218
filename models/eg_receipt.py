from odoo import api, fields, models

from ..fiscal.contract import Party

RIVAL_FORMATS = ("eg_eta",)


class EreceiptRegistration(models.Model):
    """What only ETA's e-Receipt wants of a registration."""

    _inherit = "ereceipt.registration"

    eg_identity_url = fields.Char(
        string="Identity service", tracking=True, help="Empty: ETA's own address."
    )
    eg_api_url = fields.Char(
        string="API", tracking=True, help="Empty: ETA's own address."
    )
    eg_portal_url = fields.Char(
        string="Portal",
        tracking=True,
        help="Where the QR code of a receipt leads. Empty: ETA's own address.",
    )
    eg_channel = fields.Selection(
        [("pos", "Each device signs in"), ("erp", "One sign-in for all devices")],
        string="Channel",
        default="pos",
        help="Whether ETA gave credentials for each point of sale (usual), or one set "
        "for the whole system (not confirmed by ETA's published pages).",
    )
    eg_business_buyers = fields.Boolean(
        string="Receipts to businesses",
        help="ETA refuses receipts to business buyers unless it has allowed this "
        "taxpayer to issue them.",
    )
    eg_extra_ca = fields.Text(
        string="Additional CA certificate",
        help="PEM text of ETA's own root, which its pre-production servers use.",
    )
    eg_qr_precision = fields.Selection(
        [("full", "To the second"), ("minute", "To the minute")],
        string="Time in the QR code",
        default="full",
    )
    eg_clock_safety_seconds = fields.Integer(
        string="Clock safety",
        help="Seconds taken off the time of issue, for a server whose clock runs "
        "ahead: ETA refuses documents from the future.",
    )

    @api.depends("eg_identity_url", "eg_api_url", "eg_portal_url", "eg_extra_ca")
    def _compute_forgets_secrets(self):
        # EXTENDS: what the addresses follow from
        return super()._compute_forgets_secrets()

    def _eg_receipt_endpoints(self):
        return {
            "identity": self.eg_identity_url,
            "api": self.eg_api_url,
            "portal": self.eg_portal_url,
        }

    def _eg_receipt_settings(self, device):
        settings = {
            "channel": self.eg_channel,
            "business_buyers": self.eg_business_buyers,
            "qr_precision": self.eg_qr_precision,
        }
        if self.eg_extra_ca:
            settings["extra_ca"] = self.eg_extra_ca
        if device:
            settings["os_version"] = device.eg_os_version or ""
            settings["model_framework"] = device.eg_model_framework or ""
        return settings

    def _eg_receipt_device_credentials(self):
        return self.eg_channel == "pos"

    def _eg_receipt_clock_safety_seconds(self):
        return self.eg_clock_safety_seconds

    def _eg_receipt_seller(self):
        company = self._seller_company()
        digits = "".join(c for c in (company.vat or "") if c.isdigit())
        return Party(
            kind="business",
            id=digits,
            name=company.name,
            record=("res.company", company.id),
        )

    def _eg_receipt_device_data(self, device):
        return {
            "trade_name": device.eg_trade_name or self.company_id.name,
            "syndicate_license": device.eg_syndicate_license or "",
        }


class EreceiptDevice(models.Model):
    """What only ETA's e-Receipt wants of a device."""

    _inherit = "ereceipt.device"

    eg_os_version = fields.Char(string="POS system", default="os")
    eg_model_framework = fields.Char(string="POS model framework")
    eg_trade_name = fields.Char(string="Trade name", help="Empty: the company's name.")
    eg_syndicate_license = fields.Char(string="Syndicate licence number")
    eg_order_delivery_mode = fields.Char(
        string="Order delivery mode",
        default="FC",
        help="ETA's code, for the kinds of receipt that have it.",
    )


class AccountJournal(models.Model):
    _inherit = "account.journal"

    @api.model
    def _eg_receipt_rival_formats(self):
        """Return the formats by which Odoo's own module reports to ETA."""
        return RIVAL_FORMATS
