import os
import re
import socket
import stat
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL, config

from ..fiscal.vault import fingerprint, make_key
from ..models.ereceipt_secret_mixin import KEY_OPTION, KEY_VARIABLE, key_file

SECRET = "Zq7-plain-secret"


@tagged("post_install", "-at_install")
class TestSecretsKeys(TransactionCase):
    """Where the key comes from, and what happens without it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key, cls.newer = make_key(), make_key()
        cls.company = cls.env["res.company"].create({"name": "Keys"})
        cls.forget_all_secrets()

    @classmethod
    def forget_all_secrets(cls):
        """Start from a database without any, whatever else is in it."""
        for table in ("ereceipt_registration", "ereceipt_device"):
            cls.env.cr.execute(
                SQL(
                    "UPDATE %s SET client_secret_sealed = NULL, "
                    "client_secret_2_sealed = NULL",
                    SQL.identifier(table),
                )
            )
        cls.env.cr.execute("UPDATE ereceipt_device SET presharedkey_sealed = NULL")
        cls.env.invalidate_all()

    def setUp(self):
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.keep_option("data_dir", folder)
        self.keep_option(KEY_OPTION, None)
        self.enterContext(patch.dict(os.environ))
        os.environ.pop(KEY_VARIABLE, None)

    def keep_option(self, name, value):
        """Set an option of the server for one test."""
        before = config.get(name)
        self.addCleanup(config.__setitem__, name, before)
        config[name] = value

    def use(self, *keys):
        os.environ[KEY_VARIABLE] = ",".join(keys)

    def registration(self, environment="test", **values):
        return self.env["ereceipt.registration"].create(
            {
                "company_id": self.company.id,
                "authority": "eg_receipt",
                "environment": environment,
                **values,
            }
        )

    def sealed(self, record, name="client_secret"):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT %s FROM %s WHERE id = %s",
                SQL.identifier(f"{name}_sealed"),
                SQL.identifier(record._table),
                record.id,
            )
        )
        return self.env.cr.fetchone()[0]

    def put(self, record, sealed, name="client_secret"):
        """Write a sealed secret past the ORM, as a thief of rows would."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE %s SET %s = %s WHERE id = %s",
                SQL.identifier(record._table),
                SQL.identifier(f"{name}_sealed"),
                sealed,
                record.id,
            )
        )
        self.env.invalidate_all()

    # -------------------------------------------------------------------------
    # WHERE IT COMES FROM
    # -------------------------------------------------------------------------

    def test_variable_before_option_before_file(self):
        third = make_key()
        key_file().write_text(third)
        first = self.registration(client_secret=SECRET)
        self.assertIn(fingerprint(third), self.sealed(first))
        self.keep_option(KEY_OPTION, self.newer)
        first.client_secret = SECRET
        self.assertIn(fingerprint(self.newer), self.sealed(first))
        self.use(self.key)
        first.client_secret = SECRET
        self.assertIn(fingerprint(self.key), self.sealed(first))

    def test_file_is_made_with_the_first_secret(self):
        registration = self.registration()
        self.assertFalse(key_file().exists(), "nothing to seal, no key")
        registration.client_secret = SECRET
        self.assertEqual(stat.S_IMODE(key_file().stat().st_mode), 0o600)
        self.assertEqual(registration._ereceipt_secret("client_secret"), SECRET)
        key = key_file().read_text()
        registration.client_secret_2 = "another"
        self.assertEqual(key_file().read_text(), key)

    def test_no_file_is_made_while_a_secret_is_sealed(self):
        """A lost key is noticed, and not papered over by a new one."""
        registration = self.registration(client_secret=SECRET)
        for active in (True, False):
            registration.active = active
            key_file().unlink(missing_ok=True)
            for attempt in (
                lambda: registration._ereceipt_secret("client_secret"),
                lambda: registration.write({"client_secret_2": "x"}),
                lambda: self.registration("production", client_secret="x"),
            ):
                with (
                    self.subTest(active=active),
                    self.assertRaisesRegex(UserError, "is missing on") as raised,
                    self.env.cr.savepoint(),
                ):
                    attempt()
                self.assertIn(socket.gethostname(), str(raised.exception))
                self.assertIn(str(key_file()), str(raised.exception))
                self.assertIn(KEY_OPTION, str(raised.exception))
            self.assertFalse(key_file().exists())

    def test_after_a_loss_secrets_are_typed_again(self):
        registration = self.registration(client_secret=SECRET)
        key_file().unlink()
        self.use(self.key)
        registration.client_secret = "typed again"
        self.assertEqual(registration._ereceipt_secret("client_secret"), "typed again")

    def test_malformed_keys_are_named_and_not_shown(self):
        for given in ("not a key", self.key[:-4], f"{self.key},zzzz"):
            self.use(given)
            with (
                self.subTest(given),
                self.assertRaisesRegex(UserError, "32 bytes") as raised,
                self.env.cr.savepoint(),
            ):
                self.registration(client_secret=SECRET)
            self.assertNotIn(given, str(raised.exception))
            self.assertNotIn(SECRET, str(raised.exception))

    # -------------------------------------------------------------------------
    # OPENING
    # -------------------------------------------------------------------------

    def test_another_key_is_told_by_its_fingerprint(self):
        self.use(self.key)
        registration = self.registration(client_secret=SECRET)
        self.use(self.newer)
        with self.assertRaises(UserError) as raised:
            registration._credentials()
        told = str(raised.exception)
        for part in (fingerprint(self.key), socket.gethostname(), KEY_OPTION):
            self.assertIn(part, told)
        for part in (self.key, self.newer, SECRET):
            self.assertNotIn(part, told)
        self.assertTrue(registration.client_secret_set, "it is there all the same")

    def test_a_moved_secret_opens_nowhere(self):
        self.use(self.key)
        one = self.registration(client_secret=SECRET)
        two = self.registration("production", client_secret="x", client_secret_2="y")
        device = self.env["ereceipt.device"].create(
            {
                "name": "T",
                "company_id": self.company.id,
                "registration_id": one.id,
                "serial": "X",
                "client_secret": "z",
            }
        )
        stolen = self.sealed(one)
        for record, name in (
            (two, "client_secret"),
            (one, "client_secret_2"),
            (device, "client_secret"),
            (device, "presharedkey"),
        ):
            self.put(record, stolen, name)
            with (
                self.subTest(record._name, field=name),
                self.assertRaisesRegex(UserError, "changed or copied"),
            ):
                record._ereceipt_secret(name)
        self.assertEqual(one._ereceipt_secret("client_secret"), SECRET)

    def test_a_changed_secret_does_not_open(self):
        self.use(self.key)
        registration = self.registration(client_secret=SECRET)
        sealed = self.sealed(registration)
        for spoilt in (
            sealed[:-6] + "AAAA==",
            "plain text",
            sealed[:20],
            "v9" + sealed[2:],
        ):
            self.put(registration, spoilt)
            with self.subTest(spoilt), self.assertRaises(UserError) as raised:
                registration._ereceipt_secret("client_secret")
            self.assertRegex(str(raised.exception), "changed or copied")
            self.assertNotIn(spoilt, str(raised.exception))

    def test_rotation(self):
        """Two keys: what is new is sealed with the first, what is old still opens;
        sealed anew, the old one is not needed any more."""
        self.use(self.key)
        old = self.registration(client_secret=SECRET)
        archived = self.registration("production", client_secret="b")
        archived.active = False
        self.use(self.newer, self.key)
        self.assertEqual(old._ereceipt_secret("client_secret"), SECRET)
        old.client_secret_2 = "c"
        self.assertIn(fingerprint(self.newer), self.sealed(old, "client_secret_2"))
        self.assertIn(fingerprint(self.key), self.sealed(old))
        told = self.seal_anew()
        self.assertEqual(told["type"], "success")
        self.assertIn(
            f"anew with the key {fingerprint(self.newer)}: 2", told["message"]
        )
        self.assertIn("now: 3 in all", told["message"])
        self.use(self.newer)
        self.env.invalidate_all()
        self.assertEqual(old._ereceipt_secret("client_secret"), SECRET)
        self.assertEqual(old._ereceipt_secret("client_secret_2"), "c")
        self.assertEqual(archived._ereceipt_secret("client_secret"), "b")

    def seal_anew(self, user=None):
        """Press the button.

        :return: what it tells
        """
        registrations = self.env["ereceipt.registration"]
        registrations = registrations.with_user(user or self.administrator())
        told = registrations.action_seal_credentials()["params"]
        self.env.flush_all()
        self.env.invalidate_all()
        return told

    def administrator(self, *companies):
        companies = companies or (self.env.company,)
        return self.env["res.users"].create(
            {
                "name": "A",
                "login": f"keys_{'_'.join(str(c.id) for c in companies)}",
                "company_id": companies[0].id,
                "company_ids": [Command.set([c.id for c in companies])],
                "group_ids": [
                    Command.set(
                        self.env.ref("account_ereceipt.group_ereceipt_admin").ids
                    )
                ],
            }
        )

    def device(self, registration, serial, **values):
        return self.env["ereceipt.device"].create(
            {
                "name": f"Till {serial}",
                "company_id": registration.company_id.id,
                "registration_id": registration.id,
                "serial": serial,
                **values,
            }
        )

    def test_rotation_of_every_company_and_kind(self):
        """Devices too, archived ones, and what the person who presses it may not
        see: the old key is taken out for all of them."""
        self.use(self.key)
        one = self.registration(client_secret="a", client_secret_2="b")
        device = self.device(one, "X1", client_secret="c", presharedkey="d")
        device.active = False
        other = self.env["res.company"].create({"name": "Other"})
        two = self.registration("production", company_id=other.id, client_secret="e")
        self.use(self.newer, self.key)
        self.assertIn(": 5. Sealed with it now: 5", self.seal_anew()["message"])
        for record, name in (
            (one, "client_secret"),
            (one, "client_secret_2"),
            (device, "client_secret"),
            (device, "presharedkey"),
            (two, "client_secret"),
        ):
            self.assertIn(fingerprint(self.newer), self.sealed(record, name))
        again = self.seal_anew(self.administrator(self.company))
        self.assertIn(": 0. Sealed with it now: 5", again["message"])

    def test_what_cannot_be_opened_is_told_and_holds_nothing_back(self):
        lost = make_key()
        self.use(lost)
        one = self.registration(client_secret="a")
        device = self.device(one, "X1", client_secret="b")
        other = self.env["res.company"].create({"name": "Other"})
        hidden = self.registration("production", company_id=other.id, client_secret="c")
        self.use(self.key)
        good = self.device(one, "X2", client_secret="d")
        spoilt = self.device(one, "X3", client_secret="e")
        self.put(spoilt, "plain text")
        moved = self.device(one, "X4", client_secret="f")
        self.put(moved, self.sealed(good))
        self.use(self.newer, self.key)
        told = self.seal_anew(self.administrator(self.company))
        self.assertEqual((told["type"], told["sticky"]), ("danger", True))
        message = told["message"]
        self.assertIn(": 1. Sealed with it now: 1", message)
        self.assertIn(fingerprint(self.newer), self.sealed(good))
        self.assertIn("stay as they are: 5", message)
        for text in (
            one.display_name,
            device.display_name,
            fingerprint(lost),
            spoilt.display_name,
            moved.display_name,
            "Type it again",
            KEY_OPTION,
        ):
            self.assertIn(text, message)
        self.assertNotIn(hidden.display_name, message, "of a company that he is not in")
        self.assertIn("companies that you do not work in: 1", message)
        self.assertIn(fingerprint(lost), self.sealed(one), "it is left as it is")

    def test_rotation_is_for_administrators(self):
        self.use(self.key)
        self.registration(client_secret="a")
        user = self.administrator()
        user.group_ids = self.env.ref("account.group_account_manager")
        with self.assertRaises(AccessError):
            self.seal_anew(user)

    def test_rotation_without_a_key_tells_so(self):
        self.registration(client_secret="a")
        key_file().unlink()
        with self.assertRaisesRegex(UserError, "is missing on"):
            self.seal_anew()

    # -------------------------------------------------------------------------
    # TYPING
    # -------------------------------------------------------------------------

    def test_nothing_typed_changes_nothing(self):
        self.use(self.key)
        registration = self.registration(client_secret=SECRET)
        before = self.sealed(registration)
        registration.write({"client_secret": False, "client_secret_2": ""})
        self.assertEqual(self.sealed(registration), before)
        self.assertFalse(registration.client_secret_2_set)

    def test_blanks_around_what_was_copied_are_taken_off(self):
        self.use(self.key)
        registration = self.registration(client_secret=f"  {SECRET}\n")
        self.assertEqual(registration._ereceipt_secret("client_secret"), SECRET)

    def test_several_at_once_keep_their_own(self):
        self.use(self.key)
        one, two = self.registration(), self.registration("production")
        (one | two).write({"client_secret": SECRET})
        self.assertNotEqual(self.sealed(one), self.sealed(two))
        for registration in (one, two):
            self.assertEqual(registration._ereceipt_secret("client_secret"), SECRET)
            self.assertFalse(registration.client_secret)

    # -------------------------------------------------------------------------
    # A NEUTRALIZED DATABASE
    # -------------------------------------------------------------------------

    def neutralize(self):
        """Run the script that Odoo runs, as it runs it."""
        self.env.flush_all()
        script = Path(__file__).parents[1] / "data" / "neutralize.sql"
        self.env.cr.execute(script.read_text())
        self.env.invalidate_all()

    def test_neutralized_database_can_send_nothing(self):
        """Also where a company has a registration for each environment: the script
        must not break on the second, or nothing at all is neutralized."""
        self.use(self.key)
        test = self.registration(client_id="a", client_secret=SECRET)
        real = self.registration(
            "production",
            client_id="b",
            client_secret=SECRET,
            client_secret_2=SECRET,
            eg_api_url="https://127.0.0.1:1/api",
        )
        devices = self.env["ereceipt.device"]
        for number, registration in enumerate((test, real, real)):
            devices |= devices.create(
                {
                    "name": "T",
                    "company_id": self.company.id,
                    "registration_id": registration.id,
                    "serial": f"X{number}",
                    "client_id": "c",
                    "client_secret": SECRET,
                    "presharedkey": SECRET,
                    "initial_previous_uid": "a" * 64,
                }
            )
        devices.sudo().lifecycle = "active"
        devices[2].action_retire()
        self.neutralize()
        for registration in test | real:
            self.assertEqual(registration.environment, "test")
            self.assertTrue(registration.is_foreign_database)
            self.assertFalse(registration._sends_here())
            self.assertFalse(registration.eg_api_url, "ETA's own of the environment")
        self.assertEqual(devices.mapped("lifecycle"), ["draft", "draft", "retired"])
        self.assertFalse(any(devices.mapped("initial_previous_uid")))
        for record in (*(test | real), *devices):
            self.assertFalse(record.client_id)
            for name in record._ereceipt_secrets:
                self.assertIsNone(self.sealed(record, name))
        crons = self.env["ir.cron"].with_context(active_test=False)
        ours = crons.search([("model_id.model", "=like", "ereceipt.%")])
        self.assertTrue(ours)
        self.assertFalse(any(ours.mapped("active")))
        self.assertFalse(self.env["ereceipt.work"]._due_count())

    def test_the_script_forgets_every_secret_there_is(self):
        """A new secret is easily forgotten in a script of SQL."""
        script = (Path(__file__).parents[1] / "data" / "neutralize.sql").read_text()
        for model in ("ereceipt.registration", "ereceipt.device"):
            table = self.env[model]._table
            [statement] = re.findall(
                rf"UPDATE {table}\n\s+SET environment.*?;|"
                rf"UPDATE {table}\n\s+SET lifecycle.*?;",
                script,
                re.DOTALL,
            )
            for name in self.env[model]._ereceipt_secrets:
                self.assertIn(f"{name}_sealed = NULL", statement)
        [statement] = re.findall(r"UPDATE ereceipt_webhook\n.*?;", script, re.DOTALL)
        hook = self.env["ereceipt.webhook"]
        for name in (*hook._ereceipt_secrets, *hook._ereceipt_kept):
            self.assertIn(f"{name}_sealed = NULL", statement)
