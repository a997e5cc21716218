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


def bar_foreign(rows, described):
    """Let nobody group by fields of authorities that the companies at hand have
    nothing to do with, or search for them, where any field may be chosen.

    :param dict described: what ``fields_get`` of ``rows`` says; changed in place
    """
    registrations = rows.env["ereceipt.registration"]
    words_by_prefix = registrations._ereceipt_field_words()
    ours = [
        name
        for name in described
        if name[:3] in words_by_prefix
        and "account_ereceipt" in rows._fields[name]._modules
    ]
    words = registrations._at_hand(rows.env.companies) if ours else ()
    for name in ours:
        if words_by_prefix[name[:3]] not in words:
            barred = {"groupable", "searchable"} & described[name].keys()
            described[name].update(dict.fromkeys(barred, False))
    return described


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
    def _ereceipt_field_words(self):
        """Return the word of :meth:`_at_hand` that fields of ours want, by the three
        letters that their names begin with. Hook: the glue of an authority adds its
        own.

        :rtype: dict[str, str]
        """
        return {}

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


class AccountMove(models.Model):
    """Invoices are grouped by and searched for what is said of them at hand."""

    _inherit = "account.move"

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        # EXTENDS account
        return bar_foreign(self, super().fields_get(allfields, attributes))


class ResPartner(models.Model):
    """And customers."""

    _inherit = "res.partner"

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        # EXTENDS base
        return bar_foreign(self, super().fields_get(allfields, attributes))


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


class IrActionsActions(models.Model):
    """Leaves out what is done for authorities that nobody at hand is registered
    with from what is offered for the records of a list or form."""

    _inherit = "ir.actions.actions"

    @api.model
    def get_bindings(self, model_name):
        # EXTENDS base
        bindings = super().get_bindings(model_name)
        wanted = {
            action.id: word
            for name, word in self._ereceipt_bound().items()
            if (action := self.env.ref(f"account_ereceipt.{name}", False))
        }
        offered = bindings.get("action", ())
        if not any(action["id"] in wanted for action in offered):
            return bindings
        words = self.env["ereceipt.registration"]._at_hand(self.env.companies)
        shown = [a for a in offered if wanted.get(a["id"]) in {None, *words}]
        return {**bindings, "action": shown}

    @api.model
    def _ereceipt_bound(self):
        """Return the actions that are for some authorities alone, by name, each with
        the word of :meth:`EreceiptRegistration._at_hand` that it wants.

        Hook: the glue of an authority adds its own.

        :rtype: dict[str, str]
        """
        return {}
