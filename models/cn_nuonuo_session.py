from contextlib import suppress
from decimal import Decimal
from functools import partial

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import LazyTranslate

from ..fiscal import lifecycle
from ..fiscal.cn_nuonuo.answers import WAITING
from ..fiscal.cn_nuonuo.error_catalogue import CREDIT_LINE, LOGGED_OUT, PERSON_CHECK
from ..fiscal.cn_nuonuo.fapiao import thaw
from ..fiscal.contract import AuthorityError, Outcome, Status
from .cn_nuonuo import AUTHORITY
from .ereceipt_what_now import STEPS, Step

_lt = LazyTranslate(__name__)

STEPS["submitted_login"] = Step("warning", "action_cn_log_in", _lt("Log in"))
STEPS["submitted_buyer"] = Step("info", "action_ereceipt_ask", _lt("Ask now"))

SELDOM = 90 * 60
"""Seconds between looks that ask the bureau itself, which may be asked twenty times a
day (spec china 1.1)."""

SHOWN = {LOGGED_OUT: "login", PERSON_CHECK: "person"}
"""What the clerk scans a code for."""


class EreceiptRegistration(models.Model):
    """What is held while the clerk is logged out, has to show his face, or nothing is
    left of the credit line."""

    _inherit = "ereceipt.registration"

    def _cn_nuonuo_held_user(self, device):
        return device._cn_nuonuo_clerk_user()

    def _cn_nuonuo_held_seconds(self, code):
        return 300 if code == LOGGED_OUT else SELDOM

    def _cn_nuonuo_held_situation(self, document):
        return "submitted_login" if document.held_code in SHOWN else "submitted_held"

    def _cn_nuonuo_resume_call(self, document):
        """Return what is called to go on with a held document."""
        code = document.held_code
        may_ask = code != CREDIT_LINE or self._cn_may_ask_for(document)
        return partial(_resume, code=code, may_ask=may_ask)


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _moving_situation(self):
        # EXTENDS
        situation = super()._moving_situation()
        if (
            situation == lifecycle.SUBMITTED
            and self.authority == AUTHORITY
            and (self.authority_ids or {}).get("red_state") in WAITING
        ):
            return "submitted_buyer"
        return situation

    def _say_submitted_login(self):
        return self.env._(
            "The tax bureau does not issue it before the clerk has logged in or shown "
            "his face there (see the list). Then it goes on by itself."
        )

    def _say_submitted_buyer(self):
        return self._with_heartbeat(
            self.env._(
                "The buyer has to confirm the red letter at the tax bureau, within 72 "
                "hours; else it is void. It is asked again by itself at %s.",
                self._next_moment_text(),
            )
        )


class AccountMove(models.Model):
    _inherit = "account.move"

    def action_cn_log_in(self):
        """Open the clerk's session at the tax bureau.

        :raise UserError: the invoice is none of a fapiao's
        """
        self.ensure_one()
        self._ereceipt_require("user")
        document = self.ereceipt_document_id.sudo()
        if document.authority != AUTHORITY:
            raise UserError(self.env._("%s has no fapiao.", self.display_name))
        return document.device_id._cn_nuonuo_open_session(SHOWN.get(document.held_code))


class EreceiptDevice(models.Model):
    _inherit = "ereceipt.device"

    def action_cn_log_in(self):
        """Open the clerk's session at the tax bureau.

        :raise UserError: the device is no account there
        """
        self.ensure_one()
        self._check_cn_nuonuo()
        return self._cn_nuonuo_open_session("login")

    def _check_cn_nuonuo(self):
        """Raise unless the device is an account at China's tax bureau.

        :raise UserError: it is none
        """
        if not self._is_cn_nuonuo():
            raise UserError(
                self.env._("%s is no account at China's tax bureau.", self.name)
            )

    def _cn_nuonuo_open_session(self, purpose):
        values = {"device_id": self.id, "purpose": purpose or "login"}
        return self.env["ereceipt.cn.session"].create(values)._open()

    def _cn_nuonuo_resume(self):
        """Let what was held on the device go on."""
        documents = self.env["ereceipt.document"].sudo()
        documents.search(
            [("device_id", "in", self.ids), ("held_code", "!=", False)]
        )._resume()


def _resume(authority, document, code, may_ask):
    """Have a fapiao tried again, if what held it is mended.

    :param bool may_ask: whether the bureau may be asked for the credit line
    """
    needed = _needed(document)
    if not _is_mended(authority.session(), code, needed, may_ask):
        return Outcome(document.key, Status.PENDING, document.uid)
    return authority.re_invoice(document)


def _needed(document):
    """Return the net amount that is still to be issued: of what was split a part may
    be."""
    fapiao = thaw(document.content)
    totals = document.authority_ids.get("totals", "").split(",")
    issued = sum(map(Decimal, filter(None, totals)), Decimal(0))
    return fapiao.net - fapiao.net * issued / (fapiao.total or 1)


def _is_mended(session, code, needed, may_ask):
    """Tell whether what held a fapiao is mended; ``needed`` is its net amount."""
    try:
        if code == LOGGED_OUT:
            return session.login().good
        if code == PERSON_CHECK:
            with suppress(AuthorityError):
                session.refresh_person()
            return session.person().good
        if code == CREDIT_LINE:
            if may_ask:
                with suppress(AuthorityError):
                    session.refresh_credit_line()
            left = session.credit_line().available
            return left is None or left >= needed
    except AuthorityError:
        # nothing is known, and each try counts
        return False
    return True
