"""Suggests codes for products, units and taxes that have none.

What similar things have, and what a thing was last issued with, are looked at; both are
said with the suggestion, and a person decides. The number of queries does not depend
on how many things are asked about.
"""

from collections import defaultdict
from dataclasses import dataclass

from odoo.fields import Domain
from odoo.tools import SQL

from ..fiscal import authority_classes, codes_owner
from ..fiscal.likeness import Neighbours
from .ereceipt_resolver import CodeResolver

MOST_CODED = 1000
"""So many products with a code are looked at for similar ones, the newest first."""

MOST_UNCODED = 200
"""So many products without one, whose documents have to be read."""

_SOLD_ON = ("account.move.line", "ereceipt.document", "ereceipt.document.move")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A code that may be right, and what speaks for it.

    :ivar reason: a sentence part in the language of the environment
    :ivar subcode: the subtype of a tax
    """

    code: str
    reason: str
    scheme: str = ""
    subcode: str = ""


class CodeSuggester:
    """Suggestions for one authority's codes in one company. Records are read as the
    superuser, those of this company alone."""

    def __init__(self, env, authority, company):
        self.env = env(su=True)
        self.authority = codes_owner(authority)
        self.company = company.sudo()
        self.resolver = CodeResolver(env, authority, company)

    # -------------------------------------------------------------------------
    # PRODUCTS
    # -------------------------------------------------------------------------

    def items(self, products):
        """Return suggestions for those of ``product.product`` that have no code.

        :rtype: dict[int, Suggestion]
        """
        products = products.sudo()
        self.resolver.load(products=products)
        missing = products.filtered(lambda p: _is_nothing(self.resolver.item(p)))
        if not missing:
            return {}
        coded, uncoded = self._peers(missing)
        issued = self._issued_items(missing | uncoded)
        groups = self._neighbours(coded, missing | uncoded, issued)
        table = self._item_table()
        suggestions = {}
        for product in missing:
            suggestion = self._item(product, issued, groups[product.categ_id.id])
            suggestion = suggestion or self._of_table(product, table)
            if suggestion:
                suggestions[product.id] = suggestion
        return suggestions

    def _item(self, product, issued, neighbours):
        if product.id in issued:
            (scheme, code), document = issued[product.id]
            return Suggestion(code, self._issued_reason(document), scheme)
        choice = neighbours.alike(product.name or "")
        # what lies in no category has nothing else in common
        choice = choice or (product.categ_id and neighbours.usual())
        if not choice:
            return None
        scheme, code = choice.code
        return Suggestion(code, self._like_reason(choice, product.categ_id), scheme)

    def _item_table(self):
        """Return what the authority's table of items, where somebody has given one,
        calls which code."""
        mappings = self.env["ereceipt.code.mapping"]
        rows = self.env["ereceipt.code"].search(
            [("authority", "=", self.authority), ("kind", "=", "item")]
        )
        return Neighbours(
            (name, (mappings._hook(self.authority, "item_scheme", "", code), code))
            for row in rows
            for name, code in row._called()
        )

    def _of_table(self, product, table):
        choice = table.alike(product.name or "")
        if not choice:
            return None
        scheme, code = choice.code
        reason = self.env._("“%s” in the authority's table", choice.like)
        return Suggestion(code, reason, scheme)

    def _peers(self, products):
        """Return products of the same categories, those that have a code and some of
        those that have none."""
        records = self.env["product.product"]
        domain = Domain("categ_id", "in", products.categ_id.ids)
        if not all(product.categ_id for product in products):
            domain |= Domain("categ_id", "=", False)
        companies = [False, *self.company.parent_ids.ids]
        domain &= Domain("company_id", "in", companies)
        coded = records._ereceipt_has_code_domain(self.authority, self.company)
        return (
            records.search(domain & coded, order="id desc", limit=MOST_CODED),
            records.search(domain & ~coded, order="id desc", limit=MOST_UNCODED),
        )

    def _neighbours(self, coded, uncoded, issued):
        """Return what has which code, by category."""
        self.resolver.load(products=coded)
        known = defaultdict(list)
        for product in coded:
            found = self.resolver.item(product)
            # a barcode is one product's own
            if found.code and found.code != product.barcode:
                code = (found.scheme, found.code)
                known[product.categ_id.id].append((product.name or "", code))
        for product in uncoded:
            if product.id in issued:
                code, _document = issued[product.id]
                known[product.categ_id.id].append((product.name or "", code))
        groups = {categ_id: Neighbours(rows) for categ_id, rows in known.items()}
        return defaultdict(lambda: Neighbours(()), groups)

    def _issued_items(self, products):
        """Return the code that each product was last issued with, and the document."""
        barcodes = {product.id: product.barcode for product in products}
        found = {}
        for product_id, issued in self._last_issued("product_id", products.ids).items():
            codes = {(line.item_scheme, line.item_code) for line in issued.lines}
            code = codes.pop() if len(codes) == 1 else None
            if code and all(code) and code[1] != barcodes[product_id]:
                found[product_id] = code, issued.document
        return found

    # -------------------------------------------------------------------------
    # UNITS AND TAXES
    # -------------------------------------------------------------------------

    def units(self, uoms):
        """Return suggestions for those of ``uom.uom`` that have no code.

        :rtype: dict[int, Suggestion]
        """
        every = self.env["uom.uom"].search([])
        self.resolver.load(uoms=every | uoms.sudo())
        missing = uoms.sudo().filtered(lambda u: _is_nothing(self.resolver.unit(u)))
        if not missing:
            return {}
        issued = self._last_issued("product_uom_id", missing.ids)
        like_units = Neighbours(
            (uom.name or "", code)
            for uom in every
            if (code := self.resolver.unit(uom).code)
        )
        table = self.env["ereceipt.code"].search(
            [("authority", "=", self.authority), ("kind", "=", "unit")]
        )
        like_table = Neighbours((row.name, row.code) for row in table)
        suggestions = {}
        for uom in missing:
            codes = {line.unit for line in issued[uom.id].lines if line.unit}
            if len(codes) == 1:
                reason = self._issued_reason(issued[uom.id].document)
                suggestions[uom.id] = Suggestion(codes.pop(), reason)
            elif choice := like_units.alike(uom.name or ""):
                suggestions[uom.id] = Suggestion(choice.code, self._like_reason(choice))
            elif choice := like_table.alike(uom.name or ""):
                reason = self.env._("“%s” in the authority's table", choice.like)
                suggestions[uom.id] = Suggestion(choice.code, reason)
        return suggestions

    def taxes(self, taxes):
        """Return suggestions for those of ``account.tax`` that have no code.

        :rtype: dict[int, Suggestion]
        """
        domain = [
            ("company_id", "in", self.company.parent_ids.ids),
            ("type_tax_use", "=", "sale"),
            ("amount_type", "!=", "group"),
        ]
        every = self.env["account.tax"].search(domain)
        self.resolver.load(taxes=every | taxes.sudo())
        missing = taxes.sudo().filtered(lambda t: _is_nothing(self.resolver.tax(t)))
        if not missing:
            return {}
        issued = self._last_issued("tax_ids", missing.ids)
        same = defaultdict(list)
        for tax in every:
            found = self.resolver.tax(tax)
            if found.code:
                known = (tax.name or "", (found.code, found.subcode))
                same[tax.amount_type, tax.amount].append(known)
        suggestions = {}
        for tax in missing:
            known = same[tax.amount_type, tax.amount]
            suggestion = self._issued_tax(tax, issued[tax.id])
            suggestion = suggestion or self._like_tax(tax, known)
            if suggestion:
                suggestions[tax.id] = suggestion
        return suggestions

    def _issued_tax(self, tax, issued):
        rate = tax._ereceipt_percentage()
        codes = {
            (amount.type, amount.subtype)
            for line in issued.lines
            for amount in line.taxes
            if amount.type and rate is not None and amount.rate == rate
        }
        if len(codes) != 1:
            return None
        code, subcode = codes.pop()
        return Suggestion(code, self._issued_reason(issued.document), subcode=subcode)

    def _like_tax(self, tax, known):
        """Return the code of the taxes with the same rate: the one that all have, else
        the one of the name that is most alike."""
        codes = {code for _name, code in known}
        choice = None if len(codes) == 1 else Neighbours(known).alike(tax.name or "")
        if not known or (len(codes) > 1 and not choice):
            return None
        (code, subcode), like = (
            (choice.code, choice.like) if choice else (known[0][1], known[0][0])
        )
        reason = self.env._("like %s, with the same rate", like)
        return Suggestion(code, reason, subcode=subcode)

    # -------------------------------------------------------------------------
    # HISTORY
    # -------------------------------------------------------------------------

    def _last_issued(self, name, ids):
        """Return in which lines of the authority's documents things stand that were
        sold, for each the last valid document.

        :param str name: the field of the invoice line that names the thing
        :rtype: dict[int, Issued]
        """
        found = defaultdict(Issued)
        for model in _SOLD_ON:
            self.env[model].flush_model()
        rows = self.env.execute_query(self._sql_last_issued(name, ids)) if ids else []
        documents = self.env["ereceipt.document"].browse({row[2] for row in rows})
        receipts = documents._read_contents()
        products = self.env["product.product"].browse({row[1] for row in rows})
        internal = {
            product.id: product._ereceipt_internal_code() for product in products
        }
        for thing_id, product_id, document_id in rows:
            lines = tuple(
                line
                for line in receipts[document_id].lines
                if line.internal_code == internal[product_id]
            )
            found[thing_id] = Issued(documents.browse(document_id), lines)
        return found

    def _sql_last_issued(self, name, ids):
        """Return the query of ``(thing, product, document)``."""
        join, column = SQL(), SQL.identifier("line", name)
        if name == "tax_ids":
            join = SQL(
                "JOIN account_move_line_account_tax_rel taxed "
                "ON taxed.account_move_line_id = line.id"
            )
            column = SQL.identifier("taxed", "account_tax_id")
        sharing = [
            code for code in authority_classes() if codes_owner(code) == self.authority
        ]
        return SQL(
            """
            SELECT DISTINCT ON (%(column)s) %(column)s, line.product_id, document.id
              FROM account_move_line line
              %(join)s
              JOIN ereceipt_document_move link ON link.move_id = line.move_id
              JOIN ereceipt_document document ON document.id = link.document_id
             WHERE %(column)s = ANY(%(ids)s)
               AND line.product_id IS NOT NULL
               AND document.company_id = %(company)s
               AND document.authority = ANY(%(authorities)s)
               AND document.state = 'valid'
             ORDER BY %(column)s, document.id DESC, line.id
            """,
            column=column,
            join=join,
            ids=list(ids),
            company=self.company.id,
            authorities=sharing,
        )

    # -------------------------------------------------------------------------
    # REASONS
    # -------------------------------------------------------------------------

    def _issued_reason(self, document):
        return self.env._("issued with it last, on %s", document.name)

    def _like_reason(self, choice, category=None):
        values = {"name": choice.like, "users": choice.users, "total": choice.total}
        if not choice.like:
            return self.env._(
                "%(users)s of %(total)s products of the category have it", **values
            )
        if category and choice.users > 1:
            return self.env._(
                "like %(name)s; %(users)s products of the category have it", **values
            )
        return self.env._("like %(name)s", name=choice.like)


@dataclass(frozen=True, slots=True)
class Issued:
    """Where something was last issued; empty if it never was."""

    document: object = None
    lines: tuple = ()


def _is_nothing(resolved):
    return not resolved.code and not resolved.pending
