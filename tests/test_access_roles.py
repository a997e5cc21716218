import inspect
from contextlib import contextmanager
from functools import partial

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import EreceiptCommon

ROLES = ("portal", "employee", "auditor", "accountant", "manager", "administrator")

OURS = ".account_ereceipt."
OPERATIONS = "rewcdu"

RECORDS = """
                            portal employee auditor accountant manager administrator
ereceipt.registration       ------ ------   re----  re----     re----  rewc!!
ereceipt.device             ------ ------   re----  re----     re----  rewc!!
ereceipt.document           ------ ------   re----  re----     re----  re----
ereceipt.document.move      ------ ------   re!---  re!---     re!---  re!---
ereceipt.exchange           --!--- --!---   re!---  re!---     re!---  re!---
ereceipt.seal               --!--- --!---   re!---  re!---     re!---  re!---
ereceipt.alert.cause        ------ ------   re----  re----     re----  re----
ereceipt.number             --!--- --!---   re!---  re!---     re!---  re!---
ereceipt.number.explanation ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.code               ------ ------   re----  re----     re----  re----
ereceipt.code.mapping       ------ ------   re----  re----     rewc!u  rewc!u
ereceipt.missing.code       ------ ------   re----  re----     re----  re----
ereceipt.missing.mapping    ------ ------   re----  re----     re----  re----
ereceipt.signing.key        ------ ------   re----  re----     re----  rewcdu
ereceipt.signing.agent      ------ ------   re----  re----     re----  rew---
ereceipt.signing.nonce      ------ ------   ------  ------     ------  ------
ereceipt.token              ------ ------   ------  ------     ------  ------
ereceipt.callback           ------ ------   re----  re----     re----  re----
ereceipt.request            ------ ------   re----  rewc!-     rewc!-  rewc!-
ereceipt.request.refusal    ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.payment.notice     ------ ------   re----  rew---     rew---  rew---
ereceipt.reconciliation     ------ ------   re----  re----     re----  re----
ereceipt.reconciliation.line ------ ------  re----  re----     re----  re----
ereceipt.reconcile          ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.explanation        ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.document.tax       ------ ------   re----  re----     re----  re----
ereceipt.tie.out            ------ ------   re----  re----     re----  re----
ereceipt.tie.out.line       ------ ------   re----  re----     re----  re----
ereceipt.tie.out.difference ------ ------   re----  re----     re----  re----
ereceipt.tie                ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.unpaid             ------ ------   re----  re----     re----  re----
ereceipt.payment.difference ------ ------   re----  re----     re----  re----
ereceipt.file.profile       ------ ------   re----  re----     re----  rewcd!
ereceipt.file.column        ------ ------   re----  re----     re----  rewcdu
ereceipt.file.run           ------ ------   re----  re----     re----  re----
ereceipt.file.row           ------ ------   re----  re----     re----  re----
ereceipt.file.upload        ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.webhook            ------ ------   re----  re----     re----  rewcdu
ereceipt.webhook.delivery   ------ ------   re----  re----     re----  re----
ereceipt.api.call           ------ ------   ------  ------     ------  ------
ereceipt.problems           ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.bulk               ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.cancel             ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.cancel.many        ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.rejection          ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.pairing            ------ ------   ------  ------     ------  rewcd-
ereceipt.cn.session         ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.cn.red.request     ------ ------   re----  re----     re----  re----
ereceipt.cn.red.refusal     ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.hr.change          ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.eg.code.request    ------ ------   ------  ------     rewcdu  rewcdu
ereceipt.eg.code.request.line ------ ------ ------  ------     rewcdu  rewcdu
ereceipt.eg.code.search     ------ ------   ------  ------     rewcdu  rewcdu
ereceipt.eg.code.search.line ------ ------  ------  ------     rewcdu  rewcdu
ereceipt.confirmation       ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.late               ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.return.anew        ------ ------   ------  rewcd-     rewcd-  rewcd-
ereceipt.code.import        ------ ------   ------  ------     rewcdu  rewcdu
ereceipt.item.import        ------ ------   ------  ------     rewcdu  rewcdu
ereceipt.item.import.line   ------ ------   ------  ------     rewcdu  rewcdu
"""
"""What comes of it when each role reads (and searches), exports, writes, creates,
duplicates and unlinks records of each model: done, ``-`` refused for want of rights,
``!`` refused for another reason (a serial is wanted, it has issued, it is sealed)."""

