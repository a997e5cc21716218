"""Many drafts are confirmed group by group: what is committed stays."""

from __future__ import annotations

import pytest
from ereceipt_killpoints import die
from ereceipt_shop import SERIALS, TILL_JOURNALS, Shop
from ereceipt_storm import settle_all
from ereceipt_workers import workers

TOGETHER, DRAFTS = 2, 5


def test_process_that_dies_within_a_group(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The group before it is confirmed, nothing of its own group is, and the next
    request goes on where that one began."""
    with shop.db.env() as env:
        from odoo.addons.account_ereceipt.wizards import ereceipt_confirmation

        monkeypatch.setattr(ereceipt_confirmation, "TOGETHER", TOGETHER)
        drafts = shop.draft(env, DRAFTS, TILL_JOURNALS[0])
        action = drafts.action_validate_moves_with_confirmation()
        confirmation_id = action["params"]["confirmation_id"]
    shop.db.disconnect()

    def request(dying: bool = False) -> int:
        with shop.db.env() as env:
            confirmation = env["ereceipt.confirmation"].browse(confirmation_id)
            said = confirmation.confirm_group()
            env.flush_all()
            if dying:
                die()
            return said["left"]

    def until_it_dies() -> None:
        request()
        request(dying=True)

    with workers(until_it_dies) as (worker,):
        assert worker.wait(), "it was to be killed"
    assert _posted(shop) == TOGETHER
    shop.assert_chain(SERIALS[0], TOGETHER)

    def rest() -> list[int]:
        return [request(), request()]

    with workers(rest) as (worker,):
        assert not worker.wait()
    assert worker.result == [1, 0]
    assert _posted(shop) == DRAFTS
    shop.assert_chain(SERIALS[0], DRAFTS)
    settle_all(shop)
    shop.compare().assert_right(DRAFTS)


def _posted(shop: Shop) -> int:
    return shop.db.value("SELECT count(*) FROM account_move WHERE state = 'posted'")
