"""SoftHSM2, a PKCS#11 token in software, made to look like the tokens of Egypt.

Each :class:`SoftHsm` loads a copy of the module of its own, with its own tokens: a
process reads SoftHSM's configuration only once per copy.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from fiscal.signing.pkcs11_module import pkcs11_module

PIN, SO_PIN = "123456", "87654321"
_PLACES = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)
INSTALLED = next((place for place in _PLACES if Path(place).exists()), None)

needs_softhsm = pytest.mark.skipif(
    INSTALLED is None, reason="SoftHSM2 is not installed (apt-get install softhsm2)"
)


class SoftHsm:
    """A module with tokens in a folder.

    :param mechanisms: SoftHSM's setting: which ones it has
    """

    def __init__(self, folder: Path, mechanisms: str = "ALL") -> None:
        self.folder = folder
        self.tokens = folder / "tokens"
        self.tokens.mkdir()
        self.conf = folder / "softhsm2.conf"
        self.conf.write_text(
            f"directories.tokendir = {self.tokens}\n"
            "objectstore.backend = file\nlog.level = ERROR\nslots.removable = true\n"
            f"slots.mechanisms = {mechanisms}\n"
        )
        self.path = str(folder / "libsofthsm2.so")
        shutil.copy(INSTALLED, self.path)
        self.module = self._loaded()

    def _loaded(self):
        with self.environment():
            return pkcs11_module(self.path)

    @contextmanager
    def environment(self):
        before = os.environ.get("SOFTHSM2_CONF")
        os.environ["SOFTHSM2_CONF"] = str(self.conf)
        try:
            yield
        finally:
            os.environ.pop("SOFTHSM2_CONF")
            if before is not None:
                os.environ["SOFTHSM2_CONF"] = before

    def reload(self):
        """As if the process had been started anew."""
        with self.environment():
            self.module.look_again()

    def make_token(self, label="seal", pin=PIN):
        """Initialise a token and return its serial number."""
        from pkcs11 import TokenFlag

        before = {s.token.serial for s in self.module.slots() if s.token}
        with self.module.entered() as lib:
            (slot,) = [
                slot
                for slot in lib.get_slots()
                if not slot.get_token().flags & TokenFlag.TOKEN_INITIALIZED
            ]
            _init_token(self, slot.slot_id, label, pin)
        self.reload()
        (new,) = {s.token.serial for s in self.module.slots() if s.token} - before
        return new

    @contextmanager
    def writing(self, serial, pin=PIN):
        """A session in which objects can be made."""
        from pkcs11 import Attribute
        from pkcs11.attributes import AttributeMapper

        token = next(
            slot.token
            for slot in self.module.slots()
            if slot.token and slot.token.serial == serial
        )
        with self.module.entered():
            mapper = AttributeMapper()
            # One more attribute than python-pkcs11 knows how to write.
            mapper.register_handler(Attribute.ALLOWED_MECHANISMS, bytes, bytes)
            session = self.module.raw_token(token).open(
                rw=True, user_pin=pin, attribute_mapper=mapper
            )
            try:
                yield session
            finally:
                session.close()

    def folder_of(self, serial):
        """The folder in which a token lies: it is the one that bears the serial."""
        return next(f for f in self.tokens.iterdir() if f.name.endswith(serial[-12:]))


def _init_token(hsm, slot_id, label, pin):
    import subprocess

    command = ["softhsm2-util", "--init-token", "--slot", str(slot_id)]
    command += ["--label", label, "--pin", pin, "--so-pin", SO_PIN]
    subprocess.run(
        command,
        check=True,
        capture_output=True,
        timeout=60,
        env={**os.environ, "SOFTHSM2_CONF": str(hsm.conf)},
    )


def put_certificate(session, made, identity=b"\x01", label="", **more):
    from pkcs11 import Attribute, CertificateType, ObjectClass

    session.create_object(
        {
            Attribute.CLASS: ObjectClass.CERTIFICATE,
            Attribute.CERTIFICATE_TYPE: CertificateType.X_509,
            Attribute.TOKEN: True,
            Attribute.VALUE: made.der,
            Attribute.SUBJECT: made.certificate.subject.public_bytes(),
            Attribute.ID: identity,
            Attribute.LABEL: label,
            **{Attribute[name]: value for name, value in more.items()},
        }
    )


def put_key(session, key: rsa.RSAPrivateKey, identity=b"\x01", label="", **more):
    from pkcs11 import Attribute, KeyType, ObjectClass

    numbers = key.private_numbers()

    def big(value):
        return value.to_bytes((value.bit_length() + 7) // 8, "big")

    attributes = {
        Attribute.CLASS: ObjectClass.PRIVATE_KEY,
        Attribute.KEY_TYPE: KeyType.RSA,
        Attribute.TOKEN: True,
        Attribute.PRIVATE: True,
        Attribute.SENSITIVE: True,
        Attribute.SIGN: True,
        Attribute.ID: identity,
        Attribute.LABEL: label,
        Attribute.MODULUS: big(numbers.public_numbers.n),
        Attribute.PUBLIC_EXPONENT: big(numbers.public_numbers.e),
        Attribute.PRIVATE_EXPONENT: big(numbers.d),
        Attribute.PRIME_1: big(numbers.p),
        Attribute.PRIME_2: big(numbers.q),
        Attribute.EXPONENT_1: big(numbers.dmp1),
        Attribute.EXPONENT_2: big(numbers.dmq1),
        Attribute.COEFFICIENT: big(numbers.iqmp),
    }
    attributes.update({Attribute[name]: value for name, value in more.items()})
    session.create_object(attributes)
