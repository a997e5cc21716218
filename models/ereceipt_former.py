from dataclasses import replace

from odoo import api, fields, models
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle

_lt = LazyTranslate(__name__)

OPEN_TO_ANOTHER = frozenset({lifecycle.SUBMITTED, lifecycle.UNKNOWN})
"""States in which the authority has not decided what it was sent."""

RENAMED = frozenset({"authority_uid", "qr", "qr_answered"})


class EreceiptDocument(models.Model):
    """An identifier that the authority gave to a document which it then did not know.

    Where the authority makes the identifiers, each sending gets another one. So when
    its word that it does not know a document is believed, the identifier goes, and
    with it the link and the QR code, which lead nowhere: the document is sent again as
    one without identifier, and is looked for by its number if that answer is lost as
    well. The old one is kept in ``former_ids``: should the authority find it after
    all, and refuse the second as a repetition, the document is known by it again.
    """

    _inherit = "ereceipt.document"

    former_ids = fields.Json(
        readonly=True,
        help="What the authority called it and did not know any more, as rows with uid "
        "(identifier), ids (its further identifiers) and until (UTC).",
    )
    former_uids_text = fields.Char(
        string="Earlier identifiers",
        compute="_compute_former_uids_text",
        help="Given by the authority, which did not know them any more when it was "
        "asked; the document was sent again.",
    )

    @api.depends("former_ids")
    def _compute_former_uids_text(self):
        for document in self:
            document.former_uids_text = ", ".join(document._former_uids())

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _former_uids(self):
        return tuple(row["uid"] for row in self.former_ids or ())

    def _comes_later(self, vals):
        # EXTENDS
        names = super()._comes_later(vals)
        return names | RENAMED if self._may_rename(vals) else names

    def _may_rename(self, vals):
        """Whether the identifier may go, or be an earlier one again: only an
        authority's own, of what it has not decided, which it said it does not know,
        and never without a trace."""
        if (
            self._authority_class().capabilities.uid_at != "answer"
            or self.state not in OPEN_TO_ANOTHER
        ):
            return False
        kept = {row["uid"] for row in vals.get("former_ids") or ()}
        former = self._former_uids()
        new = vals.get("authority_uid")
        allowed = new in former if new else bool(self.asked)
        return allowed and kept >= {self.authority_uid, *former}

    def _rename(self, uid):
        """Let the identifier go.

        :param uid: the earlier one that the document has again, False for none
        """
        self.sudo().write(
            {
                "authority_uid": uid,
                "qr": False,
                "qr_answered": False,
                "authority_ids": False,
                "former_ids": [
                    *(self.former_ids or ()),
                    {
                        "uid": self.authority_uid,
                        "ids": self.authority_ids or {},
                        "until": fields.Datetime.to_string(fields.Datetime.now()),
                    },
                ],
            }
        )

    def _contract_document(self):
        # EXTENDS
        former = tuple(u for u in self._former_uids() if u != self.authority_uid)
        return replace(super()._contract_document(), former_uids=former)


class EreceiptWork(models.AbstractModel):
    _inherit = "ereceipt.work"

    def _believe_absent(self, document):
        # EXTENDS
        uid = document.authority_uid
        if uid and document._authority_class().capabilities.uid_at == "answer":
            document._rename(False)
            self._log(
                document,
                _lt(
                    "The tax authority gave this document the identifier %s and does "
                    "not know it any more. Links and QR codes with it lead nowhere.",
                    uid,
                ),
            )
        return super()._believe_absent(document)

    def _told(self, document, unit, outcome):
        # EXTENDS: it was there all the time
        known = document.authority_uid
        if known and known != outcome.uid and outcome.uid in document._former_uids():
            document._rename(outcome.uid)
            self._log(
                document,
                _lt(
                    "The tax authority knows this document by its earlier identifier "
                    "%s again.",
                    outcome.uid,
                ),
            )
        return super()._told(document, unit, outcome)
