from odoo import fields, models
from odoo.exceptions import UserError

from ..fiscal.cn_nuonuo.answers import AGREED, FOR_US
from ..fiscal.cn_nuonuo.text import clean
from ..fiscal.contract import Problem
from ..fiscal.messages import Money, _


class EreceiptCnRedRequest(models.Model):
    """Booking what buyers took back: the draft of the credit note."""

    _inherit = "ereceipt.cn.red.request"

    def action_book(self):
        """Make, or open, the credit note that books the red letter.

        :raise UserError: nothing is agreed, or no invoice was found
        """
        self.ensure_one()
        self._require_user()
        booked = self._booking()
        if booked:
            return booked.with_env(self.env)._get_records_action()
        if self.state not in AGREED:
            raise UserError(
                self.env._(
                    "The red letter on %(blue)s is not agreed, so there is nothing to "
                    "be booked; it is: %(state)s.",
                    blue=self.blue_number,
                    state=self._state_label(),
                )
            )
        if not self.move_id:
            raise UserError(
                self.env._(
                    "No invoice of ours was found for %s. Book it by hand, with a "
                    "credit note that has no device.",
                    self.blue_number,
                )
            )
        return self._make_credit_note()._get_records_action()

    def _make_credit_note(self):
        """Return the draft of the credit note."""
        move = self.move_id.with_env(self.env)
        reversal = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "journal_id": move.journal_id.id,
                    "date": move._ereceipt_local_date(move.ereceipt_device_id),
                    "reason": self.env._("Taken back by the buyer"),
                }
            )
        )
        action = reversal.reverse_moves()
        credit_note = self.env["account.move"].browse(action["res_id"])
        credit_note.write(
            {"cn_red_request_id": self.id, "cn_red_reason": self.reason or False}
        )
        self._shape(credit_note)
        return credit_note

    def _shape(self, credit_note):
        """Have a draft take back just the lines that the buyer named. Where one of
        them is not found all stay, and the form says that the amounts differ."""
        lines = credit_note.invoice_line_ids.filtered(
            lambda line: line.display_type == "product"
        )
        pairs = []
        for item in self.lines or ():
            used = credit_note.invoice_line_ids.browse([pair[0].id for pair in pairs])
            found = (lines - used).filtered(lambda line, i=item: _is_same(line, i))[:1]
            if not found:
                return
            pairs.append((found, item))
        if not pairs:
            return
        kept = lines.browse([line.id for line, _item in pairs])
        (lines - kept).unlink()
        for line, item in pairs:
            _take_over(line, item)


class AccountMove(models.Model):
    """Credit notes that book what a buyer has taken back at the tax bureau."""

    _inherit = "account.move"

    cn_red_request_id = fields.Many2one(
        "ereceipt.cn.red.request",
        string="Books the red letter",
        copy=False,
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The buyer began it at the tax bureau, which has it already.",
    )

    def _cn_nuonuo_begun(self):
        # EXTENDS
        request = self.cn_red_request_id.sudo()
        if not request:
            return super()._cn_nuonuo_begun()
        return {
            "blue_number": request.blue_number or "",
            "bill_uuid": request.bill_uuid,
            "order_no": request.order_no or "",
        }

    def _ereceipt_own_problems(self, at_posting):
        # EXTENDS account_ereceipt
        problems = super()._ereceipt_own_problems(at_posting)
        if not self.cn_is_fapiao or self.move_type != "out_refund":
            return problems
        if self.cn_red_request_id:
            return [*problems, *self._cn_nuonuo_booking_problems()]
        sold = self._ereceipt_original_documents().get(self.id)
        begun = sold and sold._cn_nuonuo_begun_by_buyer()
        if begun:
            problems.append(
                Problem(
                    "red_begun",
                    _(
                        "The buyer has asked at the tax bureau to take %(blue)s back."
                        " Confirm or refuse that; if you confirm, it is booked from"
                        " there, and not asked for once more."
                    ),
                    record=(begun._name, begun.id),
                    values={"blue": begun.blue_number},
                )
            )
        return problems

    def _cn_nuonuo_booking_problems(self):
        """Return why the credit note does not book what the buyer has taken back."""
        request = self.cn_red_request_id.sudo()
        record = (self._name, self.id)
        sold = self._ereceipt_original_documents().get(self.id)
        if sold != request.document_id:
            yield Problem(
                "red_other_sale",
                _(
                    "The red letter takes %(blue)s back, which is another invoice's"
                    " fapiao. Make the credit note from the red letter."
                ),
                record=record,
                values={"blue": request.blue_number or "?"},
            )
        if request.state not in AGREED:
            yield Problem(
                "red_not_agreed",
                _("The red letter on %(blue)s is not agreed (any more): %(state)s."),
                record=(request._name, request.id),
                values={
                    "blue": request.blue_number or "?",
                    "state": request._state_label(),
                },
            )
        if self.currency_id.compare_amounts(self.amount_total, request.amount_total):
            yield Problem(
                "red_other_amount",
                _(
                    "The buyer takes %(theirs)s back, and the credit note comes to"
                    " %(ours)s. Make its lines the same."
                ),
                record=record,
                values={
                    "theirs": Money(self._ereceipt_money(request.amount_total), "CNY"),
                    "ours": Money(self._ereceipt_money(self.amount_total), "CNY"),
                },
            )


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _cn_nuonuo_begun_by_buyer(self):
        """Return the buyer's open request to take (a part of) this fapiao back that no
        credit note books yet."""
        requests = self.env["ereceipt.cn.red.request"].sudo()
        found = requests.search(
            [("document_id", "in", self.ids), ("state", "in", (FOR_US, *AGREED))]
        )
        return found.filtered(lambda request: not request._booking())[:1]


def _is_same(line, item):
    """Tell whether a line of a credit note is what a buyer takes back."""
    name = clean(line.move_id._ereceipt_description(line))
    return item["name"] == name or item["name"].endswith(f"*{name}")


def _take_over(line, item):
    """Have a line come to what a buyer takes back of it."""
    net, tax = float(item["net"]), float(item["tax"])
    quantity = float(item["quantity"] or 0) or line.quantity
    if line.quantity != quantity:
        line.quantity = quantity
    if line.currency_id.compare_amounts(line.price_subtotal, net):
        included = any(line.tax_ids.mapped("price_include"))
        amount = net + tax if included else net
        line.write({"discount": 0.0, "price_unit": amount / quantity})
