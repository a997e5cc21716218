from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, RedirectWarning, UserError

TOGETHER = 100
"""How many invoices are confirmed in one transaction."""


class EreceiptConfirmation(models.TransientModel):
    """Confirms many drafts, group by group, each in a transaction of its own.

    It is made when more drafts are to be confirmed than belong in one transaction.
    The client then asks for one group after the other, each in a request of its own,
    shows how far it is and may stop in between. What became of a group is written
    here in the transaction that posts it, so that an answer that was lost on the way
    changes nothing: the next request goes on with what is left.

    A draft that cannot be confirmed keeps no other back; at the end one dialog says
    what is wrong with each. The groups are in the order in which Odoo numbers drafts,
    so that a chain follows the numbers as if all had been posted at once.
    """

    _name = "ereceipt.confirmation"
    _description = "Confirming many invoices"

    pending = fields.Json(
        string="Still to be confirmed",
        readonly=True,
        help="Ids of the drafts that are left.",
    )
    total = fields.Integer(readonly=True)
    confirmed = fields.Integer(readonly=True)
    scheduled = fields.Integer(
        readonly=True, help="Left to be confirmed by themselves on their dates."
    )
    problems = fields.Json(
        readonly=True, help="What is wrong, by the id of the invoice."
    )
    later_ids = fields.Many2many(
        "account.move",
        string="For a later day",
        readonly=True,
        help="Drafts that Odoo asks about before it confirms them.",
    )
    validation_id = fields.Many2one(
        "validate.account.move", string="Confirmation of many", readonly=True
    )

    # -------------------------------------------------------------------------
    # STARTING
    # -------------------------------------------------------------------------

    @api.model
    def _start(self, moves, later=None, validation=None):
        """Return the client's action that confirms drafts, False where they are few
        enough to be confirmed at once, or none of them is issued to an authority.

        :param later: drafts that Odoo asks about when these are confirmed
        :param validation: the ``validate.account.move`` with what the person chose
        """
        if len(moves._ereceipt_drafts()) <= TOGETHER:
            return False
        in_order = moves.sorted(
            lambda m: (m.journal_id.id, str(m.date), m.ref or "", m.id)
        )
        confirmation = self.create(
            {
                "pending": in_order.ids,
                "total": len(moves),
                "later_ids": [Command.set(later.ids if later else [])],
                "validation_id": validation.id if validation else False,
            }
        )
        return {
            "type": "ir.actions.client",
            "tag": "account_ereceipt.confirm_many",
            "params": {
                "confirmation_id": confirmation.id,
                "title": self.env._("Confirming invoices"),
                "stop": self.env._("Stop"),
                "text": confirmation._progress_text(),
                # what Odoo's own button checks besides
                "context": {
                    "validate_analytic": self.env.context.get("validate_analytic")
                },
            },
        }

    # -------------------------------------------------------------------------
    # GROUP BY GROUP
    # -------------------------------------------------------------------------

    def confirm_group(self):
        """Confirm the next group. Called by the client, in a request for each.

        :return: ``left`` (drafts to go), ``percent`` and ``text``: how far it is
        :rtype: dict
        """
        self.ensure_one()
        pending = self._pending().ids
        ids, left = pending[:TOGETHER], pending[TOGETHER:]
        moves = self.env["account.move"].browse(ids).exists()
        moves = moves.filtered(lambda m: m.state == "draft")
        found = self._confirm(moves)
        posted = moves.filtered(lambda m: m.state == "posted")
        scheduled = (moves - posted).filtered(
            lambda m: m.auto_post != "no" and str(m.id) not in found
        )
        self.write(
            {
                "pending": left,
                "confirmed": self.confirmed + len(posted),
                "scheduled": self.scheduled + len(scheduled),
                "problems": {**(self.problems or {}), **found},
            }
        )
        return {
            "left": len(left),
            "percent": 100 * (self.total - len(left)) // (self.total or 1),
            "text": self._progress_text(),
        }

    def _confirm(self, moves):
        """Confirm drafts; those that cannot be confirmed hold no other back.

        :return: what is wrong with those, by id, as documents keep problems
        :raise AccessError: the person may confirm none
        """
        try:
            with self.env.cr.savepoint():
                self._confirm_together(moves)
            return {}
        except AccessError:
            raise
        except (UserError, RedirectWarning) as error:
            refusal = error
        problems = self._right_away(moves)._ereceipt_blocking_problems()
        if problems:
            kept = self.env["ereceipt.document"]._problems_json
            found = {str(move_id): kept(each) for move_id, each in problems.items()}
            others = moves.filtered(lambda m: m.id not in problems)
            return {**found, **self._confirm(others)}
        if len(moves) == 1:
            problem = {"code": "odoo", "message": str(refusal.args[0])}
            return {str(moves.id): [problem]}
        middle = len(moves) // 2
        return {**self._confirm(moves[:middle]), **self._confirm(moves[middle:])}

    def _confirm_together(self, moves):
        if not moves:
            return
        if self.validation_id:
            self.validation_id._ereceipt_validate_only(moves)
        else:
            moves._ereceipt_validate()

    def _right_away(self, moves):
        """Return the drafts that are not left for their dates."""
        if self.validation_id:
            return self.validation_id._ereceipt_right_away(moves)
        return moves

    @api.model
    def _figure(self, number):
        return self.env["ereceipt.document"]._number_text(number)

    def _pending(self):
        # a field of JSON has no empty list
        return self.env["account.move"].browse(self.pending or [])

    def _progress_text(self):
        return self.env._(
            "%(done)s of %(total)s are done.",
            done=self._figure(self.total - len(self._pending())),
            total=self._figure(self.total),
        )

    # -------------------------------------------------------------------------
    # THE END
    # -------------------------------------------------------------------------

    def conclude(self):
        """Return the action that says how it ended: a dialog with everything that is
        wrong, or what Odoo asks next, or a notification. Called by the client."""
        self.ensure_one()
        moves = self.env["account.move"]
        found = self.problems or {}
        problems = {int(move_id): each for move_id, each in found.items()}
        pending = self._pending().exists()
        if problems or pending:
            action = self.env["ereceipt.problems"]._open(
                moves.browse(problems).exists(),
                problems,
                others=pending | self.later_ids,
                confirmation=self.validation_id,
                intro=self._said(len(problems), len(pending)),
            )
        elif self.later_ids:
            action = self.later_ids._ereceipt_validate()
        else:
            action = moves._ereceipt_notification(self._said())
        return moves._ereceipt_spelt_out(action)

    def _said(self, wrong=0, pending=0):
        """Return how it ended, in sentences."""
        sentences = [self.env._("%s were confirmed.", self._figure(self.confirmed))]
        if self.scheduled:
            sentences.append(
                self.env._(
                    "%s are confirmed by themselves on their dates.",
                    self._figure(self.scheduled),
                )
            )
        if pending:
            sentences.append(self.env._("%s are still drafts.", self._figure(pending)))
        if wrong:
            sentences.append(
                self.env._("%s cannot be confirmed yet:", self._figure(wrong))
            )
        return " ".join(sentences)
