"""Sentences for what can go wrong on the way to an authority."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

import requests.exceptions
import urllib3.exceptions

from ..messages import Sentence, _


def describe(
    exc: Exception, host: str, sent: bool, expired: bool, timeout: float
) -> Sentence:
    """Return what happened and what to check, for the person who reads the log.

    :param sent: whether the request had begun to leave
    :param expired: whether the call's time was over
    """
    causes = list(causes_of(exc))
    if sent:
        return _after_sending(causes, host, expired, timeout)
    for cause in causes:
        if isinstance(cause, UnicodeError | requests.exceptions.InvalidHeader):
            return Sentence(
                _(
                    "The call to %(host)s could not be written: the address or a"
                    " credential has characters that HTTP does not allow. Correct it in"
                    " the registration or the device."
                ),
                host=host,
            )
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Sentence(
                _(
                    "The certificate of %(host)s is not trusted: %(reason)s."
                    " Check this server's clock and its certificate authorities; a test"
                    " system may need its own certificate added to the registration."
                ),
                host=host,
                reason=cause.verify_message,
            )
        if isinstance(cause, ssl.SSLError):
            return Sentence(
                _(
                    "No secure connection to %(host)s could be made"
                    " (%(reason)s). Check that nothing"
                    " between intercepts encrypted connections."
                ),
                host=host,
                reason=cause.reason or "TLS handshake failed",
            )
        if isinstance(cause, socket.gaierror):
            return Sentence(
                _(
                    "The name %(host)s could not be resolved. Check the address in the"
                    " registration and this server's name service (DNS)."
                ),
                host=host,
            )
        if isinstance(cause, ConnectionRefusedError):
            return Sentence(
                _(
                    "%(host)s refused the connection. Check the address and port in the"
                    " registration, or try again later."
                ),
                host=host,
            )
        if isinstance(cause, urllib3.exceptions.ProxyError):
            return Sentence(
                _(
                    "The proxy on the way to %(host)s did not let the call through."
                    " Check the proxy settings of this server."
                ),
                host=host,
            )
    if expired or any(_is_timeout(cause) for cause in causes):
        return Sentence(
            _(
                "%(host)s could not be reached in time. Check this server's network and"
                " firewall, or try again later."
            ),
            host=host,
        )
    return Sentence(
        _("%(host)s could not be reached. Check this server's network and firewall."),
        host=host,
    )


def _after_sending(
    causes: list[BaseException], host: str, expired: bool, timeout: float
) -> Sentence:
    if expired or any(_is_timeout(cause) for cause in causes):
        return Sentence(
            _(
                "%(host)s gave no complete answer within %(seconds)s seconds. The call"
                " had been sent, and it is not known whether it was carried out."
            ),
            host=host,
            seconds=f"{timeout:g}",
        )
    for cause in causes:
        if type(cause) is ValueError:
            return Sentence(
                _(
                    "The answer of %(host)s is unusable: %(reason)s. The call had been"
                    " sent, and it is not known whether it was carried out."
                ),
                host=host,
                reason=cause,
            )
    return Sentence(
        _(
            "The connection to %(host)s broke before its answer was complete. The call"
            " had been sent, and it is not known whether it was carried out."
        ),
        host=host,
    )


def _is_timeout(cause: BaseException) -> bool:
    return isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError)


def causes_of(exc: BaseException | None) -> Iterator[BaseException]:
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
