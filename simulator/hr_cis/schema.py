"""Validation by the authority's XML schema, version 1.10.

:file:`interface` holds the authority's schema and service descriptions as clients get
them, and W3C's schema of signatures beside them. In both descriptions the address is
the test system's: set your own.
"""

import threading
from pathlib import Path

from lxml import etree

INTERFACE = Path(__file__).parent / "interface"
WSDL = {
    "test": INTERFACE / "wsdl" / "FiskalizacijaService-educ.wsdl",
    "production": INTERFACE / "wsdl" / "FiskalizacijaService-prod.wsdl",
}
_SHOWN = 5


class Schema:
    """The schema; safe for threads."""

    def __init__(self) -> None:
        file = INTERFACE / "schema" / "FiskalizacijaSchema.xsd"
        self._schema = etree.XMLSchema(etree.parse(str(file)))
        # the errors of a validation are left in the schema object
        self._lock = threading.Lock()

    def faults(self, root: etree._Element) -> str:
        """What is wrong with a message, "" when nothing is."""
        # a copy, or lines and lookups would be those of the whole envelope
        alone = etree.fromstring(etree.tostring(root, with_tail=False))
        with self._lock:
            if self._schema.validate(alone):
                return ""
            rows = [str(row.message) for row in self._schema.error_log]
        return "; ".join(rows[:_SHOWN])
