"""Receipts on their way to the simulator of CIS over HTTP, and what comes of them."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from itertools import count

import pytest
from hr_kit import (
    BUYER,
    OIB,
    business,
    codes,
    line,
    receipt,
    tax,
    vat,
)

from fiscal.contract import (
    AmbiguousError,
    AuthenticationError,
    AuthorityError,
    Connection,
    Document,
    Status,
    TransientError,
)
from fiscal.hr_cis import HrCis, changes
from fiscal.signing.software import SoftwareKey
from simulator.hr_cis import App
from simulator.hr_cis.client import CisControlClient
from simulator.server import running

EVERYTHING = receipt(
    line("10.00", vat("25", "2.50"), tax("Pnp", "0.30", "3")),
    line("20.00", vat("13", "2.60")),
    line("7.77", tax("IznosOslobPdv")),
    line("5.00", tax("IznosNePodlOpor")),
    line("1.00", vat("5", "0.05"), tax("Naknade", "0.50", None, "Povratna naknada")),
)


class Till:
    """A charging device at the simulator, with a key of the simulator's authority."""

    def __init__(self, url):
        self.url = url
        self.control = CisControlClient(url)
        self.exchanges = []
        self.numbers = count(1)
        self.signer = self.key()
        self.cis = self.authority()

    def key(self, oib=OIB, **order):
        made = self.control.certificate(oib, **order)
        return SoftwareKey.from_file(base64.b64decode(made["p12"]), made["password"])

    def authority(self, environment="test", **settings):
        path = {"test": "Test", "production": ""}[environment]
        ca = self.control.authority()["ca"]
        return HrCis(
            Connection(
                environment,
                endpoints={"cis": f"{self.url}/FiskalizacijaService{path}"},
                settings={"answer_ca": ca, **settings},
                seller_id=OIB,
                call_timeout=5.0,
                recorder=self.exchanges.append,
            )
        )

    def issue(self, base=None, **changes_):
        key = next(self.numbers)
        now = datetime.now(timezone.utc).replace(microsecond=0)
        base = replace(
            base or receipt(), number=f"{key}/POSL1/12", issued_at=now, **changes_
        )
        built = self.cis.build(base, self.signer)
        return Document(key, "", base.number, built.content, now)

    def send(self, document, cis=None, signer=None):
        cis = cis or self.cis
        [outcome] = cis.submit(cis.envelope([document], signer or self.signer))
        return outcome

    def registered(self, base=None):
        document = self.issue(base)
        outcome = self.send(document)
        return replace(
            document, uid=outcome.uid, authority_ids=dict(outcome.authority_ids)
        )

    def theirs(self, document):
        [row] = self.control.registered(number=document.number)
        return row


@pytest.fixture
def till():
    with running(App()) as url:
        yield Till(url)


@pytest.mark.parametrize("environment", ["test", "production"])
@pytest.mark.parametrize(
    "base",
    [
        receipt(),
        EVERYTHING,
        replace(EVERYTHING, kind="return"),
        business(receipt()),
        receipt(data={"paper_number": "A-17"}),
    ],
)
def test_receipts_are_registered(till, base, environment):
    cis = till.authority(environment)
    document = till.issue(base)
    outcome = till.send(document, cis)
    assert outcome.status is Status.VALID and outcome.warnings == ()
    row = till.theirs(document)
    assert row["jir"] == outcome.uid
    assert row["environment"] == environment
    sign = -1 if base.kind == "return" else 1
    assert Decimal(row["total"]) == base.total * sign


def test_the_test_system_finds_nothing_wrong(till):
    for base in (receipt(), EVERYTHING, replace(EVERYTHING, kind="return")):
        assert till.cis.test_check(till.issue(base), till.signer) == []


def test_the_probe(till):
    assert till.cis.probe() == []
    till.control.settings(echo="wrapped")
    assert till.cis.probe() == []


