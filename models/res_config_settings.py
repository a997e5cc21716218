from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .ereceipt_end_mixin import WARN_DAYS, WARN_PARAMETER, warn_days
from .ereceipt_outbox import LANES
from .ereceipt_retention import RETENTION_PARAMETER, least_days


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    ereceipt_lanes = fields.Integer(
        string="Jobs at the same time",
        help="How many scheduled jobs share the work of sending and following. More "
        "than one helps only where the server runs several scheduled jobs at once.",
    )
    ereceipt_retention_days = fields.Integer(
        string="Days to keep exchanges",
        config_parameter=RETENTION_PARAMETER,
        default=lambda self: min(least_days().values()),
    )

    ereceipt_warn_days = fields.Char(
        string="Days before credentials end",
        config_parameter=WARN_PARAMETER,
        default=WARN_DAYS,
    )

    @api.constrains("ereceipt_warn_days")
    def _check_ereceipt_warn_days(self):
        for settings in self:
            try:
                warn_days(settings.ereceipt_warn_days or "")
            except ValueError as error:
                raise ValidationError(
                    self.env._(
                        "Enter the days before an end on which somebody is told as up "
                        "to six numbers from 1 to 366, divided by commas: %s",
                        WARN_DAYS,
                    )
                ) from error

    @api.constrains("ereceipt_lanes", "ereceipt_retention_days")
    def _check_ereceipt(self):
        for settings in self:
            if not 0 <= settings.ereceipt_lanes <= LANES:
                raise ValidationError(
                    self.env._(
                        "Up to %s jobs can send e-receipts at the same time; with 0 "
                        "nothing is sent.",
                        LANES,
                    )
                )
            least = min(least_days().values())
            if settings.ereceipt_retention_days < least:
                raise ValidationError(
                    self.env._(
                        "Exchanges with tax authorities are kept for %s days at least: "
                        "the law wants it.",
                        least,
                    )
                )

    @api.model
    def get_values(self):
        """Count the active lanes."""
        # EXTENDS base
        values = super().get_values()
        values["ereceipt_lanes"] = len(self.env["ereceipt.outbox"]._lanes())
        return values

    def set_values(self):
        """Switch lanes on or off, the first ones first; only when the number changed,
        so that other settings never wake a neutralized database."""
        # EXTENDS base
        result = super().set_values()
        if self.ereceipt_lanes == len(self.env["ereceipt.outbox"]._lanes()):
            return result
        for number in range(1, LANES + 1):
            lane = self.env.ref(
                f"account_ereceipt.ir_cron_ereceipt_lane_{number}", False
            )
            wanted = number <= self.ereceipt_lanes
            if lane and lane.active != wanted:
                lane.sudo().active = wanted
        return result
