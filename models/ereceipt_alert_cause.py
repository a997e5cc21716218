import logging

from psycopg2 import OperationalError

from odoo import Command, api, fields, models
from odoo.tools import LazyTranslate, format_list

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

NAMES_SHOWN = 5
"""So many documents are named, the others are counted."""

KINDS = [
    ("refused", "Documents refused"),
    ("late", "Documents too late"),
    ("failed", "Documents given up"),
    ("cancelled", "Cancelled at the authority, still posted here"),
    ("deadline", "Deadline near"),
    ("stuck", "Documents stuck"),
    ("login", "Credentials refused"),
    ("breaker", "Calls held back"),
    ("unusable", "Device cannot be used"),
    ("key", "Signing key away"),
    ("end", "Something ends soon"),
    ("clock", "Clock is wrong"),
    ("jobs", "Jobs do not run"),
    ("reconciliation", "Differences from the authority's books"),
    ("reconciliation_failed", "Reconciliation does not go on"),
    ("seal", "Proof was changed"),
    ("other", "Something to look at"),
]

OF_DOCUMENTS = ("refused", "late", "failed", "cancelled", "deadline", "stuck")

RAISED_HERE = ("stuck", "clock", "jobs", "seal")
"""Kinds of which nobody else asks a person to do something; the others have their
activities from where they come up."""

ACTIVITY_CAUSES = {
    "stuck": "stuck",
    "clock": "clock",
    "jobs": "jobs",
    "seal": "seal",
    "login": "breaker",
    "breaker": "breaker",
    "unusable": "unusable",
    "key": "key",
    "reconciliation": "reconciliation",
    "reconciliation_failed": "reconciliation_failed",
}
"""For which cause the activities were made that end with an alert of a kind."""

ADVICE = {
    "refused": _lt("Open each document: it says why and what can be done."),
    "late": _lt("Open each document and choose one of the ways that it offers."),
    "failed": _lt("Open each document, mend the cause and try again."),
    "cancelled": _lt(
        "Open each document and cancel its invoice here as well, as it offers."
    ),
    "deadline": _lt(
        "Get these to the tax authority before its window closes: see what holds "
        "each of them up."
    ),
    "stuck": _lt(
        "Look at the last exchanges, at the state of the jobs and at the authority's "
        "own notices."
    ),
    "login": _lt(
        "Let the authority's portal make new credentials, type them here and test the "
        "connection."
    ),
    "breaker": _lt(
        "Calls fail one after another. Nothing is lost and they are tried again by "
        "themselves; look at the network and at the authority's notices."
    ),
    "unusable": _lt("Mend what the device lacks; sending then goes on by itself."),
    "key": _lt("Plug the token in, or start its agent, or enter its PIN."),
    "end": _lt("Renew it before that day and enter the new one here."),
    "clock": _lt("Set this server's clock right, by NTP."),
    "jobs": _lt(
        "Switch the scheduled jobs of e-receipts on, and see in the server's log why "
        "they ended."
    ),
    "reconciliation": _lt("Open the differences: each has its remedies."),
    "reconciliation_failed": _lt("Open the reconciliation and let it go on."),
    "seal": _lt(
        "Somebody has changed in the database what was exchanged with the authority. "
        "Verify all seals, and compare with a backup."
    ),
    "other": _lt("Open it and do what its activity says."),
}


