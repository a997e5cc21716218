import logging

from markupsafe import Markup

from odoo import models
from odoo.exceptions import RedirectWarning, UserError
from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)
_logger = logging.getLogger(__name__)

OPEN = ("waiting", "pending", "rejected")
POSTING = "ereceipt_tier_posting"


class AccountMove(models.Model):
    """Invoices that are approved in tiers before they are confirmed.

    Confirming is refused by the module of the tiers until the last one has approved.
    The moment it has, the invoice is confirmed and issued by itself, with the rights of
    who approved last: every employee may write reviews, so that nobody's name in one of
    them gives rights. Where those do not suffice, who asked for the approval is told.
    """

    _inherit = "account.move"

    # -------------------------------------------------------------------------
    # POSTING
    # -------------------------------------------------------------------------

    def _post(self, soft=True):
        # EXTENDS account: what is approved takes no other change than being confirmed,
        # and its date of issue is a part of that, whoever calls this. Whether it is
        # approved is looked at regardless.
        moves = self.with_context(skip_validation_check=True, **{POSTING: True})
        return super(AccountMove, moves)._post(soft).with_env(self.env)

    def _validate_tier(self, tiers=False):
        # EXTENDS base_tier_validation: both the button and its dialog come here, and so
        # does a confirmation by somebody who is the only reviewer
        result = super()._validate_tier(tiers)
        if not self.env.context.get(POSTING) and self.validation_status == "validated":
            self._ereceipt_go_on()
        return result

    def _ereceipt_go_on(self):
        """Confirm, or issue, what has just been approved by everybody."""
        self.ensure_one()
        document = self.ereceipt_document_id.sudo()
        if self.state == "posted" and document.waiting_reason == "approval":
            self.sudo()._ereceipt_issue(raising=False)
        elif self.state == "draft" and self._ereceipt_posts_itself():
            self._ereceipt_post_approved()

    def _ereceipt_posts_itself(self):
        device = self._ereceipt_drafts().ereceipt_device_id.sudo()
        return bool(device) and device.post_approved and device._issues()

    def _ereceipt_post_approved(self):
        """Confirm it. What stands against that does not undo the approval: who asked
        for it is told, and the invoice stays a draft."""
        try:
            with self.env.cr.savepoint():
                self.with_company(self.company_id).action_post()
        except (RedirectWarning, UserError) as error:
            _logger.info("%s is approved and was not confirmed", self.display_name)
            self._ereceipt_tell_not_posted(str(error.args[0]))

    def _ereceipt_tell_not_posted(self, reason):
        requester = self.sudo().review_ids.requested_by[-1:] or self.env.user
        self.env["ereceipt.alert"]._raise(
            self,
            "approved",
            _lt("Approved, but it could not be confirmed by itself"),
            note=Markup("<p style='white-space: pre-line'>%s</p>") % reason,
            user=requester,
        )

    def _get_after_validation_exceptions(self):
        # EXTENDS base_tier_validation: what the program itself writes to an invoice
        # that is approved and confirmed: how to mail it later
        return [*super()._get_after_validation_exceptions(), "ereceipt_mail_settings"]

    # -------------------------------------------------------------------------
    # ISSUING
    # -------------------------------------------------------------------------

    def _ereceipt_awaits_decision(self):
        # EXTENDS: the net below: a review that is open holds back what is posted
        return super()._ereceipt_awaits_decision() or (
            self.validation_status in OPEN and bool(self.review_ids)
        )
