"""Calls that a simulated authority makes itself: to loopback addresses only."""

from __future__ import annotations

import contextlib
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .server import NotLoopbackError, check_loopback

if TYPE_CHECKING:
    from http.client import HTTPResponse

_LONGEST = 100_000


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    """An answer that leads elsewhere is an answer, nothing to follow."""

    def redirect_request(self, *_arguments: object) -> None:
        return None


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    with contextlib.suppress(ValueError, NotLoopbackError):
        parts = urlsplit(url)
        check_loopback(parts.hostname or "")
        return parts.scheme in ("http", "https")
    return False


def send(
    url: str,
    data: bytes,
    headers: dict[str, str],
    method: str = "POST",
    timeout: float = 10,
    ca: str = "",
) -> tuple[int, str]:
    """Status and text of the answer; status 0 and the reason when there was none.

    No proxy is used and no redirection followed.

    :param ca: PEM of the authority that the other side's certificate is checked by
    """
    if not is_loopback(url):
        return 0, f"{url} is no loopback address"
    request = urllib.request.Request(url, data, method=method, headers=headers)
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.ProxyHandler({}),
        _NoRedirection(),
    ]
    if ca:
        context = ssl.create_default_context(cadata=ca)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    opener = urllib.request.build_opener(*handlers)
    try:
        answer: HTTPResponse = opener.open(request, timeout=timeout)
        with answer:
            return answer.status, answer.read(_LONGEST).decode(errors="replace")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(_LONGEST).decode(errors="replace")
    except (OSError, ValueError) as error:
        return 0, str(error)
