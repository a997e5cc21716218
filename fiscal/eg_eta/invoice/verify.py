"""Checks a finished invoice, ours or anybody's: its sums, its signature, and everything
that is checked before an invoice is issued."""

from __future__ import annotations

from collections.abc import Iterator

from ...contract import Problem
from ...messages import _
from ..amounts import CONTEXT, DECIMALS, HOME
from ..canonical import without_member
from ..reader import Node, parse_document
from ..verify import amount_differs, differences, unknown_version, unsafe_values
from .builder import document
from .checks import examine
from .reader import read_invoice
from .settings import InvoiceSettings
from .signature import problems_of_signature

_SIGNATURES = "signatures"
_VERSIONS = ("1.0", "0.9")


def verify_invoice(content: bytes | str, settings: InvoiceSettings) -> list[Problem]:
    """Return what is wrong with an invoice as it is written, in EGP.

    Time is no matter: the document is judged as at its moment of issue. A signature is
    checked if there is one; whether the signer may sign is the authority's matter.

    :raise ValueError: it is not JSON
    """
    bare = without_member(content, _SIGNATURES)
    root = parse_document(bare)
    problems = [
        *unsafe_values(root.members),
        *_signatures(parse_document(content), bare.encode("utf-8", "surrogatepass")),
    ]
    try:
        receipt = read_invoice(bare, in_pounds=True)
        problems += _conversions(root)
        version = root.text("documentTypeVersion")
    except ValueError as exc:
        reason = _("The invoice's structure is wrong: %(reason)s.")
        return [*problems, Problem("structure", reason, values={"reason": str(exc)})]
    problems += unknown_version(version, _VERSIONS, "documentTypeVersion")
    found = examine(receipt, settings, receipt.issued_at)
    problems += found.problems
    if found.figures is not None and found.type is not None:
        computed = document(receipt, found.figures, found.type, settings)
        problems += differences(root.members, computed)
    return problems


def _signatures(root: Node, bare: bytes) -> Iterator[Problem]:
    """Check every signature of the issuer over the document without them."""
    for index, node in enumerate(root.nodes(_SIGNATURES)):
        if node.text("signatureType") != "I":
            continue
        for problem in problems_of_signature(bare, node.text("value")):
            path = f"{_SIGNATURES}[{index}].value"
            yield Problem(problem.code, problem.message, path, values=problem.values)


def _conversions(root: Node) -> Iterator[Problem]:
    """Yield the unit prices that are not what their currency and rate make of them."""
    for line in root.nodes("invoiceLines"):
        value = line.node("unitValue")
        if value.text("currencySold") == HOME:
            continue
        sold, rate = value.amount("amountSold"), value.amount("currencyExchangeRate")
        egp, wanted = value.amount("amountEGP"), CONTEXT.multiply(sold, rate)
        if abs(egp - wanted) > DECIMALS:
            yield amount_differs(f"{value.path}.amountEGP", egp, wanted)
