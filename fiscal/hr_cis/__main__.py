"""Looks at receipts of CIS from the command line: ``python -m fiscal.hr_cis``.

Exit status: 0 all is well, 1 ``check``, ``verify`` or ``oib`` found something wrong, 2
what was given could not be used.
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ..signing.certificate import read_certificates
from ..signing.software import SoftwareKey
from ..signing.xmldsig import sign_enveloped
from ..terminal import Commands, ask_secret, printable, report, say
from ..xmltext import parse, text_of
from .builder import OPERATIONS, PREFIXES, RECEIPT, request_of, tag
from .checks import examine
from .numbering import ReceiptNumber
from .oib import clean_oib, is_oib
from .qr import qr_text
from .reader import receipt_of
from .schema import schema_problems
from .settings import Settings
from .soap import wrap
from .trust import Trust, distrust, fina_pem
from .zki import zki, zki_payload


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    return _commands().run(arguments)


def _commands() -> Commands:
    commands = Commands(
        "python -m fiscal.hr_cis", "Look at a receipt of Croatia's CIS Fiskalizacija."
    )
    of_code = commands.add("zki", _zki, "print a receipt's security code")
    of_code.add_argument("file", help="a receipt or message in XML")
    _add_key(of_code)
    of_code.add_argument("--hash", choices=["sha256", "sha1"], default="sha256")
    of_qr = commands.add("qr", _qr, "print the text of a receipt's QR code")
    of_qr.add_argument("file", help="a receipt or message in XML")
    of_qr.add_argument("--jir", default="", help="its JIR; without, its ZKI is taken")
    of_oib = commands.add("oib", _oib, "tell whether identification numbers are right")
    of_oib.add_argument("numbers", nargs="+", metavar="OIB")
    of_sign = commands.add("sign", _sign, "print the signed message with a receipt")
    of_sign.add_argument("file", help="a receipt or message in XML")
    _add_key(of_sign)
    of_verify = commands.add("verify", _verify, "verify the signature of a message")
    of_verify.add_argument("file", help="a message in XML, with or without envelope")
    of_verify.add_argument("--ca", help="PEM certificates to trust, instead of Fina's")
    of_verify.add_argument("--sha1", action="store_true", help="take SHA-1, too")
    of_verify.add_argument(
        "--at", type=_moment, help="judge certificates as at this time (ISO 8601)"
    )
    of_check = commands.add("check", _check, "print what is wrong with a receipt")
    of_check.add_argument("file", help="a receipt or message in XML")
    return commands


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key", required=True, help="a PKCS#12 or PEM file; its password is asked for"
    )


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _key(options: argparse.Namespace) -> SoftwareKey:
    data = Path(options.key).read_bytes()
    return SoftwareKey.from_file(data, ask_secret("Password of the key"))


def _receipt(options: argparse.Namespace) -> Any:
    """Return the element ``Racun`` of whatever a file holds."""
    root = parse(Path(options.file).read_bytes())
    found = next(root.iter(tag(RECEIPT)), None)
    if found is None:
        raise ValueError(f"{options.file} holds no receipt of CIS")
    return found


def _text(receipt: Any, path: str) -> str:
    return text_of(receipt, f"tns:{path}", PREFIXES)


def _zki(options: argparse.Namespace) -> int:
    receipt = _receipt(options)
    names = ("BrOznRac", "OznPosPr", "OznNapUr")
    payload = zki_payload(
        _text(receipt, "Oib"),
        _text(receipt, "DatVrijeme"),
        ReceiptNumber(*(_text(receipt, f"BrRac/tns:{name}") for name in names)),
        _text(receipt, "IznosUkupno"),
    )
    return say(zki(_key(options), payload, options.hash))


def _qr(options: argparse.Namespace) -> int:
    receipt = _receipt(options)
    kind, code = "jir", options.jir
    if not code:
        kind, code = "zki", _text(receipt, "ZastKod")
    issued, total = _text(receipt, "DatVrijeme"), _text(receipt, "IznosUkupno")
    return say(qr_text(kind, code, issued, total))


def _oib(options: argparse.Namespace) -> int:
    wrong = 0
    for text in options.numbers:
        right = is_oib(clean_oib(text))
        wrong += not right
        say(f"{printable(text)}\t{'right' if right else 'wrong'}")
    return 1 if wrong else 0


def _sign(options: argparse.Namespace) -> int:
    root = request_of(
        OPERATIONS["racuni"],
        _receipt(options),
        str(uuid.uuid4()),
        datetime.now(timezone.utc),
    )
    if problems := schema_problems(root):
        return report(problems)
    sign_enveloped(root, _key(options))
    sys.stdout.buffer.write(wrap(root))
    sys.stdout.buffer.flush()
    return 0


def _verify(options: argparse.Namespace) -> int:
    root = parse(Path(options.file).read_bytes())
    known = {
        name for one in OPERATIONS.values() for name in (one.request, one.response)
    }
    message = next((one for one in root.iter(*map(tag, sorted(known)))), None)
    if message is None:
        raise ValueError(f"{options.file} holds no message of CIS")
    pem = (
        Path(options.ca).read_bytes()
        if options.ca
        else "\n".join(map(fina_pem, ("production", "test"))).encode()
    )
    trust = Trust(
        tuple(read_certificates(pem)),
        "",
        ("sha256", "sha1") if options.sha1 else ("sha256",),
    )
    return report(distrust(message, trust, options.at or datetime.now(timezone.utc)))


def _check(options: argparse.Namespace) -> int:
    receipt = receipt_of(_receipt(options))
    settings = replace(Settings(), in_vat=receipt.data["in_vat"])
    # time is no matter: it is judged as at its moment of issue
    return report(examine(receipt, settings, receipt.issued_at).problems)


if __name__ == "__main__":
    sys.exit(main())
