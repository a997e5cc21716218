"""Shows what was frozen for an authority to a person: JSON and XML indented or as
nested tables, in the authority's own words, every number exactly as it was written."""

import json

from lxml import etree
from markupsafe import Markup

NO_WORDS = ({}, {})
LONGEST = 1_000_000
"""Characters that are still laid out; longer texts are shown as they are."""


class _Number(str):
    """A number of a JSON text, as it was written."""


def pretty(content, media_type):
    """Return a content indented for reading; as it is when it cannot be parsed.

    :param str content: what was frozen or what travelled
    :param str media_type: "" to guess
    :rtype: str
    """
    try:
        tree = _parsed(content, media_type)
        if etree.iselement(tree):
            etree.indent(tree)
            return etree.tostring(tree, encoding="unicode")
        return (content or "") if tree is None else _json_text(tree, "")
    except RecursionError:
        return content


def tables(content, media_type, words=NO_WORDS):
    """Return a content as nested HTML tables, empty when it cannot be laid out.

    :param str content: what was frozen or what travelled
    :param str media_type: "" to guess
    :param words: what to call its members, by name, and what to say beside their
        values, by name and value; else both are in the authority's own words
    :rtype: Markup
    """
    try:
        tree = _parsed(content, media_type)
        if etree.iselement(tree):
            tree = _from_element(tree)
        return Markup() if tree is None else _cell(tree, words)
    except RecursionError:
        return Markup()


def _parsed(content, media_type):
    """Return JSON as dicts, lists and texts, XML as an element, otherwise None."""
    if not content or len(content) > LONGEST:
        return None
    looks_xml = content.lstrip().startswith("<")
    try:
        if "xml" in (media_type or "") or looks_xml:
            parser = etree.XMLParser(
                resolve_entities=False, no_network=True, remove_blank_text=True
            )
            return etree.fromstring(content.encode(), parser)
        return json.loads(content, parse_float=_Number, parse_int=_Number)
    except (ValueError, etree.XMLSyntaxError):
        return None


# ----------------------------------------------------------------------------------
# Indented
# ----------------------------------------------------------------------------------


def _json_text(value, indent):
    if isinstance(value, _Number):
        return str(value)
    if not value or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    inner = indent + "  "
    if isinstance(value, dict):
        brackets = "{}"
        parts = [
            f"{json.dumps(key, ensure_ascii=False)}: {_json_text(part, inner)}"
            for key, part in value.items()
        ]
    else:
        brackets = "[]"
        parts = [_json_text(part, inner) for part in value]
    lines = ",\n".join(inner + part for part in parts)
    return f"{brackets[0]}\n{lines}\n{indent}{brackets[1]}"


# ----------------------------------------------------------------------------------
# As tables
# ----------------------------------------------------------------------------------


def _from_element(element):
    """Return an element's children by name; names that repeat become a list."""
    children = [child for child in element if isinstance(child.tag, str)]
    named = {f"@{name}": value for name, value in element.attrib.items()}
    if not children:
        return {**named, "": element.text or ""} if named else element.text or ""
    for child in children:
        name = etree.QName(child).localname
        value = _from_element(child)
        if name not in named:
            named[name] = value
        elif isinstance(named[name], list):
            named[name].append(value)
        else:
            named[name] = [named[name], value]
    return named


def _cell(value, words, name=""):
    if isinstance(value, dict):
        return _pairs(value, words)
    if isinstance(value, list):
        if value and all(isinstance(part, dict) for part in value):
            return _grid(value, words)
        return Markup("<br/>").join(_cell(part, words, name) for part in value)
    if value is None or value == "":
        return Markup('<span class="text-muted">–</span>')
    if isinstance(value, bool):
        value = "true" if value else "false"
    meaning = words[1].get(name, {}).get(value)
    if meaning:
        return Markup("<bdi>%s</bdi> – <bdi>%s</bdi>") % (value, meaning)
    return Markup("<bdi>%s</bdi>") % value


def _pairs(mapping, words):
    rows = Markup().join(
        Markup(
            '<tr><th scope="row" class="text-muted fw-normal" style="width: 11rem">'
            "%s</th><td>%s</td></tr>"
        )
        % (words[0].get(key, key), _cell(value, words, key))
        for key, value in mapping.items()
    )
    return Markup('<table class="table table-sm mb-0"><tbody>%s</tbody></table>') % rows


def _grid(rows, words):
    """Return records of one shape as one table with a column for each name."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    head = Markup().join(
        Markup('<th scope="col" class="text-muted fw-normal">%s</th>')
        % words[0].get(name, name)
        for name in names
    )
    body = Markup().join(
        Markup("<tr>%s</tr>")
        % Markup().join(
            Markup("<td>%s</td>") % _cell(row.get(name), words, name) for name in names
        )
        for row in rows
    )
    return Markup(
        '<div class="table-responsive"><table class="table table-sm mb-0">'
        "<thead><tr>%s</tr></thead><tbody>%s</tbody></table></div>"
    ) % (head, body)
