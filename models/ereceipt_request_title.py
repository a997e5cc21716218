from dataclasses import replace

from odoo import api, models
from odoo.exceptions import UserError

from ..fiscal.contract import Party
from .account_move_issue import NO_NUMBER
from .ereceipt_request import TITLE

COMPARED = [
    f"move_id.commercial_partner_id.{name}" for name in ("name", "vat", "is_company")
]
"""What of the contact is compared."""

TITLE_PATHS = ("buyer", "kind", "delivery", "remark")
"""Where in an authority's document a title stands."""

_COMPANY = "company"


class EreceiptRequest(models.Model):
    """The title that a request asks for: where it comes from, how it gets onto the
    document, what is wrong with it, and what of it the contact does not say."""

    _inherit = "ereceipt.request"

    # -------------------------------------------------------------------------
    # FROM THE CONTACT, ONTO THE DOCUMENT
    # -------------------------------------------------------------------------

    @api.model
    def _title_of(self, move):
        """Return the title of an invoice's customer as the contact has it.

        Hook ``title_of(move)`` of an authority adds what it wants besides.
        """
        move = move.sudo()
        partner = move.commercial_partner_id
        company = partner.is_company
        values = {
            "buyer_kind": _COMPANY if company else "person",
            "buyer_name": (partner.name or "").strip(),
            "buyer_number": company and partner._ereceipt_tax_number().upper(),
            "email": move.partner_id.email or partner.email or False,
            "phone": move.partner_id.phone or partner.phone or False,
        }
        values.update(self.new({"move_id": move.id})._hook("title_of", {}, move))
        # a contact may say more than fits; it is shown as far as it does
        longest = self._longest()
        return {
            name: value[: longest[name]] if name in longest and value else value
            for name, value in values.items()
        }

    def _applied(self, receipt):
        """Return a receipt with the title that was asked for.

        Hook ``applied(receipt)`` of an authority adds what it wants besides.
        """
        self.ensure_one()
        titled = replace(receipt, buyer=self._titled(receipt.buyer))
        return self._hook("applied", titled, titled)

    def _titled(self, buyer: Party) -> Party:
        name = (self.buyer_name or "").strip()
        if self.buyer_kind == "person":
            # the identity number that the contact has is that of this person alone
            same = buyer.kind == "person" and buyer.name == name
            return replace(buyer, kind="person", id=buyer.id if same else "", name=name)
        kind = "foreigner" if buyer.kind == "foreigner" else "business"
        number = self.buyer_number if self.buyer_kind == _COMPANY else ""
        return replace(buyer, kind=kind, id=number or "", name=name)

    # -------------------------------------------------------------------------
    # CHECKS
    # -------------------------------------------------------------------------

    def _title_findings(self):
        """Return what the authority would refuse of the title, as Problems: found by
        the checks of the document that would be issued.

        Hook ``title_problems(found)`` of an authority says it in its own way.
        """
        self.ensure_one()
        move = self.move_id.sudo()
        device = self._device()
        if not move.invoice_line_ids or not device._issues():
            return self._hook("title_problems", [], [])
        receipt = move._ereceipt_snapshots(move._ereceipt_now())[move.id]
        receipt = replace(receipt, number=receipt.number or NO_NUMBER)
        placed = move._ereceipt_placed(self._applied(receipt))
        found = [
            problem
            for problem in device._authority_offline().check(placed)
            if problem.path.partition(".")[0] in TITLE_PATHS
        ]
        return self._hook("title_problems", found, found)

    def _finding_texts(self):
        """Return what is wrong with the title as sentences."""
        text = self.env["ereceipt.document"]._problem_text
        return [text(problem) for problem in self._title_findings()]

    # -------------------------------------------------------------------------
    # THE CONTACT
    # -------------------------------------------------------------------------

    @api.depends(*COMPARED, *TITLE)
    @api.depends_context("lang")
    def _compute_difference(self):
        for request in self:
            partner = request.move_id.sudo().commercial_partner_id
            nothing = self.env._("nothing")
            request.difference = "\n".join(
                self.env._(
                    "%(field)s: %(asked)s (contact: %(known)s)",
                    field=label,
                    asked=asked or nothing,
                    known=known or nothing,
                )
                for label, asked, known in request._title_rows(partner)
                if (asked or "") != (known or "")
            )

    def _title_rows(self, partner):
        """Return label, what is asked for and what the contact says, field by field."""
        kinds = dict(self._fields["buyer_kind"]._description_selection(self.env))
        company = partner.is_company
        known = {
            # a body is a company to Odoo
            "buyer_kind": kinds[_COMPANY if company else "person"],
            "buyer_name": (partner.name or "").strip(),
            "buyer_number": company and partner._ereceipt_tax_number().upper(),
        }
        rows = []
        for name, value in known.items():
            asked = self[name]
            if name == "buyer_kind":
                like_company = company and asked == "body"
                asked = kinds[_COMPANY if like_company else asked]
            label = self._fields[name]._description_string(self.env)
            rows.append((label, asked, value))
        return rows + self._hook("title_rows", [], partner)

    def _contact_values(self, partner):
        """Return what of the title is written to the contact: bank accounts are not,
        since money is sent to them.

        Hook ``contact_values(partner)`` of an authority adds what it has besides.
        """
        values = {"is_company": self.buyer_kind != "person"}
        if self.buyer_name:
            values["name"] = self.buyer_name
        number = self.buyer_number if self.buyer_kind == _COMPANY else ""
        if number and number != partner._ereceipt_tax_number().upper():
            values["vat"] = number
        if self.email and not partner.email:
            values["email"] = self.email
        values.update(self._hook("contact_values", {}, partner))
        known = partner._convert_to_write({name: partner[name] for name in values})
        return {k: v for k, v in values.items() if (known[k] or False) != v}

    def _write_contact(self):
        """Take the title over to the contact.

        :raise UserError: Odoo does not take it
        """
        for request in self:
            partner = request.move_id.commercial_partner_id
            if not partner:
                raise UserError(
                    self.env._("%s has no contact.", request.move_id.display_name)
                )
            values = request._contact_values(partner)
            if values:
                partner.write(values)
                partner._message_log(
                    body=self.env._("Taken over from the %s.", request.display_name)
                )
