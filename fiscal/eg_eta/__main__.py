"""Looks at documents of ETA from the command line: ``python -m fiscal.eg_eta``.

Exit status: 0 all is well, 1 ``check`` found problems, 2 the file could not be used.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..terminal import fail, forgiving
from .canonical import array_elements, canonical_text, receipt_uuid
from .settings import Settings
from .verify import verify_receipt


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    options = _parser().parse_args(arguments)
    forgiving()
    try:
        content = Path(options.file).read_bytes()
        return {"canonical": _canonical, "uuid": _uuid, "check": _check}[
            options.command
        ](content)
    except OSError as exc:
        return fail(f"{options.file} cannot be read: {exc.strerror or exc}.")
    except ValueError as exc:
        return fail(f"{options.file} is of no use here: {exc}.")


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
    ):
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument("file", help="a JSON file, UTF-8")
    return parser


def _receipts(content: bytes) -> list[str]:
    """Return the receipts of a submission, or the one that the file is."""
    elements = array_elements(content, "receipts")
    return elements if elements is not None else [content.decode("utf-8-sig")]


def _canonical(content: bytes) -> int:
    # To the byte: no line's end, and no translation of one on any system.
    sys.stdout.buffer.write(canonical_text(content).encode("utf-8", "surrogatepass"))
    sys.stdout.buffer.flush()
    return 0


def _uuid(content: bytes) -> int:
    for uuid in [receipt_uuid(text) for text in _receipts(content)]:
        sys.stdout.write(f"{uuid}\n")
    return 0


def _check(content: bytes) -> int:
    count = 0
    receipts = _receipts(content)
    for index, text in enumerate(receipts):
        name = f"receipts[{index}]." if len(receipts) > 1 else ""
        # Whether businesses may be buyers is the registration's matter.
        for problem in verify_receipt(text, Settings(business_buyers=True)):
            count += 1
            line = f"{problem.code}\t{name}{problem.path}\t{problem.text}\n"
            sys.stdout.write(line)
    if not count:
        sys.stdout.write("No problems found.\n")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
