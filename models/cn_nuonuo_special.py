from odoo import api, fields, models

from ..fiscal.cn_nuonuo.builder import CONSTRUCTION, LEASE
from ..fiscal.cn_nuonuo.code_tables import table
from ..fiscal.cn_nuonuo.fapiao import thaw
from ..fiscal.cn_nuonuo.nodes import RAW, example_of, node_of
from .cn_nuonuo import AUTHORITY

NONE = "none"
SPECIALS = [
    (NONE, "None"),
    ("01", "Fuel"),
    ("03", "Construction service"),
    ("04", "Freight"),
    ("05", "Sale of real estate"),
    ("06", "Lease of real estate"),
    ("09", "Passenger transport"),
    ("16", "Farm products purchased"),
]
MOST_SHOWN = 20
"""Rows of a list of particulars that are printed; the fapiao itself has all."""

SITE = {
    "place": "cn_place",
    "address": "cn_place_address",
    "project_name": "cn_project",
    "land_vat_number": "cn_land_vat_number",
    "certificate": "cn_certificate",
    "unit": "cn_area_unit",
    "cross_city": "cn_cross_city",
}
"""The bureau's particulars of a place, and the fields that tell them."""

PARTICULARS = {
    CONSTRUCTION: (
        *("place", "address", "project_name", "land_vat_number", "cross_city"),
    ),
    LEASE: ("place", "address", "certificate", "unit", "cross_city"),
}
"""Which of them a kind of business has."""

TOLD = frozenset(
    {
        "cn_special",
        *SITE.values(),
        "cn_lease_start",
        "cn_lease_end",
        "cn_special_node",
        "cn_vouchers",
    }
)
"""What a fapiao says of a special business."""


class EreceiptCnSiteMixin(models.AbstractModel):
    """The special business of a fapiao (特定业务) and the place that it is about.

    A product has them where it *is* that place, or sells nothing but that business: an
    office that is let, a project that is built. An invoice of it says the same unless
    something else is entered there.
    """

    _name = "ereceipt.cn.site.mixin"
    _description = "Special business of a fapiao"

    cn_special = fields.Selection(
        SPECIALS,
        string="Special business",
        help="特定业务: what has a fapiao with particulars of its own. Empty on an "
        "invoice: as its product says.",
    )
    cn_place = fields.Char(
        string="Place",
        help="Province, city and district, as the administrative divisions are called: "
        "浙江省杭州市西湖区.",
    )
    cn_place_address = fields.Char(
        string="Address",
        help="The rest of the address. Of real estate it names a street or village: it "
        "contains one of 街 路 村 乡 镇 道.",
    )
    cn_project = fields.Char(
        string="Construction project", help="建筑项目名称, at most 80 characters."
    )
    cn_land_vat_number = fields.Char(
        string="Land VAT number", help="土地增值税项目编号, at most 16 characters."
    )
    cn_certificate = fields.Char(
        string="Property certificate number",
        help="产权证书/不动产权证号, at most 40 characters.",
    )
    cn_area_unit = fields.Selection(
        selection="_selection_cn_area_unit",
        string="Unit of area",
        help="In which the quantity of the line is.",
    )
    cn_cross_city = fields.Selection(
        [("0", "No"), ("1", "Yes")],
        string="Across cities",
        help="跨地（市）标志: the place is in another city. Empty: no.",
    )

    @api.model
    def _selection_cn_area_unit(self):
        return [(unit, unit) for unit in table("area_unit")]


class ProductTemplate(models.Model):
    _name = "product.template"
    _inherit = ["product.template", "ereceipt.cn.site.mixin"]


