"""Several Odoo servers on one database, of which one after the other is killed."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from types import TracebackType

from ereceipt_server import CRONS, START_SECONDS, Engine, OdooServer, free_port, nudge
from ereceipt_shop import Shop

_NUDGE = 0.3


class Fleet:
    """Servers that share the work of one database; all are killed with the block.

    :ivar kills: how many were killed
    :ivar at_work: how many of those while documents were on their way
    """

    def __init__(self, shop: Shop, count: int = 2, engine: Engine = CRONS) -> None:
        self.shop = shop
        self.engine = engine
        self.kills = 0
        self.at_work = 0
        self._count = count
        self._servers: list[OdooServer] = []

    def __enter__(self) -> Fleet:
        self.shop.db.disconnect()
        try:
            self._complete()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._end()

    def kill(self, chance: random.Random, seconds: float = 0.5) -> None:
        """Kill one of them by chance while documents are on their way, and start
        another one in its place. The others go on.

        :param seconds: how long at most after something was seen to be on its way
        """
        self._wait_for_work()
        time.sleep(chance.uniform(0.0, seconds))
        victim = chance.choice(self._servers)
        self._servers.remove(victim)
        victim.kill()
        self.kills += 1
        self.at_work += self._is_sending()
        self._complete()

    def settle(self, seconds: float) -> None:
        """Let them work until every document is valid.

        :raise AssertionError: some document is not, after so many seconds
        """

        def done() -> bool:
            self.shop.let_time_pass()
            return set(self.shop.states()) <= {"valid"}

        settled = self.nudge_until(done, seconds)
        assert settled, f"After {seconds} s: {self.shop.states()}"

    def nudge_until(self, condition: Callable[[], object], seconds: float) -> bool:
        """Wake the jobs until ``condition`` holds; return whether it did in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            nudge(self.shop)
            time.sleep(_NUDGE)
        return False

    def _wait_for_work(self) -> None:
        """Wait until something is on its way, if need be beyond the pause that an
        authority's failures have brought about.

        :raise AssertionError: nothing is, though there is no pause
        """
        while not self.nudge_until(self._has_begun, START_SECONDS):
            paused = self.shop.end_pauses()
            assert paused, f"No server began: {self.shop.states()}"

    def _has_begun(self) -> bool:
        return self._is_sending() or set(self.shop.states()) <= {"valid"}

    def _is_sending(self) -> bool:
        return "sending" in self.shop.states()

    def _complete(self) -> None:
        """Start servers until there are as many as wanted, all of them at work."""
        while len(self._servers) < self._count:
            port = free_port() if self.engine.serves else 0
            self._servers.append(OdooServer.started(self.shop, port, self.engine))
        end = time.monotonic() + START_SECONDS
        while not all(server.is_ready() for server in self._servers):
            assert time.monotonic() < end, "A server did not start."
            time.sleep(0.1)

    def _end(self) -> None:
        for server in self._servers:
            server.kill()
