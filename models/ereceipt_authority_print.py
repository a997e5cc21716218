import base64
import time

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..fiscal import lifecycle
from .ereceipt_unit import Unit

SECONDS = 15.0
"""How long a person waits for the authority's print at most."""

PRINTED = frozenset(
    {
        lifecycle.VALID,
        lifecycle.CANCELLING,
        lifecycle.CANCELLED,
        lifecycle.REJECTED,
    }
)
"""States of documents that were valid: of these an authority makes a print."""


class EreceiptDocument(models.Model):
    """The authority's own print of a document, where it makes one.

    It is fetched when a person asks for it, and kept: asked for once more it is the
    one that was kept, until the document's state or identifier is another.
    """

    _inherit = "ereceipt.document"

    has_authority_pdf = fields.Boolean(compute="_compute_has_authority_pdf")
    authority_pdf_id = fields.Many2one(
        "ir.attachment", string="Authority's PDF", ondelete="set null", readonly=True
    )
    authority_pdf_of = fields.Char(
        readonly=True, help="The identifier and the state of which it is the print."
    )

    @api.depends("state", "authority_uid", "registration_id")
    def _compute_has_authority_pdf(self):
        for document in self:
            document.has_authority_pdf = (
                document.state in PRINTED
                and bool(document.authority_uid)
                and document._authority_class().capabilities.printer
            )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_authority_pdf(self):
        """Show the authority's print: the one that was kept, or a fresh one.

        :raise AccessError: it has to be fetched, and the person may only look
        :raise UserError: there is none (yet), or the authority cannot be asked now
        """
        self.ensure_one()
        self.check_access("read")
        document = self.sudo()
        if not document._authority_pdf_is_fresh():
            document._check_authority_pdf(self.env.user)
            document._fetch_authority_pdf()
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{document.authority_pdf_id.id}",
            "target": "new",
        }

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _authority_pdf_key(self):
        return f"{self.authority_uid or ''} {self.state}"

    def _authority_pdf_is_fresh(self):
        return bool(
            self.authority_pdf_id and self.authority_pdf_of == self._authority_pdf_key()
        )

    def _check_authority_pdf(self, user):
        """Raise unless the print can be fetched now, because ``user`` wants it."""
        if not user.has_group("account_ereceipt.group_ereceipt_user"):
            raise AccessError(
                self.env._(
                    "Nobody has fetched the authority's PDF of %s yet. This takes the "
                    "role User of Electronic Receipts.",
                    self.name,
                )
            )
        if not self._authority_class().capabilities.printer:
            raise UserError(self.env._("The authority makes no PDF of documents."))
        if not self.has_authority_pdf:
            raise UserError(
                self.env._(
                    "The authority makes its PDF when a document is valid. "
                    "%(document)s is: %(state)s.",
                    document=self.name,
                    state=self._state_label(),
                )
            )
        if self._holding_situation():
            raise UserError(
                self.env._(
                    "The authority is not called for %(document)s at the moment, so "
                    "its PDF cannot be fetched. %(reason)s",
                    document=self.name,
                    reason=getattr(self, f"_say_{self._holding_situation()}")(),
                )
            )

    def _fetch_authority_pdf(self):
        """Fetch the print and keep it.

        The call is made with nothing locked, and what came of it is kept in cursors of
        its own, so that it is kept where this request fails. Carried out again, the
        request only reads once more.
        """
        unit = self._authority_pdf_unit()
        report = unit.run()
        key = self._authority_pdf_key()
        outbox = self.env["ereceipt.outbox"]
        outbox._now_apart(lambda work: work._settle_print(unit, report, key))
        outbox._now_apart(lambda work: work._after_settling(unit, report))
        self.invalidate_recordset()
        if report.error:
            raise UserError(
                self.env._(
                    "The authority's PDF of %(document)s could not be fetched. "
                    "%(reason)s",
                    document=self.name,
                    reason=self._error_text(report.error, self.env.user),
                )
            )

    def _authority_pdf_unit(self):
        now = time.monotonic()
        unit = Unit(
            purpose="print",
            authority=None,
            documents=[self._contract_document()],
            registration_id=self.registration_id.id,
            device_id=self.device_id.id,
            token="",
            begun_at=now,
            over_at=now + SECONDS,
            give_up_at=now + SECONDS,
        )
        unit.authority = self.device_id._authority(
            unit.report.exchanges.append, unit.over_at
        )
        return unit


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    def _settle_print(self, unit, report, key):
        """Keep the calls, and the print that came.

        :param str key: what it is the print of
        """
        self._record([(unit, report)])
        if not report.content:
            return
        document = self.env["ereceipt.document"].browse(unit.document_ids)
        attachment = self.env["ir.attachment"].create(
            {
                "name": f"{document.name.replace('/', '_')}.pdf",
                "res_model": document._name,
                "res_id": document.id,
                "mimetype": "application/pdf",
                "datas": base64.b64encode(report.content),
            }
        )
        document.write({"authority_pdf_id": attachment.id, "authority_pdf_of": key})
