import base64
import hashlib

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..fiscal.by_file.cells import FileError
from ..fiscal.by_file.reading import Form
from ..fiscal.by_file.writing import write
from .ereceipt_file_profile import CARRIED

STANDING = ("draft", "done", "partly")
"""States in which a run's file counts: the same one is not read a second time."""


class EreceiptFileRun(models.Model):
    """One exchange: a file that goes out or came in, and what became of its rows.

    Its life: it is a *preview* first, with a row for whatever would happen. A file that
    goes out holds its documents meanwhile; it is handed over, or called off, and they
    go into the next one. A file that came in is applied: what its rows say of documents
    is written as if the authority had answered so. Rows that are wrong are left out and
    come back in an error file; then it is *partly* done, or *failed* where no row was
    right.

    No user writes or deletes a run; its file and its hash stay as they are.
    """

    _name = "ereceipt.file.run"
    _description = "Exchange by file"
    _inherit = ["mail.thread"]
    _order = "id desc"

    name = fields.Char(required=True)
    profile_id = fields.Many2one(
        "ereceipt.file.profile", required=True, ondelete="restrict", index=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    registration_id = fields.Many2one(
        "ereceipt.registration", required=True, ondelete="restrict"
    )
    carries = fields.Selection(
        [
            ("documents", "Documents to be issued"),
            ("results", "Results of documents"),
        ],
        required=True,
    )
    direction = fields.Selection([("out", "Out"), ("in", "In")], required=True)
    channel = fields.Selection(
        [
            ("person", "A person"),
            ("folder", "A folder of the server"),
            ("mail", "Mail"),
        ],
        required=True,
    )
    state = fields.Selection(
        [
            ("draft", "Preview"),
            ("done", "Done"),
            ("partly", "Done in part"),
            ("failed", "Failed"),
            ("cancelled", "Called off"),
        ],
        required=True,
        default="draft",
    )
    message = fields.Char(help="Why it failed as a whole.")
    sender = fields.Char(help="Who mailed it.")

    # --- file ---
    file = fields.Binary(attachment=True)
    file_name = fields.Char(string="Name of the file")
    sha256 = fields.Char(string="SHA-256", index="btree_not_null")
    error_file = fields.Binary(string="Rows left out", attachment=True)
    error_file_name = fields.Char(string="Name of the file of rows left out")

    # --- rows ---
    row_ids = fields.One2many("ereceipt.file.row", "run_id", string="Rows")
    # what is wrong stands first, and each of the two as in the file
    wrong_row_ids = fields.One2many(
        "ereceipt.file.row",
        "run_id",
        string="Wrong rows",
        domain=[("outcome", "=", "error")],
    )
    good_row_ids = fields.One2many(
        "ereceipt.file.row",
        "run_id",
        string="Good rows",
        domain=[("outcome", "!=", "error")],
    )
    document_ids = fields.One2many(
        "ereceipt.document", "file_run_id", string="Documents"
    )
    good_count = fields.Integer(string="In order")
    same_count = fields.Integer(string="Change nothing")
    error_count = fields.Integer(string="Left out")

    # --- when ---
    done_at = fields.Datetime(string="Done on")
    done_by_id = fields.Many2one("res.users", string="Done by")
    published_at = fields.Datetime(
        string="Put into the folder", help="When its file was in its place."
    )
    repeated_at = fields.Datetime(
        string="Came again", help="When the same file came last, and was not read."
    )

    _file_once = models.UniqueIndex(
        "(registration_id, sha256) "
        "WHERE direction = 'in' AND state IN ('draft', 'done', 'partly')",
        "This file was read already.",
    )
    _unpublished_index = models.Index(
        "(profile_id) WHERE direction = 'out' AND channel = 'folder' "
        "AND state IN ('done', 'partly') AND published_at IS NULL"
    )

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_hand_over(self):
        """Hand the file over: its documents are with the other program from now on."""
        run = self._for_user("out")
        run._hand_over()
        if run.channel != "person":
            return True
        url = f"/web/content/{run._name}/{run.id}/file/{run.file_name}?download=true"
        return {
            "type": "ir.actions.client",
            "tag": "ereceipt_download",
            "params": {"url": url},
        }

    def action_cancel(self):
        """Call a file off that was not handed over, or not applied: documents in it go
        into the next one."""
        self._for_user()._call_off()
        return True

    def action_apply(self):
        """Write what the rows of the file say of documents."""
        self._for_user("in")._apply()
        return True

    def action_look_again(self):
        """Look at the rows of a file again: what held them back may be mended."""
        run = self._for_user("in", states=("draft", "partly"))
        run._look()
        run.state = "draft"
        return True

    def action_open_documents(self):
        """Open the documents that the run is about."""
        self.ensure_one()
        documents = self.document_ids | self.row_ids.document_id
        return documents._get_records_action(name=self.env._("Documents"))

    # -------------------------------------------------------------------------
    # MAKING
    # -------------------------------------------------------------------------

    @api.model
    def _make(self, profile, **values):
        """Return a new run of a profile."""
        return self.sudo().create(
            {
                "profile_id": profile.id,
                "company_id": profile.company_id.id,
                "registration_id": profile.registration_id.id,
                "carries": profile.carries,
                "direction": CARRIED[profile.carries],
                "channel": profile.channel,
                **values,
            }
        )

    @api.model
    def _file_values(self, name, content):
        """Return the columns of a file."""
        return {
            "file": base64.b64encode(content),
            "file_name": name,
            "sha256": hashlib.sha256(content).hexdigest(),
        }

    def _content(self):
        """Return the bytes of the file."""
        self.ensure_one()
        return base64.b64decode(self.with_context(bin_size=False).file or b"")

    def _error_content(self):
        """Return the bytes of the file of rows that were left out."""
        return base64.b64decode(self.with_context(bin_size=False).error_file or b"")

    @api.model
    def _earlier(self, registration, content):
        """Return the run that has read the same file, empty if none has."""
        return self.sudo().search(
            [
                ("registration_id", "=", registration.id),
                ("direction", "=", "in"),
                ("sha256", "=", hashlib.sha256(content).hexdigest()),
                ("state", "in", STANDING),
            ],
            limit=1,
        )

    def _put_rows(self, rows):
        """Show these rows instead of those that there are, and count them.

        :param rows: values of rows, each with its outcome
        """
        self.ensure_one()
        self.row_ids.unlink()
        own = {"run_id": self.id, "company_id": self.company_id.id}
        self.env["ereceipt.file.row"].sudo().create([{**row, **own} for row in rows])
        outcomes = [row["outcome"] for row in rows]
        wrong, same = outcomes.count("error"), outcomes.count("same")
        self.write(
            {
                "error_count": wrong,
                "same_count": same,
                "good_count": len(rows) - wrong - same,
            }
        )

    def _put_error_file(self, heading):
        """Keep the rows that were left out as a file like the one that came, with the
        reason of each."""
        self.ensure_one()
        wrong = self.row_ids.filtered(lambda r: r.outcome == "error" and r.cells)
        if not wrong:
            self.write({"error_file": False, "error_file_name": False})
            return
        width = len(heading)
        rows = [
            [*(row.cells + [""] * width)[:width], row.message or ""] for row in wrong
        ]
        kind, content = self._written([*heading, self.env._("Reason")], rows)
        stem = (self.file_name or self.name).rpartition(".")[0] or self.name
        self.write(
            {
                "error_file": base64.b64encode(content),
                "error_file_name": f"{stem}-errors.{kind}",
            }
        )

    def _written(self, heading, rows):
        """Return a file like the one that came, and its kind: a workbook, which can
        have everything, where that one's names or letters do not do."""
        form = self.profile_id._form()
        try:
            return form.kind, write(heading, rows, form)
        except FileError:
            return "xlsx", write(heading, rows, Form("xlsx"))

    # -------------------------------------------------------------------------
    # MAIL
    # -------------------------------------------------------------------------

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """Take the files of a mail that came for a profile; see the alias of it for who
        may send one."""
        # OVERRIDE mail: each attachment is a run
        profile = self.env["ereceipt.file.profile"].browse(
            (custom_values or {}).get("profile_id")
        )
        runs = self.browse()
        for attachment in msg_dict.get("attachments") or ():
            content = profile._mailed_bytes(attachment)
            if content is not None and profile._takes(attachment.fname):
                sender = msg_dict.get("email_from")
                runs |= profile._receive(attachment.fname, content, sender=sender)
        if not runs:
            runs = self._make(
                profile,
                name=msg_dict.get("subject") or self.env._("Mail"),
                state="failed",
                sender=msg_dict.get("email_from"),
                message=self.env._("The mail had no file of the profile's format."),
            )
        # the mail itself is logged there; its files are kept by the runs
        msg_dict["attachments"] = []
        return runs[:1]

    # -------------------------------------------------------------------------
    # HELPERS
    # -------------------------------------------------------------------------

    def _for_user(self, direction=None, states=("draft",)):
        """Return the run for the program, locked, if the person may go on with it.

        :raise UserError: it is not in a state, or of a direction, for that
        """
        self.ensure_one()
        self.check_access("read")
        self._require_user()
        run = self.sudo()
        run._lock()
        if run.state not in states or direction not in (None, run.direction):
            states_shown = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(run)s is: %(state)s. That cannot be done with it any more.",
                    run=run.name,
                    state=states_shown[run.state],
                )
            )
        return run

    def _lock(self):
        """Let nobody else go on with the run meanwhile.

        :raise UserError: somebody does
        """
        if not self.try_lock_for_update():
            raise UserError(
                self.env._("Somebody else works on %s right now.", self.name)
            )
        self.invalidate_recordset(["state"])

    @api.model
    def _require_user(self):
        """Raise unless the person issues documents."""
        if not self.env.su and not self.env.user.has_group(
            "account_ereceipt.group_ereceipt_user"
        ):
            raise AccessError(
                self.env._("Files are exchanged by who issues documents.")
            )


