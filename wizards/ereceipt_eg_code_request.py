import re

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..fiscal.contract import FiscalError
from ..fiscal.eg_eta.item_codes import NewCode, check_code

BATCH = 50
"""So many codes travel in one call: a person waits for it."""

_ARABIC = re.compile(r"[\u0600-\u06ff]")


class EreceiptEgCodeRequest(models.TransientModel):
    """Asks ETA to register EGS codes for products.

    It proposes a line for each chosen product without a code, shows what ETA would
    refuse, and asks for all of them. ETA is asked before anything is written: where
    the writing fails, pressing again finds the requests that ETA has already.
    """

    _name = "ereceipt.eg.code.request"
    _inherit = ["ereceipt.eg.code.mixin"]
    _description = "Registration of item codes at ETA"

    brick = fields.Char(
        string="GPC brick for all",
        help="8 digits; fills the lines that have none yet.",
    )
    line_ids = fields.One2many(
        "ereceipt.eg.code.request.line", "request_id", string="Codes"
    )
    is_done = fields.Boolean(string="Was asked for", compute="_compute_is_done")

    @api.depends("line_ids.state")
    def _compute_is_done(self):
        for wizard in self:
            wizard.is_done = not wizard._open_lines()

    @api.onchange("brick")
    def _onchange_brick(self):
        for line in self.line_ids:
            line.brick = line.brick or self.brick

    @api.model
    def default_get(self, fields):
        # EXTENDS base: the lines of the products that were chosen in a list
        values = super().default_get(fields)
        products = self._chosen_products()
        if "line_ids" not in fields or not products:
            return values
        registration = self._default_registration()
        lines = self._proposed(products, registration)
        return {
            **values,
            "registration_id": registration.id,
            "line_ids": [Command.create(line) for line in lines],
        }

    # -------------------------------------------------------------------------
    # PROPOSING
    # -------------------------------------------------------------------------

    @api.model
    def _proposed(self, products, registration):
        """Return the values of a line for each product that has neither a code nor an
        open request.

        :raise UserError: none is left
        """
        asked = self.env["ereceipt.code.mapping"].search(
            [
                ("pending", "=", True),
                ("eg_request_ref", "!=", False),
                ("eg_refusal", "=", False),
            ]
        )
        left = products.filtered(
            lambda p: (
                p.ereceipt_code_missing
                and p not in asked.product_id
                and p.product_tmpl_id not in asked.product_tmpl_id
            )
        )
        if not left:
            raise UserError(
                self.env._("Each of these products has a code, or was asked for.")
            )
        rin = registration.sudo()._seller_party().id
        bricks = self._known_bricks(left.categ_id)
        return [
            {
                "product_id": product.id,
                "item_code": f"EG-{rin}-{self._own_code(product)}",
                "brick": bricks.get(product.categ_id.id, False),
                **self._names(product),
            }
            for product in left
        ]

    @staticmethod
    def _own_code(product):
        return "-".join((product.default_code or "").split()) or str(product.id)

    @api.model
    def _names(self, product):
        """Return the product's names in English and Arabic, as far as it has them."""
        arabic = self.env["res.lang"].search([("code", "=like", "ar%")], limit=1).code
        plain = product.with_context(display_default_code=False)
        name = plain.with_context(lang="en_US").display_name
        name_ar = arabic and plain.with_context(lang=arabic).display_name
        texts = [text for text in (name_ar, name) if text]
        return {
            "name": False if _ARABIC.search(name or "") else name,
            "name_ar": next((t for t in texts if _ARABIC.search(t)), False),
        }

    @api.model
    def _known_bricks(self, categories):
        """Return the brick that was last chosen in each category, by its id."""
        rows = self.env["ereceipt.code.mapping"].search(
            [
                ("eg_brick", "!=", False),
                "|",
                ("product_id.categ_id", "in", categories.ids),
                ("product_tmpl_id.categ_id", "in", categories.ids),
            ],
            order="id",
        )
        return {
            (row.product_id or row.product_tmpl_id).categ_id.id: row.eg_brick
            for row in rows
        }

    # -------------------------------------------------------------------------
    # REGISTERING
    # -------------------------------------------------------------------------

    def action_register(self):
        """Ask ETA for the codes of all open lines.

        :raise UserError: something in them is wrong (all of it is told), or ETA has
            taken none
        """
        self.ensure_one()
        self._check_may_ask()
        lines = self._open_lines()
        problems = [problem for problem in lines.mapped("problem") if problem]
        if problems or not lines:
            raise UserError("\n".join(problems) or self.env._("No code is left."))
        self._check_registration()
        self._write_down(lines, *self._ask_eta(lines))
        return self._reopened(self.env._("Register EGS codes"))

    def _open_lines(self):
        return self.line_ids.filtered(lambda line: line.state in ("draft", "refused"))

    def _ask_eta(self, lines):
        """Ask for codes in short calls, and look for those that ETA did not take: it
        may have them from an earlier try whose answer was lost.

        :return: ETA's answers and the requests found, by item code, and the sentence
            that says what went wrong, False if nothing
        """
        registration = self.registration_id.sudo()
        codes = [line._new_code() for line in lines]
        answers, found = {}, {}
        try:
            with registration._calling() as authority:
                service = authority.item_codes()
                for start in range(0, len(codes), BATCH):
                    for answer in service.register(codes[start : start + BATCH]):
                        answers[answer.item_code] = answer
        except FiscalError as error:
            failed = error
        else:
            failed = None
        missing = [
            code.item_code
            for code in codes
            if not (answers.get(code.item_code) and answers[code.item_code].request_id)
        ]
        try:
            if missing:
                with registration._calling() as authority:
                    found = registration._eg_find_requests(
                        authority, "item_code", missing
                    )
        except FiscalError as error:
            failed = failed or error
        text = self.env["ereceipt.document"]._error_text
        if failed and not answers and not found:
            raise UserError(text(failed, self.env.user))
        return answers, found, text(failed, self.env.user)

    def _write_down(self, lines, answers, found, failure):
        """Keep what ETA said of each line."""
        text = self.env["ereceipt.document"]._problem_text
        for line in lines:
            answer = answers.get(line.item_code)
            request = found.get(line.item_code)
            if answer and answer.request_id:
                line._registered(answer.request_id, pending=True)
            elif request and request.stands:
                line._registered(request.id, pending=not request.approved)
            else:
                told = [text(problem) for problem in answer.problems] if answer else []
                line.state = "refused"
                line.refusal = (
                    "\n".join(told)
                    or failure
                    or self.env._("ETA did not say anything about it. Try it again.")
                )


