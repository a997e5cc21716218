class PaymentKit:
    """Pays invoices, and compares that with what their authority was told. Part of a
    test class, before the one that has the company."""

    def pay(self, move, kind="cash", amount=None):
        """Register a payment of an invoice in the journal of a kind, as the accountant
        does."""
        wizard = (
            self.env["account.payment.register"]
            .with_user(self.accountant)
            .with_context(active_model="account.move", active_ids=move.ids)
            .create({"journal_id": self.company_data[f"default_journal_{kind}"].id})
        )
        if amount:
            wizard.amount = amount
            wizard.payment_difference_handling = "open"
        return wizard._create_payments()

    def compare_payments(self):
        """Run the part of the upkeep job that compares payments."""
        self.env["ereceipt.payment.difference"].sudo()._compare_payments()

    def difference(self, move):
        """Return what differs of an invoice, as the accountant sees it."""
        rows = self.env["ereceipt.payment.difference"].with_user(self.accountant)
        return rows.search([("move_id", "=", move.id), ("state", "!=", "new")])
