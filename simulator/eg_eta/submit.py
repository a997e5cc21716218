"""``POST /api/v1/receiptsubmissions``: what is refused at once.

Whole call: no JSON, structural faults (setting ``structure_faults``), too many
or too large, another taxpayer's receipts, several devices, a device other than
the token's, one not linked and active, the same body again.

Single receipts, in ``rejectedDocuments``: a UUID that is in progress, valid or
cancelled already, or stands twice in the submission; a receipt number that
stands twice for one branch; structural faults where the setting says so.

Everything else is the verdict's (:mod:`.validation`).
"""

import time
from decimal import Decimal
from typing import Any

from ..clock import Clock
from . import receiving, schema
from .errors import ApiError, error_body
from .rawjson import Element, elements, receipt_hash
from .receipt_types import TYPES
from .receiving import Bodies, Order, detail
from .registry import Registry
from .settings import Settings
from .store import INVALID, NEVER, Receipt, Store, Submission, make_id
from .structure import Fault
from .tokens import Caller


class Intake:
    """Takes submissions."""

    def __init__(
        self, store: Store, registry: Registry, settings: Settings, clock: Clock
    ) -> None:
        self.store = store
        self.registry = registry
        self.settings = settings
        self.clock = clock
        self.bodies = Bodies(settings, clock)

    def submit(self, body: bytes, caller: Caller, order: Order) -> dict[str, Any]:
        """Take ``body``; return what the 202 says.

        :raises ApiError: when the whole call is refused
        """
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
        self.bodies.check(caller.rin, body)
        accepted, rejected = self._sort(documents, faults, order)
        submission = None
        if accepted:
            taken = [pairs[index] for index in accepted]
            submission = self._store(taken, caller, order)
        self.bodies.remember(caller.rin, body)
        return self._answer(submission, rejected)

    def _parsed(self, body: bytes) -> tuple[str, list[dict]]:
        text, value = receiving.parsed(body, "receipts", self.settings.max_bytes)
        faults = receiving.envelope_faults(value, "receipts", ("signatures",))
        if "signatures" in value:
            schema.SIGNATURES.check(value["signatures"], "signatures", faults)
        if faults:
            raise receiving.bad_structure(faults)
        receipts = value["receipts"]
        receiving.check_count(receipts, "receipts", self.settings.max_receipts)
        return text, receipts

    def _structure(self, documents: list[dict]) -> dict[int, list[Fault]]:
        faults: dict[int, list[Fault]] = {}
        for index, document in enumerate(documents):
            found: list[Fault] = []
            schema.RECEIPT.check(document, "", found)
            found = receiving.tolerated(found, self.settings, "itemData")
            if found:
                faults[index] = found
        if faults and self.settings.structure_faults == "call":
            raise receiving.bad_elements(faults, "receipts")
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

    def _sort(
        self, documents: list, faults: dict[int, list[Fault]], order: Order
    ) -> tuple[list[int], list[dict[str, Any]]]:
        accepted, rejected = [], []
        uuids: set[str] = set()
        numbers: set[tuple[str, str]] = set()
        for index, document in enumerate(documents):
            error = receiving.structural_error(faults.get(index))
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
            details.append(detail("SIM-DUPLICATE-UUID", "header.uuid", message))
        if number in numbers:
            message = "This receipt number stands twice for one branch."
            path = "header.receiptNumber"
            details.append(detail("SIM-DUPLICATE-NUMBER", path, message))
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
        answer = receiving.spelled_id(identity, self.settings)
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


def _rejection(document: dict, error: dict[str, Any]) -> dict[str, Any]:
    header = document.get("header")
    header = header if type(header) is dict else {}
    return {
        "receiptNumber": header.get("receiptNumber"),
        "uuid": header.get("uuid"),
        "error": error,
    }
