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

from . import receiving, schema
from .errors import ApiError, error_body
from .rawjson import Element, elements, receipt_hash
from .receipt_types import TYPES
from .receiving import Order, detail
from .store import INVALID, Receipt, Store, Submission, make_id
from .structure import Spec
from .tokens import Caller


class Intake(receiving.Intake[Submission]):
    """Takes submissions of receipts."""

    name = "receipts"
    lines = "itemData"

    def __init__(self, books: Store, *others: Any) -> None:
        """``others``: registry, settings and clock."""
        super().__init__(books, *others)
        self.books = books

    @property
    def whole_calls(self) -> bool:
        """Setting ``structure_faults``."""
        return self.settings.structure_faults == "call"

    def read(self, body: bytes) -> list[tuple[dict, Element]]:
        """The receipts of a body."""
        text, value = receiving.parsed(body, self.name, self.settings.max_bytes)
        faults = receiving.envelope_faults(value, self.name, ("signatures",))
        if "signatures" in value:
            schema.SIGNATURES.check(value["signatures"], "signatures", faults)
        if faults:
            raise receiving.bad_structure(faults)
        receipts = value[self.name]
        receiving.check_count(receipts, self.name, self.settings.max_receipts)
        return list(zip(receipts, elements(text, self.name), strict=True))

    def schema(self, element: dict) -> Spec:
        """The same for every receipt."""
        return schema.RECEIPT

    def check_submitter(self, elements: list[dict], caller: Caller) -> None:
        """One taxpayer, one device, both the token's."""
        sellers = [element["seller"] for element in elements]
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

    def immediate(self, element: dict, seen: set) -> dict[str, Any] | None:
        """A UUID or a number that is known."""
        header = element["header"]
        uuid = header["uuid"]
        number = (element["seller"]["branchCode"], header["receiptNumber"])
        known = self.books.receipts.get(uuid)
        state = known.status if known else INVALID
        details = []
        if uuid in seen:
            state = "in this submission twice"
        if state != INVALID:
            message = f"A receipt with this UUID exists; it is {state}."
            details.append(detail("SIM-DUPLICATE-UUID", "header.uuid", message))
        if number in seen:
            message = "This receipt number stands twice for one branch."
            path = "header.receiptNumber"
            details.append(detail("SIM-DUPLICATE-NUMBER", path, message))
        seen |= {uuid, number}
        if not details:
            return None
        message = "The receipt is a duplicate."
        return error_body("DuplicateReceipt", message, uuid, details, "header")

    def target(self, element: dict) -> str | None:
        """Receipts are named by the entry they stand in."""
        return None

    def rejection(self, element: dict, error: dict[str, Any]) -> dict[str, Any]:
        """By number and UUID, which may be missing."""
        header = element.get("header")
        header = header if type(header) is dict else {}
        return {
            "receiptNumber": header.get("receiptNumber"),
            "uuid": header.get("uuid"),
            "error": error,
        }

    def store(
        self, pairs: list[tuple[dict, Element]], caller: Caller, order: Order
    ) -> Submission:
        """Put receipts into the books."""
        accepted_at = time.monotonic()
        submission = Submission(
            id=make_id(),
            rin=caller.rin,
            serial=pairs[0][0]["seller"]["deviceSerialNumber"],
            channel="POS" if caller.serial else "ERP",
            submitter=self.registry.taxpayers[caller.rin].name,
            received=self.clock.now(),
            accepted_at=accepted_at,
            due=self.due(order),
            error=order.error,
        )
        for document, part in pairs:
            receipt = _receipt(document, part, submission)
            receipt.forced = order.invalidate(document)
            submission.receipts.append(receipt)
        if not order.lost:
            self.books.add(submission)
        return submission

    def answer(
        self, submission: Submission | None, rejected: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """Accepted receipts by UUID and number."""
        now = self.clock.now().isoformat()
        self.books.rejections += [{**row, "time": now} for row in rejected]
        accepted = [
            {
                "uuid": receipt.uuid,
                "longId": receipt.long_id,
                "receiptNumber": receipt.number,
            }
            for receipt in (submission.receipts if submission else ())
        ]
        identity = submission.id if submission else None
        return self.answered(identity, accepted, rejected)


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
