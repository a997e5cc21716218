"""Sentences for what can go wrong on the way to an authority."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import requests.exceptions
import urllib3.exceptions


def describe(
    exc: Exception, host: str, sent: bool, expired: bool, timeout: float
) -> str:
    """Return what happened and what to check, for the person who reads the log.

    :param sent: whether the request had begun to leave
    :param expired: whether the call's time was over
    """
    causes = list(_causes(exc))
    if sent:
        return _after_sending(causes, host, expired, timeout)
    for cause in causes:
        if isinstance(cause, UnicodeError | requests.exceptions.InvalidHeader):
            return (
                f"The call to {host} could not be written: the address or a credential"
                " has characters that HTTP does not allow. Correct it in the"
                " registration or the device."
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"The certificate of {host} is not trusted: {cause.verify_message}."
                " Check this server's clock and its certificate authorities; a test"
                " system may need its own certificate added to the registration."
            )
        if isinstance(cause, ssl.SSLError):
            return (
                f"No secure connection to {host} could be made"
                f" ({cause.reason or 'TLS handshake failed'}). Check that nothing"
                " between intercepts encrypted connections."
            )
        if isinstance(cause, socket.gaierror):
            return (
                f"The name {host} could not be resolved. Check the address in the"
                " registration and this server's name service (DNS)."
            )
        if isinstance(cause, ConnectionRefusedError):
            return (
                f"{host} refused the connection. Check the address and port in the"
                " registration, or try again later."
            )
        if isinstance(cause, urllib3.exceptions.ProxyError):
            return (
                f"The proxy on the way to {host} did not let the call through. Check"
                " the proxy settings of this server."
            )
    if expired or any(_is_timeout(cause) for cause in causes):
        return (
            f"{host} could not be reached in time. Check this server's network and"
            " firewall, or try again later."
        )
    return f"{host} could not be reached. Check this server's network and firewall."


def _after_sending(
    causes: list[BaseException], host: str, expired: bool, timeout: float
) -> str:
    if expired or any(_is_timeout(cause) for cause in causes):
        return (
            f"{host} gave no complete answer within {timeout:g} seconds. The call had"
            " been sent, and it is not known whether it was carried out."
        )
    for cause in causes:
        if type(cause) is ValueError:
            return (
                f"The answer of {host} is unusable: {cause}. The call had been sent,"
                " and it is not known whether it was carried out."
            )
    return (
        f"The connection to {host} broke before its answer was complete. The call had"
        " been sent, and it is not known whether it was carried out."
    )


def _is_timeout(cause: BaseException) -> bool:
    return isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError)


def _causes(exc: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and everything that led to it: urllib3 and requests wrap the
    first cause several times, in several ways."""
    waiting: list[object] = [exc]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [
            getattr(cause, "reason", None),
            *cause.args,
            cause.__cause__,
            cause.__context__,
        ]
