"""Looks at fapiao from the command line: ``python -m fiscal.cn_nuonuo``.

Exit status: 0 all is well, 1 ``check`` found something wrong, 2 what was given could
not be used.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..contract import FiscalError
from ..terminal import fail, forgiving, printable
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
    options = _parser().parse_args(arguments)
    forgiving()
    try:
        run: Callable[[argparse.Namespace], int] = options.run
        return run(options)
    except OSError as exc:
        return fail(f"{exc.filename} cannot be read: {exc.strerror or exc}.")
    except ValueError as exc:
        return fail(f"What was given is of no use here: {printable(str(exc))}.")
    except FiscalError as exc:
        return fail(printable(str(exc)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fiscal.cn_nuonuo",
        description="Look at China's 数电发票 and calls to Nuonuo.",
    )
    commands = parser.add_subparsers(dest="command", required=True)

    def command(name: str, run: Callable[..., int], text: str) -> Any:
        made = commands.add_parser(name, help=text, description=text)
        made.set_defaults(run=run)
        return made

    of_sign = command("sign", _sign, "print the signature of a call")
    of_sign.add_argument("file", help="the call's body, exactly as it is sent")
    of_sign.add_argument("--appkey", required=True)
    for name in ("senid", "nonce", "timestamp"):
        of_sign.add_argument(f"--{name}", required=True)
    of_request = command("request", _request, "print a kept fapiao in Nuonuo's words")
    of_request.add_argument("file", help="a fapiao as this system keeps it")
    of_check = command("check", _check, "print what is wrong with a kept fapiao")
    of_check.add_argument("file", help="a fapiao as this system keeps it")
    of_order = command("order", _order, "print the order number of a document")
    of_order.add_argument("seller", help="the company's tax number")
    of_order.add_argument("number", help="the document's number")
    of_order.add_argument("issued", help="yyyy-MM-dd HH:mm:ss in China")
    of_qr = command("qr", _qr, "read the text of a QR code, or that of a file's face")
    of_qr.add_argument("text", help="the text, or a fapiao's XML or OFD")
    of_read = command("read", _read, "print what a fapiao's XML or OFD says")
    of_read.add_argument("file")
    return parser


def _sign(options: argparse.Namespace) -> int:
    body = Path(options.file).read_bytes()
    if sys.stdin.isatty():
        secret = getpass.getpass("App secret: ")
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    stamp = Stamp(options.senid, options.nonce, options.timestamp)
    return _say(sign(secret, options.appkey, stamp, body))


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
    problems = examine(receipt, settings, receipt.issued_at).problems
    for problem in problems:
        _say(printable(f"{problem.code} {problem.path}: {problem.text}"))
    if not problems:
        _say("No problems found.")
    return 1 if problems else 0


def _order(options: argparse.Namespace) -> int:
    issued: datetime = read_local(options.issued)
    return _say(order_number(options.seller, options.number, issued))


def _qr(options: argparse.Namespace) -> int:
    path = Path(options.text)
    if options.text.startswith("01,"):
        face = read_qr(options.text)
        _say(f"kind\t{face.kind}")
        _say(f"number\t{face.number}")
        _say(f"total\t{face.total}")
        return _say(f"day\t{face.day}")
    said = _voucher(path)
    if not (said.kind and said.day and said.total is not None):
        raise ValueError(f"{path} lacks kind, day or total")
    return _say(qr_text(FaceQr(said.kind, said.number, said.total, said.day)))


def _voucher(path: Path) -> Voucher:
    content = path.read_bytes()
    return read_ofd(content) if content.startswith(b"PK") else read_xml(content)


def _read(options: argparse.Namespace) -> int:
    said = _voucher(Path(options.file))
    for name in Voucher.__dataclass_fields__:
        value = getattr(said, name)
        if name != "lines" and value not in ("", None):
            _say(f"{name}\t{printable(str(value))}")
    for line in said.lines:
        _say(f"line\t{printable(line.name)}\t{line.net}\t{line.tax}")
    return 0


def _say(text: str) -> int:
    sys.stdout.write(f"{text}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
