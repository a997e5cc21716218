"""What receipts and documents have in common when they arrive."""

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .. import strictjson
from ..clock import Clock
from .errors import ApiError, error_body
from .findings import Finding
from .rawjson import Element
from .registry import Registry
from .settings import Settings
from .store import NEVER, Store
from .structure import Fault, Spec
from .tokens import Caller

_Submission = TypeVar("_Submission")


@dataclass
class Order:
    """What a fault rule makes of an otherwise good submission."""

    lost: bool = False
    stuck: bool = False
    delay: float | None = None
    error: Finding | None = None  # of the whole submission
    # Called with a document: code and message to refuse it at once with.
    reject: Callable[[dict], tuple[str, str] | None] = lambda document: None
    # Called with a document: the fault of its verdict.
    invalidate: Callable[[dict], Finding | None] = lambda document: None


class Bodies:
    """Submissions of the last minutes: the same body again is refused."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self.settings = settings
        self.clock = clock
        self._ends: dict[tuple[str, str], float] = {}

    def clear(self) -> None:
        """Forget them."""
        self._ends.clear()

    def check(self, rin: str, body: bytes) -> None:
        """Refuse a body that is known.

        :raises ApiError: 422 with ``Retry-After``
        """
        left = self._ends.get(_key(rin, body), 0.0) - self.clock.time()
        if left > 0:
            raise ApiError(
                422,
                "DuplicateSubmission",
                "The same submission was received a short time ago.",
                retry_after=left,
            )

    def remember(self, rin: str, body: bytes) -> None:
        """Refuse this body for the next minutes (``duplicate_seconds``)."""
        end = self.clock.time() + self.settings.duplicate_seconds
        self._ends[_key(rin, body)] = end


class Intake(ABC, Generic[_Submission]):
    """Takes submissions of one kind: the way that all of them go.

    Elements are the receipts or documents of a call. :attr:`name` is what their
    array is called, :attr:`lines` where an element has its lines.
    """

    name: str
    lines: str

    def __init__(
        self, store: Store, registry: Registry, settings: Settings, clock: Clock
    ) -> None:
        self.lock = store.lock
        self.registry = registry
        self.settings = settings
        self.clock = clock
        self.bodies = Bodies(settings, clock)

    def submit(self, body: bytes, caller: Caller, order: Order) -> dict[str, Any]:
        """Take ``body``; return what the 202 says.

        :raises ApiError: when the whole call is refused
        """
        pairs = self.read(body)
        broken = self._broken([element for element, _part in pairs])
        with self.lock:
            return self._take(body, pairs, broken, caller, order)

    def _take(
        self,
        body: bytes,
        pairs: list[tuple[dict, Element]],
        broken: dict[int, list[Fault]],
        caller: Caller,
        order: Order,
    ) -> dict[str, Any]:
        whole = [pair[0] for index, pair in enumerate(pairs) if index not in broken]
        self.check_submitter(whole, caller)
        self.bodies.check(caller.rin, body)
        accepted, rejected = [], []
        seen: set[object] = set()
        for index, (element, part) in enumerate(pairs):
            error = self._refused(element, broken.get(index), seen, order)
            if error is None:
                accepted.append((element, part))
            else:
                rejected.append(self.rejection(element, error))
        submission = self.store(accepted, caller, order) if accepted else None
        self.bodies.remember(caller.rin, body)
        return self.answer(submission, rejected)

    def _refused(
        self, element: dict, faults: list[Fault] | None, seen: set, order: Order
    ) -> dict[str, Any] | None:
        """The error for which an element is refused at once."""
        if faults:
            details = [
                detail(fault.code, fault.path, fault.message) for fault in faults
            ]
            target = self.target(element)
            return error_body("BadStructure", "Validation Error", target, details, "")
        error = self.immediate(element, seen)
        if error:
            return error
        forced = order.reject(element)
        return error_body(*forced, self.target(element), [], "") if forced else None

    def _broken(self, elements: list[dict]) -> dict[int, list[Fault]]:
        """Structural faults of the elements that have some, by their index."""
        faults: dict[int, list[Fault]] = {}
        for index, element in enumerate(elements):
            found: list[Fault] = []
            self.schema(element).check(element, "", found)
            if self.settings.empty_arrays == "accept":
                found = [
                    fault
                    for fault in found
                    if fault.code != "TooFewItems" or fault.path == self.lines
                ]
            if found:
                faults[index] = found
        if faults and self.whole_calls:
            raise bad_structure(
                [
                    fault._replace(
                        path=f"{self.name}[{index}].{fault.path}".rstrip(".")
                    )
                    for index, found in faults.items()
                    for fault in found
                ]
            )
        return faults

    def due(self, order: Order) -> float:
        """When the verdict is to be reached, in monotonic seconds."""
        if order.stuck:
            return NEVER
        delay = self.settings.validation_seconds
        return time.monotonic() + (delay if order.delay is None else order.delay)

    def answered(
        self,
        identity: str | None,
        accepted: list[dict[str, Any]],
        rejected: list[dict[str, Any]],
    ) -> dict[str, Any]:
        """The body of the 202; the id under the name, or names, that is set."""
        names = ("submissionId", "submissionUUID")
        spelling = self.settings.id_spelling
        return {
            **{name: identity for name in names if spelling in (name, "both")},
            "acceptedDocuments": accepted,
            "rejectedDocuments": rejected,
            "header": {"statusCode": "Success"},
        }

    @property
    @abstractmethod
    def whole_calls(self) -> bool:
        """Whether a structural fault of one element refuses the whole call."""

    @abstractmethod
    def read(self, body: bytes) -> list[tuple[dict, Element]]:
        """The elements of a body, each with its text."""

    @abstractmethod
    def schema(self, element: dict) -> Spec:
        """What an element has to look like."""

    @abstractmethod
    def check_submitter(self, elements: list[dict], caller: Caller) -> None:
        """Refuse what is not the caller's, with an :class:`ApiError`."""

    @abstractmethod
    def immediate(self, element: dict, seen: set) -> dict[str, Any] | None:
        """The error for which an element of the right structure is refused at
        once; ``seen`` is for what stands twice in a call.
        """

    @abstractmethod
    def target(self, element: dict) -> str | None:
        """What an error names as the element that it is about."""

    @abstractmethod
    def rejection(self, element: dict, error: dict[str, Any]) -> dict[str, Any]:
        """The entry of ``rejectedDocuments``."""

    @abstractmethod
    def store(
        self, pairs: list[tuple[dict, Element]], caller: Caller, order: Order
    ) -> _Submission:
        """Put what is accepted into the books."""

    @abstractmethod
    def answer(
        self, submission: _Submission | None, rejected: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """What the 202 says."""


def parsed(body: bytes, name: str, most_bytes: int) -> tuple[str, dict[str, Any]]:
    """Text and value of a body whose root has the array ``name``.

    :raises ApiError: when it is too large or of another shape
    """
    if len(body) > most_bytes:
        message = f"{len(body)} bytes, at most {most_bytes}."
        raise ApiError(400, "MaximumSizeExceeded", message)
    try:
        text, value = strictjson.parse(body)
    except strictjson.StrictJsonError as error:
        raise ApiError(400, "BadStructure", str(error)) from error
    if type(value) is not dict or type(value.get(name)) is not list:
        message = f"The body must be an object with an array {name!r}."
        raise ApiError(400, "BadStructure", message, target=name)
    return text, value


def envelope_faults(
    value: dict[str, Any], name: str, known: tuple[str, ...] = ()
) -> list[Fault]:
    """Faults of the root: unknown properties, no elements, elements of no shape."""
    faults = [
        Fault("UnknownProperty", other, f"There is no property {other!r} here.")
        for other in sorted(value.keys() - {name, *known})
    ]
    if not value[name]:
        message = f"A submission has at least one element in {name!r}."
        faults.append(Fault("TooFewItems", name, message))
    for index, element in enumerate(value[name]):
        if type(element) is not dict:
            path = f"{name}[{index}]"
            faults.append(Fault("ObjectExpected", path, "An element is an object."))
    return faults


def check_count(elements: list, name: str, most: int) -> None:
    """Refuse a submission of too many elements.

    :raises ApiError: with the code that asks to send fewer
    """
    if len(elements) > most:
        message = f"{len(elements)} {name}, at most {most}."
        raise ApiError(400, "MaximumSizeExceeded", message, target=name)


def bad_structure(faults: list[Fault]) -> ApiError:
    """The refusal of a whole call."""
    details = _details(faults)
    message = f"The submission breaks the schema in {len(faults)} places."
    return ApiError(400, "BadStructure", message, details=details[:200])


def _details(faults: list[Fault]) -> list[dict[str, Any]]:
    return [detail(fault.code, fault.path, fault.message) for fault in faults]


def detail(code: str, path: str, message: str) -> dict[str, Any]:
    """One entry of an error's details."""
    return {
        "code": code,
        "message": message,
        "target": path.rpartition(".")[2],
        "propertyPath": path,
    }


def _key(rin: str, body: bytes) -> tuple[str, str]:
    return rin, hashlib.sha256(body).hexdigest()
