from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..fiscal.by_file import catalogue
from ..fiscal.by_file.layout import Column
from .ereceipt_file_profile import CATALOGUES


class EreceiptFileColumn(models.Model):
    """One column of the files of a profile: which field it has, or which text."""

    _name = "ereceipt.file.column"
    _description = "Column of an exchange by file"
    _order = "sequence, id"
    _rec_name = "heading"

    profile_id = fields.Many2one(
        "ereceipt.file.profile", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="profile_id.company_id", store=True)
    carries = fields.Selection(related="profile_id.carries")
    sequence = fields.Integer(default=10)
    heading = fields.Char(
        string="Column",
        required=True,
        help="As the file names it. In JSON and XML the names that lead to it, with / "
        "between them, @name for an attribute.",
    )
    field_name = fields.Selection(
        selection="_selection_field_name",
        string="Field",
        help="What stands in it. Empty: always the text beside.",
    )
    constant = fields.Char(
        string="Text",
        help="What always stands in it; in a file that comes in, what the field is "
        "where the file says nothing.",
    )
    form = fields.Char(
        help="Of figures: 0.00 for two decimals, % or /100 behind it for rates. Of "
        "dates: %Y-%m-%d and the like. Empty: as the profile has it.",
    )
    required = fields.Boolean(help="A row in which it is empty is wrong.")
    words = fields.Text(
        help="What the file says for what is ours, a line for each: ours = theirs.",
    )

    @api.constrains("field_name", "constant", "form", "words", "profile_id")
    def _check_column(self):
        for column in self:
            known = CATALOGUES[column.profile_id.carries]
            if column.field_name and column.field_name not in known:
                raise ValidationError(
                    self.env._(
                        "%(column)s: files of this kind do not have the field "
                        "“%(field)s”.",
                        column=column.heading,
                        field=column.field_name,
                    )
                )
            column._words()
        self.profile_id._check_layout()

    def _column(self):
        """Return the mapping row as the core wants it."""
        self.ensure_one()
        return Column(
            heading=self.heading.strip(),
            field=self.field_name or "",
            constant=(self.constant or "").strip(),
            form=(self.form or "").strip(),
            required=self.required,
            words=self._words(),
        )

    def _words(self):
        """Return the file's words by ours.

        :raise ValidationError: a line is no pair
        """
        words = {}
        for line in (self.words or "").splitlines():
            own, divider, theirs = line.partition("=")
            if not line.strip():
                continue
            if not divider:
                raise ValidationError(
                    self.env._(
                        "%(column)s: “%(line)s” is no pair of words. Write ours = "
                        "theirs.",
                        column=self.heading,
                        line=line,
                    )
                )
            words[own.strip()] = theirs.strip()
        return words

    def _layout_values(self):
        """Return what a copy of the column in another profile has."""
        self.ensure_one()
        names = ("sequence", "heading", "field_name", "constant", "form", "words")
        return {**{name: self[name] for name in names}, "required": self.required}

    @api.model
    def _selection_field_name(self):
        """Return the fields of all kinds of files; those of both have one name."""
        text = self.env["ereceipt.document"]._sentence_text
        known = {**catalogue.RESULTS, **catalogue.DOCUMENTS}
        return [(name, text(one.label, {})) for name, one in known.items()]
