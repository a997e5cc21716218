"""Receipts, keys as Fina issues them, and answers as CIS signs them, for CIS' tests.

Answers are signed by xmlsec1 where they stand in their envelope, and requests are
judged by it: it shares nothing with what is tested.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from signing_kit import Made, rsa_key, usage

from fiscal.contract import (
    Connection,
    Device,
    Document,
    Line,
    Party,
    Payment,
    Receipt,
    TaxAmount,
)
from fiscal.hr_cis import HrCis
from fiscal.signing.software import SoftwareKey

VECTORS = Path(__file__).parent / "vectors" / "croatia"
NOW = datetime(2026, 11, 27, 10, 0, 5, tzinfo=timezone.utc)
ISSUED = datetime(2026, 11, 27, 10, 0, 0, tzinfo=timezone.utc)
OIB, OPERATOR, BUYER = "69435151530", "12312312316", "88890465617"
JIR = "6b7749c6-56c1-4cf5-b7f7-9f29cebc9f7f"
F73 = "http://www.apis-it.hr/fin/2012/types/f73"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
XMLSEC = shutil.which("xmlsec1")
needs_xmlsec = pytest.mark.skipif(
    XMLSEC is None, reason="xmlsec1 is not installed (apt-get install xmlsec1)"
)
ORGANIZATION = x509.NameOID.ORGANIZATION_NAME
IDENTIFIER = x509.ObjectIdentifier("2.5.4.97")


def vectors(name):
    return json.loads((VECTORS / name).read_text("utf-8"))


# -- keys -----------------------------------------------------------------------------


def issue(
    name,
    issuer=None,
    *,
    attributes=(),
    key=None,
    authority=False,
    start=NOW - timedelta(days=100),
    end=NOW + timedelta(days=400),
):
    """Issue a certificate as Fina does; by itself without an issuer."""
    key = key or rsa_key(name)
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "HR"),
            *(x509.NameAttribute(oid, value) for oid, value in attributes),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, name),
        ]
    )
    names = ("key_cert_sign",) if authority else ("digital_signature",)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .add_extension(usage(*names), critical=True)
    )
    signing = issuer.key if issuer else key
    return Made(builder.sign(signing, hashes.SHA256()), key, issuer)


@cache
def root():
    return issue("Root of the tests", authority=True)


@cache
def between():
    return issue("Issuer of the tests", root(), authority=True)


@cache
def company(oib=OIB, oid=IDENTIFIER, form="VATHR-{}", **options):
    """A company's application certificate."""
    return issue(
        "FISKAL 1", between(), attributes=((oid, form.format(oib)),), **options
    )


@cache
def cis(name="fiskalcistest", **options):
    """What signs CIS' answers."""
    return issue(name, between(), **options)


def key_of(made):
    return SoftwareKey(made.key, [one.info for one in made.chain])


def published_key():
    """The key of the published known answers (test-suite of ex_fiskal, MIT)."""
    data = (VECTORS / "ex_fiskal_test.p12").read_bytes()
    return SoftwareKey.from_pkcs12(data, "ExamplePassword")


# -- receipts -------------------------------------------------------------------------


def vat(rate, amount, **options):
    return TaxAmount("Pdv", "", Decimal(rate), Decimal(amount), **options)


def tax(kind, amount="0", rate="0", name=""):
    return TaxAmount(
        kind, "", None if rate is None else Decimal(rate), Decimal(amount), name
    )


def line(net, *taxes, **options):
    amount = Decimal(net)
    values = {"description": "Kava", "quantity": Decimal(1), "taxes": taxes}
    return Line(gross=amount, net=amount, **{**values, **options})


DEVICE = Device(
    "POSL1/12",
    data={
        "premises": "POSL1",
        "device_number": "12",
        "numbering": "P",
        "operator_oib": OPERATOR,
    },
    record=("ereceipt.device", 3),
)


def receipt(*lines, **changes):
    lines = lines or (line("10.00", vat("25", "2.50")),)
    total = sum((one.total for one in lines), Decimal(0))
    values = {
        "kind": "sale",
        "number": "1/POSL1/12",
        "issued_at": ISSUED,
        "currency": "EUR",
        "seller": Party("business", OIB, record=("res.company", 1)),
        "buyer": Party("person"),
        "device": DEVICE,
        "lines": lines,
        "total": total,
        "payments": (Payment("G", total),),
        "record": ("account.move", 7),
    }
    return Receipt(**{**values, **changes})


def on_device(base=None, **data):
    return replace(base or receipt(), device=replace(DEVICE, data=DEVICE.data | data))


def business(base, oib=BUYER):
    return replace(base, buyer=Party("business", oib, "Kupac d.o.o."))


