"""``POST /api/v1/receiptsubmissions``: what is refused at once.

Whole call: no JSON, structural faults (setting ``structure_faults``), too many
or too large, another taxpayer's receipts, several devices, a device other than
the token's, one not linked and active, the same body again.

Single receipts, in ``rejectedDocuments``: a UUID that is in progress, valid or
cancelled already, or stands twice in the submission; a receipt number that
stands twice for one branch; structural faults where the setting says so.

Everything else is the verdict's (:mod:`.validation`).
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..clock import Clock
from . import schema, strictjson
from .errors import ApiError, error_body
from .findings import Finding
from .rawjson import Element, elements, receipt_hash
from .receipt_types import TYPES
from .registry import Registry
from .settings import Settings
from .store import INVALID, NEVER, Receipt, Store, Submission, make_id
from .structure import Fault
from .tokens import Caller


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


class Intake:
    """Takes submissions."""

    def __init__(
        self, store: Store, registry: Registry, settings: Settings, clock: Clock
    ) -> None:
        self.store = store
        self.registry = registry
        self.settings = settings
        self.clock = clock

    def submit(self, body: bytes, caller: Caller, order: Order) -> dict[str, Any]:
        """Take ``body``; return what the 202 says.

        :raises ApiError: when the whole call is refused
        """
        if len(body) > self.settings.max_bytes:
            message = f"{len(body)} bytes, at most {self.settings.max_bytes}."
            raise ApiError(400, "MaximumSizeExceeded", message)
        text, documents = self._parsed(body)
        faults = self._structure(documents)
        pairs = list(zip(documents, elements(text, "receipts"), strict=True))
        with self.store.lock:
            return self._take(body, pairs, faults, caller, order)

    def _take(
        self,
        body: bytes,
        pairs: list[tuple[dict, Element]],
        faults: dict[int, list[Fault]],
        caller: Caller,
        order: Order,
    ) -> dict[str, Any]:
        documents = [document for document, _part in pairs]
        self._check_submitter(documents, faults, caller)
        key = (caller.rin, hashlib.sha256(body).hexdigest())
        self._check_repeated(key)
        accepted, rejected = self._sort(documents, faults, order)
        submission = None
        if accepted:
            taken = [pairs[index] for index in accepted]
            submission = self._store(taken, caller, order)
        now = self.clock.time()
        self.store.bodies[key] = now + self.settings.duplicate_seconds
        return self._answer(submission, rejected)

    def _parsed(self, body: bytes) -> tuple[str, list[dict]]:
        try:
            text, value = strictjson.parse(body)
        except strictjson.StrictJsonError as error:
            raise ApiError(400, "BadStructure", str(error)) from error
        if type(value) is not dict or type(value.get("receipts")) is not list:
            message = "The body must be an object with an array 'receipts'."
            raise ApiError(400, "BadStructure", message, target="receipts")
        faults = _envelope_faults(value)
        if faults:
            raise _bad_structure(faults)
        receipts = value["receipts"]
        if len(receipts) > self.settings.max_receipts:
            message = f"{len(receipts)} receipts, at most {self.settings.max_receipts}."
            raise ApiError(400, "MaximumSizeExceeded", message, target="receipts")
        return text, receipts

    def _structure(self, documents: list[dict]) -> dict[int, list[Fault]]:
        faults: dict[int, list[Fault]] = {}
        keep_empty = self.settings.empty_arrays == "accept"
        for index, document in enumerate(documents):
            found: list[Fault] = []
            schema.RECEIPT.check(document, "", found)
            if keep_empty:
                found = [
                    fault
                    for fault in found
                    if fault.code != "TooFewItems" or fault.path == "itemData"
                ]
            if found:
                faults[index] = found
        if faults and self.settings.structure_faults == "call":
            raise _bad_structure(
                [
                    fault._replace(path=f"receipts[{index}].{fault.path}".rstrip("."))
                    for index, found in faults.items()
                    for fault in found
                ]
            )
        return faults

    def _check_submitter(
        self, documents: list[dict], faults: dict, caller: Caller
    ) -> None:
        sellers = [
            document["seller"]
            for index, document in enumerate(documents)
            if index not in faults
        ]
        if any(seller["rin"] != caller.rin for seller in sellers):
            message = "seller.rin is not the taxpayer of the token."
            raise ApiError(403, "IncorrectSubmitter", message, target="seller.rin")
        if "B2C" not in caller.tags:
            raise ApiError(403, "Forbidden", "The taxpayer has no B2C profile.")
        serials = sorted({seller["deviceSerialNumber"] for seller in sellers})
        target = "seller.deviceSerialNumber"
        if len(serials) > 1:
            message = f"One submission, one device; found {', '.join(serials)}."
            raise ApiError(400, "BadArgument", message, target=target)
        if caller.serial is None and not self.settings.erp_may_submit:
            raise ApiError(403, "Forbidden", "Receipts need the token of a device.")
        for serial in serials:
            if caller.serial not in (None, serial):
                message = f"{serial} is not the device of the token."
                raise ApiError(403, "IncorrectSubmitter", message, target=target)
            device = self.registry.devices.get(serial)
            if device is None or device.rin != caller.rin or device.status != "active":
                state = device.status if device else "not registered"
                message = f"Device {serial} is {state}."
                raise ApiError(403, "Forbidden", message, target=target)

    def _check_repeated(self, key: tuple[str, str]) -> None:
        left = self.store.known_body(key, self.clock.time())
        if left is not None:
            raise ApiError(
                422,
                "DuplicateSubmission",
                "The same submission was received a short time ago.",
                retry_after=left,
            )

    def _sort(
        self, documents: list, faults: dict[int, list[Fault]], order: Order
    ) -> tuple[list[int], list[dict[str, Any]]]:
        accepted, rejected = [], []
        uuids: set[str] = set()
        numbers: set[tuple[str, str]] = set()
        for index, document in enumerate(documents):
            error = _structural_error(faults.get(index))
            if error is None:
                error = self._immediate(document, uuids, numbers)
            if error is None:
                forced = order.reject(document)
                error = error_body(*forced) if forced else None
            if error is None:
                accepted.append(index)
            else:
                rejected.append(_rejection(document, error))
        return accepted, rejected

    def _immediate(
        self, document: dict, uuids: set, numbers: set
    ) -> dict[str, Any] | None:
        header = document["header"]
        uuid = header["uuid"]
        number = (document["seller"]["branchCode"], header["receiptNumber"])
        known = self.store.receipts.get(uuid)
        state = known.status if known else INVALID
        details = []
        if uuid in uuids:
            state = "in this submission twice"
        if state != INVALID:
            message = f"A receipt with this UUID exists; it is {state}."
            details.append(_detail("SIM-DUPLICATE-UUID", "header.uuid", message))
        if number in numbers:
            message = "This receipt number stands twice for one branch."
            path = "header.receiptNumber"
            details.append(_detail("SIM-DUPLICATE-NUMBER", path, message))
        uuids.add(uuid)
        numbers.add(number)
        if not details:
            return None
        message = "The receipt is a duplicate."
        return error_body("DuplicateReceipt", message, uuid, details, "header")

    def _store(
        self, pairs: list[tuple[dict, Element]], caller: Caller, order: Order
    ) -> Submission:
        received = self.clock.now()
        now = time.monotonic()
        delay = self.settings.validation_seconds
        if order.delay is not None:
            delay = order.delay
        submission = Submission(
            id=make_id(),
            rin=caller.rin,
            serial=pairs[0][0]["seller"]["deviceSerialNumber"],
            channel="POS" if caller.serial else "ERP",
            submitter=self.registry.taxpayers[caller.rin].name,
            received=received,
            accepted_at=now,
            due=NEVER if order.stuck else now + delay,
            error=order.error,
        )
        for document, part in pairs:
            receipt = _receipt(document, part, submission)
            receipt.forced = order.invalidate(document)
            submission.receipts.append(receipt)
        if not order.lost:
            self.store.add(submission)
        return submission

    def _answer(
        self, submission: Submission | None, rejected: list[dict[str, Any]]
    ) -> dict[str, Any]:
        now = self.clock.now().isoformat()
        for row in rejected:
            self.store.rejections.append({**row, "time": now})
        identity = submission.id if submission else None
        spelling = self.settings.id_spelling
        names = ("submissionId", "submissionUUID")
        answer: dict[str, Any] = {
            name: identity for name in names if spelling in (name, "both")
        }
        answer["acceptedDocuments"] = [
            {
                "uuid": receipt.uuid,
                "longId": receipt.long_id,
                "receiptNumber": receipt.number,
            }
            for receipt in (submission.receipts if submission else ())
        ]
        answer["rejectedDocuments"] = rejected
        answer["header"] = {"statusCode": "Success"}
        return answer


def _envelope_faults(value: dict[str, Any]) -> list[Fault]:
    faults: list[Fault] = []
    for name in sorted(value.keys() - {"receipts", "signatures"}):
        message = f"There is no property {name!r} here."
        faults.append(Fault("UnknownProperty", name, message))
    if "signatures" in value:
        schema.SIGNATURES.check(value["signatures"], "signatures", faults)
    if not value["receipts"]:
        message = "A submission has at least one receipt."
        faults.append(Fault("TooFewItems", "receipts", message))
    for index, receipt in enumerate(value["receipts"]):
        if type(receipt) is not dict:
            path = f"receipts[{index}]"
            faults.append(Fault("ObjectExpected", path, "A receipt is an object."))
    return faults


def _receipt(document: dict, part: Element, submission: Submission) -> Receipt:
    header, buyer = document["header"], document["buyer"]
    code = document["documentType"]["receiptType"].upper()
    kind = TYPES.get(code)
    referring = kind is not None and kind.needs_reference
    return Receipt(
        uuid=header["uuid"],
        hash=receipt_hash(part.canonical, header["uuid"]),
        raw=part.raw.encode(),
        submission=submission,
        rin=submission.rin,
        serial=submission.serial,
        number=header["receiptNumber"],
        kind=code,
        issued=header["dateTimeIssued"],
        previous=header["previousUUID"],
        old=header.get("referenceOldUUID", ""),
        reference=header.get("referenceUUID", "") if referring else "",
        buyer_type=buyer["type"],
        buyer_id=buyer.get("id", ""),
        buyer_name=buyer.get("name", ""),
        currency=header["currency"],
        total=Decimal(document["totalAmount"]),
        payment=document["paymentMethod"],
        received=submission.received,
    )


def _bad_structure(faults: list[Fault]) -> ApiError:
    details = [_detail(fault.code, fault.path, fault.message) for fault in faults]
    message = f"The submission breaks the schema in {len(faults)} places."
    return ApiError(400, "BadStructure", message, details=details[:200])


def _structural_error(faults: list[Fault] | None) -> dict[str, Any] | None:
    if not faults:
        return None
    details = [_detail(fault.code, fault.path, fault.message) for fault in faults]
    return error_body("BadStructure", "Validation Error", None, details, "")


def _detail(code: str, path: str, message: str) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
        "target": path.rpartition(".")[2],
        "propertyPath": path,
    }


def _rejection(document: dict, error: dict[str, Any]) -> dict[str, Any]:
    header = document.get("header")
    header = header if type(header) is dict else {}
    return {
        "receiptNumber": header.get("receiptNumber"),
        "uuid": header.get("uuid"),
        "error": error,
    }
