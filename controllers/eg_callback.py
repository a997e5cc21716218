import hmac

from odoo import http
from odoo.http import request

from ..fiscal.eg_eta.notifications import MOST_BYTES, pong, read_hint, topic_of

ROOT = "/ereceipt/eg"
SHORTEST_KEY = 16
"""A key that could be guessed opens nothing."""


class EgCallback(http.Controller):
    """What ETA calls: a ping, and notifications that something happened. All of them
    are hints; the verdict is always asked for."""

    @http.route(
        [
            f"{ROOT}/<string(maxlength=64):path>/<string(maxlength=20):call>",
            f"{ROOT}/<string(maxlength=64):path>/notifications/"
            "<string(maxlength=30):call>",
        ],
        type="http",
        auth="public",
        methods=["PUT"],
        csrf=False,
        save_session=False,
        readonly=False,
    )
    def call(self, path, call):
        """Answer ETA. Who does not know address and key learns nothing."""
        registration = self._registration(path)
        if not registration:
            return request.make_response("", status=404)
        if not self._has_key(registration):
            return request.make_response("", status=401)
        body = self._body()
        if body is None:
            return request.make_response("", status=413)
        tail = request.httprequest.path.partition(path)[2]
        try:
            return self._answer(registration, tail, body)
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
        registration._take_callback(
            hint.delivery_id, topic, hint.uids, hint.submissions
        )
        return request.make_response("", status=200)

    def _registration(self, path):
        found = request.env["ereceipt.registration"].sudo()
        return found.search([("callback_path", "=", path)], limit=1)

    def _has_key(self, registration):
        known = registration._ereceipt_secret("callback_key")
        scheme, _space, given = request.httprequest.headers.get(
            "Authorization", ""
        ).partition(" ")
        same = hmac.compare_digest(given.strip().encode(), known.encode())
        return scheme.lower() == "apikey" and len(known) >= SHORTEST_KEY and same

    def _body(self):
        """Return what was sent, None if it is too large or does not say how large."""
        length = request.httprequest.content_length
        if length is None or length > MOST_BYTES:
            return None
        return request.httprequest.get_data()
