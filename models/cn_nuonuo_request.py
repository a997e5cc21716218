from dataclasses import replace

from odoo import api, fields, models

from ..fiscal.cn_nuonuo.code_tables import ORDINARY
from ..fiscal.cn_nuonuo.text import address_text
from ..fiscal.cn_nuonuo.title import (
    ASKED_HERE,
    COMPANY,
    number_of,
    title_problems,
)
from ..fiscal.contract import Address
from .cn_nuonuo_move import KIND_CHOICES

COMPARED = [
    f"move_id.commercial_partner_id.{name}"
    for name in ("street", "street2", "city", "state_id", "phone")
]
"""What of the contact is compared besides."""

PRINTED = ("cn_address", "cn_phone", "cn_bank", "cn_account")
LONGEST = {
    "cn_remark": 200,
    "cn_address": 80,
    "cn_phone": 50,
    "cn_bank": 60,
    "cn_account": 40,
}


class EreceiptRequest(models.Model):
    """What only China's fapiao want of a request: its kind, and what a title has
    besides name and number."""

    _inherit = "ereceipt.request"

    cn_fapiao_kind = fields.Selection(
        KIND_CHOICES,
        string="Kind of fapiao",
        tracking=True,
        help="Empty: the customer's usual kind, or the device's.",
    )
    cn_address = fields.Char(string="Address", tracking=True)
    cn_phone = fields.Char(
        string="Telephone", tracking=True, help="Printed on the fapiao."
    )
    cn_bank = fields.Char(string="Bank", tracking=True)
    cn_account = fields.Char(string="Bank account", tracking=True)
    cn_remark = fields.Char(
        string="Remark on the fapiao",
        tracking=True,
        help="备注. Empty: the invoice's.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("cn_fapiao_kind", "cn_remark", *PRINTED)
    def _compute_problems(self):
        # EXTENDS: what else it follows from
        return super()._compute_problems()

    @api.depends(*PRINTED, *COMPARED)
    def _compute_difference(self):
        # EXTENDS: what else it follows from
        return super()._compute_difference()

    # -------------------------------------------------------------------------
    # HOOKS OF THE ENGINE
    # -------------------------------------------------------------------------

    @api.model
    def _longest(self):
        # EXTENDS
        return {**super()._longest(), **LONGEST}

    @api.model
    def _tidy(self, vals):
        # EXTENDS: numbers are copied with blanks between, or typed in full width
        tidied = super()._tidy(vals)
        if tidied.get("buyer_number"):
            tidied["buyer_number"] = number_of(tidied["buyer_number"]) or False
        return tidied

    @api.model
    def _cn_nuonuo_title_of(self, move):
        partner = move.commercial_partner_id
        account = partner.bank_ids[:1]
        return {
            "cn_fapiao_kind": move.cn_fapiao_kind,
            "cn_remark": move.cn_remark,
            "cn_address": address_text(partner._ereceipt_address()),
            "cn_phone": partner.phone,
            "cn_bank": account.bank_name,
            "cn_account": account.acc_number,
        }

    def _cn_nuonuo_applied(self, receipt):
        """Return a receipt with kind, address, account and remark of the request."""
        buyer = replace(
            receipt.buyer,
            id=number_of(receipt.buyer.id),
            address=Address(street=self.cn_address or ""),
            mobile=self.cn_phone or "",
        )
        account = " ".join(filter(None, (self.cn_bank, self.cn_account)))
        data = {
            **receipt.data,
            "buyer_account": account,
        }
        told = {"remark": self.cn_remark, "email": self.email, "phone": self.phone}
        data.update({name: text for name, text in told.items() if text})
        return replace(
            receipt, buyer=buyer, data=data, document_type=self._cn_nuonuo_kind()
        )

    def _cn_nuonuo_kind(self):
        """Return the kind of fapiao: as it was chosen, else the usual one; who has no
        tax number gets an ordinary one."""
        if self.cn_fapiao_kind:
            return self.cn_fapiao_kind
        if self.buyer_kind != COMPANY:
            return ORDINARY
        move = self.move_id.sudo()
        usual = move.cn_fapiao_kind or move.commercial_partner_id.cn_fapiao_kind
        return usual or self._device().document_type

    def _cn_nuonuo_title_problems(self, found):
        record = ("ereceipt.request", self._origin.id) if self._origin else None
        own = title_problems(
            self.buyer_kind or "",
            self.buyer_name or "",
            number_of(self.buyer_number or ""),
            self.cn_fapiao_kind or "",
            record,
        )
        return own + [problem for problem in found if problem.code not in ASKED_HERE]

    def _cn_nuonuo_title_rows(self, partner):
        known = {
            "cn_address": address_text(partner._ereceipt_address()),
            "cn_phone": partner.phone,
            "cn_bank": partner.bank_ids[:1].bank_name,
            "cn_account": partner.bank_ids[:1].acc_number,
        }
        label = self._fields
        return [
            (label[name]._description_string(self.env), self[name], value)
            for name, value in known.items()
        ]

    def _cn_nuonuo_contact_values(self, partner):
        values = {}
        if self.cn_address and self.cn_address != address_text(
            partner._ereceipt_address()
        ):
            # a title has its address in one line, from the province to the room
            values["street"] = self.cn_address
            rest = ("street2", "city", "zip", "state_id")
            values.update(dict.fromkeys(rest, False))
        if self.cn_phone:
            values["phone"] = self.cn_phone
        return values

    @api.model
    def _cn_nuonuo_portal_inputs(self, inputs):
        one = self._portal_input
        kind = one(
            "cn_fapiao_kind",
            "select",
            help=self.env._("A special one is for companies that deduct its tax."),
        )
        printed = self.env._("Only if it is to stand on the fapiao.")
        return [
            *inputs[:1],
            kind,
            *inputs[1:],
            one("cn_address", "text", help=printed, known=True),
            one("cn_phone", "tel", ltr=True),
            one("cn_bank", "text", help=printed),
            one("cn_account", "text", ltr=True),
        ]
