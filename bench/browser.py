"""A real browser for measurements: Chromium, driven over its own protocol.

Odoo's test browser belongs to a test and its transaction; here the server is another
process, and nothing watches what the page does while it is measured.
"""

from __future__ import annotations

import base64
import itertools
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import requests
import websocket

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
START_SECONDS = 30
CALL_SECONDS = 180


class BrowserError(RuntimeError):
    """There is no browser, or a script in it failed."""


class Browser:
    """One page of a browser without a window."""

    def __init__(self, socket: websocket.WebSocket) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)

    @classmethod
    @contextmanager
    def running(cls, width: int = 1440, height: int = 1000) -> Iterator[Browser]:
        """Start one; it ends with the block.

        :raise BrowserError: there is none on this machine, or it does not start
        """
        program = next(filter(None, map(shutil.which, PROGRAMS)), None)
        if not program:
            raise BrowserError(f"None of {', '.join(PROGRAMS)} is there.")
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
            process = subprocess.Popen(
                [
                    program,
                    "--headless=new",
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-dev-shm-usage",
                    "--no-first-run",
                    "--disable-background-networking",
                    "--remote-debugging-port=0",
                    f"--user-data-dir={profile}",
                    f"--window-size={width},{height}",
                    "about:blank",
                ],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            try:
                socket = websocket.create_connection(
                    _address(Path(profile)),
                    timeout=CALL_SECONDS,
                    suppress_origin=True,
                )
                yield cls(socket)
                socket.close()
            finally:
                process.terminate()
                process.wait()

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call the protocol and return its answer.

        :raise BrowserError: the browser refuses it
        """
        number = next(self._numbers)
        self._socket.send(
            json.dumps({"id": number, "method": method, "params": params})
        )
        while True:
            message = json.loads(self._socket.recv())
            if message.get("id") == number:
                break
        if "error" in message:
            raise BrowserError(f"{method}: {message['error']['message']}")
        return message["result"]

    def run(self, script: str) -> Any:
        """Return the value of an expression, or of what its promise gives.

        :raise BrowserError: it threw
        """
        answer = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
        )
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            thrown = details.get("exception", {}).get("description")
            raise BrowserError(thrown or details["text"])
        return answer["result"].get("value")

    def sign_in(self, url: str, login: str, password: str) -> None:
        """Sign in to an Odoo server, without its page."""
        session = requests.Session()
        page = session.get(f"{url}/web/login", timeout=CALL_SECONDS)
        token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        session.post(
            f"{url}/web/login",
            data={"login": login, "password": password, "csrf_token": token},
            timeout=CALL_SECONDS,
        ).raise_for_status()
        self.call(
            "Network.setCookie",
            url=url,
            name="session_id",
            value=session.cookies["session_id"],
        )

    def go(self, url: str, until: str) -> None:
        """Load a page and wait until an expression of it is true.

        :raise BrowserError: it does not become true
        """
        self.call("Page.navigate", url=url)
        end = time.monotonic() + CALL_SECONDS
        while time.monotonic() < end:
            # while the page is exchanged for the next one nothing can be run in it
            with suppress(BrowserError):
                if self.run(f"Boolean({until})"):
                    return
            time.sleep(0.1)
        raise BrowserError(f"{url} does not come to: {until}")

    def picture(self, path: Path) -> None:
        """Keep what is on the screen as a PNG file."""
        answer = self.call("Page.captureScreenshot", format="png")
        path.write_bytes(base64.b64decode(answer["data"]))


def _address(profile: Path) -> str:
    """Return the address of the first page of the browser that has this profile."""
    told = profile / "DevToolsActivePort"
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if told.exists() and (lines := told.read_text().split()):
            pages = requests.get(f"http://127.0.0.1:{lines[0]}/json", timeout=10)
            for page in pages.json():
                if page["type"] == "page":
                    return page["webSocketDebuggerUrl"]
        time.sleep(0.1)
    raise BrowserError("The browser does not start.")
