"""SOAP 1.1 around CIS' messages: bytes in, bytes out, nothing written anew.

No SOAP library makes the envelopes: what was signed has to travel as it is, and answers
are checked as they came, namespaces of their envelope included.
"""

from __future__ import annotations

from typing import Any

from ..contract import AmbiguousError
from ..messages import Sentence, _
from ..xmltext import etree, parse
from .builder import Operation

MEDIA_TYPE = "text/xml; charset=UTF-8"
_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"
_ACTIONS = (
    "http://e-porezna.porezna-uprava.hr/fiskalizacija/2012/services/"
    "FiskalizacijaService/"
)
_HEAD = (
    "<?xml version='1.0' encoding='UTF-8'?>\n"
    f'<soapenv:Envelope xmlns:soapenv="{_NAMESPACE}"><soapenv:Body>'
).encode()
_FOOT = b"</soapenv:Body></soapenv:Envelope>"


def wrap(root: Any) -> bytes:
    """Return the envelope of a message, whose bytes stay what was signed."""
    message: bytes = etree.tostring(root, encoding="utf-8", with_tail=False)
    return _HEAD + message + _FOOT


def headers(operation: Operation) -> dict[str, str]:
    """Return the HTTP headers of a call."""
    return {
        "Content-Type": MEDIA_TYPE,
        "SOAPAction": f'"{_ACTIONS}{operation.action}"',
        "Accept": "text/xml",
    }


def unwrap(content: bytes) -> Any:
    """Return the message in an envelope, where it stands.

    :raise ValueError: it is no envelope of SOAP 1.1 with one message in it
    :raise AmbiguousError: it is a SOAP fault
    """
    envelope = parse(content)
    bodies = envelope.findall(f"{{{_NAMESPACE}}}Body")
    if envelope.tag != f"{{{_NAMESPACE}}}Envelope" or len(bodies) != 1:
        raise ValueError("It is no SOAP envelope")
    messages = [one for one in bodies[0] if isinstance(one.tag, str)]
    if len(messages) != 1:
        raise ValueError(f"There are {len(messages)} messages in the envelope")
    if messages[0].tag == f"{{{_NAMESPACE}}}Fault":
        raise _fault(messages[0])
    return messages[0]


def _fault(element: Any) -> AmbiguousError:
    """Return a fault as an error. It comes from what stands before CIS, too, so that
    it does not tell whether the receipt was registered; repeating is harmless."""
    words = " ".join(
        text
        for name in ("faultcode", "faultstring")
        if (text := " ".join((element.findtext(name) or "").split())[:300])
    )
    return AmbiguousError(
        Sentence(
            _(
                "The authority's system failed at the message (%(words)s). It is sent"
                " again later."
            ),
            words=words or "SOAP Fault",
        )
    )
