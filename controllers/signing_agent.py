import time
from datetime import datetime, timezone
from threading import BoundedSemaphore

from odoo import http
from odoo.http import request

from ..fiscal.signing.agent_desk import AgentDesk, never
from ..fiscal.signing.agent_messages import HEADERS, MOST_BYTES, Message
from ..fiscal.signing.agent_protocol import LONGEST_WAIT, ROOT
from ..models.ereceipt_signing_desk import SigningStore
from .routes import MACHINE

PAUSE = 1.0
WAITING = BoundedSemaphore(4)
"""How many agents one process lets wait for a document: each takes a thread, or a whole
worker; others are answered at once and come again."""


class SigningAgent(http.Controller):
    """What signing agents call; who they are is told by their messages alone."""

    @http.route(
        f"{ROOT}<string(maxlength=10):call>",
        methods=["POST"],
        **MACHINE,
    )
    def call(self, call):
        """Answer an agent, in a transaction of its own: what it holds is committed
        before the answer leaves."""
        asked = self._asked(call)
        if asked is None:
            return request.make_response("", status=413)
        with request.env.registry.cursor() as cr:
            env = request.env(cr=cr, su=True)
            desk = AgentDesk(SigningStore(env), lambda: datetime.now(timezone.utc))
            if WAITING.acquire(blocking=False):
                try:
                    answer = desk.handle(asked, _Waits(env))
                finally:
                    WAITING.release()
            else:
                answer = desk.handle(asked, never)
        return request.make_response(
            answer.body,
            status=int(answer.method),
            headers=[
                ("Content-Type", "application/json"),
                *((name, text) for name, text in answer.headers.items()),
            ],
        )

    def _asked(self, call):
        """Return the request as a message, None if it is too large."""
        httprequest = request.httprequest
        if (httprequest.content_length or MOST_BYTES + 1) > MOST_BYTES:
            return None
        headers = {
            name.lower(): httprequest.headers[name]
            for name in HEADERS
            if name in httprequest.headers
        }
        return Message("POST", f"{ROOT}{call}", headers, httprequest.get_data())


class _Waits:
    """Waits a moment for a document, with a fresh view of the database afterwards."""

    def __init__(self, env):
        self._env = env
        self._until = time.monotonic() + LONGEST_WAIT

    def __call__(self):
        self._env.cr.commit()  # what was noted of the agent; nothing stays locked
        self._env.invalidate_all()
        if time.monotonic() + PAUSE > self._until:
            return False
        time.sleep(PAUSE)
        return True
