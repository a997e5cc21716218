from datetime import timezone
from decimal import Decimal

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..fiscal.contract import Listed, Status
from ..fiscal.reconciling import REMEDIES, WHATEVER_STATE, Kind

CREATED_AT_ONCE = 500

_SAME = """
    n.registration_id = e.registration_id
    AND n.kind = e.kind
    AND n.document_id IS NOT DISTINCT FROM e.document_id
    AND n.uid_there IS NOT DISTINCT FROM e.uid_there
    AND n.amount_there IS NOT DISTINCT FROM e.amount_there
    AND n.date_there IS NOT DISTINCT FROM e.date_there
    AND n.party_there IS NOT DISTINCT FROM e.party_there
    AND (
        n.kind = ANY(%(whatever_state)s)
        OR (
            n.state_here IS NOT DISTINCT FROM e.state_here
            AND n.status_there IS NOT DISTINCT FROM e.status_there
        )
    )
"""
"""What makes a new line (n) the same difference as an earlier one (e)."""

_EXPLAIN_AGAIN = """
    UPDATE ereceipt_reconciliation_line n
       SET state = 'explained', remedy = 'explain', note = e.note,
           remedied_by_id = e.remedied_by_id, remedied_at = e.remedied_at
      FROM ereceipt_reconciliation_line e
     WHERE n.reconciliation_id = %(this)s
       AND n.state = 'open'
       AND e.reconciliation_id != %(this)s
       AND e.state = 'explained'
       AND %(same)s
"""

_CLOSE = """
    UPDATE ereceipt_reconciliation_line e
       SET state = 'done',
           note = CASE WHEN EXISTS (
               SELECT 1 FROM ereceipt_reconciliation_line n
                WHERE n.reconciliation_id = %(this)s
                  AND n.kind = e.kind
                  AND n.document_id IS NOT DISTINCT FROM e.document_id
                  AND n.uid_there IS NOT DISTINCT FROM e.uid_there
           ) THEN %(again)s ELSE %(gone)s END
      FROM ereceipt_reconciliation r
     WHERE r.id = e.reconciliation_id
       AND r.id < %(this)s
       AND r.environment = %(environment)s
       AND e.registration_id = %(registration)s
       AND e.state IN ('open', 'begun')
       AND e.issued_on >= %(start)s
       AND e.issued_on < %(end)s
"""


