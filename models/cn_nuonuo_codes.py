import re

from odoo import api, fields, models

from ..fiscal.cn_nuonuo.code_tables import ITEM_SCHEME as SCHEME
from .cn_nuonuo import AUTHORITY

VAT = "VAT"
_CODE = re.compile(r"[0-9]{19}")


class EreceiptCodeMapping(models.Model):
    """What Odoo's taxes are to China's tax bureau, and its codes of what is sold."""

    _inherit = "ereceipt.code.mapping"

    @api.onchange("authority", "kind", "code")
    def _onchange_code_cn_nuonuo(self):
        self.update(self._cn_nuonuo_schemed(self._cn_nuonuo_as_vals()))

    @api.model_create_multi
    def create(self, vals_list):
        # EXTENDS: there is but one code system, so nobody has to name it
        return super().create([self._cn_nuonuo_schemed(vals) for vals in vals_list])

    def write(self, vals):
        # EXTENDS: alike
        if not vals.get("code"):
            return super().write(vals)
        ours = self.filtered(
            lambda row: row._cn_nuonuo_as_vals()["authority"] == AUTHORITY
        )
        super(EreceiptCodeMapping, self - ours).write(vals)
        for row in ours:
            known = {**row._cn_nuonuo_as_vals(), **vals}
            found = row._cn_nuonuo_schemed(known)
            scheme = {"scheme": found["scheme"]} if found.get("scheme") else {}
            super(EreceiptCodeMapping, row).write({**vals, **scheme})
        return True

    def _cn_nuonuo_as_vals(self):
        return {name: self[name] for name in ("authority", "kind", "code", "scheme")}

    @api.model
    def _cn_nuonuo_schemed(self, vals):
        """Return the values of a row with the code system, where it is an item's."""
        if (
            vals.get("authority", self._default_authority()) == AUTHORITY
            and vals.get("kind", "item") == "item"
            and vals.get("code")
            and not vals.get("scheme")
        ):
            return {**vals, "scheme": SCHEME}
        return vals

    # -------------------------------------------------------------------------
    # HOOKS OF THE ENGINE
    # -------------------------------------------------------------------------

    def _cn_nuonuo_item_scheme(self, code):
        return SCHEME

    def _cn_nuonuo_file_encodings(self):
        """Spreadsheets in China still write GBK."""
        return ("utf-8-sig", "gb18030")

    def _cn_nuonuo_given_columns(self):
        """Return the headings of the bureau's table of classification codes, which no
        package may bring: a company has it from its tax bureau."""
        return {
            "code": (
                "合并编码",
                "税收分类编码",
                "商品和服务税收编码",
                "商品编码",
                "编码",
            ),
            "name": ("货物和劳务名称", "商品和服务名称", "商品名称", "名称"),
            "short": ("商品和服务分类简称", "商品和服务简称", "简称"),
            "keywords": ("关键字", "关键词"),
            "sum": ("汇总项",),
        }

    def _cn_nuonuo_item_code_problem(self, scheme, code):
        if code and not _CODE.fullmatch(code):
            return self.env._(
                "“%s” is no tax classification code: it has 19 digits.", code
            )
        return False

    def _cn_nuonuo_foreign_tax(self, tax):
        """There is VAT alone: every percentage of a Chinese sale is one. Which policy
        makes it 0 % is told by a row."""
        home = tax.country_id or tax.company_id.account_fiscal_country_id
        if (
            tax.type_tax_use == "sale"
            and home.code == "CN"
            and tax.amount >= 0
            and tax._ereceipt_percentage() is not None
        ):
            return VAT, "", ()
        return None


class ProductTemplate(models.Model):
    _inherit = "product.template"

    cn_spec = fields.Char(
        string="Specification on fapiao",
        help="Model and specification (规格型号) of China's fapiao.",
    )
