from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .ereceipt_document import TAKES_BACK


class EreceiptDocument(models.Model):
    """What documents are told apart by when it is asked why work was done twice: the
    errors they were refused for, and what was issued a second time. And what they come
    to where some take back what others sold."""

    _inherit = "ereceipt.document"

    problem_code = fields.Char(
        string="Error code",
        compute="_compute_problem_code",
        search="_search_problem_code",
        help="The codes of what is wrong with it, the authority's or ours.",
    )
    first_problem_code = fields.Char(
        string="First error code",
        compute="_compute_problem_code",
        search="_search_first_problem_code",
    )
    rework = fields.Selection(
        [
            ("correction", "A correction"),
            ("anew", "Taken back, and issued anew"),
            ("return", "A return"),
        ],
        string="Issued because of another one",
        compute="_compute_rework",
        search="_search_rework",
        compute_sudo=True,
        help="A correction takes a refused document's place. What was valid and wrong "
        "is taken back and issued anew. Other returns are goods that came back.",
    )

    amount_signed = fields.Monetary(
        string="Total, returns taken off",
        compute="_compute_amount_signed",
        store=True,
        help="What takes a sale back counts against it: this is what adds up.",
    )

    # -------------------------------------------------------------------------
    # AMOUNTS
    # -------------------------------------------------------------------------

    @api.depends("kind", "amount_total")
    def _compute_amount_signed(self):
        for document in self:
            sign = -1 if document.kind in TAKES_BACK else 1
            document.amount_signed = sign * document.amount_total

    # -------------------------------------------------------------------------
    # ERROR CODES
    # -------------------------------------------------------------------------

    @api.depends("problems")
    def _compute_problem_code(self):
        for document in self:
            codes = [problem["code"] for problem in document.problems or []]
            document.problem_code = ", ".join(dict.fromkeys(filter(None, codes)))
            document.first_problem_code = codes[0] if codes else False

    def _search_problem_code(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain.OR(self._domain_problem(code) for code in value)

    @api.model
    def _domain_problem(self, code):
        """Return the domain of documents with a problem of this code; False: with no
        problem at all."""
        if not code:
            return Domain("problems", "=", False)

        def contained(model, alias, query):
            column = model._field_to_sql(alias, "problems", query)
            return SQL(
                "%s @> jsonb_build_array(jsonb_build_object('code', %s::text))",
                column,
                code,
            )

        return Domain.custom(
            to_sql=contained,
            predicate=lambda d: any(p["code"] == code for p in d.problems or []),
        )

    def _search_first_problem_code(self, operator, value):
        if operator != "in":
            return NotImplemented
        codes = [code or "" for code in value]

        def first(model, alias, query):
            column = model._field_to_sql(alias, "problems", query)
            return SQL("COALESCE(%s->0->>'code', '') = ANY(%s)", column, codes)

        return Domain.custom(
            to_sql=first, predicate=lambda d: (d.first_problem_code or "") in codes
        )

    # -------------------------------------------------------------------------
    # REWORK
    # -------------------------------------------------------------------------

    @api.depends(
        "kind", "replaces_id", "link_ids.move_id.reversed_entry_id.ereceipt_anew_ids"
    )
    def _compute_rework(self):
        for document in self:
            sold = document.link_ids.move_id.reversed_entry_id
            if document.replaces_id:
                document.rework = "correction"
            elif document.kind not in TAKES_BACK:
                document.rework = False
            else:
                document.rework = "anew" if sold.ereceipt_anew_ids else "return"

    def _search_rework(self, operator, value):
        if operator != "in":
            return NotImplemented
        correction = Domain("replaces_id", "!=", False)
        taken_back = ~correction & Domain("kind", "in", TAKES_BACK)
        anew = Domain.custom(to_sql=self._sql_issued_anew)
        domains = {
            "correction": correction,
            "anew": taken_back & anew,
            "return": taken_back & ~anew,
            False: ~correction & Domain("kind", "not in", TAKES_BACK),
        }
        return Domain.OR(domains[cause] for cause in value if cause in domains)

    @staticmethod
    def _sql_issued_anew(model, alias, query):
        """Whether the sale that a document takes back was issued anew."""
        return SQL(
            """
            EXISTS (
                SELECT 1 FROM ereceipt_document_move l
                  JOIN account_move m ON m.id = l.move_id
                  JOIN account_move a ON a.ereceipt_anew_of_id = m.reversed_entry_id
                 WHERE l.document_id = %s
            )
            """,
            SQL.identifier(alias, "id"),
        )
