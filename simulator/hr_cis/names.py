"""Names in CIS's interface: namespaces, operations, algorithms (spec croatia 3, 5)."""

from typing import NamedTuple

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
F73 = "http://www.apis-it.hr/fin/2012/types/f73"
DS = "http://www.w3.org/2000/09/xmldsig#"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"

EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = f"{DS}enveloped-signature"

ACTION = (
    "http://e-porezna.porezna-uprava.hr/fiskalizacija/2012/services/"
    "FiskalizacijaService/"
)
TEST, PRODUCTION = "test", "production"
PATHS = {
    "/FiskalizacijaServiceTest": TEST,
    "/FiskalizacijaService": PRODUCTION,
}
SIGNER_NAMES = {TEST: "fiskalcistest", PRODUCTION: "fiskalcis"}


class Algorithm(NamedTuple):
    """A hash as signatures name it."""

    name: str
    signature: str
    digest: str


SHA256 = Algorithm(
    "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmlenc#sha256",
)
SHA1 = Algorithm("sha1", f"{DS}rsa-sha1", f"{DS}sha1")


class Operation(NamedTuple):
    """An operation of the service and the elements of its messages.

    ``stem`` is what their names have in common; ``actions`` are the last parts of
    the SOAPActions under which it is called.
    """

    name: str
    stem: str
    actions: tuple[str, ...]

    @property
    def request(self) -> str:
        """The local name of its request."""
        return "EchoRequest" if self.name == "echo" else f"{self.stem}Zahtjev"

    @property
    def response(self) -> str:
        """The local name of its answer."""
        return "EchoResponse" if self.name == "echo" else f"{self.stem}Odgovor"


# In the authority's WSDL v1.10 prijaviRadnoVrijeme carries another operation's action;
# some copies have it mended. Both are taken.
_OPERATIONS = (
    Operation("racuni", "Racun", ("racuni",)),
    Operation("provjera", "Provjera", ("provjera",)),
    Operation("promijeniNacPlac", "PromijeniNacPlac", ("promijeniNacPlac",)),
    Operation(
        "promijeniPodatkeRacuna", "PromijeniPodatkeRacuna", ("promijeniPodatkeRacuna",)
    ),
    Operation("napojnica", "Napojnica", ("napojnica",)),
    Operation(
        "prijaviRadnoVrijeme",
        "PrijaviRadnoVrijeme",
        ("prijaviRadnoVrijeme", "promijeniPodatkeRacuna"),
    ),
    Operation("obrisiRadnoVrijeme", "ObrisiRadnoVrijeme", ("obrisiRadnoVrijeme",)),
    Operation("dohvatiRadnoVrijeme", "DohvatiRadnoVrijeme", ("dohvatiRadnoVrijeme",)),
    Operation(
        "prijaviRadnoVrijemeZaPoslovnice",
        "PrijaviRadnoVrijemeZaPoslovnice",
        ("prijaviRadnoVrijemeZaPoslovnice",),
    ),
    Operation("echo", "Echo", ("echo",)),
)
BY_REQUEST = {operation.request: operation for operation in _OPERATIONS}


def f73(name: str) -> str:
    """A name in the namespace of the messages."""
    return f"{{{F73}}}{name}"


def ds(name: str) -> str:
    """A name in the namespace of signatures."""
    return f"{{{DS}}}{name}"


def local(tag: object) -> str:
    """A tag without its namespace; "" for comments and the like."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""
