import time
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, LazyTranslate, format_amount

from ..fiscal.cn_nuonuo.answers import AGREED, FOR_US
from ..fiscal.contract import AmbiguousError, AuthorityError, FiscalError
from ..fiscal.retry import Backoff
from .cn_nuonuo import AUTHORITY
from .ereceipt_notification import told_errors

_lt = LazyTranslate(__name__)

CRON = "account_ereceipt.ir_cron_ereceipt_cn_red"
LEASE = timedelta(minutes=5)
OTHER = "other"
CAUSE = "cn_red"

STATES = [
    ("01", "No confirmation needed"),
    ("02", "Waits for the buyer"),
    ("03", "Waits for us"),
    ("04", "Agreed"),
    ("05", "Refused by the buyer"),
    ("06", "Refused by us"),
    ("07", "Void: 72 hours passed"),
    ("08", "Withdrawn"),
    ("09", "Withdrawn after both agreed"),
    ("10", "Void: abnormal fapiao"),
    ("11", "Void: abnormal taxpayer"),
    ("12", "Refused by the natural person"),
    ("13", "Void: a refund was applied for"),
    ("15", "Being entered"),
    ("16", "Not taken by the bureau"),
    (OTHER, "Another state"),
]


class EreceiptCnRedRequest(models.Model):
    """A red letter that a buyer asks for at China's tax bureau.

    Its life: the buyer begins it there, and we have 72 hours to confirm or refuse it.
    A job fetches what waits for us; the responsible is asked to look. Whoever confirms
    or refuses here writes that down, and the job tells the bureau, looking first
    whether it was told already: at the bureau anybody of the company may answer as
    well. Once it is agreed, the bureau issues the red fapiao by itself, and a credit
    note books it, which is never asked for there again.

    No user may write or delete a row.
    """

    _name = "ereceipt.cn.red.request"
    _description = "Red letter that a buyer asks for"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "asked_at desc, id desc"
    _rec_name = "blue_number"

    registration_id = fields.Many2one(
        "ereceipt.registration", required=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one(related="registration_id.company_id", store=True)
    environment = fields.Selection(
        [("test", "Test"), ("production", "Production")], required=True
    )

    # --- what it is about ---
    bill_uuid = fields.Char(string="The bureau's name", required=True)
    bill_no = fields.Char(string="Number of the request")
    blue_number = fields.Char(string="Fapiao", index="btree_not_null")
    document_id = fields.Many2one(
        "ereceipt.document", string="E-receipt", index="btree_not_null"
    )
    move_id = fields.Many2one(
        "account.move", string="Invoice", compute="_compute_move_id"
    )
    buyer_name = fields.Char(string="Buyer")
    buyer_number = fields.Char(string="Buyer's tax number")
    reason = fields.Selection(
        selection=lambda self: (
            self.env["account.move"]
            ._fields["cn_red_reason"]
            ._description_selection(self.env)
        )
    )
    currency_id = fields.Many2one("res.currency", required=True)
    amount_untaxed = fields.Monetary(string="Untaxed")
    amount_tax = fields.Monetary(string="Tax")
    amount_total = fields.Monetary(
        string="Taken back", compute="_compute_amount_total", store=True
    )
    lines = fields.Json(help="What is taken back, where the bureau tells it.")
    lines_text = fields.Text(string="Lines", compute="_compute_lines_text")

    # --- how it stands ---
    state = fields.Selection(STATES, required=True, index=True)
    words = fields.Char(string="The bureau says")
    doing = fields.Char(string="Under way")
    asked_at = fields.Datetime(string="Asked")
    expires_at = fields.Datetime(string="Until", help="72 hours after it was asked.")
    time_left = fields.Char(compute="_compute_time_left")
    order_no = fields.Char(string="Order of the red fapiao")
    red_number = fields.Char(string="Red fapiao")
    fetched_at = fields.Datetime(string="Last looked at")

    # --- our answer ---
    answer = fields.Selection([("agree", "Confirm"), ("refuse", "Refuse")])
    answer_reason = fields.Char(string="Reason given")
    answered_by_id = fields.Many2one("res.users", string="Answered by")
    answer_at = fields.Datetime(
        string="Told from", help="When the bureau is told of the answer (again)."
    )
    answer_tries = fields.Integer(string="Times told")
    last_error = fields.Char(string="Last error")

    # --- what books it ---
    credit_note_ids = fields.One2many(
        "account.move",
        "cn_red_request_id",
        string="Credit notes",
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    is_booked = fields.Boolean(
        string="Booked", compute="_compute_step", compute_sudo=True
    )
    step = fields.Selection(
        [
            ("answer", "Confirm or refuse"),
            ("wait", "Wait"),
            ("book", "Book it"),
            ("none", "Nothing"),
        ],
        string="What now",
        compute="_compute_step",
        compute_sudo=True,
    )

    _bill_unique = models.UniqueIndex("(registration_id, environment, bill_uuid)")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("document_id.link_ids.move_id")
    def _compute_move_id(self):
        for request in self:
            request.move_id = request.sudo().document_id.link_ids[:1].move_id

    @api.depends("amount_untaxed", "amount_tax")
    def _compute_amount_total(self):
        for request in self:
            request.amount_total = request.amount_untaxed + request.amount_tax

    @api.depends("lines", "currency_id")
    @api.depends_context("lang")
    def _compute_lines_text(self):
        for request in self:
            request.lines_text = "\n".join(
                self.env._(
                    "%(name)s: %(amount)s",
                    name=" × ".join(filter(None, (line["name"], line["quantity"]))),
                    amount=format_amount(
                        self.env,
                        float(line["net"]) + float(line["tax"]),
                        request.currency_id,
                    ),
                )
                for line in request.lines or ()
            )

    @api.depends("state", "expires_at")
    @api.depends_context("lang")
    def _compute_time_left(self):
        now = fields.Datetime.now()
        for request in self:
            left = request.state == FOR_US and request.expires_at
            if not left:
                request.time_left = False
                continue
            hours = max((left - now).total_seconds(), 0) / 3600
            request.time_left = self.env._("%s h", int(hours))

    @api.depends("state", "answer", "credit_note_ids.state")
    def _compute_step(self):
        for request in self:
            booked = request.is_booked = bool(request._booking())
            if request.state == FOR_US:
                request.step = "wait" if request.answer else "answer"
            elif request.state in AGREED and not booked:
                request.step = "book"
            else:
                request.step = "none"

    def _booking(self):
        """Return the credit note that books it."""
        self.ensure_one()
        return self.sudo().credit_note_ids.filtered(lambda m: m.state != "cancel")[:1]

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_confirm(self):
        """Agree to the red letter.

        :raise UserError: it waits for us no more
        """
        for request in self:
            request._ask_to_answer("agree")
        return True

    def action_refuse(self):
        """Ask why, and refuse the red letter."""
        self.ensure_one()
        self._require_user()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Refuse the red letter"),
            "res_model": "ereceipt.cn.red.refusal",
            "view_mode": "form",
            "target": "new",
            "context": {"default_request_id": self.id},
        }

    def action_fetch(self):
        """Fetch now what buyers have asked for, not only every half hour."""
        self._require_user()
        registrations = self.env["ereceipt.registration"].search(
            [
                ("authority", "=", AUTHORITY),
                ("company_id", "parent_of", self.env.companies.ids),
            ]
        )
        errors = self.sudo()._fetch(registrations.sudo())
        return told_errors(self.env, errors, self.env._("The tax bureau was asked."))

    def action_open_move(self):
        """Open the invoice that is taken back."""
        self.ensure_one()
        self.check_access("read")
        if not self.move_id:
            raise UserError(
                self.env._("No invoice was found for %s.", self.blue_number)
            )
        return self.move_id._get_records_action()

    # -------------------------------------------------------------------------
    # BUSINESS METHODS: ANSWERING
    # -------------------------------------------------------------------------

    def _require_user(self):
        """Raise unless the person may issue documents.

        :raise AccessError: he may not
        """
        self.check_access("read")
        group = "account_ereceipt.group_ereceipt_user"
        if not self.env.su and not self.env.user.has_group(group):
            raise AccessError(
                self.env._("Red letters are answered by those who issue fapiao.")
            )

    def _ask_to_answer(self, answer, reason=False):
        """Have the bureau told of an answer.

        :param str answer: ``agree`` or ``refuse``
        :raise UserError: it waits for us no more, or was answered already
        """
        self.ensure_one()
        self._require_user()
        why_not = self._why_not_answered()
        if why_not:
            raise UserError(why_not)
        self.sudo().write(
            {
                "answer": answer,
                "answer_reason": reason,
                "answered_by_id": self.env.uid,
                "answer_at": fields.Datetime.now(),
                "answer_tries": 0,
                "last_error": False,
            }
        )
        self.env["ereceipt.alert"].sudo()._clear(self, CAUSE)
        self.env.ref(CRON).sudo()._trigger()

    def _why_not_answered(self):
        """Return why it cannot be answered (any more), or False."""
        if self.state != FOR_US:
            return self.env._(
                "The red letter on %(blue)s waits for nobody here; it is: %(state)s.",
                blue=self.blue_number,
                state=self._state_label(),
            )
        if self.answer:
            return self.env._(
                "%(who)s has answered for %(blue)s already: %(answer)s. The bureau is "
                "being told.",
                who=self.answered_by_id.name,
                blue=self.blue_number,
                answer=dict(self._fields["answer"]._description_selection(self.env))[
                    self.answer
                ],
            )
        if self.expires_at and self.expires_at <= fields.Datetime.now():
            return self.env._(
                "The 72 hours for %(blue)s passed at %(time)s. The buyer has to ask "
                "anew.",
                blue=self.blue_number,
                time=fields.Datetime.context_timestamp(self, self.expires_at).strftime(
                    "%Y-%m-%d %H:%M"
                ),
            )
        return False

    def _state_label(self):
        return dict(self._fields["state"]._description_selection(self.env))[self.state]

    # -------------------------------------------------------------------------
    # SCHEDULED JOB
    # -------------------------------------------------------------------------

    @api.model
    def _cron_run(self):
        """Entry point of the job: tell the bureau what was answered, and fetch what
        buyers ask for. Each answer is claimed and committed before its call."""
        deadline = self.env.context.get("cron_end_time") or time.monotonic() + 60
        outbox = self.env["ereceipt.outbox"]
        requests = claimed = self.sudo()
        while time.monotonic() < deadline:
            claimed = outbox._apart(requests._claim_answer)
            if not claimed:
                break
            found, error = claimed._tell_answer()
            outbox._attempt(lambda c=claimed, f=found, e=error: c._settle_answer(f, e))
        outbox._attempt(requests._fetch_due, 1)
        outbox._commit(remaining=len(claimed))

    @api.model
    def _claim_answer(self):
        """Claim one answer of which the bureau has to be told."""
        self.env.flush_all()
        now = fields.Datetime.now()
        rows = self.env.execute_query(
            SQL(
                "SELECT q.id FROM ereceipt_cn_red_request q "
                "JOIN ereceipt_registration r ON r.id = q.registration_id "
                "WHERE q.answer_at <= %(now)s AND r.active "
                "AND r.environment = q.environment AND r.database_uuid = %(here)s "
                "AND (r.breaker_open_until IS NULL OR r.breaker_open_until <= %(now)s) "
                "ORDER BY q.answer_at, q.id LIMIT 1 FOR NO KEY UPDATE OF q SKIP LOCKED",
                now=now,
                here=self.env["ereceipt.registration"]._database_uuid(),
            )
        )
        claimed = self.browse(row[0] for row in rows)
        for request in claimed:
            request.write(
                {"answer_at": now + LEASE, "answer_tries": request.answer_tries + 1}
            )
        return claimed

    def _tell_answer(self):
        """Tell the bureau of the answer.

        :return: the request as it stands then and None, or None and the error
        """
        self.ensure_one()
        agree = self.answer == "agree"
        try:
            with self.registration_id._calling() as authority:
                letters = authority.red_letters()
                reason = self.answer_reason or ""
                return letters.answer(self.bill_uuid, agree, reason), None
        except FiscalError as error:
            return None, error

    def _settle_answer(self, found, error):
        """Write what came of telling the bureau."""
        if found:
            self._take(self.registration_id, [found], {})
            if self.state == FOR_US and self.answer:
                # taken up and not decided: it is looked at with the others
                self.answer_at = False
            return
        text = self.env["ereceipt.document"]._error_text
        message = text(error, self.answered_by_id)
        if isinstance(error, AuthorityError) and not isinstance(error, AmbiguousError):
            self._not_answered(message)
            return
        delay = Backoff().delay(self.answer_tries, getattr(error, "retry_after", None))
        again = fields.Datetime.now() + timedelta(seconds=delay)
        self.write({"answer_at": again, "last_error": message})

    def _not_answered(self, message):
        """The bureau did not take the answer: somebody has to look again."""
        self.write({"answer": False, "answer_at": False, "last_error": message})
        self._call_for(_lt("The tax bureau did not take the answer"), message)

    def _call_for(self, summary, note):
        """Have the responsible look at it."""
        device = self.document_id.device_id
        user = device and device._cn_nuonuo_clerk_user()
        deadline = self.expires_at if self.state == FOR_US else None
        self.env["ereceipt.alert"]._raise(
            self,
            CAUSE,
            summary,
            note,
            user=user or self.registration_id.responsible_id,
            deadline=deadline and deadline.date(),
        )
