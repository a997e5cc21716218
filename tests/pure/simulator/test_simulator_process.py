"""The command line: a real process, its address, TLS, its data file."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path

import pytest
import requests
from simulator_kit import Till, receipt, sealed

from simulator.client import ControlClient

ROOT = Path(__file__).parents[3]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "simulator", *arguments]


def failed(*arguments: str, env=None) -> subprocess.CompletedProcess:
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=env,
        check=False,
        capture_output=True,
        text=True,
        timeout=20,
    )


@contextlib.contextmanager
def process(*arguments: str):
    child = subprocess.Popen(
        command(*arguments), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        name, _simulator, address = child.stdout.readline().split()
        named = [text for text in arguments[:1] if not text.startswith("-")]
        assert [name] == (named or ["eg_eta"])
        yield child, address
    finally:
        if child.poll() is None:
            child.kill()
        child.wait(timeout=10)
        child.stdout.close()


def stop(child: subprocess.Popen) -> int:
    child.send_signal(signal.SIGTERM)
    return child.wait(timeout=10)


def test_it_prints_its_address_and_stops_at_sigterm():
    with process("eg_eta", "--port", "0") as (child, url):
        assert url.startswith("http://127.0.0.1:")
        assert ControlClient(url).overview()["simulator"] == "eg_eta"
        assert stop(child) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "0.0.0.0"], "loopback"),
        (["--config", "/nowhere.json"], "/nowhere.json"),
        (["--tls-cert", "x.pem"], "come together"),
        (["xx_tax"], "invalid choice"),
    ],
)
def test_mistakes(arguments, words):
    done = failed(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_configuration_with_a_mistake(tmp_path):
    file = tmp_path / "config.json"
    for text in (
        "{",
        '{"settings": {"x": 1}}',
        '{"devices": [{"serial": "a"}]}',
        '{"device": []}',
        '{"erp_clients": [{"client_id": "a", "secret": "b", "rin": "1"}]}',
    ):
        file.write_text(text)
        done = failed("--config", str(file))
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_openssl_is_missing_where_signatures_are_to_be_checked(tmp_path):
    file = tmp_path / "config.json"
    file.write_text('{"trusted_cas": [{"pem": "x"}]}')
    done = failed("--config", str(file), env={**os.environ, "PATH": "/nowhere"})
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "apt-get install openssl" in done.stderr


def test_a_port_that_is_taken():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = failed("--port", port)
    assert done.returncode != 0


def test_the_data_file_outlives_the_process(tmp_path):
    file = tmp_path / "data.json"
    config = tmp_path / "config.json"
    config.write_text(json.dumps({"settings": {"validation_seconds": 0}}))
    arguments = ("--data", str(file), "--config", str(config))
    one = sealed(receipt())
    bad = receipt(number="2", previous=one["header"]["uuid"])
    bad["paymentMethod"] = "X"
    with process(*arguments) as (child, url):
        till = Till(url)
        bearer = till.bearer
        identity = till.submit(one, sealed(bad))["submissionId"]
        control = ControlClient(url)
        control.fault("submit", "stuck", times=1)
        stuck = till.submit(sealed(receipt(number="3", previous="a" * 64)))
        before = control.receipts(raw=True)
        assert stop(child) == 0
    with process(*arguments) as (child, url):
        control = ControlClient(url)
        assert control.receipts(raw=True) == before
        till = Till(url)
        till._token = bearer["Authorization"].split()[1]  # still good
        rows = till.details(identity)["receipts"]
        assert [row["status"] for row in rows] == ["Valid", "Invalid"]
        assert till.details(stuck["submissionId"])["status"] == "InProgress"
        again = till.submit(one)
        assert len(again["rejectedDocuments"]) == 1
        back = receipt(number="R-1", previous="c" * 64, kind="R")
        back["header"]["referenceUUID"] = one["header"]["uuid"]
        (verdict,) = till.verdicts(control, sealed(back))
        assert verdict["status"] == "Valid", verdict
        assert stop(child) == 0


def test_another_kind_of_file_is_left_alone(tmp_path):
    file = tmp_path / "data.json"
    file.write_text("my diary")
    done = failed("--data", str(file))
    assert done.returncode == 2
    assert "is no data file" in done.stderr
    assert file.read_text() == "my diary"


def certificate(folder: Path) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(timezone.utc)
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "cert.pem", folder / "key.pem"
    certificate_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file


def test_tls(tmp_path):
    pem, key = certificate(tmp_path)
    with process("--tls-cert", str(pem), "--tls-key", str(key)) as (child, url):
        assert url.startswith("https://127.0.0.1:")
        address = f"{url}/_control/faults"
        port = int(url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            # one that never shakes hands holds nobody back
            started = time.monotonic()
            answer = requests.get(address, verify=str(pem), timeout=5)
            assert time.monotonic() - started < 3
        assert answer.json() == []
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(address, timeout=5)
        rule = {"on": "share", "kind": "drop_before"}
        requests.post(address, json=[rule], verify=str(pem), timeout=5)
        with pytest.raises(requests.ConnectionError):
            path = f"{url}/api/v1/receipts/x/share"
            requests.get(path, verify=str(pem), timeout=5)
        assert stop(child) == 0
