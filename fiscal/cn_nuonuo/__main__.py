"""Looks at fapiao from the command line: ``python -m fiscal.cn_nuonuo``.

Exit status: 0 all is well, 1 ``check`` found something wrong, 2 what was given could
not be used.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ..terminal import Commands, ask_secret, printable, report, say
from .checks import examine
from .fapiao import red_parts, thaw
from .moments import read_local
from .numbering import order_number
from .ofd import read_ofd
from .qr import FaceQr, qr_text, read_qr
from .reader import receipt_of
from .settings import Settings
from .signature import Stamp, sign
from .voucher import Voucher, read_xml
from .wording import dumps, order_of, red_request_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    return _commands().run(arguments)


def _commands() -> Commands:
    commands = Commands(
        "python -m fiscal.cn_nuonuo", "Look at China's 数电发票 and calls to Nuonuo."
    )
    of_sign = commands.add("sign", _sign, "print the signature of a call")
    of_sign.add_argument("file", help="the call's body, exactly as it is sent")
    of_sign.add_argument("--appkey", required=True)
    for name in ("senid", "nonce", "timestamp"):
        of_sign.add_argument(f"--{name}", required=True)
    of_request = commands.add(
        "request", _request, "print a kept fapiao in Nuonuo's words"
    )
    of_request.add_argument("file", help="a fapiao as this system keeps it")
    of_check = commands.add("check", _check, "print what is wrong with a kept fapiao")
    of_check.add_argument("file", help="a fapiao as this system keeps it")
    of_order = commands.add("order", _order, "print the order number of a document")
    of_order.add_argument("seller", help="the company's tax number")
    of_order.add_argument("number", help="the document's number")
    of_order.add_argument("issued", help="yyyy-MM-dd HH:mm:ss in China")
    of_qr = commands.add(
        "qr", _qr, "read the text of a QR code, or that of a file's face"
    )
    of_qr.add_argument("text", help="the text, or a fapiao's XML or OFD")
    of_read = commands.add("read", _read, "print what a fapiao's XML or OFD says")
    of_read.add_argument("file")
    return commands


def _sign(options: argparse.Namespace) -> int:
    body = Path(options.file).read_bytes()
    secret = ask_secret("App secret")
    stamp = Stamp(options.senid, options.nonce, options.timestamp)
    return say(sign(secret, options.appkey, stamp, body))


def _request(options: argparse.Namespace) -> int:
    fapiao = thaw(Path(options.file).read_bytes())
    bodies = [
        red_request_of(fapiao, Settings(), place)
        for place in range(1, len(red_parts(fapiao)) + 1)
    ]
    for body in bodies or [order_of(fapiao, Settings())]:
        sys.stdout.buffer.write(dumps(body) + b"\n")
    sys.stdout.buffer.flush()
    return 0


def _check(options: argparse.Namespace) -> int:
    receipt = receipt_of(thaw(Path(options.file).read_bytes()))
    # what is kept has no code where the provider was to find it, and time is no matter
    settings = replace(Settings(), codes_required=False, seller_in_console=True)
    return report(examine(receipt, settings, receipt.issued_at).problems)


def _order(options: argparse.Namespace) -> int:
    issued: datetime = read_local(options.issued)
    return say(order_number(options.seller, options.number, issued))


def _qr(options: argparse.Namespace) -> int:
    path = Path(options.text)
    if options.text.startswith("01,"):
        face = read_qr(options.text)
        say(f"kind\t{face.kind}")
        say(f"number\t{face.number}")
        say(f"total\t{face.total}")
        return say(f"day\t{face.day}")
    said = _voucher(path)
    if not (said.kind and said.day and said.total is not None):
        raise ValueError(f"{path} lacks kind, day or total")
    return say(qr_text(FaceQr(said.kind, said.number, said.total, said.day)))


def _voucher(path: Path) -> Voucher:
    content = path.read_bytes()
    return read_ofd(content) if content.startswith(b"PK") else read_xml(content)


def _read(options: argparse.Namespace) -> int:
    said = _voucher(Path(options.file))
    for name in Voucher.__dataclass_fields__:
        value = getattr(said, name)
        if name != "lines" and value not in ("", None):
            say(f"{name}\t{printable(str(value))}")
    for line in said.lines:
        say(f"line\t{printable(line.name)}\t{line.net}\t{line.tax}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
