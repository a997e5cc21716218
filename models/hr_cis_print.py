from odoo import models

from ..fiscal.hr_cis.code_tables import table


class AccountMove(models.Model):
    _inherit = "account.move"

    def _hr_cis_print_rows(self, document):
        """Return what a receipt has to show, as names and texts: who issues it,
        number, operator, payment means, security code, and the JIR as soon as there is
        one."""
        receipt = document._read_contents()[document.id]
        means = table("payment_method")[document._hr_cis_told("payment")]
        language = (self.env.lang or "en_US").partition("_")[0]
        rows = [
            (self.env._("Issuer's OIB"), receipt.seller.id),
            (self.env._("Receipt number"), document.authority_number),
            (self.env._("Operator"), receipt.data["operator_oib"]),
            (
                self.env._("Payment"),
                means.names.get(language) or means.names["en"],
            ),
            (self.env._("ZKI"), document.security_code),
            (self.env._("JIR"), document.authority_uid),
            (self.env._("Paper book"), receipt.data["paper_number"]),
        ]
        return [(name, text) for name, text in rows if text]
