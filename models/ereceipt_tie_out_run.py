from collections import defaultdict, namedtuple
from decimal import Decimal

from odoo import fields, models
from odoo.tools import SQL

from ..fiscal import codes_owner
from ..fiscal.tying_out import (
    COUNTED,
    EXPLAINED,
    NO_CODE,
    NO_TAX,
    Case,
    Kind,
    Share,
    Side,
    TaxKey,
    judge,
    judge_entry,
)
from .ereceipt_amounts import ZERO, exact
from .ereceipt_tie_out_books import NOTHING, SALES, Books, Key

CREATED_AT_ONCE = 1_000
TAXES, BY_HAND = 10, 20
"""Where lines stand: those of taxes first, then what belongs to none."""

_COUNTED = """
    SELECT t.tax_key, sum(t.net), sum(t.tax)
      FROM ereceipt_document_tax t
      JOIN ereceipt_document d ON d.id = t.document_id
     WHERE %(counts)s
     GROUP BY t.tax_key
"""

_DIFFERING = """
    WITH here AS (
        SELECT d.id AS document_id,
               CASE WHEN d.id IS NULL THEN r.move_id END AS move_id,
               r.tax_key, sum(r.net) AS net, sum(r.tax) AS tax
          FROM ereceipt_tie_row r
          JOIN account_move m ON m.id = r.move_id
          LEFT JOIN ereceipt_document d
            ON d.id = m.ereceipt_document_id
           AND d.registration_id = ANY(%(registrations)s)
           AND d.environment = %(environment)s
         WHERE r.is_sale
         GROUP BY 1, 2, 3
    ), there AS (
        SELECT t.document_id, t.tax_key, t.net, t.tax
          FROM ereceipt_document_tax t
          JOIN ereceipt_document d ON d.id = t.document_id
         WHERE %(counts)s
    )
    SELECT document_id, here.move_id, tax_key,
           COALESCE(there.net, 0), COALESCE(there.tax, 0),
           COALESCE(here.net, 0), COALESCE(here.tax, 0)
      FROM here
      FULL JOIN there USING (document_id, tax_key)
     WHERE COALESCE(there.net, 0) != COALESCE(here.net, 0)
        OR COALESCE(there.tax, 0) != COALESCE(here.tax, 0)
     ORDER BY 1, 2, 3
"""

_FACTS = """
    SELECT d.id, d.name, d.state, told.day, told.lines, booked.inside, booked.outside,
           booked.move_id, booked.date, booked.rate
      FROM ereceipt_document d
      LEFT JOIN LATERAL (
          SELECT min(t.day) AS day, max(t.lines) AS lines
            FROM ereceipt_document_tax t WHERE t.document_id = d.id
      ) told ON TRUE
      LEFT JOIN LATERAL (
          SELECT bool_or(m.date BETWEEN %(start)s AND %(end)s) AS inside,
                 bool_or(m.date NOT BETWEEN %(start)s AND %(end)s) AS outside,
                 min(m.id) AS move_id,
                 min(m.date) AS date,
                 min(CASE WHEN m.currency_id != c.currency_id
                          THEN m.invoice_currency_rate END) AS rate
            FROM account_move m
            JOIN res_company c ON c.id = m.company_id
           WHERE m.ereceipt_document_id = d.id
             AND m.state = 'posted'
             AND m.move_type = ANY(%(sales)s)
      ) booked ON TRUE
     WHERE d.id = ANY(%(documents)s)
"""

Differing = namedtuple(
    "Differing",
    "document_id move_id tax_key there_net there_tax here_net here_tax",
)
Facts = namedtuple("Facts", "id name state day lines inside outside move_id date rate")


