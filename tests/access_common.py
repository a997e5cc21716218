from contextlib import contextmanager

import psycopg2

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from .access_table import ROLES
from .common import EreceiptCommon


class AccessCommon(EreceiptCommon):
    """A user of each role, a record of each model, and what comes of an attempt."""

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
        return {
            **self.targets_of_documents(),
            **self.targets_of_proof(),
            **self.targets_of_codes(),
            **self.targets_of_egypt(),
            **self.targets_of_china(),
            **self.targets_of_keys(),
            **self.targets_of_comparing(),
            **self.targets_of_tying_out(),
            **self.targets_of_payments(),
            **self.targets_of_files(),
            **self.targets_of_other_systems(),
            **self.targets_of_requests(),
            **self.targets_of_wizards(),
        }

    @property
    def through(self):
        return {"registration_id": self.registration.id}

    def targets_of_documents(self):
        device = {"name": "Till 3", "serial": "SIM-POS-0003", **self.through}
        document = {
            "name": "X",
            **self.through,
            "device_id": self.device.id,
            "company_id": self.company.id,
            "authority": "eg_receipt",
            "environment": "test",
            "kind": "sale",
        }
        move = {"move_id": self.move.id}
        link = {**move, "document_id": self.document.id, "company_id": self.company.id}
        registered = {"authority": "eg_receipt", "environment": "production"}
        return {
            "ereceipt.registration": (self.registration, registered, {"name": "X"}),
            "ereceipt.device": (self.device, device, {"name": "X"}),
            "ereceipt.document": (self.document, document, {"state": "failed"}),
            "ereceipt.document.move": (self.document.link_ids, link, move),
            "account.journal": (self.journal, {}, {}),
        }

    def targets_of_proof(self):
        exchange = {"company_id": self.company.id, "sha256": "1" * 64}
        return {
            "ereceipt.exchange": (self.exchange, exchange, {"error": "X"}),
            "ereceipt.seal": (self.seal, {"number": 9, "hash": "X"}, {"hash": "X"}),
            "ereceipt.alert.cause": (
                self.alert,
                {**self.alert_values(), "detail": "X"},
                {"closed_at": "2026-01-01 00:00:00"},
            ),
            "ereceipt.number": (
                self.number,
                {"name": "X", "company_id": self.company.id, "kind": "missing"},
                {"explanation": "X"},
            ),
            "ereceipt.number.explanation": (None, {"reason": "X"}, {"reason": "Y"}),
        }

    def targets_of_codes(self):
        code = {"authority": "eg_receipt", "kind": "x", "code": "X", "name": "X"}
        codes = self.env["ereceipt.code"].search([], limit=1)
        mapping = {
            "authority": "eg_receipt",
            "kind": "item",
            "product_tmpl_id": self.no_code.product_tmpl_id.id,
            "scheme": "EGS",
            "code": "EG-674859545-0009",
        }
        missing = self.env["ereceipt.missing.code"].browse(self.no_code.id)
        unit = self.env["ereceipt.missing.mapping"].browse(self.no_unit.id * 2)
        line = {"row": 1, "import_id": self.env["ereceipt.item.import"].create({}).id}
        return {
            "ereceipt.code": (codes, code, {"name": "X"}),
            "ereceipt.code.mapping": (self.item_mapping, mapping, {"pending": True}),
            "ereceipt.missing.code": (missing, {}, {"barcode": "1"}),
            "ereceipt.missing.mapping": (unit, {}, {"kind": "tax"}),
            "ereceipt.code.import": (None, {}, {"file_name": "x"}),
            "ereceipt.item.import": (None, {}, {"target": "category"}),
            "ereceipt.item.import.line": (None, line, {"row": 2}),
        }

    def targets_of_egypt(self):
        asked = self.env["ereceipt.eg.code.request"].sudo().create(self.through)
        asked = {"request_id": asked.id, "product_id": self.no_code.id}
        search = self.env["ereceipt.eg.code.search"].sudo().create(self.through)
        found = {"search_id": search.id, "code": "X"}
        return {
            "ereceipt.eg.code.request": (None, self.through, {"brick": "10000000"}),
            "ereceipt.eg.code.request.line": (None, asked, {"item_code": "X"}),
            "ereceipt.eg.code.search": (None, self.through, {"text": "X"}),
            "ereceipt.eg.code.search.line": (None, found, {"code": "Y"}),
        }

    def targets_of_china(self):
        return {
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
        }

    def targets_of_keys(self):
        own_key = {"key_id": self.key.id}
        token = self.env["ereceipt.token"].sudo().create({"key": "1"})
        received = {"topic": "documents", "received_at": "2026-01-01"}
        return {
            "ereceipt.signing.key": (self.key, {"name": "X"}, {"name": "Y"}),
            "ereceipt.signing.agent": (
                self.agent,
                {"name": "X", **own_key},
                {"active": False},
            ),
            "ereceipt.signing.nonce": (
                self.nonce,
                {"agent_id": self.agent.id, "nonce": "2", "until": "2030-01-01"},
                {"nonce": "3"},
            ),
            "ereceipt.pairing": (None, own_key, own_key),
            "ereceipt.token": (token, {"key": "2"}, {"key": "3"}),
            "ereceipt.callback": (
                self.callback,
                {**self.through, "delivery": "2", **received},
                {"topic": "X"},
            ),
        }

    @property
    def january(self):
        """Of what is compared: the registration, and the first month of a year."""
        return {
            **self.through,
            "company_id": self.company.id,
            "environment": "test",
            "date_from": "2026-01-01",
            "date_to": "2026-01-31",
        }

    def targets_of_comparing(self):
        compared = {**self.january, "way": "list"}
        compared = self.env["ereceipt.reconciliation"].sudo().create(compared)
        difference = {
            **self.through,
            "reconciliation_id": compared.id,
            "company_id": self.company.id,
            "kind": "amount",
            "document_id": self.document.id,
            "move_id": self.move.id,
        }
        differing = self.env["ereceipt.reconciliation.line"].sudo().create(difference)
        return {
            "ereceipt.reconciliation": (
                compared,
                {**self.through, "company_id": self.company.id, "environment": "test"},
                {"state": "done"},
            ),
            "ereceipt.reconciliation.line": (differing, difference, {"state": "done"}),
            "ereceipt.reconcile": (None, self.through, {"date_to": "2030-01-01"}),
            "ereceipt.explanation": (None, {"reason": "X"}, {"reason": "Y"}),
        }

    def targets_of_tying_out(self):
        money = {
            "company_id": self.company.id,
            "currency_id": self.company.currency_id.id,
        }
        totals = {"document_id": self.document.id, "day": "2026-01-01", **money}
        total = {**totals, "tax_key": "T1|V009|14"}
        total = self.env["ereceipt.document.tax"].sudo().create(total)
        tie_out = self.env["ereceipt.tie.out"].sudo().create(self.january)
        part = {"tie_out_id": tie_out.id, **money}
        line = self.env["ereceipt.tie.out.line"].sudo().create({**part, "name": "T1"})
        difference = {
            **part,
            "line_id": line.id,
            "side": "authority",
            "kind": "amount",
            "document_id": self.document.id,
            "move_id": self.move.id,
        }
        differing = self.env["ereceipt.tie.out.difference"].sudo().create(difference)
        return {
            "ereceipt.document.tax": (
                total,
                {**totals, "tax_key": "T1|V001|14"},
                {"net": 1.0},
            ),
            "ereceipt.tie.out": (tie_out, self.january, {"state": "done"}),
            "ereceipt.tie.out.line": (line, {**part, "name": "T1"}, {"result": "open"}),
            "ereceipt.tie.out.difference": (differing, difference, {"explained": True}),
            "ereceipt.tie": (None, self.through, {"date_to": "2030-01-01"}),
        }

    def targets_of_payments(self):
        paid = {"move_id": self.wanted.id, "company_id": self.company.id}
        otherwise = self.env["ereceipt.payment.difference"].sudo()
        otherwise = otherwise.create({**paid, "move_id": self.move.id})
        return {
            "ereceipt.unpaid": (self.unpaid, {}, {"residual": 1.0}),
            "ereceipt.payment.difference": (otherwise, paid, {"state": "differs"}),
            "ereceipt.payment.notice": (
                self.notice,
                {"move_id": self.wanted.id, "reference": "TRF 2"},
                {"answer": "X"},
            ),
        }

    def targets_of_files(self):
        profile = {"profile_id": self.profile.id}
        return {
            "ereceipt.file.profile": (
                self.profile,
                {"name": "X", **self.through},
                {"name": "Y"},
            ),
            "ereceipt.file.column": (
                self.profile.column_ids,
                {**profile, "heading": "B"},
                {"heading": "C"},
            ),
            "ereceipt.file.run": (
                self.run_of_file,
                {"name": "X", **profile},
                {"state": "done"},
            ),
            "ereceipt.file.row": (
                self.run_of_file.row_ids,
                {"run_id": self.run_of_file.id, "outcome": "out"},
                {"outcome": "same"},
            ),
            "ereceipt.file.upload": (None, profile, {"file_name": "X"}),
        }

    def targets_of_other_systems(self):
        address = {"name": "Shop", "url": "https://shop.example.com/hook"}
        hook = self.env["ereceipt.webhook"].sudo().create(address)
        other = {"name": "X", "url": "https://shop.example.com/x"}
        told = {
            "webhook_id": hook.id,
            "company_id": self.company.id,
            "happened_at": "2026-01-01",
            "give_up_at": "2026-01-02",
        }
        deliveries = self.env["ereceipt.webhook.delivery"].sudo()
        delivery = deliveries.create({**told, "event": "webhook.test"})
        call = {"user_id": self.auditor.id, "sha256": "X", "called_at": "2026-01-01"}
        called = self.env["ereceipt.api.call"].sudo().create({**call, "key": "1"})
        return {
            "ereceipt.webhook": (hook, other, {"name": "Y"}),
            "ereceipt.webhook.delivery": (
                delivery,
                {**told, "event": "X"},
                {"state": "done"},
            ),
            "ereceipt.api.call": (called, {**call, "key": "2"}, {"key": "3"}),
        }

    def targets_of_requests(self):
        refusal = {"request_ids": [Command.set(self.request.ids)], "reason": "X"}
        return {
            "ereceipt.request": (
                self.request,
                {"move_id": self.wanted.id},
                {"buyer_name": "X"},
            ),
            "ereceipt.request.refusal": (None, refusal, {"reason": "Y"}),
        }

    def targets_of_wizards(self):
        move = {"move_id": self.move.id}
        return {
            "ereceipt.bulk": (None, {"told": "X"}, {"told": "Y"}),
            "ereceipt.cancel": (None, move, {"other_reason": "X"}),
            "ereceipt.cancel.many": (
                None,
                {"document_ids": [Command.set(self.document.ids)]},
                {"other_reason": "X"},
            ),
            "ereceipt.rejection": (None, move, move),
            "ereceipt.hr.change": (None, {**move, "means": "G"}, {"means": "K"}),
            "ereceipt.problems": (None, {"intro": "X"}, {"intro": "Y"}),
            "ereceipt.confirmation": (None, {"total": 1}, {"total": 2}),
            "ereceipt.late": (None, move, {"late_reference": "1"}),
            "ereceipt.return.anew": (None, {**move, "reason": "X"}, {"reason": "Y"}),
        }
