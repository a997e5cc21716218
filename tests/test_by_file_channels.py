import os
import shutil
import tempfile
from pathlib import Path

from odoo.exceptions import UserError, ValidationError
from odoo.tools import config, mute_logger

from ..models.ereceipt_file_folder import FOLDERS_OPTION
from .by_file_common import ByFileCommon

MAIL = """From: {sender}
To: results@{domain}
Subject: Results
Message-Id: <{number}@example.com>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

Here.
--b
Content-Type: text/csv; name="{name}"
Content-Disposition: attachment; filename="{name}"
Content-Transfer-Encoding: 8bit

{content}
--b--
"""


class TestByFileFolders(ByFileCommon):
    """Folders of the server: only below those that are permitted, each file once."""

    def setUp(self):
        super().setUp()
        self.root = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "out").mkdir()
        (self.root / "in").mkdir()
        self.permit(str(self.root))

    def permit(self, roots):
        before = config.get(FOLDERS_OPTION)
        self.addCleanup(config.__setitem__, FOLDERS_OPTION, before)
        config[FOLDERS_OPTION] = roots

    def use(self, profile, below, **values):
        profile.write(
            {
                "channel": "folder",
                "folder": str(self.root / below),
                "schedule": "quarter",
                **values,
            }
        )
        return profile

    def drop(self, name, content):
        """Lay a file into the folder, written a while ago."""
        path = self.root / "in" / name
        path.write_bytes(content)
        os.utime(path, (1, 1))
        return path

    def files(self, *below):
        return sorted(os.listdir(self.root.joinpath(*below)))

    # -------------------------------------------------------------------------
    # THE GUARD
    # -------------------------------------------------------------------------

    def test_only_permitted_folders(self):
        for folder in (
            "/etc",
            f"{self.root}/../x",
            f"{self.root}/in/../../etc",
            f"{self.root}x",
            "in",
            False,
        ):
            with self.subTest(folder), self.assertRaises(ValidationError):
                self.use(self.into, "in", folder=folder)
        self.permit("")
        with self.assertRaisesRegex(ValidationError, "No folder is permitted"):
            self.use(self.into, "in")

    def test_a_link_leads_nowhere(self):
        outside = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, outside)
        (outside / "a.csv").write_bytes(b"secret")
        os.utime(outside / "a.csv", (1, 1))
        (self.root / "link").symlink_to(outside)
        self.use(self.into, "link", at_once=True)
        self.run_files()
        self.assertIn("cannot be opened", self.into.last_error)
        self.assertFalse(self.into.run_ids)
        self.assertEqual(os.listdir(outside), ["a.csv"])

    def test_a_folder_that_is_not_permitted_any_more(self):
        self.use(self.into, "in")
        path = self.drop("a.csv", b"x")
        self.permit("/nowhere")
        self.run_files()
        self.assertIn("not below a folder", self.into.last_error)
        self.assertTrue(path.exists())
        self.assertTrue(self.registration.activity_ids)

    def test_folders_are_of_one_company(self):
        self.use(self.into, "in")
        other = self.env["res.company"].create({"name": "Other"})
        registration = self.registration.sudo().copy(
            {"company_id": other.id, "active": True}
        )
        for folder in ("in", "in/below", ""):
            with self.assertRaisesRegex(ValidationError, "folder of its own"):
                self.env["ereceipt.file.profile"].sudo().create(
                    {
                        "name": "Theirs",
                        "company_id": other.id,
                        "registration_id": registration.id,
                        "channel": "folder",
                        "folder": str(self.root / folder),
                    }
                )

    # -------------------------------------------------------------------------
    # OUT
    # -------------------------------------------------------------------------

    def test_what_waits_is_put_there_once(self):
        self.use(self.out, "out", at_once=True)
        move = self.invoice()
        self.run_files()
        self.assertEqual(move.ereceipt_state, "submitted")
        [name] = self.files("out")
        run = self.out.run_ids
        self.assertEqual((name, run.state), (run.file_name, "done"))
        self.assertTrue(run.published_at)
        self.assertEqual((self.root / "out" / name).read_bytes(), run._content())
        (self.root / "out" / name).unlink()
        self.run_files()
        self.assertFalse(self.files("out"), "it was taken, and does not come again")
        self.assertEqual(self.out.run_ids, run)

    def test_a_server_that_stops_in_between(self):
        """Handed over and committed, but the file has not got its name yet."""
        self.use(self.out, "out")
        self.invoice()
        run = self.made()
        self.assertFalse(self.files("out"), "a preview puts nothing there")
        run.with_user(self.accountant).action_hand_over()
        self.assertEqual(self.files("out"), [f".{run.file_name}.part"])
        self.run_files()
        self.assertEqual(self.files("out"), [run.file_name])

    def test_a_folder_that_cannot_be_written(self):
        self.use(self.out, "out", at_once=True)
        move = self.invoice()
        shutil.rmtree(self.root / "out")
        self.run_files()
        self.assertIn("cannot be opened", self.out.last_error)
        self.assertEqual(move.ereceipt_state, "queued")
        (self.root / "out").mkdir()
        self.run_files()
        self.assertFalse(self.out.last_error)
        self.assertEqual(move.ereceipt_state, "submitted")

    def test_somebody_looks_first(self):
        self.use(self.out, "out")
        move = self.invoice()
        self.run_files()
        self.assertEqual(move.ereceipt_state, "sending")
        self.assertFalse(self.files("out"))
        self.assertTrue(self.registration.activity_ids)

    def test_nothing_waits(self):
        self.use(self.out, "out", at_once=True)
        self.run_files()
        self.assertFalse(self.out.run_ids)
        self.assertFalse(self.out.last_error)
        self.assertTrue(self.out.next_run_at)

    def test_a_copy_of_the_database_touches_nothing(self):
        self.use(self.into, "in", at_once=True)
        self.drop("a.csv", b"x")
        self.registration.sudo().database_uuid = "another"
        self.run_files()
        self.assertEqual(self.files("in"), ["a.csv"])
        self.assertFalse(self.into.run_ids)

    # -------------------------------------------------------------------------
    # IN
    # -------------------------------------------------------------------------

    def test_results_that_lie_there(self):
        move, other = self.invoice(), self.invoice(price=7.0)
        self.handed_over()
        self.use(self.into, "in", at_once=True)
        content = self.results(self.issued(move), self.issued(other, 2, total=1.0))
        self.drop("a.csv", content)
        (self.root / "in" / "new.csv").write_bytes(b"still being written")
        self.run_files()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(other.ereceipt_state, "submitted")
        run = self.into.run_ids
        self.assertEqual(run.state, "partly")
        self.assertEqual(self.files("in"), ["done", "failed", "new.csv"])
        self.assertEqual(self.files("in", "done"), ["a.csv"])
        [errors] = self.files("in", "failed")
        self.assertIn(b"1.00", (self.root / "in" / "failed" / errors).read_bytes())
        # the same file again
        self.drop("b.csv", content)
        self.run_files()
        self.assertEqual(self.into.run_ids, run)
        self.assertTrue(run.repeated_at)
        self.assertEqual(self.files("in", "done"), ["a.csv", "b.csv"])

    def test_a_file_that_cannot_be_read(self):
        self.use(self.into, "in", at_once=True)
        self.drop("a.csv", b"\xff\xff")
        self.run_files()
        run = self.into.run_ids
        self.assertEqual(run.state, "failed")
        self.assertIn("encoding", run.message)
        self.assertEqual(self.files("in", "failed"), ["a.csv"])
        self.assertTrue(self.registration.activity_ids)

    def test_a_file_waits_to_be_looked_at(self):
        move = self.invoice()
        self.handed_over()
        self.use(self.into, "in")
        self.drop("a.csv", self.results(self.issued(move)))
        self.run_files()
        self.assertEqual(move.ereceipt_state, "submitted")
        run = self.into.run_ids
        self.assertEqual(run.state, "draft")
        run.with_user(self.accountant).action_apply()
        self.assertEqual(move.ereceipt_state, "valid")


