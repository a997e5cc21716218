"""What is for one country is shown where the companies at hand have to do with it."""

from odoo import api, fields, models
from odoo.fields import Domain

from ..fiscal import authority_class, authority_classes, codes_owner

MARK = "o_ereceipt_of_"
"""Begins the class of a view's node that is for some authorities alone; what follows is
one of the words of :meth:`EreceiptRegistration._at_hand`."""

SCHEMES = "item_type"


def at_hand():
    """Return the field that tells whether the companies at hand use a row's authority;
    its model computes and searches it."""
    return fields.Boolean(
        string="Of the companies at hand",
        compute="_compute_at_hand",
        search="_search_at_hand",
    )


def show_at_hand(rows):
    """Compute :func:`at_hand`."""
    authorities = rows.env["ereceipt.registration"]._tables_at_hand()
    for row in rows:
        row.at_hand = row.authority in authorities


def search_at_hand(rows, operator, value):
    """Return the domain of those with :func:`at_hand`."""
    if operator != "in" or set(value) != {True}:
        return NotImplemented
    authorities = rows.env["ereceipt.registration"]._tables_at_hand()
    return Domain("authority", "in", authorities)


class EreceiptRegistration(models.Model):
    """Which authorities the companies at hand have to do with."""

    _inherit = "ereceipt.registration"

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS: menus are kept until somebody says that they have changed
        registrations = super().create(vals_list)
        self.env.registry.clear_cache()
        return registrations

    def write(self, vals):
        # EXTENDS: alike
        result = super().write(vals)
        if {"active", "authority", "company_id"} & vals.keys():
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        # EXTENDS: alike
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    @api.model
    def _at_hand(self, companies):
        """Return the words for what companies have to do with: the codes of their
        authorities and of those whose code tables these use; ``serials`` where devices
        have some; ``chained`` and ``signed`` where documents are; ``schemes`` where
        item codes are of several systems; ``given_codes`` where a person loads their
        table; and what the glue of an authority adds (hook ``at_hand``).

        :rtype: set[str]
        """
        found = self.sudo()._read_group(
            Domain("company_id", "parent_of", companies.ids), ["authority"]
        )
        words = set()
        for (code,) in found:
            if code in authority_classes():
                words |= self._words_of(code)
        return words

    @api.model
    def _words_of(self, code):
        owner = codes_owner(code)
        can = authority_class(code).capabilities
        mappings = self.env["ereceipt.code.mapping"]
        tables = self.env["ereceipt.code"]
        known = {
            "serials": can.serials,
            "signed": can.signs == "document",
            "chained": can.chained,
            "schemes": tables._known(owner, SCHEMES, []) is not None,
            "given_codes": bool(mappings._hook(owner, "given_columns", False)),
        }
        more = getattr(self, f"_{code}_at_hand", tuple)()
        return {code, owner, *more, *(word for word, says in known.items() if says)}

    @api.model
    def _tables_at_hand(self):
        """Return the authorities whose code tables the companies at hand use."""
        return self.env["ereceipt.code.mapping"]._authorities(self.env.companies)


class EreceiptCode(models.Model):
    """Code tables of the companies at hand."""

    _inherit = "ereceipt.code"

    at_hand = at_hand()

    def _compute_at_hand(self):
        show_at_hand(self)

    def _search_at_hand(self, operator, value):
        return search_at_hand(self, operator, value)


class EreceiptCodeMapping(models.Model):
    """Codes for the authorities of the companies at hand."""

    _inherit = "ereceipt.code.mapping"

    at_hand = at_hand()

    def _compute_at_hand(self):
        show_at_hand(self)

    def _search_at_hand(self, operator, value):
        return search_at_hand(self, operator, value)


class IrUiView(models.Model):
    """Hides what is marked as for an authority that nobody at hand is registered
    with. It stays in the view, since conditions of others may name it."""

    _inherit = "ir.ui.view"

    @api.model
    def _postprocess_access_rights(self, tree):
        # EXTENDS base
        tree = super()._postprocess_access_rights(tree)
        marked = tree.xpath(f"//*[contains(@class, '{MARK}')]")
        if marked:
            words = self.env["ereceipt.registration"]._at_hand(self.env.companies)
            for node in marked:
                named = {
                    name.removeprefix(MARK)
                    for name in node.get("class").split()
                    if name.startswith(MARK)
                }
                if not named & words:
                    node.set("invisible", "True")
                    if node.getparent().tag == "list":
                        node.set("column_invisible", "True")
        return tree


class IrUiMenu(models.Model):
    """Leaves out the menus of authorities that none of the user's companies is
    registered with."""

    _inherit = "ir.ui.menu"

    @api.model
    def _load_menus_blacklist(self):
        # EXTENDS base
        words = self.env["ereceipt.registration"]._at_hand(self.env.user.company_ids)
        menus = [
            self.env.ref(f"account_ereceipt.{name}", raise_if_not_found=False)
            for name, word in self._ereceipt_menus().items()
            if word not in words
        ]
        hidden = [menu.id for menu in menus if menu]
        return [*super()._load_menus_blacklist(), *hidden]

    @api.model
    def _ereceipt_menus(self):
        """Return the menus that are for some authorities alone, by name, each with the
        word of :meth:`EreceiptRegistration._at_hand` that it wants.

        Hook: the glue of an authority adds its own.

        :rtype: dict[str, str]
        """
        return {"ereceipt_menu_code_import": "given_codes"}
