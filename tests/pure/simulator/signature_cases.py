"""Signatures that are right or wrong in one way, made by openssl or bent.

A case is called with the text to sign and the signers by name; it gives what
goes into ``value``.
"""

import base64
import hashlib

from invoice_kit import Signer, openssl
from signature_kit import (
    ATTRIBUTES,
    BODY,
    SIGNER,
    SIGNERS,
    at,
    attributes,
    b64,
    oid,
    replaced,
    resigned,
    tlv,
    with_value,
    without,
)

from simulator.eg_eta.invoices import der, profile

ID_DATA = "1.2.840.113549.1.7.1"
SHA256 = tlv(der.SEQUENCE, oid(profile.SHA256))
NULL = tlv(der.NULL)


def good(text: bytes, people: dict[str, Signer], *options, **more) -> bytes:
    return people["seal"].sign(text, *options, **more)


def bent(change):
    """A case that changes attributes and signs again."""
    return lambda text, people: b64(
        resigned(good(text, people), people["seal"], change)
    )


def patched(path, new):
    """A case that replaces a part that is not signed."""
    return lambda text, people: b64(replaced(good(text, people), path, new))


def made(*options, **more):
    """A case made by openssl with other options."""
    return lambda text, people: b64(good(text, people, *options, **more))


def by(name):
    """A case signed by somebody else."""
    return lambda text, people: b64(people[name].sign(text))


def indefinite(text, people):
    data = good(text, people)
    content = at(data).content
    return b64(b"\x30\x80" + content + b"\x00\x00")


def long_length(text, people):
    data = good(text, people)
    assert data[1] == 0x82
    return b64(data[:1] + b"\x83\x00" + data[2:])


def stretched_integer(text, people):
    return b64(replaced(good(text, people), (*BODY, 0), b"\x02\x02\x00\x03"))


def flipped(place):
    """A case with one bit of the DER changed, at an index from the end."""

    def case(text, people):
        data = bytearray(good(text, people))
        data[place] ^= 1
        return b64(bytes(data))

    return case


def later_signing_time(text, people):
    data = good(text, people)
    row = attributes(data)[profile.SIGNING_TIME]
    index = list(attributes(data)).index(profile.SIGNING_TIME)
    return b64(replaced(data, (*ATTRIBUTES, index), row[:-4] + b"777Z"))


def essence(people, *, algorithm=b"", digest=None, serial=None, name_tag=0xA4):
    """The value of signing-certificate-v2, in parts."""
    certificate = openssl("x509", "-in", people["seal"].certificate, "-outform", "DER")
    fields = at(certificate, 0).children
    issuer = tlv(der.SEQUENCE, tlv(name_tag, fields[3].raw))
    number = fields[1].raw if serial is None else tlv(der.INTEGER, bytes([serial]))
    hashed = digest or hashlib.sha256(certificate).digest()
    identifier = tlv(
        der.SEQUENCE,
        algorithm,
        tlv(der.OCTETS, hashed),
        tlv(der.SEQUENCE, issuer, number),
    )
    return tlv(der.SEQUENCE, tlv(der.SEQUENCE, identifier))


def essential(**parts):
    """A case with another signing-certificate-v2."""

    def case(text, people):
        name = profile.SIGNING_CERTIFICATE_V2
        change = with_value(name, essence(people, **parts))
        return b64(resigned(good(text, people), people["seal"], change))

    return case


def unsigned_attribute(text, people):
    data = good(text, people)
    signer = at(data, *SIGNER)
    stamp = tlv(der.SEQUENCE, oid("1.2.840.113549.1.9.16.2.14"), tlv(der.SET, NULL))
    return b64(replaced(data, SIGNER, tlv(0x30, signer.content, tlv(0xA1, stamp))))


def two_signers(first, second):
    """A case with two signers in this order, whatever DER says of sets."""

    def case(text, people):
        one, two = people[first].sign(text), people[second].sign(text)
        data = replaced(
            one, SIGNERS, tlv(der.SET, at(one, *SIGNER).raw, at(two, *SIGNER).raw)
        )
        both = tlv(0xA0, at(one, *BODY, 3).content, at(two, *BODY, 3).content)
        return b64(replaced(data, (*BODY, 3), both))

    return case


def _without_attributes(data):
    signer = at(data, *SIGNER)
    rest = [child.raw for number, child in enumerate(signer.children) if number != 3]
    return replaced(data, SIGNER, tlv(der.SEQUENCE, *rest))


