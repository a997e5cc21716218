from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..fiscal.cn_nuonuo.code_tables import ORDINARY, SPECIAL_VAT
from .cn_nuonuo import AUTHORITY, KINDS

KIND_CHOICES = [(ORDINARY, "Ordinary"), (SPECIAL_VAT, "Special (deductible)")]

TOLD = frozenset({"cn_fapiao_kind", "cn_remark", "cn_red_reason", "cn_red_request_id"})
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
        touched = self._cn_nuonuo_told() & vals.keys()
        for move in self.filtered("ereceipt_document_id") if touched else ():
            changed = any(move._cn_nuonuo_changes(name, vals[name]) for name in touched)
            if changed and move._ereceipt_locking_documents():
                raise UserError(
                    self.env._(
                        "%s was issued, and its fapiao says so. Take it back with a "
                        "credit note instead.",
                        move.name,
                    )
                )
        return super().write(vals)

    def _cn_nuonuo_changes(self, name, value):
        field = self._fields[name]
        before, after = (field.convert_to_cache(v, self) for v in (self[name], value))
        return before != after

    def _cn_nuonuo_told(self):
        """Hook: return the fields that a fapiao tells of."""
        return TOLD

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
        fapiao = self.env._("Fapiao")
        rows = [(self.env._("Kind of fapiao"), kinds.get(document.document_type))]
        split = (document.cn_fapiao_text or "").splitlines()
        one = ", ".join(filter(None, numbers)) or document.authority_uid
        rows += [(fapiao, text) for text in split] or [(fapiao, one)]
        return [(name, text) for name, text in rows if text]


class ResPartner(models.Model):
    _inherit = "res.partner"

    cn_fapiao_kind = fields.Selection(
        KIND_CHOICES,
        string="Usual kind of fapiao",
        help="What this customer gets in China. Empty: what is usual on the device.",
    )

    def _commercial_fields(self):
        return [*super()._commercial_fields(), "cn_fapiao_kind"]
