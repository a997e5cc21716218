"""The calls of the e-Invoice system, each with its address and its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.routing import Rule
from werkzeug.wrappers import Request, Response

from ... import openssl, strictjson
from .. import faults, notices, portal
from ..errors import ApiError, json_response
from ..tokens import Caller
from . import pdf
from .intake import DocumentIntake
from .item_codes import ItemCodes
from .packages import Packages
from .queries import DocumentQueries
from .shapes import DocumentShapes
from .states import States
from .store import DocumentStore
from .types import DocumentTypes
from .validation import DocumentValidator

if TYPE_CHECKING:
    from ..app import EtaApp

_ROWS = (
    ("POST", "/documentsubmissions", "document_submit"),
    ("GET", "/documentsubmissions/<identity>", "document_submission"),
    ("GET", "/documents/recent", "document_recent"),
    ("GET", "/documents/search", "document_search"),
    ("GET", "/documents/<identity>/raw", "document_raw"),
    ("GET", "/documents/<identity>/details", "document_details"),
    ("GET", "/documents/<identity>/pdf", "document_pdf"),
    ("PUT", "/documents/state/<identity>/state", "document_state"),
    ("PUT", "/documents/state/<identity>/decline/<what>", "document_decline"),
    ("GET", "/documenttypes", "document_types"),
    ("GET", "/documenttypes/<int:number>", "document_type"),
    ("GET", "/documenttypes/<int:number>/versions/<int:version>", "document_version"),
    ("GET", "/notifications/taxpayer", "notifications"),
    *(
        (method, f"/{name}{path}", endpoint)
        for name in ("documentpackages", "documentPackages")
        for method, path, endpoint in (
            ("POST", "/requests", "package_request"),
            ("GET", "/requests", "package_list"),
            ("GET", "/<identity>", "package_download"),
        )
    ),
    ("POST", "/codetypes/requests/codes", "code_request"),
    ("GET", "/codetypes/requests/my", "code_requests"),
    ("PUT", "/codetypes/requests/codeusages", "code_reuse"),
    ("PUT", "/codetypes/requests/codes/<int:number>", "code_request_change"),
    ("GET", "/codetypes/<kind>/codes", "code_search"),
    ("GET", "/codetypes/<kind>/codes/<code>", "code_details"),
    ("PUT", "/codetypes/<kind>/codes/<code>", "code_change"),
)
_ENDPOINTS = {endpoint for _method, _path, endpoint in _ROWS}
OPEN = ("document_share",)  # calls that need no token


def rules() -> list[Rule]:
    """The addresses; ``v1`` and ``v1.0`` are the same."""
    return [
        Rule(f"/api/{version}{path}", endpoint=endpoint, methods=[method])
        for method, path, endpoint in _ROWS
        for version in ("v1", "v1.0")
    ] + [Rule("/documents/<identity>/share/<long_id>", endpoint="document_share")]


class InvoiceService:
    """Answers calls for documents of one :class:`..app.EtaApp`."""

    def __init__(self, app: EtaApp) -> None:
        self.app = app
        registry, settings, clock = app.registry, app.settings, app.clock
        self.books = DocumentStore(app.store)
        self.intake = DocumentIntake(self.books, registry, settings, clock)
        self.queries = DocumentQueries(self.books, settings, clock)
        self.states = States(self.books, settings, clock)
        self.packages = Packages(self.books, registry, settings, clock)
        self.codes = ItemCodes(registry, settings, clock)
        self.types = DocumentTypes(settings)
        validator = DocumentValidator(self.books, registry, settings, clock)
        self.books.judge = validator.judge
        self.books.decided = app.news.decided
        self.states.asked = app.news.asked

    def clear(self) -> None:
        """Forget everything that was taken."""
        self.books.clear()
        self.packages.rows.clear()
        self.intake.bodies.clear()

    def settle(self) -> None:
        """Do what is due: verdicts, requests that take effect, packages, codes."""
        self.books.settle()
        self._settle_rest()

    def settle_all(self) -> None:
        """As :meth:`settle`, for every verdict that is pending."""
        self.books.settle_all()
        self._settle_rest()

    def _settle_rest(self) -> None:
        news = self.app.news
        for taken in self.states.settle():
            news.final(taken)
        for package in self.packages.settle():
            news.package(package)
        self.codes.settle()

    def answers(self, endpoint: str) -> bool:
        """Whether a call is for this part."""
        return endpoint in _ENDPOINTS

    def submit(self, request: Request, caller: Caller) -> Response:
        """Take a submission; the lock is not held while it is read.

        :raises ApiError: when it is refused
        """
        if request.mimetype != "application/json":
            raise ApiError(400, "BadRequest", "Content-Type must be application/json.")
        order = faults.document_order(self.app.faults, caller)
        try:
            answer = self.intake.submit(request.get_data(), caller, order)
        except openssl.OpenSslMissingError as error:
            raise ApiError(500, "InternalServerError", str(error)) from error
        return json_response(answer, 202)

    def answer(
        self, request: Request, endpoint: str, values: Mapping[str, Any], caller: Caller
    ) -> Response:
        """Answer any other call that needs a token; the lock is held.

        :raises ApiError: when it is refused
        """
        if caller.serial is not None:
            message = "This call needs the token of an ERP system, not of a device."
            raise ApiError(403, "Forbidden", message)
        method: Callable[..., Any] = getattr(self, f"_{endpoint}")
        answer = method(request, caller.rin, **values)
        return answer if isinstance(answer, Response) else json_response(answer)

    def show(self, values: Mapping[str, str]) -> Response:
        """The page behind a public link."""
        html = "text/html; charset=utf-8"
        try:
            taken = self.queries.shared(values["identity"], values["long_id"])
        except ApiError:
            return Response(portal.document_missing(), 404, content_type=html)
        return Response(portal.document_page(taken), content_type=html)

    def shapes(self, request: Request) -> DocumentShapes:
        """What builds answers that link to this service."""
        return DocumentShapes(self.app.registry, self.app.settings, request.host_url)

    def _document_submission(
        self, request: Request, rin: str, identity: str
    ) -> dict[str, Any]:
        shapes = self.shapes(request)
        return self.queries.submission(identity, request.args, rin, shapes)

    def _document_recent(self, request: Request, rin: str) -> dict[str, Any]:
        return self.queries.recent(request.args, rin, self.shapes(request))

    def _document_search(self, request: Request, rin: str) -> dict[str, Any]:
        return self.queries.search(request.args, rin, self.shapes(request))

    def _document_raw(self, request: Request, rin: str, identity: str) -> dict:
        return self.shapes(request).raw(self.queries.document(identity, rin))

    def _document_details(self, request: Request, rin: str, identity: str) -> dict:
        return self.shapes(request).details(self.queries.document(identity, rin))

    def _document_pdf(self, request: Request, rin: str, identity: str) -> Response:
        taken = self.queries.printable(identity, rin)
        return Response(pdf.printed(taken), content_type="application/pdf")

    def _document_state(self, request: Request, rin: str, identity: str) -> bool:
        body = json_body(request)
        self.states.change(identity, rin, body.get("status"), body.get("reason"))
        return True

    def _document_decline(
        self, request: Request, rin: str, identity: str, what: str
    ) -> bool:
        if what not in ("cancelation", "rejection"):
            raise ApiError(404, "NotFound", f"There is no decline/{what[:40]}.")
        self.states.decline(identity, rin, what)
        return True

    def _document_types(self, request: Request, rin: str) -> dict[str, Any]:
        return self.types.all()

    def _document_type(self, request: Request, rin: str, number: int) -> dict:
        return self.types.one(number)

    def _document_version(
        self, request: Request, rin: str, number: int, version: int
    ) -> dict[str, Any]:
        return self.types.version(number, version)

    def _notifications(self, request: Request, rin: str) -> dict[str, Any]:
        app = self.app
        return notices.listed(request.args, rin, app.callbacks, app.settings, app.clock)

    def _package_request(self, request: Request, rin: str) -> dict[str, str]:
        return self.packages.request(json_body(request), rin)

    def _package_list(self, request: Request, rin: str) -> dict[str, Any]:
        return self.packages.all(request.args, rin)

    def _package_download(self, request: Request, rin: str, identity: str) -> Response:
        return self.packages.download(identity, rin, self.shapes(request))

    def _code_request(self, request: Request, rin: str) -> dict[str, Any]:
        return self.codes.create(json_body(request), rin)

    def _code_requests(self, request: Request, rin: str) -> dict[str, Any]:
        return self.codes.mine(request.args, rin)

    def _code_reuse(self, request: Request, rin: str) -> dict[str, Any]:
        return self.codes.reuse(json_body(request), rin)

    def _code_request_change(self, request: Request, rin: str, number: int) -> dict:
        return self.codes.change_request(number, json_body(request), rin)

    def _code_search(self, request: Request, rin: str, kind: str) -> dict[str, Any]:
        return self.codes.published(kind, request.args)

    def _code_details(self, request: Request, rin: str, kind: str, code: str) -> dict:
        return self.codes.details(kind, code)

    def _code_change(self, request: Request, rin: str, kind: str, code: str) -> bool:
        return self.codes.change(kind, code, json_body(request), rin)


def json_body(request: Request) -> dict[str, Any]:
    """The JSON object in a request's body.

    :raises ApiError: when there is none
    """
    if request.mimetype != "application/json":
        raise ApiError(400, "BadRequest", "Content-Type must be application/json.")
    try:
        _text, value = strictjson.parse(request.get_data())
    except strictjson.StrictJsonError as error:
        raise ApiError(400, "BadStructure", str(error)) from error
    if type(value) is not dict:
        raise ApiError(400, "BadStructure", "The body must be an object.")
    return value
