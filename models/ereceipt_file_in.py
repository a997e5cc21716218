import logging
import time
import uuid
from collections import Counter, defaultdict

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL, LazyTranslate

from ..fiscal import dispatch, lifecycle
from ..fiscal.by_file import catalogue
from ..fiscal.by_file.cells import FileError
from ..fiscal.by_file.reading import Bounds, read
from ..fiscal.by_file.results import (
    ResultError,
    outcome_of,
    result_of,
    wrong_anyhow,
)
from ..fiscal.contract import Problem, Status
from ..fiscal.messages import _
from .ereceipt_unit import Unit

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

MATCHED = {"order": "file_reference", "number": "name", "uid": "authority_uid"}
"""Which column of a document says what a row calls it."""

LEADS_TO = {
    Status.ACCEPTED: lifecycle.SUBMITTED,
    Status.PENDING: lifecycle.SUBMITTED,
    Status.VALID: lifecycle.VALID,
    Status.INVALID: lifecycle.INVALID,
    Status.CANCELLED: lifecycle.CANCELLED,
    Status.CANCELLING: lifecycle.CANCELLING,
    Status.REJECTED: lifecycle.REJECTED,
}
PAST = (lifecycle.SUPERSEDED, lifecycle.WITHDRAWN)


class EreceiptFileProfile(models.Model):
    """Files that come in: what they say of documents, whoever brings them."""

    _inherit = "ereceipt.file.profile"

    def _receive(self, name, content, *, sender=False, person=False):
        """Take a file, and show what it would do; without a person, do it at once where
        the profile says so.

        :param bytes content: the file
        :param bool person: somebody uploads it, and is told what is wrong
        :return: the run; that of the same file where it was read before
        :raise UserError: told to a person: it was read before, or cannot be read
        """
        self.ensure_one()
        runs = self.env["ereceipt.file.run"].sudo()
        earlier = runs._earlier(self.registration_id, content)
        if earlier:
            return self._received_again(earlier, person)
        values = {"name": name, "sender": sender, **runs._file_values(name, content)}
        try:
            self._givens(content)
        except (FileError, UserError) as error:
            if person:
                raise UserError(self._reason(error)) from error
            values.update(state="failed", message=self._reason(error))
            if len(content) > Bounds().size:
                del values["file"]
            run = runs._make(self, **values)
            self._ask_for_a_look(run)
            return run
        run = runs._make(self, **values)
        run._look()
        if not person and self.at_once:
            run._apply()
        if not person and (run.state != "done"):
            self._ask_for_a_look(run)
        return run

    def _received_again(self, earlier, person):
        """Leave a file alone that was read before.

        :raise UserError: somebody uploads it
        """
        if person:
            raise UserError(
                self.env._(
                    "This file was read already, as %(run)s. Open that one to see what "
                    "became of its rows.",
                    run=earlier.name,
                )
            )
        earlier.repeated_at = fields.Datetime.now()
        return earlier

    def _reason(self, error):
        if isinstance(error, FileError):
            return self._error_text(error)
        return str(error)

    def _givens(self, content):
        """Return what the rows of a file say, and the names of its columns.

        :raise FileError: it cannot be read
        """
        if self.template or not self.column_ids:
            raise UserError(self.env._("Enter the columns of %s first.", self.name))
        table = read(content, self._form())
        givens = list(self._layout().givens(table))
        if not givens:
            raise UserError(self.env._("The file has no rows."))
        return givens, table.heading

    def _takes(self, name):
        """Whether a file's name is of the profile's format."""
        return (name or "").lower().endswith(f".{self.file_format}")

    def _mailed_bytes(self, attachment):
        """Return the bytes of an attachment; None where it is another mail. Of a text
        the mail gateway gives what it understood by the charset that the mail states,
        which is written as the profile's files are."""
        content = attachment.content
        if not isinstance(content, str):
            return content if isinstance(content, bytes) else None
        text = content.removeprefix("\ufeff")
        if self.file_format == "csv":
            try:
                return text.encode(self.encoding)
            except UnicodeEncodeError:
                return text.encode("utf-8-sig")
        return text.encode((attachment.info or {}).get("encoding") or "utf-8")

    def _ask_for_a_look(self, run):
        """Ask for a person: a file waits for one, or not all of it was right."""
        self.env["ereceipt.alert"]._raise(
            self.registration_id,
            f"file:{run.id}",
            _lt("Look at the file %s", run.name),
            run.message or "",
        )


