import time
from datetime import timedelta

from odoo.tools import SQL


class ReconciliationKit:
    """Compares with the simulator's books, without patience for what is on its way.
    Part of a test class, before the one that has the company."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        registrations = cls.env["ereceipt.registration"].search([])
        administered = registrations.with_user(cls.administrator)
        administered.write({"reconcile_days": 0, "reconcile_patience": 0})

    def start(self, days=2, registration=None):
        """Start a reconciliation of the last days as the accountant does."""
        wizard = self.env["ereceipt.reconcile"].with_user(self.accountant)
        action = wizard.create(
            {
                "registration_id": (registration or self.registration).id,
                "date_from": self.today() - timedelta(days=days),
                "date_to": self.today(),
            }
        ).action_start()
        self.assertEqual(action["res_model"], "ereceipt.reconciliation")
        return self.env["ereceipt.reconciliation"].browse(action["res_id"])

    def run_job(self, seconds=20.0):
        """Run the job of reconciliation as its scheduler would."""
        self.env.flush_all()
        with (
            self.enter_registry_test_mode(),
            self.env.registry.cursor() as cr,
        ):
            env = self.env(cr=cr, su=True)
            env["ereceipt.reconciliation"]._run(time.monotonic() + seconds)
        self.env.invalidate_all()

    def reconciled(self, **how):
        """Return a reconciliation that is done."""
        reconciliation = self.start(**how)
        self.run_job()
        self.assertEqual(reconciliation.state, "done", reconciliation.error)
        return reconciliation

    def found(self, reconciliation):
        """Return the kinds of differences by the number of their document."""
        found = {}
        for line in reconciliation.line_ids:
            found.setdefault(line.number, set()).add(line.kind)
        return found

    def lines(self, reconciliation, *kinds):
        lines = reconciliation.line_ids.filtered(lambda line: line.kind in kinds)
        return lines.with_user(self.accountant)

    def valid(self, count=1, **values):
        """Post invoices and send them: they are valid at the authority."""
        moves = self.env["account.move"].union(
            *(self.invoice(**values) for _number in range(count))
        )
        self.run_outbox()
        self.assertEqual(set(moves.mapped("ereceipt_state")), {"valid"})
        return moves

    def lose(self, move):
        """Forget here that a document was ever issued, as a database does that was
        restored from a copy."""
        self.env.flush_all()
        document = move.ereceipt_document_id
        uid = document.authority_uid
        for table, column in (
            ("ereceipt_exchange_document_rel", "document_id"),
            ("ereceipt_document_move", "document_id"),
            ("ereceipt_document", "id"),
        ):
            self.env.cr.execute(
                SQL(
                    "DELETE FROM %s WHERE %s = %s",
                    SQL.identifier(table),
                    SQL.identifier(column),
                    document.id,
                )
            )
        self.env.cr.execute(
            SQL(
                "UPDATE account_move SET ereceipt_document_id = NULL, "
                "ereceipt_state = NULL, ereceipt_uuid = NULL WHERE id = %s",
                move.id,
            )
        )
        self.env.invalidate_all()
        return uid
