SPECIAL, ORDINARY = "81", "82"
OTHER_NUMBER = "91110108551385082Q"
"""The number of a company that is not the customer."""

READABLE = ("account.move", "account.move.line")


class RequestKit:
    """For test classes of an authority: who asks for invoices, and asking."""

    @classmethod
    def make_salesperson(cls, login, companies=None):
        """Make somebody who may look at all invoices, as an app for sales lets him, and
        ask for them."""
        group = cls.env["res.groups"].create({"name": f"Sales of {login}"})
        cls.env["ir.model.access"].create(
            [
                {
                    "name": f"{model} of {login}",
                    "model_id": cls.env["ir.model"]._get_id(model),
                    "group_id": group.id,
                    "perm_read": True,
                }
                for model in READABLE
            ]
        )
        cls.env["ir.rule"].create(
            [
                {
                    "name": f"{model} of {login}",
                    "model_id": cls.env["ir.model"]._get_id(model),
                    "groups": group.ids,
                    "domain_force": "[(1, '=', 1)]",
                }
                for model in READABLE
            ]
        )
        user = cls.make_user(
            login,
            "base.group_user",
            "account_ereceipt.group_ereceipt_requester",
            companies=companies,
        )
        user.group_ids += group
        return user

    def ask(self, move, user, **values):
        """Have somebody ask for an invoice."""
        requests = self.env["ereceipt.request"].with_user(user)
        return requests.create({"move_id": move.id, **values})

    def reason(self, move):
        """Return what the document of an invoice waits for."""
        return move.ereceipt_document_id.sudo().waiting_reason
