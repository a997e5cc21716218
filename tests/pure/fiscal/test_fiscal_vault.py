"""A sealed secret opens with its key at its place, and nowhere else."""

from __future__ import annotations

import base64
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fiscal.vault import (
    UnknownKey,
    Vault,
    VaultError,
    fingerprint,
    make_key,
    make_key_file,
)

KEY, OTHER = make_key(), make_key()
PLACE = "ereceipt.device:7:client_secret"
SECRET = "s3cret-of-the-till-مفتاح"


@settings(max_examples=50)
@given(secret=st.text(st.characters(codec="utf-8")), place=st.text(max_size=60))
def test_what_was_sealed_opens(secret: str, place: str) -> None:
    vault = Vault([KEY])
    place = place.encode("utf-8", "ignore").decode()
    assert vault.open(vault.seal(secret, place), place) == secret


def test_the_sealed_form_shows_nothing_of_the_secret() -> None:
    sealed = Vault([KEY]).seal(SECRET, PLACE)
    version, mark, nonce, text = sealed.split(":")
    assert (version, mark) == ("v1", fingerprint(KEY))
    assert len(base64.b64decode(nonce)) == 12
    # AES-GCM adds its tag of 16 bytes and nothing else
    assert len(base64.b64decode(text)) == len(SECRET.encode()) + 16
    for form in (SECRET, base64.b64encode(SECRET.encode()).decode(), KEY):
        assert form not in sealed


def test_equal_secrets_do_not_look_equal() -> None:
    vault = Vault([KEY])
    sealed = {vault.seal(SECRET, PLACE) for _count in range(200)}
    assert len({one.split(":")[2] for one in sealed}) == 200
    assert len({one.split(":")[3] for one in sealed}) == 200


@pytest.mark.parametrize(
    "place",
    [
        "ereceipt.device:8:client_secret",
        "ereceipt.device:7:client_secret_2",
        "ereceipt.registration:7:client_secret",
        "",
    ],
    ids=["row", "field", "table", "none"],
)
def test_a_moved_secret_does_not_open(place: str) -> None:
    vault = Vault([KEY])
    sealed = vault.seal(SECRET, PLACE)
    with pytest.raises(VaultError, match="changed, or copied") as raised:
        vault.open(sealed, place)
    assert not isinstance(raised.value, UnknownKey)


@pytest.mark.parametrize("part", [2, 3], ids=["nonce", "ciphertext"])
def test_every_changed_byte_is_noticed(part: int) -> None:
    vault = Vault([KEY])
    parts = vault.seal("1234", PLACE).split(":")
    raw = base64.b64decode(parts[part])
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        spoilt = [*parts]
        spoilt[part] = base64.b64encode(bytes(changed)).decode()
        with pytest.raises(VaultError, match="changed"):
            vault.open(":".join(spoilt), PLACE)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda parts: ["v2", *parts[1:]],
        lambda parts: parts[:3],
        lambda parts: [*parts, "more"],
        lambda parts: ["plain text"],
        lambda parts: [],
    ],
    ids=["version", "short", "long", "plain", "empty"],
)
def test_an_unknown_form_is_refused(spoil) -> None:
    vault = Vault([KEY])
    parts = vault.seal(SECRET, PLACE).split(":")
    with pytest.raises(VaultError, match="form that is not known"):
        vault.open(":".join(spoil(parts)), PLACE)


@pytest.mark.parametrize("part", [2, 3])
@pytest.mark.parametrize("text", ["", "?", "AAA", "AAAA", "ä"])
def test_nonsense_is_refused_in_a_sentence(part: int, text: str) -> None:
    vault = Vault([KEY])
    parts = vault.seal(SECRET, PLACE).split(":")
    parts[part] = text
    with pytest.raises(VaultError, match=r"^The stored secret was changed.*\.$"):
        vault.open(":".join(parts), PLACE)


def test_a_missing_key_is_named_and_no_secret_with_it() -> None:
    sealed = Vault([KEY]).seal(SECRET, PLACE)
    with pytest.raises(UnknownKey) as raised:
        Vault([OTHER]).open(sealed, PLACE)
    assert raised.value.fingerprint == fingerprint(KEY)
    assert fingerprint(KEY) in str(raised.value)
    for told in (str(raised.value), repr(raised.value), repr(Vault([KEY]))):
        assert SECRET not in told
        assert KEY not in told


def test_the_mark_of_another_key_opens_nothing() -> None:
    """Whoever may write the column cannot pass one key's work off as another's."""
    vault = Vault([KEY, OTHER])
    parts = vault.seal(SECRET, PLACE).split(":")
    parts[1] = fingerprint(OTHER)
    with pytest.raises(VaultError, match="changed"):
        vault.open(":".join(parts), PLACE)


def test_rotation_seals_with_the_first_key_and_opens_with_all() -> None:
    before = Vault([KEY]).seal(SECRET, PLACE)
    vault = Vault([OTHER, KEY])
    assert vault.current == fingerprint(OTHER)
    assert vault.open(before, PLACE) == SECRET
    assert not vault.is_current(before)
    after = vault.seal(vault.open(before, PLACE), PLACE)
    assert vault.is_current(after)
    assert Vault([OTHER]).open(after, PLACE) == SECRET


def test_fingerprints_tell_keys_apart_and_not_what_they_are() -> None:
    keys = [make_key() for _count in range(20)]
    assert len({fingerprint(key) for key in keys}) == 20
    assert fingerprint(f"  {KEY}\n") == fingerprint(KEY)
    assert len(fingerprint(KEY)) == 8


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [""],
        ["too short"],
        [base64.b64encode(bytes(16)).decode()],
        [base64.b64encode(bytes(33)).decode()],
        [KEY, ""],
        [KEY[:-1]],
        [f"{KEY[:10]}\n*{KEY[11:]}"],
        ["ключ" * 11],
    ],
)
def test_malformed_keys_are_refused(keys: list[str]) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        Vault(keys)
    assert KEY not in str(raised.value)


# -- the key file ----------------------------------------------------------------------

ROOT = Path(__file__).resolve().parents[3]
RACER = """
import sys, time
from pathlib import Path
from fiscal.vault import Vault, make_key_file

path, start = Path(sys.argv[1]), float(sys.argv[2])
while time.time() < start:
    pass
made = make_key_file(path)
# whoever comes second reads at once: what he finds has to be a whole key
print(int(made), Vault([path.read_text()]).current)
"""


def test_a_key_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "account_ereceipt.key"
    assert make_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Vault([path.read_text()]).current
    assert os.listdir(path.parent) == [path.name], "nothing is left lying about"


def test_a_key_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "account_ereceipt.key"
    path.write_text(KEY)
    assert not make_key_file(path)
    assert path.read_text() == KEY
    assert os.listdir(tmp_path) == [path.name]


def test_processes_that_race_for_the_key_file_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "account_ereceipt.key"
    start = str(time.time() + 1.5)
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(path), start],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _count in range(6)
    ]
    told = [racer.communicate(timeout=60)[0].split() for racer in racers]
    assert sorted(made for made, _key in told) == ["0"] * 5 + ["1"]
    assert {key for _made, key in told} == {Vault([path.read_text()]).current}
