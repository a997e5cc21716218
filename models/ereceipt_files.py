import hashlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, LazyTranslate

from ..fiscal import lifecycle
from ..fiscal.retry import Backoff

_lt = LazyTranslate(__name__)

MOST_TRIES = 20
"""How often files are fetched before a person is told."""

FIRST_TRY = timedelta(seconds=10)
GUARDED = frozenset({"raw", "datas", "db_datas", "store_fname", "res_model", "res_id"})


class EreceiptDocument(models.Model):
    """The files that an authority makes of a valid document and the law wants kept.

    A job fetches them after the document has become valid. They are kept as
    attachments, each with the SHA-256 that it had when it came, and neither changed
    nor deleted any more.
    """

    _inherit = "ereceipt.document"

    files_wanted = fields.Boolean(
        string="Files to fetch",
        readonly=True,
        help="The authority makes files of it, which have not been fetched yet.",
    )
    files_tried = fields.Integer(
        string="Times its files were fetched", readonly=True, default=0
    )
    file_ids = fields.Many2many(
        "ir.attachment", string="Authority's files", compute="_compute_file_ids"
    )

    _files_index = models.Index("(next_attempt_at) WHERE files_wanted")

    def _compute_file_ids(self):
        found = self.env["ir.attachment"].sudo()
        made = self.filtered(
            lambda d: d.authority and d._authority_class().capabilities.files
        )
        if made:
            found = found.search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", made.ids),
                    ("ereceipt_sha256", "!=", False),
                ],
                order="name",
            )
        for document in self:
            own = found.filtered(lambda f, d=document: f.res_id == d._origin.id)
            document.file_ids = own.with_env(self.env)

    def action_fetch_files(self):
        """Have the jobs fetch the authority's files (again).

        :raise UserError: the authority makes none of it
        """
        self.check_access("read")
        self.link_ids.move_id._ereceipt_require("user")
        for document in self.sudo():
            if (
                document.state != lifecycle.VALID
                or not document._authority_class().capabilities.files
            ):
                raise UserError(
                    self.env._(
                        "The authority makes files of what is valid. %(document)s "
                        "is: %(state)s.",
                        document=document.name,
                        state=document._state_label(),
                    )
                )
            document._want_files()
            document._follow()
        self.env["ereceipt.outbox"].sudo()._wake()

    def _want_files(self):
        self.sudo().write({"files_wanted": True, "files_tried": 0})

    def _follow(self):
        # EXTENDS: its files are fetched while nothing else is due earlier
        result = super()._follow()
        if self.files_wanted:
            at = fields.Datetime.now() + self._files_wait()
            if not self.next_attempt_at or self.next_attempt_at > at:
                self.sudo().next_attempt_at = at
        return result

    def _files_wait(self):
        if not self.files_tried:
            return FIRST_TRY
        return timedelta(seconds=Backoff().delay(self.files_tried))

    def _keep_files(self, files):
        """Keep files that came, but for those that are there already.

        :param files: the contract's :class:`~..fiscal.contract.File`
        """
        self.ensure_one()
        known = {(file.name, file.ereceipt_sha256) for file in self.file_ids}
        self.env["ir.attachment"].sudo().create(
            [
                {
                    "name": file.name,
                    "raw": file.content,
                    "mimetype": file.media_type,
                    "res_model": self._name,
                    "res_id": self.id,
                    "ereceipt_sha256": hashlib.sha256(file.content).hexdigest(),
                }
                for file in files
                if (file.name, file.sha256) not in known
            ]
        )
        self.invalidate_recordset(["file_ids"])


class EreceiptWork(models.AbstractModel):
    """Fetching files, as a unit of work of one document."""

    _inherit = "ereceipt.work"

    # -------------------------------------------------------------------------
    # CLAIMING
    # -------------------------------------------------------------------------

    def _sql_purposes(self):
        # EXTENDS
        files = SQL("WHEN %s THEN 'files'", self._sql_to_fetch())
        return [*super()._sql_purposes(), files]

    def _sql_to_fetch(self):
        return SQL("(d.state = 'valid' AND COALESCE(d.files_wanted, FALSE))")

    def _states_for(self, purpose, authority_class):
        # EXTENDS
        if purpose == "files":
            return [lifecycle.VALID]
        return super()._states_for(purpose, authority_class)

    def _sql_for(self, purpose):
        # EXTENDS
        condition = super()._sql_for(purpose)
        if purpose == "files":
            return SQL("%s AND %s", condition, self._sql_to_fetch())
        if purpose == "ask":
            return SQL("%s AND NOT %s", condition, self._sql_to_fetch())
        return condition

    def _most_at_once(self, registration, purpose):
        # EXTENDS
        if purpose == "files":
            return 1
        return super()._most_at_once(registration, purpose)

    # -------------------------------------------------------------------------
    # SETTLING
    # -------------------------------------------------------------------------

    def _settle_valid(self, document, unit, outcome):
        # EXTENDS
        if document.state != lifecycle.VALID and unit.authority.capabilities.files:
            document._want_files()
        return super()._settle_valid(document, unit, outcome)

    def _settle_unit_files(self, unit, report, documents):
        """Keep the files that came, or try again later."""
        for document in documents.filtered("files_wanted"):
            values = {"lease_token": False, "last_error": False}
            if report.files:
                document._keep_files(report.files)
                values["files_wanted"] = False
                self._tell_of_files(document, report.files)
            else:
                error = report.error and self._error_text(unit, report.error)
                values |= {"files_tried": document.files_tried + 1, "last_error": error}
                if values["files_tried"] >= MOST_TRIES:
                    values["files_wanted"] = False
                    self._tell_of_no_files(document, error)
            document.sudo().write({**values, "next_attempt_at": False})
            document._follow()

    @api.model
    def _after_unit_files(self, unit, report):
        """Files may lie elsewhere: that they cannot be fetched holds no calls back."""
        if report.error is None:
            self._count_for_breakers(unit, report)

    @api.model
    def _tell_of_files(self, document, files):
        """Have a person look at files that say something else than the document."""
        problems = [problem for file in files for problem in file.problems]
        if problems:
            registration = document.registration_id
            texts = registration._problem_texts(problems, registration.responsible_id)
            self.env["ereceipt.alert"]._raise_for_documents(
                document,
                "files",
                _lt("The authority's files differ from the document"),
                "\n".join(dict.fromkeys(texts)),
            )

    @api.model
    def _tell_of_no_files(self, document, error):
        self.env["ereceipt.alert"]._raise_for_documents(
            document,
            "files",
            _lt("The authority's files could not be fetched"),
            error or "",
        )


class IrAttachment(models.Model):
    """Files of an authority stay as they came."""

    _inherit = "ir.attachment"

    ereceipt_sha256 = fields.Char(
        string="SHA-256 when it came",
        readonly=True,
        copy=False,
        index="btree_not_null",
        help="Of a file that a tax authority made of a document.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS base: only the program keeps files of an authority
        if not self.env.su:
            vals_list = [
                {name: vals[name] for name in vals if name != "ereceipt_sha256"}
                for vals in vals_list
            ]
        return super().create(vals_list)

    def write(self, vals):
        # EXTENDS base
        touched = (GUARDED | {"ereceipt_sha256"}) & vals.keys()
        if touched and self.sudo().filtered("ereceipt_sha256"):
            raise UserError(
                self.env._("A file that a tax authority made does not change.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ereceipt_file(self):
        if self.sudo().filtered("ereceipt_sha256"):
            raise UserError(
                self.env._("A file that a tax authority made cannot be deleted.")
            )
