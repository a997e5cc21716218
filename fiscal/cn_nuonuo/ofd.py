"""Reads what an OFD says of its fapiao (spec china 2.4; OFD is GB/T 33190).

An OFD is a zip, and comes from outside: few members are read, none is written, each and
all together are bounded by what really comes out of them.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

from ..xmltext import parse
from .answers import amount_or_none
from .moments import read_day
from .text import clean
from .voucher import Voucher

MOST_MEMBERS = 1000
MOST_MEMBER_BYTES = 8 * 1024 * 1024
MOST_BYTES = 24 * 1024 * 1024
"""What is read of all members together, unpacked."""

_PIECE = 64 * 1024
_MOST_PAGES = 60
_NUMBER = re.compile("[0-9]{8,20}")
_NOT_FIGURE = re.compile("[^0-9.-]")
_CUSTOM = {
    "number": ("发票号码",),
    "seller_id": ("销售方纳税人识别号", "销售方统一社会信用代码/纳税人识别号"),
    "buyer_id": ("购买方纳税人识别号", "购买方统一社会信用代码/纳税人识别号"),
    "seller_name": ("销售方名称",),
    "buyer_name": ("购买方名称",),
    "net": ("合计金额",),
    "tax": ("合计税额",),
    "total": ("价税合计",),
    "day": ("开票日期",),
}
_TAGS = {
    "number": "InvoiceNo",
    "day": "IssueDate",
    "seller_id": "SellerTaxID",
    "buyer_id": "BuyerTaxID",
    "seller_name": "SellerName",
    "buyer_name": "BuyerName",
    "net": "TaxExclusiveTotalAmount",
    "tax": "TaxTotalAmount",
    "total": "TaxInclusiveTotalAmount",
}
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,  # encrypted
    OSError,
    KeyError,
)


def read_ofd(content: bytes) -> Voucher:
    """Read a fapiao's OFD.

    :raise ValueError: it is none, or too large when unpacked
    :raise AuthenticationError: lxml is missing
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _voucher(_Members(archive))
    except _DAMAGED as exc:
        raise ValueError(f"It is no OFD that can be read: {exc}") from exc


class _TooLarge(ValueError):
    """More comes out of the archive than is read."""


class _Members:
    """The members of an archive, read within bounds."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MOST_BYTES
        members = archive.infolist()
        if len(members) > MOST_MEMBERS:
            raise ValueError(f"An OFD with {len(members)} members is not read")
        self._by_name = {_path(one.filename): one for one in members}

    def __contains__(self, path: str) -> bool:
        return _path(path) in self._by_name

    def content(self, path: str) -> bytes:
        """Return a member, unpacked.

        :raise ValueError: it is not there, or too large
        """
        member = self._by_name.get(_path(path))
        if member is None:
            raise ValueError(f"The OFD has no {path!r}")
        found = bytearray()
        with self._archive.open(member) as file:
            while piece := file.read(_PIECE):
                found += piece
                self._left -= len(piece)
                if len(found) > MOST_MEMBER_BYTES or self._left < 0:
                    raise _TooLarge("The OFD is too large when unpacked")
        return bytes(found)

    def xml(self, path: str) -> Any:
        """Return a member's root element.

        :raise ValueError: it is not there, or no XML
        """
        return parse(self.content(path), MOST_MEMBER_BYTES)


def _path(name: str) -> str:
    return posixpath.normpath(name.replace("\\", "/")).lstrip("/")


def _voucher(members: _Members) -> Voucher:
    root = members.xml("OFD.xml")
    said = dict(_custom(root))
    documents = [one.text.strip() for one in _all(root, "DocRoot") if one.text]
    told: dict[str, str] = {}
    for name, labels in _CUSTOM.items():
        told[name] = next((said[label] for label in labels if said.get(label)), "")
    if documents and not all(told.values()):
        tagged = _tagged(members, documents[0])
        told = {name: text or tagged.get(name, "") for name, text in told.items()}
    number = _NUMBER.search(told["number"])
    if number is None:
        raise ValueError("The OFD says no number of a fapiao")
    return Voucher(
        number=number[0],
        day=read_day(told["day"]),
        seller_id=told["seller_id"],
        buyer_id=told["buyer_id"],
        seller_name=told["seller_name"],
        buyer_name=told["buyer_name"],
        **{name: _figure(told[name]) for name in ("net", "tax", "total")},
    )


def _figure(text: str) -> Any:
    return amount_or_none(_NOT_FIGURE.sub("", text))


def _custom(root: Any) -> Iterator[tuple[str, str]]:
    for one in _all(root, "CustomData"):
        yield clean(one.get("Name")), clean(one.text)


def _all(root: Any, name: str) -> Iterator[Any]:
    return (
        one
        for one in root.iter()
        if isinstance(one.tag, str) and one.tag.rpartition("}")[2] == name
    )


# ----------------------------------------------------------------------------------
# Tags: which text on a page is what
# ----------------------------------------------------------------------------------


def _tagged(members: _Members, document: str) -> Mapping[str, str]:
    """Return what the document's custom tags point at, by our names; nothing where it
    has none that can be read."""
    folder = posixpath.dirname(document)
    try:
        root = members.xml(document)
        wanted = dict(_references(members, root, folder))
    except _TooLarge:
        raise
    except ValueError:
        return {}
    ids = {one for references in wanted.values() for one in references}
    texts = _texts(members, root, folder, ids) if ids else {}
    return {
        name: "".join(texts.get(one, "") for one in references)
        for name, references in wanted.items()
    }


def _references(
    members: _Members, root: Any, folder: str
) -> Iterator[tuple[str, list[str]]]:
    """Yield the ids of the texts that each of our names has."""
    names = {tag: name for name, tag in _TAGS.items()}
    seen = set()
    for path in _tag_files(members, root, folder):
        for tag, name in names.items():
            for element in _all(members.xml(path), tag):
                references = [
                    clean(one.text) for one in _all(element, "ObjectRef") if one.text
                ]
                if references and name not in seen:
                    seen.add(name)
                    yield name, references


def _tag_files(members: _Members, root: Any, folder: str) -> list[str]:
    lists = [clean(one.text) for one in _all(root, "CustomTags") if clean(one.text)]
    lists = lists or ["Tags/CustomTags.xml"]
    files = []
    for path in (posixpath.join(folder, one) for one in lists):
        if path not in members:
            continue
        inside = posixpath.dirname(path)
        files += [
            posixpath.join(inside, clean(one.text))
            for one in _all(members.xml(path), "FileLoc")
        ]
    usual = posixpath.join(folder, "Tags/CustomTag.xml")
    return [one for one in dict.fromkeys([*files, usual]) if one in members][:5]


def _texts(
    members: _Members, root: Any, folder: str, ids: set[str]
) -> Mapping[str, str]:
    """Return the texts with certain ids, of all pages."""
    found: dict[str, str] = {}
    pages = [one.get("BaseLoc") or "" for one in _all(root, "Page")]
    pages += [one.get("BaseLoc") or "" for one in _all(root, "TemplatePage")]
    for page in pages[:_MOST_PAGES]:
        path = posixpath.join(folder, page)
        if path not in members:
            continue
        for one in _all(members.xml(path), "TextObject"):
            if one.get("ID") in ids:
                codes = (clean(code.text) for code in _all(one, "TextCode"))
                found.setdefault(one.get("ID"), "".join(codes))
    return found
