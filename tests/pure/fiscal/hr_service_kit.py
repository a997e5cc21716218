"""CIS as a service that answers as a test tells it, signed as CIS signs."""

from __future__ import annotations

from crooked_server import crooked, response
from hr_kit import (
    JIR_IN,
    authority,
    company,
    document,
    key_of,
    refusal,
    signed_answer,
)

FAULT = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    b"<s:Fault><faultcode>s:Server</faultcode><faultstring>down</faultstring>"
    b"</s:Fault></s:Body></s:Envelope>"
)


class Cis:
    """CIS as far as one answer goes.

    :ivar make: gets the id of the message that came, returns the answer's envelope
    """

    def __init__(self, folder):
        self.folder = folder
        self.status = "200 OK"
        self.media_type = "text/xml; charset=UTF-8"
        self.exchanges = []
        self.make = lambda message_id: self.signed(message_id, JIR_IN)

    def signed(self, message_id, inner, **options):
        return signed_answer(self.folder, message_id, inner, **options)

    def refuse(self, *pairs):
        self.status = "500 Internal Server Error"
        self.make = lambda message_id: self.signed(message_id, refusal(*pairs))

    def serve(self, server):
        def script(peer):
            while request := server[0].read_request(peer):
                message_id = request.partition(b"IdPoruke>")[2][:36].decode()
                content = self.make(message_id)
                peer.sendall(response(content, self.status, self.media_type))

        return script

    def running(self, *scripts):
        holder = []
        manager = crooked(*(scripts or [self.serve(holder)]))
        server = manager.__enter__()
        holder.append(server)
        self.close = lambda: manager.__exit__(None, None, None)
        self.server = server
        return self

    def authority(self, **settings):
        return authority(self.server.url, recorder=self.exchanges.append, **settings)

    def submit(self, given=None, **settings):
        made = self.authority(**settings)
        envelope = made.envelope([given or document()], key_of(company()))
        [outcome] = made.submit(envelope)
        return outcome, envelope