class EreceiptAlertCause(models.Model):
    """Something that is wrong, from when it was seen until it is gone.

    The upkeep job looks at what is true now (``ereceipt.alert.watch``). What is new
    becomes a row, and whoever is responsible gets an activity, where there is none yet,
    and one mail for all that is new. While it stays true nothing more is said, whatever
    becomes of the activity. When it is true no more the row is closed, and the activity
    with it. A row is one cause, which for documents is all those of a registration: a
    document that joins them is told of once.

    No user writes or deletes a row.
    """

    _name = "ereceipt.alert.cause"
    _description = "Alert"
    _order = "closed_at DESC NULLS FIRST, opened_at DESC, id DESC"
    _rec_name = "kind"

    kind = fields.Selection(KINDS, required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    registration_id = fields.Many2one(
        "ereceipt.registration", ondelete="cascade", index=True, readonly=True
    )
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record", model_field="res_model", required=True, readonly=True
    )
    detail = fields.Char(
        required=True,
        default="",
        readonly=True,
        help="Tells causes of one kind on one record apart.",
    )
    data = fields.Json(string="Figures", readonly=True)
    text = fields.Text(string="As it was reported", readonly=True)
    document_ids = fields.Many2many(
        "ereceipt.document",
        "ereceipt_alert_cause_document_rel",
        "cause_id",
        "document_id",
        string="Documents",
        readonly=True,
    )
    document_count = fields.Integer(string="Number of documents", readonly=True)
    opened_at = fields.Datetime(string="Since", required=True, readonly=True)
    closed_at = fields.Datetime(string="Gone since", readonly=True)
    is_open = fields.Boolean(
        string="Still open", compute="_compute_is_open", search="_search_is_open"
    )
    told_at = fields.Datetime(string="Last told", readonly=True)
    told_user_ids = fields.Many2many(
        "res.users",
        "ereceipt_alert_cause_user_rel",
        "cause_id",
        "user_id",
        string="Who was told",
        readonly=True,
    )
    subject = fields.Char(string="Where", compute="_compute_subject")
    note = fields.Char(string="What", compute="_compute_note")
    advice = fields.Char(string="What to do", compute="_compute_advice")

    _open_unique = models.UniqueIndex(
        "(kind, res_model, res_id, company_id, detail) WHERE closed_at IS NULL",
        "This alert is open already.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("closed_at")
    def _compute_is_open(self):
        for alert in self:
            alert.is_open = not alert.closed_at

    def _search_is_open(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("closed_at", "=" if True in value else "!=", False)]

    @api.depends("kind", "subject")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for alert in self:
            alert.display_name = f"{alert._kind_label()}: {alert.subject or ''}"

    @api.depends("res_model", "res_id")
    def _compute_subject(self):
        """Name the record as the program knows it: who may see the alert may see what
        it is about."""
        for model, alerts in self.grouped("res_model").items():
            records = self.env[model].sudo().browse(alerts.mapped("res_id")).exists()
            names = {record.id: record.display_name for record in records}
            for alert in alerts:
                alert.subject = names.get(alert.res_id) or alert.detail

    @api.depends("kind", "data", "text", "document_count", "document_ids")
    @api.depends_context("lang", "tz")
    def _compute_note(self):
        for alert in self:
            alert.note = alert._note(alert.document_ids)

    @api.depends("kind")
    @api.depends_context("lang")
    def _compute_advice(self):
        for alert in self:
            advice = ADVICE.get(alert.kind)
            alert.advice = advice and self.env._(advice)

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def _record(self):
        """Return the record that it is about, for the program."""
        self.ensure_one()
        return self.env[self.res_model].sudo().browse(self.res_id)

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_open(self):
        """Open what is wrong: the documents, the differences, or the record."""
        self.ensure_one()
        self.check_access("read")
        actions = self.env["ir.actions.act_window"]
        if self.kind in OF_DOCUMENTS:
            return self.env["ereceipt.document"]._listed(
                self._kind_label(), [("id", "in", self.document_ids.ids)]
            )
        if self.kind == "reconciliation":
            action = actions._for_xml_id(
                "account_ereceipt.ereceipt_reconciliation_line_action"
            )
            action["domain"] = [("registration_id", "=", self.registration_id.id)]
            return action
        if self.kind == "seal":
            return actions._for_xml_id("account_ereceipt.ereceipt_seal_action")
        return self.env[self.res_model].browse(self.res_id)._get_records_action()

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _keep(self, by_upkeep=True):
        """Open alerts of what is wrong now, close those of what is not any more, and
        tell people once of what is new.

        :param bool by_upkeep: the upkeep job calls, so it runs
        """
        alerts = self.sudo()
        news = {}
        for kinds, watch in alerts.env["ereceipt.alert.watch"]._watches(by_upkeep):
            true = self._watched(kinds, watch)
            if true is not None:
                news.update(alerts._sync(kinds, true))
        alerts._tell(news)

    def _watched(self, kinds, watch):
        """Return what a watch sees, None where it fails: then its alerts stay as they
        are, and the others go on."""
        try:
            with self.env.cr.savepoint():
                return {cause.key: cause for cause in watch()}
        except OperationalError:
            raise
        except Exception:
            _logger.exception(
                "It could not be seen whether there are alerts: %s", kinds
            )
            return None

    def _sync(self, kinds, true):
        """Let the open rows of these kinds say what is true.

        :param dict true: causes by their keys
        :return: what has to be told, rows with the documents that are new
        """
        rows = self.search([("kind", "in", kinds), ("closed_at", "=", False)])
        open_rows = {row._key(): row for row in rows}
        news = {}
        for key, cause in true.items():
            row = open_rows.get(key)
            if row:
                new = row._update(cause)
                if new:
                    news[row] = new
            else:
                news[self._open(cause)] = cause.documents
        for key, row in open_rows.items():
            if key not in true:
                row._close()
        return news

    def _key(self):
        return (self.kind, self.res_model, self.res_id, self.company_id.id, self.detail)

    @api.model
    def _open(self, cause):
        alert = self.create(
            {
                "kind": cause.kind,
                "company_id": cause.company.id,
                "registration_id": cause.registration.id,
                "res_model": cause.record._name,
                "res_id": cause.record.id,
                "detail": cause.detail,
                "data": cause.data,
                "text": cause.text,
                "document_ids": [Command.set(cause.documents.ids)],
                "document_count": len(cause.documents),
                "opened_at": fields.Datetime.now(),
            }
        )
        if alert.kind in RAISED_HERE:
            # whom it is told to may read another language: the first one's is taken
            reader = alert.with_context(lang=cause.record._alert_users()[:1].lang)
            self.env["ereceipt.alert"]._raise(
                cause.record,
                ACTIVITY_CAUSES[alert.kind],
                reader._kind_label(),
                f"{reader.note or ''}\n{reader.advice or ''}",
            )
        return alert

    def _update(self, cause):
        """Take over the present figures; return the documents that are new."""
        new = cause.documents - self.document_ids
        gone = self.document_ids - cause.documents
        values = {}
        if (self.data or None) != (cause.data or None):
            values["data"] = cause.data
        if (self.text or "") != (cause.text or ""):
            values["text"] = cause.text
        if new or gone:
            values["document_count"] = len(cause.documents)
            values["document_ids"] = [
                *(Command.link(document.id) for document in new),
                *(Command.unlink(document.id) for document in gone),
            ]
        if values:
            self.write(values)
        return new

    def _close(self):
        """The cause is gone: so is what people were asked to do about it."""
        self.closed_at = fields.Datetime.now()
        cause = ACTIVITY_CAUSES.get(self.kind)
        record = self._record().exists()
        if cause and record:
            self.env["ereceipt.alert"]._clear(record, cause)

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    def _kind_label(self):
        """Return what kind of alert it is, in the user's language."""
        labels = dict(self._fields["kind"]._description_selection(self.env))
        return labels.get(self.kind, "")

    def _note(self, documents):
        """Return what is wrong as a sentence in the user's language.

        :param documents: those that are named
        """
        self.ensure_one()
        if self.kind in OF_DOCUMENTS:
            names = documents[:NAMES_SHOWN].mapped("name")
            more = len(documents) - len(names)
            if more:
                names.append(self.env._("%s more", more))
            return format_list(self.env, names) if names else ""
        write = getattr(self, f"_note_{self.kind}", None)
        return (write(self.data) if write and self.data else self.text) or ""

    def _note_breaker(self, data):
        return self.env["ereceipt.document"]._said_text(data, self.text)

    _note_login = _note_breaker

    def _note_clock(self, data):
        seconds = abs(data["seconds"])
        if data["seconds"] > 0:
            return self.env._(
                "This server's clock is %s seconds behind the authority's.", seconds
            )
        return self.env._(
            "This server's clock is %s seconds ahead of the authority's.", seconds
        )

    def _note_jobs(self, data):
        if data.get("upkeep"):
            return self.env._(
                "The job that looks again, warns and seals has not run for a day."
            )
        last = fields.Datetime.to_datetime(data["last"])
        outbox = self.env["ereceipt.outbox"]
        return outbox._heartbeat_text(last, data["waiting"])

    def _note_reconciliation(self, data):
        return self.env._("Open differences: %s", data["count"])

    def _note_end(self, data):
        # of the kind of record: this one may be gone
        model = self.env[self.res_model]
        return model._end_sentence(data["name"], fields.Date.to_date(data["end"]))
