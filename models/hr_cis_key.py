from datetime import datetime, timezone

from odoo import api, models

from ..fiscal.hr_cis.certificate import key_problems, oib_of
from ..fiscal.hr_cis.oib import clean_oib
from ..fiscal.hr_cis.trust import fina_pem
from ..fiscal.signing.certificate import read_certificates
from .hr_cis import AUTHORITY


class _Shown:
    """A key of which only the certificates are asked."""

    def __init__(self, chain):
        self._chain = [one.der for one in chain]

    def certificate_chain(self):
        return self._chain


class EreceiptSigningKey(models.Model):
    """Keys that sign a Croatian company's receipts: application certificates, whose OIB
    is the company's."""

    _inherit = "ereceipt.signing.key"

    @api.depends("registration_ids.authority", "company_id.country_id")
    def _compute_certificate(self):
        # EXTENDS
        result = super()._compute_certificate()
        for key in self:
            chain = key._chain()
            oib = oib_of(chain[0]) if chain and key._hr_cis_judges() else ""
            if oib:
                key.tax_number = oib
                key.is_personal = False
        return result

    def _certificate_problems(self, chain=None):
        # EXTENDS
        chain = self._chain() if chain is None else chain
        if not chain or not self._hr_cis_judges():
            return super()._certificate_problems(chain)
        fina = fina_pem("production") + fina_pem("test")
        return key_problems(
            _Shown(chain),
            clean_oib(self.company_id.vat or ""),
            datetime.now(timezone.utc),
            read_certificates(fina.encode()),
        )

    def _hr_cis_judges(self):
        """Whether it is a key for receipts: what it signs for says so, or, before it
        signs for anything, where its company is."""
        self.ensure_one()
        authorities = self.registration_ids.mapped("authority")
        if authorities:
            return AUTHORITY in authorities
        return self.company_id.account_fiscal_country_id.code == "HR"
