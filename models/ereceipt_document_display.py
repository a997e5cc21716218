import base64
from datetime import timedelta
from mimetypes import guess_extension

from odoo import api, fields, models
from odoo.fields import Domain

from ..fiscal import authority_classes, codes_owner, lifecycle
from .ereceipt_qr import qr_png
from .ereceipt_readable import NO_WORDS, pretty, tables

SOON = timedelta(hours=3)
ARRIVING = (lifecycle.OPEN - {lifecycle.SUBMITTED, lifecycle.CANCELLING}) | {
    lifecycle.TO_SIGN,
    lifecycle.LATE,
}
"""States in which the document has to get there before its deadline."""


class EreceiptDocument(models.Model):
    """What a person sees of a document beyond its columns: the time that is left, the
    QR code, the content laid out."""

    _inherit = "ereceipt.document"

    needs_person = fields.Boolean(
        string="Needs a person",
        compute="_compute_needs_person",
        search="_search_needs_person",
        help="Nothing happens by itself: somebody has to do something.",
    )
    on_the_way = fields.Boolean(
        string="On the way",
        compute="_compute_on_the_way",
        search="_search_on_the_way",
        help="It gets on by itself: it is signed, sent, or decided by the authority.",
    )
    is_held_back = fields.Boolean(
        string="Held back",
        compute="_compute_is_held_back",
        search="_search_is_held_back",
        help="Calls to the authority are held back, because they failed or because "
        "this is not the database that sends.",
    )
    closes_at = fields.Datetime(
        string="Window closes",
        compute="_compute_deadline_text",
        search="_search_closes_at",
        help="The deadline of what has to be done now: that the document gets to the "
        "authority, or that it is corrected once it was refused.",
    )
    deadline_text = fields.Char(string="Time left", compute="_compute_deadline_text")
    deadline_level = fields.Selection(
        [("none", "None"), ("far", "Enough"), ("soon", "Little"), ("over", "Over")],
        string="Time left is",
        compute="_compute_deadline_text",
    )
    qr_image = fields.Binary(string="QR code", compute="_compute_qr_image")
    qr_is_link = fields.Boolean(string="QR text is a link", compute="_compute_qr_image")
    document_type_text = fields.Char(
        string="Type, in words", compute="_compute_document_type_text"
    )
    content_readable = fields.Html(
        string="Content", compute="_compute_content_shown", sanitize=False
    )
    content_pretty = fields.Text(
        string="Content, indented", compute="_compute_content_shown"
    )
    content_file = fields.Binary(string="As it was frozen", compute="_compute_file")
    content_file_name = fields.Char(string="Name of the file", compute="_compute_file")
    exchange_count = fields.Integer(
        string="Number of calls", compute="_compute_exchange_count"
    )
    original_id = fields.Many2one(
        "ereceipt.document",
        string="Refers to",
        compute="_compute_original_id",
        help="The document of the sale that this one takes back or changes.",
    )
    predecessor_id = fields.Many2one(
        "ereceipt.document", string="Before it", compute="_compute_neighbours"
    )
    successor_id = fields.Many2one(
        "ereceipt.document", string="After it", compute="_compute_neighbours"
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("state", "waiting_reason", "link_ids.move_id.state")
    def _compute_needs_person(self):
        asking = self.filtered_domain(self._domain_needs_person())
        asking.needs_person = True
        (self - asking).needs_person = False

    def _search_needs_person(self, operator, value):
        if operator != "in":
            return NotImplemented
        asking = self._domain_needs_person()
        return asking if True in value else ~asking

    @api.depends("state", "waiting_reason")
    def _compute_on_the_way(self):
        moving = self.filtered_domain(self._domain_on_the_way())
        moving.on_the_way = True
        (self - moving).on_the_way = False

    def _search_on_the_way(self, operator, value):
        if operator != "in":
            return NotImplemented
        moving = self._domain_on_the_way()
        return moving if True in value else ~moving

    @api.depends("registration_id", "device_id", "state")
    def _compute_is_held_back(self):
        now = fields.Datetime.now()
        for document in self:
            registration = document.registration_id
            document.is_held_back = document.state in lifecycle.OPEN and (
                registration.is_foreign_database
                or not registration.active
                or registration.environment != document.environment
                or any(
                    owner.breaker_open_until and owner.breaker_open_until > now
                    for owner in (registration, document.device_id)
                )
            )

    def _search_is_held_back(self, operator, value):
        if operator != "in":
            return NotImplemented
        now = fields.Datetime.now()
        here = self.env["ereceipt.registration"]._database_uuid()
        held = Domain("state", "in", list(lifecycle.OPEN)) & Domain.OR(
            [
                Domain("registration_id.database_uuid", "!=", here),
                Domain("registration_id.active", "=", False),
                Domain("registration_id.breaker_open_until", ">", now),
                Domain("device_id.breaker_open_until", ">", now),
            ]
        )
        return held if True in value else ~held

    @api.depends("deadline_at", "report_by", "issued_at", "state", "late_reference")
    @api.depends_context("lang")
    def _compute_deadline_text(self):
        now = fields.Datetime.now()
        for document in self:
            document.deadline_text = False
            document.deadline_level = "none"
            document.closes_at = document._closes_at()
            if not document.closes_at:
                continue
            left = document.closes_at - now
            text = self.env["ereceipt.outbox"]._duration_text(abs(left.total_seconds()))
            if document.late_reference and document.state in ARRIVING:
                document.deadline_text = self.env._("Extended by the authority")
                document.deadline_level = "far"
            elif left <= timedelta():
                document.deadline_text = self.env._("Over for %s", text)
                document.deadline_level = "over"
            else:
                document.deadline_text = self.env._("%s left", text)
                document.deadline_level = "soon" if left < SOON else "far"

    def _closes_at(self):
        """Return when the window closes that counts in the present state, or False."""
        self.ensure_one()
        if self.state in lifecycle.REFUSED:
            return self._correction_closes_at()
        if self.state not in ARRIVING:
            return False
        return self.report_by or self.deadline_at

    def _search_closes_at(self, operator, value):
        if operator not in ("<", "<=", ">", ">="):
            return NotImplemented
        value = fields.Datetime.to_datetime(value)
        arriving = Domain("state", "in", list(ARRIVING))
        domains = [
            arriving & Domain("report_by", operator, value),
            arriving
            & Domain("report_by", "=", False)
            & Domain("deadline_at", operator, value),
        ]
        for code, authority in authority_classes().items():
            window = authority.limits.correction_window
            if window:
                refused = Domain("state", "in", list(lifecycle.REFUSED))
                refused &= Domain("authority", "=", code)
                first = Domain("replaces_id", "=", False)
                since = Domain("issued_at", operator, value - window)
                # a correction was issued with the window of what it corrects
                until = Domain("deadline_at", operator, value)
                domains += [refused & first & since, refused & ~first & until]
        return Domain.OR(domains)

    @api.depends("qr", "qr_answered")
    def _compute_qr_image(self):
        for document in self:
            qr = document._qr_now()
            document.qr_image = base64.b64encode(qr_png(qr)) if qr else False
            document.qr_is_link = qr.startswith("https://")

    @api.depends("document_type", "kind", "authority")
    @api.depends_context("lang")
    def _compute_document_type_text(self):
        codes = self.env["ereceipt.code"].sudo().with_context(active_test=False)
        for document in self:
            code, table = document._type_shown()
            found = codes
            if code and table:
                own = ("authority", "=", codes_owner(document.authority))
                found = codes.search([own, ("code", "=", code), *table], limit=1)
            document.document_type_text = found.display_name or code

    def _type_shown(self):
        """Return the code as which its authority has the document, and the domain of
        the table that it belongs to."""
        registration = self.registration_id.sudo()
        offered = registration._hook("device_tables", {}).get("document_type", [])
        # of its table, whether or not a device may choose it
        table = [leaf for leaf in offered if leaf[0] == "kind"]
        code = self.document_type
        return registration._hook("type_shown", (code, table), self)

    @api.depends("content", "media_type")
    @api.depends_context("lang")
    def _compute_content_shown(self):
        for document in self:
            media_type = document.media_type or ""
            words = document.registration_id.sudo()._hook("content_words", NO_WORDS)
            document.content_readable = tables(document.content, media_type, words)
            document.content_pretty = pretty(document.content, media_type)

    @api.depends("content", "media_type", "name")
    def _compute_file(self):
        """Offer the frozen bytes as a file, for checks outside of Odoo."""
        for document in self:
            content = document.content or ""
            kind = (document.media_type or "").partition(";")[0]
            name = (document.name or document.authority_uid or "").replace("/", "_")
            document.content_file = base64.b64encode(content.encode()) or False
            document.content_file_name = f"{name}{guess_extension(kind) or '.txt'}"

    @api.depends("exchange_ids")
    def _compute_exchange_count(self):
        for document in self:
            document.exchange_count = len(document.exchange_ids)

    @api.depends("depends_on_id", "original_uid")
    def _compute_original_id(self):
        """Find what the document refers to, by its identifier where nothing had to be
        waited for: empty where it was issued elsewhere."""
        alone = self.filtered(lambda d: d.original_uid and not d.depends_on_id)
        known = self.search([("authority_uid", "in", alone.mapped("original_uid"))])
        by_uid = {
            (one.registration_id, one.environment, one.authority_uid): one
            for one in known
        }
        for document in self:
            key = (document.registration_id, document.environment)
            document.original_id = document.depends_on_id or by_uid.get(
                (*key, document.original_uid)
            )

    @api.depends("previous_uid", "chain_index", "device_id", "environment")
    def _compute_neighbours(self):
        """Find the chain's links by what they say, not by their numbers: what takes a
        refused document's place has no number of its own."""
        for document in self:
            place = [
                ("device_id", "=", document.device_id.id),
                ("environment", "=", document.environment),
            ]
            uid, index = document.previous_uid, document.chain_index
            document.predecessor_id = document.successor_id = False
            if uid:
                document.predecessor_id = self.search(
                    [*place, ("authority_uid", "=", uid)], limit=1
                )
            if index:
                document.successor_id = self.search(
                    [*place, ("chain_index", "=", index + 1)], limit=1
                )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_open_moves(self):
        """Open the invoice, or the invoices, that the document stands for."""
        self.ensure_one()
        moves = self.link_ids.move_id
        if len(moves) == 1:
            return moves._get_records_action()
        return moves._get_records_action(name=self.env._("Invoices"))

    @api.model
    def _listed(self, title, domain):
        """Return the action that lists documents under a title that says which."""
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_document_action"
        )
        return {
            **action,
            "name": title,
            "display_name": title,
            "domain": domain,
            "context": {},
        }

    def action_open_exchanges(self):
        """Open the calls in which the document travelled or was asked about."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "account_ereceipt.ereceipt_exchange_action"
        )
        action["domain"] = [("document_ids", "in", self.ids)]
        action["context"] = {}
        return action

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _domain_on_the_way(self):
        """Return what is to get to the authority or to be decided there, by itself."""
        signed_by_itself = (
            Domain("state", "=", lifecycle.TO_SIGN) & ~self._domain_needs_person()
        )
        return Domain("state", "in", sorted(lifecycle.OPEN)) | signed_by_itself

    @api.model
    def _domain_needs_person(self):
        """Return what only a person can bring on."""
        asking = Domain("waiting_reason", "in", ("data", "approval", "person"))
        return (
            (
                Domain("state", "in", sorted(lifecycle.NEEDS_PERSON))
                & (Domain("waiting_reason", "=", False) | asking)
            )
            | (Domain("state", "=", lifecycle.WAITING) & asking)
            | Domain("id", "in", self._cancelled_but_posted().ids)
        )

    @api.model
    def _cancelled_but_posted(self):
        """Return the documents that are cancelled at the authority while their invoice
        still stands here: few, found by an index of the invoices."""
        moves = self.env["account.move"].sudo()
        moves = moves.search_fetch(
            [("ereceipt_state", "=", lifecycle.CANCELLED), ("state", "=", "posted")],
            ["ereceipt_document_id"],
        )
        return moves.ereceipt_document_id
