from odoo import api, models

from ..fiscal.contract import Problem
from ..fiscal.messages import Sentence, _


class EreceiptWork(models.AbstractModel):
    """Says what the authority's errors mean, and what of the invoice they are about."""

    _inherit = "ereceipt.work"

    @api.model
    def _explained(self, document, authority, outcome):
        """Return the authority's errors, each followed by its cure where that is known
        and not in it already, and by what it is about where the authority tells."""
        explained = []
        for error in outcome.errors or (Problem("refused", "Refused."),):
            explained.append(error)
            cure = authority.cure(error.code, error.path)
            said = (
                error.message,
                *(getattr(v, "message", "") for v in error.values.values()),
            )
            if cure and cure.message in said:
                cure = None
            explained += document._located(authority, error, cure)
        return explained


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _located(self, authority, error, cure):
        """Return what follows an error of the authority: its cure, if any, with the
        line that it is about, and the product to open.

        Note: self.ensure_one()
        """
        line = self._line_at(authority, error.path)
        if not line:
            return [cure] if cure else []
        values = {"line": line.description or line.internal_code or "?", "who": ""}
        message = _("This is about “%(line)s”.")
        if cure:
            values |= {"cure": Sentence(cure.message), "who": cure.values["who"]}
            message = _("%(cure)s This is about “%(line)s”.")
        product = self._product_of(line)
        record = (product._name, product.id) if product else None
        return [Problem(error.code, message, error.path, record, values)]

    def _line_at(self, authority, path):
        """Return the line of the document as it was sent that a path of the authority
        names, None if it names none."""
        position = authority.line_at(path) if path else None
        if position is None or not self.content:
            return None
        try:
            lines = authority.parse(self.content.encode()).lines
        except ValueError:
            return None
        return lines[position] if position < len(lines) else None

    def _product_of(self, line):
        """Return the product that a line of the document sold, as far as one of its
        invoices has it."""
        products = self.sudo().link_ids.move_id.invoice_line_ids.product_id
        code = line.internal_code
        return products.filtered(lambda p: p._ereceipt_internal_code() == code)[:1]
