"""Finds out whether a connection to Nuonuo works."""

from __future__ import annotations

from ..contract import FiscalError, Problem, Record
from ..messages import _
from ..probing import clock_problems, failure
from .client import NuonuoClient
from .error_catalogue import CREDIT_LINE, LOGGED_OUT
from .session import CreditLine, Session

NOTHING_LEFT = f"probe_{CREDIT_LINE}"


def probe(
    client: NuonuoClient, session: Session, record: Record | None
) -> list[Problem]:
    """Return what is wrong with reach, TLS, credentials, login, credit and clock.

    :param record: what to open to mend it
    """
    try:
        client.tokens.get()
    except FiscalError as exc:
        return [failure("probe_token", exc, record), *clock_problems(client.http)]
    problems = _login_problems(session, record)
    if not any(one.code.startswith("probe_api") for one in problems):
        problems += _credit_problems(session, record)
    return problems + clock_problems(client.http)


def _login_problems(session: Session, record: Record | None) -> list[Problem]:
    try:
        login = session.login()
    except FiscalError as exc:
        return [failure("probe_api", exc, record)]
    if login.good:
        return []
    return [
        Problem(
            f"probe_{LOGGED_OUT}",
            _(
                "The clerk is not logged in at the tax bureau, so nothing can be"
                " issued. Log in by QR code or text message."
            ),
            "",
            record,
        )
    ]


def _credit_problems(session: Session, record: Record | None) -> list[Problem]:
    try:
        credit = session.credit_line()
    except FiscalError as exc:
        return [failure("probe_api", exc, record)]
    return credit_problems(credit, record)


def credit_problems(credit: CreditLine, record: Record | None) -> list[Problem]:
    """Return that nothing is left of the credit line, if that is so.

    :param record: what to open to mend it
    """
    if credit.available is None or credit.available > 0:
        return []
    return [
        Problem(
            NOTHING_LEFT,
            _(
                "Nothing is left of the company's credit line for this month. Ask the"
                " tax bureau to raise it."
            ),
            "",
            record,
        )
    ]
