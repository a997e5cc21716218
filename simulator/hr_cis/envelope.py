"""Reading a SOAP 1.1 envelope from bytes that nobody vouches for."""

from dataclasses import dataclass

from lxml import etree

from .names import ACTION, BY_REQUEST, F73, SOAP, TEST, Operation, f73, local

# The authority sizes a message at some 6 KB; hours of 100 premises are the longest.
LIMIT = 1024 * 1024


class SoapFaultError(Exception):
    """What cannot be read as a request; answered by a SOAP Fault.

    :ivar code: ``Client``, ``VersionMismatch``, ``MustUnderstand``
    """

    def __init__(self, message: str, code: str = "Client") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Message:
    """A request as it came in: nothing of it is verified."""

    operation: Operation
    root: etree._Element

    @property
    def message_id(self) -> str:
        """``IdPoruke`` for the answer, "" where there is none that fits there."""
        text = self.root.findtext(f"{f73('Zaglavlje')}/{f73('IdPoruke')}") or ""
        return text if len(text) <= 36 else ""

    def text(self, name: str) -> str:
        """The text of the first element with this local name, "" without."""
        return next((node.text or "" for node in self.root.iter(f73(name))), "")


def parsed(data: bytes) -> etree._Element:
    """The root element of UTF-8 bytes; no entities, no document type.

    :raises SoapFaultError: when it is no such XML
    """
    if b"<!DOCTYPE" in data or b"\0" in data:
        raise SoapFaultError("A document type, or another encoding than UTF-8.")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
    )
    try:
        return etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        raise SoapFaultError(f"Not well-formed XML: {error}") from None


def read(data: bytes, environment: str) -> Message:
    """The request in an envelope.

    :param environment: where it was sent to; production has no ``provjera``
    :raises SoapFaultError: when there is not exactly one that is known
    """
    envelope = parsed(data)
    if local(envelope.tag) != "Envelope":
        raise SoapFaultError("No SOAP envelope.")
    if envelope.tag != f"{{{SOAP}}}Envelope":
        raise SoapFaultError("Not SOAP 1.1.", "VersionMismatch")
    children = [child for child in envelope if isinstance(child.tag, str)]
    header = [child for child in children if child.tag == f"{{{SOAP}}}Header"]
    bodies = [child for child in children if child.tag == f"{{{SOAP}}}Body"]
    if len(bodies) != 1 or len(header) > 1 or children != [*header, *bodies]:
        raise SoapFaultError("An envelope is an optional Header and one Body.")
    for entry in (entry for part in header for entry in part):
        if entry.get(f"{{{SOAP}}}mustUnderstand") == "1":
            raise SoapFaultError(f"{entry.tag} is unknown here.", "MustUnderstand")
    return _only_request(bodies[0], environment)


def _only_request(body: etree._Element, environment: str) -> Message:
    requests = [child for child in body if isinstance(child.tag, str)]
    if len(requests) != 1:
        raise SoapFaultError("The Body contains one request.")
    (root,) = requests
    operation = BY_REQUEST.get(local(root.tag))
    if (
        operation is None
        or etree.QName(root).namespace != F73
        or (operation.name == "provjera" and environment != TEST)
    ):
        raise SoapFaultError(f"There is no operation for {root.tag}.")
    return Message(operation, root)


def check_action(value: str | None, operation: Operation) -> None:
    """Compare the header ``SOAPAction`` with the request.

    :raises SoapFaultError: when it is missing, not quoted, or another operation's
    """
    if value is None or len(value) < 2 or value[0] != '"' or value[-1] != '"':
        raise SoapFaultError("The header SOAPAction is missing or not quoted.")
    if value[1:-1] not in [ACTION + action for action in operation.actions]:
        raise SoapFaultError(f"SOAPAction {value} is not for {operation.request}.")
