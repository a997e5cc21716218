from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, LazyTranslate

from ..fiscal import lifecycle
from .ereceipt_what_now import STEPS, Step

_lt = LazyTranslate(__name__)

OPEN_FILE = ("action_ereceipt_open_file", _lt("Open the file"))
STEPS["queued_file"] = Step("info")
STEPS["sending_file"] = Step("warning", *OPEN_FILE)
STEPS["submitted_file"] = Step("info", *OPEN_FILE)

PATIENCE = timedelta(days=3)
"""How long results may take before somebody is told that they are missing."""

ON_ITS_WAY = frozenset({lifecycle.QUEUED, lifecycle.SENDING, lifecycle.SUBMITTED})


class EreceiptDocument(models.Model):
    """Documents that are issued by file: no call to the authority brings them on.

    Such a document is *queued* until a run takes it into its file, *sending* while that
    file is looked at and not handed over, and *submitted* from then on, until a file
    of results says what became of it. The run that has it holds its lease.
    """

    _inherit = "ereceipt.document"

    by_file = fields.Boolean(
        string="Issued by file",
        readonly=True,
        help="It goes into a file for another program, and is never sent by line.",
    )
    file_run_id = fields.Many2one(
        "ereceipt.file.run",
        string="File it went out in",
        readonly=True,
        ondelete="restrict",
        index="btree_not_null",
    )
    file_reference = fields.Char(
        string="Name in the file",
        readonly=True,
        index="btree_not_null",
        help="By which the other program knows it: its order number.",
    )
    handed_by_file_at = fields.Datetime(string="Handed over by file", readonly=True)

    _by_file_index = models.Index("(device_id) WHERE by_file AND state = 'queued'")

    # -------------------------------------------------------------------------
    # STATE
    # -------------------------------------------------------------------------

    def _file_token(self, run):
        """Return the lease of what a run has."""
        return f"file:{run.id}"

    def _claim_for_file(self, run, references):
        """Take documents into the file of a run, which was not handed over yet.

        :param dict references: their names in it, by id
        """
        self._go(
            lifecycle.SENDING,
            file_run_id=run.id,
            lease_token=self._file_token(run),
            # only the run gives it back
            lease_until=False,
            next_attempt_at=False,
            last_error=False,
        )
        for document in self:
            document.sudo().file_reference = references[document.id]

    def _release_from_file(self):
        """Give documents back to the next file: theirs was not handed over."""
        self._go(
            lifecycle.QUEUED,
            file_run_id=False,
            file_reference=False,
            next_attempt_at=fields.Datetime.now(),
        )

    def _handed_over_by_file(self):
        """Say of documents that the other program has them."""
        now = fields.Datetime.now()
        first = self.filtered(lambda d: not d.sent_at)
        if first:
            first.sudo().write({"sent_at": now})
        for run, documents in self.grouped("file_run_id").items():
            documents._go(
                lifecycle.SUBMITTED,
                submitted_at=now,
                handed_by_file_at=now,
                asked=0,
                attempts=1,
                lease_token=self._file_token(run),
                next_attempt_at=False,
            )

    # -------------------------------------------------------------------------
    # WHAT DOES NOT CONCERN THEM
    # -------------------------------------------------------------------------

    def _goes_interactively(self):
        # EXTENDS
        return not self.by_file and super()._goes_interactively()

    def _make_due(self):
        # EXTENDS
        by_line = self.filtered(lambda d: not d.by_file)
        return super(EreceiptDocument, by_line)._make_due()

    def _want_files(self):
        # EXTENDS: they are fetched by line
        by_line = self.filtered(lambda d: not d.by_file)
        return super(EreceiptDocument, by_line)._want_files()

    # -------------------------------------------------------------------------
    # WHAT NOW
    # -------------------------------------------------------------------------

    @api.depends("by_file", "file_run_id")
    def _compute_what_now(self):
        # EXTENDS
        return super()._compute_what_now()

    def _situation(self):
        # EXTENDS
        if not self.by_file or self.state not in ON_ITS_WAY:
            return super()._situation()
        if self.state == lifecycle.QUEUED:
            holding = self._holding_situation()
            # whether calls are held back does not matter
            if holding and holding != "held_breaker":
                return holding
        return f"{self.state}_file"

    def _say_queued_file(self):
        return self._with_deadline(
            self.env._("It goes into the next file for the program that issues it.")
        )

    def _say_sending_file(self):
        return self._with_deadline(
            self.env._(
                "It is in the file %s, which was not handed over yet.",
                self.file_run_id.name,
            )
        )

    def _say_submitted_file(self):
        return self.env._(
            "Handed over by file: %(time)s (%(file)s). What became of it is known "
            "when the file with the results is read.",
            time=self._moment_text(self.handed_by_file_at),
            file=self.file_run_id.name,
        )


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    issued_by = fields.Selection(
        [("line", "Calls to the authority"), ("file", "Files for another program")],
        string="Issued by",
        required=True,
        default="line",
        tracking=True,
        help="How documents get to the authority: by calls over the line, or in files "
        "that another program or a clerk takes, whose results are read again.",
    )

    def write(self, vals):
        # EXTENDS: what nobody has taken yet goes the other way, too
        changed = self.filtered(
            lambda d: "issued_by" in vals and d.issued_by != vals["issued_by"]
        )
        result = super().write(vals)
        if changed:
            changed._send_other_way()
        return result

    def _send_other_way(self):
        """Let what has not left yet go as the devices say now."""
        waiting = (
            self.env["ereceipt.document"]
            .sudo()
            .search(
                [
                    ("device_id", "in", self.ids),
                    ("state", "in", (lifecycle.QUEUED, lifecycle.TO_SIGN)),
                    ("doubt", "=", False),
                ]
            )
        )
        for device, documents in waiting.grouped("device_id").items():
            documents.write({"by_file": device.issued_by == "file"})
        self.env["ereceipt.outbox"].sudo()._wake()

    def _line_problems(self, authority):
        # EXTENDS: nothing is called for a device whose documents go by file. A chain
        # has to be asked about all the same.
        if self.issued_by == "file" and not authority.capabilities.chained:
            return []
        return super()._line_problems(authority)


