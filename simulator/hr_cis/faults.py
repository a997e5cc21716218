"""Misbehaviour of CIS's own kind, on top of :mod:`simulator.faults`.

=======================  ======================================================
``soap_fault``           a SOAP Fault with ``message``
``system_error``         s006, signed
``refuse``               the error ``code`` with ``message``, signed
``unsigned``             no signature
``wrong_signature``      one whose value is another's
``wrong_digest``         the answer was changed after it was signed
``foreign_certificate``  signed by an authority that nobody believes
``wrong_signer``         signed under the right authority by somebody else
``wrapped``              what is signed stands beside a forged answer
``wrong_message_id``     answers another message (and is signed)
``no_jir``               neither JIR nor ``Greske`` (and is signed)
``upper_case``           codes in upper case (and is signed)
=======================  ======================================================

The first three take the place of the call, unless ``processed`` is true; the others
spoil its answer. ``serial`` is ``premises/device``, ``client`` an OIB. ``bad_json``
makes the answer no XML.
"""

from __future__ import annotations

import base64
import copy
import uuid
from collections.abc import Sequence

from lxml import etree

from ..faults import Rule
from .answers import Answer
from .authority import Authority, Seal
from .codes import ERRORS, error
from .names import ds, f73

INSTEAD = ("soap_fault", "system_error", "refuse")
CONTENT = ("wrong_message_id", "no_jir", "upper_case")
SEAL = ("unsigned", "foreign_certificate", "wrong_signer")
SEALED = ("wrong_signature", "wrong_digest", "wrapped")
KINDS = INSTEAD + CONTENT + SEAL + SEALED
_UNNAMED = "InternalServerError"
_FORGED = "00000000-0000-4000-8000-000000000000"


def instead(rules: Sequence[Rule], answer: Answer) -> None:
    """Put an ordered error into the place of an answer."""
    for rule in rules:
        if rule.kind == "system_error":
            _refuse(answer, error("s006"))
        elif rule.kind == "refuse":
            named = "s006" if rule.code == _UNNAMED else rule.code
            text = ERRORS.get(named, "{detail}").format(detail=rule.message)
            _refuse(answer, (named, text))


def _refuse(answer: Answer, row: tuple[str, str]) -> None:
    answer.jir = answer.success = ""
    answer.content, answer.errors = [], [row]


def content(rules: Sequence[Rule], envelope: etree._Element) -> None:
    """Change an answer before it is signed."""
    kinds = {rule.kind for rule in rules}
    if "wrong_message_id" in kinds:
        for node in envelope.iter(f73("IdPoruke")):
            node.text = str(uuid.uuid4())
    if "no_jir" in kinds:
        for node in list(envelope.iter(f73("Jir"), f73("Greske"))):
            node.getparent().remove(node)
    if "upper_case" in kinds:
        for node in envelope.iter(f73("SifraPoruke"), f73("SifraGreske")):
            node.text = (node.text or "").upper()


def signer(
    rules: Sequence[Rule], authority: Authority, environment: str
) -> Seal | None:
    """Who signs an answer; None when nobody does."""
    kinds = {rule.kind for rule in rules}
    if "unsigned" in kinds:
        return None
    if "foreign_certificate" in kinds:
        return authority.stranger
    if "wrong_signer" in kinds:
        return authority.certify("00000000001", name="Netko drugi")
    return authority.services[environment]


def sealed(rules: Sequence[Rule], envelope: etree._Element) -> None:
    """Change an answer after it was signed."""
    for rule in rules:
        if rule.kind == "wrong_signature":
            for node in envelope.iter(ds("SignatureValue")):
                value = bytearray(base64.b64decode(node.text or ""))
                value[-1] ^= 1
                node.text = base64.b64encode(value).decode()
        elif rule.kind == "wrong_digest":
            for node in envelope.iter(f73("DatumVrijeme")):
                node.text = "01.01.2020T00:00:00"
        elif rule.kind == "wrapped":
            _wrap(envelope[0])


def _wrap(body: etree._Element) -> None:
    """Put a forged answer first; the signed one follows it with its signature."""
    forged = copy.deepcopy(body[0])
    if "Id" in forged.attrib:
        del forged.attrib["Id"]
    for node in forged.findall(ds("Signature")):
        forged.remove(node)
    for node in forged.findall(f73("Jir")):
        node.text = _FORGED
    body.insert(0, forged)
