from dataclasses import replace
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal.cn_nuonuo.code_tables import ORDINARY, SPECIAL_VAT
from ..fiscal.contract import Problem
from ..fiscal.messages import _
from .cn_nuonuo import AUTHORITY, KINDS

KIND_CHOICES = [(ORDINARY, "Ordinary"), (SPECIAL_VAT, "Special (deductible)")]

TOLD = frozenset({"cn_fapiao_kind", "cn_remark", "cn_red_reason"})
"""What a fapiao says of its invoice beyond its lines."""


class AccountMove(models.Model):
    """What only China's fapiao want of an invoice."""

    _inherit = "account.move"

    cn_is_fapiao = fields.Boolean(compute="_compute_cn_is_fapiao")
    cn_fapiao_kind = fields.Selection(
        KIND_CHOICES,
        string="Kind of fapiao",
        copy=False,
        help="Empty: the customer's usual kind, or the device's.",
    )
    cn_remark = fields.Char(
        string="Remark on the fapiao", copy=False, help="备注 of China's fapiao."
    )
    cn_red_reason = fields.Selection(
        [
            ("01", "Issued wrongly"),
            ("02", "Goods returned"),
            ("03", "Service stopped"),
            ("04", "Allowance"),
        ],
        string="Reason of the red letter",
        copy=False,
        help="Why the fapiao is taken back. Empty: goods are returned.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("ereceipt_device_id")
    def _compute_cn_is_fapiao(self):
        for move in self:
            move.cn_is_fapiao = move.ereceipt_device_id.sudo().authority == AUTHORITY

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def write(self, vals):
        # EXTENDS account: what a fapiao says stays so
        touched = TOLD & vals.keys()
        for move in self.filtered("ereceipt_document_id") if touched else ():
            changed = [name for name in touched if vals[name] != move[name]]
            if changed and move._ereceipt_locking_documents():
                raise UserError(
                    self.env._(
                        "%s was issued, and its fapiao says so. Take it back with a "
                        "credit note instead.",
                        move.name,
                    )
                )
        return super().write(vals)

    # -------------------------------------------------------------------------
    # HOOKS OF THE ENGINE
    # -------------------------------------------------------------------------

    def _cn_nuonuo_document_type(self, device):
        """Return the kind of fapiao: as it was chosen, as is usual for the customer or
        on the device, where a customer without a tax number gets an ordinary one."""
        if self.cn_fapiao_kind:
            return self.cn_fapiao_kind
        partner = self.commercial_partner_id
        if partner.cn_fapiao_kind:
            return partner.cn_fapiao_kind
        if device.document_type in KINDS and partner._ereceipt_tax_number():
            return device.document_type
        return ORDINARY

    def _cn_nuonuo_receipt_data(self, device):
        partner = self.commercial_partner_id
        account = partner.bank_ids[:1]
        return {
            "remark": (self.cn_remark or "").strip(),
            "email": (self.partner_id.email or partner.email or "").strip(),
            "buyer_account": " ".join(
                part for part in (account.bank_name, account.acc_number) if part
            ),
        }

    def _cn_nuonuo_issue_moment(self, now):
        """Return when a fapiao is issued: later than the one in whose place it stands,
        since the provider tells them apart by it.

        :param datetime now: naive UTC
        """
        replaced = self._ereceipt_replaced()
        if not replaced:
            return now
        return max(now, replaced.issued_at + timedelta(seconds=1))

    def _cn_nuonuo_line_data(self, line):
        data = {"tax_included": any(line.tax_ids.mapped("price_include"))}
        spec = (line.product_id.cn_spec or "").strip()
        if spec:
            data["spec"] = spec
        return data

    def _cn_nuonuo_print_rows(self, document):
        """Return what the print of an invoice says of its fapiao."""
        kinds = dict(self._fields["cn_fapiao_kind"]._description_selection(self.env))
        numbers = (document.authority_ids or {}).get("numbers", "").split(",")
        rows = [
            (self.env._("Kind of fapiao"), kinds.get(document.document_type)),
            (
                self.env._("Fapiao"),
                ", ".join(filter(None, numbers)) or document.authority_uid,
            ),
        ]
        return [(name, text) for name, text in rows if text]

    def _ereceipt_own_problems(self, at_posting):
        # EXTENDS account_ereceipt
        problems = super()._ereceipt_own_problems(at_posting)
        sold = self._ereceipt_original_documents().get(self.id)
        parts = sold._cn_nuonuo_parts() if sold else []
        if parts:
            problems.append(
                Problem(
                    "split_sale",
                    _(
                        "%(number)s was split into %(count)s fapiao, and a red letter"
                        " takes back one of them alone. Take them back at the tax"
                        " bureau, and this credit note off its device."
                    ),
                    record=(self._name, self.id),
                    values={"number": sold.name, "count": len(parts)},
                )
            )
        return problems

    # -------------------------------------------------------------------------
    # RED LETTERS
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
                content = sold.content.encode()
                receipt = authority.refer(receipt, content, taken[sold.id])
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
        return taken


class ResPartner(models.Model):
    _inherit = "res.partner"

    cn_fapiao_kind = fields.Selection(
        KIND_CHOICES,
        string="Usual kind of fapiao",
        help="What this customer gets in China. Empty: what is usual on the device.",
    )

    def _commercial_fields(self):
        return [*super()._commercial_fields(), "cn_fapiao_kind"]
