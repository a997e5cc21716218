from dataclasses import replace

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal import lifecycle
from ..fiscal.cn_nuonuo.answers import WITHDRAWING, WITHDRAWN
from ..fiscal.cn_nuonuo.errors import cure
from ..fiscal.cn_nuonuo.fapiao import thaw
from ..fiscal.cn_nuonuo.red_parts import kept_states, standing, stands
from ..fiscal.cn_nuonuo.split import parts_of
from ..fiscal.contract import Problem
from ..fiscal.messages import _
from .cn_nuonuo import AUTHORITY
from .ereceipt_document import TAKES_BACK

WAITS_FOR_BUYER = "02"
ISSUED_WRONGLY = "01"


class AccountMove(models.Model):
    """Red letters: what a credit note takes back of a fapiao.

    A sale that the provider split stands on several fapiao. Its credit note takes back
    each of them that it touches by a request of its own, all in one document, which is
    valid when all of them are. Where some are refused, the others stand: the credit
    note keeps their lines, and a correction asks for the refused ones only.
    """

    _inherit = "account.move"

    cn_red_text = fields.Text(
        related="ereceipt_document_id.cn_red_text", string="Red letters"
    )

    # -------------------------------------------------------------------------
    # SNAPSHOTS
    # -------------------------------------------------------------------------

    def _ereceipt_snapshots(self, issued_at):
        # EXTENDS: a red letter says which lines of its fapiao it takes back
        receipts = super()._ereceipt_snapshots(issued_at)
        red = self._ereceipt_referring().filtered("cn_is_fapiao")
        if red:
            receipts |= red._cn_nuonuo_red(receipts)
        return receipts

    def _cn_nuonuo_red(self, receipts):
        """Return the receipts of red letters with reason and what they take back.
        Several of one fapiao that are posted together count one after the other."""
        documents = self._ereceipt_original_documents()
        blue = self.env["ereceipt.document"].sudo().union(*documents.values())
        blue = blue.filtered("content_sha256")
        taken = self._cn_nuonuo_taken(blue)
        completed = {}
        for move in self:
            receipt = receipts[move.id]
            if move.cn_red_reason:
                receipt = replace(receipt, reason=move.cn_red_reason)
            sold = documents.get(move.id)
            if sold in blue:
                authority = move.ereceipt_device_id.sudo()._authority_offline()
                receipt = authority.refer(
                    receipt,
                    sold.content.encode(),
                    taken[sold.id],
                    ids=sold.authority_ids or {},
                    former=move._ereceipt_replaced()._cn_nuonuo_standing(),
                    begun=move._cn_nuonuo_begun(),
                )
                placed = move._ereceipt_placed(receipt)
                if not authority.check(placed):
                    taken[sold.id].append(authority.build(placed).content)
            completed[move.id] = receipt
        return completed

    def _cn_nuonuo_taken(self, blue):
        """Return what standing red letters have taken back of fapiao, by the document
        of the fapiao, but for those of the credit notes in ``self``."""
        taken = {document.id: [] for document in blue}
        by_key = {d._sale_key(d.authority_uid): d.id for d in blue}
        for returned in blue and self._ereceipt_standing_returns(blue):
            sale_id = by_key.get(returned.sale_key)
            if sale_id and not set(self.ids).intersection(returned.move_ids):
                taken[sale_id].append(returned.content)
        for document in blue._cn_nuonuo_partly_refused():
            sale_id = by_key.get(document._sale_key(document.original_uid))
            if sale_id and not self & document.link_ids.move_id:
                taken[sale_id].append(document._cn_nuonuo_standing())
        return taken

    def _cn_nuonuo_begun(self):
        """Hook: return the buyer's request that a credit note books, which is not to
        be asked for again: ``blue_number``, ``bill_uuid``, ``order_no``."""
        return {}

    # -------------------------------------------------------------------------
    # PROBLEMS AND GUARDS
    # -------------------------------------------------------------------------

    def _ereceipt_own_problems(self, at_posting):
        # EXTENDS account_ereceipt
        problems = super()._ereceipt_own_problems(at_posting)
        if not self.cn_is_fapiao:
            return problems
        sold = self._ereceipt_original_documents().get(self.id)
        parts = sold._cn_nuonuo_parts() if sold else []
        if parts and not parts_of(sold.authority_ids, thaw(sold.content.encode())):
            problems.append(
                Problem(
                    "split_sale",
                    _(
                        "%(number)s was split into %(count)s fapiao, and the provider"
                        " did not tell which lines are on which of them. Take them"
                        " back at the tax bureau, and this credit note off its device."
                    ),
                    record=(self._name, self.id),
                    values={"number": sold.name, "count": len(parts)},
                )
            )
        return problems

    def _ereceipt_guard(self, vals):
        # EXTENDS: of what was refused in part, the rest stands at the bureau
        if vals.get("state") == "cancel":
            for move in self:
                reason = move._cn_nuonuo_stands()
                if reason:
                    raise UserError(reason)
        return super()._ereceipt_guard(vals)

    def _ereceipt_why_not_anew(self):
        # EXTENDS: alike
        return self._cn_nuonuo_stands() or super()._ereceipt_why_not_anew()

    def _cn_nuonuo_stands(self):
        """Return that a part of the refused red letter stands at the bureau, so that
        the credit note has to stay in the books, or False."""
        self.ensure_one()
        document = self.ereceipt_document_id.sudo()
        if document.state != lifecycle.INVALID or not stands(
            document.authority_ids or {}
        ):
            return False
        return self.env._(
            "A part of %(move)s was taken back at the tax bureau and stands so:\n"
            "%(parts)s\n"
            "Correct it, which asks for the rest once more; or reset it to draft, take "
            "the lines off that the bureau did not take back, and post it again.",
            move=self.display_name,
            parts=document.cn_red_text,
        )

    def _ereceipt_depends_on(self):
        # EXTENDS: what is issued anew waits until the bureau has the former taken back
        document = super()._ereceipt_depends_on()
        if document or not self.cn_is_fapiao or not self.ereceipt_anew_of_id:
            return document
        back = self.sudo().ereceipt_anew_of_id.reversal_move_ids
        documents = back.filtered(lambda m: m.state == "posted").ereceipt_document_id
        return documents.filtered(
            lambda d: d.state not in (lifecycle.VALID, lifecycle.WITHDRAWN)
        )[:1]

    def _ereceipt_kept_anew(self):
        # EXTENDS: it is of the same kind, and says the same besides
        kept = super()._ereceipt_kept_anew()
        if self.cn_is_fapiao:
            kept |= {"cn_fapiao_kind": self.cn_fapiao_kind, "cn_remark": self.cn_remark}
        return kept

    def _reverse_moves(self, default_values_list=None, cancel=False):
        # EXTENDS account: what is issued anew was issued wrongly
        if self.env.context.get("ereceipt_anew"):
            default_values_list = default_values_list or [{} for _move in self]
            for move, values in zip(self, default_values_list, strict=True):
                if move.cn_is_fapiao:
                    values.setdefault("cn_red_reason", ISSUED_WRONGLY)
        return super()._reverse_moves(default_values_list, cancel)

    # -------------------------------------------------------------------------
    # PRINT
    # -------------------------------------------------------------------------

    def _cn_nuonuo_print_rows(self, document):
        # EXTENDS: which red fapiao takes back which
        rows = super()._cn_nuonuo_print_rows(document)
        pairs = [
            self.env._("%(red)s (of %(blue)s)", red=s.red_number, blue=s.blue_number)
            for s in kept_states(document.authority_ids or {})
            if s.issued
        ]
        if pairs:
            rows = [row for row in rows if row[0] != self.env._("Fapiao")]
            rows.append((self.env._("Red fapiao"), ", ".join(pairs)))
        return rows


