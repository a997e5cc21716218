from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle
from ..fiscal.contract import Problem
from ..fiscal.messages import _
from ..fiscal.together import together
from .account_move_issue import REPLACEABLE

UNSENT = frozenset({lifecycle.WAITING, lifecycle.TO_SIGN, lifecycle.QUEUED})
"""States in which nobody outside knows a document."""

TOGETHER = REPLACEABLE | {lifecycle.WAITING}
"""States of a document whose invoices are issued once more, all of them as one."""

APART = UNSENT | {lifecycle.INVALID, lifecycle.REJECTED, lifecycle.FAILED}
"""States of a document whose invoices can be taken apart."""


AWAITED = _("%(invoice)s waits for an approval. Decide about it first.")


class AccountMove(models.Model):
    """Several invoices of one customer on one document.

    Which ones stand on it is said by the rows that tie a document to its invoices, and
    by nothing else. They are put together before they are issued, in a document that
    waits; from then on they are issued, sent, refused and corrected as one, and none of
    them is changed alone until they are taken apart. Each is taken back by a credit
    note of its own, by its own lines.

    Wherever the engine works on several invoices, one of each such bundle, its *lead*
    (the first by number), stands for all of it.
    """

    _inherit = "account.move"

    ereceipt_together_ids = fields.Many2many(
        "account.move",
        string="On one document with",
        compute="_compute_ereceipt_together_ids",
        compute_sudo=True,
        groups="account_ereceipt.group_ereceipt_reader",
        help="The other invoices that its e-receipt stands for.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("ereceipt_document_id.link_ids.move_id")
    def _compute_ereceipt_together_ids(self):
        for move in self:
            move.ereceipt_together_ids = move._ereceipt_together()

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_ereceipt_issue_together(self):
        """Issue the chosen invoices as one document, or show everything that is wrong
        with that; then nothing was changed."""
        self._ereceipt_require("user")
        if len(self) < 2:
            raise UserError(self.env._("Choose the invoices that go on one document."))
        moves = self._ereceipt_sorted()
        problems = moves._ereceipt_why_not_together()
        if problems:
            lead = moves[:1]
            intro = self.env._("Nothing was issued. Mend this, or leave it out:")
            return self.env["ereceipt.problems"]._open(
                lead, {lead.id: problems}, intro=intro
            )
        moves._ereceipt_put_together()
        return moves._ereceipt_issue_by_person()

    def action_ereceipt_take_apart(self):
        """Let the invoices of one document go separate ways again. Each waits for a
        person, who may change, issue or put it together with others."""
        self._ereceipt_require("user")
        documents = self.ereceipt_document_id.sudo()
        documents = documents.filtered(lambda d: len(d.link_ids) > 1)
        if not documents:
            raise UserError(
                self.env._("None of these is on one document with other invoices.")
            )
        for document in documents:
            document._check_may_be_taken_apart()
        moves = documents.link_ids.move_id
        for document in documents:
            document._take_apart()
        return self._ereceipt_notification(
            self.env._(
                "%s invoices are issued separately, when you say so.", len(moves)
            ),
            "info",
        )

    # -------------------------------------------------------------------------
    # WHAT STANDS TOGETHER
    # -------------------------------------------------------------------------

    def _ereceipt_sorted(self):
        """Return invoices in the order in which they are issued."""
        return self.sorted(
            lambda m: (m.journal_id.id, m.sequence_prefix or "", m.sequence_number)
        )

    def _ereceipt_together(self):
        """Return the other invoices that the document of this one stands for now."""
        self.ensure_one()
        document = self.ereceipt_document_id.sudo()
        if len(document.link_ids) < 2:
            return self.browse()
        moves = document.link_ids.move_id.with_env(self.env) - self
        return moves.filtered(lambda m: m.ereceipt_document_id.sudo() == document)

    def _ereceipt_bundle(self):
        """Return the invoices that are issued as one document with this one, itself
        among them, in their order: those of a document that waits or was refused.
        What was cancelled meanwhile is no part of it, and a draft is looked at alone.
        """
        self.ensure_one()
        document = self.ereceipt_document_id.sudo()
        if (
            not document
            or document.state not in TOGETHER
            or self.state == "draft"
            or document.environment != document.registration_id.environment
        ):
            return self
        others = self._ereceipt_together().filtered(lambda m: m.state != "cancel")
        return (self | others)._ereceipt_sorted() if others else self

    def _ereceipt_bundled(self):
        """Return these with everything that is issued together with one of them."""
        return self.union(*(move._ereceipt_bundle() for move in self))

    def _ereceipt_leads(self):
        """Return of each bundle the first one, in the order of ``self``."""
        seen, leads = set(), []
        for move in self:
            if move.id not in seen:
                leads.append(move.id)
                seen.update(move._ereceipt_bundle().ids)
        return self.browse(leads)

    # -------------------------------------------------------------------------
    # ISSUING
    # -------------------------------------------------------------------------

    def _ereceipt_to_issue(self):
        """Return the leads of these and of what is issued together with them, in the
        order of issue.

        Note: these are issuable.
        """
        moves = self._ereceipt_bundled()
        if moves != self:
            moves = moves._ereceipt_issuable()
        return moves._ereceipt_sorted()._ereceipt_leads()

    def _ereceipt_whole(self, snapshots):
        """Return the receipt that is issued for a lead: its own, or that of all in its
        bundle."""
        bundle = self._ereceipt_bundle()
        if len(bundle) == 1:
            return snapshots[self.id]
        receipts = [snapshots[move.id] for move in bundle if move.id in snapshots]
        return self._ereceipt_of_all(receipts)

    def _ereceipt_of_all(self, receipts):
        """Return the receipt of several with the data that the authority's hook
        ``merged_data(receipts)`` makes of theirs."""
        whole = together(receipts)
        registration = self.ereceipt_device_id.sudo().registration_id
        data = self._ereceipt_hook(registration, "merged_data", whole.data, receipts)
        return replace(whole, data=data)

    def _ereceipt_bundle_problems(self, snapshots, at_posting):
        """Return what the books say against issuing a lead's bundle."""
        bundle = self._ereceipt_bundle()
        problems = []
        for move in bundle:
            problems += move._ereceipt_own_problems(at_posting)
        if len(bundle) > 1:
            # nobody's word for one of them stands for the grant of another
            held = bundle.filtered(lambda m: m._ereceipt_hold_reason() == "approval")
            problems += [held_one._ereceipt_problem(AWAITED) for held_one in held]
            problems += (self | bundle)._ereceipt_differences(snapshots)
        return problems

    def _ereceipt_hold_reason(self):
        # EXTENDS: a correction of several invoices waits until all are posted again
        reason = super()._ereceipt_hold_reason()
        others = self._ereceipt_bundle() - self
        if not reason and any(other.state == "draft" for other in others):
            return "person"
        return reason

    def _ereceipt_replaced(self):
        # EXTENDS: what was taken apart takes the place of what it was a part of
        current = self.ereceipt_document_id.sudo()
        former = current.replaces_id
        if (
            current.state == lifecycle.WAITING
            and former
            and former.environment == former.registration_id.environment
        ):
            return former
        return super()._ereceipt_replaced()

    def _ereceipt_put_together(self):
        """Make one document that waits out of these, which are not issued yet.

        :return: the document
        """
        lead = self[:1]
        waiting = self.ereceipt_document_id.sudo()
        waiting.filtered(lambda d: d.state == lifecycle.WAITING)._withdraw()
        document = waiting.create(
            {
                **lead._ereceipt_row_values(),
                **self._ereceipt_waits_for_person(),
                "amount_total": sum(self.mapped("amount_total")),
                "link_ids": self._ereceipt_links(),
            }
        )
        names = ", ".join(self.mapped("name"))
        self._message_log_batch(
            bodies={move.id: self.env._("On one document: %s.", names) for move in self}
        )
        return document

    def _ereceipt_waits_for_person(self):
        return {
            "state": lifecycle.WAITING,
            "waiting_reason": "person",
            "checked_at": fields.Datetime.now(),
        }

    def _ereceipt_bundle_total(self):
        """Return what a lead's bundle comes to."""
        return sum(self._ereceipt_bundle().mapped("amount_total"))

    def _ereceipt_links(self):
        """Return the rows that tie a new document to these."""
        return [
            fields.Command.create(
                {"move_id": move.id, "company_id": move.company_id.id}
            )
            for move in self
        ]

    # -------------------------------------------------------------------------
    # WHY NOT
    # -------------------------------------------------------------------------

    def _ereceipt_why_not_together(self):
        """Return every problem with issuing these as one document: of each by itself,
        of how they differ, and what the authority would refuse of the whole."""
        problems = []
        usable = self.browse()
        for move in self:
            alone = move._ereceipt_why_not_now(self)
            problems += [move._ereceipt_problem(text, **told) for text, told in alone]
            usable |= move if not alone else self.browse()
        if not usable:
            return problems
        snapshots = usable._ereceipt_snapshots(self._ereceipt_now())
        different = usable._ereceipt_differences(snapshots)
        problems += different
        for move in usable:
            problems += move._ereceipt_own_problems(False)
        if not different:
            lead = usable[:1]
            whole = lead._ereceipt_of_all([snapshots[move.id] for move in usable])
            authority = lead.ereceipt_device_id.sudo()._authority_offline()
            problems += authority.check(lead._ereceipt_placed(whole))
        return problems

    def _ereceipt_why_not_now(self, chosen):
        """Return why an invoice cannot be put together with any other now, as pairs of
        a sentence and the values for it."""
        device = self.ereceipt_device_id.sudo()
        if not device or not self.is_sale_document(include_receipts=True):
            return [(_("%(invoice)s is issued on no device. Leave it out."), {})]
        registration = device.registration_id
        if not registration._authority_class().capabilities.merges:
            way = _(
                "%(invoice)s goes to %(registration)s, which knows no document of "
                "several invoices. Leave it out."
            )
            return [(way, {"registration": registration.display_name})]
        if self._ereceipt_kind(registration) != "sale":
            way = _("%(invoice)s takes a sale back, which it does alone. Leave it out.")
            return [(way, {})]
        if self.state != "posted":
            return [(_("%(invoice)s is not posted. Confirm it first."), {})]
        document = self.ereceipt_document_id.sudo()
        issuable = self._ereceipt_issuable()
        if document.state in REPLACEABLE or (document and not issuable):
            way = _("%(invoice)s was issued already (%(state)s). Leave it out.")
            return [(way, {"state": document._state_label()})]
        if not issuable:
            way = _(
                "%(invoice)s is not issued: its device is not active, or its date lies "
                "before the start of its registration. Leave it out."
            )
            return [(way, {})]
        if self._ereceipt_hold_reason() == "approval":
            return [(AWAITED, {})]
        left_out = self._ereceipt_bundle() - chosen
        if left_out:
            way = _(
                "%(invoice)s waits together with %(others)s. Choose these as well, or "
                "take them apart first."
            )
            return [(way, {"others": ", ".join(left_out.mapped("name"))})]
        return []

    def _ereceipt_differences(self, snapshots):
        """Return in what these differ from the first of them so that they cannot stand
        on one document.

        Hook: ``differences(receipt, first)`` returns further sentences for the receipt
        of one and that of the first.
        """
        first = self[:1]
        registration = first.ereceipt_device_id.sudo().registration_id
        problems = []
        for move in self[1:]:
            sentences = list(move._ereceipt_differs_from(first))
            if move.id in snapshots and first.id in snapshots:
                own, lead = snapshots[move.id], snapshots[first.id]
                same = move.commercial_partner_id == first.commercial_partner_id
                buyers = {(one.buyer.id, one.buyer.name) for one in (own, lead)}
                # of another customer it was said already
                if same and len(buyers) > 1:
                    sentences.append(
                        _("%(invoice)s names another buyer than %(first)s.")
                    )
                if own.document_type != lead.document_type:
                    sentences.append(
                        _("%(invoice)s is another kind of document than %(first)s.")
                    )
                sentences += move._ereceipt_hook(
                    registration, "differences", [], own, lead
                )
            problems += [
                move._ereceipt_problem(sentence, first=first.display_name)
                for sentence in sentences
            ]
        return problems

    def _ereceipt_problem(self, sentence, **values):
        """Return why an invoice cannot stand on one document with others."""
        values["invoice"] = self.display_name
        return Problem(
            "together", sentence, record=(self._name, self.id), values=values
        )

    def _ereceipt_differs_from(self, first):
        """Yield how the books of two invoices differ."""
        if self.state != "posted":
            yield _(
                "%(invoice)s, which stands on one document with %(first)s, is not "
                "posted. Confirm it, or take them apart."
            )
        if self.company_id != first.company_id:
            yield _("%(invoice)s is of another company than %(first)s.")
        if self.commercial_partner_id != first.commercial_partner_id:
            yield _("%(invoice)s is for another customer than %(first)s.")
        if self.currency_id != first.currency_id:
            yield _("%(invoice)s is in another currency than %(first)s.")
        if self.ereceipt_device_id != first.ereceipt_device_id:
            yield _("%(invoice)s is issued on another device than %(first)s.")

    # -------------------------------------------------------------------------
    # AFTERWARDS
    # -------------------------------------------------------------------------

    def _ereceipt_locked_message(self, document):
        # EXTENDS: what has not left can be taken apart
        if document.state not in UNSENT or len(document.link_ids) < 2:
            return super()._ereceipt_locked_message(document)
        return self.env._(
            "%(invoice)s stands on one document with %(others)s, so it is not changed "
            "alone. Take them apart first.",
            invoice=self.name,
            others=", ".join(self._ereceipt_together().mapped("name")),
        )

    def _ereceipt_why_not_anew(self):
        # EXTENDS: what is given up with one would be given up for the others, too
        others = self._ereceipt_together()
        if others and self.ereceipt_state != lifecycle.VALID:
            return self.env._(
                "It stands on one document with %s. Take them apart first.",
                ", ".join(others.mapped("name")),
            )
        return super()._ereceipt_why_not_anew()

    def _ereceipt_returns(self):
        # EXTENDS: the returns of the others on its document are not its own
        others = self._ereceipt_together()
        return (
            super()
            ._ereceipt_returns()
            .filtered(
                lambda m: m.ereceipt_original_uid or m.reversed_entry_id not in others
            )
        )


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _locks_move(self):
        # EXTENDS: one invoice of several is not changed behind the others' backs
        return super()._locks_move() or (
            self.state in UNSENT and len(self.link_ids) > 1
        )

    def _check_may_be_taken_apart(self):
        """Raise unless the document has not left, or was refused for certain."""
        self.ensure_one()
        names = ", ".join(self.link_ids.move_id.mapped("name"))
        if self.state not in APART:
            raise UserError(
                self.env._(
                    "%(invoices)s stand on one document, which is: %(state)s. Take "
                    "them back with credit notes instead, each by itself.",
                    invoices=names,
                    state=self._state_label(),
                )
            )
        if self.doubt:
            raise UserError(
                self.env._(
                    "The document of %s may have reached the authority before sending "
                    "was given up. Try again first, so that the authority is asked.",
                    names,
                )
            )

    def _take_apart(self):
        """Give each posted invoice of the document one of its own, which waits for a
        person; this one is withdrawn, or replaced by them."""
        self.ensure_one()
        moves = self.link_ids.move_id.filtered(
            lambda m: m.state == "posted" and m.ereceipt_document_id == self
        )
        refused = self.state not in UNSENT
        if refused:
            self._go(lifecycle.SUPERSEDED, waiting_reason=False)
        else:
            self._withdraw()
        return self.create(
            [
                {
                    **move._ereceipt_row_values(),
                    **move._ereceipt_waits_for_person(),
                    "replaces_id": self.id if refused else False,
                    "link_ids": move._ereceipt_links(),
                }
                for move in moves
            ]
        )
