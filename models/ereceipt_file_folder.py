import logging

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import LazyTranslate, config

from ..fiscal.by_file import folder as folders
from ..fiscal.by_file.cells import FileError
from ..fiscal.by_file.folder import Folder
from ..fiscal.by_file.reading import Bounds
from .ereceipt_file_profile import EVERY

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

FOLDERS_OPTION = "ereceipt_file_folders"
"""Of odoo.conf: the folders below which files may be exchanged, commas between."""

QUIET_SECONDS = 10
"""How long a file has not been written to before it counts as whole."""

MOST_FILES = 50
"""How many files of a folder one run of the job takes."""


class EreceiptFileProfile(models.Model):
    """Folders of the server, and the job that looks into them.

    Only what lies below a folder that the server's configuration file names is ever
    touched. A file that goes out is prepared under a hidden name before it counts as
    handed over, and gets its own name afterwards, so that it is there once whatever
    stops the server in between.
    """

    _inherit = "ereceipt.file.profile"

    # -------------------------------------------------------------------------
    # CONSTRAINT METHODS
    # -------------------------------------------------------------------------

    @api.constrains("channel", "folder", "company_id", "active")
    def _check_folder(self):
        for profile in self.filtered(lambda p: p.channel == "folder" and p.active):
            try:
                folders.check_path(profile.folder or "", self._folder_roots())
            except FileError as error:
                text = f"{profile.name}: {profile._error_text(error)}"
                raise ValidationError(text) from error
            profile._check_own_folder()

    def _check_own_folder(self):
        """Companies never see each other's files, and no profile takes what is another
        one's."""
        others = self.sudo().search(
            [("id", "!=", self.id), ("channel", "=", "folder"), ("folder", "!=", False)]
        )
        for other in others:
            apart = other.company_id != self.company_id
            taken = "in" in (self.direction, other.direction)
            same = folders.is_within(self.folder, other.folder)
            same |= folders.is_within(other.folder, self.folder)
            if (apart and same) or (taken and self.folder == other.folder):
                raise ValidationError(
                    self.env._(
                        "%s: another profile has this folder, or one above or below "
                        "it. Give each a folder of its own.",
                        self.name,
                    )
                )

    # -------------------------------------------------------------------------
    # SCHEDULED JOB
    # -------------------------------------------------------------------------

    @api.model
    def _cron_exchange(self):
        """Entry point of the job: exchange the files that are due. A defect with one
        profile stops none of the others."""
        outbox = self.env["ereceipt.outbox"]
        self._publish_all()
        due = self.search(
            [
                ("template", "=", False),
                ("schedule", "!=", "manual"),
                "|",
                ("next_run_at", "=", False),
                ("next_run_at", "<=", fields.Datetime.now()),
            ]
        )
        for profile in due.filtered(lambda p: p.registration_id._sends_here()):
            profile = profile.with_company(profile.company_id)
            if not outbox._attempt(profile._plan_next):
                continue
            if profile.direction == "out":
                outbox._attempt(profile._exchange_out)
            elif profile.channel == "folder":
                profile._exchange_in()
        self._publish_all()
        outbox._commit(0, 0)

    def _plan_next(self):
        self.sudo().next_run_at = fields.Datetime.now() + EVERY[self.schedule]

    def _exchange_out(self):
        """Make the next file, if something waits, and hand it over where nobody is to
        look at it first."""
        try:
            with self.env.cr.savepoint():
                run = self._make_file(only_good=True)
                if run and self.at_once:
                    run._hand_over()
        except (UserError, FileError) as error:
            return self._went_wrong(self._reason(error))
        self.sudo().last_error = False
        if run and run.state in ("draft", "partly"):
            self._ask_for_a_look(run)

    def _exchange_in(self):
        """Take the files that lie in the folder, each in a transaction of its own."""
        outbox = self.env["ereceipt.outbox"]
        try:
            with self._open_folder() as folder:
                names = folder.names(f".{self.file_format}", QUIET_SECONDS)
                for name in names[:MOST_FILES]:
                    # which file it was is known before it is moved
                    outbox._attempt(lambda n=name: self._take_from(folder, n), 1)
                    self._clear_away(folder, name)
        except FileError as error:
            text = self._error_text(error)
            outbox._attempt(lambda: self._went_wrong(text))
        else:
            if self.last_error:
                outbox._attempt(lambda: self.sudo().write({"last_error": False}))

    def _take_from(self, folder, name):
        content = folder.content(name, Bounds().size)
        self._receive(name, content)

    def _clear_away(self, folder, name):
        """Move a file that was read away, with the rows that were left out beside it. A
        file that could not be taken stays."""
        content = folder.content(name, Bounds().size)
        run = self.env["ereceipt.file.run"].sudo()._read_as(self, content)
        if not run:
            return
        if run.error_file:
            wrong = run._error_content()
            folder.keep(folders.FAILED, run.error_file_name, wrong)
        into = folders.FAILED if run.state == "failed" else folders.DONE
        folder.move(name, into)

    def _went_wrong(self, text):
        """Keep why nothing was exchanged, and ask for a person."""
        self.sudo().last_error = text
        self.env["ereceipt.alert"]._raise(
            self.registration_id,
            f"files:{self.id}",
            _lt("No file could be exchanged: %s", self.name),
            text,
        )

    # -------------------------------------------------------------------------
    # FOLDERS
    # -------------------------------------------------------------------------

    @api.model
    def _publish_all(self):
        """Give the files that were handed over their names in their folders, in case
        that was not done right after."""
        runs = (
            self.env["ereceipt.file.run"]
            .sudo()
            .search(
                [
                    ("direction", "=", "out"),
                    ("channel", "=", "folder"),
                    ("state", "in", ("done", "partly")),
                    ("published_at", "=", False),
                ]
            )
        )
        for run in runs.filtered(lambda r: r.registration_id._sends_here()):
            self.env["ereceipt.outbox"]._attempt(run._publish)

    def _open_folder(self):
        """Return the profile's folder, open.

        :raise FileError: it cannot be opened, or is not permitted (any more)
        """
        return Folder(self.folder or "", self._folder_roots())

    @api.model
    def _folder_roots(self):
        return folders.roots_of(config.get(FOLDERS_OPTION) or "")


