"""A shop that issues signed invoices (ETA's e-Invoice) from a desk of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ereceipt_db import OdooDatabase, Place
from ereceipt_shop import Held, Shop, Simulator, connection_values, place_of_sale

from dev.certificates import PASSWORD, certifier, seal

DESK_JOURNAL = "DESK"
_BUYER_RIN = "313717919"


class InvoiceShop(Shop):
    """A shop whose documents are invoices to a business, signed with a key file."""

    submit_endpoint = "document_submit"

    def draft(self, env: Any, count: int, journal: str, **values: Any) -> Any:
        business = env["res.partner"].search([("ref", "=", "BUSINESS")])
        return super().draft(env, count, journal, partner_id=business.id, **values)

    def post(self, count: int, journal: str = DESK_JOURNAL) -> list[int]:
        return super().post(count, journal)

    def _wanted(self) -> dict[str, Held]:
        """Our bytes with the one signature that we keep, by the invoice's number: the
        authority holds a document as valid only if that signature fits it."""
        rows = self.db.rows(
            "SELECT name, authority_uid, content, signature FROM ereceipt_document"
        )
        return {
            name: Held(uid, _as_sent(content, signature or ""))
            for name, uid, content, signature in rows
        }

    def _held(self) -> dict[str, Held]:
        rows = self.simulator.control.documents(raw=True)
        times = Counter(row["internalID"] for row in rows)
        return {
            row["internalID"]: Held(
                row["uuid"], row["raw"], row["status"], times[row["internalID"]]
            )
            for row in rows
        }

    def assert_chains(self) -> None:
        """Invoices stand in no chain."""

    def rejections(self) -> list[dict]:
        return self.simulator.control.document_rejections()


def _as_sent(content: str, signature: str) -> str:
    """Return a document with its signature as the last member (ETA SDK,
    /documents/invoice-v1-0/)."""
    member = f',"signatures":[{{"signatureType":"I","value":"{signature}"}}]'
    return f"{content[:-1]}{member}}}"


@contextmanager
def invoice_shop(
    place: Place, simulator: Simulator, source: str
) -> Iterator[InvoiceShop]:
    """A shop of its own that issues invoices; the simulator is as it was at its start,
    and trusts who certified the shop's key."""
    simulator.control.reset()
    simulator.control.register(trusted_cas=[{"pem": certifier().pem.decode()}])
    db = OdooDatabase(place, place.copy(source))
    try:
        with db.env() as env:
            _set_up(env, simulator.url)
        db.rows("ANALYZE")
        yield InvoiceShop(db, simulator)
    finally:
        db.drop()


def _set_up(env: Any, url: str) -> None:
    key = env["ereceipt.signing.key"].create({"name": "Seal"})
    made = seal(issuer=certifier())
    key.write({"key_file": made.key_file(), "key_password": PASSWORD})
    registration = env["ereceipt.registration"].create(
        {
            "authority": "eg_invoice",
            "client_id": "sim-erp",
            "client_secret": "sim-erp-secret",
            "signing_key_id": key.id,
            **connection_values(url),
        }
    )
    journal = env["account.journal"].create(
        {"name": "Head office", "type": "sale", "code": DESK_JOURNAL}
    )
    desk = env["ereceipt.device"].create(
        {
            "name": "Head office",
            "registration_id": registration.id,
            "journal_ids": [(6, 0, journal.ids)],
            "branch_code": "0",
            **place_of_sale(env),
        }
    )
    desk.action_activate()
    env["res.partner"].create(
        {
            "name": "شركة المشتري",
            "ref": "BUSINESS",
            "customer_rank": 1,
            "is_company": True,
            "vat": _BUYER_RIN,
            "country_id": env.ref("base.eg").id,
            "state_id": env.ref("base.state_eg_c").id,
            "city": "Nasr City",
            "street": "12 Buyer Street",
        }
    )
