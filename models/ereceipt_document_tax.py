import logging

from odoo import api, fields, models
from odoo.tools import SQL

from ..fiscal.tying_out import COUNTED, UNREADABLE, TaxKey, key_of

_logger = logging.getLogger(__name__)

AT_ONCE = 500
"""So many documents are in memory with their content."""

KEPT_UP = 20_000
"""Among how many of the newest documents the upkeep job looks for those whose totals
are not kept yet; older ones are summed up when somebody asks about their period."""

PIECE = 4
"""Batches that the upkeep job sums up in one run."""

_NOT_SUMMED = """
    SELECT d.id
      FROM ereceipt_document d
     WHERE d.state = ANY(%(counted)s)
       AND d.content_sha256 IS NOT NULL
       AND NOT EXISTS (
           SELECT 1 FROM ereceipt_document_tax t WHERE t.document_id = d.id
       )
       AND %(which)s
     ORDER BY d.id
     LIMIT %(limit)s
"""


class EreceiptDocumentTax(models.Model):
    """What a document counts for at its authority, under one tax.

    Its life: the upkeep job, or whoever compares a period first, reads the frozen
    content of a document that the authority holds as valid, and keeps its sums here, so
    that nobody has to read a hundred thousand contents for one report. The content
    never changes, so neither do the sums; whether they count is told by the document's
    state. Nothing is kept while an invoice is posted or sent.
    """

    _name = "ereceipt.document.tax"
    _description = "Totals of an e-receipt by tax"
    _order = "document_id desc, id"
    _rec_name = "tax_key"

    document_id = fields.Many2one(
        "ereceipt.document",
        required=True,
        readonly=True,
        ondelete="cascade",
        index=True,
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    day = fields.Date(
        string="Counts on",
        required=True,
        readonly=True,
        help="By the authority's own date, in its zone.",
    )
    tax_key = fields.Char(
        string="Tax",
        required=True,
        readonly=True,
        help="Type, subtype and rate, with | between.",
    )
    net = fields.Monetary(readonly=True)
    tax = fields.Monetary(readonly=True)
    lines = fields.Integer(string="Lines of the document", readonly=True)

    _pair_unique = models.Constraint(
        "UNIQUE (document_id, tax_key)", "The document has that tax already."
    )

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _keep_up(self):
        """A part of the upkeep job: sum up what has become valid of late."""
        newest = SQL("d.id > (SELECT max(id) FROM ereceipt_document) - %s", KEPT_UP)
        for _piece in range(PIECE):
            documents = self._not_summed(newest, AT_ONCE)
            if not documents:
                return
            self._sum_up(documents)

    @api.model
    def _not_summed(self, which, limit):
        """Return documents that count at their authority and whose totals are not kept
        yet, oldest first.

        :param SQL which: a condition on ``ereceipt_document d``
        """
        documents = self.env["ereceipt.document"].sudo()
        documents.flush_model()
        self.flush_model(["document_id"])
        rows = self.env.execute_query(
            SQL(_NOT_SUMMED, counted=list(COUNTED), which=which, limit=limit)
        )
        return documents.browse(row[0] for row in rows)

    @api.model
    def _sum_up(self, documents):
        """Keep the totals of documents that have none."""
        documents.fetch(["content", "device_id", "company_id", "authority_ids"])
        authorities, values = {}, []
        for document in documents:
            device = document.device_id
            if device not in authorities:
                authorities[device] = device._authority_offline()
            values += self._values_of(document, authorities[device])
        made = self.sudo().create(values)
        documents.invalidate_recordset(["content"], flush=False)
        return made

    def _values_of(self, document, authority):
        """Return the values of a document's rows."""
        common = {
            "document_id": document.id,
            "company_id": document.company_id.id,
            "currency_id": document.company_id.currency_id.id,
        }
        try:
            totals = authority.tax_totals(document._contract_document())
        except ValueError:
            _logger.warning("The content of %s cannot be read", document.name)
            key = str(TaxKey(UNREADABLE, "", ""))
            day = document.issued_at.date()
            return [{**common, "tax_key": key, "day": day, "net": 0.0, "tax": 0.0}]
        return [
            {
                **common,
                "day": totals.day,
                "tax_key": str(key_of(row)),
                "net": float(row.net),
                "tax": float(row.tax),
                "lines": totals.lines,
            }
            for row in totals.rows
        ]


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    tax_total_ids = fields.One2many(
        "ereceipt.document.tax",
        "document_id",
        string="Totals by tax",
        readonly=True,
        help="Kept from when it is valid.",
    )


class EreceiptOutbox(models.AbstractModel):
    _inherit = "ereceipt.outbox"

    @api.model
    def _upkeep_steps(self):
        # EXTENDS
        return [*super()._upkeep_steps(), self.env["ereceipt.document.tax"]._keep_up]