class EreceiptFileRun(models.Model):
    """Reading a file of results."""

    _inherit = "ereceipt.file.run"

    # -------------------------------------------------------------------------
    # LOOKING
    # -------------------------------------------------------------------------

    def _look(self):
        """Show what each row of the file would do."""
        self.ensure_one()
        givens, heading = self._read_again()
        rows, _outcomes = self._judge(givens, self._match(givens))
        self._put_rows(rows)
        self._put_error_file(heading)

    def _read_again(self):
        """Return what the rows of the file say, and the names of its columns.

        :raise UserError: the profile was changed, and they say nothing any more
        """
        try:
            return self.profile_id._givens(self._content())
        except FileError as error:
            raise UserError(self.profile_id._error_text(error)) from error

    def _match(self, givens):
        """Return the documents that rows are about, by the number of the row: several
        or none where that is not plain. Only what was handed over by file counts."""
        wanted = defaultdict(set)
        for given in givens:
            for key in catalogue.KEYS:
                if given.values.get(key):
                    wanted[key].add(given.values[key])
        documents = self.env["ereceipt.document"].sudo()
        if wanted:
            named = Domain.OR(
                Domain(MATCHED[key], "in", list(values))
                for key, values in wanted.items()
            )
            documents = documents.search(self._handed_over() & named)
        found = defaultdict(documents.browse)
        for document in documents:
            for key, column in MATCHED.items():
                found[key, document[column]] |= document
        matched = {}
        for given in givens:
            keys = [(k, given.values[k]) for k in catalogue.KEYS if given.values.get(k)]
            several = [found[key] for key in keys]
            for one in several[1:]:
                several[0] &= one
            matched[given.number] = several[0] if several else documents.browse()
        return matched

    def _handed_over(self):
        registration, device = self.registration_id, self.profile_id.device_id
        domain = (
            Domain("registration_id", "=", registration.id)
            & Domain("company_id", "=", self.company_id.id)
            & Domain("environment", "=", registration.environment)
            & Domain("file_run_id", "!=", False)
            & Domain("state", "not in", PAST)
        )
        return domain & Domain("device_id", "=", device.id) if device else domain

    def _judge(self, givens, matched):
        """Return the values of the rows that show what would happen, and the outcome of
        each document to which something would."""
        documents = self.env["ereceipt.document"].sudo().union(*matched.values())
        documents._load_content()
        authorities = self._authorities(documents)
        told, problems = defaultdict(list), defaultdict(list)
        for given in givens:
            document = matched[given.number]
            found = [*given.problems, *self._match_problems(given, document)]
            try:
                result = None if found else result_of(given.values)
            except ResultError as error:
                found = error.problems
            problems[given.number] = list(found)
            if len(document) == 1:
                told[document].append((given.number, None if found else result))
        outcomes, same = {}, set()
        for document, results in told.items():
            if any(result is None for _number, result in results):
                self._judge_rest(document, results, authorities, problems)
                continue
            try:
                outcome = self._outcome(document, results, authorities)
                if self._changes(document, outcome):
                    outcomes[document] = outcome
                else:
                    same.add(document)
            except ResultError as error:
                for number, _result in results:
                    problems[number] += error.problems
        self._refuse_taken_numbers(outcomes, told, problems)
        rows = [
            self._row(given, matched[given.number], problems, outcomes, same)
            for given in givens
        ]
        return rows, outcomes

    def _judge_rest(self, document, results, authorities, problems):
        """Say what is wrong with the other rows about a document, of which one or more
        are wrong by themselves: those keep their own reason.

        :param results: pairs of the number of a row and its result, None if it is wrong
        :param problems: of rows, by their number; added to
        """
        wrong = [number for number, result in results if result is None]
        told = [result for _number, result in results if result is not None]
        if not told:
            return
        authority = authorities[document.device_id]
        found = wrong_anyhow(
            authority,
            document._contract_document(),
            authority.parse(document.content.encode()),
            told,
        )
        text = _("Row %(row)s, about the same document, is wrong. Mend that one.")
        found = found or [Problem("other_row", text, values={"row": wrong[0]})]
        for number, result in results:
            if result is not None:
                problems[number] += found

    def _match_problems(self, given, documents):
        """Return what is unclear about which document a row is about."""
        if len(documents) == 1:
            return []
        values = {"name": self._label(given)}
        if documents:
            text = _("“%(name)s” stands for several documents. Tell its order number.")
            return [Problem("ambiguous", text, values=values)]
        if not values["name"]:
            text = _("The row does not say which document it is about.")
            return [Problem("no_key", text)]
        text = _("No document that was handed over by file is “%(name)s”.")
        return [Problem("not_found", text, values=values)]

    def _label(self, given):
        named = (given.values.get(key) for key in catalogue.KEYS)
        return next(filter(None, named), "")

    def _outcome(self, document, results, authorities):
        """Return what rows say of a document, as its authority would.

        :param results: pairs of the number of a row and its result
        :raise ResultError: it is wrong
        """
        authority = authorities[document.device_id]
        return outcome_of(
            authority,
            document._contract_document(),
            authority.parse(document.content.encode()),
            [result for _number, result in results],
        )

    def _authorities(self, documents):
        """Return the authority of each device of documents, for reading only."""
        return {device: device._authority_offline() for device in documents.device_id}

    def _changes(self, document, outcome):
        """Whether an outcome says something new of a document.

        :raise ResultError: the document cannot become that
        """
        after = LEADS_TO[outcome.status]
        if document.state == after:
            return False
        open_states = lifecycle.ASKED | lifecycle.FOLLOWED
        possible = after in lifecycle.TRANSITIONS[document.state]
        if document.state in open_states and possible:
            return True
        states = dict(document._fields["state"]._description_selection(self.env))
        text = _("It is: %(before)s. A file cannot make it: %(after)s.")
        values = {"before": states[document.state], "after": states[after]}
        raise ResultError(Problem("state", text, values=values))

    def _refuse_taken_numbers(self, outcomes, told, problems):
        """Leave out what is given a number that another document has."""
        fresh = {d: o.uid for d, o in outcomes.items() if o.uid and not d.authority_uid}
        if not fresh:
            return
        given = Counter(fresh.values())
        taken = (
            self.env["ereceipt.document"]
            .sudo()
            .search_fetch(
                [
                    ("registration_id", "=", self.registration_id.id),
                    ("authority_uid", "in", list(given)),
                ],
                ["authority_uid", "name"],
            )
        )
        owners = {document.authority_uid: document.name for document in taken}
        for document, uid in fresh.items():
            if given[uid] == 1 and uid not in owners:
                continue
            text = _("The number %(number)s is given to %(other)s, too.")
            other = owners.get(uid) or _other(fresh, document, uid)
            problem = Problem(
                "number_taken", text, values={"number": uid, "other": other}
            )
            del outcomes[document]
            for number, _result in told[document]:
                problems[number].append(problem)

    def _row(self, given, document, problems, outcomes, same):
        """Return the values of a row as it is shown."""
        found = problems[given.number]
        outcome = "error"
        if not found:
            outcome = "same" if document in same else outcomes[document].status.value
        return {
            "number": given.number,
            "label": document.name if len(document) == 1 else self._label(given),
            "document_id": document.id if len(document) == 1 else False,
            "outcome": outcome,
            "problems": self.env["ereceipt.document"]._problems_json(found),
            "cells": [str(cell) for cell in given.cells],
        }

    # -------------------------------------------------------------------------
    # APPLYING
    # -------------------------------------------------------------------------

    def _apply(self):
        """Write what the rows say, but for those that are wrong."""
        self.ensure_one()
        givens, heading = self._read_again()
        matched = self._match(givens)
        busy = self._lock_documents(matched)
        rows, outcomes = self._judge(givens, matched)
        defective = self._settle({d: o for d, o in outcomes.items() if d not in busy})
        for row in rows:
            document = self.env["ereceipt.document"].browse(row["document_id"])
            if row["outcome"] in ("error", "same"):
                continue
            if document in busy or document in defective:
                row["outcome"] = "error"
                problem = BUSY if document in busy else DEFECT
                row["problems"] = document._problems_json([problem])
        self._put_rows(rows)
        self._put_error_file(heading)
        self._close()
        self.env["ereceipt.outbox"].sudo()._wake()

    def _lock_documents(self, matched):
        """Lock the documents that rows are about; return those that somebody else works
        on."""
        documents = self.env["ereceipt.document"].sudo().union(*matched.values())
        self.env.flush_all()
        locked = (
            self.env["ereceipt.work"]
            .sudo()
            ._locking(
                SQL(
                    "SELECT d.id FROM ereceipt_document d WHERE d.id = ANY(%s) "
                    "ORDER BY d.id FOR NO KEY UPDATE SKIP LOCKED",
                    documents.ids,
                )
            )
        )
        return documents - locked

    def _settle(self, outcomes):
        """Write outcomes as those of an authority are written. Where that cannot be,
        each by itself, so that a defect with one holds no other back.

        :return: the documents with which there is a defect
        """
        documents = self.env["ereceipt.document"].sudo().union(*outcomes)
        if not documents or self._settled(documents, outcomes):
            return documents.browse()
        return documents.filtered(lambda d: not self._settled(d, outcomes))

    def _settled(self, documents, outcomes):
        token = uuid.uuid4().hex
        try:
            with self.env.cr.savepoint():
                documents.write({"lease_token": token})
                landed = [
                    self._landed(authority, device, documents, outcomes, token)
                    for device, authority in self._authorities(documents).items()
                ]
                self.env["ereceipt.work"].sudo()._settle_documents(landed, documents)
        except OperationalError:
            raise
        except Exception:
            _logger.exception("Results of %s were not written", self.name)
            return False
        return True

    def _landed(self, authority, device, documents, outcomes, token):
        """Return a unit of a device's documents that were asked about, and what came of
        it."""
        documents = documents.filtered(lambda d: d.device_id == device)
        now = time.monotonic()
        unit = Unit(
            purpose="ask",
            authority=authority,
            documents=[document._contract_document() for document in documents],
            registration_id=device.registration_id.id,
            device_id=device.id,
            token=token,
            begun_at=now,
            over_at=now,
            give_up_at=now,
        )
        told = {document.id: outcomes[document] for document in documents}
        return unit, dispatch.Report(outcomes=told)


BUSY = Problem("busy", _("Somebody else works on it right now. Look at it again."))
DEFECT = Problem("defect", _("It could not be written. The server's log says why."))


def _other(fresh, document, uid):
    """Return the name of another document that a file gives the same number."""
    return next(d.name for d, one in fresh.items() if one == uid and d != document)
