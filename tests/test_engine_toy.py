from odoo.tests import tagged

from ..fiscal.contract import AmbiguousError, Outcome, Status
from .common import EreceiptCommon
from .faults.ereceipt_seal import PASSWORD, key_file
from .toy_authority import toy, toy_till


@tagged("post_install", "-at_install", "post_install_l10n")
class TestEngineToy(EreceiptCommon):
    """An authority that only this file knows: it wants a security code and signed
    messages, counts by itself and gives the identifier with its answer. The engine is
    as it is; the glue are hooks."""

    def setUp(self):
        super().setUp()
        self.authority = toy(
            self,
            "toyland",
            coded=True,
            signs="message",
            uid_at="answer",
            printable_at="answer",
            recovery="resend",
            refers=False,
        )
        self.hook("ereceipt.registration", "series", lambda _self, device: "ISLAND")
        self.hook(
            "ereceipt.registration", "number_text", lambda _self, device, n: f"No. {n}"
        )
        self.hook(
            "account.move", "print_rows", lambda _self, document: [("Toy", "yes")]
        )
        keys = self.env["ereceipt.signing.key"].with_user(self.administrator)
        self.key = keys.create({"name": "Seal"})
        self.key.write({"key_file": key_file(), "key_password": PASSWORD})
        self.till = toy_till(self, self.authority, self.key)

    def hook(self, model, name, function):
        """Give a model a hook of the toy authority, for this test."""
        cls = self.env.registry[model]
        setattr(cls, f"_toyland_{name}", function)
        self.addCleanup(delattr, cls, f"_toyland_{name}")

    def answer(self, documents):
        """Give documents their identifiers."""
        return [Outcome(d.key, Status.VALID, uid=f"T{d.key}") for d in documents]

    def sell(self, **values):
        return self.invoice(journal_id=self.till.journal_ids.id, **values)

    def test_end_to_end(self):
        self.authority.desk.reactions.append(self.answer)
        move = self.sell()
        document = move.ereceipt_document_id
        self.assertEqual(document.state, "queued")
        self.assertEqual(document.authority_number, "No. 1")
        self.assertTrue(document.security_code)
        self.assertFalse(document.authority_uid)
        self.run_outbox(rounds=1)
        self.assertEqual(document.state, "valid")
        self.assertEqual(move.ereceipt_uuid, f"T{document.id}")
        self.assertEqual(move._ereceipt_print_values()["rows"], [("Toy", "yes")])
        self.assertEqual(self.sell().ereceipt_document_id.authority_number, "No. 2")

    def test_a_lost_answer_is_resolved_by_a_repeat(self):
        desk = self.authority.desk
        desk.lose_answer(AmbiguousError("The line is dead."))
        desk.reactions.append(self.answer)
        move = self.sell()
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "unknown")
        self.run_outbox(rounds=1)
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertEqual(desk.calls, ["submit", "submit"])

    def test_a_return_waits_for_no_sale(self):
        move = self.sell()
        back = self.reversal(move)
        self.assertEqual(back.ereceipt_state, "queued")
        self.assertFalse(back.ereceipt_document_id.depends_on_id)
