from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle
from .ereceipt_request import UNDECIDED
from .ereceipt_what_now import STEPS, Step

_lt = LazyTranslate(__name__)

STEPS["waiting_approval"] = Step(
    "warning", "action_ereceipt_request", _lt("Open the request")
)

READERS = (
    "account_ereceipt.group_ereceipt_requester,account_ereceipt.group_ereceipt_reader"
)


class AccountMove(models.Model):
    """Invoices that somebody asks to have issued: they wait until it is decided, and
    bear the title that was granted."""

    _inherit = "account.move"

    ereceipt_request_ids = fields.One2many(
        "ereceipt.request",
        "move_id",
        string="Requests to issue it",
        copy=False,
        readonly=True,
        groups=READERS,
    )
    ereceipt_request_count = fields.Integer(
        string="Number of requests",
        compute="_compute_ereceipt_request_count",
        groups=READERS,
    )
    ereceipt_requestable = fields.Boolean(
        string="May be asked for",
        compute="_compute_ereceipt_requestable",
        groups=READERS,
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("ereceipt_request_ids")
    def _compute_ereceipt_request_count(self):
        for move in self:
            move.ereceipt_request_count = len(move.sudo().ereceipt_request_ids)

    @api.depends("state", "ereceipt_device_id", "ereceipt_state")
    def _compute_ereceipt_requestable(self):
        for move in self:
            move.ereceipt_requestable = not move.sudo()._ereceipt_why_no_request()

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_ereceipt_request(self):
        """Open the request that is to be decided, or a new one."""
        self.ensure_one()
        self.check_access("read")
        requests = self.env["ereceipt.request"]
        undecided = requests.search(
            [("move_id", "=", self.id), ("state", "in", UNDECIDED)], limit=1
        )
        if undecided:
            return undecided._get_records_action()
        self.sudo()._ereceipt_refuse_request()
        return {
            **requests._get_records_action(name=self.env._("Ask for it")),
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {"default_move_id": self.id},
        }

    def action_ereceipt_open_requests(self):
        """Open every request for the invoices."""
        self.check_access("read")
        requests = self.env["ereceipt.request"].search([("move_id", "in", self.ids)])
        return requests._get_records_action(name=self.env._("Requests"))

    # -------------------------------------------------------------------------
    # WHAT MAY BE ASKED
    # -------------------------------------------------------------------------

    def _ereceipt_refuse_request(self):
        """Raise where nothing can be asked for.

        :raise UserError: says why, invoice by invoice
        """
        reasons = [move._ereceipt_why_no_request() for move in self]
        if any(reasons):
            raise UserError("\n".join(filter(None, reasons)))

    def _ereceipt_why_no_request(self):
        """Return why nobody can ask for this invoice, False if he can.

        Note: self is in sudo.
        """
        self.ensure_one()
        if self.move_type not in ("out_invoice", "out_receipt"):
            return self.env._("Only what is sold can be asked for.")
        if self.state == "cancel":
            return self.env._("%s is cancelled.", self.display_name)
        if not self.ereceipt_device_id:
            return self.env._("%s is not issued to a tax authority.", self.display_name)
        return self._ereceipt_why_title_stands()

    def _ereceipt_why_title_stands(self):
        """Return why the title cannot change any more, False if it can: it stands on a
        document that was not refused, or that cannot be corrected any more.

        Note: self is in sudo.
        """
        document = self.ereceipt_document_id
        refused = document.state in lifecycle.REFUSED and document._correction_open()
        if (
            not document.content_sha256
            or refused
            or document.state in (lifecycle.SUPERSEDED, lifecycle.WITHDRAWN)
            or document.environment != document.registration_id.environment
        ):
            return False
        states = dict(document._fields["state"]._description_selection(self.env))
        return self.env._(
            "%(invoice)s is issued already as %(number)s (%(state)s): its title cannot "
            "be changed any more.",
            invoice=self.name,
            number=document.authority_uid or document.name,
            state=states[document.state],
        )

    # -------------------------------------------------------------------------
    # ISSUING
    # -------------------------------------------------------------------------

    def _ereceipt_hold_reason(self):
        # EXTENDS: what was asked for waits until that is decided
        if self._ereceipt_awaits_decision():
            return "approval"
        return super()._ereceipt_hold_reason()

    def _ereceipt_awaits_decision(self):
        """Hook: whether somebody has to decide before it is issued, for which no other
        person's word stands."""
        return self._ereceipt_awaits_grant()

    def _ereceipt_awaits_grant(self):
        """Whether somebody has to decide before it is issued. What takes a sale back
        does not wait for it."""
        self.ensure_one()
        if self.move_type == "out_refund":
            return False
        states = set(self.sudo().ereceipt_request_ids.mapped("state"))
        if states.intersection(UNDECIDED):
            return True
        moment = self.sudo().ereceipt_device_id.issue_moment
        return moment == "request" and "granted" not in states

    def _ereceipt_issue(self, *, at_posting=False, by_person=False, raising=True):
        # EXTENDS: a person's word does not stand for a grant
        unasked = self.browse()
        if by_person:
            unasked = self.filtered(lambda move: move._ereceipt_awaits_decision())
            super(AccountMove, unasked)._ereceipt_issue(
                at_posting=at_posting, raising=raising
            )
        return super(AccountMove, self - unasked)._ereceipt_issue(
            at_posting=at_posting, by_person=by_person, raising=raising
        )

    def _ereceipt_issue_by_person(self):
        # EXTENDS: leads to the decision that is wanted first
        unasked = self.filtered(lambda move: move._ereceipt_awaits_grant())
        if not unasked:
            return super()._ereceipt_issue_by_person()
        if len(self) == 1:
            return self.action_ereceipt_request()
        others = self - unasked
        if others:
            return super(AccountMove, others)._ereceipt_issue_by_person()
        raise UserError(
            self.env._(
                "These are issued when a request for each is granted: %s.",
                ", ".join(unasked.mapped("name")),
            )
        )

    def _ereceipt_granted_requests(self):
        """Return the request of each invoice whose title counts, in sudo: the last one
        that was granted."""
        requests = self.env["ereceipt.request"].sudo()
        for move in self.sudo():
            granted = move.ereceipt_request_ids.filtered(
                lambda request: request.state == "granted"
            )
            requests |= granted.sorted("id")[-1:]
        return requests

    def _ereceipt_snapshot(self, desk, amounts, paid, original, issued_at):
        # EXTENDS: with the title that was granted; a return has that of its sale
        receipt = super()._ereceipt_snapshot(desk, amounts, paid, original, issued_at)
        if self.move_type == "out_refund":
            return receipt
        request = self._ereceipt_granted_requests()
        return request._applied(receipt) if request else receipt


class EreceiptDevice(models.Model):
    """Whether what is issued on a device has to be asked for, and by whom."""

    _inherit = "ereceipt.device"

    issue_moment = fields.Selection(
        selection_add=[("request", "When a request for it is granted")],
        ondelete={"request": "set default"},
    )
    request_grant = fields.Selection(
        [
            ("person", "By a person who may issue"),
            ("checked", "At once, if the checks find nothing"),
        ],
        string="Requests are granted",
        required=True,
        default="person",
        tracking=True,
    )
    request_two_persons = fields.Boolean(
        string="Two persons",
        tracking=True,
        help="Nobody grants what he has asked for himself.",
    )
    request_by_customer = fields.Boolean(
        string="Customers give their title",
        tracking=True,
        help="Customers see a form on the page of their invoice, where they fill in "
        "the title that they want.",
    )
    request_updates_contact = fields.Boolean(
        string="Update the contact",
        tracking=True,
        help="What is granted is taken over to the contact by itself, but for bank "
        "accounts. Otherwise a person does so.",
    )


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    @api.depends("link_ids.move_id.ereceipt_request_ids.state")
    def _compute_what_now(self):
        # EXTENDS: what else it follows from
        return super()._compute_what_now()

    def _say_waiting_approval(self):
        # OVERRIDE: whether it was asked for, and what then
        states = self.link_ids.move_id.ereceipt_request_ids.mapped("state")
        if "asked" in states:
            return self.env._("It is issued when the request for it is granted.")
        if "returned" in states:
            return self.env._(
                "The request for it was sent back: it is issued when that was mended "
                "and is granted."
            )
        return self.env._("It is issued when somebody asks for it and it is granted.")
