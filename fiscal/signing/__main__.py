"""Signs, and looks at signatures, certificates, tokens: ``python -m fiscal.signing``.

Exit status: 0 all is well, 1 something is wrong with the signature or the certificate,
2 a file or a key could not be used. A PIN or password is asked for and tried once.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from ..contract import FiscalError, Problem
from ..terminal import fail, forgiving
from .agent.config import AgentError
from .agent.keys import AgentKey, add_key_options, ask_secret, place_of
from .agent_documents import FORMATS, read_document
from .cades import check, describe, sign_detached
from .certificate import CertificateInfo, is_warning, order_chain, read_certificates
from .certificate_checks import check_certificate
from .pkcs11_module import PKCS11Error, Token, pkcs11_module


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    forgiving()
    commands = {
        "cades": _cades,
        "verify": _verify,
        "certificate": _certificate,
        "token": _token,
    }
    try:
        return commands[options.command](options)
    except OSError as error:
        name = error.filename or "A file"
        return fail(f"{name} cannot be read: {error.strerror or error}.")
    except (FiscalError, AgentError) as error:
        return fail(str(error))
    except ValueError as error:
        return fail(f"The file is of no use here: {error}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fiscal.signing",
        description="Sign, and look at signatures, certificates and tokens.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    text = "sign a text in CAdES-BES and print the signature in base64, one line"
    cades = commands.add_parser("cades", help=text, description=text)
    cades.add_argument("text", help="what to sign, exactly as it is; see --form")
    add_key_options(cades)
    cades.add_argument(
        "--issuer", action="store_true", help="put the issuer's certificate in"
    )
    text = "say what a signature says, and whether it is one of a text"
    verify = commands.add_parser("verify", help=text, description=text)
    verify.add_argument("signature", help="a file, DER or base64")
    verify.add_argument("text", help="what was signed, exactly as it is; see --form")
    for command in (cades, verify):
        command.add_argument(
            "--form",
            choices=list(FORMATS),
            help="the file is such a document, and its canonical text is meant",
        )
    text = "say what a certificate says and what speaks against signing with it"
    certificate = commands.add_parser("certificate", help=text, description=text)
    certificate.add_argument("file", help="DER or PEM; issuers may follow the signer")
    certificate.add_argument("--rin", default="", help="the company's tax number")
    certificate.add_argument("--trusted", help="PEM file of trusted authorities")
    text = "list the tokens that a PKCS#11 module sees; needs no PIN"
    token = commands.add_parser("token", help=text, description=text)
    token.add_argument("pkcs11_module", help="the vendor's PKCS#11 module (a path)")
    return parser


def _print(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _report(problems: Iterable[Problem]) -> int:
    """Print problems; return the exit status."""
    found = list(problems)
    _print(*(f"{problem.code}\t{problem.text}" for problem in found))
    if not found:
        _print("No problems found.")
    return 1 if any(not is_warning(problem) for problem in found) else 0


def _text(options: argparse.Namespace) -> bytes:
    content = Path(options.text).read_bytes()
    return read_document(options.form, content).text if options.form else content


def _cades(options: argparse.Namespace) -> int:
    text = _text(options)
    key = AgentKey(place_of(options))
    key.unlock(ask_secret(key.secret_name))
    now = datetime.now(timezone.utc)
    signature = sign_detached(text, key, now, with_issuer=options.issuer)
    _print(base64.b64encode(signature).decode())
    return 0


def _verify(options: argparse.Namespace) -> int:
    signature = Path(options.signature).read_bytes()
    if signature[:1] != b"\x30":
        try:
            signature = base64.b64decode(b"".join(signature.split()), validate=True)
        except binascii.Error as error:
            raise ValueError("it is neither DER nor base64") from error
    text = _text(options)
    info = describe(signature)
    signer = info.signer
    _print(
        f"Signer: {signer.subject if signer else 'not in the signature'}",
        f"Taxpayer: {signer.rin or 'none' if signer else 'not known'}",
        f"Signed at: {info.signing_time or 'not stated'}",
        f"Digest: {info.digest.hex()}",
        f"Content type: {info.content_type}",
        f"Certificates: {len(info.certificates)}",
    )
    return _report(check(signature, text))


def _certificate(options: argparse.Namespace) -> int:
    signer, *others = read_certificates(Path(options.file).read_bytes())
    trusted = (
        read_certificates(Path(options.trusted).read_bytes()) if options.trusted else []
    )
    _print(*_about(signer))
    chain = order_chain(signer, others)
    _print(*(f"Issued by: {one.subject}" for one in chain[1:]))
    now = datetime.now(timezone.utc)
    return _report(check_certificate(signer, chain, options.rin, now, trusted))


def _about(info: CertificateInfo) -> list[str]:
    usage = sorted(info.key_usage) if info.key_usage is not None else ["not limited"]
    return [
        f"Subject: {info.subject}",
        f"Issuer: {info.issuer}",
        f"Taxpayer: {info.rin or 'none'}",
        f"Serial number: {info.serial:x}",
        f"Valid: {info.not_before} to {info.not_after}",
        f"Key: {info.key_kind} {info.key_bits}, {', '.join(usage)}",
        f"SHA-256: {info.fingerprint}",
    ]


def _token(options: argparse.Namespace) -> int:
    loaded = pkcs11_module(options.pkcs11_module)
    for slot in loaded.slots():
        if slot.token is None:
            _print(f"Slot {slot.id:#x}: {slot.description}: empty")
            continue
        token = slot.token
        _print(f"Slot {slot.id:#x}: {slot.description}: token {token.name}")
        _print(f"    Made by: {token.manufacturer} {token.model}")
        if token.locked:
            _print("    It is locked: too many wrong PINs.")
        elif token.last_try:
            _print("    One wrong PIN more locks it.")
        _print(*(f"    {line}" for line in _certificates(options.pkcs11_module, token)))
    return 0


def _certificates(path: str, token: Token) -> list[str]:
    try:
        found = pkcs11_module(path).certificates(token)
    except PKCS11Error as error:
        return [f"It cannot be read ({error or type(error).__name__})."]
    lines = []
    for one in found:
        mark = f"id {one.id.hex() or 'none'}, label {one.label or 'none'}"
        lines += [f"Certificate ({mark})", *(f"    {x}" for x in _about(one.info))]
    return lines or ["It shows no certificate without its PIN."]


if __name__ == "__main__":
    sys.exit(main())
