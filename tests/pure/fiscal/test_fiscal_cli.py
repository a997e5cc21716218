"""``python -m fiscal.eg_eta`` as a person or a script uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from eta_samples import EXPECTED, VECTORS, authority, sale
from invoice_samples import company_key, credit, document_of, invoice, invoicing

from fiscal.eg_eta.__main__ import main

ROOT = Path(__file__).parents[3]
GOOD = list(EXPECTED["receipts"])


@pytest.fixture
def run(capfdbinary):
    def call(*arguments):
        status = main([str(argument) for argument in arguments])
        captured = capfdbinary.readouterr()
        return status, captured.out, captured.err.decode()

    return call


@pytest.fixture
def file(tmp_path):
    def write(content):
        path = tmp_path / "file.json"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_as_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "fiscal.eg_eta", "canonical", VECTORS / "one-doc.json"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0 and done.stderr == b""
    assert done.stdout == (VECTORS / "one-doc-serialized.json.txt").read_bytes()


def test_canonical_is_exact_whatever_the_locale(monkeypatch, file):
    path = file('\ufeff{"a":"بلاتين\\n","b":10.50}')
    done = subprocess.run(
        [sys.executable, "-m", "fiscal.eg_eta", "canonical", path],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PATH": ""},
    )
    assert done.stdout == '"A""بلاتين\\n""B""10.50"'.encode()
    assert done.returncode == 0


def test_sentences_come_out_on_any_terminal(file):
    good = (VECTORS / "r01_sale_first.json").read_text("utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "fiscal.eg_eta", "check", file(good.replace("EA", "é"))],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )
    assert done.returncode == 1 and done.stderr == b""
    assert b"unit_unknown\titemData[0].unitType\tThe unit" in done.stdout


@pytest.mark.parametrize("name", GOOD)
def test_uuid_of_a_receipt(run, name):
    uuid = EXPECTED["receipts"][name]["uuid"]
    assert run("uuid", VECTORS / f"{name}.json") == (0, f"{uuid}\n".encode(), "")


def test_uuids_of_a_submission_keep_the_receipts_text(run, file):
    receipts = [(VECTORS / f"{name}.json").read_text("utf-8") for name in GOOD]
    path = file('\ufeff {"receipts": [\n' + " ,\n".join(receipts) + "]}")
    status, out, _err = run("uuid", path)
    assert status == 0
    assert out.decode().split() == [EXPECTED["receipts"][n]["uuid"] for n in GOOD]
    assert run("check", path) == (0, b"No problems found.\n", "")


@pytest.mark.parametrize("name", GOOD)
def test_good_receipts_have_no_problems(run, name):
    path = VECTORS / f"{name}.json"
    assert run("check", path) == (0, b"No problems found.\n", "")


def test_what_we_build_has_no_problems(run, file):
    assert run("check", file(authority().build(sale()).content))[0] == 0


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        ('"S-0002"', '"S-0003"', ["uuid_differs"]),
        ('"total":228.0', '"total":228.1', ["uuid_differs", "amount_differs"]),
        ('"totalSale":200.0', '"totalSale":20', ["uuid_differs", "amount_differs"]),
        ('"netAmount":289.99999', '"netAmount":290', ["uuid_differs"]),
        (
            '"netAmount":289.99999',
            '"netAmount":291',
            ["uuid_differs", "amount_differs"],
        ),
        (
            '"totalAmount":329.09999',
            '"totalAmount":329',
            ["uuid_differs", "total_differs", "amount_differs"],
        ),
        ('"amount":28.0', '"amount":27', ["tax_formula", "total_differs"]),
        ('"EA"', '"Units"', ["unit_unknown"]),
        ('"1.2"', "1.2", ["structure"]),
        ('"1.2"', '"1.1"', ["uuid_differs", "version_unknown"]),
        ('"buyer":{"type":"P"', '"buyer":{"type":"X"', ["structure"]),
        ('"mobileNumber":""', '"mobileNumber":null', ["value_unsafe"]),
        ('"netAmount"', '"netAmount":[],"x"', ["value_unsafe"]),
    ],
)
def test_what_is_wrong_is_said(run, file, old, new, codes):
    text = (VECTORS / "r02_sale_chained.json").read_text("utf-8")
    assert old in text
    status, out, _err = run("check", file(text.replace(old, new, 1)))
    lines = out.decode().splitlines()
    assert status == (1 if codes else 0)
    if codes:
        assert set(codes) <= {line.split("\t")[0] for line in lines}
        assert all(len(line.split("\t")) == 3 for line in lines)


def test_the_own_uuid_a_second_time_is_said(run, file):
    document = json.loads((VECTORS / "r01_sale_first.json").read_bytes())
    document["header"]["previousUUID"] = document["header"]["uuid"]
    _status, out, _err = run("check", file(json.dumps(document)))
    assert "uuid_elsewhere" in out.decode()


def test_problems_name_their_receipt(run, file):
    good = (VECTORS / "r01_sale_first.json").read_text("utf-8")
    bad = good.replace('"EGP"', '"XYZ"')
    status, out, _err = run("check", file(f'{{"receipts":[{good},{bad}]}}'))
    assert status == 1
    assert "currency_unknown\treceipts[1].header.currency\t" in out.decode()


@pytest.mark.parametrize("command", ["canonical", "uuid", "check"])
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b"hello", b"{'a':1}"])
def test_a_file_that_is_no_json_is_said(run, file, command, content):
    status, out, err = run(command, file(content))
    assert (status, out) == (2, b"")
    assert "file.json is of no use here" in err and "Traceback" not in err


@pytest.mark.parametrize("command", ["uuid", "check"])
@pytest.mark.parametrize("content", [b"{}", b"[]", b"5", b'{"receipts":[5]}'])
def test_a_file_that_is_no_receipt_is_said(run, file, command, content):
    status, out, err = run(command, file(content))
    assert (status, out) == (2, b"")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["canonical", "uuid", "check"])
def test_a_file_that_cannot_be_read_is_said(run, tmp_path, command):
    for path in (tmp_path / "missing.json", tmp_path):
        status, out, err = run(command, path)
        assert (status, out) == (2, b"")
        assert "cannot be read" in err


def test_usage(capfd):
    for arguments in ([], ["sign", "x"], ["uuid"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2
        assert "usage" in capfd.readouterr().err


# -- invoices --------------------------------------------------------------------------


def sent(*receipts):
    eta = invoicing()
    signed = [eta.sign(eta.build(receipt), company_key()) for receipt in receipts]
    documents = [
        document_of(built, key, number=str(key)) for key, built in enumerate(signed)
    ]
    return eta.envelope(documents).content


def test_the_signed_text_of_an_invoice_is_without_its_signatures(run, file):
    one = VECTORS / "one-doc.json"
    expected = (VECTORS / "one-doc-serialized.json.txt").read_bytes()
    assert run("signed-text", one) == (0, expected, "")
    signed = one.read_text("utf-8-sig").rstrip()[:-1] + ',"signatures":[{"a":1}]}'
    assert run("signed-text", file(signed)) == (0, expected, "")
    assert run("signed-text", file(f'{{"documents":[{signed}]}}'))[1] == expected
    status, _out, err = run("signed-text", file('{"documents":[{},{}]}'))
    assert status == 2 and "2 invoices" in err


def test_what_we_send_has_no_problems(run, file):
    status, out, _err = run("check-invoice", file(sent(invoice(), credit())))
    assert (status, out) == (0, b"No problems found.\n")


@pytest.mark.parametrize(
    ("old", "new", "codes"),
    [
        (b'"INV/2026/0001"', b'"INV/2026/0002"', ["signature_digest"]),
        (
            b'"netAmount":100',
            b'"netAmount":101',
            ["signature_digest", "amount_differs"],
        ),
        (
            b'"salesTotal":100',
            b'"salesTotal":100.1',
            ["signature_digest", "amount_differs"],
        ),
        (b'"quantity":2', b'"quantity":null', ["quantity_unusable", "value_unsafe"]),
        (b'"1.0"', b'"1.1"', ["signature_digest", "version_unknown"]),
        (b'"EA"', b'"XX"', ["signature_digest", "unit_unknown"]),
        (b'"I","documentType', b'"Q","documentType', ["structure"]),
    ],
)
def test_what_is_wrong_with_an_invoice_is_printed(run, file, old, new, codes):
    content = sent(invoice())
    assert content.count(old) >= 1
    status, out, _err = run("check-invoice", file(content.replace(old, new, 1)))
    assert status == 1
    found = {line.split("\t")[0] for line in out.decode().splitlines()}
    assert set(codes) <= found, found


def test_a_conversion_that_does_not_fit_is_printed(run, file):
    content = (VECTORS / "one-doc.json").read_bytes()
    assert b'"amountEGP": 189.40' in content
    wrong = content.replace(b'"amountEGP": 189.40', b'"amountEGP": 189.41')
    _status, out, _err = run("check-invoice", file(wrong))
    assert b"invoiceLines[0].unitValue.amountEGP" in out
    _status, out, _err = run("check-invoice", file(content))
    assert b"amountEGP" not in out


def test_a_submission_of_invoices_names_which_one(run, file):
    content = sent(invoice(), credit()).replace(b'"EA"', b'"XX"')
    status, out, _err = run("check-invoice", file(content))
    assert status == 1 and b"documents[1].invoiceLines[0].unitType" in out
