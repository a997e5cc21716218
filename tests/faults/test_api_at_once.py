"""Other systems call at one moment, over HTTP: each invoice is issued once."""

from __future__ import annotations

import json
import socket
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

from ereceipt_server import START_SECONDS, OdooServer, free_port
from ereceipt_shop import SERIALS, TILL_JOURNALS, Shop
from ereceipt_storm import settle_all
from ereceipt_workers import wait_until

REFERENCE = "WEB-4711"
KEYS = ("order-4711-first", "order-4711-second")
CALL_SECONDS = 60


def test_one_key(shop: Shop) -> None:
    """A call that is repeated while the first one is under way does nothing."""
    answers = _called_at_once(shop, [KEYS[0], KEYS[0]])
    assert sorted(answer["repeated"] for answer in answers) == [False, True]
    _assert_issued_once(shop, answers)


def test_two_keys(shop: Shop) -> None:
    answers = _called_at_once(shop, KEYS)
    assert [answer["repeated"] for answer in answers] == [False, False]
    _assert_issued_once(shop, answers)


def test_no_key(shop: Shop) -> None:
    _assert_issued_once(shop, _called_at_once(shop, [None, None]))


def _assert_issued_once(shop: Shop, answers: Sequence[dict[str, Any]]) -> None:
    documents = [answer["results"][0]["document"] for answer in answers]
    assert documents[0]["id"] == documents[1]["id"]
    [(document_id, state)] = shop.db.rows("SELECT id, state FROM ereceipt_document")
    assert document_id == documents[0]["id"]
    settle_all(shop)
    shop.compare().assert_right(1)
    assert shop.sent_twice() == []


def _called_at_once(shop: Shop, keys: Sequence[str | None]) -> list[dict[str, Any]]:
    """Let each of two servers take a call to issue the same draft, both under way
    before either is carried out.

    :param keys: of each call, its key
    :return: the answers
    """
    secret = _set_up(shop)
    ports = [free_port() for _key in keys]
    with ExitStack() as stack:
        for port in ports:
            stack.enter_context(OdooServer.running(shop, port))
        for port in ports:
            wait_until(lambda port=port: _listens(port), START_SECONDS)
            # a server loads the database with its first call
            _call(shop, port, secret, "list", {"limit": 1})
        callers = stack.enter_context(ThreadPoolExecutor(len(keys)))
        with _till_is_held(shop):
            answers = [
                callers.submit(_issue, shop, port, secret, key)
                for port, key in zip(ports, keys, strict=True)
            ]
            wait_until(lambda: shop.blocked() == len(keys), START_SECONDS)
        return [answer.result(CALL_SECONDS) for answer in answers]


def _set_up(shop: Shop) -> str:
    """Make the draft; return an API key."""
    with shop.db.env() as env:
        shop.draft(env, 1, TILL_JOURNALS[0], ref=REFERENCE)
        until = datetime.now() + timedelta(hours=1)
        return env["res.users.apikeys"]._generate("rpc", "shop", until)


@contextmanager
def _till_is_held(shop: Shop) -> Iterator[None]:
    """Let whoever issues on the first till wait for the end of the block."""
    from odoo.addons.account_ereceipt.models.ereceipt_chain import CHAIN_LOCK_CLASS

    device_id = shop.db.value(
        "SELECT id FROM ereceipt_device WHERE serial = %s", [SERIALS[0]]
    )
    shop.db.disconnect()
    with closing(shop.db.place.connect(shop.db.name)) as holder:
        lock = [CHAIN_LOCK_CLASS, device_id]
        holder.cursor().execute("SELECT pg_advisory_lock(%s, %s)", lock)
        yield


def _listens(port: int) -> bool:
    with closing(socket.socket()) as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _issue(shop: Shop, port: int, secret: str, key: str | None) -> dict[str, Any]:
    body = {"invoices": [{"reference": REFERENCE}], "key": key}
    return _call(shop, port, secret, "issue", body)


def _call(
    shop: Shop, port: int, secret: str, method: str, body: dict[str, Any]
) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/json/2/ereceipt.api/{method}",
        data=json.dumps(body).encode(),
        headers={
            "Authorization": f"Bearer {secret}",
            "Content-Type": "application/json",
            "X-Odoo-Database": shop.db.name,
        },
    )
    with urllib.request.urlopen(request, timeout=CALL_SECONDS) as answer:
        return json.load(answer)
