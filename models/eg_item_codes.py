import logging
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import LazyTranslate

from ..fiscal.contract import FiscalError
from ..fiscal.eg_eta.item_codes import RequestStatus
from .ereceipt_notification import told_errors

_lt = LazyTranslate(__name__)
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
        return told_errors(
            self.env,
            errors,
            self.env._("ETA was asked about all codes that are not approved."),
        )

    @api.model
    def _give_item_codes(self, authority, company, codes):
        # EXTENDS: what was asked about the code that was there before is over
        given = super()._give_item_codes(authority, company, codes)
        rows = self.browse().union(*given.values()).sudo()
        asked = rows.filtered(lambda row: row.eg_request_ref or row.eg_refusal)
        asked.write({"eg_request_ref": False, "eg_refusal": False})
        for row in asked:
            self.env["ereceipt.alert"]._clear(row._reference_record(), CAUSE)
        return given

    @api.model
    def _eg_company(self, registration):
        """Return the company in which a code is entered that ETA was asked for with a
        registration: its own, or the branch that uses it."""
        company = registration.company_id
        return company if company in self.env.companies else self.env.company

    @api.model
    def _eg_give_asked(self, registration, codes, request_ref, brick=False):
        """Give products a code that ETA was asked for.

        :param dict codes: as for :meth:`_give_item_codes`
        :param str request_ref: the request's number at ETA
        :param str brick: the GPC brick that was said to it, if any
        """
        company = self._eg_company(registration)
        given = self._give_item_codes("eg_receipt", company, codes)
        self.browse().union(*given.values()).sudo().write(
            {
                "eg_registration_id": registration.id,
                "eg_request_ref": request_ref,
                "eg_brick": brick,
            }
        )

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
                _lt("ETA has refused the item code %s", self.code),
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
        now = fields.Datetime.now()
        due = self.search(
            [
                "|",
                ("eg_codes_asked_at", "=", False),
                ("eg_codes_asked_at", "<=", now - ASK_EVERY),
                "|",
                ("breaker_open_until", "=", False),
                ("breaker_open_until", "<=", now),
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
                with registration._calling() as authority:
                    found = registration._eg_find_requests(
                        authority, "id", rows.mapped("eg_request_ref")
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
        open_rows.eg_registration_id._eg_asked()
        return errors

    def _eg_asked(self):
        """Remember that ETA was asked just now, in a transaction of its own: the
        breaker may have written the same row while this one was under way."""
        now = fields.Datetime.now()
        for registration in self:

            def remember(cr, registration=registration):
                env = registration.env(cr=cr, su=True)
                registration.with_env(env).eg_codes_asked_at = now

            registration._breaker_apart(remember)

    def _eg_find_requests(self, authority, name, wanted):
        """Return our requests at ETA by one of their members, the newest of each.

        :param authority: as :meth:`_calling` yields it
        :param str name: ``id`` or ``item_code``
        :rtype: dict[str, CodeRequest]
        :raise FiscalError: ETA could not be asked
        """
        self.ensure_one()
        wanted, found = set(wanted), {}
        if not wanted:
            return found
        # the newest come first, and reading ends when all are found
        for request in authority.item_codes().requests():
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