class TestByFileMail(ByFileCommon):
    """Results that come by mail, and files that are mailed."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        domain = cls.env["mail.alias.domain"].search([], limit=1)
        cls.domain = domain or cls.env["mail.alias.domain"].create(
            {"name": "files.example.com"}
        )
        cls.company.alias_domain_id = cls.domain
        cls.into.write(
            {
                "channel": "mail",
                "senders": "Desk <desk@example.com>",
                "alias_name": "results",
            }
        )

    def mail(self, content, sender="desk@example.com", name="r.csv", number=1):
        text = MAIL.format(
            sender=sender,
            domain=self.domain.name,
            name=name,
            number=number,
            content=content.decode("utf-8-sig"),
        )
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            self.env["mail.thread"].message_process(False, text.encode())

    def test_a_mail_of_a_known_sender(self):
        move = self.invoice()
        self.handed_over()
        self.mail(self.results(self.issued(move)))
        run = self.into.run_ids
        self.assertEqual((run.state, run.good_count), ("draft", 1))
        self.assertIn("desk@example.com", run.sender)
        self.assertEqual(move.ereceipt_state, "submitted")
        run.with_user(self.accountant).action_apply()
        self.assertEqual(move.ereceipt_state, "valid")

    def test_applied_at_once(self):
        self.into.at_once = True
        move = self.invoice()
        self.handed_over()
        self.mail(self.results(self.issued(move)))
        self.assertEqual(move.ereceipt_state, "valid")

    def test_strangers_get_it_back(self):
        self.mail(b"x", sender="evil@example.com")
        self.mail(b"x", sender="desk@example.com.evil.example", number=2)
        self.assertFalse(self.into.run_ids)

    def test_a_mail_without_a_file(self):
        self.mail(b"x", name="r.txt")
        self.assertEqual(self.into.run_ids.state, "failed")
        self.assertIn("no file", self.into.run_ids.message)

    def test_addresses_are_needed(self):
        with self.assertRaisesRegex(ValidationError, "addresses"):
            self.into.senders = "nobody"
        with self.assertRaisesRegex(ValidationError, "addresses"):
            self.out.channel = "mail"

    def test_a_file_is_mailed(self):
        self.out.write({"channel": "mail", "mail_to": "desk@example.com"})
        move = self.invoice()
        run = self.handed_over()
        mail = self.env["mail.mail"].search([("subject", "like", run.file_name)])
        self.assertEqual(mail.email_to, "desk@example.com")
        self.assertEqual(mail.attachment_ids.raw, run._content())
        self.assertEqual(move.ereceipt_state, "submitted")
        with self.assertRaises(UserError):
            run.with_user(self.accountant).action_hand_over()
