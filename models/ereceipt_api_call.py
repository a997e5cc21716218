import hashlib
import json
from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .account_move_flow import TOKEN

KEPT_FOR = timedelta(days=30)


class EreceiptApiCall(models.Model):
    """A call of another system that is carried out once, however often it comes.

    Its life: a call with a key writes it in the transaction that does the work, so it
    is there exactly if the work was done. The same key once more, of the same user,
    finds it and does nothing. After a month it is forgotten.
    """

    _name = "ereceipt.api.call"
    _description = "Call of another system"
    _order = "id desc"
    _rec_name = "key"
    _log_access = False

    user_id = fields.Many2one("res.users", required=True, ondelete="cascade")
    key = fields.Char(required=True)
    sha256 = fields.Char(
        string="SHA-256", required=True, help="Of what was called, with what."
    )
    called_at = fields.Datetime(string="Called", required=True, index=True)

    _key_unique = models.UniqueIndex("(user_id, key)")

    @api.model
    def _begin(self, key, method, arguments):
        """Write that a call is carried out, unless it was before.

        :param str key: made by the caller, or None: then it is never known again
        :return: ``new``, ``known``, or ``other`` where the key belongs to a call with
            other arguments
        :raise ValueError: the key is not usable
        """
        if key is None:
            return "new"
        if not isinstance(key, str) or not TOKEN.fullmatch(key):
            raise ValueError(key)
        text = json.dumps([method, arguments], sort_keys=True)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        # another request with this key that is not committed yet is waited for
        rows = self.env.execute_query(
            SQL(
                "INSERT INTO ereceipt_api_call (user_id, key, sha256, called_at) "
                "VALUES (%s, %s, %s, %s) ON CONFLICT (user_id, key) DO NOTHING "
                "RETURNING id",
                self.env.uid,
                key,
                sha256,
                fields.Datetime.now(),
            )
        )
        if rows:
            return "new"
        known = self.sudo().search([("user_id", "=", self.env.uid), ("key", "=", key)])
        return "known" if known.sha256 == sha256 else "other"

    @api.autovacuum
    def _gc_calls(self):
        before = fields.Datetime.now() - KEPT_FOR
        self.sudo().search([("called_at", "<", before)]).unlink()
