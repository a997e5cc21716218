"""The authority's own samples, from its technical specification 2.6."""

from datetime import datetime, timezone
from pathlib import Path

import cis_kit
import pytest
from lxml import etree

VECTORS = Path(__file__).parent / "vectors" / "cis"
SENT = datetime(2025, 12, 4, 14, 24, 20, tzinfo=timezone.utc)
DIGEST = "bWA3pkKOrSCVxfEUE15LKXdFAE4="


@pytest.fixture
def sample():
    return (VECTORS / "signed_receipt_935.xml").read_bytes()


@pytest.fixture
def december(cis, cis_till):
    """CIS two seconds after the sample was sent; believes Fina's demo authority."""
    pem = (VECTORS / "fina_demo_ca_2020.pem").read_text()
    cis.register(trusted_cas=[{"pem": pem}])
    offset = (SENT - datetime.now(timezone.utc)).total_seconds()
    cis.settings(clock_offset=offset)
    return cis_till


def test_the_signed_receipt_is_taken(cis, december, sample):
    assert DIGEST in sample.decode()
    reply = december.post("racuni", sample)
    assert reply.status == 200, reply.data
    (row,) = cis.registered()
    assert row["jir"] == reply.jir
    assert row["number"] == "723356/POSL1/12"
    assert row["buyer"] == "88890465617"
    assert row["warnings"] == []
    method = reply.root.find(f".//{{{cis_kit.DS}}}SignatureMethod").get("Algorithm")
    assert method.endswith("#rsa-sha1")
    cis_kit.verify(reply.data, cis.authority()["signers"]["test"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b">1395.34<", b">1395.35<"),
        (DIGEST.encode(), b"bWA3pkKOrSCVxfEUE15LKXdFAE0="),
        (b"NgYC0ruO", b"NgYC0ruP"),
        (b"racunId", b"racun"),
    ],
)
def test_and_not_when_anything_in_it_changes(cis, december, sample, old, new):
    assert old in sample
    codes = december.post("racuni", sample.replace(old, new)).codes
    assert codes == ["s004"]
    assert cis.registered() == []


def test_nor_after_its_certificate_expired_or_without_its_authority(
    cis, december, sample, cis_ca
):
    limits = {"test": "2030-01-01", "production": "2030-01-01"}
    year = datetime(2026, 10, 19, 8, 27, 0, tzinfo=timezone.utc)
    offset = (year - datetime.now(timezone.utc)).total_seconds()
    cis.settings(clock_offset=offset, sha1_until=limits)
    assert december.post("racuni", sample).codes == ["s002"]
    assert "expired" in cis.refusals()[-1]["detail"]
    cis.reset()
    offset = (SENT - datetime.now(timezone.utc)).total_seconds()
    cis.settings(clock_offset=offset)
    assert december.post("racuni", sample).codes == ["s002"]


def test_the_official_echo(december):
    data = (VECTORS / "echo_929.xml").read_bytes()
    reply = december.post("echo", data)
    assert reply.root.text == etree.fromstring(data)[0][0].text == "proizvoljan tekst"
