import base64
import hashlib
from datetime import datetime, timedelta
from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from .api_common import ApiKit
from .common import EreceiptCommon
from .rpc_common import ACCESS


@tagged("post_install", "-at_install", "post_install_l10n")
class TestApiReading(ApiKit, EreceiptCommon, HttpCase):
    """What other systems fetch: files of documents, and lists of what has changed."""

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
