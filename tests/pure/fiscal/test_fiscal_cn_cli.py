"""``python -m fiscal.cn_nuonuo`` as a person or a script uses it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from cn_kit import SELLER, VECTORS, authority, document, line, order_of, receipt

from fiscal.cn_nuonuo.__main__ import main
from fiscal.cn_nuonuo.fapiao import freeze, thaw

ROOT = Path(__file__).parents[3]
KNOWN = json.loads((VECTORS / "nuonuo_vectors.json").read_text("utf-8"))
XML = VECTORS / "einvoice_xml" / "own-synthetic-multirate-discount-ordinary.xml"


@pytest.fixture
def run(capfdbinary, monkeypatch):
    def call(*arguments, secret=""):
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"{secret}\n"))
        status = main([str(argument) for argument in arguments])
        captured = capfdbinary.readouterr()
        return status, captured.out.decode(), captured.err.decode()

    return call


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "fapiao.json"
    path.write_bytes(document().content)
    return path


def test_as_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "fiscal.cn_nuonuo", "qr", KNOWN["face_qr"][0]],
        cwd=ROOT,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0
    assert b"number\t24112000000048542163" in done.stdout


def test_sign(run, tmp_path):
    (known,) = KNOWN["signature"]
    (tmp_path / "body").write_bytes(known["body"].encode())
    parts = [f"--{n}={known[n]}" for n in ("appkey", "senid", "nonce", "timestamp")]
    status, out, _err = run("sign", tmp_path / "body", *parts, secret=known["secret"])
    assert (status, out.strip()) == (0, known["sign"])


def test_request(run, kept):
    _status, out, _err = run("request", kept)
    assert out.encode().strip() == authority().envelope([document()]).content


def test_order(run):
    _status, out, _err = run("order", SELLER, "S00042-1", "2026-10-01 09:30:00")
    assert out.strip() == order_of(document())


def test_check(run, kept):
    assert run("check", kept)[:2] == (0, "No problems found.\n")
    fapiao = thaw(document(receipt(line("200.00", tax="26.05"))).content)
    content = freeze(fapiao).replace(b'"tax":"26.05"', b'"tax":"26.07"')
    kept.write_bytes(content)
    status, out, _err = run("check", kept)
    assert status == 1 and out.startswith("E9131 lines[0]: ")


def test_read(run):
    status, out, _err = run("read", XML)
    assert status == 0
    assert "total\t322.20\n" in out and "line\t*计算机*测试设备\t200.00\t26.00" in out
    _status, out, _err = run("qr", XML)
    assert out.strip() == "01,32,,26310000000000000101,322.20,20261001,,"


def test_what_cannot_be_used(run, tmp_path):
    assert run("read", tmp_path / "none")[0] == 2
    (tmp_path / "x").write_bytes(b"{}")
    for name in ("check", "request", "read"):
        status, _out, err = run(name, tmp_path / "x")
        assert status == 2 and err
