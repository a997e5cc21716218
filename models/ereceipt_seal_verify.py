import json
from typing import NamedTuple

from odoo import api, models

SEALS_AT_ONCE = 20
VERIFIED_PARAMETER = "account_ereceipt.seal_verified"
"""The number of the seal up to which the job has verified."""

WRONG_PARAMETER = "account_ereceipt.seals_wrong"
"""By the numbers of the seals that did not verify when the job last looked at them:
what it found, as sentences."""

MOST_TOLD = 20
"""So many findings are told of one seal."""


class Finding(NamedTuple):
    """Something that is not what it was.

    :ivar seal: the number of the seal that tells
    :ivar text: a sentence
    """

    seal: int
    text: str


class EreceiptSeal(models.Model):
    """Computes seals and what they cover anew, and names what is not what it was."""

    _inherit = "ereceipt.seal"

    @api.model
    def _verify_some(self):
        """Verify as many seals as one run may take, going on where the last one ended
        and from the beginning again after the newest, and remember which are wrong, of
        which an alert tells until they are right again."""
        parameters = self.env["ir.config_parameter"].sudo()
        first = int(parameters.get_param(VERIFIED_PARAMETER) or 0) + 1
        seals = self.sudo().search(
            [("number", ">=", first)], order="number", limit=SEALS_AT_ONCE
        )
        wrong = {}
        for finding in self._findings(first, SEALS_AT_ONCE):
            told = wrong.setdefault(finding.seal, [])
            if len(told) < MOST_TOLD:
                told.append(finding.text)
        is_end = len(seals) < SEALS_AT_ONCE
        last = seals[-1].number if seals else first
        for number, told in self._seals_found_wrong().items():
            # what was looked at now counts as it is now
            if number < first or (number > last and not is_end):
                wrong[number] = told
        parameters.set_param(VERIFIED_PARAMETER, 0 if is_end else last)
        parameters.set_param(WRONG_PARAMETER, json.dumps(wrong))

    @api.model
    def _seals_found_wrong(self):
        """Return what the job found wrong, by the number of the seal."""
        parameters = self.env["ir.config_parameter"].sudo()
        found = json.loads(parameters.get_param(WRONG_PARAMETER) or "{}")
        return {int(number): told for number, told in sorted(found.items())}

    @api.model
    def _verify(self, first=1, most=None):
        """Return the rows and seals that are not what they were, as sentences.

        :param int first: number of the first seal that is verified
        :param int most: how many are
        """
        return [finding.text for finding in self._findings(first, most)]

    @api.model
    def _findings(self, first=1, most=None):
        """Yield a :class:`Finding` for each row and seal that is not what it was, the
        first seal first. What was looked at is forgotten again, so that memory holds
        one seal.

        :param int first: number of the first seal that is verified
        :param int most: how many are
        """
        before = self.sudo().search([("number", "=", first - 1)], limit=1)
        previous = before.hash
        seals = self.sudo().search(
            [("number", ">=", first)], order="number", limit=most
        )
        for number, seal in enumerate(seals, first):
            if seal.previous_hash != previous or seal.number != number:
                yield Finding(
                    seal.number,
                    self.env._("Seal %s does not follow its predecessor.", seal.number),
                )
            yield from self._findings_in(seal)
            previous = seal.hash

    def _findings_in(self, seal):
        """Yield what is wrong with a seal's own rows."""
        # not by the field, whose value may stem from what the user sees
        rows = self.env["ereceipt.exchange"].sudo()
        rows = rows.search([("seal_id", "=", seal.id)], order="id")
        sealed = self._chain(seal.previous_hash, rows.mapped("sha256"))
        if sealed != seal.hash or len(rows) != seal.exchange_count:
            yield Finding(
                seal.number,
                self.env._(
                    "The rows of seal %s are not those it was put on.", seal.number
                ),
            )
        rows.invalidate_recordset(["document_ids"])
        for row in rows:
            if not row._is_as_sealed():
                yield Finding(
                    seal.number, self.env._("Exchange %s was changed.", row.id)
                )
        rows.invalidate_recordset(flush=False)

    @api.model
    def _differences_from_noted(self, noted):
        """Yield sentences about seals that are not what somebody noted of them outside
        of this database.

        :param dict noted: hashes by the numbers of their seals
        """
        for number, value in sorted(noted.items()):
            seal = self.sudo().search([("number", "=", number)])
            if not seal:
                yield self.env._("Seal %s, which was noted earlier, is gone.", number)
            elif seal.hash != value:
                yield self.env._(
                    "Seal %s has another hash than the one that was noted earlier.",
                    number,
                )
