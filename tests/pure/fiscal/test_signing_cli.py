"""``python -m fiscal.signing`` as a person or a script uses it."""

from __future__ import annotations

import base64
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from signing_kit import (
    RIN,
    TEXT,
    VECTORS,
    issuing,
    make,
    openssl_accepts,
    root,
    rsa_key,
    seal,
)
from softhsm_kit import PIN, SoftHsm, needs_softhsm, put_certificate, put_key

from fiscal.signing.__main__ import main
from fiscal.signing.cades import describe

ROOT = Path(__file__).parents[3]
CANONICAL = VECTORS / "one-doc-serialized.json.txt"
DOCUMENT = VECTORS / "one-doc.json"
CADES = VECTORS / "cades"


@pytest.fixture
def run(capsys, monkeypatch):
    def call(*arguments, typed=""):
        monkeypatch.setattr("sys.stdin", StringIO(typed))
        status = main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def file(tmp_path):
    def write(content, name="file"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def test_as_a_command(file, tmp_path):
    key = file(seal().p12())
    command = [sys.executable, "-m", "fiscal.signing", "cades", CANONICAL]
    done = subprocess.run(
        [*command, "--file", key],
        cwd=ROOT,
        input=b"secret\n",
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0 and done.stderr == b""
    (line,) = done.stdout.splitlines()
    assert openssl_accepts(base64.b64decode(line), TEXT, tmp_path, seal())


def test_sign_a_document_and_verify_it(run, file):
    key = file(seal().p12(), "key.p12")
    arguments = ["cades", DOCUMENT, "--form", "eg_invoice", "--file", key, "--issuer"]
    status, out, _err = run(*arguments, typed="secret\n")
    assert status == 0
    signature = file(out.encode(), "signature.b64")
    assert len(describe(base64.b64decode(out)).certificates) == 2
    for text in ((CANONICAL,), (DOCUMENT, "--form", "eg_invoice")):
        status, out, err = run("verify", signature, *text)
        assert (status, err) == (0, "")
        assert f"Taxpayer: {RIN}" in out and "No problems" in out
    status, out, _err = run("verify", signature, DOCUMENT)
    assert status == 1 and "signature_digest" in out


@pytest.mark.parametrize(
    ("name", "status", "words"),
    [
        ("good.der", 0, "No problems"),
        ("bad_digest.der", 1, "signature_digest"),
        ("bad_econtent_data.der", 1, "signature_content_type"),
        ("sdk_demo_user1.der", 1, "2020-09-10 18:16:10"),
    ],
)
def test_verify_known_answers(run, name, status, words):
    found, out, err = run("verify", CADES / name, CANONICAL)
    assert (found, err) == (status, "") and words in out


@pytest.mark.parametrize("content", [b"", b"hello", b"\x30\x00"])
def test_verify_what_is_no_signature(run, file, content):
    status, _out, err = run("verify", file(content), CANONICAL)
    assert status == 2 and err.endswith(".\n")


def test_a_wrong_password(run, file):
    status, out, err = run(
        "cades", CANONICAL, "--file", file(seal().p12()), typed="x\nsecret\n"
    )
    assert (status, out) == (2, "") and "does not open" in err


def test_files_that_are_not_there(run, tmp_path):
    gone = tmp_path / "gone"
    for arguments in (
        ("certificate", gone),
        ("verify", gone, CANONICAL),
        ("cades", CANONICAL, "--file", gone),
        ("token", gone),
    ):
        status, _out, err = run(*arguments, typed="x\n")
        assert status == 2 and str(gone) in err and err.endswith(".\n")


def test_certificate(run, file):
    bundle = file(seal().pem + issuing().pem)
    status, out, _err = run("certificate", bundle, "--rin", RIN)
    assert status == 0 and "شركة النور" in out and "Issuing CA" in out
    trusted = file(root().pem, "root.pem")
    assert run("certificate", bundle, "--trusted", trusted)[0] == 0
    status, out, _err = run("certificate", bundle, "--rin", "100000001")
    assert status == 1 and "certificate_other_company" in out
    person = file(make("Mona", issuing(), key=rsa_key()).pem)
    status, out, _err = run("certificate", person)
    assert status == 0 and "warning_certificate_person" in out


@needs_softhsm
def test_token(run, file, tmp_path):
    (tmp_path / "hsm").mkdir()
    hsm = SoftHsm(tmp_path / "hsm")
    with hsm.environment():
        serial = hsm.make_token()
        status, out, _err = run("token", hsm.path)
        assert status == 0 and "no certificate" in out and "empty" in out
        with hsm.writing(serial) as session:
            put_certificate(session, seal())
            put_key(session, seal().key)
        status, out, err = run("token", hsm.path)
        assert (status, err) == (0, "")
        assert serial in out and seal().info.fingerprint in out
        assert "id 01, label none" in out
        arguments = ["cades", CANONICAL, "--pkcs11-module", hsm.path]
        status, out, _err = run(*arguments, typed=f"{PIN}\n")
        assert status == 0
        assert openssl_accepts(base64.b64decode(out), TEXT, tmp_path, seal())
