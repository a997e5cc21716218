from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..fiscal.by_file.cells import FileError
from ..fiscal.by_file.receipts import rows_of
from ..fiscal.by_file.writing import MEDIA_TYPES, unwritable, write
from ..fiscal.contract import Problem
from ..fiscal.messages import _

MOST_DOCUMENTS = 1000
"""How many documents go into one file; what is left goes into the next."""


class EreceiptFileProfile(models.Model):
    """Files that go out: documents that wait for being issued by file, each in exactly
    one."""

    _inherit = "ereceipt.file.profile"

    def action_make_file(self):
        """Make a file of the documents that wait, and show it before it goes out.

        :raise UserError: none waits
        """
        self.ensure_one()
        self.check_access("read")
        self.env["ereceipt.file.run"]._require_user()
        run = self.sudo()._make_file()
        if not run:
            raise UserError(
                self.env._(
                    "No document waits for %s. Documents of devices that are set to be "
                    "issued by files do, when their invoices are posted.",
                    self.name,
                )
            )
        return run._get_records_action()

    def _make_file(self, only_good=False):
        """Take the documents that wait into the file of a new run.

        :param bool only_good: make no run where nothing is in order
        :return: the run, empty where nothing waits
        """
        self.ensure_one()
        self._check_goes_out()
        documents = self._lock_waiting()
        layout = self._layout()
        looked = self._looked_at(documents, layout)
        good = [one for one in looked if not one[2]]
        runs = self.env["ereceipt.file.run"].sudo()
        if not looked or (only_good and not good):
            return runs
        run = runs._make(self, name=self.name)
        run._put_rows([run._out_row(*one) for one in looked])
        if not good:
            run.state = "failed"
            run.message = self.env._("None of the documents has all that is needed.")
            return run
        lines = [line for _d, cells, _p, _r in good for line in cells]
        name = f"{self.carries}-{run.id:06d}.{self.file_format}"
        run.write({"name": name, **run._file_values(name, self._write(layout, lines))})
        claimed = documents.browse([document.id for document, *_rest in good])
        claimed._claim_for_file(run, {d.id: name for d, _c, _p, name in good})
        return run

    def _check_goes_out(self):
        """Refuse to make a file where nothing may be sent.

        :raise UserError: this is a copied database, or the registration is archived
        """
        if self.template or not self.active or self.direction != "out":
            raise UserError(self.env._("%s makes no files.", self.name))
        if not self.column_ids:
            raise UserError(self.env._("Enter the columns of %s first.", self.name))
        if not self.registration_id._sends_here():
            raise UserError(
                self.env._(
                    "Nothing goes out for %s: its registration is archived, or this "
                    "database is a copy of the one that sends.",
                    self.name,
                )
            )

    def _lock_waiting(self):
        """Return documents that wait for being issued by file and nobody else has."""
        self.env.flush_all()
        device = self.device_id
        return (
            self.env["ereceipt.work"]
            .sudo()
            ._locking(
                SQL(
                    """
                SELECT d.id FROM ereceipt_document d
                WHERE d.by_file AND d.state = 'queued'
                  AND d.registration_id = %(registration)s
                  AND d.environment = %(environment)s
                  AND d.company_id = %(company)s
                  AND (%(device)s)
                  AND (
                    d.depends_on_id IS NULL
                    OR EXISTS (
                      SELECT 1 FROM ereceipt_document o
                      WHERE o.id = d.depends_on_id AND o.state = 'valid'
                    )
                  )
                ORDER BY d.id LIMIT %(most)s
                FOR NO KEY UPDATE OF d SKIP LOCKED
                """,
                    registration=self.registration_id.id,
                    environment=self.registration_id.environment,
                    company=self.company_id.id,
                    device=SQL("d.device_id = %s", device.id)
                    if device
                    else SQL("TRUE"),
                    most=MOST_DOCUMENTS,
                )
            )
        )

    def _looked_at(self, documents, layout):
        """Return each document with its rows of cells, what is missing in them, and the
        name by which the other program knows it."""
        documents._load_links()
        documents.fetch(["content"])
        form = self._form()
        looked = []
        for device, own in documents.grouped("device_id").items():
            authority = device._authority_offline()
            for document in own:
                values = _rows(authority, document)
                if not layout.by_line:
                    values = values[:1]
                cells, problems = [], {}
                for row in values:
                    line, found = layout.render(row)
                    cells.append(line)
                    found += _unwritable_problems(line, form)
                    problems.update((problem.text, problem) for problem in found)
                name = values[0].get("order") or document.name
                looked.append((document, cells, list(problems.values()), name))
        return looked

    def _write(self, layout, lines):
        """Return the file.

        :raise UserError: it cannot be written so
        """
        try:
            return write(layout.heading, lines, self._form())
        except FileError as error:
            text = f"{self.name}: {self._error_text(error)}"
            raise UserError(text) from error


class EreceiptFileRun(models.Model):
    _inherit = "ereceipt.file.run"

    def _out_row(self, document, cells, problems, name):
        """Return the values of the row that shows a document."""
        return {
            "number": 0,
            "label": document.name,
            "document_id": document.id,
            "outcome": "error" if problems else "out",
            "problems": document._problems_json(problems),
            "cells": [
                ["" if cell is None else str(cell) for cell in line] for line in cells
            ],
        }

    def _hand_over(self):
        """Give the file to whoever takes it; its documents are there from now on."""
        self.ensure_one()
        self.profile_id._check_goes_out()
        documents = self.document_ids
        documents._load_links()
        documents._handed_over_by_file()
        self._close()
        if self.channel == "mail":
            self._mail()
        elif self.channel == "folder":
            self._put_into_folder()

    def _close(self):
        """Write that the run has come to its end, as far as rows were left out."""
        wrong, good = self.error_count, self.good_count + self.same_count
        state = "done" if not wrong else "partly" if good else "failed"
        self.write(
            {
                "state": state,
                "done_at": fields.Datetime.now(),
                "done_by_id": self.env.uid,
            }
        )

    def _call_off(self):
        """Give documents back that were not handed over."""
        self.ensure_one()
        if self.direction == "out":
            documents = self.document_ids
            documents._load_links()
            documents._release_from_file()
            self._take_out_of_folder()
            self.env["ereceipt.outbox"].sudo()._wake()
        self.write({"state": "cancelled"})

    def _mail(self):
        """Mail the file; the queue of mails sends it."""
        attachment = {
            "name": self.file_name,
            "raw": self._content(),
            "mimetype": MEDIA_TYPES[self.profile_id.file_format],
        }
        self.env["mail.mail"].sudo().create(
            {
                "subject": f"{self.profile_id.name}: {self.file_name}",
                "email_to": self.profile_id.mail_to,
                "attachment_ids": [fields.Command.create(attachment)],
                "auto_delete": True,
            }
        )


def _rows(authority, document):
    """Return the rows of a document, as its authority has them."""
    content = document.content.encode()
    own = getattr(authority, "file_rows", None)
    if own is not None:
        return own(content)
    return rows_of(authority.parse(content), document.authority_uid or "")


def _unwritable_problems(line, form):
    """Return that texts cannot be written in the encoding of the file."""
    text = unwritable(line, form)
    if not text:
        return []
    return [
        Problem(
            "encoding",
            _("“%(text)s” cannot be written in the encoding %(encoding)s."),
            values={"text": text, "encoding": form.encoding},
        )
    ]
