"""One document that is sent while a person waits."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from ereceipt_killpoints import KillPoint
from ereceipt_shop import Shop
from ereceipt_storm import Storm, lane, settle_all
from ereceipt_workers import Gate, wait_until, workers

TOKEN = "made-by-the-client"


def _posted(shop: Shop) -> int:
    """Post an invoice and return its document."""
    shop.post(1)
    return shop.db.value("SELECT max(id) FROM ereceipt_document")


def _request(
    shop: Shop,
    document_id: int,
    token: str = TOKEN,
    *,
    point: KillPoint | None = None,
    gate: Gate | None = None,
    fail_once: bool = False,
) -> Callable[[], dict[str, Any]]:
    """Return a request's process; it returns how often Odoo ran it and what it said.

    :param fail_once: another transaction gets in between, so that Odoo runs it again
    """

    def work() -> dict[str, Any]:
        from odoo.service.model import retrying

        if point:
            point.install(shop.db.registry)
        states: list[str] = []
        with shop.db.env() as env:

            def call() -> str:
                partner = env["res.partner"].search([("ref", "=", "WALK-IN")])
                if fail_once and not states:
                    shop.db.rows(
                        "UPDATE res_partner SET comment = 'x' WHERE id = %s",
                        [partner.id],
                    )
                document = env["ereceipt.document"].browse(document_id)
                states.append(env["ereceipt.outbox"]._send_now(document, token))
                partner.comment = "y"
                env.flush_all()
                return states[-1]

            if gate:
                gate.pass_through()
            said = retrying(call, env)
        return {"tries": len(states), "state": said}

    return work


def test_request_that_is_run_again(shop: Shop) -> None:
    document_id = _posted(shop)
    shop.db.disconnect()
    with workers(_request(shop, document_id, fail_once=True)) as (request,):
        assert not request.wait()
    assert request.result["tries"] == 2
    assert request.result["state"] in ("submitted", "valid")  # it was asked about
    assert shop.simulator.sent() == 1
    settle_all(shop)
    shop.compare().assert_right(1)


def test_requests_and_a_lane_at_the_same_moment(shop: Shop) -> None:
    document_id = _posted(shop)
    shop.simulator.control.fault("submit", "slow", seconds=0.5)
    gate = Gate()
    shop.db.disconnect()
    with workers(
        _request(shop, document_id, gate=gate),
        _request(shop, document_id, gate=gate),
        _request(shop, document_id, "another tab", gate=gate),
        lane(shop, 1.0, gate=gate),
    ) as all_four:
        gate.wait_for(4)
        gate.open(4)
        for worker in all_four:
            assert not worker.wait()
    assert shop.simulator.sent() == 1
    settle_all(shop)
    shop.compare().assert_right(1)
    assert shop.sent_twice() == []


def test_who_waits_is_told_what_the_lane_sent(shop: Shop) -> None:
    """The jobs were faster: who asks is not told so, but waits for them."""
    document_id = _posted(shop)
    standing, looked = Gate(), Gate()
    shop.db.disconnect()

    def ask() -> list[str]:
        seen: list[str] = []

        def say(document: Any) -> None:
            if not seen:
                looked.pass_through()
            seen.append(document.state)

        with shop.db.env("__system__") as env:
            document = env["ereceipt.document"].browse(document_id)
            document._send_and_wait(TOKEN, 15, say)
        return seen

    with workers(lane(shop, 4.0, before_call=standing)) as (sending,):
        standing.wait_for(1)
        with workers(ask) as (asking,):
            looked.wait_for(1)
            looked.open(1)
            standing.open(1)
            assert not asking.wait()
        assert asking.result[0] == "sending"
        assert asking.result[-1] == "valid"
        assert not sending.wait()
    assert shop.simulator.sent() == 1


def test_user_holds_the_invoice_while_the_answer_comes(shop: Shop) -> None:
    """The answer is written although another transaction got in between."""
    document_id = _posted(shop)
    shop.simulator.control.fault("submit", "slow_after", seconds=1)
    begin, end = Gate(), Gate()
    shop.db.disconnect()
    with workers(
        _editor(shop, document_id, begin, end), _request(shop, document_id)
    ) as (editing, request):
        wait_until(shop.simulator.receipts)
        begin.wait_for(1)
        begin.open(1)
        end.wait_for(1)
        wait_until(shop.blocked)
        end.open(1)
        assert not editing.wait() and not request.wait()
    assert request.result["state"] == "submitted"
    assert shop.simulator.sent() == 1


def _editor(shop: Shop, document_id: int, begin: Gate, end: Gate) -> Callable[[], None]:
    def work() -> None:
        begin.pass_through()
        with shop.db.env() as env:
            move = env["ereceipt.document"].browse(document_id).sudo().move_id
            move.narration = "Thank you"
            env.flush_all()
            end.pass_through()

    return work


def test_killed_request(shop: Shop, subtests: pytest.Subtests) -> None:
    """Its claim runs out like any worker's, and a lane finds out what became of it."""
    storm = Storm(shop, random.Random(0))
    places = ("before the call", "in the request", "in the call", "before the write")
    for number, place in enumerate(places, start=1):
        with subtests.test(place):
            document_id = _posted(shop)
            point = KillPoint(place)
            shop.db.disconnect()
            with workers(_request(shop, document_id, point=point)) as (request,):
                assert request.wait()
            assert shop.states().get("sending") == 1

            storm.round(None)
            settle_all(shop)
            shop.compare().assert_right(number)
    assert shop.simulator.control.rejections() == []