METHODS = """
account.journal          action_ereceipt_documents        xxxxxx
account.move             action_ereceipt_approve          ----!-
account.move             action_ereceipt_ask              ---!!-
account.move             action_ereceipt_authority_pdf    ---!!!
account.move             action_ereceipt_cancel_in_books  ---!!-
account.move             action_ereceipt_correct          ---!!-
account.move             action_ereceipt_follow_up        ---xx-
account.move             action_ereceipt_issue            ---!!-
account.move             action_ereceipt_issue_together   ---!!-
account.move             action_ereceipt_late             ---xx-
account.move             action_ereceipt_open_documents   ---xxx
account.move             action_ereceipt_open_file        ---!!!
account.move             action_ereceipt_open_original    ---xxx
account.move             action_ereceipt_open_registration ---xxx
account.move             action_ereceipt_open_replacement ---!!!
account.move             action_ereceipt_open_signing     ---xxx
account.move             action_ereceipt_rejection        ---xx-
account.move             action_ereceipt_paid_find        ---xx-
account.move             action_ereceipt_paid_open        ---xx-
account.move             action_ereceipt_paid_seen        ---xx-
account.move             action_ereceipt_request          ---!!!
account.move             action_ereceipt_open_requests    ---xxx
account.move             action_ereceipt_retry            ----!-
account.move             action_ereceipt_return_anew      ---xx-
account.move             action_ereceipt_send_now         ---xx-
account.move             action_ereceipt_sign_now         ---!!-
account.move             action_ereceipt_take_apart       ---!!-
account.move             action_ereceipt_tell_payment     ---!!-
account.move             action_ereceipt_what_now         ---xx-
account.move             action_ereceipt_withdraw         ---!!-
account.move             action_cn_log_in                 ---!!-
account.move             action_hr_change                 ---xx-
account.move             action_hr_tip                    ---xx-
account.move             ereceipt_send_now                ---xx-
ereceipt.alert.cause     action_open                      --xxxx
ereceipt.api             ask                              --xxxx
ereceipt.api             download                         --xxxx
ereceipt.api             issue                            ---xxx
ereceipt.api             list                             --xxxx
ereceipt.cancel          action_cancel                    ---!!-
ereceipt.cancel.many     action_cancel                    ---!!-
ereceipt.code            action_refresh                   ----xx
ereceipt.code.import     action_import                    ----!!
ereceipt.code.mapping    action_eg_ask                    ----xx
ereceipt.eg.code.request action_register                  ----!!
ereceipt.eg.code.search  action_search                    ----!!
ereceipt.eg.code.search.line action_use                   ----!!
ereceipt.cn.red.refusal  action_refuse                    ---!!!
ereceipt.cn.red.request  action_book                      ---!!!
ereceipt.cn.red.request  action_confirm                   ---!!!
ereceipt.cn.red.request  action_fetch                     ---xxx
ereceipt.cn.red.request  action_open_move                 --!!!!
ereceipt.cn.red.request  action_refuse                    ---xxx
ereceipt.cn.session      action_check                     ---!!!
ereceipt.cn.session      action_enter_message             ---!!!
ereceipt.cn.session      action_get_code                  ---!!!
ereceipt.cn.session      action_scanned                   ---!!!
ereceipt.cn.session      action_send_message              ---!!!
ereceipt.cn.session      action_show_code                 ---!!!
ereceipt.cn.session      look_again                       ---xxx
ereceipt.confirmation    conclude                         ---xxx
ereceipt.confirmation    confirm_group                    ---xxx
ereceipt.device          action_activate                  -----x
ereceipt.device          action_cn_log_in                 --!!!!
ereceipt.device          action_continue_chain            -----!
ereceipt.device          action_open_chain                xxxxxx
ereceipt.device          action_open_documents            xxxxxx
ereceipt.device          action_retire                    -----x
ereceipt.device          action_take_back                 -----x
ereceipt.device          action_test_connection           -----x
ereceipt.document        action_authority_pdf             ---!!!
ereceipt.document        action_bulk_approve              ----!-
ereceipt.document        action_bulk_ask                  ---!!-
ereceipt.document        action_bulk_cancel               ---!!-
ereceipt.document        action_bulk_correct              ---!!-
ereceipt.document        action_bulk_issue                ---!!-
ereceipt.document        action_bulk_retry                ----!-
ereceipt.document        action_bulk_send                 ---xx-
ereceipt.document        action_bulk_sign                 ---!!!
ereceipt.document        action_fetch_files               ---!!-
ereceipt.document        action_open_exchanges            xxxxxx
ereceipt.document        action_open_moves                --xxxx
ereceipt.document        action_what_now                  ---xx-
ereceipt.document        cockpit                          --xxxx
ereceipt.file.profile    action_make_file                 ---!!!
ereceipt.file.profile    action_open_runs                 xxxxxx
ereceipt.file.profile    action_upload                    ---xxx
ereceipt.file.run        action_apply                     ---!!!
ereceipt.file.run        action_cancel                    ---xxx
ereceipt.file.run        action_hand_over                 ---xxx
ereceipt.file.run        action_look_again                ---!!!
ereceipt.file.run        action_open_documents            --xxxx
ereceipt.file.upload     action_read                      ---!!!
ereceipt.hr.change       action_apply                     ---!!-
ereceipt.item.import     action_check                     ----!!
ereceipt.item.import     action_import                    ----!!
ereceipt.late            action_correct                   ---!!-
ereceipt.late            action_return_anew               ---!!!
ereceipt.late            action_send_again                ----!-
ereceipt.missing.code    action_open_product              --xxxx
ereceipt.missing.code    action_use_suggestion            ----!!
ereceipt.missing.mapping action_open                      --xxxx
ereceipt.payment.notice  action_find                      --xxxx
ereceipt.payment.notice  action_found                     ---xx-
ereceipt.payment.notice  action_missing                   ---!!-
ereceipt.payment.notice  action_open_move                 --xxxx
ereceipt.payment.notice  action_seen                      ---xx-
ereceipt.missing.mapping action_use_suggestion            ----!!
ereceipt.number          action_explain                   ---xxx
ereceipt.number.explanation action_explain                ---!!!
ereceipt.problems        action_open_wrong                ---xxx
ereceipt.problems        action_post_others               ---!!!
ereceipt.reconcile       action_start                     ---xxx
ereceipt.reconciliation  action_open_lines                xxxxxx
ereceipt.reconciliation  action_report_pdf                --xxxx
ereceipt.reconciliation  action_report_xlsx               xxxxxx
ereceipt.reconciliation  action_resume                    ---!!!
ereceipt.reconciliation.line action_adopt                 ---!!!
ereceipt.reconciliation.line action_ask                   ---!!!
ereceipt.reconciliation.line action_explain               ---xxx
ereceipt.reconciliation.line action_open_document         --xxxx
ereceipt.reconciliation.line action_open_move             --xxxx
ereceipt.reconciliation.line action_resend                ----!!
ereceipt.reconciliation.line action_take                  ---!!!
ereceipt.explanation     action_explain                   ---!!!
ereceipt.tie             action_compare                   ---xxx
ereceipt.tie.out         action_again                     ---xxx
ereceipt.tie.out         action_open_differences          --xxxx
ereceipt.tie.out         action_open_unreconciled         --xxxx
ereceipt.tie.out         action_report_pdf                --xxxx
ereceipt.tie.out         action_report_xlsx               xxxxxx
ereceipt.tie.out.line    action_open_differences          --xxxx
ereceipt.tie.out.line    action_open_documents            --xxxx
ereceipt.tie.out.difference action_open_document          --xxxx
ereceipt.tie.out.difference action_open_move              --xxxx
ereceipt.unpaid          action_open_move                 --xxxx
ereceipt.payment.difference action_open_move              --xxxx
ereceipt.payment.difference action_tell                   ---!!-
ereceipt.registration    action_open_reconciliations      xxxxxx
ereceipt.registration    action_close_breaker             -----x
ereceipt.registration    action_close_for_callbacks       -----x
ereceipt.registration    action_confirm_database          -----x
ereceipt.registration    action_open_cn_red_requests      xxxxxx
ereceipt.registration    action_open_devices              xxxxxx
ereceipt.registration    action_open_for_callbacks        -----x
ereceipt.registration    action_open_documents            xxxxxx
ereceipt.registration    action_open_needs_person         xxxxxx
ereceipt.registration    action_seal_credentials          -----x
ereceipt.registration    action_test_connection           -----x
ereceipt.request         action_ask                       --xxxx
ereceipt.request         action_ask_again                 ---!!!
ereceipt.request         action_grant                     ---xx-
ereceipt.request         action_send_back                 ---xx-
ereceipt.request         action_update_contact            ---xx-
ereceipt.request         action_withdraw                  ---xxx
ereceipt.request.refusal action_send_back                 ---xx-
ereceipt.rejection       action_correct                   ---!!-
ereceipt.rejection       action_decline                   ---!!-
ereceipt.rejection       action_return_anew               ---!!!
ereceipt.return.anew     action_return_anew               ---!!-
ereceipt.seal            action_open_exchanges            xxxxxx
ereceipt.signing.key     action_forget_pin                -----x
ereceipt.signing.key     action_pair_agent                -----!
ereceipt.signing.key     action_read_token                -----!
ereceipt.seal            action_verify                    --xxxx
ereceipt.webhook         action_close_breaker             -----x
ereceipt.webhook         action_confirm_database          -----x
ereceipt.webhook         action_forget_former_secret      -----x
ereceipt.webhook         action_open_deliveries           --xxxx
ereceipt.webhook         action_send_test                 -----!
ereceipt.webhook.delivery action_send_again               -----!
"""
"""What comes of a call of each public method, role by role (in the order of
``ROLES``): carried out, ``-`` refused for want of rights, ``!`` refused because of how
the test's invoice is. What only opens a view asks for no right: what it opens does."""


