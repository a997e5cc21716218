import re
from collections import defaultdict
from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import RedirectWarning, UserError

from .ereceipt_api_error import ItemError

COLUMNS = {
    "invoice": "id",
    "number": "name",
    "reference": "ref",
    "uid": "ereceipt_uuid",
}
"""By what invoices are named, and the column that has it."""

BY_TEXT = ("number", "reference", "uid")


class EreceiptApi(models.AbstractModel):
    """How other systems name a document or an invoice.

    By a number: Odoo's id. By an object: ``{"id": 7}``, ``{"invoice": 12}``,
    ``{"number": "INV/2026/0001"}`` (the invoice's), ``{"reference": "WEB-4711"}`` (the
    caller's own, kept as the invoice's reference), ``{"uid": "…"}`` (the authority's
    identifier); with a ``company`` beside it where several companies have the same.
    """

    _inherit = "ereceipt.api"

    @api.model
    def _documents_of(self, names):
        """Return what each name stands for, in their order: a document, or the
        :class:`ItemError` that says why none. As many queries for two hundred names of
        a kind as for one.
        """
        parsed = [self._parse_name(name, "id") for name in names]
        documents = self.env["ereceipt.document"]
        index = defaultdict(documents.browse)
        for kind, column in (("id", "id"), ("uid", "authority_uid")):
            values = self._values_of(parsed, kind)
            found = documents.search([(column, "in", values)]) if values else documents
            for document in found:
                index[kind, document[column]] |= document
        moves = self._moves_of_names(parsed, ("invoice", "number", "reference"))
        current = moves.ereceipt_document_id.with_env(self.env)._filtered_access("read")
        bare = set()
        for move in moves:
            for name in _names_of(move):
                if move.ereceipt_document_id:
                    index[name] |= (
                        move.ereceipt_document_id.with_env(self.env) & current
                    )
                else:
                    bare.add(name)
        return [
            self._no_document(name[1])
            if not isinstance(name, ItemError) and name[:2] in bare - index.keys()
            else self._single(name, index)
            for name in parsed
        ]

    @api.model
    def _moves_named(self, names):
        """Return the invoice of each name, or the :class:`ItemError` that says why
        none; read as the caller may read."""
        parsed = [self._parse_name(name, "invoice") for name in names]
        moves = self._moves_of_names(parsed, COLUMNS)
        index = defaultdict(self.env["account.move"].browse)
        for move in moves.with_env(self.env)._filtered_access("read"):
            for name in _names_of(move):
                index[name] |= move
        return [self._single(name, index) for name in parsed]

    def _moves_of_names(self, parsed, kinds):
        """Return, in sudo, the sales of the user's companies that names stand for."""
        found = moves = self.env["account.move"].sudo()
        for kind in kinds:
            values = self._values_of(parsed, kind)
            if values:
                found |= moves.search(
                    [
                        (COLUMNS[kind], "in", values),
                        ("company_id", "in", self.env.companies.ids),
                        ("move_type", "in", moves.get_sale_types(True)),
                    ]
                )
        return found

    def _parse_name(self, name, plain):
        """Return kind, value and company of a name, or the :class:`ItemError` that
        says what is wrong with it.

        :param str plain: what a bare number is the id of
        """
        if _is_id(name):
            return plain, name, None
        if isinstance(name, dict):
            rest = dict(name)
            company = rest.pop("company", None)
            if plain == "invoice" and "id" in rest:
                rest["invoice"] = rest.pop("id")
            if len(rest) == 1 and (company is None or _is_id(company)):
                [(kind, value)] = rest.items()
                if kind in ("id", "invoice") and _is_id(value):
                    return kind, value, company
                if kind in BY_TEXT and _is_name(value):
                    return kind, value, company
        return ItemError(
            "bad_name",
            self.env._(
                "Name it by a number (its id), or by an object with one of id, "
                "invoice, number, reference, uid, and a company if need be."
            ),
        )

    def _values_of(self, parsed, kind):
        return [
            name[1]
            for name in parsed
            if not isinstance(name, ItemError) and name[0] == kind
        ]

    def _single(self, name, index):
        """Return the one record that a name means, or what is wrong.

        :param name: as :meth:`_parse_name` returns it
        :param index: records by kind and value
        """
        if isinstance(name, ItemError):
            return name
        kind, value, company = name
        records = index.get((kind, value), ())
        if company is not None:
            records = [r for r in records if r.company_id.id == company]
        if len(records) == 1:
            return records[0]
        if records:
            return ItemError(
                "ambiguous",
                self.env._(
                    "%(count)s are named %(name)s. Name the one by its id.",
                    count=len(records),
                    name=value,
                ),
            )
        return ItemError(
            "not_found",
            self.env._(
                "There is nothing that is named %s, or you may not see it.", value
            ),
        )

    def _no_document(self, value):
        return ItemError(
            "no_document",
            self.env._("%s has no document for the tax authority.", value),
        )


class AccountMove(models.Model):
    """How a draft is named to who asked for it to be issued, when that failed: the
    number that it nearly got is another invoice's next time."""

    _inherit = "account.move"

    @contextmanager
    def _ereceipt_noting_numbers(self, numbered):
        """Note by what names drafts without a number went when the block fails.

        :param dict numbered: gets the names, by the draft's id
        """
        drafts = self.filtered(lambda move: not _has_number(move))
        try:
            yield
        except (UserError, RedirectWarning):
            for move in drafts.filtered(_has_number):
                numbered[move.id] = (move.display_name, move.name)
            raise

    def _ereceipt_as_drafts(self, text, numbered):
        """Return a text in which drafts are named by what their numbers were not.

        :param dict numbered: as :meth:`_ereceipt_noting_numbers` has noted them
        """
        labels = {
            name: move._ereceipt_draft_label()
            for move in self
            for name in numbered.get(move.id, ())
        }
        if not labels:
            return text
        longest_first = sorted(map(re.escape, labels), key=len, reverse=True)
        found = re.compile(rf"(?<!\w)(?:{'|'.join(longest_first)})(?!\w)")
        return found.sub(lambda match: labels[match[0]], text)

    def _ereceipt_draft_label(self):
        """Return what a draft is called: by its reference, or else its id."""
        self.ensure_one()
        return self.env._(
            "Draft %(name)s (%(customer)s, %(amount)s)",
            name=self.ref or self.id,
            customer=self.partner_id.display_name or "–",
            amount=self.currency_id.format(self.amount_total),
        )


def _has_number(move):
    return bool(move.name) and move.name != "/"


def _is_id(value):
    """Whether something can be the id of a row."""
    return type(value) is int and 0 <= value < 2**31


def _is_name(value):
    """Whether something can be a text that a row is named by."""
    return isinstance(value, str) and bool(value.strip()) and "\0" not in value


def _names_of(move):
    """Yield the names by which an invoice can be named, as kind and value."""
    for kind, column in COLUMNS.items():
        yield kind, move[column]