class EreceiptReconciliationLine(models.Model):
    """One difference between our books and an authority's.

    Its life: a reconciliation finds it (*open*). Somebody chooses a remedy: what is
    done at once ends it (*done*), what the jobs carry out has *begun*, and ends when
    the next reconciliation does not find it any more. What has to stay as it is is
    *explained* with a reason, and the same difference is explained in the next
    reconciliation as well. Lines are made and written by the program only.
    """

    _name = "ereceipt.reconciliation.line"
    _description = "Difference from a tax authority's books"
    _order = "reconciliation_id desc, kind, id"
    _rec_name = "number"

    reconciliation_id = fields.Many2one(
        "ereceipt.reconciliation",
        required=True,
        readonly=True,
        ondelete="restrict",
        index=True,
    )
    registration_id = fields.Many2one(
        "ereceipt.registration", required=True, readonly=True, ondelete="restrict"
    )
    device_id = fields.Many2one("ereceipt.device", readonly=True, ondelete="restrict")
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    kind = fields.Selection(
        selection="_selection_kind", string="Difference", required=True, readonly=True
    )
    explanation = fields.Char(string="What it means", compute="_compute_explanation")
    is_left = fields.Boolean(
        string="Without counterpart",
        readonly=True,
        help="The other side has nothing that goes with it.",
    )

    # --- which document ---
    document_id = fields.Many2one(
        "ereceipt.document",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    move_id = fields.Many2one(
        "account.move",
        string="Invoice",
        readonly=True,
        ondelete="set null",
        index="btree_not_null",
    )
    number = fields.Char(readonly=True)
    uid = fields.Char(string="Identifier", compute="_compute_uid")
    issued_on = fields.Datetime(
        string="Issued",
        readonly=True,
        help="By us, or by the authority where we do not have it.",
    )

    # --- here and there ---
    currency_id = fields.Many2one("res.currency", readonly=True)
    uid_here = fields.Char(string="Identifier here", readonly=True)
    uid_there = fields.Char(string="Identifier there", readonly=True)
    number_here = fields.Char(string="Number here", readonly=True)
    number_there = fields.Char(string="Number there", readonly=True)
    # as exact as they came: an authority may know more decimals than the currency;
    # sums over currencies say nothing
    amount_here = fields.Float(
        string="Total here", digits=(16, 5), readonly=True, aggregator=None
    )
    amount_there = fields.Float(
        string="Total there", digits=(16, 5), readonly=True, aggregator=None
    )
    is_total_here = fields.Boolean(
        string="Has a total here", compute="_compute_is_total"
    )
    is_total_there = fields.Boolean(
        string="Has a total there", compute="_compute_is_total"
    )
    date_here = fields.Datetime(string="Issued here", readonly=True)
    date_there = fields.Datetime(string="Issued there", readonly=True)
    party_here = fields.Char(string="Buyer here", readonly=True)
    party_there = fields.Char(string="Buyer there", readonly=True)
    serial_here = fields.Char(string="Device here", readonly=True)
    serial_there = fields.Char(string="Device there", readonly=True)
    state_here = fields.Selection(
        selection=lambda self: self.env["ereceipt.document"]._selection_state(),
        string="State here",
        readonly=True,
    )
    status_there = fields.Selection(
        selection="_selection_status", string="State there", readonly=True
    )
    told_there = fields.Json(
        readonly=True,
        help="What else the authority's list says: its further identifiers (ids), the "
        "total as it stands there (total).",
    )

    # --- what is done about it ---
    state = fields.Selection(
        [
            ("open", "Still open"),
            ("begun", "Being remedied"),
            ("done", "Done"),
            ("explained", "Explained"),
        ],
        string="Remedy",
        required=True,
        default="open",
        readonly=True,
    )
    remedy = fields.Selection(
        [
            ("ask", "Asked again"),
            ("resend", "Sent again"),
            ("take", "Authority's answer taken"),
            ("adopt", "Adopted"),
            ("explain", "Explained"),
        ],
        string="What was done",
        readonly=True,
    )
    remedied_by_id = fields.Many2one("res.users", string="Done by", readonly=True)
    remedied_at = fields.Datetime(string="Done at", readonly=True)
    note = fields.Char(string="Remark", readonly=True)
    can_ask = fields.Boolean(compute="_compute_remedies")
    can_resend = fields.Boolean(compute="_compute_remedies")
    can_take = fields.Boolean(compute="_compute_remedies")
    can_adopt = fields.Boolean(compute="_compute_remedies")

    _open_index = models.Index("(registration_id) WHERE state IN ('open', 'begun')")
    _explained_index = models.Index("(registration_id) WHERE state = 'explained'")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("uid_here", "uid_there")
    def _compute_uid(self):
        for line in self:
            line.uid = line.uid_here or line.uid_there

    @api.depends("amount_here", "state_here", "reconciliation_id.way", "told_there")
    def _compute_is_total(self):
        """Tell a total of nothing from no total at all."""
        for line in self:
            compared = line.state_here and line.reconciliation_id.way == "list"
            line.is_total_here = bool(line.amount_here or compared)
            line.is_total_there = bool((line.told_there or {}).get("total"))

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_explanation(self):
        sentences = self._explanations()
        for line in self:
            line.explanation = sentences[Kind(line.kind)]

    @api.depends("kind", "state")
    def _compute_remedies(self):
        for line in self:
            remedies = REMEDIES[Kind(line.kind)] if line.state == "open" else ()
            line.can_ask = "ask" in remedies and bool(line.document_id)
            line.can_resend = "resend" in remedies and bool(line.document_id)
            line.can_take = "take" in remedies and bool(line.document_id)
            line.can_adopt = "adopt" in remedies and line.reconciliation_id._adopts()

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.ondelete(at_uninstall=False)
    def _unlink_except_settled(self):
        if not self.env.su or not self.env.context.get("ereceipt_brought_together"):
            raise UserError(self.env._("What was found is kept."))

    def _forget(self):
        """Remove what turned out to be no difference, or another one, before the
        reconciliation is done."""
        self.with_context(ereceipt_brought_together=True).unlink()

    # -------------------------------------------------------------------------
    # KEEPING
    # -------------------------------------------------------------------------

    @api.model
    def _keep(self, reconciliation, device, findings):
        """Keep findings as lines, some hundreds at a time."""
        batch = []
        for finding in findings:
            batch.append(finding)
            if len(batch) >= CREATED_AT_ONCE:
                self._keep_batch(reconciliation, device, batch)
                batch = []
        if batch:
            self._keep_batch(reconciliation, device, batch)

    def _keep_batch(self, reconciliation, device, findings):
        keys = [finding.ours.key for finding in findings if finding.ours]
        documents = self.env["ereceipt.document"].sudo().browse(keys)
        documents._load_links()
        registration = reconciliation.registration_id.sudo()
        home = registration.company_id
        values_list = []
        for finding in findings:
            key = finding.ours.key if finding.ours else False
            document = documents.browse(key).with_prefetch(documents.ids)
            currency = registration._hook(
                "listed_currency", document.currency_id, document
            )
            values_list.append(
                {
                    "reconciliation_id": reconciliation.id,
                    "registration_id": registration.id,
                    "company_id": (document.company_id or device.company_id or home).id,
                    "device_id": (document.device_id or device).id,
                    "document_id": document.id,
                    "move_id": document.link_ids[:1].move_id.id,
                    "currency_id": (currency or home.currency_id).id,
                    "kind": finding.kind.value,
                    "is_left": finding.left,
                    **_here(finding.ours),
                    **_there(finding.theirs),
                }
            )
        for values in values_list:
            values["number"] = values["number_here"] or values["number_there"]
            values["issued_on"] = values["date_here"] or values["date_there"]
        self.create(values_list)

    def _listed(self):
        """Return the authority's document that the line names."""
        self.ensure_one()
        moment, told = self.date_there, self.told_there or {}
        return Listed(
            uid=self.uid_there or "",
            number=self.number_there or "",
            status=Status(self.status_there),
            issued_at=moment and moment.replace(tzinfo=timezone.utc) or None,
            total=Decimal(told["total"]) if told.get("total") else None,
            buyer_id=self.party_there or "",
            device_serial=self.serial_there or "",
            authority_ids=told.get("ids", {}),
        )

    @api.model
    def _close_earlier(self, reconciliation):
        """Settle the open differences of earlier reconciliations that this one looked
        at again, and explain again what somebody has explained."""
        self.env.flush_all()
        start, end = reconciliation._bounds()
        given = {
            "same": SQL(_SAME, whatever_state=[kind.value for kind in WHATEVER_STATE]),
            "this": reconciliation.id,
            "registration": reconciliation.registration_id.id,
            "environment": reconciliation.environment,
            "start": start,
            "end": end,
            "now": fields.Datetime.now(),
            "gone": self.env._("Not found any more."),
            "again": self.env._("Found again, see the later reconciliation."),
        }
        self.env.cr.execute(SQL(_EXPLAIN_AGAIN, **given))
        self.env.cr.execute(SQL(_CLOSE, **given))
        self.env.invalidate_all()

    # -------------------------------------------------------------------------
    # ACTION METHODS: OPENING
    # -------------------------------------------------------------------------

    def action_open_document(self):
        """Open our document."""
        self.ensure_one()
        self.check_access("read")
        if not self.document_id:
            raise UserError(self.env._("We have no document for %s.", self.number))
        return self.document_id._get_records_action()

    def action_open_move(self):
        """Open the invoice."""
        self.ensure_one()
        self.check_access("read")
        if not self.move_id:
            raise UserError(self.env._("There is no invoice for %s.", self.number))
        return self.move_id._get_records_action()

    def action_explain(self):
        """Open the wizard that asks for the reason."""
        self.reconciliation_id._require("user")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Why it stays as it is"),
            "res_model": "ereceipt.explanation",
            "view_mode": "form",
            "target": "new",
            "context": {"default_line_ids": [fields.Command.set(self.ids)]},
        }

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _selection_kind(self):
        labels = self._kind_labels()
        return [(kind.value, labels[kind]) for kind in Kind]

    @api.model
    def _selection_status(self):
        labels = {
            Status.ACCEPTED: self.env._("Received"),
            Status.PENDING: self.env._("Being validated"),
            Status.VALID: self.env._("Valid"),
            Status.INVALID: self.env._("Refused"),
            Status.CANCELLING: self.env._("Being cancelled"),
            Status.CANCELLED: self.env._("Cancelled"),
            Status.REJECTED: self.env._("Rejected by the buyer"),
            Status.DUPLICATE: self.env._("Twice"),
            Status.ABSENT: self.env._("Not there"),
            Status.UNKNOWN: self.env._("Not clear"),
            Status.DEFERRED: self.env._("Not answered"),
        }
        return [(status.value, labels[status]) for status in Status]


