import hashlib
from urllib.parse import urlencode

from odoo import http
from odoo.http import request

from ..fiscal.cn_nuonuo.callbacks import MOST_BYTES, NOT_TAKEN, TAKEN, read_hint
from .callback import Callback
from .routes import MACHINE

ROOT = "/ereceipt/cn"


class CnCallback(Callback, http.Controller):
    """What Nuonuo calls: that something became of an order. Nothing proves who called,
    so all of it is a hint; the verdict is always asked for."""

    @http.route(
        f"{ROOT}/<string(maxlength=64):path>",
        methods=["POST"],
        max_content_length=MOST_BYTES,
        **MACHINE,
    )
    def call(self, path, **form):
        """Answer Nuonuo in its words: taken, or not taken for good. Where it gets
        neither, it tells the same again a minute later."""
        registration = self._registration(ROOT, path)
        if not registration:
            return request.make_response("", status=404)
        if not self._fits(MOST_BYTES):
            return request.make_response("", status=413)
        body = self._told(form)
        try:
            hint = read_hint(body)
        except ValueError:
            return self._say(NOT_TAKEN)
        seller = registration._seller_party().id
        if not hint.order or hint.seller.upper() not in ("", seller):
            return self._say(NOT_TAKEN)
        # the same words are the same news: deliveries have no number
        delivery = hashlib.sha256(body).hexdigest()
        named = registration._cn_nuonuo_ordered(hint.order)
        if not registration._take_callback(delivery, hint.topic, named):
            return request.make_response("", status=429)
        return self._say(TAKEN)

    def _told(self, form):
        """Return what was sent; of a form, which was read to the end before, its fields
        once more."""
        texts = {name: text for name, text in form.items() if isinstance(text, str)}
        return urlencode(texts).encode() if texts else request.httprequest.get_data()

    def _say(self, answer):
        headers = [("Content-Type", "application/json;charset=UTF-8")]
        return request.make_response(answer, headers=headers)
