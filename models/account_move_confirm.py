from odoo import models
from odoo.exceptions import RedirectWarning, UserError


class AccountMove(models.Model):
    """Confirming: a person sees every problem before, or instead of, the posting."""

    _inherit = "account.move"

    def action_post(self):
        # EXTENDS account: from the form (and only there: jobs and the API get one
        # error from _post) problems are shown with what to open
        if not self.env.context.get("ereceipt_dialog"):
            return super().action_post()
        # looking at it before would look twice at what has no problem
        try:
            with self.env.cr.savepoint():
                result = super().action_post()
        except (RedirectWarning, UserError):
            dialog = self._ereceipt_confirm_dialog()
            if dialog:
                return dialog
            raise
        return result or self._ereceipt_await_answer()

    def action_validate_moves_with_confirmation(self):
        # EXTENDS account: what will be posted right away is looked at first; what the
        # next dialog asks about is looked at when that one is confirmed
        drafts = self.filtered(lambda m: m.state == "draft" and m.line_ids)
        at_once = drafts - drafts._get_moves_requiring_confirmation()
        many = self.env["ereceipt.confirmation"]._start(at_once, drafts - at_once)
        if many:
            return many
        dialog = at_once._ereceipt_confirm_dialog(drafts)
        return dialog or self._ereceipt_validate()

    def _ereceipt_validate(self):
        """Confirm these together, without looking at them first, as Odoo does.

        :return: the action that asks about what Odoo does not confirm unasked
        """
        return super().action_validate_moves_with_confirmation()

    def _ereceipt_confirm_dialog(self, selected=None, confirmation=None):
        """Return the dialog with every problem that would stop the posting, False
        where there is none. Nothing is posted.

        :param selected: everything that the person chose, if more than ``self``
        :param confirmation: the ``validate.account.move`` that goes on with the others
        """
        problems = self._ereceipt_blocking_problems()
        if not problems:
            return False
        wrong = self.browse(problems)
        return self.env["ereceipt.problems"]._open(
            wrong,
            problems,
            others=(self if selected is None else selected) - wrong,
            confirmation=confirmation,
        )

    def _ereceipt_blocking_problems(self):
        """Return, by id, the problems with which ``_post`` would refuse these."""
        would_block = self._ereceipt_drafts().filtered(
            lambda m: (
                m.ereceipt_device_id.sudo().problem_policy == "block"
                and m._ereceipt_is_obliged()
                and not m.ereceipt_exempt
                and not m._ereceipt_hold_reason()
            )
        )
        return would_block._ereceipt_find_problems()
