import hashlib
import json

from odoo import api, fields, models

from ..fiscal import authority_classes, codes_owner, codes_owners
from ..fiscal.contract import Connection

PARAMETER = "account_ereceipt.codes_%s"
"""Where the fingerprint of the loaded tables of an authority is kept."""


class EreceiptCode(models.Model):
    """One row of a code table of a tax authority.

    The tables come with the authority's package and are loaded when the first
    registration with it is made, and again when the package brings others. A table
    that no package may bring is given by a person as a file, and replaced by the next
    one. A code that its authority dropped is archived: old documents still name it.
    """

    _name = "ereceipt.code"
    _description = "Code of a tax authority"
    _order = "authority, kind, code, id"
    _rec_names_search = ("code", "name", "keywords")

    authority = fields.Selection(selection="_selection_authority", required=True)
    kind = fields.Char(string="Table", required=True)
    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    parent_code = fields.Char(
        string="Belongs to", help="The code of a wider table that this one refines."
    )
    valid_from = fields.Date(string="Valid from")
    valid_to = fields.Date(string="Valid until")
    active = fields.Boolean(default=True)
    keywords = fields.Char(
        string="Also called", help="What else it is found by, with 、 between."
    )
    given = fields.Boolean(
        string="From a file", help="A person has loaded it from a file."
    )

    _code_unique = models.UniqueIndex(
        "(authority, kind, code, COALESCE(parent_code, ''))",
        "The table has that code already.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("code", "name")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for row in self:
            named = row.name and row.name != row.code
            row.display_name = f"{row.code} – {row.name}" if named else row.code

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _load(self, authority_code):
        """Load the code tables of an authority, with names in every installed
        language that they have. Does nothing when nothing changed since.

        :param str authority_code: a registered authority, e.g. ``eg_receipt``
        :return: whether anything was written
        :rtype: bool
        """
        authority_code = codes_owner(authority_code)
        rows = self._shipped(authority_code)
        parameters = self.env["ir.config_parameter"].sudo()
        key = PARAMETER % authority_code
        fingerprint = self._fingerprint(rows)
        # a fingerprint outlives its tables when the add-on is uninstalled
        shipped = [("authority", "=", authority_code), ("given", "=", False)]
        loaded = self.sudo().search_count(shipped, limit=1)
        if loaded and parameters.get_param(key) == fingerprint:
            return False
        self.sudo()._write_rows(authority_code, rows)
        parameters.set_param(key, fingerprint)
        return True

    @api.model
    def _refresh_loaded(self):
        """Load again, where they changed, the tables of every authority in use."""
        used = self.env["ereceipt.registration"].sudo().with_context(active_test=False)
        for (authority,) in used._read_group([], ["authority"]):
            if authority in authority_classes():
                self._load(authority)

    @api.model
    def _shipped(self, authority_code):
        """Return the rows that an authority's package has, by ``(kind, code, parent)``,
        with those of others that share its tables.

        A code that stands twice in a table gets both names.
        """
        tables = {}
        for code, known in authority_classes().items():
            if codes_owner(code) == authority_code:
                authority = known(Connection(environment="test"))
                for kind in authority.code_kinds():
                    tables.setdefault(kind, authority)
        rows = {}
        for kind, authority in tables.items():
            for code in authority.codes(kind):
                key = (kind, code.code, code.parent)
                names = dict(code.names)
                for language, name in rows.get(key, {}).get("names", {}).items():
                    other = names.get(language)
                    names[language] = f"{name} / {other}" if other else name
                rows[key] = {
                    "names": names,
                    "valid_from": code.valid_from,
                    "valid_to": code.valid_to,
                }
        return rows

    @api.model
    def _fingerprint(self, rows):
        languages = [code for code, _name in self.env["res.lang"].get_installed()]
        text = json.dumps(
            [sorted(languages), [[*key, row] for key, row in rows.items()]],
            default=str,
            sort_keys=True,
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def _write_rows(self, authority_code, rows):
        """Make the table of an authority what ``rows`` says."""
        source = self.with_context(active_test=False, lang="en_US")
        known = {
            (row.kind, row.code, row.parent_code or ""): row
            for row in source.search(
                [("authority", "=", authority_code), ("given", "=", False)]
            )
        }
        missing = []
        for key, row in rows.items():
            values = {
                "name": row["names"].get("en") or key[1],
                "valid_from": row["valid_from"],
                "valid_to": row["valid_to"],
                "active": True,
            }
            if key not in known:
                kind, code, parent = key
                values.update(
                    authority=authority_code,
                    kind=kind,
                    code=code,
                    parent_code=parent or False,
                )
                missing.append(values)
            elif changed := {k: v for k, v in values.items() if known[key][k] != v}:
                known[key].write(changed)
        for key, row in zip(
            (key for key in rows if key not in known),
            source.create(missing),
            strict=True,
        ):
            known[key] = row
        gone = [row.id for key, row in known.items() if key not in rows]
        self.browse(gone).active = False
        self._write_names({known[key]: row["names"] for key, row in rows.items()})

    @api.model
    def _write_names(self, names_by_row):
        for lang, _label in self.env["res.lang"].get_installed():
            language = lang.partition("_")[0]
            if language == "en":
                continue
            for row, names in names_by_row.items():
                name = names.get(language)
                if name:
                    row.with_context(lang=lang).name = name

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    @api.model
    def action_refresh(self):
        """Load the tables again, for example after a language was installed."""
        self.env["ereceipt.code.mapping"].check_access("write")
        self._refresh_loaded()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _known(self, authority_code, kind, codes):
        """Return which of the codes stand in a table, with their parents.

        :return: ``{code: {parent, ...}}``, or None where the authority has no such
            table (then any code will do)
        """
        table = self.sudo().with_context(active_test=False)
        domain = [("authority", "=", authority_code), ("kind", "=", kind)]
        found = {}
        for row in table.search([*domain, ("code", "in", list(codes))]):
            if row.active:
                found.setdefault(row.code, set()).add(row.parent_code or "")
        if not found and not table.search_count(domain, limit=1):
            return None
        return found

    @api.model
    def _selection_authority(self):
        text = self.env["ereceipt.document"]._sentence_text
        return [(code, text(name, {})) for code, name in codes_owners().items()]