class EreceiptEgCodeRequestLine(models.TransientModel):
    """One product and the code that is asked for. Its life: draft, then registered
    (to be approved by ETA), or refused, to be mended and asked for again."""

    _name = "ereceipt.eg.code.request.line"
    _description = "Item code to be registered at ETA"

    request_id = fields.Many2one(
        "ereceipt.eg.code.request", required=True, ondelete="cascade", index=True
    )
    product_id = fields.Many2one("product.product", required=True)
    item_code = fields.Char(string="EGS code")
    name = fields.Char(string="English name")
    name_ar = fields.Char(string="Arabic name")
    brick = fields.Char(string="GPC brick")
    active_from = fields.Date(
        string="Valid from", required=True, default=fields.Date.context_today
    )
    state = fields.Selection(
        [("draft", "Draft"), ("registered", "Registered"), ("refused", "Refused")],
        default="draft",
        readonly=True,
    )
    refusal = fields.Text(string="Refused because", readonly=True)
    problem = fields.Text(compute="_compute_problem")
    message = fields.Text(string="To be mended", compute="_compute_message")

    @api.depends(
        "item_code",
        "name",
        "name_ar",
        "brick",
        "active_from",
        "request_id.registration_id",
        "request_id.line_ids.item_code",
    )
    def _compute_problem(self):
        for line in self:
            line.problem = "\n".join(line._problems()) or False

    @api.depends("problem", "refusal")
    def _compute_message(self):
        for line in self:
            line.message = line.problem or line.refusal

    def _problems(self):
        """Return everything that stands against asking for the code, as sentences."""
        self.ensure_one()
        mappings = self.env["ereceipt.code.mapping"]
        registration = self.request_id.registration_id.sudo()
        if not registration or not self.active_from or self.state == "registered":
            return []
        rin = registration._seller_party().id
        text = self.env["ereceipt.document"]._problem_text
        found = [text(problem) for problem in check_code(self._new_code(), rin)]
        code = self.item_code or ""
        odd = code and mappings._item_problem("eg_receipt", "EGS", code, known=None)
        if odd:
            found.append(odd)
        twins = self.request_id.line_ids.filtered(lambda line: line.item_code == code)
        others = mappings.sudo().search([("kind", "=", "item"), ("code", "=", code)])
        taken = others.filtered(lambda row: not self._is_for(row))
        if code and (len(twins) > 1 or taken):
            found.append(
                self.env._(
                    "The code “%s” is another product's already. Enter another one.",
                    code,
                )
            )
        return list(dict.fromkeys(found))

    def _is_for(self, mapping):
        product = self.product_id
        return mapping._reference_record() in (product, product.product_tmpl_id)

    def _new_code(self):
        return NewCode(
            item_code=self.item_code or "",
            parent=(self.brick or "").strip(),
            name=self.name or "",
            name_ar=self.name_ar or "",
            active_from=self.active_from,
        )

    def _registered(self, request_ref, pending):
        """Keep the code for the product, pending until ETA approves it.

        :param str request_ref: the request's number at ETA
        """
        self.env["ereceipt.code.mapping"]._eg_give_asked(
            self.request_id.registration_id,
            {
                self.product_id: {
                    "scheme": "EGS",
                    "code": self.item_code,
                    "pending": pending,
                }
            },
            request_ref,
            brick=(self.brick or "").strip(),
        )
        self.write({"state": "registered", "refusal": False})
