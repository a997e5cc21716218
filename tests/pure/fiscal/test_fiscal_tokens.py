"""Tokens are fetched once, used for most of their life, and never outlive a refusal."""

from __future__ import annotations

import os
import threading
import time

import pytest

from fiscal.contract import AuthenticationError
from fiscal.transport import TOKENS, Token, TokenCache


class Clock:
    def __init__(self):
        self.time = 1000.0

    def __call__(self):
        return self.time


class Source:
    """Gives numbered tokens."""

    def __init__(self, life=3600.0, clock=None, takes=0.0):
        self.count = 0
        self.life, self.clock, self.takes = life, clock, takes

    def __call__(self):
        self.count += 1
        if self.clock is not None:
            self.clock.time += self.takes
        return Token(f"t{self.count}", self.life)


@pytest.mark.parametrize(
    ("life", "usable"),
    [(3600, 3300), (1500, 1200), (600, 480), (60, 48), (10, 8), (10**9, 86100)],
)
def test_a_token_is_used_for_most_of_its_life(life, usable):
    clock = Clock()
    cache, source = TokenCache(clock), Source(life)
    assert cache.get("k", source) == "t1"
    clock.time += usable - 0.5
    assert cache.get("k", source) == "t1"
    clock.time += 1
    assert cache.get("k", source) == "t2"


def test_its_life_begins_when_it_was_asked_for():
    clock = Clock()
    cache, source = TokenCache(clock), Source(100, clock, takes=50)
    cache.get("k", source)
    clock.time += 31
    assert cache.get("k", source) == "t2"


@pytest.mark.parametrize("life", [0, -5])
def test_a_token_without_life_is_used_once(life):
    cache, source = TokenCache(), Source(life)
    assert [cache.get("k", source) for _ in range(2)] == ["t1", "t2"]


def test_keys_have_tokens_of_their_own():
    cache, source = TokenCache(), Source()
    assert [cache.get(key, source) for key in "aba"] == ["t1", "t2", "t1"]


def test_a_refused_token_is_forgotten_but_not_its_successor():
    cache, source = TokenCache(), Source()
    cache.get("k", source)
    cache.invalidate("k", "t1")
    assert cache.get("k", source) == "t2"
    cache.invalidate("k", "t1")
    assert cache.get("k", source) == "t2"
    cache.invalidate("unknown", "t1")


def together(count, work):
    results = []
    barrier = threading.Barrier(count)

    def run():
        barrier.wait()
        try:
            results.append(work())
        except AuthenticationError as exc:
            results.append(exc)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_one_thread_fetches_for_all():
    cache, source = TokenCache(), Source()

    def slow():
        time.sleep(0.1)
        return source()

    assert together(10, lambda: cache.get("k", slow)) == ["t1"] * 10


def test_threads_that_waited_share_a_refusal():
    """Ten tries with a wrong secret would lock the account."""
    cache, tries = TokenCache(), []

    def refuse():
        tries.append(1)
        time.sleep(0.2)
        raise AuthenticationError("No.", "invalid_client")

    results = together(10, lambda: cache.get("k", refuse))
    assert len(tries) == 1
    assert {type(result) for result in results} == {AuthenticationError}
    assert {result.code for result in results} == {"invalid_client"}
    # Who comes later tries anew: the secret may have been mended.
    assert cache.get("k", Source()) == "t1"


def test_a_slow_key_does_not_hold_others():
    cache, release = TokenCache(), threading.Event()

    def slow():
        release.wait(5)
        return Token("slow", 60)

    thread = threading.Thread(target=lambda: cache.get("slow", slow))
    thread.start()
    time.sleep(0.05)
    started = time.monotonic()
    assert cache.get("fast", Source()) == "t1"
    assert time.monotonic() - started < 3
    release.set()
    thread.join()


def test_a_child_process_starts_without_tokens_and_without_locks():
    key = "test of forks"
    release = threading.Event()

    def slow():
        release.wait(5)
        return Token("parent", 60)

    thread = threading.Thread(target=lambda: TOKENS.get(key, slow))
    thread.start()
    time.sleep(0.05)
    child = os.fork()
    if not child:
        # Held by a thread that does not exist here.
        os._exit(0 if TOKENS.get(key, lambda: Token("own", 60)) == "own" else 1)
    release.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert TOKENS.get(key, Source()) == "parent"


def test_a_token_is_not_shown():
    assert "t0p" not in repr(Token("t0p", 60))