class EreceiptFileRun(models.Model):
    _inherit = "ereceipt.file.run"

    def _put_into_folder(self):
        """Prepare the file in its folder; after the commit it gets its name there.

        :raise UserError: the folder cannot be written
        """
        try:
            with self.profile_id._open_folder() as folder:
                folder.prepare(self.file_name, self._content())
        except FileError as error:
            raise UserError(self.profile_id._error_text(error)) from error
        path, name = self.profile_id.folder, self.file_name
        roots = self.profile_id._folder_roots()
        self.env.cr.postcommit.add(lambda: _publish_quietly(path, roots, name))

    def _publish(self):
        """Give the file its name in the folder, unless it has it already."""
        try:
            with self.profile_id._open_folder() as folder:
                folder.publish(self.file_name)
        except FileError as error:
            self.profile_id._went_wrong(self.profile_id._error_text(error))
            return
        self.published_at = fields.Datetime.now()

    def _take_out_of_folder(self):
        """Remove what was prepared for a run that is called off."""
        if self.channel != "folder":
            return
        try:
            with self.profile_id._open_folder() as folder:
                folder.discard(self.file_name)
        except FileError as error:
            # nobody takes a hidden file
            _logger.info("%s was not removed: %s", self.file_name, error)

    @api.model
    def _read_as(self, profile, content):
        """Return the run that has read a file of a folder, empty if none has."""
        runs = self.search(
            [
                ("profile_id", "=", profile.id),
                ("direction", "=", "in"),
                ("sha256", "=", self._file_values("", content)["sha256"]),
                ("state", "!=", "cancelled"),
            ],
            limit=1,
        )
        return runs or self._earlier(profile.registration_id, content)


def _publish_quietly(path, roots, name):
    """Publish a file; where that cannot be, the job does it."""
    try:
        with Folder(path, roots) as folder:
            folder.publish(name)
    except FileError as error:
        _logger.warning("%s is put into its folder later: %s", name, error)
