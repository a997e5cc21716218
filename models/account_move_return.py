from datetime import datetime, time, timezone

import pytz

from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..fiscal import codes_owner, lifecycle
from ..fiscal.contract import Original, Problem
from ..fiscal.messages import _
from .ereceipt_originals import Originals, ReturnOf, left_to_return, sold_items

UNSETTLED = frozenset({lifecycle.WAITING, lifecycle.INVALID, lifecycle.REJECTED})
"""States of a sale's document in which a return could name nothing yet."""


class AccountMove(models.Model):
    """Returns: what a credit note gives back, and which sale it refers to.

    The sale is the entry that the credit note reverses, or one whose identifier was
    typed or scanned. Where there is neither, it is a return without reference, with
    the authority's reason for it and the date of the sale.
    """

    _inherit = "account.move"

    ereceipt_original_uid = fields.Char(
        string="Returned e-receipt",
        inverse="_inverse_ereceipt_original_uid",
        copy=False,
        help="The authority's identifier of the sale, or the link in its QR code. "
        "Empty: the invoice that this credit note reverses.",
    )
    ereceipt_original_issued_at = fields.Datetime(
        string="Sold on",
        copy=False,
        help="When the sale was issued. Needed where the authority does not know the "
        "sale.",
    )
    ereceipt_return_reason_id = fields.Many2one(
        "ereceipt.code",
        string="Reason for no reference",
        copy=False,
        ondelete="restrict",
        domain="[('kind', '=', 'return_reason')]",
        help="Why the authority does not know the sale that is returned.",
    )
    ereceipt_reasons_of = fields.Char(
        string="Whose reasons are offered",
        compute="_compute_ereceipt_reasons_of",
        help="The authority whose reasons for no reference can be chosen; empty where "
        "none is asked for.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("ereceipt_device_id", "move_type")
    def _compute_ereceipt_reasons_of(self):
        referring = self._ereceipt_referring()
        (self - referring).ereceipt_reasons_of = False
        for move in referring:
            authority = move.ereceipt_device_id.sudo().authority
            move.ereceipt_reasons_of = codes_owner(authority)

    # -------------------------------------------------------------------------
    # TYPED AND SCANNED REFERENCES
    # -------------------------------------------------------------------------

    def _inverse_ereceipt_original_uid(self):
        for move in self:
            found = move._ereceipt_parse_original()
            changed = {name: found[name] for name in found if move[name] != found[name]}
            if changed:
                move.write(changed)

    @api.onchange("ereceipt_original_uid")
    def _onchange_ereceipt_original_uid(self):
        self.update(self._ereceipt_parse_original())

    def _ereceipt_parse_original(self):
        """Return the fields that a typed or scanned reference says.

        :raise ValidationError: it names several documents
        """
        self.ensure_one()
        text = (self.ereceipt_original_uid or "").strip()
        registration = self.ereceipt_device_id.sudo().registration_id
        found = self._ereceipt_hook(registration, "parse_reference", [], text)
        if len(found) > 1:
            raise ValidationError(
                self.env._(
                    "A return refers to one sale, and this names %s of them. Make a "
                    "credit note for each.",
                    len(found),
                )
            )
        if not found:
            return {"ereceipt_original_uid": text or False}
        uid, issued_at = found[0]
        values = {"ereceipt_original_uid": uid}
        if issued_at:
            moment = fields.Datetime.from_string(issued_at.replace("T", " "))
            values["ereceipt_original_issued_at"] = moment
        return values

    # -------------------------------------------------------------------------
    # THE SALE
    # -------------------------------------------------------------------------

    def _ereceipt_original(self):
        """Return the contract's Original of one credit note, None for a sale."""
        self.ensure_one()
        found = self._ereceipt_originals().get(self.id)
        return found.reference if found else None

    def _ereceipt_referring(self):
        """Return the credit notes whose authority has to be told which sale they
        take back."""
        return self.filtered(
            lambda m: (
                m.move_type == "out_refund"
                and m.ereceipt_device_id.sudo()._refers_to_sales()
            )
        )

    def _ereceipt_original_documents(self):
        """Return the document of the sale that each credit note refers to, by the
        credit note's id; only where it is one of ours, in the environment that the
        registration is in now."""
        documents = {}
        by_uid = self._ereceipt_typed_documents()
        for move in self._ereceipt_referring():
            registration = move.ereceipt_device_id.sudo().registration_id
            if move.ereceipt_original_uid:
                key = (registration.id, move.ereceipt_original_uid)
                document = by_uid.get(key)
                if document and document.state == lifecycle.SUPERSEDED:
                    # the customer holds the document that was replaced
                    document = document._replacement()
            else:
                document = move.reversed_entry_id.sudo().ereceipt_document_id
            gone = (lifecycle.SUPERSEDED, lifecycle.WITHDRAWN)
            if (
                document
                and document.environment == document.registration_id.environment
                and document.state not in gone
            ):
                documents[move.id] = document
        return documents

    def _ereceipt_typed_documents(self):
        """Return our documents whose identifiers were typed on credit notes, by
        registration and identifier."""
        typed = self.filtered("ereceipt_original_uid")
        if not typed:
            return {}
        registrations = typed.ereceipt_device_id.sudo().registration_id
        documents = self.env["ereceipt.document"].sudo()
        found = documents.search(
            [
                ("authority_uid", "in", typed.mapped("ereceipt_original_uid")),
                ("registration_id", "in", registrations.ids),
                ("kind", "=", "sale"),
            ]
        )
        return {(doc.registration_id.id, doc.authority_uid): doc for doc in found}

    def _ereceipt_originals(self):
        """Return what the credit notes among ``self`` refer to.

        :rtype: Originals
        """
        returns = self._ereceipt_referring()
        originals = Originals()
        if not returns:
            return originals
        documents = returns._ereceipt_original_documents()
        frozen = self.env["ereceipt.document"].sudo().union(*documents.values())
        frozen = frozen.filtered("content_sha256")
        sales = frozen._read_contents()
        items = {doc.id: sold_items(sales[doc.id]) for doc in frozen}
        left = left_to_return(items, returns._ereceipt_earlier_returns(frozen))
        for move in returns:
            document = documents.get(move.id)
            if document and document.id in sales:
                found = move._ereceipt_known_original(document, sales[document.id])
                originals.add(move.id, found, left[document.id], document.id)
            else:
                originals.add(move.id, move._ereceipt_unknown_original())
        return originals

    def _ereceipt_known_original(self, document, sale):
        """Return the reference to a sale whose document we have.

        The same customer counts as the same buyer, as the sale has it, whatever was
        corrected on the customer since.
        """
        same = document.partner_id == self.commercial_partner_id
        moves = document.link_ids.move_id
        reversed_entry = self.reversed_entry_id.sudo() & moves
        sold = reversed_entry or moves[:1]
        # of several on one document, the one that is taken back
        number = document.name if len(moves) == 1 else reversed_entry.name
        return ReturnOf(
            Original(
                uid=document.authority_uid or "",
                number=number or "",
                issued_at=document.issued_at.replace(tzinfo=timezone.utc),
                buyer=sale.buyer,
                record=("account.move", sold.id) if sold else None,
            ),
            document_type=document.document_type or "",
            buyer=sale.buyer if same else None,
        )

    def _ereceipt_unknown_original(self):
        """Return the reference to a sale that is not among our documents: by the
        identifier that was typed, else without one and with the reason for that."""
        reason = self.ereceipt_return_reason_id.code or ""
        issued_at = self.ereceipt_original_issued_at
        sold = self.reversed_entry_id
        number, record = "", None
        if self.ereceipt_original_uid:
            number = self.ereceipt_original_uid[:12]
            reason = ""
        elif sold:
            number, record = sold.name or "", ("account.move", sold.id)
            issued_at = issued_at or self._ereceipt_noon(sold.invoice_date)
            reason = reason or self._ereceipt_reason_before_start(sold)
        return ReturnOf(
            Original(
                uid=self.ereceipt_original_uid or "",
                number=number,
                issued_at=issued_at and issued_at.replace(tzinfo=timezone.utc) or None,
                record=record,
            ),
            reason=reason,
        )

    def _ereceipt_reason_before_start(self, sold):
        """Return the authority's reason for a return of a sale that was made before
        its registration had to issue anything, "" if that is not why."""
        registration = self.ereceipt_device_id.sudo().registration_id
        start = registration.obliged_from
        if not start or not sold.invoice_date or sold.invoice_date >= start:
            return ""
        return self._ereceipt_hook(registration, "reason_before_start", "")

    def _ereceipt_noon(self, day):
        """Return noon of a day in the authority's zone as naive UTC: the nearest that
        is known of a sale that was never issued."""
        if not day:
            return False
        registration = self.ereceipt_device_id.sudo().registration_id
        zone = pytz.timezone(registration._authority_class().limits.zone)
        noon = zone.localize(datetime.combine(day, time(12)))
        return noon.astimezone(pytz.utc).replace(tzinfo=None)

    # -------------------------------------------------------------------------
    # WAITING FOR THE SALE
    # -------------------------------------------------------------------------

    def _ereceipt_depends_on(self):
        """Return the sale's document while it is not valid yet: the return may leave
        only after it."""
        self.ensure_one()
        nothing = self.env["ereceipt.document"].sudo()
        document = self._ereceipt_original_documents().get(self.id, nothing)
        return nothing if document.state == lifecycle.VALID else document

    def _ereceipt_hold_reason(self):
        # EXTENDS account_ereceipt
        reason = super()._ereceipt_hold_reason()
        if not reason and (
            self._ereceipt_awaited_sale() or self._ereceipt_sale_ahead()
        ):
            return "original"
        return reason

    def _ereceipt_awaited_sale(self):
        """Return the sale's document where it has no identifier that a return could
        name: not issued yet, or refused and not corrected yet."""
        document = self._ereceipt_original_documents().get(self.id)
        if not document:
            return False
        missing = document.state in UNSETTLED or not document.authority_uid
        return document if missing else False

    def _ereceipt_sale_ahead(self):
        """Return the sale where it is still to be issued: a draft, or posted together
        with the return."""
        if not self._ereceipt_referring() or self.ereceipt_original_uid:
            return self.browse()
        sale = self.reversed_entry_id.sudo()
        if sale.ereceipt_document_id:
            return self.browse()
        if sale.state != "draft":
            return sale._ereceipt_issuable()
        return sale._ereceipt_drafts().filtered(
            lambda m: m.ereceipt_device_id._issues() and m._ereceipt_is_obliged()
        )

    def _ereceipt_issue(self, *, at_posting=False, by_person=False, raising=True):
        # EXTENDS account_ereceipt: what waited for these sales can go on now
        issued = super()._ereceipt_issue(
            at_posting=at_posting, by_person=by_person, raising=raising
        )
        sold = issued.link_ids.move_id
        waiting = sold.reversal_move_ids | issued._replaced()._typed_waiting_returns()
        waiting = waiting.filtered(
            lambda m: (
                m.state == "posted"
                and m.ereceipt_document_id.sudo().waiting_reason == "original"
            )
        )
        if waiting:
            issued |= waiting.with_env(self.env)._ereceipt_issue(raising=False)
        return issued

    # -------------------------------------------------------------------------
    # PROBLEMS
    # -------------------------------------------------------------------------

    def _ereceipt_own_problems(self, at_posting):
        # EXTENDS account_ereceipt
        problems = super()._ereceipt_own_problems(at_posting)
        sale = self._ereceipt_original_documents().get(self.id)
        if not sale:
            return problems
        message = False
        if sale.registration_id != self.ereceipt_device_id.sudo().registration_id:
            message = _(
                "The sale %(number)s was issued through %(registration)s. Return it "
                "there: choose a device of that registration."
            )
        elif sale.state == lifecycle.CANCELLED:
            message = _(
                "The sale %(number)s was cancelled at the tax authority, so there is "
                "nothing to return to it. Take the credit note off its device."
            )
        elif self.state == "posted" and self._ereceipt_awaited_sale():
            message = _(
                "The sale %(number)s has no document at the tax authority yet that "
                "this return could refer to. Issue or correct the sale first."
            )
        if message:
            values = {
                "number": sale.name,
                "registration": sale.registration_id.display_name,
            }
            sold = sale.link_ids.move_id[:1]
            record = ("account.move", sold.id or self.id)
            problems.append(Problem("original", message, record=record, values=values))
        return problems


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _replaced(self):
        """Return every document in whose place these stand in the end."""
        replaced = step = self.replaces_id
        while step:
            step = step.replaces_id
            replaced |= step
        return replaced

    def _typed_waiting_returns(self):
        """Return the credit notes that name one of these by its identifier and wait
        for their original."""
        if not self:
            return self.env["account.move"]
        waiting = self.sudo().search([("waiting_reason", "=", "original")])
        uids = set(self.mapped("authority_uid"))
        return waiting.link_ids.move_id.filtered(
            lambda m: m.ereceipt_original_uid in uids
        )