class EreceiptWork(models.AbstractModel):
    """The jobs leave alone what is issued by file, but for signing it."""

    _inherit = "ereceipt.work"

    @api.model
    def _sql_due(self, at):
        # EXTENDS
        return SQL(
            "%s AND (d.by_file IS NOT TRUE OR d.state = 'to_sign')",
            super()._sql_due(at),
        )

    def _hold(self, document, unit, outcome, code):
        # EXTENDS: what a file says was refused is tried again by nobody
        if not document.by_file:
            return super()._hold(document, unit, outcome, code)
        found = self._explained(document, unit.authority, outcome)
        problems = document._problems_json(found)
        return document._go(lifecycle.INVALID, problems=problems, last_error=False)


class EreceiptOutbox(models.AbstractModel):
    _inherit = "ereceipt.outbox"

    @api.model
    def _upkeep_steps(self):
        # EXTENDS
        return [*super()._upkeep_steps(), self._warn_of_no_results]

    @api.model
    def _warn_of_no_results(self):
        """Tell somebody of documents that were handed over by file long ago, and whose
        results nobody has read."""
        alert = self.env["ereceipt.alert"]
        missing = self.env["ereceipt.document"]._read_group(
            [
                ("by_file", "=", True),
                ("state", "=", lifecycle.SUBMITTED),
                ("handed_by_file_at", "<", fields.Datetime.now() - PATIENCE),
            ],
            ["registration_id"],
            ["__count"],
        )
        late = self.env["ereceipt.registration"]
        for registration, count in missing:
            late |= registration
            alert._raise(
                registration,
                "file_results",
                _lt("Results of documents handed over by file are missing"),
                _lt("%s documents, for more than three days", count),
            )
        others = self.env["ereceipt.registration"].search([]) - late
        alert._clear(others, "file_results")


class AccountMove(models.Model):
    _inherit = "account.move"

    def _ereceipt_queued_values(self, authority, replaced):
        # EXTENDS
        return {
            **super()._ereceipt_queued_values(authority, replaced),
            "by_file": self.ereceipt_device_id.sudo().issued_by == "file",
        }

    def action_ereceipt_open_file(self):
        """Open the run in whose file the invoice's document went out."""
        self.ensure_one()
        run = self.ereceipt_document_id.file_run_id
        if not run:
            raise UserError(
                self.env._("%s did not go out in a file.", self.display_name)
            )
        return run._get_records_action()
