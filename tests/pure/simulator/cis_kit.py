"""Messages, signatures and calls for the tests of CIS's simulator.

Signatures are made by signxml, certificates by cryptography: nothing here is the
add-on's. Answers are verified by xmlsec.
"""

import base64
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import md5
from zoneinfo import ZoneInfo

import requests
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from lxml import etree
from signxml import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

F73 = "http://www.apis-it.hr/fin/2012/types/f73"
DS = "http://www.w3.org/2000/09/xmldsig#"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
ACTION = (
    "http://e-porezna.porezna-uprava.hr/fiskalizacija/2012/services/"
    "FiskalizacijaService/"
)
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
TEST, PRODUCTION = "/FiskalizacijaServiceTest", "/FiskalizacijaService"
ZAGREB = ZoneInfo("Europe/Zagreb")
# A Wednesday at noon in Zagreb: far from midnight and from every date of the spec.
NOON = datetime(2026, 12, 2, 11, 0, tzinfo=timezone.utc)
OIB, OPERATOR, BUYER = "02994650199", "66765313769", "88890465617"
BAD_OIB = "01764210252"  # of the official sample that was refused
STEMS = {
    "racuni": "Racun",
    "provjera": "Provjera",
    "promijeniNacPlac": "PromijeniNacPlac",
    "promijeniPodatkeRacuna": "PromijeniPodatkeRacuna",
    "napojnica": "Napojnica",
    "prijaviRadnoVrijeme": "PrijaviRadnoVrijeme",
    "obrisiRadnoVrijeme": "ObrisiRadnoVrijeme",
    "dohvatiRadnoVrijeme": "DohvatiRadnoVrijeme",
    "prijaviRadnoVrijemeZaPoslovnice": "PrijaviRadnoVrijemeZaPoslovnice",
}
_ORDER = [
    "Oib",
    "USustPdv",
    "DatVrijeme",
    "OznSlijed",
    "BrRac",
    "Pdv",
    "Pnp",
    "OstaliPor",
    "IznosOslobPdv",
    "IznosMarza",
    "IznosNePodlOpor",
    "Naknade",
    "IznosUkupno",
    "NacinPlac",
    "OibOper",
    "ZastKod",
    "NakDost",
    "ParagonBrRac",
    "SpecNamj",
    "OibPrimateljaRacuna",
    "PromijenjeniNacinPlac",
    "PromijenjeniOibPrimateljaRacuna",
    "Napojnica",
]


def moment_text(moment: datetime) -> str:
    return moment.astimezone(ZAGREB).strftime("%d.%m.%YT%H:%M:%S")


def tax(rate: str, base: str, amount: str) -> tuple:
    return ("Porez", [("Stopa", rate), ("Osnovica", base), ("Iznos", amount)])


def receipt(issued: datetime, number: str = "1/POSL1/12", **changes) -> dict:
    """Values of ``Racun`` whose sums are right; None takes one away."""
    count, premises, device = number.split("/")
    values = {
        "Oib": OIB,
        "USustPdv": "true",
        "DatVrijeme": moment_text(issued),
        "OznSlijed": "P",
        "BrRac": [
            ("BrOznRac", count),
            ("OznPosPr", premises),
            ("OznNapUr", device),
        ],
        "Pdv": [tax("25.00", "100.00", "25.00")],
        "IznosUkupno": "125.00",
        "NacinPlac": "G",
        "OibOper": OPERATOR,
        "ZastKod": "d3cb1c2b868c9db2a637226d60a01213",
        "NakDost": "false",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def _add(parent: etree._Element, name: str, value) -> None:
    child = etree.SubElement(parent, f"{{{F73}}}{name}")
    if isinstance(value, str):
        child.text = value
    else:
        for row in value:
            _add(child, *row)


def message(operation: str, *parts, sent: datetime, message_id: str | None = None):
    """A request's element, not signed; ``parts`` are names with their values."""
    stem = STEMS[operation]
    root = etree.Element(f"{{{F73}}}{stem}Zahtjev", nsmap={"tns": F73})
    root.set("Id", f"{stem}Zahtjev")
    head = [
        ("IdPoruke", message_id or str(uuid.uuid4())),
        ("DatumVrijeme", moment_text(sent)),
    ]
    _add(root, "Zaglavlje", head)
    for name, value in parts:
        if isinstance(value, dict):
            value = [(key, value[key]) for key in _ORDER if key in value]
        _add(root, name, value)
    return root


@dataclass(frozen=True)
class Seal:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def key_pem(self) -> str:
        return self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()

    @classmethod
    def of(cls, order: dict) -> "Seal":
        """What the control API's ``certificates`` gave."""
        key = serialization.load_pem_private_key(order["key"].encode(), None)
        return cls(x509.load_pem_x509_certificate(order["pem"].encode()), key)


KEY = rsa.generate_private_key(65537, 2048)


def certified(
    issuer: Seal | None,
    *,
    organization: str = f"TVRTKA D.O.O. HR{OIB}",
    more: tuple = (),
    usage: bool | None = True,
    key=KEY,
) -> Seal:
    """A certificate, self-signed without ``issuer``.

    :param usage: whether its key may sign; None leaves the extension out
    """
    names = [
        x509.NameAttribute(x509.NameOID.COUNTRY_NAME, "HR"),
        x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, organization),
        *more,
        x509.NameAttribute(x509.NameOID.COMMON_NAME, "FISKAL 3"),
    ]
    subject = x509.Name(names)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOON - timedelta(days=700))
        .not_valid_after(NOON + timedelta(days=700))
        .add_extension(x509.BasicConstraints(issuer is None, None), critical=True)
    )
    if usage is not None:
        off = dict.fromkeys(
            (
                "content_commitment",
                "data_encipherment",
                "key_agreement",
                "crl_sign",
                "encipher_only",
                "decipher_only",
            ),
            False,
        )
        flags = x509.KeyUsage(
            digital_signature=usage,
            key_encipherment=True,
            key_cert_sign=issuer is None,
            **off,
        )
        built = built.add_extension(flags, critical=True)
    return Seal(built.sign(issuer.key if issuer else key, hashes.SHA256()), key)


