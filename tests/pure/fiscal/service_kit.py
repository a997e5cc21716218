"""A service that answers with whatever it is told, and any JSON to tell it."""

from __future__ import annotations

import base64
import json

from crooked_server import crooked, response
from eta_samples import DEVICE, NOW, RIN
from hypothesis import HealthCheck
from hypothesis import strategies as st

from fiscal.contract import (
    Connection,
    Document,
)
from fiscal.eg_eta import EgReceipt
from fiscal.transport import TOKENS

UIDS = ["aa" * 32, "bb" * 32, "cc" * 32]
DOCUMENTS = [
    Document(key, uid, f"N-{key}", b'{"x":%d}' % key, NOW)
    for key, uid in enumerate(UIDS, 1)
]


def jwt(**claims):
    def part(value):
        raw = json.dumps(value).encode()
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.x"


class Service:
    """Answers tokens by itself, and other paths from a table or with one answer."""

    def __init__(self):
        self.token = response(
            json.dumps({"access_token": jwt(), "expires_in": 3600}).encode()
        )
        self.answers = {}
        self.paths = []
        self.forms = []
        self._manager = crooked(self._serve)

    def __enter__(self):
        self._server = self._manager.__enter__()
        TOKENS.clear()
        return self

    def __exit__(self, *exc_info):
        self._manager.__exit__(*exc_info)

    def _serve(self, peer):
        while request := self._server.read_request(peer):
            path = request.split(b" ")[1].decode()
            if path == "/connect/token":
                self.forms.append(request)
                peer.sendall(self.token)
                continue
            self.paths.append(path)
            for prefix, answer in self.answers.items():
                if path.startswith(prefix):
                    peer.sendall(answer)
                    break
            else:
                peer.sendall(response(b"{}", "404 Not Found"))

    def eta(self, authority=EgReceipt, **changes):
        values = {
            "environment": "test",
            "endpoints": {"identity": self._server.url, "api": self._server.url},
            "credentials": {"client_id": "client", "client_secret": "secret"},
            "settings": {"read_pause": 0},
            "device": DEVICE,
            "seller_id": RIN,
            "identity": "service",
            "call_timeout": 5.0,
            "wall_clock": lambda: NOW,
        }
        return authority(Connection(**{**values, **changes}))

    def submit(self, body, status="202 Accepted", headers=""):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers["/api/v1/receiptsubmissions"] = response(
            content, status, headers=headers
        )
        eta = self.eta()
        return eta.submit(eta.envelope(DOCUMENTS))


def row(uid=None, number=None, **more):
    named = {"uuid": uid, "receiptNumber": number}
    return {**{n: v for n, v in named.items() if v is not None}, **more}


SEARCH = (
    "DateTimeIssuedFrom=2026-03-01T09%3A30%3A00Z"
    "&DateTimeIssuedTo=2026-03-01T10%3A29%3A59Z&SortBy=DateTimeReceived&SortDir=Desc"
)


def statuses(outcomes):
    return [outcome.status.value for outcome in outcomes]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=4)
    | st.sampled_from(UIDS),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "acceptedDocuments",
                    "rejectedDocuments",
                    "submissionId",
                    "uuid",
                    "receiptNumber",
                    "longId",
                    "error",
                    "code",
                    "details",
                    "receipts",
                    "status",
                    "metadata",
                    "totalPages",
                    "receipt",
                    "errors",
                    "submissionUuid",
                    "document",
                    "workflowParameters",
                    "validationSteps",
                    "validationResults",
                    "continuationToken",
                    "result",
                    "overallStatus",
                    "documentSummary",
                    "internalId",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
ANY = {
    "deadline": None,
    "suppress_health_check": [
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
    ],
}
