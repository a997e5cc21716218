from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..fiscal.hr_cis.oib import clean_oib, is_oib


class ResPartner(models.Model):
    """People who issue receipts: their own OIB stands on each of them."""

    _inherit = "res.partner"

    hr_operator_oib = fields.Char(
        string="OIB as operator",
        copy=False,
        groups="base.group_user",
        help="The person's own OIB, which Croatian receipts that he or she issues are "
        "reported with.",
    )

    @api.constrains("hr_operator_oib")
    def _check_hr_operator_oib(self):
        for partner in self.filtered("hr_operator_oib"):
            if not is_oib(clean_oib(partner.hr_operator_oib)):
                raise ValidationError(
                    self.env._(
                        "%(oib)s is no OIB: it has eleven digits, and the last one "
                        "checks the others. Correct it for %(name)s.",
                        oib=partner.hr_operator_oib,
                        name=partner.display_name,
                    )
                )

    def _hr_cis_operator_oib(self):
        """Return the person's OIB, from Odoo's own module for Croatia where it is
        known there only."""
        self.ensure_one()
        name = "l10n_hr_personal_oib"
        other = self[name] if name in self._fields else ""
        return clean_oib(self.hr_operator_oib or other or "")


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    @api.constrains("hr_operator_oib")
    def _check_hr_operator_oib(self):
        for device in self.filtered("hr_operator_oib"):
            if not is_oib(clean_oib(device.hr_operator_oib)):
                raise ValidationError(
                    self.env._(
                        "%(oib)s is no OIB: it has eleven digits, and the last one "
                        "checks the others. Correct it on %(name)s.",
                        oib=device.hr_operator_oib,
                        name=device.name,
                    )
                )


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _used_records(self):
        # EXTENDS: what waited for an operator's OIB goes on when it is there
        moves = self.link_ids.move_id
        people = moves.invoice_user_id | moves.create_uid
        return (*super()._used_records(), people.partner_id)
