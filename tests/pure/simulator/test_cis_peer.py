"""A client that others wrote, PyPI's fiskal-hr, against CIS's simulator.

Unchanged but for the address and, where SHA-1 is refused, the two names of the
algorithms. Its verifier is what the answers have to satisfy.
"""

from datetime import datetime
from decimal import Decimal

import cis_kit
import pytest
from cis_kit import OIB, OPERATOR, PRODUCTION, ZAGREB

from simulator.hr_cis.schema import WSDL

fiskalhr = pytest.importorskip("fiskalhr.ws", reason="fiskal-hr is not installed")

from fiskalhr import signature  # noqa: E402  # only where it is installed
from fiskalhr.enums import PaymentMethod  # noqa: E402
from fiskalhr.errors import ResponseError  # noqa: E402
from fiskalhr.invoice import Invoice, InvoicePaymentMethodChange  # noqa: E402
from fiskalhr.item import TaxItem  # noqa: E402

SHA256 = (
    ("xmldsig#rsa-sha1", "xmldsig-more#rsa-sha256", "2000/09", "2001/04"),
    ("xmldsig#sha1", "xmlenc#sha256", "2000/09", "2001/04"),
)


@pytest.fixture
def sha256(monkeypatch):
    """Let the package sign with SHA-256."""
    text = signature.SIGNATURE_FRAGMENT
    for old, new, old_year, new_year in SHA256:
        before = f"http://www.w3.org/{old_year}/{old}"
        assert text.count(before) == 1
        text = text.replace(before, f"http://www.w3.org/{new_year}/{new}")
    monkeypatch.setattr(signature, "SIGNATURE_FRAGMENT", text)


@pytest.fixture
def client(cis, cis_url, tmp_path):
    def made(environment, path):
        order = cis.certificate(OIB)
        authority = cis.authority()
        files = {
            "key": order["key"],
            "cert": order["pem"],
            "service": authority["signers"][environment],
            "ca": authority["ca"],
        }
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        places = {name: str(tmp_path / name) for name in files}
        peer = fiskalhr.FiskalClient(
            places["ca"],
            str(WSDL[environment]),
            signature.Signer(places["cert"], places["key"]),
            signature.Verifier(places["service"], [places["ca"]]),
        )
        peer.client.service._binding_options["address"] = cis_url + path
        peer.client.transport.session.trust_env = False
        return peer

    return made


def invoice(peer, kind=Invoice, **changes):
    moment = datetime.now(ZAGREB) + changes.pop("shift")
    values = {
        "oib": OIB,
        "invoice_number": "1/POSL1/12",
        "issued_at": moment.replace(tzinfo=None),
        "total": Decimal("125.00"),
        "is_vat_registered": True,
        "vat": [TaxItem(base=Decimal(100), rate=Decimal(25), amount=Decimal(25))],
        "operator_oib": OPERATOR,
        "payment_method": PaymentMethod.CASH,
        **changes,
    }
    made = kind(peer, **values)
    made.zki = made.calculate_zki()
    return made


@pytest.fixture
def shift(cis, monkeypatch):
    """How far the simulator's clock is ahead; the package's clock goes with it."""
    offset = cis_kit.timedelta(seconds=cis.settings()["clock_offset"])

    class Moved(datetime):
        @classmethod
        def now(cls, tz=None):
            zone = tz or ZAGREB
            moment = datetime.now(zone) + offset
            return moment if tz else moment.replace(tzinfo=None)

    monkeypatch.setattr(fiskalhr, "datetime", Moved)
    return offset


def test_it_is_served_as_it_is_where_sha_1_is_taken(cis, client, shift):
    peer = client("production", PRODUCTION)
    peer.test_service("proizvoljan tekst")
    jir = peer.submit_invoice(invoice(peer, shift=shift))
    (row,) = cis.registered()
    assert row["jir"] == jir
    assert row["zki_hash"] == "sha1"
    assert row["environment"] == "production"


def test_it_is_served_with_sha_256(cis, client, shift, sha256):
    peer = client("test", cis_kit.TEST)
    peer.test_service()
    made = invoice(peer, shift=shift)
    peer.check_invoice(made)
    jir = peer.submit_invoice(made)
    assert cis.registered()[0]["jir"] == jir
    change = invoice(
        peer,
        InvoicePaymentMethodChange,
        shift=shift,
        issued_at=made.issued_at,
        original_zki=made.zki,
        new_payment_method=PaymentMethod.CARD,
    )
    peer.change_payment_method(change)
    assert cis.registered()[0]["payment"] == "K"


def test_it_reads_refusals(cis, client, shift, sha256):
    peer = client("test", cis_kit.TEST)
    made = invoice(peer, shift=shift)
    cis.fault("racuni", "system_error", times=1)
    with pytest.raises(ResponseError) as caught:
        peer.submit_invoice(made)
    assert [detail.code.value for detail in caught.value.details] == ["s006"]
    assert peer.submit_invoice(made) == cis.registered()[0]["jir"]


def test_its_sha_1_is_refused_in_test(cis, client, shift):
    peer = client("test", cis_kit.TEST)
    with pytest.raises(ResponseError) as caught:
        peer.submit_invoice(invoice(peer, shift=shift))
    assert [detail.code.value for detail in caught.value.details] == ["s004"]


@pytest.mark.parametrize("kind", ["wrong_signature", "wrong_digest"])
def test_its_verifier_refuses_answers_that_were_tampered_with(
    cis, client, shift, sha256, kind
):
    peer = client("test", cis_kit.TEST)
    cis.fault("racuni", kind, times=1)
    with pytest.raises(signature.SignatureError):
        peer.submit_invoice(invoice(peer, shift=shift))
    assert len(cis.registered()) == 1