class EreceiptDocument(models.Model):
    """What became of a red letter of which each part is decided for itself."""

    _inherit = "ereceipt.document"

    cn_red_text = fields.Text(
        string="Red letters",
        compute="_compute_cn_red_text",
        help="Each fapiao that is taken back, and what became of that.",
    )

    @api.depends("authority_ids", "currency_id")
    @api.depends_context("lang")
    def _compute_cn_red_text(self):
        for document in self:
            states = kept_states(document.authority_ids or {})
            document.cn_red_text = "\n".join(
                self.env._(
                    "%(blue)s: %(became)s",
                    blue=state.blue_number,
                    became=document._cn_nuonuo_became(state),
                )
                for state in states
            )

    def _cn_nuonuo_became(self, state):
        """Return what became of one part of a red letter, in words."""
        if state.issued:
            return self.env._(
                "taken back by %(red)s (%(amount)s)",
                red=state.red_number,
                amount=self.currency_id.format(float(state.total or 0)),
            )
        if state.refused:
            known = cure(state.code)
            reason = known and self._problem_text(known)
            return self.env._("refused. %s", reason or state.words or state.code)
        if state.state == WAITS_FOR_BUYER:
            return self.env._("the buyer has to confirm")
        return self.env._("on its way")

    def _cn_nuonuo_standing(self):
        """Return what the bureau has of a red letter with parts that was refused in
        part, empty if nothing stands."""
        if not self.content_sha256 or self.authority != AUTHORITY:
            return b""
        if not stands(self.authority_ids or {}):
            return b""
        return standing(self.content.encode(), self.authority_ids or {})

    def _cn_nuonuo_partly_refused(self):
        """Return the refused red letters on these fapiao of which a part stands."""
        if not self:
            return self
        refused = self.search(
            [
                ("original_uid", "in", self.mapped("authority_uid")),
                ("kind", "in", TAKES_BACK),
                ("state", "=", lifecycle.INVALID),
            ]
        )
        return refused.filtered(lambda d: stands(d.authority_ids or {}))

    def _say_submitted_buyer(self):
        # EXTENDS: of several, how far each is
        sentence = super()._say_submitted_buyer()
        states = kept_states(self.authority_ids or {})
        if len(states) < 2:
            return sentence
        return self.env._(
            "%(sentence)s Of %(all)s fapiao %(issued)s are taken back, %(refused)s "
            "refused.",
            sentence=sentence,
            all=len(states),
            issued=sum(state.issued for state in states),
            refused=sum(state.refused for state in states),
        )


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    def _cn_nuonuo_waits_for_buyer(self, document):
        return (document.authority_ids or {}).get("red_state") == WAITS_FOR_BUYER

    def _cn_nuonuo_is_withdrawing(self, document):
        return (document.authority_ids or {}).get("red_request") == WITHDRAWING

    def _cn_nuonuo_was_withdrawn(self, document):
        ids = document.authority_ids or {}
        return ids.get("red_state") in WITHDRAWN and not stands(ids)
