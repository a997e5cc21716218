"""PKCS#11 modules: loaded once, or a sentence why not."""

from __future__ import annotations

import os

import pytest
from softhsm_kit import needs_softhsm
from token_kit import refused

from fiscal.signing import pkcs11_module as module_file
from fiscal.signing.errors import KeyUnusable
from fiscal.signing.pkcs11_module import pkcs11_module

pytestmark = needs_softhsm


def test_a_module_is_loaded_once(hsm):
    assert pkcs11_module(hsm.path) is hsm.module


@pytest.mark.parametrize("content", [None, b"", b"hello"])
def test_a_path_that_leads_to_no_module(tmp_path, content):
    path = tmp_path / "vendor.so"
    if content is not None:
        path.write_bytes(content)
    assert str(path) in refused(KeyUnusable, "token_module", pkcs11_module, str(path))


def test_a_module_for_something_else():
    other = module_file.pkcs11.__path__[0]
    (path,) = [
        os.path.join(other, name)
        for name in os.listdir(other)
        if name.startswith("_pkcs11.") and name.endswith(".so")
    ]
    refused(KeyUnusable, "token_module", pkcs11_module, path)


def test_without_python_pkcs11(monkeypatch, tmp_path):
    monkeypatch.setattr(module_file, "pkcs11", None)
    text = refused(
        KeyUnusable, "library_missing", pkcs11_module, str(tmp_path / "x.so")
    )
    assert "pip install python-pkcs11" in text