class EreceiptFileRow(models.Model):
    """What would happen, or happened, because of a row of a file."""

    _name = "ereceipt.file.row"
    _description = "Row of an exchange by file"
    _order = "number, id"

    run_id = fields.Many2one(
        "ereceipt.file.run", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, index=True)
    number = fields.Integer(string="Row", help="In the file, from 1.")
    label = fields.Char(string="About")
    document_id = fields.Many2one("ereceipt.document", ondelete="restrict", index=True)
    outcome = fields.Selection(
        [
            ("error", "Left out"),
            ("out", "Goes out"),
            ("same", "As it is"),
            ("accepted", "Being validated"),
            ("pending", "Being validated still"),
            ("valid", "Valid"),
            ("invalid", "Refused"),
            ("rejected", "Rejected by the buyer"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
    )
    problems = fields.Json()
    message = fields.Text(string="Reason", compute="_compute_message")
    cells = fields.Json(
        help="As they were read; of what goes out, those of each row of the document."
    )
    content = fields.Text(
        string="In the file",
        compute="_compute_content",
        help="What the file says of the document, row by row.",
    )

    @api.depends("cells", "run_id.direction")
    def _compute_content(self):
        for row in self:
            lines = row.cells or []
            if row.run_id.direction == "in":
                lines = [lines]
            row.content = "\n".join(" · ".join(filter(None, line)) for line in lines)

    @api.depends("problems")
    @api.depends_context("lang", "tz")
    def _compute_message(self):
        text = self.env["ereceipt.document"]._problem_text
        for row in self:
            row.message = " ".join(map(text, row.problems or ())) or False
