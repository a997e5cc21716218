import threading
import time
from collections import OrderedDict, deque


class Limiter:
    """Counts calls of one process by key, in the memory of that process.

    :param int most: calls that are let through within ``seconds``
    :param int keys: keys that are remembered; the oldest is forgotten first
    """

    def __init__(self, most, seconds, keys=2000, clock=time.monotonic):
        self._most, self._seconds, self._keys = most, seconds, keys
        self._clock = clock
        self._calls = OrderedDict()
        self._lock = threading.Lock()

    def lets(self, key):
        """Tell whether one more call is let through, and count it if it is."""
        now = self._clock()
        with self._lock:
            calls = self._calls.pop(key, None) or deque()
            while calls and calls[0] <= now - self._seconds:
                calls.popleft()
            allowed = len(calls) < self._most
            if allowed:
                calls.append(now)
            self._calls[key] = calls
            while len(self._calls) > self._keys:
                self._calls.popitem(last=False)
        return allowed
