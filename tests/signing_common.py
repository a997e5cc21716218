import base64
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from ..fiscal.eg_eta import EgReceipt
from .common import RIN, EreceiptCommon

PASSWORD = "secret-p12"
VATEG = x509.ObjectIdentifier("2.5.4.97")


@cache
def rsa_key(name):
    """A key that stays the same under its name: making one takes long."""
    return rsa.generate_private_key(65537, 2048)


def authority_certificate(name):
    """Return the certificate of a certification authority, made by itself."""
    now = datetime.now(timezone.utc)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(rsa_key(name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=60))
        .not_valid_after(now + timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(rsa_key(name), hashes.SHA256())
    )


def certificate(name, taxpayer=RIN, days=365, issuer=None):
    """Issue a certificate, by itself or by ``(certificate, key)``.

    :param taxpayer: registration number in it, None for a person's
    """
    now = datetime.now(timezone.utc)
    attributes = [x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]
    if taxpayer:
        attributes.append(x509.NameAttribute(VATEG, f"VATEG-{taxpayer}"))
    subject = x509.Name(attributes)
    by, key = issuer or (None, rsa_key(name))
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.subject if by else subject)
        .public_key(rsa_key(name).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(
            _usage(digital_signature=True, content_commitment=True), critical=True
        )
        .sign(key, hashes.SHA256())
    )


def _usage(**wanted):
    usages = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{name: wanted.get(name, False) for name in usages})


def key_file(name="seal", password=PASSWORD, **values):
    """Return a PKCS#12 file, as the form uploads it."""
    data = pkcs12.serialize_key_and_certificates(
        name.encode(),
        rsa_key(name),
        certificate(name, **values),
        None,
        serialization.BestAvailableEncryption(password.encode()),
    )
    return base64.b64encode(data).decode()


class SigningCommon(EreceiptCommon):
    """An authority whose documents are signed before they are sent, stand in no chain
    and are late at the end of the day: ETA's e-Receipt, told to be so, since the engine
    asks capabilities alone."""

    def setUp(self):
        super().setUp()
        self.patch(
            EgReceipt,
            "capabilities",
            replace(EgReceipt.capabilities, signs="document", chained=False),
        )
        self.patch(EgReceipt, "sign", _sign)
        self.control.settings(chain="off")
        self.key = (
            self.env["ereceipt.signing.key"]
            .with_user(self.administrator)
            .create({"name": "Seal", "company_id": self.company.id})
        )

    def upload(self, key=None, name="seal", password=PASSWORD, **values):
        """Upload a key file and let the registration sign with it."""
        key = key or self.key
        key.write({"key_file": key_file(name, **values), "key_password": password})
        self.registration.signing_key_id = key


def _sign(authority, built, signer):
    signature = signer.sign(built.content, built.content)
    return replace(built, signature=base64.b64encode(signature).decode())
