"""CIS's answers before they are signed."""

import copy
from dataclasses import dataclass, field
from datetime import datetime

from lxml import etree

from .codes import LONGEST, MESSAGES
from .names import F73, SOAP, XSD, XSI, Operation, f73
from .settings import Settings

_NAMESPACES = {"xsi": XSI, "xsd": XSD, "soap": SOAP}
_LOCATION = f"{F73} ../schema/FiskalizacijaSchema.xsd"


@dataclass
class Answer:
    """What is answered. ``status`` None: 500 with ``errors``, else 200.

    :ivar errors: codes with their texts
    :ivar success: a code of :data:`.codes.MESSAGES`
    :ivar content: what stands between ``Zaglavlje`` and ``Greske``
    """

    operation: Operation
    message_id: str
    moment: datetime
    jir: str = ""
    success: str = ""
    errors: list[tuple[str, str]] = field(default_factory=list)
    content: list[etree._Element] = field(default_factory=list)
    status: int | None = None

    @property
    def http_status(self) -> int:
        """The status of the HTTP answer."""
        return self.status or (500 if self.errors else 200)


def envelope_of(answer: Answer, settings: Settings) -> etree._Element:
    """The envelope with the answer, without a signature.

    The authority's own departures from its schema are in it, as far as they are on.
    """
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_NAMESPACES)
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    root = etree.SubElement(body, f73(answer.operation.response), nsmap={"tns": F73})
    if settings.schema_location:
        root.set(f"{{{XSI}}}schemaLocation", _LOCATION)
    head = etree.SubElement(root, f73("Zaglavlje"))
    _leaf(head, "IdPoruke", answer.message_id)
    _leaf(head, "DatumVrijeme", f"{answer.moment:%d.%m.%YT%H:%M:%S}")
    if answer.jir:
        _leaf(root, "Jir", answer.jir)
    root.extend(copy.deepcopy(part) for part in answer.content)
    if answer.success:
        root.append(message_of(answer.success, settings))
    if answer.errors:
        root.append(errors_of(answer.errors))
    return envelope


def echo_of(answer: Answer, text: str) -> etree._Element:
    """The envelope of an echo."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_NAMESPACES)
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    root = etree.SubElement(body, f73(answer.operation.response), nsmap={"tns": F73})
    root.text = text
    return envelope


def fault_of(code: str, text: str) -> etree._Element:
    """The envelope of a SOAP Fault; ``code`` without its prefix."""
    envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap=_NAMESPACES)
    body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
    fault = etree.SubElement(body, f"{{{SOAP}}}Fault")
    etree.SubElement(fault, "faultcode").text = f"soap:{code}"
    etree.SubElement(fault, "faultstring").text = text
    return envelope


def message_of(code: str, settings: Settings) -> etree._Element:
    """``PorukaOdgovora``."""
    message = etree.Element(f73("PorukaOdgovora"))
    upper = settings.upper_case_p001 and code == "p001"
    _leaf(message, "SifraPoruke", code.upper() if upper else code)
    _leaf(message, "Poruka", MESSAGES[code])
    return message


def errors_of(errors: list[tuple[str, str]]) -> etree._Element:
    """``Greske``."""
    rows = etree.Element(f73("Greske"))
    for code, text in errors:
        row = etree.SubElement(rows, f73("Greska"))
        _leaf(row, "SifraGreske", code)
        _leaf(row, "PorukaGreske", text[:LONGEST])
    return rows


def _leaf(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f73(name)).text = text
