from datetime import timedelta


class TieOutKit:
    """Compares the VAT of the last days as the accountant does. Part of a test class,
    before the one that has the company."""

    def compared(self, days=3, registration=None, start=None, end=None, user=None):
        """Return a tie-out of the days up to today, or of a period."""
        wizard = self.env["ereceipt.tie"].with_user(user or self.accountant)
        action = wizard.create(
            {
                "registration_id": (registration or self.registration).id,
                "date_from": start or self.today() - timedelta(days=days),
                "date_to": end or self.today(),
            }
        ).action_compare()
        self.assertEqual(action["res_model"], "ereceipt.tie.out")
        tie_out = self.env["ereceipt.tie.out"].browse(action["res_id"])
        self.assertEqual(tie_out.state, "done", tie_out.error)
        self.assert_adds_up(tie_out)
        return tie_out

    def assert_adds_up(self, tie_out):
        """What differs of a tax is the sum of its differences, to the cent."""
        for line in tie_out.line_ids:
            by_side = line.difference_ids.grouped("side")
            none = line.difference_ids.browse()
            there = by_side.get("authority", none)
            with self.subTest(tax=line.name):
                for name in ("net_difference", "tax_difference"):
                    self.assertAlmostEqual(line[name], sum(there.mapped(name)), 4)
                accounts = by_side.get("accounts", none)
                self.assertAlmostEqual(
                    line.account_difference, sum(accounts.mapped("tax_difference")), 4
                )
                self.assertEqual(line.result == "equal", not line.difference_ids)

    def line(self, tie_out, type_, subtype="", rate=""):
        """Return the line of a tax."""
        found = tie_out.line_ids.filtered(
            lambda line: (
                (line.tax_type or "", line.tax_subtype or "", line.rate or "")
                == (type_, subtype, rate)
            )
        )
        self.assertEqual(len(found), 1, tie_out.line_ids.mapped("name"))
        return found

    def figures(self, line):
        """Return net and tax of a line: authority, invoices, grids, account."""
        return (
            (line.there_net, line.there_tax),
            (line.here_net, line.here_tax),
            (line.grid_net, line.grid_tax) if line.has_grids else None,
            line.account_tax if line.has_accounts else None,
        )

    def kinds(self, tie_out):
        """Return the reasons by the number of document or entry."""
        found = {}
        for difference in tie_out.difference_ids:
            found.setdefault(difference.number, set()).add(difference.kind)
        return found

    def say_day(self, move, **delta):
        """Let the authority count an invoice's document on another day."""
        totals = self.env["ereceipt.document.tax"].sudo()
        found = totals.search([("document_id", "=", move.ereceipt_document_id.id)])
        self.assertTrue(found)
        for row in found:
            row.day += timedelta(**delta)
