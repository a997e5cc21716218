import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import config

from ..dev.certificates import certifier, seal
from ..fiscal.signing.pkcs11_module import pkcs11, pkcs11_module
from ..fiscal.signing.token import TokenKey
from ..models.ereceipt_signing_token import MODULES_OPTION
from .invoice_common import EgInvoiceCommon

PIN, SO_PIN, WRONG = "123456", "87654321", "000000"
PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
)
INSTALLED = next((place for place in PLACES if Path(place).exists()), None)


class SoftHsm:
    """SoftHSM2 with one token that holds the company's seal; a copy of the module for
    itself, since a process reads its configuration once for each copy."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ereceipt-hsm-"))
        self.tokens = self.folder / "tokens"
        self.tokens.mkdir()
        self.conf = self.folder / "softhsm2.conf"
        self.conf.write_text(
            f"directories.tokendir = {self.tokens}\nobjectstore.backend = file\n"
            "log.level = ERROR\nslots.removable = true\n"
        )
        self.path = str(self.folder / "libsofthsm2.so")
        shutil.copy(INSTALLED, self.path)
        self._initialise()
        with patch.dict(os.environ, SOFTHSM2_CONF=str(self.conf)):
            self.module = pkcs11_module(self.path)
        self._put_seal()

    def _initialise(self):
        command = ["softhsm2-util", "--init-token", "--free", "--label", "seal"]
        subprocess.run(
            [*command, "--pin", PIN, "--so-pin", SO_PIN],
            check=True,
            capture_output=True,
            timeout=60,
            env={**os.environ, "SOFTHSM2_CONF": str(self.conf)},
        )

    def _put_seal(self):
        attribute = pkcs11.Attribute
        made = seal("token-seal", issuer=certifier())
        numbers = made.key.private_numbers()
        token = next(slot.token for slot in self.module.slots() if slot.token)
        with self.module.entered():
            session = self.module.raw_token(token).open(rw=True, user_pin=PIN)
            session.create_object(
                {
                    attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                    attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                    attribute.TOKEN: True,
                    attribute.VALUE: made.der,
                    attribute.SUBJECT: made.certificate.subject.public_bytes(),
                    attribute.ID: b"\x01",
                }
            )
            session.create_object(_private_key(attribute, numbers))
            session.close()

    def take_out(self):
        for folder in list(self.tokens.iterdir()):
            shutil.move(folder, self.folder / "away")
        self._look()

    def put_back(self):
        shutil.move(self.folder / "away", self.tokens / "back")
        self._look()

    def _look(self):
        with patch.dict(os.environ, SOFTHSM2_CONF=str(self.conf)):
            self.module.look_again()


def _private_key(attribute, numbers):
    def big(value):
        return value.to_bytes((value.bit_length() + 7) // 8, "big")

    return {
        attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY,
        attribute.KEY_TYPE: pkcs11.KeyType.RSA,
        attribute.TOKEN: True,
        attribute.PRIVATE: True,
        attribute.SENSITIVE: True,
        attribute.SIGN: True,
        attribute.ID: b"\x01",
        attribute.MODULUS: big(numbers.public_numbers.n),
        attribute.PUBLIC_EXPONENT: big(numbers.public_numbers.e),
        attribute.PRIVATE_EXPONENT: big(numbers.d),
        attribute.PRIME_1: big(numbers.p),
        attribute.PRIME_2: big(numbers.q),
        attribute.EXPONENT_1: big(numbers.dmp1),
        attribute.EXPONENT_2: big(numbers.dmq1),
        attribute.COEFFICIENT: big(numbers.iqmp),
    }


@unittest.skipUnless(INSTALLED and pkcs11, "SoftHSM2 or python-pkcs11 is missing")
@tagged("post_install", "-at_install", "post_install_l10n")
class TestSigningToken(EgInvoiceCommon):
    """Signing with a token at the server."""

    def setUp(self):
        super().setUp()
        self.hsm = SoftHsm()
        self.addCleanup(shutil.rmtree, self.hsm.folder)
        self.option(self.hsm.path)
        self.key = (
            self.env["ereceipt.signing.key"]
            .with_user(self.administrator)
            .create({"name": "Token", "kind": "token", "module_path": self.hsm.path})
        )
        self.key.action_read_token()
        self.invoicing.signing_key_id = self.key

    def option(self, modules):
        """Let the server's configuration name PKCS#11 modules."""
        before = config.get(MODULES_OPTION)
        self.addCleanup(config.__setitem__, MODULES_OPTION, before)
        config[MODULES_OPTION] = modules

    def test_its_certificate_is_read_without_a_pin(self):
        self.assertEqual(self.key.tax_number, self.company.vat)
        self.assertEqual(self.key.pin_state, "none")
        self.assertFalse(self.key.ready_at)

    def test_documents_are_signed_after_the_pin_was_typed(self):
        move = self.sell_to_business()
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "to_sign")
        self.assertIn("Type its PIN", move.ereceipt_what_now)
        self.key.pin = PIN
        self.assertFalse(self.key.read(["pin"])[0]["pin"])
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", move.ereceipt_problems)
        self.assertEqual(self.key.pin_state, "good")

    def test_a_wrong_pin_is_tried_once(self):
        tried = []
        log_in = TokenKey.log_in

        def counted(key, pin, *args):
            tried.append(pin)
            return log_in(key, pin, *args)

        self.startPatcher(patch.object(TokenKey, "log_in", counted))
        move = self.sell_to_business()
        self.key.pin = WRONG
        self.run_outbox(rounds=4)
        self.assertEqual(tried, [WRONG])
        self.assertEqual(move.ereceipt_state, "to_sign")
        self.assertEqual(self.key.pin_state, "none")
        self.assertFalse(self.key.sudo().pin_sealed, "forgotten")
        self.key.pin = PIN
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid", self.key.last_error)
        self.assertEqual(tried, [WRONG, PIN])

    def test_a_token_that_is_taken_out_loses_nothing(self):
        self.key.pin = PIN
        first = self.sell_to_business()
        self.run_outbox()
        self.assertEqual(first.ereceipt_state, "valid", self.key.last_error)
        self.hsm.take_out()
        second = self.sell_to_business()
        self.run_outbox()
        self.assertEqual(second.ereceipt_state, "to_sign")
        self.assertTrue(self.key.last_error)
        self.hsm.put_back()
        self.run_outbox()
        self.assertEqual(second.ereceipt_state, "to_sign", "nothing logs in by itself")
        self.key.pin = PIN
        self.run_outbox()
        self.assertEqual(second.ereceipt_state, "valid", self.key.last_error)

    def test_a_pin_is_forgotten_when_its_time_is_over(self):
        self.key.pin = PIN
        self.key.sudo().pin_until = "2020-01-01 00:00:00"
        self.env["ereceipt.signing.key"]._forget_old_pins()
        self.assertEqual(self.key.pin_state, "none")
        self.assertFalse(self.key.sudo().pin_sealed)

    def test_another_module_forgets_the_pin(self):
        self.key.pin = PIN
        self.key.module_path = False
        self.assertFalse(self.key.sudo().pin_sealed)
        self.assertEqual(self.key.pin_state, "none")

    def test_a_module_that_the_server_does_not_name_is_not_loaded(self):
        self.option("/another/module.so")
        with self.assertRaisesRegex(UserError, MODULES_OPTION):
            self.key.action_read_token()

    def test_a_token_of_another_server_does_not_sign_here(self):
        self.key.pin = PIN
        self.key.sudo().host = "another-server"
        move = self.sell_to_business()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "to_sign")

    # -------------------------------------------------------------------------
    # A SELECTION, AT ONCE
    # -------------------------------------------------------------------------

    def sign_now(self, documents):
        with self.enter_registry_test_mode():
            action = documents.action_bulk_sign()
        self.env.invalidate_all()
        return action

    def test_who_wants_to_sign_is_asked_for_the_pin_if_he_may_type_it(self):
        document = self.sell_to_business().ereceipt_document_id
        told = self.sign_now(document.with_user(self.accountant))
        self.assertIn("Type its PIN", told["params"]["message"])
        dialog = self.sign_now(document.with_user(self.administrator))
        self.assertEqual(
            (dialog["res_model"], dialog["res_id"], dialog["target"]),
            (self.key._name, self.key.id, "new"),
        )
        views = dialog["views"]
        key = self.env[dialog["res_model"]].with_user(self.administrator)
        arch = key.get_view(*views[0])["arch"]
        self.assertIn('name="pin"', arch)
        key.browse(dialog["res_id"]).web_save({"pin": PIN}, {"pin": {}})
        told = self.sign_now(document.with_user(self.accountant))
        self.assertIn("1 documents are signed", told["params"]["message"])
        self.assertEqual(document.state, "queued")
        self.assertEqual(self.key.pin_state, "good")

    def test_a_wrong_pin_is_tried_once_however_often_somebody_asks(self):
        document = self.sell_to_business().ereceipt_document_id
        self.key.pin = WRONG
        for _time in range(2):
            told = self.sign_now(document.with_user(self.accountant))
            self.assertIn(self.key.last_error, told["params"]["message"])
        self.assertEqual(self.key.pin_state, "none")
        self.assertEqual(document.state, "to_sign")

    def test_the_token_of_another_server_is_named(self):
        self.key.pin = PIN
        self.key.sudo().host = "another-server"
        document = self.sell_to_business().ereceipt_document_id
        told = self.sign_now(document.with_user(self.administrator))
        self.assertIn("another-server", told["params"]["message"])
        self.assertEqual(document.state, "to_sign")
