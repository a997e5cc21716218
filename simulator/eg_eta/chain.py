"""The chain of a device and corrections in it.

ETA's receipt FAQ: ``previousUUID`` is the UUID of the receipt issued just
before on that device; a correction takes the predecessor of the receipt it
replaces and names it in ``referenceOldUUID``. Receipts may arrive out of
order. Whether ETA refuses a broken chain is not documented, hence the modes.
"""

from .findings import CHAIN, REFERENCE, Finding, Step
from .store import IN_PROGRESS, INVALID, Receipt, Store

_PREVIOUS = "header.previousUUID"
_OLD = "header.referenceOldUUID"


def check_chain(
    receipt: Receipt, store: Store, mode: str, corrected_head: str
) -> list[Finding]:
    """Faults of the link to the predecessor, by the settings ``chain`` (here
    ``mode``) and ``corrected_head``."""
    if mode == "off":
        return []
    found = _fork(receipt, store) + _foreign(receipt, store)
    if mode == "known":
        found += _unknown(receipt, store)
    elif mode == "strict":
        found += _out_of_order(receipt, store, corrected_head)
    return found


def check_correction(receipt: Receipt, store: Store) -> list[Finding]:
    """Faults of ``referenceOldUUID``."""
    if not receipt.old:
        return []
    if receipt.old == receipt.uuid:
        return [_finding(REFERENCE, "SIM-OLD-SELF", _OLD, "it names itself")]
    old = store.receipts.get(receipt.old)
    if old is None:
        return []  # refused before it was ever stored
    found = []
    if old.rin != receipt.rin or old.serial != receipt.serial:
        message = "the replaced receipt was issued by another device"
        found.append(_finding(REFERENCE, "SIM-OLD-DEVICE", _OLD, message))
    if old.status != INVALID:
        message = f"only an invalid receipt can be replaced, this is {old.status}"
        found.append(_finding(REFERENCE, "SIM-OLD-STATUS", _OLD, message))
    if old.previous != receipt.previous:
        message = "a correction has the predecessor of the receipt it replaces"
        found.append(_finding(CHAIN, "SIM-OLD-PREVIOUS", _PREVIOUS, message))
    return found


def _fork(receipt: Receipt, store: Store) -> list[Finding]:
    decided = [row for row in store.claimants(receipt) if row.status != IN_PROGRESS]
    if not decided:
        return []
    standing = [row for row in decided if row.status != INVALID]
    if not standing and receipt.old in {row.uuid for row in decided}:
        return []
    other = (standing or decided)[0]
    what = f"{receipt.previous} has" if receipt.previous else "the device has"
    message = f"{what} a successor already: receipt {other.number}, {other.uuid}"
    code = "SIM-CHAIN-FORK" if receipt.previous else "SIM-CHAIN-SECOND-START"
    return [_finding(CHAIN, code, _PREVIOUS, message)]


def _foreign(receipt: Receipt, store: Store) -> list[Finding]:
    previous = store.receipts.get(receipt.previous)
    if previous is None or previous.serial == receipt.serial:
        return []
    message = f"the predecessor was issued by device {previous.serial}"
    return [_finding(CHAIN, "SIM-CHAIN-DEVICE", _PREVIOUS, message)]


def _unknown(receipt: Receipt, store: Store) -> list[Finding]:
    if not receipt.previous or receipt.previous in store.receipts:
        return []
    message = f"no receipt {receipt.previous} was ever received"
    return [_finding(CHAIN, "SIM-CHAIN-UNKNOWN", _PREVIOUS, message)]


def _out_of_order(receipt: Receipt, store: Store, allowed: str) -> list[Finding]:
    if receipt.old:
        return []
    head = receipt.head_before or ""
    latest = _latest_in_place(head, receipt, store)
    wanted = {"refused": [head], "correction": [latest]}.get(allowed, [head, latest])
    if receipt.previous in wanted:
        return []
    message = f"the receipt received last on this device is {wanted[0] or 'empty'}"
    return [_finding(CHAIN, "SIM-CHAIN-ORDER", _PREVIOUS, message)]


def _latest_in_place(uuid: str, receipt: Receipt, store: Store) -> str:
    """The last correction of ``uuid``, or of its correction, that was received before
    the receipt; ``uuid`` itself if there is none."""
    head = store.receipts.get(uuid)
    rows = store.claims.get((head.serial, head.previous), ()) if head else ()
    by_old = {row.old: row.uuid for row in rows if row.received <= receipt.received}
    while uuid in by_old:
        uuid = by_old.pop(uuid)
    return uuid


def _finding(step: Step, code: str, path: str, message: str) -> Finding:
    return Finding(step, code, path, message)
