"""``python -m fiscal.hr_cis`` as a person or a script uses it."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from hr_kit import (
    VECTORS,
    authority,
    built,
    company,
    document,
    key_of,
    needs_xmlsec,
    xmlsec_accepts,
)

from fiscal.hr_cis.__main__ import main

ROOT = Path(__file__).parents[3]
OFFICIAL = VECTORS / "official_signed" / "racun-s-oib-om-primatelja-935-zahtjev.xml"


@pytest.fixture
def run(capfdbinary, monkeypatch):
    def call(*arguments, password=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        status = main([str(argument) for argument in arguments])
        captured = capfdbinary.readouterr()
        return status, captured.out, captured.err.decode()

    return call


@pytest.fixture
def files(tmp_path):
    (tmp_path / "receipt.xml").write_bytes(built().content)
    (tmp_path / "key.p12").write_bytes(company().p12(b"secret"))
    (tmp_path / "root.pem").write_bytes(b"".join(o.pem for o in company().chain[1:]))
    return tmp_path


def test_as_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "fiscal.hr_cis", "oib", "69435151530", "1"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stdout.split() == [b"69435151530", b"right", b"1", b"wrong"]


def test_zki(run, files):
    arguments = ["zki", files / "receipt.xml", "--key", files / "key.p12"]
    status, out, _err = run(*arguments, password="secret")
    assert (status, out.decode().strip()) == (0, built().code)
    _status, out, _err = run(*arguments, "--hash", "sha1", password="secret")
    assert out.decode().strip() == built(zki_hash="sha1").code


def test_qr(run, files):
    assert run("qr", files / "receipt.xml")[1].decode().strip() == built().qr
    _status, out, _err = run("qr", files / "receipt.xml", "--jir", "J")
    assert out.startswith(b"https://porezna.gov.hr/rn?jir=J&")


@needs_xmlsec
def test_sign(run, files):
    status, out, _err = run(
        "sign", files / "receipt.xml", "--key", files / "key.p12", password="secret"
    )
    assert status == 0
    assert xmlsec_accepts(out, files, "RacunZahtjev")


def test_verify(run, files):
    made = authority()
    content = made.envelope([document()], key_of(company())).content
    (files / "message.xml").write_bytes(content)
    options = ["--ca", files / "root.pem", "--at", "2026-11-27"]
    status, out, _err = run("verify", files / "message.xml", *options)
    assert (status, out) == (0, b"No problems found.\n")
    (files / "message.xml").write_bytes(content.replace(b"12.50", b"12.51"))
    status, out, _err = run("verify", files / "message.xml", *options)
    assert status == 1 and out.startswith(b"answer_signature_digest")


def test_verify_the_official_request(run):
    arguments = ["verify", OFFICIAL, "--at", "2026-01-01"]
    assert run(*arguments, "--sha1")[0] == 0
    assert run(*arguments)[0] == 1


def test_check(run, files):
    assert run("check", files / "receipt.xml")[:2] == (0, b"No problems found.\n")
    assert run("check", OFFICIAL)[0] == 0
    content = built().content.replace(b"12.50", b"12.99")
    (files / "receipt.xml").write_bytes(content)
    status, out, _err = run("check", files / "receipt.xml")
    assert status == 1 and out.startswith(b"166 IznosUkupno: ")


@pytest.mark.parametrize(
    "content", [b"", b"<a/>", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']
)
def test_files_of_no_use(run, files, content):
    (files / "other.xml").write_bytes(content)
    for command in ("check", "verify", "qr"):
        status, _out, err = run(command, files / "other.xml")
        assert status == 2 and err.startswith("What was given is of no use here: ")
    status, _out, err = run("check", files / "none.xml")
    assert status == 2 and "cannot be read" in err


def test_a_wrong_password(run, files):
    status, _out, err = run(
        "sign", files / "receipt.xml", "--key", files / "key.p12", password="wrong"
    )
    assert (status, err) == (2, "The password does not open the file.\n")


def test_without_lxml_it_says_what_is_missing(files):
    """A lone signing agent has no lxml: everything loads, and what needs it tells."""
    script = (
        "import sys; sys.modules['lxml'] = None\n"
        "import fiscal.signing.agent\n"
        "from fiscal.hr_cis.__main__ import main\n"
        f"sys.exit(main(['check', {str(files / 'receipt.xml')!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert b"pip install lxml" in done.stderr
