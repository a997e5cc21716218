import base64
import hashlib
import uuid

from odoo import api, models
from odoo.exceptions import AccessError, RedirectWarning, UserError

from .account_move_issue import REPLACEABLE
from .ereceipt_api_error import ApiError, ItemError

VERSION = 1
MOST_ITEMS = 200
"""How many things one call may name."""

LONGEST_WAIT = 20
"""Seconds that a call may wait for an authority at most."""


class EreceiptApi(models.AbstractModel):
    """What other systems may ask of electronic receipts, over JSON-2:
    ``POST /json/2/ereceipt.api/<method>`` with an API key as bearer.

    Four methods, and a promise: neither their names nor their arguments change, nor do
    the names in what they answer; some may be added. Who calls has the rights of his
    user and no others. Nothing is sent to an authority in a call's transaction: the
    answer tells what is under way. ``docs/api.md`` is its documentation.
    """

    _name = "ereceipt.api"
    _description = "Programming interface of electronic receipts"

    # -------------------------------------------------------------------------
    # ISSUE
    # -------------------------------------------------------------------------

    @api.model
    def issue(self, invoices, key=None, correct=False):
        """Issue the documents of invoices: a draft is posted, a posted one that waits
        for a person is issued, one that is issued already stays as it is.

        :param list invoices: names of up to 200 invoices
        :param str key: made by the caller for this call; with the same key the same
            call is carried out once, however often it comes
        :param bool correct: issue corrections of those that were refused
        :return: ``results``, one for each name in their order: ``ok`` and ``document``,
            or ``error`` with ``code`` and ``message``; ``repeated`` where the key was
            known and nothing was done
        :raise ApiError: the call is not understood
        :raise AccessError: the user may not issue
        """
        self._require("user")
        names = self._checked_names(invoices, "invoices")
        self._check_type(correct, bool, "correct")
        repeated = self._is_repeated(key, "issue", [names, correct])
        found = self._moves_named(names)
        moves = self.env["account.move"].union(
            *(m for m in found if not isinstance(m, ItemError))
        )
        errors = {} if repeated else self._issue_each(moves, correct)
        documents = moves.ereceipt_document_id
        told = dict(zip(documents.ids, documents._told_outside(), strict=True))
        results = []
        for move in found:
            error = move if isinstance(move, ItemError) else errors.get(move.id)
            document = error or move.ereceipt_document_id
            if not document:
                error = self._nothing_issued(move)
            results.append(
                {"ok": False, "error": error.told()}
                if error
                else {"ok": True, "document": told[document.id]}
            )
        return {"version": VERSION, "repeated": repeated, "results": results}

    def _issue_each(self, moves, correct):
        """Issue invoices, all together where that can be, each by itself where not:
        what is wrong with one holds no other back.

        :return: what is wrong, by id
        """
        errors = {}
        if not correct:
            refused = moves.filtered(
                lambda m: m.state == "posted" and m.ereceipt_state in REPLACEABLE
            )
            errors = {move.id: self._was_refused(move) for move in refused}
            moves -= refused
        error = moves and self._issue_apart(moves)
        if not error:
            return errors
        for move in moves:
            if len(moves) > 1:
                error = self._issue_apart(move)
            if error:
                errors[move.id] = error
        return errors

    def _issue_apart(self, moves):
        """Issue invoices together; undo that and return the error if it fails."""
        numbered = {}
        try:
            with (
                self.env.cr.savepoint(),
                moves._ereceipt_noting_numbers(numbered),
            ):
                self._issue_together(moves)
        except AccessError as error:
            return ItemError("access_denied", str(error))
        except (UserError, RedirectWarning) as error:
            text = moves._ereceipt_as_drafts(str(error.args[0]), numbered)
            return ItemError("not_issued", text)
        return None

    def _issue_together(self, moves):
        moves._ereceipt_require("user")
        drafts = moves.filtered(lambda m: m.state == "draft")
        refused = (moves - drafts).filtered(lambda m: m.ereceipt_state in REPLACEABLE)
        if drafts:
            drafts.action_post()
        if refused:
            refused.action_ereceipt_correct()
        # what the device keeps for a person: the caller speaks for one
        (moves - refused)._ereceipt_issue(by_person=True, raising=False)

    def _was_refused(self, move):
        return ItemError(
            "refused",
            self.env._(
                "%(invoice)s was issued, and its document is: %(state)s. Mend what was "
                "wrong, then call with “correct”, or correct it in Odoo.",
                invoice=move.name,
                state=move.ereceipt_document_id.sudo()._state_label(),
            ),
        )

    def _nothing_issued(self, move):
        if move.state != "posted":
            return ItemError(
                "not_posted",
                self.env._(
                    "%s is not posted, so it was not issued.", move.display_name
                ),
            )
        return ItemError(
            "no_document",
            self.env._(
                "%s has no document for the tax authority: its journal has no active "
                "device, or its date lies before the registration's.",
                move.display_name,
            ),
        )

    # -------------------------------------------------------------------------
    # ASK
    # -------------------------------------------------------------------------

    @api.model
    def ask(self, documents, refresh=False, wait=0):
        """Tell how documents stand.

        :param list documents: names of up to 200 documents, or of their invoices
        :param bool refresh: have the authority asked next, or sent to; that is done by
            the jobs, after this call
        :param wait: seconds, up to 20, to wait until the authority has decided about
            the one document that is named
        :return: ``results``, one for each name in their order
        :raise ApiError: the call is not understood
        :raise AccessError: the user may not read, or not hurry, documents
        """
        self._require("reader")
        names = self._checked_names(documents, "documents")
        self._check_type(refresh, bool, "refresh")
        self._check_wait(wait, names)
        if refresh or wait:
            self._require("user")
        found = self._documents_of(names)
        known = self.env["ereceipt.document"].union(
            *(d for d in found if not isinstance(d, ItemError))
        )
        if wait and known:
            told = {known.id: self._wait_for(known, wait)}
        else:
            if refresh and known.sudo()._make_due():
                self.env["ereceipt.outbox"].sudo()._wake()
            told = dict(zip(known.ids, known._told_outside(), strict=True))
        return {
            "version": VERSION,
            "results": [
                {"ok": False, "error": document.told()}
                if isinstance(document, ItemError)
                else {"ok": True, "document": told[document.id]}
                for document in found
            ],
        }

    def _wait_for(self, document, wait):
        """Send, or ask about, a document while the caller waits. All of it is done and
        committed in cursors of its own; a call that Odoo carries out again finds what
        was done."""
        lang = self.env.lang
        return document.sudo()._send_and_wait(
            uuid.uuid4().hex,
            wait,
            lambda fresh: fresh.with_context(lang=lang)._told_outside()[0],
        )

    def _check_wait(self, wait, names):
        if isinstance(wait, bool) or not isinstance(wait, int | float):
            self._bad_argument(self.env._("“wait” has to be a number of seconds."))
        if not 0 <= wait <= LONGEST_WAIT:
            self._bad_argument(
                self.env._("“wait” has to be from 0 to %s seconds.", LONGEST_WAIT)
            )
        if wait and len(names) != 1:
            self._bad_argument(
                self.env._("A call waits for one document alone; name one.")
            )

    # -------------------------------------------------------------------------
    # DOWNLOAD
    # -------------------------------------------------------------------------

    @api.model
    @api.readonly
    def download(self, document, what="content"):
        """Return files of one document.

        :param document: the name of a document, or of its invoice
        :param str what: ``content`` (as it was frozen for the authority), ``files``
            (which the authority made of it), ``authority_pdf`` (its own print, once
            somebody has fetched it), ``pdf`` (the invoice as it is printed)
        :return: ``files``: each with ``name``, ``media_type``, ``sha256``, ``size`` and
            ``base64``; an empty list where there is none (yet)
        :raise ApiError: the call is not understood, or there is no such document
        :raise AccessError: the user may not read it
        """
        self._require("reader")
        offered = ("content", "files", "authority_pdf", "pdf")
        if what not in offered:
            self._bad_argument(
                self.env._("“what” has to be one of %s.", ", ".join(offered))
            )
        [found] = self._documents_of([document])
        if isinstance(found, ItemError):
            raise ApiError(found.code, found.message)
        files = getattr(self, f"_download_{what}")(found)
        return {"version": VERSION, "document_id": found.id, "files": files}

    def _download_content(self, document):
        if not document.content:
            return []
        content = document.content.encode()
        return [_file(document.content_file_name, document.media_type, content)]

    def _download_files(self, document):
        return [_file(f.name, f.mimetype, f.raw) for f in document.sudo().file_ids]

    def _download_authority_pdf(self, document):
        kept = document.sudo()
        if not kept._authority_pdf_is_fresh():
            return []
        pdf = kept.authority_pdf_id
        return [_file(pdf.name, pdf.mimetype, pdf.raw)]

    def _download_pdf(self, document):
        moves = document.link_ids.sudo().move_id.with_env(self.env)
        moves.check_access("read")
        files = []
        for move in moves:
            made = move._get_invoice_legal_documents("pdf", allow_fallback=True)
            files.append(_file(made["filename"], "application/pdf", made["content"]))
        return files

    # -------------------------------------------------------------------------
    # ARGUMENTS AND RIGHTS
    # -------------------------------------------------------------------------

    def _require(self, role):
        """Raise unless the user has a role of electronic receipts."""
        group = f"account_ereceipt.group_ereceipt_{role}"
        if not self.env.su and not self.env.user.has_group(group):
            named = self.env.ref(group).sudo()
            raise AccessError(
                self.env._(
                    "This takes the role %(role)s of %(privilege)s.",
                    role=named.name,
                    privilege=named.privilege_id.name,
                )
            )

    def _checked_names(self, names, argument):
        if not isinstance(names, list) or not 0 < len(names) <= MOST_ITEMS:
            self._bad_argument(
                self.env._(
                    "“%(argument)s” has to be a list of 1 to %(most)s names.",
                    argument=argument,
                    most=MOST_ITEMS,
                )
            )
        return names

    def _check_type(self, value, kind, argument):
        if not isinstance(value, kind):
            self._bad_argument(
                self.env._(
                    "“%(argument)s” has to be of the kind %(kind)s.",
                    argument=argument,
                    kind=kind.__name__,
                )
            )

    def _is_repeated(self, key, method, arguments):
        """Whether a call with this key was carried out before; note that it is."""
        try:
            state = self.env["ereceipt.api.call"]._begin(key, method, arguments)
        except ValueError:
            self._bad_argument(
                self.env._("“key” has to be 8 to 64 letters, digits and hyphens.")
            )
        if state == "other":
            raise ApiError(
                "key_reused",
                self.env._(
                    "The key %s was used for another call. Make a new key for each "
                    "call that is not a repeat.",
                    key,
                ),
            )
        return state == "known"

    def _bad_argument(self, message):
        raise ApiError("bad_argument", message)


def _file(name, media_type, content):
    """Return a file as the answer shows it."""
    return {
        "name": name,
        "media_type": media_type or "application/octet-stream",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "base64": base64.b64encode(content).decode(),
    }
