from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

LOOKED_PARAMETER = "account_ereceipt.gaps_looked_at"
LOOK_EVERY = timedelta(hours=20)

USER_GROUP = "account_ereceipt.group_ereceipt_user"
EXPLANATION = {"explanation", "explained_by_id", "explained_at"}

_GAPS = """
    SELECT journal_id, sequence_prefix, before + 1, number - 1, date
      FROM (
        SELECT journal_id, sequence_prefix, sequence_number AS number, date,
               lag(sequence_number) OVER (
                   PARTITION BY journal_id, sequence_prefix ORDER BY sequence_number
               ) AS before
          FROM account_move
         WHERE journal_id = ANY(%(journals)s)
           AND sequence_number > 0
           AND sequence_prefix IS NOT NULL
      ) AS numbered
     WHERE number > before + 1
     ORDER BY 1, 2, 3
"""


class EreceiptNumber(models.Model):
    """A number of which somebody may ask where its document is.

    Its life: it is noted when an invoice with a number is deleted, and when a document
    that was issued is taken back before anybody outside saw it, with who did it and
    when; and a daily job notes the numbers that are missing between those of a
    journal's invoices. Where a number is used after all, that is noted as well. A
    person may explain it, once: neither the row nor its explanation changes
    afterwards, and none is deleted.
    """

    _name = "ereceipt.number"
    _description = "Number without a document"
    _order = "date desc, series, number_first desc, id desc"

    name = fields.Char(string="Number", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    journal_id = fields.Many2one(
        "account.journal", ondelete="restrict", index=True, readonly=True
    )
    series = fields.Char(readonly=True, help="What the number begins with.")
    number_first = fields.Integer(string="First of them", readonly=True)
    number_last = fields.Integer(string="Last of them", readonly=True)
    count = fields.Integer(
        string="How many", compute="_compute_count", store=True, readonly=True
    )
    date = fields.Date(readonly=True, help="Of the document, or of the one after it.")
    kind = fields.Selection(
        [
            ("missing", "Missing"),
            ("deleted", "Deleted"),
            ("withdrawn", "Taken back"),
        ],
        string="What happened",
        required=True,
        readonly=True,
    )
    user_id = fields.Many2one("res.users", string="Who", readonly=True)
    happened_at = fields.Datetime(string="When", readonly=True)
    document_id = fields.Many2one(
        "ereceipt.document",
        ondelete="restrict",
        index="btree_not_null",
        readonly=True,
    )
    used_at = fields.Datetime(
        string="Used after all",
        readonly=True,
        help="When an invoice was found that has this number by now.",
    )
    explanation = fields.Char(readonly=True)
    explained_by_id = fields.Many2one("res.users", string="By", readonly=True)
    explained_at = fields.Datetime(string="Explained", readonly=True)
    state = fields.Selection(
        [
            ("open", "To be explained"),
            ("explained", "Explained"),
            ("used", "Used after all"),
            ("known", "Known"),
        ],
        compute="_compute_state",
        store=True,
        readonly=True,
    )
    sentence = fields.Char(string="What became of it", compute="_compute_sentence")

    _missing_unique = models.UniqueIndex(
        "(journal_id, series, number_first, number_last) "
        "WHERE kind = 'missing' AND used_at IS NULL",
        "These numbers are noted already.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("number_first", "number_last")
    def _compute_count(self):
        for number in self:
            number.count = number.number_last - number.number_first + 1

    @api.depends("explanation", "used_at", "kind")
    def _compute_state(self):
        """Of what was deleted or taken back it is known what happened; nobody has to
        explain it, though somebody may."""
        for number in self:
            if number.explanation:
                number.state = "explained"
            elif number.used_at:
                number.state = "used"
            else:
                number.state = "open" if number.kind == "missing" else "known"

    @api.depends("kind", "user_id", "used_at", "document_id.state")
    @api.depends_context("lang")
    def _compute_sentence(self):
        for number in self:
            number.sentence = number._sentence()

    def _sentence(self):
        who = self.sudo().user_id.name or ""
        if self.kind == "deleted" and self.used_at:
            return self.env._(
                "Its invoice was deleted as a draft by %s. Another invoice has the "
                "number by now.",
                who,
            )
        if self.kind == "deleted":
            return self.env._("Its invoice was deleted as a draft by %s.", who)
        if self.kind == "missing" and self.used_at:
            return self.env._(
                "No invoice of the journal had it when it was noted. That has changed "
                "since."
            )
        if self.kind == "missing":
            return self.env._(
                "No invoice of the journal has it: it was never used, or its invoice "
                "got another number."
            )
        moves = self.sudo().document_id.link_ids.move_id
        later = moves.ereceipt_document_id - self.sudo().document_id
        later = later.filtered("content_sha256")
        if later:
            return self.env._(
                "Taken back by %(who)s before it was sent, and issued anew as "
                "%(number)s.",
                who=who,
                number=later[0].authority_number or later[0].name,
            )
        return self.env._(
            "Taken back by %s before it was sent. Its invoice was not issued again.",
            who,
        )

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def write(self, vals):
        """An explanation is given once, and so is the time of being used after all;
        nothing else changes."""
        explaining = set(vals) == EXPLANATION and not any(self.mapped("explanation"))
        using = set(vals) == {"used_at"} and not any(self.mapped("used_at"))
        if not (self.env.su and (explaining or using)):
            raise UserError(self.env._("What became of a number cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What became of a number cannot be deleted."))

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_explain(self):
        """Open the wizard that asks what became of these numbers."""
        self._require_user()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("What became of these numbers"),
            "res_model": "ereceipt.number.explanation",
            "view_mode": "form",
            "target": "new",
            "context": {"default_number_ids": [fields.Command.set(self.ids)]},
        }

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _require_user(self):
        """Raise unless the person may explain these.

        :raise AccessError:
        """
        self.check_access("read")
        if not self.env.user.has_group(USER_GROUP):
            raise AccessError(
                self.env._(
                    "Auditors look at numbers. Explaining them takes the role User of "
                    "e-receipts."
                )
            )

    def _explain(self, reason):
        """Note once and for all what became of numbers.

        :param str reason: as the person says it
        :raise UserError: it is empty, or one of them is explained already
        """
        self._require_user()
        if not self:
            raise UserError(self.env._("Choose the numbers that are explained."))
        reason = (reason or "").strip()
        if not reason:
            raise UserError(self.env._("Say what became of these numbers."))
        explained = self.filtered("explanation")
        if explained:
            raise UserError(
                self.env._(
                    "%s is explained already, and an explanation cannot be changed.",
                    explained[0].name,
                )
            )
        self.sudo().write(
            {
                "explanation": reason,
                "explained_by_id": self.env.uid,
                "explained_at": fields.Datetime.now(),
            }
        )

    @api.model
    def _look_for_gaps(self):
        """Find gaps once a day; called by the upkeep job."""
        parameters = self.env["ir.config_parameter"].sudo()
        last = parameters.get_param(LOOKED_PARAMETER)
        now = fields.Datetime.now()
        if last and fields.Datetime.to_datetime(last) > now - LOOK_EVERY:
            return
        parameters.set_param(LOOKED_PARAMETER, fields.Datetime.to_string(now))
        self._find_gaps()

    @api.model
    def _find_gaps(self):
        """Note the numbers that no invoice of a journal has, and which of those that
        were noted are used by now."""
        rows = self.sudo()
        devices = self.env["ereceipt.device"].sudo().with_context(active_test=False)
        journals = devices.search([]).journal_ids
        self.env["account.move"].flush_model(
            ["journal_id", "sequence_prefix", "sequence_number", "date"]
        )
        gaps = self.env.execute_query(SQL(_GAPS, journals=journals.ids))
        found = rows._without_deleted(gaps)
        noted = {
            (row.journal_id.id, row.series, row.number_first, row.number_last): row
            for row in rows.search([("kind", "=", "missing"), ("used_at", "=", False)])
        }
        company = {journal.id: journal.company_id.id for journal in journals}
        rows.create(
            [
                {
                    "name": _range_name(series, first, last),
                    "company_id": company[journal_id],
                    "journal_id": journal_id,
                    "series": series,
                    "number_first": first,
                    "number_last": last,
                    "date": date,
                    "kind": "missing",
                }
                for (journal_id, series, first, last), date in found.items()
                if (journal_id, series, first, last) not in noted
            ]
        )
        gone = rows.union(*(row for key, row in noted.items() if key not in found))
        (gone | rows._deleted_and_used()).write({"used_at": fields.Datetime.now()})

    def _without_deleted(self, gaps):
        """Return the gaps, by journal, series, first and last number, with the date of
        what follows; without the numbers of which it is known that they were deleted.
        """
        deleted = {}
        for row in self.search([("kind", "=", "deleted")]):
            key = (row.journal_id.id, row.series)
            deleted.setdefault(key, set()).add(row.number_first)
        found = {}
        for journal_id, series, first, last, date in gaps:
            known = deleted.get((journal_id, series), set())
            start = first
            for number in sorted(n for n in known if first <= n <= last):
                if number > start:
                    found[journal_id, series, start, number - 1] = date
                start = number + 1
            if start <= last:
                found[journal_id, series, start, last] = date
        return found

    @api.model
    def _deleted_and_used(self, domain=()):
        """Return the rows of deleted invoices whose numbers others have by now.

        :param domain: which rows are looked at
        """
        deleted = self.search(
            [("kind", "=", "deleted"), ("used_at", "=", False), *domain]
        )
        if not deleted:
            return deleted
        used = self.env["account.move"].sudo()
        used = used.search_fetch(
            [
                ("journal_id", "in", deleted.journal_id.ids),
                ("name", "in", deleted.mapped("name")),
            ],
            ["journal_id", "name"],
        )
        names = {(move.journal_id, move.name) for move in used}
        return deleted.filtered(lambda row: (row.journal_id, row.name) in names)


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _withdraw(self):
        # EXTENDS: a number that was given and is not used is accounted for
        result = super()._withdraw()
        issued = self.filtered("content_sha256")
        if issued:
            self.env["ereceipt.number"].sudo().create(
                [document._withdrawn_number() for document in issued]
            )
        return result

    def _withdrawn_number(self):
        move = self.link_ids.move_id[:1]
        number = self.series_number or move.sequence_number
        return {
            "name": self.authority_number or self.name,
            "company_id": self.company_id.id,
            "journal_id": move.journal_id.id,
            "series": self.series or move.sequence_prefix,
            "number_first": number,
            "number_last": number,
            "date": move.date,
            "kind": "withdrawn",
            "user_id": self.env.uid,
            "happened_at": fields.Datetime.now(),
            "document_id": self.id,
        }


class AccountMove(models.Model):
    _inherit = "account.move"

    def _post(self, soft=True):
        # EXTENDS account: a number of a deleted invoice may be used again
        posted = super()._post(soft)
        numbers = self.env["ereceipt.number"].sudo()
        sales = posted.filtered(lambda m: m.is_sale_document(include_receipts=True))
        if sales:
            again = numbers._deleted_and_used([("name", "in", sales.mapped("name"))])
            again.write({"used_at": fields.Datetime.now()})
        return posted

    def unlink(self):
        # EXTENDS account: whose number goes with it is noted
        deleted = [move._ereceipt_deleted_number() for move in self]
        result = super().unlink()
        noted = [values for values in deleted if values]
        if noted:
            self.env["ereceipt.number"].sudo().create(noted)
        return result

    def _ereceipt_deleted_number(self):
        """Return how the number of an invoice that is deleted is noted, None for one
        without a number, or of a journal that nothing is issued from."""
        self.ensure_one()
        if not (
            self.sequence_number
            and self.posted_before
            and self.is_sale_document(include_receipts=True)
            and self._ereceipt_devices_of_journal()
        ):
            return None
        return {
            "name": self.name,
            "company_id": self.company_id.id,
            "journal_id": self.journal_id.id,
            "series": self.sequence_prefix,
            "number_first": self.sequence_number,
            "number_last": self.sequence_number,
            "date": self.date,
            "kind": "deleted",
            "user_id": self.env.uid,
            "happened_at": fields.Datetime.now(),
        }

    def _ereceipt_devices_of_journal(self):
        devices = self.env["ereceipt.device"].sudo().with_context(active_test=False)
        return devices.search_count(
            [("journal_ids", "in", self.journal_id.ids)], limit=1
        )


def _range_name(series, first, last):
    """Return a number, or the first and the last of several, as people write them."""
    if first == last:
        return f"{series}{first:05d}"
    return f"{series}{first:05d} – {series}{last:05d}"
