from odoo import fields, models

from .ereceipt_secret_mixin import sealed_column, secret_flag, secret_input


class EreceiptCredentialsMixin(models.AbstractModel):
    """Who we are to an authority: what its portal gave to a registration or a device,
    with a second secret for the time in which the first is exchanged."""

    _name = "ereceipt.credentials.mixin"
    _inherit = ["ereceipt.secret.mixin"]
    _description = "Credentials"

    _ereceipt_secrets = ("client_secret", "client_secret_2")

    client_id = fields.Char(
        string="Client ID",
        copy=False,
        groups="account_ereceipt.group_ereceipt_admin",
        help="As the authority's portal shows it.",
    )
    client_secret_sealed = sealed_column()
    client_secret = secret_input("Client secret")
    client_secret_set = secret_flag("Client secret is set")
    client_secret_2_sealed = sealed_column()
    client_secret_2 = secret_input("Second client secret")
    client_secret_2_set = secret_flag("Second client secret is set")
    credentials_end = fields.Date(
        string="Credentials end",
        copy=False,
        help="The last day of the authority's credentials, as its portal shows it.",
    )

    def _credentials(self):
        """Return the credentials of this record itself, in clear.

        Note: self.ensure_one()
        """
        self.ensure_one()
        return {
            "client_id": self.sudo().client_id or "",
            "client_secret": self._ereceipt_secret("client_secret"),
            "client_secret_2": self._ereceipt_secret("client_secret_2"),
        }