class AccountMove(models.Model):
    """What a fapiao of a special business tells beyond its lines.

    Construction and lease have fields; the rarer ones a text in the provider's own
    names. Once issued, what counts is what was frozen: that is what is shown and
    printed, whatever is said of the product by then.
    """

    _name = "account.move"
    _inherit = ["account.move", "ereceipt.cn.site.mixin"]

    cn_lease_start = fields.Date(string="Start of the lease", copy=False)
    cn_lease_end = fields.Date(string="End of the lease", copy=False)
    cn_special_node = fields.Text(
        string="Particulars of the business",
        help="JSON with the provider's own names: an object for a sale of real estate "
        "and farm products, a list of objects for freight and passengers.",
    )
    cn_vouchers = fields.Text(
        string="Vouchers of the margin",
        copy=False,
        help="Differential taxation (差额征税): a JSON list of the vouchers whose "
        "amounts are not taxed, with the provider's own names.",
    )
    cn_special_used = fields.Char(
        string="Special business in use", compute="_compute_cn_special_used"
    )
    cn_special_names = fields.Char(
        string="Its names and values",
        compute="_compute_cn_special_used",
        help="In brackets what may be left out.",
    )
    cn_special_text = fields.Text(
        string="Told of the special business", compute="_compute_cn_special_text"
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("cn_special", "cn_is_fapiao", "invoice_line_ids.product_id")
    def _compute_cn_special_used(self):
        for move in self:
            used = move.cn_is_fapiao and move._cn_nuonuo_special()
            move.cn_special_used = used or False
            move.cn_special_names = example_of(used or "") or False

    @api.depends("cn_is_fapiao", "ereceipt_document_id.content_sha256")
    @api.depends_context("lang")
    def _compute_cn_special_text(self):
        for move in self:
            document = move.ereceipt_document_id.sudo()
            rows = document._cn_nuonuo_special_rows() if move.cn_is_fapiao else []
            move.cn_special_text = "\n".join(f"{name}: {text}" for name, text in rows)

    # -------------------------------------------------------------------------
    # HOOKS OF THE ENGINE
    # -------------------------------------------------------------------------

    def _cn_nuonuo_told(self):
        # EXTENDS: what stays as it was issued
        return super()._cn_nuonuo_told() | TOLD

    def _cn_nuonuo_receipt_data(self, device):
        # EXTENDS: with the special business. A red letter takes back lines, and asks
        # nothing of their particulars
        data = super()._cn_nuonuo_receipt_data(device)
        sold = self.reversed_entry_id if self.move_type == "out_refund" else self
        special = (sold or self)._cn_nuonuo_special()
        if special:
            data["special"] = special
        if self.move_type == "out_refund":
            return data
        if special:
            data["special_data"] = self._cn_nuonuo_particulars(special)
        if self.cn_vouchers:
            data["differential"] = node_of(self.cn_vouchers)
        return data

    def _cn_nuonuo_print_rows(self, document):
        # EXTENDS: with what the fapiao says of its special business
        rows = super()._cn_nuonuo_print_rows(document)
        return rows + document._cn_nuonuo_special_rows()

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _cn_nuonuo_special(self):
        """Return the special element: the chosen one, else its products', "" for
        none."""
        self.ensure_one()
        special = self.cn_special or self._cn_nuonuo_special_product().cn_special
        return "" if special in (False, NONE) else special

    def _cn_nuonuo_special_product(self):
        """Return the first product sold that says something of a special business."""
        products = self.invoice_line_ids.product_id.product_tmpl_id
        return products.filtered("cn_special")[:1]

    def _cn_nuonuo_particulars(self, special):
        """Return the node of a special element, as the contract has it."""
        if special in RAW:
            return node_of(self.cn_special_node)
        product = self._cn_nuonuo_special_product()
        node = {
            name: (self[SITE[name]] or product[SITE[name]] or "").strip()
            for name in PARTICULARS.get(special, ())
        }
        if special == LEASE:
            for name, day in (
                ("start", self.cn_lease_start),
                ("end", self.cn_lease_end),
            ):
                node[name] = day.isoformat() if day else ""
        return node


class EreceiptDocument(models.Model):
    _inherit = "ereceipt.document"

    def _cn_nuonuo_special_rows(self):
        """Return names and texts of what an issued fapiao says of its special
        business."""
        if self.authority != AUTHORITY or not self.content_sha256:
            return []
        fapiao = thaw(self.content.encode())
        if not fapiao.special:
            return []
        labels = dict(
            self.env["account.move"]
            ._fields["cn_special"]
            ._description_selection(self.env)
        )
        special = labels.get(fapiao.special, fapiao.special)
        rows = [(self.env._("Special business"), special)]
        if fapiao.special in RAW:
            return rows + self._cn_nuonuo_raw_rows(fapiao.special_data)
        return rows + self._cn_nuonuo_site_rows(fapiao.special_data)

    def _cn_nuonuo_site_rows(self, told):
        """Return the rows of construction and lease."""
        across = told.get("cross_city") in ("1", True)
        period = [told.get(name) for name in ("start", "end")]
        rows = [
            (self.env._("Place"), told.get("place", "") + told.get("address", "")),
            (self.env._("Construction project"), told.get("project_name")),
            (self.env._("Land VAT number"), told.get("land_vat_number")),
            (self.env._("Leased"), " – ".join(filter(None, period))),
            (self.env._("Property certificate number"), told.get("certificate")),
            (self.env._("Unit of area"), told.get("unit")),
            (self.env._("Across cities"), across and self.env._("Yes")),
        ]
        return [(name, text) for name, text in rows if text]

    def _cn_nuonuo_raw_rows(self, told):
        """Return the rows of a business that is told by the provider's names."""
        given = list(told) if isinstance(told, tuple) else [told]
        rows = [
            (str(number), ", ".join(str(value) for value in row.values() if value))
            for number, row in enumerate(given[:MOST_SHOWN], 1)
            if row
        ]
        if len(given) > MOST_SHOWN:
            rows.append(("…", self.env._("%s in all", len(given))))
        return rows