class EreceiptTieOut(models.Model):
    """Adding up, comparing, and saying why."""

    _inherit = "ereceipt.tie.out"

    def _compute_figures(self):
        """Compute what differs, and keep it. One transaction: what is read fits
        together."""
        self.ensure_one()
        books = Books(self)
        there = {
            key: (exact(net), exact(tax))
            for key, net, tax in self.env.execute_query(
                SQL(_COUNTED, counts=self._sql_counts())
            )
        }
        by_hand = books.by_hand()
        lines = self._make_lines(books, there, by_hand)
        values = [
            *self._authority_differences(lines),
            *self._entry_differences(lines, books),
            *self._by_hand_differences(lines, by_hand),
        ]
        differences = self.env["ereceipt.tie.out.difference"]
        for start in range(0, len(values), CREATED_AT_ONCE):
            differences.create(values[start : start + CREATED_AT_ONCE])
        self._say_results(lines, values)
        self.write(
            {
                "state": "done",
                "error": False,
                "computed_at": fields.Datetime.now(),
                "document_count": self._count_documents(),
                "move_count": self.env["account.move"].search_count(
                    self._moves_domain()
                ),
            }
        )

    def _sql_counts(self):
        """Return the condition that a document ``d`` with totals ``t`` counts in the
        period."""
        return SQL(
            "d.registration_id = ANY(%s) AND d.environment = %s AND d.state = ANY(%s) "
            "AND t.day BETWEEN %s AND %s",
            self._registrations().ids,
            self.environment,
            list(COUNTED),
            self.date_from,
            self.date_to,
        )

    def _count_documents(self):
        return self.env.execute_query(
            SQL(
                "SELECT count(DISTINCT t.document_id) FROM ereceipt_document_tax t "
                "JOIN ereceipt_document d ON d.id = t.document_id WHERE %s",
                self._sql_counts(),
            )
        )[0][0]

    # -------------------------------------------------------------------------
    # LINES
    # -------------------------------------------------------------------------

    def _make_lines(self, books, there, by_hand):
        """Make a line for each tax, account and grid that has anything.

        :return: lines by the key's text, or by ``("account" | "tag", id)``
        """
        names, values = [], []
        for name in sorted({*there, *books.totals}):
            net, tax = there.get(name, (ZERO, ZERO))
            totals = books.totals.get(name, NOTHING)
            if any((net, tax, *totals)):
                names.append(name)
                key = books.keys.get(name) or Key(self.env["account.tax"])
                values.append(
                    self._tax_values(name, key, net, tax, totals)
                    | self._line_texts(name, books)
                )
        sums = defaultdict(lambda: ZERO)
        for row in by_hand:
            sums[row.what, row.id] += row.amount
        for (what, record_id), amount in sums.items():
            names.append((what, record_id))
            values.append(
                self._by_hand_values(what, record_id, amount)
                | self._line_texts((what, record_id), books)
            )
        created = self.env["ereceipt.tie.out.line"].create(values)
        lines = dict(zip(names, created, strict=True))
        self._say_in_each_language(lines, books)
        return lines

    def _say_in_each_language(self, lines, books):
        """Write what lines are called in every language that is installed: who reads
        them may have another one than who compared."""
        for lang, _name in self.env["res.lang"].get_installed():
            here = self.with_context(lang=lang)
            for what, line in lines.items():
                line.with_env(here.env).write(here._line_texts(what, books))

    def _line_texts(self, what, books):
        """Return what a line is called, in the language of the context.

        :param what: the key's text, or ``("account" | "tag", id)``
        """
        if isinstance(what, tuple):
            return {"name": self._by_hand_name(*what)}
        key = books.keys.get(what)
        taxes = self.env["account.tax"].browse(key.taxes.ids if key else ())
        return {
            "name": self._tax_name(TaxKey.parse(what), taxes),
            "tax_names": self._names_text(taxes),
        }

    def _common(self):
        return {
            "tie_out_id": self.id,
            "company_id": self.company_id.id,
            "currency_id": self.currency_id.id,
        }

    def _tax_values(self, name, key, net, tax, totals):
        parsed = TaxKey.parse(name)
        has_grids = bool(key.base_tags or key.tax_tags)
        grid_difference = 0
        if key.tax_tags:
            grid_difference = totals.grid_tax - totals.tax
        if key.base_tags and not grid_difference:
            grid_difference = totals.grid_net - totals.net
        return {
            **self._common(),
            "sequence": TAXES,
            "tax_type": parsed.type,
            "tax_subtype": parsed.subtype,
            "rate": parsed.rate,
            "there_net": net,
            "there_tax": tax,
            "here_net": totals.net,
            "here_tax": totals.tax,
            "has_grids": has_grids,
            "grid_net": totals.grid_net,
            "grid_tax": totals.grid_tax,
            "has_accounts": bool(key.accounts),
            "account_tax": totals.account_tax,
            "net_difference": net - totals.net,
            "tax_difference": tax - totals.tax,
            "grid_difference": grid_difference,
            "account_difference": (
                totals.account_tax - totals.tax if key.accounts else 0
            ),
        }

    def _tax_name(self, key, taxes):
        """Return what a tax is called: by the authority's codes and the rate."""
        if key.type == NO_TAX:
            return self.env._("No tax")
        if key.type == NO_CODE:
            names = self._names_text(taxes) or key.rate
            return self.env._("Without a code: %s", names)
        rate = f"{key.rate} %" if key.rate else ""
        codes = " / ".join(filter(None, (key.type, key.subtype)))
        codes = " ".join(filter(None, (codes, rate)))
        codes = self.env["ereceipt.document"]._set_apart(codes)
        return " ".join(filter(None, (codes, self._code_name(key))))

    def _names_text(self, taxes):
        apart = self.env["ereceipt.document"]._set_apart
        return ", ".join(apart(tax.name) for tax in taxes)

    def _code_name(self, key):
        """Return the authority's own name of a subtype or type, "" if it has none."""
        rows = self.env["ereceipt.code"].sudo()
        owner = codes_owner(self.registration_id.authority)
        for kind, code in (("tax_subtype", key.subtype), ("tax_type", key.type)):
            found = code and rows.search(
                [
                    ("authority", "=", owner),
                    ("kind", "=", kind),
                    ("code", "=", code),
                ],
                limit=1,
            )
            if found:
                name = self.env["ereceipt.document"]._set_apart(found.name)
                return f"({name})"
        return ""

    def _by_hand_values(self, what, record_id, amount):
        if what == "account":
            figures = {
                "account_id": record_id,
                "has_accounts": True,
                "account_tax": amount,
                "account_difference": amount,
            }
        else:
            figures = {
                "tag_id": record_id,
                "has_grids": True,
                "grid_tax": amount,
                "grid_difference": amount,
            }
        return {**self._common(), "sequence": BY_HAND, **figures}

    def _by_hand_name(self, what, record_id):
        if what == "account":
            accounts = self.env["account.account"].with_company(self.company_id)
            account = accounts.browse(record_id)
            return self.env._("Without a tax, account %s", account.display_name)
        tag = self.env["account.account.tag"].browse(record_id)
        return self.env._("Without a tax, tax grid %s", tag.display_name)

    def _say_results(self, lines, values):
        """Write on the lines whether they are equal, explained, or to be looked
        into."""
        found = defaultdict(set)
        for one in values:
            found[one["line_id"]].add(one["explained"])
        model = self.env["ereceipt.tie.out.line"]
        for result, wanted in (("explained", {True}), ("open", None)):
            ids = [
                line.id
                for line in lines.values()
                if found[line.id]
                and (found[line.id] == wanted if wanted else False in found[line.id])
            ]
            model.browse(ids).write({"result": result})

    # -------------------------------------------------------------------------
    # DIFFERENCES FROM THE AUTHORITY
    # -------------------------------------------------------------------------

    def _authority_differences(self, lines):
        """Yield the values of what the authority has otherwise than the invoices."""
        rows = [
            Differing(*row[:3], *map(exact, row[3:]))
            for row in self.env.execute_query(
                SQL(
                    _DIFFERING,
                    registrations=self._registrations().ids,
                    environment=self.environment,
                    counts=self._sql_counts(),
                )
            )
        ]
        facts = self._facts({row.document_id for row in rows if row.document_id})
        moves = self.env["account.move"].browse(
            sorted({row.move_id for row in rows if row.move_id})
        )
        groups = defaultdict(list)
        for row in rows:
            groups[row.document_id, row.move_id].append(row)
        moves.fetch(["name", "date", "journal_id", "ereceipt_document_id"])
        for (document_id, move_id), shares in groups.items():
            if document_id:
                kind, about = self._judge_document(facts[document_id], shares)
            else:
                kind, about = self._judge_move(moves.browse(move_id), shares)
            for row in shares:
                yield self._difference(
                    lines[row.tax_key],
                    Side.AUTHORITY,
                    kind,
                    (row.here_net, row.here_tax),
                    (row.there_net, row.there_tax),
                    **about,
                )

    def _facts(self, document_ids):
        """Return what is known of documents, by id."""
        found = self.env.execute_query(
            SQL(
                _FACTS,
                documents=list(document_ids),
                start=self.date_from,
                end=self.date_to,
                sales=list(SALES),
            )
        )
        return {row[0]: Facts(*row) for row in found}

    def _judge_document(self, facts, rows):
        counted = facts.state in COUNTED and bool(
            facts.day and self.date_from <= facts.day <= self.date_to
        )
        unit = Decimal("0.01") / exact(facts.rate) if facts.rate else ZERO
        kind = judge(
            Case(
                state=facts.state,
                counted=counted,
                booked=bool(facts.inside),
                booked_elsewhen=bool(facts.outside),
                shares=[_share(row) for row in rows],
                unit=unit,
                lines=facts.lines or 1,
            )
        )
        return kind, {
            "document_id": facts.id,
            "move_id": facts.move_id,
            "number": facts.name,
            "day_there": facts.day,
            "day_here": facts.date,
        }

    def _judge_move(self, move, rows):
        """Judge an invoice that none of these registrations has a document of."""
        document = move.ereceipt_document_id
        another = document and document.environment == self.environment
        kind = judge(
            Case(
                state="",
                counted=False,
                booked=True,
                booked_elsewhen=False,
                shares=[_share(row) for row in rows],
                elsewhere=bool(another or move.journal_id.ereceipt_needs_none),
            )
        )
        return kind, {
            "move_id": move.id,
            "number": move.name,
            "day_here": move.date,
        }

    # -------------------------------------------------------------------------
    # DIFFERENCES WITHIN THE BOOKS
    # -------------------------------------------------------------------------

    def _entry_differences(self, lines, books):
        """Yield the values of what grids and accounts have otherwise than the
        invoices."""
        entries = books.entries()
        moves = self._numbered(entry.move_id for entry in entries)
        for entry in entries:
            key, here = books.keys[entry.tax_key], (entry.net, entry.tax)
            grid = (
                entry.grid_net if key.base_tags else entry.net,
                entry.grid_tax if key.tax_tags else entry.tax,
            )
            account = (entry.net, entry.account_tax if key.accounts else entry.tax)
            for side, other in ((Side.GRIDS, grid), (Side.ACCOUNTS, account)):
                if other == here:
                    continue
                kind = judge_entry(
                    side, is_sale=entry.is_sale, on_payment=entry.on_payment
                )
                move = moves[entry.move_id]
                yield self._difference(
                    lines[entry.tax_key],
                    side,
                    kind,
                    here,
                    other,
                    move_id=move.id,
                    number=move.name,
                    day_here=move.date,
                )

    def _by_hand_differences(self, lines, by_hand):
        """Yield the values of what belongs to no tax."""
        moves = self._numbered(row.move_id for row in by_hand)
        for row in by_hand:
            move = moves[row.move_id]
            yield self._difference(
                lines[row.what, row.id],
                Side.ACCOUNTS if row.what == "account" else Side.GRIDS,
                Kind.MANUAL,
                (ZERO, ZERO),
                (ZERO, row.amount),
                move_id=move.id,
                number=move.name,
                day_here=move.date,
            )

    def _numbered(self, ids):
        """Return entries by id, with their number and date read for all at once."""
        moves = self.env["account.move"].browse(sorted(set(ids)))
        moves.fetch(["name", "date"])
        return {move.id: move for move in moves}

    def _difference(self, line, side, kind, here, other, **about):
        return {
            **self._common(),
            "line_id": line.id,
            "side": side.value,
            "kind": kind.value,
            "explained": kind in EXPLAINED,
            "here_net": here[0],
            "here_tax": here[1],
            "other_net": other[0],
            "other_tax": other[1],
            "net_difference": other[0] - here[0],
            "tax_difference": other[1] - here[1],
            **about,
        }


def _share(row):
    return Share(row.there_net, row.there_tax, row.here_net, row.here_tax)
