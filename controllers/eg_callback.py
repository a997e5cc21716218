import hmac

from odoo import http
from odoo.fields import Domain
from odoo.http import request

from ..fiscal.eg_eta.notifications import MOST_BYTES, pong, read_hint, topic_of
from .callback import Callback
from .routes import MACHINE

ROOT = "/ereceipt/eg"
SHORTEST_KEY = 16
"""A key that could be guessed opens nothing."""


class EgCallback(Callback, http.Controller):
    """What ETA calls: a ping, and notifications that something happened. All of them
    are hints; the verdict is always asked for."""

    @http.route(
        [
            f"{ROOT}/<string(maxlength=64):path>/<string(maxlength=20):call>",
            f"{ROOT}/<string(maxlength=64):path>/notifications/"
            "<string(maxlength=30):call>",
        ],
        methods=["PUT"],
        **MACHINE,
    )
    def call(self, path, call):
        """Answer ETA. Who does not know address and key learns nothing."""
        registration = self._registration(ROOT, path)
        if not registration:
            return request.make_response("", status=404)
        if not self._has_key(registration):
            return request.make_response("", status=401)
        if not self._fits(MOST_BYTES):
            return request.make_response("", status=413)
        tail = request.httprequest.path.partition(path)[2]
        try:
            return self._answer(registration, tail, request.httprequest.get_data())
        except ValueError:
            return request.make_response("", status=400)

    def _answer(self, registration, tail, body):
        if tail == "/ping":
            rin = registration._seller_party().id
            headers = [("Content-Type", "application/json")]
            return request.make_response(pong(body, rin), headers=headers)
        topic = topic_of(tail)
        if topic is None:
            return request.make_response("", status=404)
        hint = read_hint(topic, body)
        named = Domain("authority_uid", "in", sorted(hint.uids))
        named |= Domain("submission_ref", "in", sorted(hint.submissions))
        taken = registration._take_callback(hint.delivery_id, topic, named)
        return request.make_response("", status=200 if taken else 429)

    def _has_key(self, registration):
        known = registration._ereceipt_secret("callback_key")
        scheme, _space, given = request.httprequest.headers.get(
            "Authorization", ""
        ).partition(" ")
        same = hmac.compare_digest(given.strip().encode(), known.encode())
        return scheme.lower() == "apikey" and len(known) >= SHORTEST_KEY and same
