import base64
import json
import logging
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, tagged
from odoo.tools import SQL

from ..fiscal.transport import TOKENS
from .common import ADDRESS, RIN, EreceiptCommon
from .rpc_common import RpcKit

SECRET = 'Zq7#plain/se+cret&"é=مفتاح'
PRESHARED = "Wx9#pre/shared+key&1"
SEALED = ("client_secret_sealed", "client_secret_2_sealed", "presharedkey_sealed")
INPUTS = ("client_secret", "client_secret_2", "presharedkey")


def forms(secret):
    """Return a secret as it might stand somewhere."""
    raw = secret.encode()
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        base64.b64encode(raw).decode(),
        raw.hex(),
    }


FORMS = sorted(forms(SECRET) | forms(PRESHARED))


class Listener(logging.Handler):
    """Keeps what is logged, as the log file would show it."""

    def __init__(self):
        super().__init__(logging.NOTSET)
        self.texts = []
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))

    def emit(self, record):
        self.texts.append(self.format(record))


@tagged("post_install", "-at_install", "post_install_l10n")
class TestSecrets(RpcKit, EreceiptCommon, HttpCase):
    """What is typed as a secret is used, and never seen again."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.administrator.password = cls.administrator.login
        for user in (cls.administrator, cls.auditor):
            user.group_ids += cls.env.ref("base.group_allow_export")

    def setUp(self):
        super().setUp()
        self.serial = f"SIM-POS-{self._testMethodName[-20:]}"
        self.control.register(
            devices=[
                {
                    "serial": self.serial,
                    "rin": RIN,
                    "client_id": f"id-{self.serial}",
                    "secrets": [SECRET],
                    "presharedkey": PRESHARED,
                }
            ]
        )

    def values(self, **more):
        """Return what an administrator types for a new till."""
        return {
            "name": "Till 3",
            "registration_id": self.registration.id,
            "serial": self.serial,
            "branch_code": "0",
            "activity_code": "4711",
            "client_id": f"id-{self.serial}",
            "client_secret": SECRET,
            "presharedkey": PRESHARED,
            **ADDRESS,
            **more,
        }

    def make_device(self, **more):
        devices = self.env["ereceipt.device"].with_user(self.administrator)
        journal = self.journal.copy({"name": "Till 3", "code": "TIL3"})
        return devices.create(
            self.values(journal_ids=[Command.set(journal.ids)], **more)
        )

    def assert_hidden(self, *told):
        for thing in told:
            text = thing if isinstance(thing, str) else str(thing)
            escaped = json.dumps(thing, default=str, ensure_ascii=False)
            for form in FORMS:
                self.assertNotIn(form, text)
                self.assertNotIn(form, escaped)

    @contextmanager
    def listening(self):
        """Collect everything that the process logs, ours and that of the HTTP client
        down to the last detail, and look for secrets in it."""
        listener, root = Listener(), logging.getLogger()
        loud = ["odoo.addons.account_ereceipt", "requests", "urllib3", "http.client"]
        before = {name: logging.getLogger(name).level for name in loud}
        root.addHandler(listener)
        try:
            for name in loud:
                logging.getLogger(name).setLevel(logging.DEBUG)
            yield listener.texts
        finally:
            root.removeHandler(listener)
            for name, level in before.items():
                logging.getLogger(name).setLevel(level)
        self.assert_hidden("\n".join(listener.texts))

    # -------------------------------------------------------------------------
    # OVER THE WIRE
    # -------------------------------------------------------------------------

    def rpc(self, model, method, *args, **kwargs):
        """Call a method as the web client does, and return the whole answer's text."""
        self.sign_in(self.administrator)
        return self.ask_method(model, method, args, kwargs).text

    def test_no_answer_gives_back_what_was_typed(self):
        shown = {name: {} for name in (*INPUTS, "client_secret_set", "client_id")}
        with self.listening():
            answer = self.rpc("ereceipt.device", "web_save", [], self.values(), shown)
            [saved] = json.loads(answer)["result"]
            self.assert_hidden(answer)
            self.assertTrue(saved["client_secret_set"])
            self.assertFalse(saved["client_secret"])
            device = self.env["ereceipt.device"].browse(saved["id"])
            for method, args in (
                ("web_save", (device.ids, {"client_secret": SECRET}, shown)),
                ("write", (device.ids, {"presharedkey": PRESHARED})),
                ("web_read", (device.ids, shown)),
                ("read", (device.ids,)),
                ("search_read", ([], [*INPUTS])),
                ("web_search_read", ([], shown)),
                ("export_data", (device.ids, [*INPUTS, "client_secret_set"])),
                ("copy_data", (device.ids,)),
                ("copy", (device.ids, {"serial": "COPY"})),
                ("get_metadata", (device.ids,)),
                ("fields_get", ()),
                ("default_get", ([*INPUTS],)),
                ("name_search", ("Till",)),
                ("get_views", ([[False, "form"], [False, "list"]],)),
            ):
                with self.subTest(method):
                    answer = self.rpc("ereceipt.device", method, *args)
                    self.assertNotIn('"error"', answer)
                    self.assert_hidden(answer)
                    self.assertNotIn("v1:", answer, "nor the sealed form")
        self.assertEqual(device._ereceipt_secret("client_secret"), SECRET)
        self.assertEqual(device._ereceipt_secret("presharedkey"), PRESHARED)

    def test_a_form_that_is_being_filled_in_keeps_what_was_typed(self):
        """The answer to a change elsewhere neither shows the secret nor wipes it."""
        spec = {name: {} for name in (*INPUTS, "name", "serial", "registration_id")}
        for device in (self.env["ereceipt.device"], self.device):
            for changed in ("name", "registration_id", "client_secret"):
                answer = self.rpc(
                    "ereceipt.device",
                    "onchange",
                    device.ids,
                    self.values(),
                    [changed],
                    spec,
                )
                self.assert_hidden(answer)
                back = json.loads(answer)["result"]["value"]
                typed = {"client_secret", "presharedkey"}
                self.assertFalse(back.keys() & typed, "neither shown nor wiped")

    def test_import(self):
        """A file with secrets can be imported; nothing of it comes back."""
        names = ["name", "serial", "registration_id/.id", "client_id", "client_secret"]
        row = ["Till 3", self.serial, str(self.registration.id), "x", SECRET]
        with self.listening():
            answer = self.rpc("ereceipt.device", "load", names, [row])
            self.assert_hidden(answer)
            loaded = json.loads(answer)["result"]
            self.assertFalse(loaded["messages"])
            device = self.env["ereceipt.device"].browse(loaded["ids"])
            self.assertEqual(device._ereceipt_secret("client_secret"), SECRET)
            wrong = [*row[:2], "999999999", *row[3:]]
            self.assert_hidden(self.rpc("ereceipt.device", "load", names, [wrong]))

    def test_a_copy_has_no_credentials(self):
        device = self.make_device()
        copied = device.copy({"serial": "COPY", "journal_ids": False})
        for name in INPUTS:
            self.assertFalse(copied[f"{name}_set"])
            self.assertEqual(copied._ereceipt_secret(name), "")
        self.assertFalse(copied.client_id)

    # -------------------------------------------------------------------------
    # THE SEALED COLUMNS
    # -------------------------------------------------------------------------

    def test_sealed_columns_answer_nobody(self):
        """Not read, not searched (letter by letter it would be guessed), not grouped,
        not sorted by; nor over a relation, nor by the administrator of the system."""
        system = self.env.ref("base.user_admin")
        device = self.make_device()
        self.env.flush_all()
        for user in (self.auditor, self.administrator, system):
            for name in SEALED:
                row = device.with_user(user)
                attempts = self.attempts_on_sealed(row, name)
                for number, attempt in enumerate(attempts):
                    self.env.invalidate_all()
                    with (
                        self.subTest(user.login, field=name, number=number),
                        self.assertRaises(AccessError),
                    ):
                        attempt()
                self.assertNotIn(name, row.fields_get())
            documents = self.env["ereceipt.document"].with_user(user)
            for path in ("device_id.client_secret_sealed", "lease_token"):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    documents.search([(path, "like", "v1")])
        for user in (self.auditor, self.accountant, self.manager):
            for name in (*INPUTS, "client_id"):
                with self.subTest(user.login), self.assertRaises(AccessError):
                    device.with_user(user).read([name])
                self.assertNotIn(name, device.with_user(user).fields_get())

    def attempts_on_sealed(self, row, name):
        """Return every way to get at a sealed column that the ORM has."""
        rows = row.browse()
        return (
            lambda: row.read([name]),
            lambda: row.web_read({name: {}}),
            lambda: row[name],
            lambda: row.mapped(name),
            lambda: row.write({name: "x"}),
            lambda: row.export_data([name]),
            lambda: rows.search([(name, "=like", "v1:%")]),
            lambda: rows.search_count([(name, "!=", False)]),
            lambda: rows.search([], order=name),
            lambda: rows.formatted_read_group([], [name]),
            lambda: rows.formatted_read_group([], [], [f"{name}:max"]),
            lambda: row.registration_id.search([(f"device_ids.{name}", "!=", False)]),
        )

    # -------------------------------------------------------------------------
    # A WORKING LIFE
    # -------------------------------------------------------------------------

    def send_one(self, device):
        move = self.invoice(journal_id=device.journal_ids.id)
        self.run_outbox(rounds=2, seconds=0.3)
        return move

    def assert_nowhere_in_the_database(self):
        """Look through every column of every table."""
        self.env.flush_all()
        cr = self.env.cr
        cr.execute(
            "SELECT table_name FROM information_schema.tables "
            "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
        )
        tables = [name for (name,) in cr.fetchall()]
        self.assertIn("ereceipt_exchange", tables)
        patterns = [f"%{form}%" for form in FORMS]
        found = []
        for table in tables:
            cr.execute(
                SQL(
                    "SELECT 1 FROM %s t WHERE t::text LIKE ANY(%s) LIMIT 1",
                    SQL.identifier(table),
                    patterns,
                )
            )
            if cr.fetchone():
                found.append(table)
        self.assertEqual(found, [])
        for exchange in self.env["ereceipt.exchange"].sudo().search([]):
            self.assert_hidden(exchange.read(), exchange.request_text)
            self.assert_hidden(exchange.response_text, exchange.request_pretty)

    def test_from_typing_to_sending(self):
        """Nothing is left behind of a device that is set up, tried and used."""
        with self.listening() as log:
            device = self.make_device()
            self.assert_hidden(device.action_test_connection())
            device.action_activate()
            move = self.send_one(device)
            self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_what_now)
        self.assertTrue([text for text in log if "/connect/token" in text])
        rows = move.ereceipt_document_ids.sudo().exchange_ids
        self.assertIn("submit", rows.mapped("purpose"))
        for row in self.env["ereceipt.exchange"].sudo().search([]):
            if row.purpose != "token":
                self.assertEqual(row.request_headers["Authorization"], "***")
        self.assert_nowhere_in_the_database()
        self.assert_hidden(
            device.message_ids.mapped("body"),
            device.sudo().message_ids.tracking_value_ids.mapped("new_value_char"),
            str(move.ereceipt_problems),
        )

    def test_tokens_are_secrets_too(self):
        device = self.make_device()
        device.action_activate()
        with self.listening() as log:
            self.send_one(device)
        tokens = [entry.value for entry in TOKENS._entries.values() if entry.value]
        self.assertTrue(tokens)
        self.env.flush_all()
        for token in tokens:
            self.assertNotIn(token, "\n".join(log))
            for row in self.env["ereceipt.exchange"].sudo().search([]):
                self.assertNotIn(token, str(row.read()))
                self.assertNotIn(token, row.response_text + row.request_text)

    def test_an_authority_that_repeats_what_it_was_sent(self):
        """An error message that quotes the secret is shown to people, and kept."""
        device = self.make_device()
        device.action_activate()
        quoting = f"No client {SECRET} with {PRESHARED} here."
        with self.listening():
            for status, code in ((400, "invalid_client"), (500, "x"), (418, "odd")):
                self.control.clear_faults()
                self.control.revoke_tokens()
                self.control.fault(
                    "any", "status", status=status, code=code, message=quoting
                )
                answer = device.action_test_connection()
                self.assertEqual(answer["params"]["type"], "danger")
                self.assert_hidden(answer, device.problems)
                move = self.send_one(device)
                document = move.ereceipt_document_id
                self.assertNotEqual(move.ereceipt_state, "valid")
                self.assert_hidden(
                    document.sudo().last_error or "",
                    document.what_now,
                    device.breaker_reason or "",
                    self.registration.breaker_reason or "",
                    device.sudo().activity_ids.mapped("note"),
                )
                with self.assertRaises(UserError) as raised:
                    device.action_activate()
                self.assert_hidden(str(raised.exception))
                for record in (device, self.registration):
                    record.sudo()._breaker_reset()
        self.assert_nowhere_in_the_database()

    def test_refused_credentials(self):
        """The everyday mistake: a secret that the authority does not know."""
        device = self.make_device()
        device.action_activate()
        self.control.device(self.serial, secrets=["another one altogether"])
        self.control.revoke_tokens()
        with self.listening():
            move = self.send_one(device)
            self.assertEqual(move.ereceipt_state, "queued")
            self.assertTrue(device.breaker_open_until)
            self.assert_hidden(device.action_test_connection(), device.problems)
        self.assert_nowhere_in_the_database()
