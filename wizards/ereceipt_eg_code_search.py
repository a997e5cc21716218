from itertools import islice

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..fiscal.contract import FiscalError
from ..fiscal.eg_eta.item_codes import CodeUse, looked_for, owner_of
from ..models.ereceipt_notification import CLOSE, notification

MOST = 50
"""So many codes of a kind are shown: one page of ETA's answer. Who sees that many
says more precisely what he is looking for."""

SHORTEST = 3


class EreceiptEgCodeSearch(models.TransientModel):
    """Looks codes up that ETA publishes, and gives the chosen one to products.

    A GS1 code and an EGS code of the company's own may be used at once. An EGS code of
    somebody else is asked for first: the products have it, not approved yet, until ETA
    has decided, like one that was registered.
    """

    _name = "ereceipt.eg.code.search"
    _inherit = ["ereceipt.eg.code.mixin"]
    _description = "Search for item codes at ETA"

    product_ids = fields.Many2many(
        "product.product",
        string="For the products",
        help="They get the code that you choose.",
    )
    text = fields.Char(
        string="Looking for", help="A word of the code's name, or the code's beginning."
    )
    where = fields.Selection(
        [
            ("all", "All published codes"),
            ("GS1", "GS1 codes"),
            ("EGS", "EGS codes of all taxpayers"),
            ("own", "EGS codes of our own"),
        ],
        required=True,
        default="all",
        string="Among",
    )
    line_ids = fields.One2many("ereceipt.eg.code.search.line", "search_id")
    is_searched = fields.Boolean(readonly=True)
    has_more = fields.Boolean(
        readonly=True, help="ETA has more codes than are shown here."
    )

    @api.model
    def default_get(self, fields):
        # EXTENDS base: the products that were chosen, and what the one is called
        values = super().default_get(fields)
        if "registration_id" in fields:
            values["registration_id"] = self._default_registration().id
        products = self._chosen_products() if "product_ids" in fields else None
        if products:
            values["product_ids"] = [Command.set(products.ids)]
            if len(products.product_tmpl_id) == 1:
                values["text"] = products[0].name
        return values

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_search(self):
        """Ask ETA, and show what it has.

        :raise UserError: too little was typed, or ETA cannot be asked
        """
        self.ensure_one()
        self._check_may_ask()
        self._check_registration()
        wanted = looked_for(self.text or "")
        if len("".join(wanted.values())) < SHORTEST:
            raise UserError(
                self.env._(
                    "Type at least %s letters of a name, or digits of a code.", SHORTEST
                )
            )
        found = self._found(wanted)
        self.line_ids = [
            Command.clear(),
            *(Command.create(self._shown(code)) for code in found[:MOST]),
        ]
        self.write({"is_searched": True, "has_more": len(found) > MOST})
        return self._reopened(self.env._("Search ETA's codes"))

    def _found(self, wanted):
        """Return the codes that ETA publishes, one more than are shown at most."""
        registration = self.registration_id.sudo()
        kinds = {"all": ("GS1", "EGS"), "own": ("EGS",)}.get(self.where, (self.where,))
        owner = registration._seller_party().id if self.where == "own" else ""
        found = []
        try:
            with registration._calling() as authority:
                service = authority.item_codes()
                for kind in kinds:
                    codes = service.search(kind, owner=owner, **wanted)
                    found += islice(codes, MOST + 1)
        except FiscalError as error:
            text = self.env["ereceipt.document"]._error_text
            raise UserError(text(error, self.env.user)) from error
        return found

    def _shown(self, code):
        rin = self.registration_id.sudo()._seller_party().id
        owner = code.owner or owner_of(code.item_code)
        return {
            "scheme": code.code_type,
            "code": code.item_code,
            "name": code.name,
            "name_ar": code.name_ar,
            "parent_code": " ".join(filter(None, (code.parent, code.parent_name))),
            "owner": owner,
            "is_foreign": code.code_type == "EGS" and owner != rin,
            "active_to": code.active_to and code.active_to.date(),
        }


class EreceiptEgCodeSearchLine(models.TransientModel):
    """A code that ETA publishes."""

    _name = "ereceipt.eg.code.search.line"
    _description = "Item code found at ETA"

    search_id = fields.Many2one(
        "ereceipt.eg.code.search", required=True, ondelete="cascade", index=True
    )
    scheme = fields.Char(string="Code system", readonly=True)
    code = fields.Char(string="Item code", readonly=True)
    name = fields.Char(string="English name", readonly=True)
    name_ar = fields.Char(string="Arabic name", readonly=True)
    parent_code = fields.Char(string="Belongs to", readonly=True)
    owner = fields.Char(readonly=True, help="Its registration number.")
    is_foreign = fields.Boolean(
        string="Somebody else's",
        readonly=True,
        help="ETA has to approve that you use it.",
    )
    active_to = fields.Date(string="Valid until", readonly=True)

    def action_use(self):
        """Give the code to the products of the search; one of somebody else is asked
        for at ETA.

        :raise UserError: no product is chosen, or ETA refuses
        """
        self.ensure_one()
        search = self.search_id
        search._check_may_ask()
        search._check_registration()
        products = search.product_ids
        if not products:
            raise UserError(self.env._("Choose the products that get the code."))
        give = self._ask_to_use if self.is_foreign else self._use
        return notification("success", give(products), CLOSE)

    def _use(self, products):
        mappings = self.env["ereceipt.code.mapping"]
        values = {"scheme": self.scheme, "code": self.code, "pending": False}
        company = mappings._eg_company(self.search_id.registration_id)
        mappings._give_item_codes(
            "eg_receipt", company, dict.fromkeys(products, values)
        )
        return self._used_text(products)

    def _used_text(self, products):
        return self.env._(
            "%(products)s: the code is %(code)s from now on.",
            products=self._named(products),
            code=self.code,
        )

    def _ask_to_use(self, products):
        """Ask ETA before anything is written. What it has of an earlier try whose
        answer was lost is found among the requests."""
        registration = self.search_id.registration_id.sudo()
        text = self.env["ereceipt.document"]._error_text
        try:
            with registration._calling() as authority:
                [answer] = authority.item_codes().reuse(
                    [CodeUse(self.scheme, self.code)]
                )
                found = {}
                if not answer.request_id:
                    found = registration._eg_find_requests(
                        authority, "item_code", [self.code]
                    )
        except FiscalError as error:
            raise UserError(text(error, self.env.user)) from error
        request_ref, pending = self._standing(answer, found.get(self.code))
        values = {"scheme": self.scheme, "code": self.code, "pending": pending}
        self.env["ereceipt.code.mapping"]._eg_give_asked(
            registration, dict.fromkeys(products, values), request_ref
        )
        if not pending:
            return self._used_text(products)
        return self.env._(
            "%(products)s: ETA was asked whether you may use %(code)s. Documents wait "
            "until it has approved that.",
            products=self._named(products),
            code=self.code,
        )

    def _standing(self, answer, request):
        """Return the number at ETA of the request that stands, and whether it is not
        decided yet.

        :raise UserError: there is none; ETA's reasons
        """
        if answer.request_id:
            return answer.request_id, True
        if request and request.stands:
            return request.id, not request.approved
        text = self.env["ereceipt.document"]._problem_text
        reasons = [text(problem) for problem in answer.problems]
        raise UserError(
            "\n".join(reasons)
            or self.env._("ETA did not say anything about it. Try it again.")
        )

    def _named(self, products):
        if len(products) == 1:
            return products.display_name
        return self.env._("%s products", len(products))
