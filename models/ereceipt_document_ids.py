from odoo import api, fields, models

from .ereceipt_readable import NO_WORDS


class EreceiptDocument(models.Model):
    """The further identifiers that an authority gave a document, for a person."""

    _inherit = "ereceipt.document"

    authority_ids_text = fields.Text(
        string="Authority's own identifiers shown",
        compute="_compute_authority_ids_text",
    )

    @api.depends("authority_ids")
    @api.depends_context("lang")
    def _compute_authority_ids_text(self):
        """Say each identifier with what it is called.

        Hook ``id_words()`` of an authority returns what its identifiers are called, by
        the names under which they are kept, and what their values mean, by name and
        value. Others are shown as they are kept.
        """
        for document in self:
            words = document.registration_id.sudo()._hook("id_words", NO_WORDS)
            document.authority_ids_text = "\n".join(
                document._authority_id_text(name, value, words)
                for name, value in (document.authority_ids or {}).items()
                # what is kept for programs is said elsewhere, in words
                if value and not name.startswith("_")
            )

    def _authority_id_text(self, name, value, words):
        names, meanings = words
        return self.env._(
            "%(name)s: %(value)s",
            name=names.get(name, name),
            value=self._set_apart(meanings.get(name, {}).get(value, value)),
        )