class _Signer(XMLSigner):
    def check_deprecated_methods(self):
        """SHA-1 is signed here to see it refused."""


def signed(root, seal: Seal, sha: str = "256"):
    """The element with its signature; ``sha`` is 256 or 1."""
    signer = _Signer(
        signature_algorithm=SignatureMethod[f"RSA_SHA{sha}"],
        digest_algorithm=DigestAlgorithm[f"SHA{sha}"],
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signer.namespaces = {None: DS}
    done = signer.sign(
        root,
        key=seal.key,
        cert=[seal.certificate],
        reference_uri=f"#{root.get('Id')}",
        id_attribute="Id",
    )
    # in memory signxml's elements have no namespace; as text they have
    done = etree.fromstring(etree.tostring(done))
    data = done.find(f".//{{{DS}}}X509Data")
    row = etree.SubElement(data, f"{{{DS}}}X509IssuerSerial")
    issuer = seal.certificate.issuer.rfc4514_string()
    etree.SubElement(row, f"{{{DS}}}X509IssuerName").text = issuer
    serial = str(seal.certificate.serial_number)
    etree.SubElement(row, f"{{{DS}}}X509SerialNumber").text = serial
    return done


def enveloped(root) -> bytes:
    """The SOAP envelope around an element, whose bytes stay as they are."""
    content = etree.tostring(root, with_tail=False)
    return (
        b'<?xml version="1.0" encoding="UTF-8"?>'
        b'<soapenv:Envelope xmlns:soapenv="' + SOAP.encode() + b'"><soapenv:Body>'
        b"%s</soapenv:Body></soapenv:Envelope>" % content
    )


@dataclass(frozen=True)
class Reply:
    """An answer of CIS."""

    status: int
    data: bytes

    @property
    def root(self):
        return etree.fromstring(self.data)[0][0]

    def texts(self, name: str) -> list[str]:
        return [node.text or "" for node in self.root.iter(f"{{{F73}}}{name}")]

    @property
    def jir(self) -> str:
        (text,) = self.texts("Jir")
        return text

    @property
    def codes(self) -> list[str]:
        return self.texts("SifraGreske") + self.texts("SifraPoruke")

    @property
    def fault(self) -> str:
        return self.root.findtext("faultstring")


def verify(data: bytes, pem: str) -> None:
    """Check an answer's signature with xmlsec.

    :raises xmlsec.Error: when it does not hold
    """
    root = etree.fromstring(data)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(pem, xmlsec.KeyFormat.CERT_PEM, None)
    context.register_id(root[0][0], "Id")
    context.verify(root.find(f".//{{{DS}}}Signature"))


class Till:
    """A taxpayer's program that talks to CIS."""

    def __init__(self, url: str, seal: Seal, offset: float) -> None:
        self.url = url
        self.seal = seal
        self.offset = offset
        self.path = TEST
        self.timeout = 30.0
        self.session = requests.Session()
        self.session.trust_env = False

    def now(self, **shift) -> datetime:
        moment = datetime.now(timezone.utc) + timedelta(seconds=self.offset)
        return moment + timedelta(**shift)

    def receipt(self, number: str = "1/POSL1/12", **changes) -> dict:
        return receipt(self.now(), number, **changes)

    def post(self, operation: str, data: bytes, **headers) -> Reply:
        sent = {
            "Content-Type": "text/xml; charset=UTF-8",
            "SOAPAction": f'"{ACTION}{operation}"',
            **headers,
        }
        kept = {name: value for name, value in sent.items() if value is not None}
        answer = self.session.post(
            self.url + self.path, data=data, headers=kept, timeout=self.timeout
        )
        return Reply(answer.status_code, answer.content)

    def call(self, operation: str, *parts, sha: str = "256", **head) -> Reply:
        """Build, sign, send."""
        head.setdefault("sent", self.now())
        root = message(operation, *parts, **head)
        return self.post(operation, enveloped(signed(root, self.seal, sha)))

    def send(self, values: dict, operation: str = "racuni", **head) -> Reply:
        """Send a receipt."""
        return self.call(operation, ("Racun", values), **head)

    def check(self, values: dict, **head) -> list[str]:
        """The codes that ``provjera`` reports."""
        return self.send(values, "provjera", **head).codes

    def echo(self, text: str) -> Reply:
        root = etree.Element(f"{{{F73}}}EchoRequest", nsmap={"f73": F73})
        root.text = text
        return self.post("echo", enveloped(root))


def decoded(p12: str, password: str):
    """Key and certificate of a PKCS#12 file in base64."""
    return pkcs12.load_pkcs12(base64.b64decode(p12), password.encode())


def zki(seal: Seal, text: bytes, sha: str) -> str:
    """The protective code of what is signed."""
    algorithm = {"256": hashes.SHA256, "1": hashes.SHA1, "512": hashes.SHA512}[sha]()
    return md5(seal.key.sign(text, padding.PKCS1v15(), algorithm)).hexdigest()
