"""Signatures that fit, and still are none of the message that is read."""

from __future__ import annotations

import copy

import pytest
from hr_kit import JIR, JIR_IN, SHA1, answer, cis, needs_xmlsec, signed_answer
from lxml import etree

from fiscal.signing.xmldsig import NAMESPACE, SignatureWrong, check_enveloped
from fiscal.xmltext import MOST_BYTES, canonical, parse

pytestmark = needs_xmlsec
FORGED = "99999999-9999-4999-8999-999999999999"


@pytest.fixture
def good(tmp_path):
    return signed_answer(tmp_path, "m", JIR_IN)


def message_of(root):
    return root[0][0]


def refused(root, message=None, digests=("sha256",)):
    # as it travels: what is read is not what was put together
    content = etree.tostring(root)
    read = message_of(parse(content)) if message is None else message
    with pytest.raises(SignatureWrong) as caught:
        check_enveloped(read, digests)
    return caught.value.code


def test_the_answer_fits(good):
    signed = check_enveloped(message_of(parse(good)))
    assert signed.certificates[0].common_name == "fiskalcistest"


def test_the_signed_message_moved_aside(good):
    """The signed message goes elsewhere, and a forged one stands where it is read."""
    root = parse(good)
    signed = message_of(root)
    forged = copy.deepcopy(signed)
    forged.remove(forged[-1])
    forged.set("Id", "other")
    forged[1].text = FORGED
    root[0].insert(0, forged)
    assert refused(root) == "place"


def test_the_signature_moved_into_a_forged_message(good):
    root = parse(good)
    signed = message_of(root)
    forged = copy.deepcopy(signed)
    forged[1].text = FORGED
    signed.remove(signed[-1])
    forged.set("Id", "other")
    root[0].insert(0, forged)
    assert refused(root) == "reference"


def test_the_same_id_twice(good):
    root = parse(good)
    etree.SubElement(root, "x").set("Id", message_of(root).get("Id"))
    assert refused(root) == "reference"


def test_two_signatures(good):
    root = parse(good)
    message = message_of(root)
    message.append(copy.deepcopy(message[-1]))
    assert refused(root) == "place"


@pytest.mark.parametrize(
    "before, after, code",
    [
        (f"{NAMESPACE}enveloped-signature", "urn:x", "algorithm"),
        (
            "2001/REC-xml-c14n-20010315",
            "2001/REC-xml-c14n-20010315#WithComments",
            "algorithm",
        ),
        ("#rsa-sha256", "#hmac-sha256", "algorithm"),
        ("xmlenc#sha256", "xmldsig-more#sha384", "algorithm"),
        ('URI="#G0x7f4b-4D"', 'URI=""', "reference"),
        (JIR, FORGED, "digest"),
        ("<DigestValue>", "<DigestValue>!", "form"),
        ("<SignatureValue>", "<SignatureValue>AAAA", "value"),
        ("<X509Certificate>", "<X509Certificate>AAAA", "certificate"),
        ("<SignedInfo>", '<SignedInfo Id="y">', "value"),
        ("X509Data>", "X509Other>", "certificate"),
    ],
)
def test_changed_parts(good, before, after, code):
    changed = good.decode().replace(before, after)
    assert changed != good.decode()
    assert refused(parse(changed.encode())) == code


def test_a_hash_that_is_not_taken(tmp_path):
    root = parse(signed_answer(tmp_path, "m", JIR_IN, algorithms=SHA1))
    assert refused(root) == "algorithm"
    check_enveloped(message_of(root), ("sha256", "sha1"))


def test_white_space_around_the_signature_is_signed(tmp_path):
    content = signed_answer(tmp_path, "m", JIR_IN + "\n  ", signer=cis())
    check_enveloped(message_of(parse(content)))
    changed = content.replace(b"</tns:Jir>\n  ", b"</tns:Jir>\n ")
    assert refused(parse(changed)) == "digest"


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
        b"<a>&b;</a>",
        b"<a>" * 101 + b"</a>" * 101,
        b"<a/>" + b" " * MOST_BYTES,
        b"",
        "<a/>".encode("utf-16")[:-1],
    ],
)
def test_dangerous_xml_is_not_read(content):
    with pytest.raises(ValueError):
        parse(content)


def test_inclusive_text_has_the_namespaces_around():
    root = parse(answer("m", JIR_IN))
    inclusive = canonical(message_of(root), exclusive=False)
    assert b'xmlns:xsd="http://www.w3.org/2001/XMLSchema"' in inclusive
    exclusive = canonical(message_of(root), exclusive=True)
    assert b"xmlns:xsd" not in exclusive and b"xmlns:xsi" in exclusive
