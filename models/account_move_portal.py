from mimetypes import guess_extension
from typing import NamedTuple

from odoo import fields, models
from odoo.tools import consteq, format_date, format_datetime, hmac

from ..fiscal import lifecycle
from .account_move_print import PRINTED

QR_SCOPE = "account_ereceipt.qr"
REPLACED = "replaced"

ICONS = {
    "success": "fa-check",
    "info": "fa-clock-o",
    "warning": "fa-exclamation-triangle",
    "secondary": "fa-ban",
}
"""What stands beside the words: nothing is told by a colour alone."""


class PortalFile(NamedTuple):
    """A file that the customer may download."""

    key: str
    name: str
    media_type: str
    label: str


class AccountMove(models.Model):
    """What the customer sees of an invoice's document in the portal: its state in his
    words, its QR code, the authority's page of it, its files, and what took its
    place."""

    _inherit = "account.move"

    def _ereceipt_portal_values(self):
        """Return what the portal shows beside the invoice: what is printed, what the
        authority says, and what took the document's place.

        The replacement is a link only for the same customer: it may be a sale to
        somebody else, where the wrong one had been chosen.
        """
        self.ensure_one()
        values = self._ereceipt_print_values()
        if not values:
            return None
        document = self.ereceipt_document_id.sudo()
        moves = document._issued_replacement().link_ids.move_id - self
        own = moves.filtered(
            lambda m: m.commercial_partner_id == self.commercial_partner_id
        )
        return {
            **values,
            "valid": document.state == lifecycle.VALID,
            "status": document._portal_sentence(),
            "issued_at": values["issued_at"] and document._portal_issued_at(),
            "replaced": bool(moves),
            "replacement": own[:1],
            "authority_url": document._authority_url(),
            "files": [
                (one, self._ereceipt_file_url(one.key))
                for one in document._portal_files(self.commercial_partner_id)
            ],
        }

    def _ereceipt_portal_states(self):
        """Return the state of each invoice's document for the list of the portal, in
        the customer's words: dicts with ``text``, ``level`` and ``icon`` by the id of
        the invoice. However many invoices there are, the same queries are made.

        Note: self is in sudo.
        """
        words = {
            "success": self.env._("Valid"),
            "info": self.env._("Issued, being sent"),
            "warning": self.env._("Not accepted"),
            "secondary": self.env._("Cancelled"),
            REPLACED: self.env._("Replaced"),
        }
        found = {}
        for move in self:
            level = self._ereceipt_portal_level(move.ereceipt_state)
            if level and move.ereceipt_anew_ids.ereceipt_document_id._issued():
                level = REPLACED
            if level:
                style = "secondary" if level == REPLACED else level
                found[move.id] = {
                    "text": words[level],
                    "level": style,
                    "icon": ICONS[style],
                }
        return found

    def _ereceipt_portal_level(self, state):
        """Return how a state looks to the customer, False where nothing was issued:
        that something waits, or is late, is our affair until there is a document."""
        if state == lifecycle.VALID:
            return "success"
        if state in PRINTED:
            return "info"
        if state in lifecycle.REFUSED:
            return "warning"
        if state == lifecycle.CANCELLED:
            return "secondary"
        return REPLACED if state == lifecycle.SUPERSEDED else False

    def _ereceipt_awaits_issue(self):
        """Whether the invoice will have an electronic receipt, and the customer sees
        nothing of it yet: why it waits is our affair."""
        self.ensure_one()
        return self.state == "posted" and self.ereceipt_state == lifecycle.WAITING

    def _ereceipt_file_url(self, key):
        return self.get_portal_url(suffix=f"/ereceipt_file/{key}")


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _issued(self):
        """Return those that the customer may hold, whatever became of them since."""
        return self.filtered(
            lambda d: d.content_sha256 and d.state != lifecycle.WITHDRAWN
        )

    def _issued_replacement(self):
        """Return what took the document's place for the customer: that which stands in
        it in the end (:meth:`_replacement`) once it is issued, not while it waits."""
        successor = self._successors()._issued()[-1:]
        return successor and (successor._issued_replacement() or successor)

    def _portal_issued_at(self):
        """Return the moment of issue by the authority's clock, as the customer's
        language writes it."""
        self.ensure_one()
        zone = self._authority_class().limits.zone
        return format_datetime(self.env, self.issued_at, tz=zone)

    def _portal_sentence(self):
        """Return what a customer who looks is told of the document's state."""
        self.ensure_one()
        if self.state == lifecycle.VALID and self.decided_at:
            decided_at = fields.Datetime.context_timestamp(
                self.with_context(tz=self._authority_class().limits.zone),
                self.decided_at,
            )
            return self.env._(
                "Registered with the tax authority on %s",
                format_date(self.env, decided_at.date()),
            )
        if self.state == lifecycle.VALID:
            return self.env._("Registered with the tax authority")
        if self.state == lifecycle.CANCELLING:
            return self.env._("Being cancelled at the tax authority")
        if self.state in PRINTED:
            return self.env._("Issued, on its way to the tax authority")
        return self._print_sentence()

    # -------------------------------------------------------------------------
    # THE AUTHORITY'S PAGE AND THE CODE THAT LEADS THERE
    # -------------------------------------------------------------------------

    def _authority_url(self):
        """Return the authority's own page of the document, where its code is the
        address of one and the authority knows the document; else ""."""
        self.ensure_one()
        known = self.state in (lifecycle.VALID, lifecycle.CANCELLING)
        text = self._qr_now()
        return text if known and text.startswith(("https://", "http://")) else ""

    def _qr_signature(self):
        """Return what lets anybody see the picture of the code, and nothing else."""
        self.ensure_one()
        return hmac(self.sudo().env, QR_SCOPE, str(self.id))[:32]

    def _qr_picture_url(self):
        """Return the address of the picture, for a mail."""
        base = self.link_ids[:1].move_id.get_base_url()
        return f"{base}/ereceipt/qr/{self.id}/{self._qr_signature()}.png"

    def _qr_text_for(self, signature):
        """Return the text of the code that counts now: that of the document in whose
        place another one came is the other one's, if its customer is the same. "" if
        there is none, or the signature is not that of this document.

        Note: self is in sudo.
        """
        if not self.exists() or not consteq(self._qr_signature(), signature):
            return ""
        document = self._issued_replacement() or self
        buyers = (document | self).link_ids.move_id.commercial_partner_id
        if len(buyers) != 1 or document.state not in PRINTED:
            return ""
        return document._qr_now()

    # -------------------------------------------------------------------------
    # FILES
    # -------------------------------------------------------------------------

    def _portal_files(self, customer):
        """Return what a customer may download of the document: the authority's files,
        its print where it was fetched, and what is frozen where the country's customer
        gets that, or the device mails it.

        :param customer: the commercial partner who asks; of a document for others as
            well he gets nothing
        :return: list of :class:`PortalFile`

        Note: self is in sudo.
        """
        self.ensure_one()
        if self.state not in PRINTED:
            return []
        if self.link_ids.move_id.commercial_partner_id != customer:
            return []
        files = [
            PortalFile(str(file.id), file.name, file.mimetype, file.name)
            for file in self.file_ids
        ]
        if self._authority_pdf_is_fresh():
            name = f"{self.name.replace('/', '_')}.pdf"
            label = self.env._("The tax authority's PDF")
            files.append(PortalFile("print", name, "application/pdf", label))
        given = self._authority_class().capabilities.given or self.device_id.mail_file
        if given and self.content_sha256:
            kind = (self.media_type or "").partition(";")[0]
            name = self.name.replace("/", "_") + (guess_extension(kind) or ".txt")
            label = self.env._("The electronic original")
            files.append(PortalFile("original", name, kind, label))
        return files

    def _portal_file(self, key, customer):
        """Return one of the files that a customer may download, and its bytes; nothing
        where it is none of them."""
        for file in self._portal_files(customer):
            if file.key != key:
                continue
            if key == "original":
                return file, self.content.encode()
            if key == "print":
                return file, self.authority_pdf_id.raw
            return file, self.env["ir.attachment"].browse(int(key)).raw
        return None, b""
