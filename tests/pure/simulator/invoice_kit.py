"""Documents, signatures and calls for the tests of the e-Invoice simulator.

Keys, certificates and signatures are made by the command ``openssl``, never by
the add-on: what is judged and what judges must not have one author.
"""

import base64
import copy
import subprocess
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import requests
from simulator_kit import canonical, now_text, posted, text_of

RIN, BUYER, OTHER = "674859545", "313717919", "100200300"
DIGESTED_DATA = "1.2.840.113549.1.7.5"
ZERO = Decimal(0)


def openssl(*arguments: object, stdin: bytes = b"") -> bytes:
    done = subprocess.run(
        ["openssl", *map(str, arguments)],
        check=False,
        input=stdin,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class Signer:
    """A key with its certificate; signs as ETA wants it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.certificate = folder / f"{name}.pem"
        self.key = folder / f"{name}.key"

    @property
    def pem(self) -> str:
        return self.certificate.read_text()

    def sign(
        self,
        text: bytes,
        *options: object,
        content_type: str = DIGESTED_DATA,
        form: Sequence[str] = ("-cades", "-nosmimecap"),
        digest: str = "sha256",
    ) -> bytes:
        """DER of a detached CAdES-BES over ``text``; options bend it."""
        kind = ("-econtent_type", content_type) if content_type else ()
        return openssl(
            "cms",
            "-sign",
            "-binary",
            *("-outform", "DER", "-md", digest),
            *form,
            *kind,
            *("-signer", self.certificate, "-inkey", self.key),
            *options,
            stdin=text,
        )


class Pki:
    """A root, a certification authority under it, and what it certifies."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.root = self.self_signed("root", "keyCertSign,cRLSign")
        self.ca = self.issue("ca", "CN=Test CA", by=self.root, authority=True)
        self.seal = self.issue("seal", f"CN=Seal/organizationIdentifier=VATEG-{RIN}")
        self.buyer = self.issue(
            "buyer", f"CN=Buyer/organizationIdentifier=VATEG-{BUYER}"
        )

    def issue(
        self,
        name: str,
        subject: str,
        *,
        by: Signer | None = None,
        authority: bool = False,
        usage: str = "digitalSignature,nonRepudiation",
        days: tuple[str, str] | None = None,
        key: tuple[str, ...] = ("-newkey", "rsa:2048"),
    ) -> Signer:
        """Certify a new key; ``days``: first and last, ``yyyyMMddHHmmssZ``."""
        made, issuer = Signer(self.folder, name), by or self.ca
        request = self.folder / f"{name}.csr"
        subject = f"/C=EG/O=Test/{subject}"
        new = ("-nodes", "-utf8", "-keyout", made.key, "-out", request)
        openssl("req", "-new", *key, *new, "-subj", subject)
        extensions = self.folder / f"{name}.ext"
        usages = "critical,keyCertSign,cRLSign" if authority else f"critical,{usage}"
        extensions.write_text(
            f"basicConstraints=critical,CA:{'TRUE' if authority else 'FALSE'}\n"
            + (f"keyUsage={usages}\n" if usage else "")
            + "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        )
        if days:
            self._certify_between(made, issuer, request, extensions, days)
        else:
            openssl(
                "x509",
                "-req",
                *("-in", request, "-out", made.certificate, "-days", 3650),
                *("-CA", issuer.certificate, "-CAkey", issuer.key, "-CAcreateserial"),
                *("-extfile", extensions, "-sha256"),
            )
        return made

    def self_signed(self, name: str, usage: str) -> Signer:
        made = Signer(self.folder, name)
        openssl(
            "req",
            "-x509",
            *("-newkey", "rsa:2048", "-nodes", "-days", 3650, "-sha256"),
            *("-keyout", made.key, "-out", made.certificate),
            *("-subj", f"/C=EG/O=Test/CN=Test {name}"),
            *("-addext", f"keyUsage=critical,{usage}"),
        )
        return made

    def _certify_between(
        self,
        made: Signer,
        issuer: Signer,
        request: Path,
        extensions: Path,
        days: tuple[str, str],
    ) -> None:
        """``openssl x509`` of version 3.0 cannot set dates; ``openssl ca`` can."""
        place = self.folder / f"{made.certificate.stem}-ca"
        place.mkdir()
        (place / "index").write_text("")
        config = place / "config"
        config.write_text(
            f"[ca]\ndefault_ca=this\n[this]\ndatabase={place}/index\n"
            f"new_certs_dir={place}\nserial={place}/serial\ndefault_md=sha256\n"
            "policy=any\npreserve=yes\nunique_subject=no\n"
            "[any]\ncountryName=optional\norganizationName=optional\n"
            "commonName=optional\norganizationIdentifier=optional\n"
        )
        openssl(
            "ca",
            "-batch",
            *("-config", config, "-create_serial", "-notext", "-utf8"),
            *("-in", request, "-out", made.certificate, "-extfile", extensions),
            *("-cert", issuer.certificate, "-keyfile", issuer.key),
            *("-startdate", days[0], "-enddate", days[1]),
        )


def item(quantity="2", price="100", rate="14", number=1, discount="0", **more) -> dict:
    sales = Decimal(quantity) * Decimal(price)
    net = sales - Decimal(discount)
    tax = (net * Decimal(rate) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    row = {
        "description": f"قطعة {number}",
        "itemType": "EGS",
        "itemCode": f"EG-{RIN}-000{number}",
        "unitType": "EA",
        "quantity": Decimal(quantity),
        "internalCode": f"P-{number}",
        "salesTotal": sales,
        "total": net + tax,
        "valueDifference": ZERO,
        "totalTaxableFees": ZERO,
        "netTotal": net,
        "itemsDiscount": ZERO,
        "unitValue": {"currencySold": "EGP", "amountEGP": Decimal(price)},
        "discount": {"rate": ZERO, "amount": Decimal(discount)},
        "taxableItems": [
            {"taxType": "T1", "amount": tax, "subType": "V009", "rate": Decimal(rate)}
        ],
    }
    row.update(more)
    return row


def address(**more) -> dict:
    return {
        "country": "EG",
        "governate": "Cairo",
        "regionCity": "Nasr City",
        "street": "580 Clementina Key",
        "buildingNumber": "Bldg. 0",
        **more,
    }


def invoice(lines=None, number="INV-0001", kind="I", **more) -> dict:
    """A document whose sums are right; not signed yet."""
    document = {
        "issuer": {
            "address": {"branchID": "0", **address()},
            "type": "B",
            "id": RIN,
            "name": "شركة تجربة",
        },
        "receiver": {
            "address": address(),
            "type": "B",
            "id": BUYER,
            "name": "Receiver",
        },
        "documentType": kind,
        "documentTypeVersion": "1.0",
        "dateTimeIssued": now_text(),
        "taxpayerActivityCode": "4620",
        "internalID": number,
        "invoiceLines": lines or [item()],
        **more,
    }
    return totals(document)


def export(number="EXP-0001", kind="EI", **more) -> dict:
    """An export to Ireland, in euros."""
    line = item("3", "189.4", "0")
    line["unitValue"] = {
        "currencySold": "EUR",
        "amountEGP": Decimal("189.4"),
        "amountSold": Decimal("10"),
        "currencyExchangeRate": Decimal("18.94"),
    }
    line["taxableItems"][0]["subType"] = "V001"
    line.update({"weightUnitType": "KGM", "weightQuantity": Decimal("21")})
    document = invoice([line], number, kind, serviceDeliveryDate="2026-11-19", **more)
    document["receiver"] = {
        "address": address(country="IE"),
        "type": "F",
        "id": "1234567890",
        "name": "Receiver Company",
    }
    return document


def totals(document: dict) -> dict:
    lines = document["invoiceLines"]
    taxes: dict[str, Decimal] = {}
    for row in lines:
        for tax in row.get("taxableItems", ()):
            taxes[tax["taxType"]] = taxes.get(tax["taxType"], ZERO) + tax["amount"]
    discounts = [row.get("discount", {}).get("amount", ZERO) for row in lines]
    document["totalDiscountAmount"] = sum(discounts)
    document["totalSalesAmount"] = sum(row["salesTotal"] for row in lines)
    document["netAmount"] = sum(row["netTotal"] for row in lines)
    document["taxTotals"] = [
        {"taxType": kind, "amount": amount} for kind, amount in taxes.items()
    ]
    document["totalAmount"] = sum(row["total"] for row in lines)
    document["extraDiscountAmount"] = ZERO
    document["totalItemsDiscountAmount"] = sum(row["itemsDiscount"] for row in lines)
    return document


def signed_text(document: dict) -> bytes:
    """What is signed: the canonical text without signatures."""
    return canonical(
        {name: value for name, value in document.items() if name != "signatures"}
    ).encode()


def with_signature(document: dict, der: bytes) -> dict:
    value = base64.b64encode(der).decode()
    document = copy.deepcopy(document)
    document["signatures"] = [{"signatureType": "I", "value": value}]
    return document


def signed(document: dict, signer: Signer, **options) -> dict:
    """A copy with its signature."""
    return with_signature(document, signer.sign(signed_text(document), **options))


def unsigned(document: dict) -> dict:
    """A copy of version 0.9, whose signature nobody asks for."""
    return {**copy.deepcopy(document), "documentTypeVersion": "0.9"}


def put(value: dict, path: str, new: object) -> None:
    """Set what stands at a dotted path; None removes it."""
    *steps, last = path.split(".")
    for step in steps:
        value = value[int(step) if step.isdigit() else step]
    if new is None:
        del value[last]
    else:
        value[last] = new


class Erp:
    """An ERP system that talks to the simulator."""

    def __init__(self, url: str, client: str = "sim-erp", timeout: float = 20) -> None:
        self.url = url
        self.auth = (client, f"{client}-secret")
        self.timeout = timeout
        self.session = requests.Session()
        self.session.trust_env = False
        self._token: str | None = None

    def login(self, auth=None, headers=None, **form) -> requests.Response:
        return self.session.post(
            f"{self.url}/connect/token",
            data={"grant_type": "client_credentials", **form},
            auth=self.auth if auth is None else auth,
            headers=headers,
            timeout=self.timeout,
        )

    @property
    def bearer(self) -> dict[str, str]:
        if self._token is None:
            self._token = self.login().json()["access_token"]
        return {"Authorization": f"Bearer {self._token}"}

    def call(self, method: str, path: str, body=None, **query) -> requests.Response:
        return self.session.request(
            method,
            f"{self.url}/api/{path}",
            params=query,
            json=body,
            headers=self.bearer,
            timeout=self.timeout,
        )

    def get(self, path: str, **query) -> requests.Response:
        return self.call("GET", f"v1.0/{path}", **query)

    def put(self, path: str, body=None) -> requests.Response:
        return self.call("PUT", f"v1.0/{path}", body)

    def post(self, body: bytes, version="v1.0", **headers) -> requests.Response:
        return posted(self, f"{version}/documentsubmissions", body, headers)

    def submit(self, *documents: dict) -> dict:
        answer = self.post(body_of(documents))
        assert answer.status_code == 202, answer.text
        return answer.json()

    def details(self, uuid: str) -> dict:
        answer = self.get(f"documents/{uuid}/details")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def verdicts(self, control, *documents: dict) -> list[dict]:
        """Submit, settle, and give the details of each."""
        answer = self.submit(*documents)
        assert not answer["rejectedDocuments"], answer
        control.settle()
        return [self.details(row["uuid"]) for row in answer["acceptedDocuments"]]

    def valid(self, control, *documents: dict) -> list[str]:
        """UUIDs of documents that have to be valid."""
        rows = self.verdicts(control, *documents)
        for row in rows:
            assert row["status"] == "Valid", found(row)
        return [row["uuid"] for row in rows]


def body_of(documents: Sequence[dict]) -> bytes:
    return text_of({"documents": list(documents)}).encode()


def found(details: dict) -> dict[str, set[str]]:
    """Error codes by the step that found them."""
    return {
        step["name"]: {inner["errorCode"] for inner in step["error"]["innerError"]}
        for step in details["validationResults"]["validationSteps"]
        if step["error"]
    }


def codes(details: dict) -> set[str]:
    """Every error code."""
    return set().union(*found(details).values())
