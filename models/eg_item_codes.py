import logging
from datetime import timedelta

from odoo import api, fields, models

from ..fiscal.contract import FiscalError
from ..fiscal.eg_eta.item_codes import RequestStatus

_logger = logging.getLogger(__name__)

ASK_EVERY = timedelta(hours=1)
"""How often ETA is asked what became of requests, at most, unless a person asks."""

CAUSE = "code"


class EreceiptCodeMapping(models.Model):
    """What a row keeps of the request for its EGS code: pending until ETA approves
    it; refused ones stay pending, with the reason, until another code takes their
    place."""

    _inherit = "ereceipt.code.mapping"

    eg_registration_id = fields.Many2one(
        "ereceipt.registration",
        string="Asked through",
        ondelete="set null",
        index="btree_not_null",
        readonly=True,
        copy=False,
        program_only=True,
    )
    eg_request_ref = fields.Char(
        string="Request at ETA", readonly=True, copy=False, program_only=True
    )
    eg_refusal = fields.Char(
        string="Refused because", readonly=True, copy=False, program_only=True
    )
    eg_brick = fields.Char(
        string="GPC brick", readonly=True, copy=False, program_only=True
    )

    def action_eg_ask(self):
        """Ask ETA now what became of the requests, not only once an hour."""
        self.browse().check_access("write")
        registrations = self.env["ereceipt.registration"].search(
            [("company_id", "parent_of", self.env.companies.ids)]
        )
        errors = registrations.sudo()._eg_follow_codes()
        text = self.env["ereceipt.document"]._error_text
        sentences = [text(error, self.env.user) for error in errors]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "danger" if sentences else "success",
                "message": "\n".join(dict.fromkeys(sentences))
                or self.env._("ETA was asked about all codes that are not approved."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _eg_decide(self, request):
        """Take over what ETA has decided about a row's code.

        :param CodeRequest request: as ETA has it now
        """
        self.ensure_one()
        alerts = self.env["ereceipt.alert"]
        if request.status is RequestStatus.APPROVED:
            self.write({"pending": False, "eg_refusal": False})
            alerts._clear(self._reference_record(), CAUSE)
        elif request.status is RequestStatus.REJECTED:
            reason = request.reason or self.env._("ETA gives no reason.")
            self.eg_refusal = reason
            alerts._raise(
                self._reference_record(),
                CAUSE,
                self.env._("ETA has refused the item code %s", self.code),
                reason,
                user=self.eg_registration_id.responsible_id,
            )


class EreceiptRegistration(models.Model):
    """Follows the requests for item codes that were made through it."""

    _inherit = "ereceipt.registration"

    eg_codes_asked_at = fields.Datetime(
        string="Codes last asked about", readonly=True, copy=False, program_only=True
    )

    @api.model
    def _eg_follow_due_codes(self):
        """Ask ETA about open requests, each registration once an hour at most."""
        before = fields.Datetime.now() - ASK_EVERY
        due = self.search(
            [
                "|",
                ("eg_codes_asked_at", "=", False),
                ("eg_codes_asked_at", "<=", before),
            ]
        )
        for error in due._eg_follow_codes():
            _logger.warning("ETA could not be asked about item codes: %s", error)

    def _eg_follow_codes(self):
        """Ask ETA what became of the open requests and take it over. All calls are
        made before anything is written, so that no row is locked meanwhile.

        :return: the errors of those that could not be asked
        """
        mappings = self.env["ereceipt.code.mapping"].sudo()
        open_rows = mappings.search(
            [
                ("eg_registration_id", "in", self._sends_here().ids),
                ("pending", "=", True),
                ("eg_request_ref", "!=", False),
                ("eg_refusal", "=", False),
            ]
        )
        answers, errors = [], []
        for registration, rows in open_rows.grouped("eg_registration_id").items():
            try:
                found = registration._eg_find_requests(
                    "id", rows.mapped("eg_request_ref")
                )
            except FiscalError as error:
                errors.append(error)
                found = {}
            answers.append((rows, found))
        for rows, found in answers:
            for row in rows:
                request = found.get(row.eg_request_ref)
                if request and request.item_code == row.code:
                    row._eg_decide(request)
        open_rows.eg_registration_id.eg_codes_asked_at = fields.Datetime.now()
        return errors

    def _eg_find_requests(self, name, wanted):
        """Return our requests at ETA by one of their members, the newest of each.

        :param str name: ``id`` or ``item_code``
        :rtype: dict[str, CodeRequest]
        :raise FiscalError: ETA could not be asked
        """
        self.ensure_one()
        wanted, found = set(wanted), {}
        if not wanted:
            return found
        # the newest come first, and reading ends when all are found
        for request in self._authority().item_codes().requests():
            key = getattr(request, name)
            if key in wanted:
                found.setdefault(key, request)
                if len(found) == len(wanted):
                    break
        return found


class EreceiptOutbox(models.AbstractModel):
    _inherit = "ereceipt.outbox"

    @api.model
    def _upkeep_steps(self):
        # EXTENDS: first, so that what waited for an approval goes on in the same run
        follow = self.env["ereceipt.registration"]._eg_follow_due_codes
        return [follow, *super()._upkeep_steps()]
