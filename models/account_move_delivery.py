from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

MAILED = "mailed_at"
OPENED = "opened_at"


class EreceiptDocument(models.Model):
    """How the customer got the document, besides when he first had it."""

    _inherit = "ereceipt.document"

    mailed_at = fields.Datetime(string="Mailed", help="When it was mailed last.")
    opened_at = fields.Datetime(
        string="Opened", help="When the customer first opened it in the portal."
    )


class AccountMove(models.Model):
    """Whether the customer has the document of an invoice."""

    _inherit = "account.move"

    ereceipt_delivery = fields.Selection(
        selection="_selection_ereceipt_delivery",
        string="E-receipt: customer has it",
        compute="_compute_ereceipt_delivery",
        compute_sudo=True,
        search="_search_ereceipt_delivery",
        groups="account_ereceipt.group_ereceipt_reader",
        help="How far the document that counts now has come to the customer.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _selection_ereceipt_delivery(self):
        return [
            ("none", self.env._("Not handed over")),
            ("handed", self.env._("Printed or downloaded")),
            ("mailed", self.env._("Mailed")),
            ("failed", self.env._("Mail did not arrive")),
            ("opened", self.env._("Opened by the customer")),
        ]

    @api.depends(
        "ereceipt_document_id.handed_over_at",
        "ereceipt_document_id.mailed_at",
        "ereceipt_document_id.opened_at",
    )
    def _compute_ereceipt_delivery(self):
        """Ask the database with the expression that it groups and searches by."""
        found = {}
        documented = self._origin.filtered("ereceipt_document_id")
        if documented:
            query = documented._as_query(ordered=False)
            ident = SQL.identifier(query.table, "id")
            delivery = documented._field_to_sql(query.table, "ereceipt_delivery", query)
            found = dict(self.env.execute_query(query.select(ident, delivery)))
        for move in self:
            move.ereceipt_delivery = found.get(move._origin.id, False)

    def _search_ereceipt_delivery(self, operator, value):
        return self._ereceipt_search_sql("ereceipt_delivery", operator, value)

    def _field_to_sql(self, alias, field_expr, query=None):
        # EXTENDS
        if field_expr != "ereceipt_delivery":
            return super()._field_to_sql(alias, field_expr, query)
        self._check_field_access(self._fields[field_expr], "read")
        document = self._ereceipt_columns("ereceipt.document", "d")
        return SQL(
            """(SELECT CASE
                    WHEN %(opened)s IS NOT NULL THEN 'opened'
                    WHEN %(mailed)s IS NOT NULL THEN
                        CASE WHEN %(move)s IN (%(failed)s) THEN 'failed'
                             ELSE 'mailed' END
                    WHEN %(handed)s IS NOT NULL THEN 'handed'
                    WHEN %(issued)s IS NOT NULL THEN 'none'
                END
                FROM ereceipt_document d WHERE d.id = %(document)s)""",
            opened=document("opened_at"),
            mailed=document("mailed_at"),
            handed=document("handed_over_at"),
            issued=document("issued_at"),
            move=SQL.identifier(alias, "id"),
            document=self._ereceipt_columns(self._name, alias)("ereceipt_document_id"),
            failed=self._ereceipt_sql_failed_mails(),
        )

    @api.model
    def _ereceipt_sql_failed_mails(self):
        """Return a query for the invoices of which the last mail did not get to
        somebody outside. Few mails fail: the database looks for them once, and not
        for each invoice."""
        return SQL(
            """SELECT m.res_id
                 FROM mail_notification n
                 JOIN mail_message m ON m.id = n.mail_message_id
                 JOIN account_move failed_move ON failed_move.id = m.res_id
                 JOIN ereceipt_document failed
                   ON failed.id = failed_move.ereceipt_document_id
                 LEFT JOIN res_partner p ON p.id = n.res_partner_id
                WHERE %s IN ('bounce', 'exception')
                  AND n.notification_type = 'email'
                  AND m.model = 'account.move'
                  AND %s >= failed.mailed_at
                  AND COALESCE(p.partner_share, TRUE)""",
            self._ereceipt_columns("mail.notification", "n")("notification_status"),
            self._ereceipt_columns("mail.message", "m")("date"),
        )

    # -------------------------------------------------------------------------
    # FIELDS THAT ARE NO COLUMNS
    # -------------------------------------------------------------------------

    @api.model
    def _ereceipt_search_sql(self, name, operator, value):
        """Return the domain of a field that is no column and that
        :meth:`_field_to_sql` knows."""
        if operator != "in":
            return NotImplemented
        known = tuple(one for one in value if one)

        def to_sql(model, alias, query):
            field = model._field_to_sql(alias, name, query)
            among = SQL("%s IN %s", field, known) if known else SQL("FALSE")
            nothing = SQL("%s IS NULL", field) if False in value else SQL("FALSE")
            return SQL("(%s OR %s)", among, nothing)

        return Domain.custom(to_sql=to_sql, predicate=lambda m: m[name] in value)

    @api.model
    def _ereceipt_columns(self, model, alias):
        """Return a function that names a column of a model's table in a query, which
        sees what is not written yet."""
        columns = self.env[model]._fields
        return lambda name: SQL.identifier(alias, name, to_flush=columns[name])
