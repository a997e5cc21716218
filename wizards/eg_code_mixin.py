from odoo import api, fields, models
from odoo.exceptions import UserError

MOST = 500
"""So many products are dealt with at a time."""


class EreceiptEgCodeMixin(models.AbstractModel):
    """What the wizards have in common that speak to ETA about item codes: for which
    products, and with whose credentials."""

    _name = "ereceipt.eg.code.mixin"
    _description = "Speaks to ETA about item codes"

    registration_id = fields.Many2one(
        "ereceipt.registration",
        required=True,
        domain=[("authority", "=", "eg_invoice")],
        help="The e-Invoice registration whose credentials ETA is asked with.",
    )

    @api.model
    def _chosen_products(self):
        """Return the variants chosen in the list that the wizard was opened from.

        :raise UserError: too many of them
        """
        model = self.env.context.get("active_model")
        ids = self.env.context.get("active_ids") or []
        products = self.env["product.product"]
        if model in ("product.product", "ereceipt.missing.code"):
            products = products.browse(ids)
        elif model == "product.template":
            products = self.env[model].browse(ids).product_variant_ids
        if len(products) > MOST:
            raise UserError(self.env._("Choose at most %s products at a time.", MOST))
        return products

    @api.model
    def _default_registration(self):
        """Return the company's e-Invoice registration, of production if it has one.

        :raise UserError: it has none
        """
        found = self.env["ereceipt.registration"].search(
            [
                ("authority", "=", "eg_invoice"),
                ("company_id", "parent_of", self.env.company.ids),
            ],
        )
        if not found:
            raise UserError(
                self.env._(
                    "%s has no registration with ETA e-Invoice, whose credentials "
                    "codes are registered with. Ask an administrator to make one.",
                    self.env.company.name,
                )
            )
        return found.sorted(lambda r: r.environment != "production")[0]

    def _check_may_ask(self):
        """Raise where the user may not enter codes, or not see the registration.

        :raise AccessError:
        """
        self.env["ereceipt.code.mapping"].check_access("write")
        self.registration_id.check_access("read")

    def _check_registration(self):
        """Raise where ETA cannot be asked through the registration.

        :raise UserError: says why
        """
        # the domain of the field binds nobody who calls from outside
        if self.registration_id.authority != "eg_invoice":
            raise UserError(self.env._("Choose a registration with ETA e-Invoice."))
        if not self.registration_id._sends_here():
            raise UserError(
                self.env._("This database is a copy and does not speak to ETA.")
            )

    def _reopened(self, title):
        """Return the action that shows the wizard as it is now."""
        return {
            "type": "ir.actions.act_window",
            "name": title,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }
