"""What the books say of a period, by the authority's taxes.

The journal items are read once, into a table of this transaction; everything else is
summed up from there in the database, so that memory holds one row for each tax, not one
for each invoice.
"""

from collections import namedtuple
from dataclasses import dataclass, field
from decimal import Decimal

from odoo.tools import SQL

from ..fiscal.contract import Line, TaxAmount
from ..fiscal.tying_out import key_of
from .ereceipt_amounts import ZERO, exact
from .ereceipt_resolver import CodeResolver

ONE = Decimal(1)

SALES = ("out_invoice", "out_refund", "out_receipt")

_ITEMS = """
    CREATE TEMPORARY TABLE ereceipt_tie_item ON COMMIT DROP AS
    SELECT m.id AS move_id,
           m.move_type = ANY(%(sales)s) AS is_sale,
           m.tax_cash_basis_rec_id IS NOT NULL AS on_payment,
           aml.account_id,
           CASE WHEN aml.tax_line_id IS NOT NULL THEN 't' || aml.tax_line_id
                ELSE COALESCE(borne.taxes, '{}') END AS bearing,
           -aml.balance AS amount,
           COALESCE(grid.tags, '{}') AS tags,
           -- what goes off for early payment stands on the document in another way,
           -- and what cash rounding adds may be left out of it
           m.move_type = ANY(%(sales)s)
           AND (aml.tax_line_id IS NOT NULL OR aml.display_type = 'product'
                OR (aml.display_type = 'rounding' AND NOT (
                    borne.taxes IS NULL
                    AND device.rounding_policy = 'omit'
                    AND CASE m.move_type WHEN 'out_refund' THEN aml.balance
                                         ELSE -aml.balance END > 0
                ))) AS told
      FROM account_move_line aml
      JOIN account_move m ON m.id = aml.move_id
      LEFT JOIN ereceipt_device device ON device.id = m.ereceipt_device_id
      LEFT JOIN account_tax tax ON tax.id = aml.tax_line_id
      LEFT JOIN LATERAL (
           SELECT array_agg(r.account_tax_id ORDER BY r.account_tax_id)::text AS taxes,
                  bool_or(t.type_tax_use = 'sale') AS sells
             FROM account_move_line_account_tax_rel r
             JOIN account_tax t ON t.id = r.account_tax_id
            WHERE r.account_move_line_id = aml.id
      ) borne ON aml.tax_line_id IS NULL
      LEFT JOIN LATERAL (
           SELECT array_agg(g.account_account_tag_id) AS tags
             FROM account_account_tag_account_move_line_rel g
            WHERE g.account_move_line_id = aml.id
      ) grid ON TRUE
     WHERE m.state = 'posted'
       AND m.company_id = ANY(%(companies)s)
       AND m.date >= %(start)s
       AND m.date <= %(end)s
       AND (tax.type_tax_use = 'sale'
            OR borne.sells
            OR (m.move_type = ANY(%(sales)s)
                AND (aml.tax_line_id IS NOT NULL OR aml.display_type = 'product'
                     OR aml.display_type = 'rounding')))
"""

_ROWS = """
    CREATE TEMPORARY TABLE ereceipt_tie_row ON COMMIT DROP AS
    SELECT i.move_id, b.tax_key, i.is_sale,
           bool_or(i.on_payment OR b.on_payment) AS on_payment,
           COALESCE(sum(i.amount * b.net) FILTER (WHERE i.told), 0) AS net,
           COALESCE(sum(i.amount * b.tax) FILTER (WHERE i.told), 0) AS tax,
           COALESCE(sum(i.amount * b.net)
                    FILTER (WHERE i.tags && b.tags::int[]), 0) AS grid_net,
           COALESCE(sum(i.amount * b.tax)
                    FILTER (WHERE i.tags && b.tags::int[]), 0) AS grid_tax,
           COALESCE(sum(i.amount * b.tax)
                    FILTER (WHERE i.account_id = ANY(b.accounts::int[])), 0)
               AS account_tax
      FROM ereceipt_tie_item i
      JOIN unnest(%(bearing)s::text[], %(tax_key)s::text[], %(net)s::numeric[],
                  %(tax)s::numeric[], %(tags)s::text[], %(accounts)s::text[],
                  %(on_payment)s::boolean[])
           AS b(bearing, tax_key, net, tax, tags, accounts, on_payment)
        ON b.bearing = i.bearing
     GROUP BY i.move_id, b.tax_key, i.is_sale
"""

_TOTALS = """
    SELECT tax_key, sum(net) FILTER (WHERE is_sale), sum(tax) FILTER (WHERE is_sale),
           sum(grid_net), sum(grid_tax), sum(account_tax)
      FROM ereceipt_tie_row
     GROUP BY tax_key
"""

_ENTRIES = """
    SELECT r.move_id, r.tax_key, r.is_sale, r.on_payment,
           CASE WHEN r.is_sale THEN r.net ELSE 0 END AS net,
           CASE WHEN r.is_sale THEN r.tax ELSE 0 END AS tax,
           r.grid_net, r.grid_tax, r.account_tax
      FROM ereceipt_tie_row r
      JOIN unnest(%(tax_key)s::text[], %(base_grid)s::boolean[],
                  %(tax_grid)s::boolean[], %(account)s::boolean[])
           AS k(tax_key, base_grid, tax_grid, account) ON k.tax_key = r.tax_key
     WHERE (k.base_grid AND r.grid_net != CASE WHEN r.is_sale THEN r.net ELSE 0 END)
        OR (k.tax_grid AND r.grid_tax != CASE WHEN r.is_sale THEN r.tax ELSE 0 END)
        OR (k.account AND r.account_tax != CASE WHEN r.is_sale THEN r.tax ELSE 0 END)
     ORDER BY r.move_id
"""

_BY_HAND = """
    SELECT 'account' AS what, aml.account_id AS id, aml.move_id, sum(-aml.balance)
      FROM account_move_line aml
      JOIN account_move m ON m.id = aml.move_id
     WHERE m.state = 'posted'
       AND m.company_id = ANY(%(companies)s)
       AND m.date >= %(start)s
       AND m.date <= %(end)s
       AND aml.account_id = ANY(%(accounts)s)
       AND aml.tax_line_id IS NULL
     GROUP BY aml.account_id, aml.move_id
    HAVING sum(-aml.balance) != 0
     UNION ALL
    SELECT 'tag', g.account_account_tag_id, aml.move_id, sum(-aml.balance)
      FROM account_move_line aml
      JOIN account_move m ON m.id = aml.move_id
      JOIN account_account_tag_account_move_line_rel g
        ON g.account_move_line_id = aml.id
     WHERE m.state = 'posted'
       AND m.company_id = ANY(%(companies)s)
       AND m.date >= %(start)s
       AND m.date <= %(end)s
       AND g.account_account_tag_id = ANY(%(tags)s)
       AND aml.tax_line_id IS NULL
       AND NOT EXISTS (
           SELECT 1 FROM account_move_line_account_tax_rel r
            WHERE r.account_move_line_id = aml.id
       )
     GROUP BY g.account_account_tag_id, aml.move_id
    HAVING sum(-aml.balance) != 0
     ORDER BY 1, 2, 3
"""

Totals = namedtuple("Totals", "net tax grid_net grid_tax account_tax")
NOTHING = Totals(ZERO, ZERO, ZERO, ZERO, ZERO)

Entry = namedtuple(
    "Entry",
    "move_id tax_key is_sale on_payment net tax grid_net grid_tax account_tax",
)

ByHand = namedtuple("ByHand", "what id move_id amount")


@dataclass
class Key:
    """What Odoo's taxes behind one of the authority's are set up with.

    :ivar taxes: the ``account.tax`` records
    :ivar base_tags: ids of the grids of their bases; ``tax_tags`` of themselves
    :ivar accounts: ids of the accounts on which they are booked
    """

    taxes: object
    base_tags: set = field(default_factory=set)
    tax_tags: set = field(default_factory=set)
    accounts: set = field(default_factory=set)


class Books:
    """The books of one tie-out.

    :param tie_out: the ``ereceipt.tie.out``, in sudo
    :ivar keys: what Odoo has for each of the authority's taxes, by the key's text
    :ivar totals: the sums of each, by the same
    """

    def __init__(self, tie_out):
        self.env = tie_out.env
        self.period = {
            "companies": tie_out._companies().ids,
            "start": tie_out.date_from,
            "end": tie_out.date_to,
        }
        registration = tie_out.registration_id
        self._authority = registration._authority(offline=True)
        self._resolver = CodeResolver(
            self.env, registration.authority, tie_out.company_id
        )
        self.keys = {}
        self._read_items()
        self._read_rows()
        self.totals = {
            key: Totals(*(exact(amount or 0) for amount in amounts))
            for key, *amounts in self.env.execute_query(SQL(_TOTALS))
        }

    # -------------------------------------------------------------------------
    # WHAT DIFFERS WITHIN THE BOOKS
    # -------------------------------------------------------------------------

    def entries(self):
        """Return the entries of which grids or accounts say something else."""
        names = list(self.keys)
        found = self.env.execute_query(
            SQL(
                _ENTRIES,
                tax_key=names,
                base_grid=[bool(self.keys[name].base_tags) for name in names],
                tax_grid=[bool(self.keys[name].tax_tags) for name in names],
                account=[bool(self.keys[name].accounts) for name in names],
            )
        )
        return [Entry(*row[:4], *map(exact, row[4:])) for row in found]

    def by_hand(self):
        """Return what stands on the accounts and in the grids of the taxes and belongs
        to no tax."""
        accounts, tags = set(), set()
        for key in self.keys.values():
            accounts |= key.accounts
            tags |= key.base_tags | key.tax_tags
        found = self.env.execute_query(
            SQL(_BY_HAND, accounts=list(accounts), tags=list(tags), **self.period)
        )
        return [ByHand(*row[:3], exact(row[3])) for row in found]

    # -------------------------------------------------------------------------
    # READING
    # -------------------------------------------------------------------------

    def _read_items(self):
        self.env.flush_all()
        for name in ("ereceipt_tie_item", "ereceipt_tie_row"):
            self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", SQL.identifier(name)))
        self.env.cr.execute(SQL(_ITEMS, sales=list(SALES), **self.period))
        self.env.cr.execute("ANALYZE ereceipt_tie_item")

    def _read_rows(self):
        """Sum up the items by invoice and tax. How an item counts under a tax is told
        by the authority for one unit of its amount."""
        bearings = [
            row[0]
            for row in self.env.execute_query(
                SQL("SELECT DISTINCT bearing FROM ereceipt_tie_item ORDER BY 1")
            )
        ]
        self._load_taxes(bearings)
        columns = {
            name: []
            for name in (
                "bearing",
                "tax_key",
                "net",
                "tax",
                "tags",
                "accounts",
                "on_payment",
            )
        }
        for bearing in bearings:
            for row in self._counts_under(bearing):
                for name, value in row.items():
                    columns[name].append(value)
        self.env.cr.execute(SQL(_ROWS, **columns))
        self.env.cr.execute("ANALYZE ereceipt_tie_row")

    def _load_taxes(self, bearings):
        """Find out what the authority calls the taxes, and what they are set up
        with."""
        ids = {tax_id for bearing in bearings for tax_id in _ids(bearing)}
        borne = self.env["account.tax"].browse(sorted(ids))
        taxes = borne | borne.flatten_taxes_hierarchy()
        self._resolver.load(taxes=taxes)
        self._amounts = {tax.id: self._tax_amount(tax) for tax in taxes}
        for tax in taxes:
            for total in self._authority.tax_rows(
                Line("", ONE, ONE, ONE, taxes=self._named([tax]))
            ):
                self._set_up(str(key_of(total)), tax)

    def _set_up(self, name, tax):
        none = self.env["account.tax"]
        key = self.keys.setdefault(name, Key(none))
        if not self._named([tax]):
            return
        key.taxes |= tax
        lines = tax.invoice_repartition_line_ids | tax.refund_repartition_line_ids
        base = lines.filtered(lambda line: line.repartition_type == "base")
        key.base_tags.update(base.tag_ids.ids)
        key.tax_tags.update((lines - base).tag_ids.ids)
        key.accounts.update((lines - base).account_id.ids)

    def _tax_amount(self, tax):
        code = self._resolver.tax(tax)
        return TaxAmount(
            type=code.code,
            subtype=code.subcode,
            rate=tax._ereceipt_percentage(),
            amount=ZERO,
            name=tax.name,
        )

    def _named(self, taxes):
        """Return the taxes that a document names: those without code and amount have no
        place on it."""
        return tuple(
            self._amounts[tax.id]
            for tax in taxes
            if self._amounts[tax.id].type or tax.amount
        )

    def _counts_under(self, bearing):
        """Yield what one unit of an item with these taxes counts for."""
        taxes = self.env["account.tax"].browse(_ids(bearing))
        if bearing.startswith("t"):
            tax = self._amounts[taxes.id]
            one = TaxAmount(tax.type, tax.subtype, tax.rate, ONE, tax.name)
            line = Line("", ONE, ZERO, ZERO, taxes=(one,))
        else:
            taxes = taxes.flatten_taxes_hierarchy()
            line = Line("", ONE, ONE, ONE, taxes=self._named(taxes))
        for total in self._authority.tax_rows(line):
            name = str(key_of(total))
            key = self.keys.setdefault(name, Key(self.env["account.tax"]))
            tags = key.tax_tags if bearing.startswith("t") else key.base_tags
            yield {
                "bearing": bearing,
                "tax_key": name,
                "net": total.net,
                "tax": total.tax,
                "tags": _array(tags),
                "accounts": _array(key.accounts),
                "on_payment": "on_payment" in key.taxes.mapped("tax_exigibility"),
            }


def _ids(bearing):
    """Return the ids of the taxes that an item bears, or of the one that it is."""
    return [int(part) for part in bearing.strip("t{}").split(",") if part]


def _array(ids):
    """Return ids as PostgreSQL writes an array."""
    return f"{{{','.join(map(str, sorted(ids)))}}}"
