from odoo import api, fields, models
from odoo.exceptions import UserError

from .ereceipt_notification import RELOAD, notification
from .ereceipt_suggester import CodeSuggester


class EreceiptSuggestionMixin(models.AbstractModel):
    """Rows of a list of what lacks a code, each with the code that may be right and
    what speaks for it. It is entered when somebody says so, never by itself."""

    _name = "ereceipt.suggestion.mixin"
    _description = "Lacks a code that may be suggested"

    suggestion = fields.Char(
        string="Suggested code",
        compute="_compute_suggestion",
        help="From similar records of the company and from what was issued before.",
    )
    suggestion_reason = fields.Char(string="Why", compute="_compute_suggestion")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends_context("allowed_company_ids", "lang")
    def _compute_suggestion(self):
        self.suggestion = self.suggestion_reason = False
        for _authority, _company, suggestions in self._suggestions():
            for row, found in suggestions.items():
                parts = (found.scheme, found.code, found.subcode)
                row.suggestion = " ".join(filter(None, parts))
                row.suggestion_reason = found.reason

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _use_suggestions(self):
        """Enter the suggested codes of these rows, in the company that lacks them.

        :return: the action that says so
        :raise AccessError: the user may not enter codes
        :raise UserError: nothing is suggested for any of them
        """
        self.env["ereceipt.code.mapping"].check_access("create")
        entered = 0
        for authority, company, suggestions in self._suggestions():
            self._enter(authority, company, suggestions)
            entered += len(suggestions)
        if not entered:
            raise UserError(
                self.env._("No code is suggested for what you chose. Enter it by hand.")
            )
        return notification(
            "success",
            self.env._("%s codes were entered.", entered)
            if entered > 1
            else self.env._("One code was entered."),
            RELOAD,
        )

    def _suggestions(self):
        """Return what is suggested: for each row once, in the first company and for
        the first authority that something is known for.

        :return: ``[(authority, company, {row: Suggestion})]``
        """
        mappings = self.env["ereceipt.code.mapping"]
        left, found = self, []
        for company in self.env.companies:
            for authority in mappings._authorities(company):
                suggester = CodeSuggester(self.env, authority, company)
                suggestions = left._suggest(suggester) if left else {}
                if suggestions:
                    found.append((authority, company, suggestions))
                    left -= self.browse().union(*suggestions)
        return found

    def _suggest(self, suggester):
        """Hook: return the suggestions for these rows.

        :param CodeSuggester suggester: of one authority and company
        :rtype: dict
        """
        raise NotImplementedError

    def _enter(self, authority, company, suggestions):
        """Hook: enter suggestions as codes.

        :param dict suggestions: as :meth:`_suggest` returns them
        """
        raise NotImplementedError

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _device_journals(self):
        """Return the journals that devices issue from."""
        devices = self.env["ereceipt.device"].sudo()
        return devices.search([("lifecycle", "!=", "retired")]).journal_ids
