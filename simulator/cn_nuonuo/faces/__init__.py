"""The files of an issued invoice: XML, OFD and PDF (spec china 2.3, 2.4, 2.7)."""

from .face import Face
from .ofd import ofd_of
from .pdf import pdf_of
from .xml import xml_of

WRITERS = {
    "xml": (xml_of, "application/xml"),
    "ofd": (ofd_of, "application/ofd"),
    "pdf": (pdf_of, "application/pdf"),
}
