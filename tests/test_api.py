import base64
import hashlib
import json
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from ..fiscal import lifecycle
from ..models.ereceipt_document_told import COLUMNS
from .common import EreceiptCommon
from .rpc_common import ACCESS, RpcKit

CALL_ERROR = "odoo.addons.account_ereceipt.models.ereceipt_api_error.ApiError"
KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestApi(RpcKit, EreceiptCommon, HttpCase):
    """What other systems ask, over HTTP with the API key of a user of each role."""

    def setUp(self):
        super().setUp()
        self.keys = {}

    def key(self, user):
        if user not in self.keys:
            self.keys[user] = super().key(user)
        return self.keys[user]

    @mute_logger("odoo.http")
    def post(self, user, method, **body):
        """Call a method.

        :return: the HTTP status and the whole answer
        """
        answer = self.url_open(
            f"/json/2/ereceipt.api/{method}",
            data=json.dumps(body),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.key(user)}",
            },
            timeout=60,
        )
        self.env.invalidate_all()
        return answer.status_code, answer.json()

    def ok(self, method, user=None, **body):
        """Call a method that is understood; return what it answers."""
        status, answer = self.post(user or self.accountant, method, **body)
        self.assertEqual(status, 200, answer)
        self.assertEqual(answer["version"], 1)
        return answer

    def one(self, method, name, **body):
        """Call a method about one thing; return its document or error."""
        argument = "invoices" if method == "issue" else "documents"
        [result] = self.ok(method, **{argument: [name]}, **body)["results"]
        return result["document"] if result["ok"] else result["error"]

    def assert_code(self, code, method, user=None, **body):
        """The call as a whole is refused with a code and a sentence."""
        status, answer = self.post(user or self.accountant, method, **body)
        self.assertEqual(status, 422, answer)
        self.assertEqual(answer["name"], CALL_ERROR)
        self.assertEqual(answer["context"], {"code": code}, answer["message"])
        self.assertTrue(answer["message"].endswith("."), answer["message"])

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
    # DOWNLOAD
    # -------------------------------------------------------------------------

    def test_content_as_it_was_frozen(self):
        document = self.invoice().ereceipt_document_id
        answer = self.ok("download", self.auditor, document=document.id)
        [file] = answer["files"]
        content = base64.b64decode(file["base64"])
        self.assertEqual(content.decode(), document.content)
        self.assertEqual(hashlib.sha256(content).hexdigest(), file["sha256"])
        self.assertEqual(file["sha256"], document.content_sha256)
        self.assertEqual(file["size"], len(content))
        self.assertEqual(file["media_type"], document.media_type)
        self.assertTrue(file["name"].endswith(".json"))

    def test_files_of_the_authority(self):
        document = self.invoice().ereceipt_document_id.sudo()
        name = {"document": document.id}
        for what in ("files", "authority_pdf"):
            self.assertEqual(self.ok("download", **name, what=what)["files"], [])
        self.env["ir.attachment"].sudo().create(
            {
                "name": "x.xml",
                "raw": b"<x/>",
                "res_model": document._name,
                "res_id": document.id,
                "ereceipt_sha256": hashlib.sha256(b"<x/>").hexdigest(),
            }
        )
        with patch.object(
            type(document),
            "_compute_file_ids",
            lambda documents: documents.update(
                {
                    "file_ids": documents.env["ir.attachment"].search(
                        [("res_id", "=", document.id), ("name", "=", "x.xml")]
                    )
                }
            ),
        ):
            [file] = self.ok("download", **name, what="files")["files"]
        self.assertEqual(base64.b64decode(file["base64"]), b"<x/>")

    def test_the_invoice_as_it_is_printed(self):
        move = self.invoice()
        made = {"filename": "X.pdf", "filetype": "pdf", "content": b"%PDF-1.7"}
        with patch.object(
            type(move), "_get_invoice_legal_documents", return_value=made
        ):
            [file] = self.ok("download", document={"invoice": move.id}, what="pdf")[
                "files"
            ]
            self.assertEqual(base64.b64decode(file["base64"]), b"%PDF-1.7")
            status, answer = self.post(
                self.auditor,
                "download",
                document=move.ereceipt_document_id.id,
                what="pdf",
            )
        self.assertEqual((status, answer["name"]), (403, ACCESS))

    def test_nothing_to_download(self):
        self.assert_code("not_found", "download", document=0)
        document = self.invoice().ereceipt_document_id.id
        self.assert_code("bad_argument", "download", document=document, what="secret")

    # -------------------------------------------------------------------------
    # LIST
    # -------------------------------------------------------------------------

    def test_pages(self):
        documents = (
            self.env["account.move"]
            .union(*(self.invoice() for _number in range(5)))
            .ereceipt_document_id
        )
        self.env.flush_all()
        for number, document in enumerate(documents):
            # two at the same moment
            self.env.cr.execute(
                "UPDATE ereceipt_document SET write_date = %s WHERE id = %s",
                [datetime(2026, 1, 1, 0, 0, number // 2, 5), document.id],
            )
        self.env.invalidate_all()
        found, cursor = [], None
        for page in range(3):
            answer = self.ok("list", limit=2, cursor=cursor)
            found += [told["id"] for told in answer["documents"]]
            self.assertEqual(answer["more"], page < 2)
            cursor = answer["cursor"]
        self.assertEqual(found, documents.ids)
        answer = self.ok("list", limit=2, cursor=cursor)
        self.assertEqual((answer["documents"], answer["more"]), ([], False))
        self.assertEqual(answer["cursor"], cursor)
        self.env.cr.execute(
            "UPDATE ereceipt_document SET write_date = '2026-01-02' WHERE id = %s",
            [documents[0].id],
        )
        self.env.invalidate_all()
        answer = self.ok("list", cursor=cursor)
        self.assertEqual(
            [told["id"] for told in answer["documents"]], [documents[0].id]
        )
        self.assertEqual(
            answer["documents"][0]["changed_at"], "2026-01-02T00:00:00.000000Z"
        )
        self.assert_code("bad_argument", "list", cursor=cursor, authority="eg_receipt")

    def test_what_is_being_written_is_told_again_and_not_missed(self):
        """The last page's cursor goes back to the oldest open transaction: this test's
        own began before its documents were written."""
        documents = (self.invoice() | self.invoice()).ereceipt_document_id
        first = self.ok("list")
        self.assertEqual([t["id"] for t in first["documents"]], documents.ids)
        again = self.ok("list", cursor=first["cursor"])
        self.assertEqual(again["documents"], first["documents"])

    def test_filters(self):
        valid = self.invoice()
        self.run_outbox()
        queued = self.invoice()
        today = self.today().isoformat()
        tomorrow = (self.today() + timedelta(days=1)).isoformat()

        def ids(**body):
            return {told["id"] for told in self.ok("list", **body)["documents"]}

        both = set((valid | queued).ereceipt_document_id.ids)
        self.assertEqual(ids(), both)
        self.assertEqual(ids(states=["valid"]), set(valid.ereceipt_document_id.ids))
        self.assertEqual(ids(authority="eg_receipt", environment="test"), both)
        self.assertEqual(ids(environment="production"), set())
        self.assertEqual(ids(company=self.company.id), both)
        self.assertEqual(ids(issued_from=today, issued_to=today), both)
        self.assertEqual(ids(issued_from=tomorrow), set())
        self.assertEqual(ids(changed_since="2100-01-01T00:00:00+02:00"), set())
        self.assertEqual(ids(changed_since="2020-01-01T00:00:00Z"), both)

    def test_the_days_are_the_authoritys(self):
        """22:30 in UTC is the next day in Cairo."""
        document = self.invoice().ereceipt_document_id
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE ereceipt_document SET issued_at = '2026-01-31 22:30' WHERE id = %s",
            [document.id],
        )
        self.env.invalidate_all()
        for day, count in (("2026-01-31", 0), ("2026-02-01", 1)):
            found = self.ok("list", issued_from=day, issued_to=day)["documents"]
            self.assertEqual(len(found), count)

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
