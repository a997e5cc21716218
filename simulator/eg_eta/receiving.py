"""What receipts and documents have in common when they arrive."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..clock import Clock
from . import strictjson
from .errors import ApiError, error_body
from .findings import Finding
from .settings import Settings
from .structure import Fault


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


def tolerated(faults: list[Fault], settings: Settings, lines: str) -> list[Fault]:
    """``faults`` without those of empty arrays, where they are let through.

    :param lines: path of the array that must never be empty
    """
    if settings.empty_arrays != "accept":
        return faults
    return [
        fault for fault in faults if fault.code != "TooFewItems" or fault.path == lines
    ]


def bad_structure(faults: list[Fault]) -> ApiError:
    """The refusal of a whole call."""
    details = [detail(fault.code, fault.path, fault.message) for fault in faults]
    message = f"The submission breaks the schema in {len(faults)} places."
    return ApiError(400, "BadStructure", message, details=details[:200])


def bad_elements(faults: Mapping[int, list[Fault]], name: str) -> ApiError:
    """The refusal of a whole call for faults of its elements, by their index."""
    return bad_structure(
        [
            fault._replace(path=f"{name}[{index}].{fault.path}".rstrip("."))
            for index, found in faults.items()
            for fault in found
        ]
    )


def structural_error(
    faults: list[Fault] | None, target: str | None = None
) -> dict[str, Any] | None:
    """The refusal of a single element; None when it has no fault."""
    if not faults:
        return None
    details = [detail(fault.code, fault.path, fault.message) for fault in faults]
    return error_body("BadStructure", "Validation Error", target, details, "")


def detail(code: str, path: str, message: str) -> dict[str, Any]:
    """One entry of an error's details."""
    return {
        "code": code,
        "message": message,
        "target": path.rpartition(".")[2],
        "propertyPath": path,
    }


def spelled_id(identity: str | None, settings: Settings) -> dict[str, Any]:
    """A submission's id under the name, or names, that the setting says."""
    names = ("submissionId", "submissionUUID")
    spelling = settings.id_spelling
    return {name: identity for name in names if spelling in (name, "both")}


def _key(rin: str, body: bytes) -> tuple[str, str]:
    return rin, hashlib.sha256(body).hexdigest()