def authority(url="", *, now=NOW, recorder=None, environment="test", **settings):
    authorities = (root().pem + between().pem).decode()
    values = {"answer_ca": authorities, **settings}
    return HrCis(
        Connection(
            environment,
            endpoints={"cis": url} if url else {},
            settings=values,
            seller_id=OIB,
            identity="cis",
            call_timeout=5.0,
            connect_timeout=2.0,
            recorder=recorder or (lambda exchange: None),
            wall_clock=lambda: now,
        )
    )


def built(base=None, signer=None, **settings):
    return authority(**settings).build(base or receipt(), signer or key_of(company()))


def document(base=None, **changes):
    made = built(base)
    values = {
        "key": 5,
        "uid": "",
        "number": "1/POSL1/12",
        "content": made.content,
        "issued_at": ISSUED,
    }
    return Document(**{**values, **changes})


def registered(base=None, **changes):
    return document(base, uid=JIR, authority_ids={"late": "false"}, **changes)


def codes(problems):
    return [problem.code for problem in problems]


def wrong(base, **settings):
    return codes(authority(**settings).check(base))


# -- xmlsec1 --------------------------------------------------------------------------


def xmlsec_accepts(content, folder, name, trusted=None):
    """Whether xmlsec1 verifies the signature in a message, up to a trusted root."""
    (folder / "message.xml").write_bytes(content)
    (folder / "root.pem").write_bytes((trusted or root()).pem)
    (folder / "between.pem").write_bytes(between().pem)
    done = subprocess.run(
        [
            *(XMLSEC, "--verify", "--id-attr:Id", f"{F73}:{name}"),
            *("--trusted-pem", "root.pem", "--untrusted-pem", "between.pem"),
            *("--verification-time", f"{NOW:%Y-%m-%d %H:%M:%S}", "message.xml"),
        ],
        cwd=folder,
        capture_output=True,
        check=False,
        timeout=30,
    )
    return done.returncode == 0


_TEMPLATE = """<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo>\
<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>\
<SignatureMethod Algorithm="{signature}"/>\
<Reference URI="#{id}"><Transforms>\
<Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>\
<Transform Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/></Transforms>\
<DigestMethod Algorithm="{digest}"/><DigestValue/></Reference></SignedInfo>\
<SignatureValue/><KeyInfo><X509Data><X509Certificate/></X509Data></KeyInfo>\
</Signature>"""
_SHA256 = {
    "signature": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "digest": "http://www.w3.org/2001/04/xmlenc#sha256",
}
SHA1 = {
    "signature": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "digest": "http://www.w3.org/2000/09/xmldsig#sha1",
}


def answer(message_id, inner, name="RacunOdgovor", signature=""):
    """An answer in its envelope, with namespaces on it that nothing uses."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope'
        f' xmlns:soap="{ENVELOPE}" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soap:Body>'
        f'<tns:{name} xmlns:tns="{F73}" Id="G0x7f4b-4D"'
        f' xsi:schemaLocation="{F73} ../schema/FiskalizacijaSchema.xsd">'
        f"<tns:Zaglavlje><tns:IdPoruke>{message_id}</tns:IdPoruke>"
        f"<tns:DatumVrijeme>27.11.2026T11:00:06</tns:DatumVrijeme></tns:Zaglavlje>"
        f"{inner}{signature}</tns:{name}></soap:Body></soap:Envelope>"
    ).encode()


def signed_answer(
    folder, message_id, inner, name="RacunOdgovor", signer=None, algorithms=None
):
    """An answer that xmlsec1 signed where it stands."""
    signer = signer or cis()
    template = _TEMPLATE.format(id="G0x7f4b-4D", **(algorithms or _SHA256))
    (folder / "template.xml").write_bytes(answer(message_id, inner, name, template))
    (folder / "key.pem").write_bytes(signer.key_pem())
    (folder / "certificate.pem").write_bytes(signer.pem)
    subprocess.run(
        [
            *(XMLSEC, "--sign", "--id-attr:Id", f"{F73}:{name}"),
            *("--privkey-pem", "key.pem,certificate.pem", "--output", "answer.xml"),
            "template.xml",
        ],
        cwd=folder,
        capture_output=True,
        check=True,
        timeout=30,
    )
    return (folder / "answer.xml").read_bytes()


def refusal(*pairs):
    rows = "".join(
        f"<tns:Greska><tns:SifraGreske>{code}</tns:SifraGreske>"
        f"<tns:PorukaGreske>{words}</tns:PorukaGreske></tns:Greska>"
        for code, words in pairs
    )
    return f"<tns:Greske>{rows}</tns:Greske>"


def success(code):
    return (
        f"<tns:PorukaOdgovora><tns:SifraPoruke>{code}</tns:SifraPoruke>"
        f"<tns:Poruka>U redu.</tns:Poruka></tns:PorukaOdgovora>"
    )


JIR_IN = f"<tns:Jir>{JIR}</tns:Jir>"