FORMAT = {
    "a placeholder": lambda text, people: "<Signature Value>",
    "lines": lambda text, people: b64(good(text, people))[:64] + "\r\n" + "A" * 64,
    "url alphabet": lambda text, people: "-_" * 500,
    "no padding": lambda text, people: b64(good(text, people) + b"x").rstrip("=")[:-1],
    "hex": lambda text, people: good(text, people).hex(),
    "pem": lambda text, people: b64(
        b"-----BEGIN CMS-----\n" + base64.encodebytes(good(text, people))
    ),
    "garbage": lambda text, people: b64(b"garbage"),
    "cut off": lambda text, people: b64(good(text, people)[:-10]),
    "something after it": lambda text, people: b64(good(text, people) + b"\x00"),
    "indefinite length (BER)": indefinite,
    "length not shortest (BER)": long_length,
    "integer not shortest (BER)": stretched_integer,
    "a certificate": lambda text, people: b64(
        openssl("x509", "-in", people["seal"].certificate, "-outform", "DER")
    ),
    "cms, not signed": lambda text, people: b64(
        openssl("cms", "-data_create", "-outform", "DER", stdin=text)
    ),
    "cms, enveloped": lambda text, people: b64(
        openssl(
            "cms",
            "-encrypt",
            *("-outform", "DER", "-aes128", people["buyer"].certificate),
            stdin=text,
        )
    ),
    "a part left out": lambda text, people: b64(
        tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xA0, tlv(0x30, tlv(2, b"\x03"))))
    ),
}
ATTACHED = {
    "id-data, detached": made(content_type=ID_DATA),
    "id-data by default": made(content_type=""),
    "content inside": made("-nodetach"),
    "id-data and content inside": made("-nodetach", content_type=ID_DATA),
    "certificates only": lambda text, people: b64(
        openssl(
            "crl2pkcs7",
            *("-nocrl", "-outform", "DER", "-certfile", people["seal"].certificate),
        )
    ),
}
PROFILE = {
    "plain cms": (made(form=()), "missing: signing-certificate-v2"),
    "no signed attributes": (
        lambda text, people: b64(_without_attributes(good(text, people))),
        "missing: contentType, signingTime, messageDigest",
    ),
    "no contentType": (bent(without(profile.CONTENT_TYPE)), "missing: contentType"),
    "no signingTime": (bent(without(profile.SIGNING_TIME)), "missing: signingTime"),
    "no messageDigest": (bent(without(profile.MESSAGE_DIGEST)), "missing: messageD"),
    "no signing-certificate-v2": (
        bent(without(profile.SIGNING_CERTIFICATE_V2)),
        "missing: signing-certificate-v2",
    ),
    "another contentType": (
        bent(with_value(profile.CONTENT_TYPE, oid(ID_DATA))),
        "contentType is not the content's",
    ),
    "signingTime is text": (
        bent(with_value(profile.SIGNING_TIME, tlv(0x0C, b"now"))),
        "signingTime is no time",
    ),
    "messageDigest is no octets": (
        bent(with_value(profile.MESSAGE_DIGEST, NULL)),
        "messageDigest has another type",
    ),
    "messageDigest twice": (
        bent(lambda rows: [*rows.values(), rows[profile.MESSAGE_DIGEST]]),
        "stands there twice",
    ),
    "two values": (
        bent(with_value(profile.SIGNING_TIME, NULL, NULL)),
        "signingTime must have one value",
    ),
    "signing-certificate-v2 is empty": (
        bent(with_value(profile.SIGNING_CERTIFICATE_V2, tlv(der.SEQUENCE))),
        "another shape",
    ),
    "another certificate's hash": (essential(digest=b"x" * 32), "about another"),
    "sha-1 of the certificate": (essential(digest=b"x" * 20), "about another"),
    "another serial number": (essential(serial=7), "another serial number"),
    "sha-1": (made(digest="sha1", form=("-nosmimecap",)), "must be SHA-256"),
    "sha-1 in cades": (made(digest="sha1"), "must be SHA-256"),
    "sha-512": (made(digest="sha512"), "must be SHA-256"),
    "digestAlgorithms with NULL": (
        patched((*BODY, 1), tlv(der.SET, tlv(der.SEQUENCE, oid(profile.SHA256), NULL))),
        "digestAlgorithms must be SHA-256 without parameters",
    ),
    "digestAlgorithm with NULL": (
        patched((*SIGNER, 2), tlv(der.SEQUENCE, oid(profile.SHA256), NULL)),
        "digestAlgorithm must be SHA-256 without parameters",
    ),
    "version 7": (patched((*BODY, 0), tlv(der.INTEGER, b"\x07")), "no such version"),
    "a curve": (by("curve"), "is not RSA"),
    "pss": (made("-keyopt", "rsa_padding_mode:pss"), "is not RSA"),
    "signer by key id": (made("-keyid"), "not named by issuer"),
    "signer info of version 3": (
        patched((*SIGNER, 0), tlv(der.INTEGER, b"\x03")),
        "is not 1",
    ),
    "no certificate": (made("-nocerts"), "certificate is not included"),
    "unsigned attributes (CAdES-T)": (unsigned_attribute, "unsigned attributes"),
    "nobody signed": (patched(SIGNERS, tlv(der.SET)), "nobody signed"),
    "signature changed": (flipped(-1), "does not hold"),
    "signingTime changed": (later_signing_time, "does not hold"),
}


def bassem(people):
    """A signer in wide use writes the attribute's own name as hash algorithm."""
    return tlv(der.SEQUENCE, oid(profile.SIGNING_CERTIFICATE_V2))


ACCEPTED = {
    "the issuing authority included": lambda text, people: b64(
        good(text, people, "-certfile", people["ca"].certificate)
    ),
    "version 1": patched((*BODY, 0), tlv(der.INTEGER, b"\x01")),
    "sha256WithRSA": patched(
        (*SIGNER, 4), tlv(der.SEQUENCE, oid("1.2.840.113549.1.1.11"), NULL)
    ),
    "no parameters of the signature": patched(
        (*SIGNER, 4), tlv(der.SEQUENCE, oid("1.2.840.113549.1.1.1"))
    ),
    "attributes in another order": bent(lambda rows: list(rows.values())[::-1]),
    "one attribute more": bent(
        lambda rows: [
            *rows.values(),
            tlv(
                der.SEQUENCE,
                oid("1.2.840.113549.1.9.15"),
                tlv(der.SET, tlv(der.SEQUENCE)),
            ),
        ]
    ),
    "hash algorithm spelled out": essential(algorithm=SHA256),
    "hash algorithm of a known signer": lambda text, people: essential(
        algorithm=bassem(people)
    )(text, people),
    "issuer tagged as in ETA's sample": essential(name_tag=0xA0),
}
