import logging
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import SQL, LazyTranslate, format_amount

from ..fiscal.cn_nuonuo.answers import AGREED, CONFIRMING, FOR_US, NOT_CONFIRMED
from ..fiscal.contract import FiscalError
from .cn_nuonuo import AUTHORITY
from .cn_nuonuo_red_request import CAUSE, OTHER, STATES

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

FETCH_EVERY = timedelta(minutes=30)
LIFE = timedelta(hours=72)


class EreceiptCnRedRequest(models.Model):
    """Fetching what buyers ask for, and what becomes of it."""

    _inherit = "ereceipt.cn.red.request"

    # -------------------------------------------------------------------------
    # FETCHING
    # -------------------------------------------------------------------------

    @api.model
    def _fetch_due(self):
        """Fetch what buyers ask for, of each registration every half hour."""
        now = fields.Datetime.now()
        due = self.env["ereceipt.registration"].search(
            [
                ("authority", "=", AUTHORITY),
                ("cn_red_fetch", "=", True),
                "|",
                ("cn_red_fetched_at", "=", False),
                ("cn_red_fetched_at", "<=", now - FETCH_EVERY),
                "|",
                ("breaker_open_until", "=", False),
                ("breaker_open_until", "<=", now),
            ]
        )
        for error in self._fetch(due):
            _logger.warning("Buyers' red letters could not be fetched: %s", error)

    @api.model
    def _fetch(self, registrations):
        """Fetch what buyers ask for. All calls are made before anything is written.

        :return: the errors of those that could not be asked
        """
        answers, errors = [], []
        registrations = registrations._sends_here()
        for registration in registrations:
            following = self._following(registration)
            try:
                with registration._calling() as authority:
                    letters = authority.red_letters()
                    found = letters.of_buyers(datetime.now(timezone.utc), following)
                    orders = [one.order_no for one in found if one.issued]
                    numbers = letters.issued(list(filter(None, orders)))
            except FiscalError as error:
                errors.append(error)
                continue
            answers.append((registration, found, numbers))
        for registration, found, numbers in answers:
            self._take(registration, found, numbers)
        registrations._cn_red_fetched()
        return errors

    def _following(self, registration):
        """Return the requests that may still change, with when they were begun."""
        requests = self.search(
            [
                ("registration_id", "=", registration.id),
                ("environment", "=", registration.environment),
                ("state", "in", (FOR_US, *AGREED)),
                ("red_number", "=", False),
            ]
        )
        return {
            request.bill_uuid: request.asked_at.replace(tzinfo=timezone.utc)
            for request in requests
            if request.asked_at
        }

    @api.model
    def _take(self, registration, found, numbers):
        """Keep requests as they stand.

        :param found: list of :class:`RedRequest`
        :param dict numbers: of red fapiao, by their order numbers
        """
        known = self.search(
            [
                ("registration_id", "=", registration.id),
                ("environment", "=", registration.environment),
                ("bill_uuid", "in", [one.bill_uuid for one in found]),
            ]
        ).grouped("bill_uuid")
        documents = registration._cn_nuonuo_by_number(
            {one.blue_number for one in found if one.bill_uuid not in known}
        )
        for one in found:
            values = self._values_of(one, numbers)
            request = known.get(one.bill_uuid)
            if request:
                request._update(values)
                continue
            self.create(
                {
                    **values,
                    "registration_id": registration.id,
                    "environment": registration.environment,
                    "bill_uuid": one.bill_uuid,
                    "blue_number": one.blue_number,
                    "document_id": documents.get(one.blue_number),
                    "currency_id": self.env.ref("base.CNY").id,
                    **self._told_once(one),
                }
            )._tell_new()

    def _values_of(self, one, numbers):
        """Return what may change of a request."""
        known = dict(STATES)
        values = {
            "state": one.state if one.state in known else OTHER,
            "words": one.words,
            "doing": one.doing,
            "fetched_at": fields.Datetime.now(),
        }
        if one.bill_no:
            values["bill_no"] = one.bill_no
        if one.order_no:
            values["order_no"] = one.order_no
        if numbers.get(one.order_no):
            values["red_number"] = numbers[one.order_no]
        return values

    def _told_once(self, one):
        """Return what a request is about."""
        asked_at = one.asked_at and one.asked_at.replace(tzinfo=None)
        reasons = dict(self.env["account.move"]._fields["cn_red_reason"].selection)
        return {
            "buyer_name": one.buyer_name,
            "buyer_number": one.buyer_number,
            "reason": one.reason if one.reason in reasons else False,
            "amount_untaxed": float(one.net or Decimal(0)),
            "amount_tax": float(one.tax or Decimal(0)),
            "asked_at": asked_at,
            "expires_at": asked_at and asked_at + LIFE,
            "lines": [
                {
                    "name": item.name,
                    "quantity": f"{item.quantity:f}" if item.quantity else "",
                    "net": f"{item.net:f}",
                    "tax": f"{item.tax:f}",
                    "rate": f"{item.rate:f}",
                    "blue_line": item.blue_line,
                }
                for item in one.items
            ],
        }

    def _update(self, values):
        """Take over how a request stands, and tell what that asks for."""
        self.ensure_one()
        before = self.state
        self.write(values)
        if self.state != before:
            self.write({"answer_at": False})
            self.env["ereceipt.alert"]._clear(self, CAUSE)
            self.message_post(body=self._state_label())
            if self.step == "book":
                self._call_for(_lt("Book the red letter"), self.words)
        elif self.answer and self.doing == NOT_CONFIRMED:
            self._not_answered(self.words)
        elif self.answer and self.doing != CONFIRMING and not self.answer_at:
            # it was said to be taken up, and is not: it is told again
            self.answer_at = fields.Datetime.now()

    def _tell_new(self):
        if self.state == FOR_US:
            self._call_for(
                _lt("A buyer asks for a red letter"),
                _lt(
                    "%(buyer)s wants %(amount)s of the fapiao %(blue)s taken back. "
                    "Confirm or refuse it within 72 hours.",
                    buyer=self.buyer_name or self.buyer_number or "?",
                    amount=format_amount(self.env, self.amount_total, self.currency_id),
                    blue=self.blue_number,
                ),
            )


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    cn_red_fetch = fields.Boolean(
        string="Fetch red letters of buyers",
        default=True,
        help="Look every half hour whether a buyer has asked for a red letter at the "
        "tax bureau, which has to be answered within 72 hours.",
    )
    cn_red_fetched_at = fields.Datetime(
        string="Buyers' red letters last fetched",
        readonly=True,
        copy=False,
        program_only=True,
    )

    cn_red_request_count = fields.Integer(
        string="Number of buyers' red letters", compute="_compute_cn_red_request_count"
    )

    def _compute_cn_red_request_count(self):
        counts = dict(
            self.env["ereceipt.cn.red.request"]._read_group(
                [("registration_id", "in", self.ids)], ["registration_id"], ["__count"]
            )
        )
        for registration in self:
            registration.cn_red_request_count = counts.get(registration._origin, 0)

    def action_open_cn_red_requests(self):
        """Open the red letters that buyers ask for."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_cn_red_request_action"
        )
        return {**action, "domain": [("registration_id", "in", self.ids)]}

    def _cn_red_fetched(self):
        """Remember that the bureau was asked just now, in a transaction of its own:
        the breaker may have written the same row while this one was under way."""
        now = fields.Datetime.now()
        for registration in self:

            def remember(cr, registration=registration):
                env = registration.env(cr=cr, su=True)
                registration.with_env(env).cn_red_fetched_at = now

            registration._breaker_apart(remember)

    def _cn_nuonuo_by_number(self, numbers):
        """Return the ids of the documents under which fapiao were issued, by their
        numbers; of a split order each fapiao leads to the same."""
        self.ensure_one()
        numbers = [number for number in numbers if number]
        if not numbers:
            return {}
        self.env["ereceipt.document"].flush_model()
        rows = self.env.execute_query(
            SQL(
                "SELECT n.number, max(d.id) FROM ereceipt_document d "
                "CROSS JOIN LATERAL regexp_split_to_table(coalesce("
                "d.authority_ids->>'numbers', d.authority_uid), ',') AS n(number) "
                "WHERE d.registration_id = %s AND d.environment = %s "
                "AND d.kind IN ('sale', 'debit') AND d.state = 'valid' "
                "AND (d.authority_uid = ANY(%s) OR d.authority_ids ? 'numbers') "
                "AND n.number = ANY(%s) GROUP BY n.number",
                self.id,
                self.environment,
                numbers,
                numbers,
            )
        )
        return dict(rows)