@tagged("post_install", "-at_install", "post_install_l10n")
class TestAccessRoles(EreceiptCommon):
    """Who may do what: the whole table, compared with what really happens."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.portal = cls.make_user("portal", "base.group_portal")
        cls.employee = cls.make_user("employee", "base.group_user")
        cls.users = {role: getattr(cls, role) for role in ROLES}
        may_export = cls.env.ref("base.group_allow_export")
        for role in ROLES[1:]:
            cls.users[role].group_ids += may_export
        cls.unpaid = cls.unpaid_row()
        cls.move = cls.invoice()
        cls.document = cls.move.ereceipt_document_id.sudo()
        cls.exchange = cls.make_exchange(cls.document)
        cls.seal = cls.env["ereceipt.seal"]._seal()
        cls.key = cls.env["ereceipt.signing.key"].sudo().create({"name": "Seal"})
        cls.agent = (
            cls.env["ereceipt.signing.agent"]
            .sudo()
            .create({"name": "Desk", "key_id": cls.key.id})
        )
        cls.nonce = (
            cls.env["ereceipt.signing.nonce"]
            .sudo()
            .create({"agent_id": cls.agent.id, "nonce": "1", "until": "2030-01-01"})
        )
        cls.callback = (
            cls.env["ereceipt.callback"]
            .sudo()
            .create(
                {
                    "registration_id": cls.registration.id,
                    "delivery": "1",
                    "topic": "documents",
                    "received_at": "2026-01-01",
                }
            )
        )
        asked_for, cls.wanted = cls.invoice(post=False), cls.invoice(post=False)
        cls.request = cls.env["ereceipt.request"].with_user(cls.accountant)
        cls.request = cls.request.create({"move_id": asked_for.id}).sudo()
        cls.notice = (
            cls.env["ereceipt.payment.notice"]
            .sudo()
            .create({"move_id": cls.move.id, "reference": "TRF 1"})
        )
        cls.profile = (
            cls.env["ereceipt.file.profile"]
            .with_user(cls.administrator)
            .create(
                {
                    "name": "Files",
                    "registration_id": cls.registration.id,
                    "column_ids": [Command.create({"heading": "A"})],
                }
            )
        )
        cls.run_of_file = cls.env["ereceipt.file.run"]._make(cls.profile, name="F")
        cls.run_of_file._put_rows([{"label": "X", "outcome": "out"}])
        cls.red_request = (
            cls.env["ereceipt.cn.red.request"]
            .sudo()
            .create(cls.red_request_values("1"))
        )
        alerts = cls.env["ereceipt.alert.cause"].sudo()
        cls.alert = alerts.create(cls.alert_values())
        cls.number = (
            cls.env["ereceipt.number"]
            .sudo()
            .create({"name": "1", "company_id": cls.company.id, "kind": "missing"})
        )
        cls.no_unit = cls.env["uom.uom"].create({"name": "حزمة"})
        cls.no_code = cls.env["product.product"].create(
            {"name": "مسطرة", "uom_id": cls.no_unit.id}
        )

    @classmethod
    def unpaid_row(cls):
        """Return what is not paid of an invoice that the authority holds as valid."""
        sold = cls.invoice()
        cls.env.flush_all()
        cls.env.cr.execute(
            "UPDATE account_move SET ereceipt_state = 'valid' WHERE id = %s", [sold.id]
        )
        cls.env.invalidate_all()
        return cls.env["ereceipt.unpaid"].search([("move_id", "=", sold.id)])

    @classmethod
    def alert_values(cls):
        return {
            "kind": "breaker",
            "company_id": cls.company.id,
            "registration_id": cls.registration.id,
            "res_model": "ereceipt.registration",
            "res_id": cls.registration.id,
            "opened_at": "2026-01-01 00:00:00",
        }

    @classmethod
    def red_request_values(cls, name):
        return {
            "registration_id": cls.registration.id,
            "environment": "test",
            "bill_uuid": name,
            "state": "05",
            "currency_id": cls.env.ref("base.CNY").id,
        }

    @contextmanager
    def undone(self):
        """Take back what is done in the block."""
        savepoint = self.env.cr.savepoint()
        try:
            yield
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def outcome(self, attempt, passed):
        """Return what came of an attempt: ``passed``, "-" if rights were missing, "!"
        if something else stood against it (a required field, a rule of the books)."""
        with self.undone(), mute_logger("odoo.sql_db"):
            try:
                attempt()
            except AccessError:
                return "-"
            except (UserError, psycopg2.Error):
                return "!"
            return passed

    # -------------------------------------------------------------------------
    # RECORDS
    # -------------------------------------------------------------------------

    def targets(self):
        """Return a record of each model (None for wizards, of which everybody makes
        his own), values to make one, and values to change it."""
        move, registration = {"move_id": self.move.id}, self.registration
        mapping = {
            "authority": "eg_receipt",
            "kind": "item",
            "product_tmpl_id": self.no_code.product_tmpl_id.id,
            "scheme": "EGS",
            "code": "EG-674859545-0009",
        }
        device = {
            "name": "Till 3",
            "serial": "SIM-POS-0003",
            "registration_id": registration.id,
        }
        document = {
            "name": "X",
            "registration_id": registration.id,
            "device_id": self.device.id,
            "company_id": self.company.id,
            "authority": "eg_receipt",
            "environment": "test",
            "kind": "sale",
        }
        link = {**move, "document_id": self.document.id, "company_id": self.company.id}
        exchange = {"company_id": self.company.id, "sha256": "1" * 64}
        code = {"authority": "eg_receipt", "kind": "x", "code": "X", "name": "X"}
        codes = self.env["ereceipt.code"].search([], limit=1)
        missing = self.env["ereceipt.missing.code"].browse(self.no_code.id)
        unit = self.env["ereceipt.missing.mapping"].browse(self.no_unit.id * 2)
        registered = {"authority": "eg_receipt", "environment": "production"}
        line = {"row": 1, "import_id": self.env["ereceipt.item.import"].create({}).id}
        through = {"registration_id": registration.id}
        asked = self.env["ereceipt.eg.code.request"].sudo().create(through)
        asked = {"request_id": asked.id, "product_id": self.no_code.id}
        search = self.env["ereceipt.eg.code.search"].sudo().create(through)
        found = {"search_id": search.id, "code": "X"}
        own_key = {"key_id": self.key.id}
        compared = {
            **through,
            "company_id": self.company.id,
            "environment": "test",
            "date_from": "2026-01-01",
            "date_to": "2026-01-31",
            "way": "list",
        }
        compared = self.env["ereceipt.reconciliation"].sudo().create(compared)
        difference = {
            **through,
            "reconciliation_id": compared.id,
            "company_id": self.company.id,
            "kind": "amount",
            "document_id": self.document.id,
            "move_id": self.move.id,
        }
        differing = self.env["ereceipt.reconciliation.line"].sudo().create(difference)
        totals = {
            "document_id": self.document.id,
            "company_id": self.company.id,
            "currency_id": self.company.currency_id.id,
            "day": "2026-01-01",
        }
        total = {**totals, "tax_key": "T1|V009|14"}
        total = self.env["ereceipt.document.tax"].sudo().create(total)
        tied = {
            **through,
            "company_id": self.company.id,
            "environment": "test",
            "date_from": "2026-01-01",
            "date_to": "2026-01-31",
        }
        tie_out = self.env["ereceipt.tie.out"].sudo().create(tied)
        tied_line = {
            "tie_out_id": tie_out.id,
            "company_id": self.company.id,
            "currency_id": self.company.currency_id.id,
            "name": "T1",
        }
        tie_line = self.env["ereceipt.tie.out.line"].sudo().create(tied_line)
        tied_difference = {
            **tied_line,
            "line_id": tie_line.id,
            "side": "authority",
            "kind": "amount",
            "document_id": self.document.id,
            "move_id": self.move.id,
        }
        del tied_difference["name"]
        differing_tax = self.env["ereceipt.tie.out.difference"].sudo()
        differing_tax = differing_tax.create(tied_difference)
        paid = {"move_id": self.wanted.id, "company_id": self.company.id}
        paid_otherwise = self.env["ereceipt.payment.difference"].sudo()
        paid_otherwise = paid_otherwise.create({**paid, "move_id": self.move.id})
        token = self.env["ereceipt.token"].sudo().create({"key": "1"})
        hook = {"name": "Shop", "url": "https://shop.example.com/hook"}
        hook = self.env["ereceipt.webhook"].sudo().create(hook)
        moments = {"happened_at": "2026-01-01", "give_up_at": "2026-01-02"}
        told = {"company_id": self.company.id, **moments}
        delivery = {"webhook_id": hook.id, "event": "webhook.test", **told}
        delivery = self.env["ereceipt.webhook.delivery"].sudo().create(delivery)
        call = {"sha256": "X", "called_at": "2026-01-01"}
        called = {"user_id": self.auditor.id, "key": "1", **call}
        called = self.env["ereceipt.api.call"].sudo().create(called)
        received = {"topic": "documents", "received_at": "2026-01-01"}
        wanted = {"move_id": self.wanted.id}
        refusal = {"request_ids": [Command.set(self.request.ids)], "reason": "X"}
        by_file = {"name": "X", "profile_id": self.profile.id}
        alert = self.alert_values()
        return {
            "ereceipt.registration": (registration, registered, {"name": "X"}),
            "ereceipt.device": (self.device, device, {"name": "X"}),
            "ereceipt.document": (self.document, document, {"state": "failed"}),
            "ereceipt.document.move": (self.document.link_ids, link, move),
            "ereceipt.exchange": (self.exchange, exchange, {"error": "X"}),
            "ereceipt.seal": (self.seal, {"number": 9, "hash": "X"}, {"hash": "X"}),
            "ereceipt.alert.cause": (
                self.alert,
                {**alert, "detail": "X"},
                {"closed_at": "2026-01-01 00:00:00"},
            ),
            "ereceipt.number": (
                self.number,
                {"name": "X", "company_id": self.company.id, "kind": "missing"},
                {"explanation": "X"},
            ),
            "ereceipt.number.explanation": (None, {"reason": "X"}, {"reason": "Y"}),
            "ereceipt.code": (codes, code, {"name": "X"}),
            "ereceipt.code.mapping": (self.item_mapping, mapping, {"pending": True}),
            "ereceipt.missing.code": (missing, {}, {"barcode": "1"}),
            "ereceipt.missing.mapping": (unit, {}, {"kind": "tax"}),
            "ereceipt.signing.key": (self.key, {"name": "X"}, {"name": "Y"}),
            "ereceipt.signing.agent": (
                self.agent,
                {"name": "X", "key_id": self.key.id},
                {"active": False},
            ),
            "ereceipt.signing.nonce": (
                self.nonce,
                {"agent_id": self.agent.id, "nonce": "2", "until": "2030-01-01"},
                {"nonce": "3"},
            ),
            "ereceipt.callback": (
                self.callback,
                {"registration_id": registration.id, "delivery": "2", **received},
                {"topic": "X"},
            ),
            "ereceipt.reconciliation": (
                compared,
                {**through, "company_id": self.company.id, "environment": "test"},
                {"state": "done"},
            ),
            "ereceipt.reconciliation.line": (differing, difference, {"state": "done"}),
            "ereceipt.reconcile": (None, through, {"date_to": "2030-01-01"}),
            "ereceipt.document.tax": (
                total,
                {**totals, "tax_key": "T1|V001|14"},
                {"net": 1.0},
            ),
            "ereceipt.tie.out": (tie_out, tied, {"state": "done"}),
            "ereceipt.tie.out.line": (tie_line, tied_line, {"result": "open"}),
            "ereceipt.tie.out.difference": (
                differing_tax,
                tied_difference,
                {"explained": True},
            ),
            "ereceipt.tie": (None, through, {"date_to": "2030-01-01"}),
            "ereceipt.unpaid": (self.unpaid, {}, {"residual": 1.0}),
            "ereceipt.payment.difference": (paid_otherwise, paid, {"state": "differs"}),
            "ereceipt.explanation": (None, {"reason": "X"}, {"reason": "Y"}),
            "ereceipt.file.profile": (
                self.profile,
                {"name": "X", **through},
                {"name": "Y"},
            ),
            "ereceipt.file.column": (
                self.profile.column_ids,
                {"profile_id": self.profile.id, "heading": "B"},
                {"heading": "C"},
            ),
            "ereceipt.file.run": (self.run_of_file, by_file, {"state": "done"}),
            "ereceipt.file.row": (
                self.run_of_file.row_ids,
                {"run_id": self.run_of_file.id, "outcome": "out"},
                {"outcome": "same"},
            ),
            "ereceipt.file.upload": (
                None,
                {"profile_id": self.profile.id},
                {"file_name": "X"},
            ),
            "ereceipt.token": (token, {"key": "2"}, {"key": "3"}),
            "ereceipt.webhook": (
                hook,
                {"name": "X", "url": "https://shop.example.com/x"},
                {"name": "Y"},
            ),
            "ereceipt.webhook.delivery": (
                delivery,
                {"webhook_id": hook.id, "event": "X", **told},
                {"state": "done"},
            ),
            "ereceipt.api.call": (
                called,
                {"user_id": self.auditor.id, "key": "2", **call},
                {"key": "3"},
            ),
            "ereceipt.request": (self.request, wanted, {"buyer_name": "X"}),
            "ereceipt.request.refusal": (None, refusal, {"reason": "Y"}),
            "ereceipt.payment.notice": (
                self.notice,
                {"move_id": self.wanted.id, "reference": "TRF 2"},
                {"answer": "X"},
            ),
            "account.journal": (self.journal, {}, {}),
            "ereceipt.bulk": (None, {"told": "X"}, {"told": "Y"}),
            "ereceipt.cancel": (None, move, {"other_reason": "X"}),
            "ereceipt.cancel.many": (
                None,
                {"document_ids": [Command.set(self.document.ids)]},
                {"other_reason": "X"},
            ),
            "ereceipt.rejection": (None, move, move),
            "ereceipt.cn.session": (
                None,
                {"device_id": self.device.id},
                {"purpose": "person"},
            ),
            "ereceipt.cn.red.request": (
                self.red_request,
                self.red_request_values("2"),
                {"state": "03"},
            ),
            "ereceipt.cn.red.refusal": (
                None,
                {"request_id": self.red_request.id, "reason": "X"},
                {"reason": "Y"},
            ),
            "ereceipt.hr.change": (None, {**move, "means": "G"}, {"means": "K"}),
            "ereceipt.pairing": (None, own_key, own_key),
            "ereceipt.eg.code.request": (None, through, {"brick": "10000000"}),
            "ereceipt.eg.code.request.line": (None, asked, {"item_code": "X"}),
            "ereceipt.eg.code.search": (None, through, {"text": "X"}),
            "ereceipt.eg.code.search.line": (None, found, {"code": "Y"}),
            "ereceipt.problems": (None, {"intro": "X"}, {"intro": "Y"}),
            "ereceipt.confirmation": (None, {"total": 1}, {"total": 2}),
            "ereceipt.late": (None, move, {"late_reference": "1"}),
            "ereceipt.return.anew": (None, {**move, "reason": "X"}, {"reason": "Y"}),
            "ereceipt.code.import": (None, {}, {"file_name": "x"}),
            "ereceipt.item.import": (None, {}, {"target": "category"}),
            "ereceipt.item.import.line": (None, line, {"row": 2}),
        }

    def attempts(self, user, model, target, new, change):
        """Return the six attempts of a user on a model."""
        rows = self.env[model].with_user(user)
        record = rows.browse(target.id) if target else None

        def own():
            return rows.create(new) if record is None else record

        def read():
            found = own()
            if found not in rows.search([]) or not found.read():
                raise AccessError(self.env._("It is not found."))

        def export():
            if not user.has_group("base.group_allow_export"):
                raise AccessError(self.env._("Nothing may be exported."))
            return own().export_data([".id", "display_name"])["datas"]

        return (
            read,
            export,
            lambda: own().write(change),
            lambda: rows.create(new),
            lambda: own().copy(),
            lambda: own().unlink(),
        )

    def test_records(self):
        targets = self.targets()
        heading, *expected = [line.split() for line in RECORDS.strip().splitlines()]
        self.assertEqual(heading, list(ROLES))
        self.assertEqual(
            {row[0] for row in expected},
            {
                name
                for name in self.env.registry.models
                if name.startswith("ereceipt.") and not self.env[name]._abstract
            },
            "every model stands in the table",
        )
        for model, *outcomes in expected:
            found = []
            for role in ROLES:
                attempts = self.attempts(self.users[role], model, *targets[model])
                found.append(
                    "".join(
                        self.outcome(attempt, letter)
                        for letter, attempt in zip(OPERATIONS, attempts, strict=True)
                    )
                )
            with self.subTest(model):
                self.assertEqual(found, outcomes)

    # -------------------------------------------------------------------------
    # METHODS
    # -------------------------------------------------------------------------

    def public_methods(self):
        """Return ``(model, method)`` of everything of ours that can be called from
        outside and that Odoo does not have."""
        found = set()
        for name in self.env.registry.models:
            classes = self.env.registry[name].__mro__
            ours = [c for c in classes if OURS in f"{c.__module__}."]
            others = [c for c in classes if c not in ours]
            found |= {
                (name, method)
                for cls in ours
                for method, function in vars(cls).items()
                if inspect.isfunction(function)
                and not method.startswith("_")
                and not getattr(function, "_api_private", False)
                and not any(method in vars(other) for other in others)
            }
        return found

    def call(self, user, model, method):
        """Call a public method as its caller would, on the record of the test."""
        if model == "account.move":
            target, new = self.move, None
        else:
            target, new, _change = self.targets().get(model, (None, {}, {}))
        rows = self.env[model].with_user(user)
        if rows._abstract:
            record = rows
        else:
            record = rows.browse(target.id) if target else rows.create(new)
        arguments = {
            "ereceipt_send_now": ["0123456789abcdef"],
            "ask": [[self.document.id]],
            "download": [self.document.id],
            "issue": [[self.move.id]],
        }.get(method, [])
        return getattr(record, method)(*arguments)

    def test_methods(self):
        table = {
            (model, method): outcomes
            for model, method, outcomes in map(str.split, METHODS.strip().splitlines())
        }
        self.assertEqual(
            self.public_methods(),
            set(table),
            "Whoever adds a public method says in METHODS who may call it.",
        )
        with self.enter_registry_test_mode():
            for (model, method), outcomes in table.items():
                found = "".join(
                    self.outcome(partial(self.call, user, model, method), "x")
                    for user in self.users.values()
                )
                with self.subTest(model=model, method=method):
                    self.assertEqual(found, outcomes)

    def test_abstract_models_offer_nothing(self):
        """What sends, claims, tells and opens secrets cannot be called from outside:
        no public method of it exists, whatever its model is called. One model is there
        for calls from outside and has no rows."""
        abstract = {
            name
            for name in self.env.registry.models
            if name.startswith("ereceipt.") and self.env[name]._abstract
        }
        self.assertLessEqual(
            {"ereceipt.outbox", "ereceipt.work", "ereceipt.secret.mixin"}, abstract
        )
        offered = {model for model, _method in self.public_methods()}
        self.assertEqual(offered & abstract, {"ereceipt.api"})

    def test_settings_are_for_administrators_of_the_system(self):
        """Odoo lets anybody call ``set_values`` on no record at all."""
        lanes = self.env["ereceipt.outbox"]._lanes()
        self.assertTrue(lanes)
        for role in ("employee", "administrator"):
            settings = self.env["res.config.settings"].with_user(self.users[role])
            with self.subTest(role), self.assertRaises(AccessError), self.undone():
                settings.set_values()
        self.assertEqual(self.env["ereceipt.outbox"]._lanes(), lanes)

    # -------------------------------------------------------------------------
    # ROLES OF OTHER MODULES
    # -------------------------------------------------------------------------

    def test_who_bills_without_a_role_of_ours_issues_all_the_same(self):
        """Rights of ours are for looking. A till posts as the superuser, and what it
        posted is an invoice like any other for its clerk."""
        clerk = self.make_clerk()
        self.assertFalse(clerk.has_group("account_ereceipt.group_ereceipt_reader"))
        move = self.invoice(user=clerk, post=False)
        move.sudo().action_post()
        self.assertEqual(move.sudo().ereceipt_state, "queued")
        self.run_outbox()
        self.assertEqual(move.sudo().ereceipt_state, "valid")
        move.read()
        for values in ({"state": "draft"}, {"name": "X/1"}):
            with self.assertRaisesRegex(UserError, "issued to the tax authority"):
                move.write(values)
        with self.assertRaises(UserError), self.undone():
            move.with_context(force_delete=True).unlink()
        with self.assertRaises(AccessError):
            move.action_ereceipt_ask()
        copied = move.copy()
        copied.journal_id = self.journal_2
        copied.unlink()

    def test_customers_read_their_invoices(self):
        """A portal user sees the columns of his own invoice and nothing behind them."""
        move = self.invoice(partner_id=self.portal.partner_id.id)
        move.message_subscribe(self.portal.partner_id.ids)
        mine = move.with_user(self.portal)
        ours = [name for name in mine.fields_get() if name.startswith("ereceipt_")]
        self.assertEqual(mine.read(ours)[0]["ereceipt_state"], "queued")
        with self.assertRaises(AccessError):
            mine.ereceipt_document_id.read(["content"])
        with self.assertRaises(AccessError):
            mine.search([("ereceipt_document_id.content", "like", "a")])
