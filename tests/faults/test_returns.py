"""Two users return the same sale at the same moment: not more than was sold."""

from __future__ import annotations

from collections.abc import Callable

from ereceipt_shop import SERIALS, TILL_JOURNALS, Shop
from ereceipt_storm import settle_all
from ereceipt_workers import Gate, wait_until, workers


def test_two_tills_return_the_same_sale(shop: Shop) -> None:
    """Each has posted all of the sale back before the other commits. Nothing but the
    sale is common to both, so that only its lock can tell them of each other."""
    [sale_id] = shop.post(1)
    settle_all(shop)
    notes = _drafts(shop, sale_id)
    begin, commit = Gate(), Gate()
    shop.db.disconnect()
    with workers(*[_posting(shop, note, begin, commit) for note in notes]) as users:
        begin.wait_for(2)
        begin.open(2)
        commit.wait_for(1)
        wait_until(lambda: shop.blocked() == 1)
        commit.open(2)
        for user in users:
            assert not user.wait()
    refusals = [refusal for user in users for refusal in user.result]
    assert len(refusals) == 1, refusals
    assert "only 0 are left to return" in refusals[0]
    assert _posted_returns(shop) == 1
    settle_all(shop)
    assert shop.states() == {"valid": 2}
    assert sum(len(shop.chain(serial)) for serial in SERIALS) == 2


def _drafts(shop: Shop, sale_id: int) -> list[int]:
    """Return a draft credit note of all of the sale for each till. They name it by its
    identifier: where they were made from it, Odoo matches what is unpaid of it, and
    then it is Odoo that runs one of the two again."""
    with shop.db.env() as env:
        uid = env["account.move"].browse(sale_id).ereceipt_uuid
        notes = env["account.move"]
        for journal in TILL_JOURNALS:
            values = {"move_type": "out_refund", "ereceipt_original_uid": uid}
            notes |= shop.draft(env, 1, journal, **values)
        assert len(notes.ereceipt_device_id) == len(TILL_JOURNALS)
        return notes.ids


def _posting(
    shop: Shop, note_id: int, begin: Gate, commit: Gate
) -> Callable[[], list[str]]:
    """Return a user's process: it looks at the books as they are and waits to begin,
    posts, and waits to commit; what refused it is returned."""

    def work() -> list[str]:
        from odoo.exceptions import UserError

        with shop.db.env() as env:
            note = env["account.move"].browse(note_id)
            assert note.state == "draft"
            begin.pass_through()
            try:
                note._post(soft=False)
                env.flush_all()
            except UserError as error:
                env.cr.rollback()
                return [str(error)]
            commit.pass_through()
        return []

    return work


def _posted_returns(shop: Shop) -> int:
    return shop.db.value(
        "SELECT count(*) FROM account_move "
        "WHERE move_type = 'out_refund' AND state = 'posted'"
    )
