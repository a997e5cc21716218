"""Looks at documents of ETA from the command line: ``python -m fiscal.eg_eta``.

Exit status: 0 all is well, 1 ``check`` found problems, 2 the file could not be used.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path

from ..contract import Problem
from .canonical import array_elements, canonical_text, receipt_uuid, without_member
from .invoice.settings import InvoiceSettings
from .invoice.verify import verify_invoice
from .settings import Settings
from .verify import verify_receipt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # Whatever the terminal can show, a sentence must come out.
            stream.reconfigure(errors="backslashreplace")
    try:
        content = Path(options.file).read_bytes()
        return {
            "canonical": _canonical,
            "uuid": _uuid,
            "check": _check_receipts,
            "signed-text": _signed_text,
            "check-invoice": _check_invoices,
        }[options.command](content)
    except OSError as exc:
        return _fail(f"{options.file} cannot be read: {exc.strerror or exc}.")
    except ValueError as exc:
        return _fail(f"{options.file} is of no use here: {exc}.")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m fiscal.eg_eta",
        description="Look at a JSON document of Egypt's tax authority (ETA).",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("canonical", "print the canonical text, exactly, without a line's end"),
        ("uuid", "print a receipt's UUID, or one per receipt of a submission"),
        ("check", "print what is wrong with a receipt, or with those of a submission"),
        ("signed-text", "print the text of one invoice that its signature is over"),
        (
            "check-invoice",
            "print what is wrong with an invoice, or with those of a submission",
        ),
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("file", help="a JSON file, UTF-8")
    return parser


def _fail(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return 2


def _documents(content: bytes, array: str) -> list[str]:
    """Return the documents of a submission, or the one that the file is."""
    elements = array_elements(content, array)
    return elements if elements is not None else [content.decode("utf-8-sig")]


def _canonical(content: bytes) -> int:
    return _to_the_byte(canonical_text(content))


def _signed_text(content: bytes) -> int:
    documents = _documents(content, "documents")
    if len(documents) != 1:
        raise ValueError(f"it holds {len(documents)} invoices and not one")
    return _to_the_byte(canonical_text(without_member(documents[0], "signatures")))


def _to_the_byte(text: str) -> int:
    """Print without a line's end, and without translating one on any system."""
    sys.stdout.buffer.write(text.encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()
    return 0


def _uuid(content: bytes) -> int:
    for uuid in [receipt_uuid(text) for text in _documents(content, "receipts")]:
        sys.stdout.write(f"{uuid}\n")
    return 0


def _check_receipts(content: bytes) -> int:
    # Whether businesses may be buyers is the registration's matter.
    settings = Settings(business_buyers=True)
    return _check(content, "receipts", lambda text: verify_receipt(text, settings))


def _check_invoices(content: bytes) -> int:
    settings = InvoiceSettings()
    return _check(content, "documents", lambda text: verify_invoice(text, settings))


def _check(content: bytes, array: str, verify: Callable[[str], list[Problem]]) -> int:
    count = 0
    documents = _documents(content, array)
    for index, text in enumerate(documents):
        name = f"{array}[{index}]." if len(documents) > 1 else ""
        for problem in verify(text):
            count += 1
            line = f"{problem.code}\t{name}{problem.path}\t{problem.text}\n"
            sys.stdout.write(line)
    if not count:
        sys.stdout.write("No problems found.\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