@pytest.mark.parametrize(
    "kind",
    ["drop_after", "truncated", "empty", "bad_json", "wrong_shape", "huge"],
)
def test_a_lost_answer_is_sent_again(till, kind):
    till.control.fault("racuni", kind, times=1)
    document = till.issue()
    with pytest.raises(AmbiguousError):
        till.send(document)
    outcome = till.send(replace(document, attempt=2))
    row = till.theirs(document)
    assert outcome.uid == row["jir"]
    assert len(row["deliveries"]) == 2


@pytest.mark.parametrize(
    "kind, code",
    [
        ("unsigned", "answer_signature_missing"),
        ("wrong_signature", "answer_signature_value"),
        ("wrong_digest", "answer_signature_digest"),
        ("foreign_certificate", "answer_signer_untrusted"),
        ("wrong_signer", "answer_signer_other"),
        ("wrong_message_id", "answer_other_message"),
    ],
)
def test_a_doubtful_answer_loses_no_jir(till, kind, code):
    till.control.fault("racuni", kind)
    document = till.issue()
    outcome = till.send(document)
    assert outcome.status is Status.VALID and outcome.uid
    assert code in codes(outcome.warnings)
    assert till.theirs(document)["jir"]


def test_a_forged_answer_beside_the_signed_one_is_no_answer(till):
    till.control.fault("racuni", "wrapped")
    with pytest.raises(AmbiguousError):
        till.send(till.issue())


@pytest.mark.parametrize(
    "kind, options, error",
    [
        ("system_error", {}, TransientError),
        ("soap_fault", {}, AmbiguousError),
        ("no_jir", {}, AmbiguousError),
        ("refuse", {"code": "s002"}, AuthenticationError),
        ("refuse", {"code": "s004"}, AuthenticationError),
    ],
)
def test_errors(till, kind, options, error):
    till.control.fault("racuni", kind, **options)
    with pytest.raises(error):
        till.send(till.issue())


def test_a_revoked_certificate(till):
    serial = str(till.signer.certificate.serial)
    till.control.revoke(serial)
    with pytest.raises(AuthenticationError) as caught:
        till.send(till.issue())
    assert caught.value.code == "s002"


def test_a_wrong_recipient_is_refused_by_number(till):
    document = till.issue(business(receipt()))
    spoilt = document.content.replace(BUYER.encode(), b"01764210252")
    outcome = till.send(replace(document, content=spoilt))
    assert outcome.status is Status.INVALID
    assert codes(outcome.errors) == ["180"]


def test_late_is_registered_as_late(till):
    document = till.issue()
    handed = document.issued_at + timedelta(seconds=1)
    outcome = till.send(replace(document, handed_over_at=handed))
    assert outcome.authority_ids["late"] == "true"
    assert till.theirs(document)["deliveries"][0]["late"] is True


def test_payment_means_recipient_and_tip(till):
    document = till.registered(business(receipt()))
    for change, name, value in (
        (changes.new_payment("K"), "payment", "K"),
        (changes.new_data("O", ""), "buyer", ""),
    ):
        outcome = till.cis.change(document, change, till.signer)
        assert outcome.status is Status.VALID and outcome.warnings == ()
        assert till.theirs(document)[name] == value
    outcome = till.cis.change(document, changes.tip(Decimal("2.00"), "K"), till.signer)
    assert outcome.authority_ids["tip"] == "2.00"


def test_a_late_receipt_is_changed_as_it_was_registered(till):
    document = till.issue()
    handed = replace(document, handed_over_at=document.issued_at)
    outcome = till.send(handed)
    known = replace(document, uid=outcome.uid, authority_ids=outcome.authority_ids)
    changed = till.cis.change(known, changes.new_payment("K"), till.signer)
    assert changed.status is Status.VALID


def test_what_was_never_registered_is_not_changed(till):
    document = replace(till.issue(), uid="6b7749c6-56c1-4cf5-b7f7-9f29cebc9f7f")
    with pytest.raises(AuthorityError) as caught:
        till.cis.change(document, changes.new_payment("K"), till.signer)
    assert caught.value.code == "s008"
