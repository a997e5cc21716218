from odoo import Command, api, fields, models
from odoo.tools import format_amount

SHOWN = 50
"""How many invoices are shown with their problems at most."""


class EreceiptProblems(models.TransientModel):
    """One dialog with everything that is wrong, each with what to open.

    It comes before a posting, and then nothing was posted; or after something was to
    be issued, and then the others were.
    """

    _name = "ereceipt.problems"
    _description = "What the tax authority would refuse"

    intro = fields.Char(string="What happened", readonly=True)
    alerts = fields.Json(string="What is wrong", readonly=True)
    more = fields.Char(string="What else is wrong", readonly=True)
    wrong_ids = fields.Many2many(
        "account.move",
        "ereceipt_problems_wrong_rel",
        string="Invoices to mend",
        readonly=True,
    )
    wrong_count = fields.Integer(
        string="Number of invoices to mend", compute="_compute_wrong_count"
    )
    other_ids = fields.Many2many("account.move", string="Other invoices", readonly=True)
    others_text = fields.Char(string="About the others", compute="_compute_others_text")
    confirmation_id = fields.Many2one("validate.account.move", readonly=True)

    @api.depends("other_ids")
    def _compute_others_text(self):
        for dialog in self:
            count = len(dialog.other_ids)
            if count > 1:
                text = self.env._("%s others can be posted as they are.", count)
            else:
                text = self.env._("One other can be posted as it is.")
            dialog.others_text = text if count else False

    @api.depends("wrong_ids")
    def _compute_wrong_count(self):
        for dialog in self:
            dialog.wrong_count = len(dialog.wrong_ids)

    # -------------------------------------------------------------------------
    # ACTION METHODS
    # -------------------------------------------------------------------------

    def action_post_others(self):
        """Post the invoices that nothing is wrong with."""
        self.ensure_one()
        others = self.other_ids.filtered(lambda m: m.state == "draft")
        if self.confirmation_id:
            self.confirmation_id.move_ids = [Command.set(others.ids)]
            return self.confirmation_id.validate_move()
        result = others.action_validate_moves_with_confirmation()
        return result or {"type": "ir.actions.act_window_close"}

    def action_open_wrong(self):
        """Open the list of the invoices with problems."""
        self.ensure_one()
        return self.wrong_ids._get_records_action(name=self.env._("With problems"))

    # -------------------------------------------------------------------------
    # OPENING
    # -------------------------------------------------------------------------

    @api.model
    def _open(
        self, moves, problems, others=None, confirmation=None, issued=None, intro=None
    ):
        """Return the action that opens the dialog.

        :param moves: the invoices with problems
        :param dict problems: the problems by the invoice's id, as Problem objects or
            as documents keep them
        :param others: drafts that can still be posted without these
        :param confirmation: the ``validate.account.move`` to go on with
        :param issued: invoices that were issued meanwhile, None before a posting
        :param str intro: what to say above the problems, if not what is usual
        """
        hidden = len(moves) - SHOWN
        more = self.env._("And %s more have problems.", hidden)
        dialog = self.create(
            {
                "intro": intro or self._intro(moves, issued),
                "alerts": self._alerts(moves, problems),
                "more": more if hidden > 0 else False,
                "wrong_ids": [Command.set(moves.ids)],
                "other_ids": [Command.set(others.ids if others else [])],
                "confirmation_id": confirmation.id if confirmation else False,
            }
        )
        return {
            "name": self.env._("What the tax authority would refuse"),
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": dialog.id,
            "view_mode": "form",
            "target": "new",
        }

    @api.model
    def _intro(self, moves, issued):
        if issued is None:
            return self.env._("Nothing was posted. Mend this first:")
        if issued:
            return self.env._(
                "%(issued)s were issued. %(wrong)s cannot be issued yet:",
                issued=len(issued),
                wrong=len(moves),
            )
        return self.env._("It cannot be issued yet. Mend this first:")

    @api.model
    def _alerts(self, moves, problems):
        """Return what the widget shows: problem by problem, invoice by invoice."""
        documents = self.env["ereceipt.document"]
        alerts = {}
        for move in moves[:SHOWN]:
            found = problems[move.id] or []
            if found and not isinstance(found[0], dict):
                found = documents._problems_json(found)
            for key, alert in documents._problems_actionable(found).items():
                if len(moves) > 1:
                    alert["message"] = f"{self._label(move)}: {alert['message']}"
                    if "action" not in alert:
                        alert["action"] = move._get_records_action()
                        alert["action_text"] = self.env._("Open")
                alerts[f"{move.id}_{key}"] = alert
        return alerts

    @api.model
    def _label(self, move):
        """Return what tells an invoice from the others: drafts have no number."""
        apart = self.env["ereceipt.document"]._apart_in_line
        amount = format_amount(self.env, move.amount_total, move.currency_id)
        return self.env._(
            "%(invoice)s, %(customer)s, %(amount)s",
            invoice=apart(move.display_name),
            customer=apart(move.partner_id.display_name or "-"),
            amount=apart(amount),
        )
