import base64
import io
import re

import openpyxl

from odoo import Command

from .cn_common import CnNuonuoCommon

NUMBER = "26312000000000000{:03d}"
"""A number of a fapiao."""


class ByFileCommon(CnNuonuoCommon):
    """A Chinese company whose fapiao are issued by a clerk: documents go out as
    workbooks and results come in as CSV, both by the shipped layouts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.device.with_user(cls.administrator).issued_by = "file"
        cls.out = cls.make_profile("out", name="Fapiao out")
        cls.into = cls.make_profile("in", name="Fapiao in", file_format="csv")

    @classmethod
    def make_profile(cls, template, **values):
        """Make a profile of a shipped template, as the administrator."""
        profiles = cls.env["ereceipt.file.profile"].with_user(cls.administrator)
        shipped = cls.env.ref(f"account_ereceipt.ereceipt_file_template_cn_{template}")
        layout = profiles._template_values(shipped)
        layout["column_ids"] = layout["column_ids"][1:]
        return profiles.create(
            {**layout, "registration_id": cls.registration.id, **values}
        )

    # -------------------------------------------------------------------------
    # OUT
    # -------------------------------------------------------------------------

    def made(self, profile=None):
        """Make a file as the accountant and return its run."""
        profile = (profile or self.out).with_user(self.accountant)
        action = profile.action_make_file()
        return self.env["ereceipt.file.run"].browse(action["res_id"])

    def handed_over(self, profile=None):
        """Make a file and hand it over as the accountant."""
        run = self.made(profile)
        run.with_user(self.accountant).action_hand_over()
        return run

    def lines(self, run):
        """Return the rows of a run's workbook by its headings."""
        book = openpyxl.load_workbook(io.BytesIO(run._content()))
        heading, *rows = book.active.iter_rows(values_only=True)
        return [dict(zip(heading, row, strict=True)) for row in rows]

    # -------------------------------------------------------------------------
    # IN
    # -------------------------------------------------------------------------

    def results(self, *rows, heading="订单号,开票状态,发票号码,价税合计,失败原因"):
        """Return a file of results.

        :param rows: cells of each row
        """
        lines = [heading, *(",".join(map(str, row)) for row in rows)]
        return "\r\n".join(lines).encode("utf-8-sig")

    def issued(self, move, number=1, total=None):
        """Return the row that says that an invoice's fapiao was issued."""
        total = move.amount_total if total is None else total
        reference = move.ereceipt_document_id.file_reference
        return (reference, "已开具", NUMBER.format(number), f"{total:.2f}", "")

    def looked_at(self, content, profile=None, name="results.csv", user=None):
        """Upload a file as the accountant and return the run that shows it."""
        user = user or self.accountant
        wizard = (
            self.env["ereceipt.file.upload"]
            .with_user(user)
            .create(
                {
                    "profile_id": (profile or self.into).id,
                    "file": base64.b64encode(content),
                    "file_name": name,
                }
            )
        )
        run = self.env["ereceipt.file.run"].browse(wizard.action_read()["res_id"])
        return run.with_user(user)

    def applied(self, content, **options):
        """Upload a file as the accountant and apply it."""
        run = self.looked_at(content, **options)
        run.action_apply()
        self.env.flush_all()
        return run

    def outcomes(self, run):
        return dict(run.row_ids.mapped(lambda row: (row.label, row.outcome)))

    def error_rows(self, run):
        """Return the lines of a run's error file, without the heading."""
        text = base64.b64decode(run.error_file).decode("utf-8-sig")
        return re.split(r"\r?\n", text.strip())[1:]

    # -------------------------------------------------------------------------
    # THE JOB
    # -------------------------------------------------------------------------

    def run_files(self):
        """Run the job that exchanges files as its scheduler would."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.env.registry.cursor() as cr:
            env = self.env(cr=cr, su=True)
            env["ereceipt.file.profile"].search([]).write({"next_run_at": False})
            env["ereceipt.file.profile"]._cron_exchange()
        self.env.invalidate_all()


def commands(values):
    """Return values of columns as commands."""
    return [Command.create(one) for one in values]
