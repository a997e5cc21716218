"""A request that went through every door: only what its signature covers."""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from lxml import etree

from .names import f73


@dataclass(frozen=True)
class Request:
    """The verified content.

    :ivar root: the request's element
    :ivar sent: the moment in its ``Zaglavlje``
    :ivar now: time of processing
    """

    environment: str
    root: etree._Element
    certificate: x509.Certificate
    oib: str
    sent: datetime
    now: datetime

    @property
    def racun(self) -> etree._Element:
        """The receipt's element, of operations that have one."""
        return self.part("Racun")

    def part(self, *names: str) -> etree._Element:
        """An element that the schema demands, by its path."""
        found = self.root.find("/".join(map(f73, names)))
        assert found is not None
        return found

    def text(self, *names: str) -> str:
        """The text of a part of the receipt."""
        return self.part("Racun", *names).text or ""
