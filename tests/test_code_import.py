import base64
import io
import zipfile

import openpyxl

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..fiscal.by_file.reading import MOST_UNPACKED, Bounds
from .snapshot_common import AUTHORITY, RIN, SnapshotCommon


@tagged("post_install", "-at_install", "post_install_l10n")
class TestCodeImport(SnapshotCommon):
    """Item codes from a file: looked at first, written afterwards, hostile or not."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["ereceipt.code.mapping"].search([("kind", "=", "item")]).unlink()
        cls.items[0].barcode = "4006381333931"
        cls.manager = cls.accountant.copy({"login": "code_manager"})
        cls.manager.group_ids = cls.env.ref("account.group_account_manager")

    def wizard(self, content, **values):
        if isinstance(content, str):
            content = content.encode()
        return (
            self.env["ereceipt.item.import"]
            .with_user(self.manager)
            .create(
                {
                    "authority": AUTHORITY,
                    "file": base64.b64encode(content),
                    "file_name": "codes",
                    **values,
                }
            )
        )

    def looked_at(self, content, **values):
        wizard = self.wizard(content, **values)
        wizard.action_check()
        return wizard

    def workbook(self, *rows):
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        stream = io.BytesIO()
        book.save(stream)
        return stream.getvalue()

    def results(self, wizard):
        return {line.row: line.result for line in wizard.line_ids}

    def own_rows(self):
        return self.env["ereceipt.code.mapping"].sudo().search([("kind", "=", "item")])

    # -------------------------------------------------------------------------
    # WHAT IS IN ORDER
    # -------------------------------------------------------------------------

    def test_csv_is_shown_first_and_written_afterwards(self):
        wizard = self.looked_at(
            "default_code,scheme,code\n"
            f"ITEM1,EGS,EG-{RIN}-1\n"
            f"ITEM2,,EG-{RIN}-2\n"
            "ITEM3,,10000025\n"
        )
        self.assertEqual(self.results(wizard), {2: "new", 3: "new", 4: "new"})
        self.assertFalse(self.own_rows(), "nothing before a person saw it")
        wizard.action_import()
        rows = self.own_rows()
        self.assertEqual(
            {row.product_tmpl_id.default_code: (row.scheme, row.code) for row in rows},
            {
                "ITEM1": ("EGS", f"EG-{RIN}-1"),
                "ITEM2": ("EGS", f"EG-{RIN}-2"),
                "ITEM3": ("GS1", "10000025"),
            },
        )

    def test_second_import_changes_only_what_differs(self):
        self.looked_at(
            "default_code,code\nITEM1,10000101\nITEM2,10000102\n"
        ).action_import()
        rows = self.own_rows()
        wizard = self.looked_at("default_code,code\nITEM1,10000101\nITEM2,10000109\n")
        self.assertEqual(self.results(wizard), {2: "same", 3: "change"})
        self.assertIn("10000102", wizard.line_ids.filtered("message").message)
        wizard.action_import()
        self.assertEqual(self.own_rows(), rows)
        self.assertEqual(set(rows.mapped("code")), {"10000101", "10000109"})

    def test_workbook_with_numbers(self):
        """A spreadsheet keeps a barcode as a number; it comes back whole."""
        wizard = self.looked_at(
            self.workbook(
                ["Barcode", "Code"], [4006381333931, 4006381333931.0], [None, None]
            )
        )
        line = wizard.line_ids
        self.assertEqual((line.result, line.code), ("new", "4006381333931"))
        wizard.action_import()
        self.assertEqual(self.own_rows().product_tmpl_id.barcode, "4006381333931")

    def test_by_name_in_arabic_code_page_and_semicolons(self):
        self.items[4].name = "قلم حبر"
        wizard = self.looked_at("name;code\nقلم حبر;10000105\n".encode("cp1256"))
        self.assertEqual(wizard.line_ids.result, "new")
        self.assertEqual(wizard.line_ids.product_tmpl_id, self.items[4].product_tmpl_id)

    def test_categories(self):
        parent = self.env["product.category"].create({"name": "Drinks"})
        child = self.env["product.category"].create(
            {"name": "Tea", "parent_id": parent.id}
        )
        wizard = self.looked_at(
            "category,code\nDrinks,10000101\nDrinks / Tea,10000102\n", target="category"
        )
        wizard.action_import()
        found = {row.categ_id: row.code for row in self.own_rows()}
        self.assertEqual(found, {parent: "10000101", child: "10000102"})

    def test_variant_gets_a_row_of_its_own(self):
        attribute = self.env["product.attribute"].create(
            {"name": "Size", "value_ids": [(0, 0, {"name": n}) for n in "SL"]}
        )
        template = self.env["product.template"].create(
            {
                "name": "Shirt",
                "attribute_line_ids": [
                    (
                        0,
                        0,
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [(6, 0, attribute.value_ids.ids)],
                        },
                    )
                ],
            }
        )
        template.product_variant_ids[0].default_code = "SHIRT-S"
        self.looked_at("default_code,code\nSHIRT-S,10000101\n").action_import()
        self.assertEqual(self.own_rows().product_id.default_code, "SHIRT-S")

    def test_company_of_its_own(self):
        self.looked_at("default_code,code\nITEM1,10000101\n").action_import()
        wizard = self.looked_at(
            "default_code,code\nITEM1,10000102\n", company_id=self.company.id
        )
        self.assertEqual(wizard.line_ids.result, "new", "beside the shared row")
        wizard.action_import()
        self.assertEqual(len(self.own_rows()), 2)

    def test_product_of_one_company(self):
        """It is found without choosing a company, and its code is for that one."""
        self.items[1].company_id = self.company
        wizard = self.looked_at("default_code,code\nITEM1,10000101\nITEM2,10000102\n")
        self.assertEqual(self.results(wizard), {2: "new", 3: "new"})
        wizard.action_import()
        self.assertEqual(
            {r.product_tmpl_id.default_code: r.company_id for r in self.own_rows()},
            {"ITEM1": self.company, "ITEM2": self.company.browse()},
        )
        again = self.looked_at("default_code,code\nITEM1,10000101\nITEM2,10000109\n")
        self.assertEqual(self.results(again), {2: "same", 3: "change"})

    def test_product_of_a_company_that_is_switched_off(self):
        other = self.env["res.company"].create({"name": "Another company"})
        self.items[1].company_id = other
        content = "default_code,code\nITEM1,10000101\n"
        wizard = self.looked_at(content)
        self.assertEqual(wizard.line_ids.message, "ITEM1 was not found.")
        self.manager.company_ids += other
        wizard = self.wizard(content).with_context(allowed_company_ids=self.company.ids)
        wizard.action_check()
        self.assertEqual(wizard.line_ids.result, "error")
        self.assertIn(self.company.name, wizard.line_ids.message)
        both = (self.company | other).ids
        wizard = wizard.with_context(allowed_company_ids=both)
        wizard.action_check()
        self.assertEqual(wizard.line_ids.result, "new")
        wizard.action_import()
        self.assertEqual(self.own_rows().company_id, other)

    def test_other_file_forgets_what_was_looked_at(self):
        wizard = self.looked_at("default_code,code\nITEM1,10000101\n")
        with Form(wizard) as form:
            form.file = base64.b64encode(b"default_code,code\nITEM2,10000102\n")
        self.assertFalse(wizard.line_ids)
        with self.assertRaisesRegex(UserError, "no row"):
            wizard.action_import()

    # -------------------------------------------------------------------------
    # WHAT IS NOT
    # -------------------------------------------------------------------------

    def test_bad_rows_are_named_and_left_out(self):
        self.items[5].default_code = self.items[6].default_code = "TWICE"
        wizard = self.looked_at(
            "default_code,scheme,code\n"
            "ITEM1,,10000101\n"
            "NOBODY,,10000102\n"
            "TWICE,,10000103\n"
            "ITEM2,,\n"
            "ITEM3,EAN,10000104\n"
            "ITEM4,EGS,10000104\n"
            ",,10000105\n"
            "ITEM1,,10000106\n"
            "ITEM1,,10000101\n"
            "ITEM7,,6.22E+12\n"
        )
        results = self.results(wizard)
        self.assertEqual(results.pop(2), "new")
        self.assertEqual(results.pop(10), "same", "said twice")
        self.assertEqual(set(results.values()), {"error"})
        self.assertEqual(set(results), set(range(3, 10)) | {11})
        messages = {line.row: line.message for line in wizard.line_ids}
        self.assertIn("not found", messages[3])
        self.assertIn("2 records", messages[4])
        self.assertIn("Row 2", messages[9])
        self.assertIn("shortened", messages[11])
        wizard.invalidate_recordset(["line_ids"])
        self.assertEqual(wizard.line_ids[0].result, "error", "errors stand first")
        wizard.action_import()
        self.assertEqual(self.own_rows().code, "10000101")

    def refused(self, content, text):
        with self.assertRaisesRegex(UserError, text):
            self.looked_at(content)
        self.assertFalse(self.own_rows())

    def test_columns_have_to_be_named(self):
        self.refused("ITEM1,10000101\nITEM2,10000102\n", "name the columns")
        self.refused("", "empty|Choose")
        self.refused("\n\n", "empty")

    def test_too_large_files(self):
        self.refused(b"a" * (Bounds().size + 1), "MB")
        many = "default_code,code\n" + "X,1\n" * (Bounds().rows + 5)
        self.refused(many, "rows")
        self.refused("default_code,code\nX," + "1" * 600 + "\n", "row 2")
        self.refused('default_code,code\n"X' + "1" * 140_000 + '",1\n', "CSV|row 2")

    def test_not_a_table(self):
        self.refused(b"\xd0\xcf\x11\xe0" + b"\0" * 100, "xls")
        self.refused(b"PK\x03\x04" + b"\0" * 100, "workbook")
        self.refused(bytes(range(256)) * 10, "neither|name the columns|row")

    def archive(self, **parts):
        """A good workbook with some of its parts replaced or added."""
        good = zipfile.ZipFile(
            io.BytesIO(self.workbook(["default_code", "code"], ["ITEM1", "10000101"]))
        )
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bad:
            for name in good.namelist():
                if name not in parts:
                    bad.writestr(name, good.read(name))
            for name, data in parts.items():
                bad.writestr(name, data)
        return stream.getvalue()

    def test_workbook_that_unpacks_to_too_much(self):
        self.refused(
            self.archive(**{"xl/media/x.xml": b" " * (MOST_UNPACKED + 1)}),
            "too large",
        )

    def test_workbook_with_entities(self):
        sheet = (
            b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
            b'<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
            b'<!ENTITY c SYSTEM "file:///etc/passwd">]>'
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
            b'main"><sheetData><row r="1"><c t="inlineStr"><is><t>&c;</t></is></c>'
            b"</row></sheetData></worksheet>"
        )
        self.refused(self.archive(**{"xl/worksheets/sheet1.xml": sheet}), "never has")
        utf16 = sheet.decode().encode("utf-16")
        self.refused(self.archive(**{"xl/worksheets/sheet1.xml": utf16}), "never has")

    def test_workbook_whose_rows_lie_far_apart(self):
        sheet = (
            b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/'
            b'main"><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>code</t></is>'
            b'</c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
            b"</sheetData></worksheet>"
        )
        self.refused(
            self.archive(**{"xl/worksheets/sheet1.xml": sheet}), "rows|name the columns"
        )

    def test_only_who_keeps_the_codes(self):
        with self.assertRaises(AccessError):
            self.env["ereceipt.item.import"].with_user(self.accountant).create(
                {"authority": AUTHORITY}
            )
