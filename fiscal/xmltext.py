"""XML from outside, read without harm, and its canonical text.

lxml comes with Odoo; a lone signing agent may lack it and never comes here.
"""

from __future__ import annotations

from typing import Any

from .contract import AuthenticationError
from .messages import Sentence, _

try:
    from lxml import etree
except ImportError:
    etree = None

__all__ = ["MOST_BYTES", "canonical", "etree", "need", "parse", "text_of"]

MOST_BYTES = 256 * 1024
"""The largest message that is read; real ones have some six kilobytes."""

_DEEPEST = 100


def need() -> None:
    """Refuse to go on without the library.

    :raise AuthenticationError: it is missing
    """
    if etree is None:
        raise AuthenticationError(
            Sentence(
                _(
                    "Messages in XML need the Python package %(package)s, which is not"
                    " installed here. Install it: pip install %(package)s."
                ),
                package="lxml",
            ),
            "library_missing",
        )


def parse(content: bytes, most_bytes: int = MOST_BYTES) -> Any:
    """Return the root element of a document that comes from outside: no document type,
    so no entities; nothing is fetched; size and depth are bounded.

    :raise ValueError: it is no such document
    :raise AuthenticationError: lxml is missing
    """
    need()
    if len(content) > most_bytes:
        raise ValueError(f"XML of {len(content)} bytes is not read")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise ValueError(f"It is no XML: {error.msg}") from error
    if root.getroottree().docinfo.doctype:
        raise ValueError("XML with a document type is not read")
    _limit_depth(root)
    return root


def _limit_depth(root: Any) -> None:
    level, layer = 0, [root]
    while layer:
        level += 1
        if level > _DEEPEST:
            raise ValueError("XML that is nested so deeply is not read")
        layer = [child for element in layer for child in element]


def canonical(element: Any, *, exclusive: bool, without: Any = None) -> bytes:
    """Return the canonical text (C14N 1.0, no comments) of an element where it stands
    in its document.

    Inclusive text has every namespace that is declared around the element. lxml would
    forget those that it does not use; written out and read again, they are its own.

    :param without: a child to leave out, as the enveloped-signature transform does
    """
    apart = etree.fromstring(etree.tostring(element, encoding="utf-8", with_tail=False))
    if without is not None:
        _remove(apart[element.index(without)])
    text: bytes = etree.tostring(
        apart, method="c14n", exclusive=exclusive, with_comments=False
    )
    return text


def _remove(child: Any) -> None:
    """Take an element out, but leave the text that follows it."""
    parent, before = child.getparent(), child.getprevious()
    tail = child.tail or ""
    if before is not None:
        before.tail = (before.tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    parent.remove(child)


def text_of(element: Any, path: str, namespaces: dict[str, str]) -> str:
    """Return the text of the first element that a path finds, stripped; "" if none."""
    return (element.findtext(path, "", namespaces) or "").strip()
