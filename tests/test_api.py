import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..fiscal import lifecycle
from ..models.ereceipt_document_told import COLUMNS
from .api_common import ApiKit
from .common import EreceiptCommon
from .rpc_common import ACCESS

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestApi(ApiKit, EreceiptCommon, HttpCase):
    """What other systems ask for and about, by users of each role."""

    # -------------------------------------------------------------------------
    # ISSUE
    # -------------------------------------------------------------------------

    def test_a_draft_is_posted_and_issued(self):
        move = self.invoice(post=False, ref="WEB-1")
        told = self.one("issue", move.id)
        document = move.ereceipt_document_id
        self.assertEqual(move.state, "posted")
        self.assertEqual(told["id"], document.id)
        self.assertEqual((told["state"], told["under_way"]), ("queued", True))
        self.assertEqual(told["invoices"][0]["reference"], "WEB-1")
        self.assertEqual(self.control.requests()["counts"].get("submit", 0), 0)
        self.run_outbox()
        told = self.one("ask", {"reference": "WEB-1"})
        self.assertEqual((told["state"], told["settled"]), ("valid", True))

    def test_again_is_the_same(self):
        """Without a key too: what is issued is issued."""
        move = self.invoice(post=False)
        first, second = self.one("issue", move.id), self.one("issue", move.id)
        self.assertEqual(first["id"], second["id"])
        self.assertEqual(len(move.ereceipt_document_ids), 1)

    def test_what_waits_for_a_person_is_issued(self):
        self.device.issue_moment = "manual"
        move = self.invoice()
        self.assertEqual(move.ereceipt_state, "waiting")
        self.assertEqual(self.one("issue", {"number": move.name})["state"], "queued")

    def test_one_that_is_wrong_holds_no_other_back(self):
        good, posted = self.invoice(post=False), self.invoice()
        bare = self.env["product.product"].create({"name": "X", "taxes_id": False})
        line = {"product_id": bare.id, "quantity": 1, "price_unit": 5, "tax_ids": False}
        bad = self.invoice(post=False, lines=[line])
        names = [good.id, bad.id, posted.id, 0, {"number": "NONE"}, "x", {"id": True}]
        results = self.ok("issue", invoices=names)["results"]
        self.assertEqual(
            [result["ok"] for result in results], [True, False, True] + [False] * 4
        )
        codes = [r["error"]["code"] for r in results if not r["ok"]]
        self.assertEqual(
            codes, ["not_issued", "not_found", "not_found", "bad_name", "bad_name"]
        )
        self.assertIn(
            "The product “X” has no item code", results[1]["error"]["message"]
        )
        self.assertEqual(
            (good.state, bad.state, posted.ereceipt_state),
            ("posted", "draft", "queued"),
        )

    def test_a_device_that_lets_wait_tells_the_problems(self):
        self.device.problem_policy = "wait"
        self.item_mapping.unlink()
        move = self.invoice(post=False)
        told = self.one("issue", move.id)
        self.assertEqual((told["state"], told["waiting_for"]), ("waiting", "data"))
        self.assertTrue(told["problems"][0]["message"])
        self.assertTrue(told["problems"][0]["code"])

    def test_a_refused_one_is_corrected_only_if_that_is_wanted(self):
        move = self.refused()
        error = self.one("issue", move.id)
        self.assertEqual(error["code"], "refused")
        self.assertEqual(len(move.ereceipt_document_ids), 1)
        told = self.one("issue", move.id, correct=True)
        self.assertEqual(told["state"], "queued")
        self.assertTrue(told["replaces"])
        self.assertEqual(len(move.ereceipt_document_ids), 2)

    def test_a_key_is_carried_out_once(self):
        """A repeat of the call that corrected does not correct what was refused
        again."""
        move = self.refused()
        body = {"invoices": [move.id], "key": KEY, "correct": True}
        first = self.ok("issue", **body)
        self.assertFalse(first["repeated"])
        self.control.fault("submit", "invalid", times=1, code="SIM-X", message="No.")
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "invalid")
        second = self.ok("issue", **body)
        self.assertTrue(second["repeated"])
        self.assertEqual(second["results"][0]["document"]["state"], "invalid")
        self.assertEqual(len(move.ereceipt_document_ids), 2)
        self.assert_code("key_reused", "issue", invoices=[move.id], key=KEY)
        self.assertFalse(self.ok("issue", self.manager, **body)["repeated"])

    def test_keys_are_forgotten_after_a_month(self):
        self.ok("issue", invoices=[self.invoice().id], key=KEY)
        calls = self.env["ereceipt.api.call"].sudo()
        calls._gc_calls()
        self.assertTrue(calls.search([]))
        calls.search([]).called_at = fields.Datetime.now() - timedelta(days=31)
        calls._gc_calls()
        self.assertFalse(calls.search([]))

    def test_many_are_posted_together(self):
        moves = self.env["account.move"].union(
            *(self.invoice(post=False) for _number in range(4))
        )
        issued = type(moves)._ereceipt_freeze
        frozen = []

        def freeze(some, snapshots):
            frozen.append(len(some))
            return issued(some, snapshots)

        with patch.object(type(moves), "_ereceipt_freeze", freeze):
            self.ok("issue", invoices=moves.ids)
        self.assertEqual([count for count in frozen if count], [4])

    # -------------------------------------------------------------------------
    # ASK
    # -------------------------------------------------------------------------

    def test_every_name(self):
        move = self.invoice(ref="WEB-2")
        document = move.ereceipt_document_id
        names = [
            document.id,
            {"id": document.id},
            {"invoice": move.id},
            {"number": move.name},
            {"reference": "WEB-2"},
            {"uid": document.authority_uid},
            {"reference": "WEB-2", "company": self.company.id},
        ]
        results = self.ok("ask", documents=names)["results"]
        self.assertEqual(
            [result["document"]["id"] for result in results],
            [document.id] * len(names),
        )
        self.invoice(ref="WEB-2")
        self.assertEqual(self.one("ask", {"reference": "WEB-2"})["code"], "ambiguous")
        draft = self.invoice(post=False)
        self.assertEqual(self.one("ask", {"invoice": draft.id})["code"], "no_document")
        self.assertEqual(
            self.one("ask", {"number": move.name, "company": 0})["code"], "not_found"
        )
        for nonsense in (
            *(True, -1, 2**31, 1.5, "7", None, [], {}, {"id": "7"}, {"id": True}),
            *({"number": ""}, {"number": "A\0"}, {"number": 7}, {"name": "A"}),
            *({"id": 7, "uid": "A"}, {"id": 7, "company": "A"}),
        ):
            with self.subTest(nonsense):
                self.assertEqual(self.one("ask", nonsense)["code"], "bad_name")

    def test_waiting_for_the_authority(self):
        move = self.invoice()
        told = self.one("ask", {"invoice": move.id}, wait=10)
        self.assertEqual(told["state"], "valid")
        self.assertEqual([row["accepted"] for row in self.taken(move)], [1])

    def test_hurrying(self):
        move = self.invoice()
        document = move.ereceipt_document_id.sudo()
        document.next_attempt_at = fields.Datetime.now() + timedelta(hours=1)
        self.assertEqual(self.one("ask", document.id, refresh=True)["state"], "queued")
        self.assertLessEqual(document.next_attempt_at, fields.Datetime.now())

    def test_as_many_queries_for_many(self):
        moves = [self.invoice() for _number in range(12)]
        documents = self.env["account.move"].union(*moves).ereceipt_document_id
        api = self.env["ereceipt.api"].with_user(self.auditor)
        counts = []
        for some in (documents[:1], documents[1:4], documents[4:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            api.ask([{"uid": uid} for uid in some.mapped("authority_uid")])
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(counts[1], counts[2], counts)

    # -------------------------------------------------------------------------
    # ARGUMENTS
    # -------------------------------------------------------------------------

    def test_arguments_are_checked(self):
        document = self.invoice().ereceipt_document_id.id
        for method, body in (
            ("issue", {"invoices": []}),
            ("issue", {"invoices": "x"}),
            ("issue", {"invoices": list(range(201))}),
            ("issue", {"invoices": [1], "key": "short"}),
            ("issue", {"invoices": [1], "key": 7}),
            ("issue", {"invoices": [1], "correct": "yes"}),
            ("ask", {"documents": {}}),
            ("ask", {"documents": [document], "wait": 21}),
            ("ask", {"documents": [document], "wait": "1"}),
            ("ask", {"documents": [document, document], "wait": 1}),
            ("ask", {"documents": [document], "refresh": 1}),
            ("list", {"states": ["good"]}),
            ("list", {"states": "valid"}),
            ("list", {"states": [["valid"]]}),
            ("list", {"authority": "x"}),
            ("list", {"authority": []}),
            ("list", {"environment": "live"}),
            ("list", {"company": 0}),
            ("list", {"issued_from": "yesterday"}),
            ("list", {"issued_to": 5}),
            ("list", {"issued_to": "9999-12-31"}),
            ("list", {"changed_since": "0001-01-01T00:00:00+14:00"}),
            ("list", {"changed_since": "2026-01-01T00:00:00"}),
            ("list", {"changed_since": 5}),
            ("list", {"cursor": "x"}),
            ("list", {"cursor": 5}),
            ("list", {"limit": 0}),
            ("list", {"limit": 501}),
            ("list", {"limit": "5"}),
        ):
            with self.subTest(method, body=body):
                self.assert_code("bad_argument", method, **body)
        status, _answer = self.post(self.accountant, "ask", document=[1])
        self.assertEqual(status, 422, "an unknown argument")

    # -------------------------------------------------------------------------
    # RIGHTS
    # -------------------------------------------------------------------------

    def test_roles(self):
        employee = self.make_user("employee", "base.group_user")
        document = self.invoice().ereceipt_document_id
        reading = (
            ("ask", {"documents": [document.id]}),
            ("download", {"document": document.id}),
            ("list", {}),
        )
        for method, body in reading:
            self.ok(method, self.auditor, **body)
            status, answer = self.post(employee, method, **body)
            self.assertEqual((status, answer["name"]), (403, ACCESS))
        for method, body in (
            ("issue", {"invoices": [self.invoice(post=False).id]}),
            ("ask", {"documents": [document.id], "refresh": True}),
            ("ask", {"documents": [document.id], "wait": 1}),
        ):
            status, answer = self.post(self.auditor, method, **body)
            self.assertEqual((status, answer["name"]), (403, ACCESS))

    def test_who_may_not_change_invoices_issues_none(self):
        user = self.make_user(
            "half",
            "base.group_user",
            "account_ereceipt.group_ereceipt_user",
            "account.group_account_readonly",
        )
        move = self.invoice(post=False)
        [result] = self.ok("issue", user, invoices=[move.id])["results"]
        self.assertEqual(result["error"]["code"], "access_denied")
        self.assertEqual(move.state, "draft")

    def test_companies(self):
        move = self.invoice(ref="WEB-3")
        other = self.env["res.company"].create(
            {"name": "Other", "country_id": self.env.ref("base.eg").id}
        )
        stranger = self.make_user(
            "stranger",
            "base.group_user",
            "account.group_account_manager",
            companies=other,
        )
        document = move.ereceipt_document_id
        for name in (
            document.id,
            {"invoice": move.id},
            {"number": move.name},
            {"reference": "WEB-3"},
            {"uid": document.authority_uid},
        ):
            [result] = self.ok("ask", stranger, documents=[name])["results"]
            self.assertEqual(result["error"]["code"], "not_found", name)
        [result] = self.ok("issue", stranger, invoices=[move.id])["results"]
        self.assertEqual(result["error"]["code"], "not_found")
        self.assertEqual(self.ok("list", stranger)["documents"], [])
        self.assert_code("not_found", "download", stranger, document=document.id)
        self.assert_code("bad_argument", "list", stranger, company=self.company.id)

    def test_without_a_key_nothing(self):
        with mute_logger("odoo.http"):
            answer = self.url_open(
                "/json/2/ereceipt.api/list",
                data="{}",
                headers={"Content-Type": "application/json"},
            )
        self.assertEqual(answer.status_code, 401)

    # -------------------------------------------------------------------------
    # THE PROMISE
    # -------------------------------------------------------------------------

    def test_names_of_version_one(self):
        """Other systems read these: names may be added, none may go."""
        told = self.invoice().ereceipt_document_id._told_outside()[0]
        self.assertLessEqual(
            {
                *("id", "number", "kind", "document_type", "authority", "environment"),
                *("company_id", "state", "waiting_for", "under_way", "settled"),
                *("in_doubt", "uid", "authority_number", "authority_ids", "qr"),
                *("security_code", "sha256", "total", "currency", "issued_at"),
                *("sent_at", "received_at", "decided_at", "deadline_at", "changed_at"),
                *("refers_to", "replaces", "replaced_by", "invoices", "problems"),
                "error",
            },
            set(told),
        )
        self.assertEqual(json.loads(json.dumps(told)), told, "plain values")
        self.assertTrue(set(COLUMNS) <= set(self.env["ereceipt.document"]._fields))
        self.assertTrue(set(lifecycle.STATES))
