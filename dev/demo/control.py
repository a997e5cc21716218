"""Orders to a simulator, and questions, by its control API."""

from __future__ import annotations

import json
import urllib.request
from typing import Any


def ask(simulator_url: str, path: str, order: dict[str, Any] | None = None) -> Any:
    """Ask or order something of the simulator by its control API.

    :raises OSError: it refuses, or does not answer
    """
    request = urllib.request.Request(
        f"{simulator_url}/_control/{path}",
        json.dumps(order).encode() if order else None,
        {"Content-Type": "application/json"},
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)