def _here(held):
    if held is None:
        return dict.fromkeys(_NAMES_HERE, False)
    return {
        "uid_here": held.uid or False,
        "number_here": held.number or False,
        "amount_here": float(held.total) if held.total is not None else False,
        "date_here": _naive(held.issued_at),
        "party_here": held.buyer_id or False,
        "serial_here": held.device_serial or False,
        "state_here": held.state,
    }


def _there(listed):
    if listed is None:
        return dict.fromkeys(_NAMES_THERE, False)
    total = listed.total
    return {
        "uid_there": listed.uid,
        "number_there": listed.number or False,
        "amount_there": float(total) if total is not None else False,
        "date_there": _naive(listed.issued_at),
        "party_there": listed.buyer_id or False,
        "serial_there": listed.device_serial or False,
        "status_there": listed.status.value,
        "told_there": {
            "ids": dict(listed.authority_ids),
            "total": str(total) if total is not None else None,
        },
    }


_NAMES_HERE = (
    "uid_here",
    "number_here",
    "amount_here",
    "date_here",
    "party_here",
    "serial_here",
    "state_here",
)
_NAMES_THERE = (
    "uid_there",
    "number_there",
    "amount_there",
    "date_there",
    "party_there",
    "serial_there",
    "status_there",
    "told_there",
)


def _naive(moment):
    if moment is None:
        return False
    return moment.astimezone(timezone.utc).replace(tzinfo=None, microsecond=0)
