from odoo import Command, api, fields, models


class EreceiptBulk(models.TransientModel):
    """What came of an action on several documents: how many it was carried out for,
    and of each of the others why not."""

    _name = "ereceipt.bulk"
    _description = "What came of it"

    told = fields.Text(string="What was done", readonly=True)
    left_ids = fields.Many2many(
        "ereceipt.document", string="Nothing was done with", readonly=True
    )

    @api.model
    def _open(self, told, left, asked=""):
        """Return the action that opens the dialog.

        :param str told: what was done
        :param left: documents that nothing was done with; each tells why by its state
            and what is wrong with it
        :param str asked: what was asked for, where that is what each tells of
            (``ereceipt.document.why_left``)
        """
        dialog = self.create({"told": told, "left_ids": [Command.set(left.ids)]})
        return {
            "name": self.env._("What came of it"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": dialog.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": {"dialog_size": "extra-large", "ereceipt_asked": asked},
        }
