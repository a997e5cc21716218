"""Short words for parts of receipts, to break them one at a time."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from eta_samples import (
    DEVICE,
    LINE,
    sale,
)
from hypothesis import HealthCheck
from hypothesis import strategies as st

from fiscal.contract import (
    Party,
    TaxAmount,
)

D = Decimal
LONG = "x" * 600
ANY = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
ODD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([[], {}, [{}], [1], 1e300, -1e300, 10**100])
)


def line(**changes):
    return replace(LINE, **changes)


def taxed(*taxes, **changes):
    return line(taxes=taxes, **changes)


def tax(type_, subtype, amount, rate=None):
    value = None if rate is None else D(rate)
    return TaxAmount(type_, subtype, value, D(amount), "Tax", ("account.tax", 9))


def device(**changes):
    return replace(DEVICE, **changes)


def address(**changes):
    return replace(DEVICE, address=replace(DEVICE.address, **changes))


def buyer(kind, number="", name="", **more):
    return Party(kind, number, name, record=("res.partner", 7), **more)


LINE_RECORD = ("account.move.line", 11)
TAX_RECORD = ("account.tax", 9)
DEVICE_RECORD = ("ereceipt.device", 1)
PARTNER = ("res.partner", 7)
MOVE = ("account.move", 5)
SALE = ("account.move", 4)
COMPANY = ("res.company", 1)


HUNDRED = sale(taxed(gross=D(150_000), net=D("150000.00")))


def built_or_refused(eta, receipt):
    """What the authority builds of any document whatever: the same each time, also
    after it was read; None if it refuses it, which it does with a reason."""
    problems = eta.check(receipt)
    if problems:
        for problem in problems:
            assert problem.code and problem.text.strip() and "%(" not in problem.text
        with pytest.raises(ValueError):
            eta.build(receipt)
        return None
    result = eta.build(receipt)
    assert eta.build(receipt) == result
    # Reading and building again gives the same bytes: nothing was lost.
    assert eta.build(eta.parse(result.content)).content == result.content
    return result


def spoil(document, data):
    """Put something odd somewhere into a document of JSON."""
    node = document
    while True:
        keys = list(node) if isinstance(node, dict) else range(len(node))
        key = data.draw(st.sampled_from(keys))
        inner = node[key]
        ends = not isinstance(inner, dict | list) or not inner
        if ends or data.draw(st.integers(0, 3)) == 0:
            break
        node = inner
    node[key] = data.draw(ODD)


def read_or_value_error(eta, document):
    """Whatever is in a document, reading and checking it does not fail otherwise."""
    try:
        receipt = eta.parse(json.dumps(document).encode())
    except ValueError:
        return
    eta.check(receipt)
