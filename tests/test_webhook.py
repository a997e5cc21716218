import time
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..fiscal.webhook import Result
from ..models.ereceipt_webhook import STATES
from ..models.ereceipt_webhook_work import EreceiptWebhookWork
from .webhook_common import SECRET, WebhookCommon
from .webhook_receiver import receiving, verify

OTHER_SECRET = "a-bell-a-tower-and-nineteen-blue-doors"


@tagged("post_install", "-at_install", "post_install_l10n")
class TestWebhook(WebhookCommon):
    """What a receiver is told of documents, when, and how often."""

    # -------------------------------------------------------------------------
    # WHAT IS TOLD
    # -------------------------------------------------------------------------

    def test_a_valid_document_is_told_once_signed(self):
        move = self.invoice(ref="WEB-4711")
        self.run_outbox()
        self.run_hooks()
        [message] = self.receiver.taken
        document = move.ereceipt_document_id
        event = message["event"]
        self.assertEqual(event["event"], "document.valid")
        told = event["document"]
        self.assertEqual(told["id"], document.id)
        self.assertEqual(told["state"], "valid")
        self.assertEqual(told["uid"], document.authority_uid)
        self.assertEqual(told["total"], "114.00")
        self.assertEqual(told["currency"], self.company.currency_id.name)
        self.assertEqual(told["invoices"][0]["reference"], "WEB-4711")
        self.assertTrue(told["settled"])
        self.assertRegex(told["issued_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        headers = message["headers"]
        self.assertEqual(headers["x-ereceipt-event"], "document.valid")
        self.assertEqual(headers["x-ereceipt-event-id"], event["id"])
        self.assertEqual(headers["x-ereceipt-attempt"], "1")
        self.assertTrue(verify(headers, message["body"], SECRET))
        self.assertFalse(verify(headers, message["body"], OTHER_SECRET))
        self.assertFalse(verify(headers, message["body"] + b" ", SECRET))
        self.assertFalse(
            verify(headers, message["body"], SECRET, now=message["at"] + 301),
            "what was recorded is not taken later",
        )
        [delivery] = self.deliveries()
        self.assertEqual((delivery.state, delivery.status), ("done", 200))
        self.assertEqual(delivery.body.encode(), message["body"])
        self.run_hooks()
        self.assertEqual(len(self.receiver.taken), 1, "once")

    def test_a_refusal_tells_its_problems(self):
        self.refused()
        self.run_hooks()
        [message] = self.receiver.taken
        self.assertEqual(message["event"]["event"], "document.invalid")
        [problem, *_more] = message["event"]["document"]["problems"]
        self.assertEqual(problem["code"], "SIM-X")

    def test_only_what_is_chosen_of_its_company_and_environment(self):
        self.hook.tells_valid = False
        production = self.make_hook("https://example.com/x", environment="production")
        self.invoice()
        self.run_outbox()
        self.assertFalse(self.deliveries())
        self.hook.tells_valid = True
        self.invoice()
        self.run_outbox()
        self.assertEqual(self.deliveries().webhook_id, self.hook)
        self.assertFalse(self.deliveries(production))

    def test_nothing_is_written_for_nobody(self):
        """Without a hook a change of state costs no query more."""
        self.hook.active = False
        documents = (
            self.invoice().ereceipt_document_id
            | self.invoice(journal_id=self.journal_2.id).ereceipt_document_id
        )
        self.env["ereceipt.webhook"]._heard()
        self.env.flush_all()
        with patch.object(
            type(self.env["ereceipt.webhook.delivery"]), "create"
        ) as create:
            documents.sudo()._go("late")
            self.env.cr.flush()
        create.assert_not_called()
        with self.assertQueryCount(0):
            self.assertFalse(self.env["ereceipt.webhook"]._heard())

    def test_many_are_written_together(self):
        """As many queries for twelve as for three."""
        moves = [self.invoice() for _number in range(16)]
        documents = self.env["account.move"].union(*moves).ereceipt_document_id
        self.env.cr.execute(
            "UPDATE ereceipt_document SET state = 'valid' WHERE id = ANY(%s)",
            [documents.ids],
        )
        delivery = self.env["ereceipt.webhook.delivery"].sudo()
        counts = []
        # the first one finds empty caches
        for some in (documents[:1], documents[1:4], documents[4:]):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            delivery._write_events(dict.fromkeys(some.ids, "sending"))
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertEqual(len(self.deliveries()), 16)
        self.assertEqual(counts[1], counts[2], counts)

    def test_a_persons_context_changes_nothing(self):
        archived = self.make_hook(self.receiver.url, name="Old", active=False)
        document = self.invoice().ereceipt_document_id.sudo()
        self.env.registry.clear_cache()
        document.with_context(
            default_state="done", default_event="x", active_test=False
        )._go("late")
        self.env.cr.flush()
        [delivery] = self.deliveries()
        self.assertEqual((delivery.state, delivery.event), ("pending", "document.late"))
        self.assertFalse(self.deliveries(archived))

    def test_what_is_rolled_back_is_not_told(self):
        document = self.invoice().ereceipt_document_id.sudo()
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            document._go("late")
            raise ZeroDivisionError
        self.env.cr.flush()
        self.assertFalse(self.deliveries())
        document._go("late")
        self.env.cr.flush()
        self.assertEqual(self.deliveries().event, "document.late")

    @mute_logger("odoo.addons.account_ereceipt.models.ereceipt_webhook_delivery")
    def test_a_defect_in_telling_keeps_no_verdict_back(self):
        move = self.invoice()
        deliveries = type(self.env["ereceipt.webhook.delivery"])
        with patch.object(deliveries, "_write_events", side_effect=KeyError("x")):
            self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertFalse(self.deliveries())

    def test_events_of_a_document_come_in_their_order(self):
        document = self.invoice().ereceipt_document_id.sudo()
        other = self.invoice(journal_id=self.journal_2.id).ereceipt_document_id.sudo()
        document._go("late")
        self.env.cr.flush()
        document._go("superseded")
        other._go("late")
        self.env.cr.flush()
        self.receiver.usual = 400
        self.run_hooks(seconds=0.1)
        told = [(m["event"]["document"]["id"]) for m in self.receiver.taken]
        self.assertCountEqual(told, [document.id, other.id])
        self.receiver.usual = 200
        self.run_hooks(waiting=True)
        mine = [
            message["event"]
            for message in self.receiver.taken
            if message["event"]["document"]["id"] == document.id
        ]
        self.assertEqual(
            list(dict.fromkeys(event["event"] for event in mine)),
            ["document.late", "document.superseded"],
        )
        sequences = [event["sequence"] for event in mine]
        self.assertEqual(sequences, sorted(sequences))

    # -------------------------------------------------------------------------
    # RECEIVERS THAT MISBEHAVE
    # -------------------------------------------------------------------------

    def tell(self, number=1):
        """Write deliveries without a document."""
        for _number in range(number):
            self.env["ereceipt.webhook.delivery"].sudo()._write_test(self.hook)

    def test_an_error_is_tried_again_with_the_same_event(self):
        for answer in (500, 400, "drop", {"status": 302, "headers": {"Location": "/"}}):
            with self.subTest(answer):
                self.deliveries().unlink()
                self.receiver.taken.clear()
                self.tell()
                self.receiver.script = [answer]
                self.run_hooks(seconds=0.1)
                [delivery] = self.deliveries()
                self.assertEqual((delivery.state, delivery.attempts), ("pending", 1))
                self.assertTrue(delivery.error)
                self.assertGreater(delivery.next_attempt_at, fields.Datetime.now())
                self.run_hooks(waiting=True)
                self.assertEqual((delivery.state, delivery.attempts), ("done", 2))
                first, second = self.receiver.taken
                self.assertEqual(first["event"]["id"], second["event"]["id"])
                self.assertEqual(first["body"], second["body"])
                self.assertEqual(second["path"], "/hook", "no redirect is followed")
                self.assertEqual(second["headers"]["x-ereceipt-attempt"], "2")

    def test_a_slow_receiver_is_given_up_for_this_time(self):
        self.hook.call_timeout = 1
        self.receiver.script = [{"status": 200, "delay": 30}]
        self.tell()
        self.run_hooks()
        [delivery] = self.deliveries()
        self.assertEqual(delivery.state, "pending")
        self.assertIn("within 1 seconds", delivery.error)
        self.assertLess(delivery.seconds, 5)

    def test_a_receiver_that_hangs_holds_no_other_back(self):
        other = self.enterContext(receiving())
        second = self.make_hook(other.url, name="ERP")
        self.receiver.usual = {"status": 200, "delay": 30}
        self.tell(6)
        self.env["ereceipt.webhook.delivery"].sudo()._write_test(second)
        self.run_hooks(seconds=0.2)
        [done] = self.deliveries(second)
        self.assertEqual(done.state, "done")
        self.assertLess(done.seconds, 1.5, "it did not wait for the other")
        self.assertLessEqual(len(self.receiver.taken), 4, "so many at once")

    def test_a_dead_receiver_is_left_in_peace(self):
        self.receiver.usual = 503
        self.tell(8)
        for _round in range(8):
            self.run_hooks(seconds=0.1, waiting=True)
            if self.hook.breaker_open_until:
                break
        self.assertTrue(self.hook.breaker_open_until)
        self.assertEqual(self.causes(self.hook), ["breaker"])
        called = len(self.receiver.taken)
        self.run_hooks(waiting=True)
        self.assertEqual(len(self.receiver.taken), called, "held back")
        self.receiver.usual = 204
        self.pass_breaker()
        self.run_hooks(rounds=3, waiting=True)
        self.assertEqual(set(self.deliveries().mapped("state")), {"done"})
        self.assertFalse(self.hook.breaker_failures)
        self.assertFalse(self.causes(self.hook), "taken back on recovery")

    def test_the_authority_is_asked_while_receivers_are_dead(self):
        """The job of the authorities' documents calls no receiver."""
        self.receiver.usual = {"status": 200, "delay": 30}
        move = self.invoice()
        self.run_outbox()
        self.assertEqual(move.ereceipt_state, "valid")
        self.assertFalse(self.receiver.taken)

    def test_a_message_that_is_not_liked_holds_no_other_back(self):
        self.receiver.script = [400]
        self.tell(3)
        self.run_hooks(seconds=0.1)
        states = self.deliveries().mapped("state")
        self.assertEqual(sorted(states), ["done", "done", "pending"])
        self.assertFalse(self.hook.breaker_failures)

    def test_gone_ends_it(self):
        self.receiver.usual = 410
        self.tell()
        self.run_hooks()
        self.assertEqual(self.deliveries().state, "dead")
        self.assertFalse(self.hook.active)
        self.assertIn("webhook_gone", self.causes(self.hook))
        self.assertFalse(self.env["ereceipt.webhook"]._heard())

    def test_retry_after_is_obeyed(self):
        self.receiver.script = [{"status": 429, "headers": {"Retry-After": "900"}}]
        self.tell()
        self.run_hooks(seconds=0.1)
        soon = fields.Datetime.now() + timedelta(seconds=800)
        self.assertGreater(self.deliveries().next_attempt_at, soon)
        self.assertGreater(self.hook.breaker_open_until, soon)

    # -------------------------------------------------------------------------
    # GIVING UP, AND AGAIN
    # -------------------------------------------------------------------------

    def test_given_up_and_sent_again(self):
        self.receiver.usual = 500
        self.tell()
        self.run_hooks(seconds=0.1)
        [delivery] = self.deliveries()
        event_id = delivery.event_id
        delivery.give_up_at = fields.Datetime.now() - timedelta(seconds=1)
        self.run_hooks(seconds=0.1)
        self.assertEqual(delivery.state, "dead")
        self.assertEqual(self.causes(self.hook), ["webhook_dead"])
        self.assertEqual(self.hook.dead_count, 1)
        with self.assertRaises(AccessError):
            delivery.with_user(self.manager).action_send_again()
        self.receiver.usual = 200
        delivery.with_user(self.administrator).action_send_again()
        self.assertFalse(self.causes(self.hook))
        with self.assertRaises(UserError):
            delivery.with_user(self.administrator).action_send_again()
        self.run_hooks()
        self.assertEqual(delivery.state, "done")
        self.assertEqual({m["event"]["id"] for m in self.receiver.taken}, {event_id})
        self.hook.invalidate_recordset()
        self.assertEqual((self.hook.delivery_count, self.hook.pending_count), (1, 0))

    def test_a_run_that_dies_between_call_and_write(self):
        """The receiver has it, nobody here knows: it gets the same event again."""
        self.tell()

        def die(work, landed):
            raise KeyboardInterrupt

        self.env.flush_all()
        with (
            self.enter_registry_test_mode(),
            self.env.registry.cursor() as cr,
            patch.object(EreceiptWebhookWork, "_settle", die),
        ):
            env = self.env(cr=cr, su=True)
            # assertRaises would take back what was committed
            with suppress(KeyboardInterrupt):
                env["ereceipt.outbox"]._run(
                    time.monotonic() + 1, env["ereceipt.webhook.work"]
                )
            cr.rollback()
        self.env.invalidate_all()
        [delivery] = self.deliveries()
        self.assertEqual(delivery.state, "sending")
        self.assertEqual(len(self.receiver.taken), 1)
        self.run_hooks()
        self.assertEqual(len(self.receiver.taken), 1, "it is another run's")
        delivery.lease_until = fields.Datetime.now() - timedelta(seconds=1)
        self.run_hooks()
        self.assertEqual(delivery.state, "done")
        first, second = self.receiver.taken
        self.assertEqual(first["event"]["id"], second["event"]["id"])

    def test_an_answer_after_the_lease_is_not_written(self):
        self.tell()
        self.env.flush_all()
        work = self.env["ereceipt.webhook.work"].sudo()
        [errand] = work._claim_units(20, {})
        [delivery] = self.deliveries()
        delivery.lease_token = "another"
        work._settle([(errand, Result(status=200))])
        self.assertEqual(delivery.state, "sending")

    def test_purge(self):
        self.tell(2)
        done, dead = self.deliveries()
        done.state, dead.state = "done", "dead"
        self.env.flush_all()
        for days, left in ((31, dead), (60, self.deliveries().browse())):
            self.env.cr.execute(
                "UPDATE ereceipt_webhook_delivery SET create_date = create_date - %s",
                [timedelta(days=days)],
            )
            self.env.invalidate_all()
            self.env["ereceipt.webhook.delivery"]._purge()
            self.assertEqual(self.deliveries(), left)

    # -------------------------------------------------------------------------
    # SECRETS
    # -------------------------------------------------------------------------

    def last_signed(self, secret):
        self.tell()
        self.run_hooks()
        message = self.receiver.taken[-1]
        return verify(message["headers"], message["body"], secret)

    def test_two_secrets_are_valid_while_they_are_exchanged(self):
        self.hook.with_user(self.administrator).secret = OTHER_SECRET
        self.assertTrue(self.last_signed(OTHER_SECRET))
        self.assertTrue(self.last_signed(SECRET))
        self.hook.sudo().former_until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertFalse(self.last_signed(SECRET))
        self.env["ereceipt.webhook"]._end_former_secrets()
        self.assertFalse(self.hook.sudo().former_secret_sealed)
        self.assertTrue(self.last_signed(OTHER_SECRET))

    def test_the_receiver_knows_the_new_secret(self):
        hook = self.hook.with_user(self.administrator)
        hook.secret = OTHER_SECRET
        hook.action_forget_former_secret()
        self.assertFalse(self.last_signed(SECRET))
        self.assertTrue(self.last_signed(OTHER_SECRET))

    def test_nobody_reads_a_secret(self):
        hook = self.hook.with_user(self.administrator)
        self.assertFalse(hook.secret)
        self.assertTrue(hook.secret_set)
        for column in ("secret_sealed", "former_secret_sealed"):
            with self.assertRaises(AccessError):
                hook.read([column])
        with self.assertRaisesRegex(UserError, "32 characters"):
            hook.secret = "short"

    def test_a_secret_is_one_receivers(self):
        hook = self.hook.with_user(self.administrator)
        hook.secret = OTHER_SECRET
        other = self.enterContext(receiving())
        hook.url = other.url
        self.assertFalse(hook.secret_set)
        self.assertFalse(hook.sudo().former_secret_sealed)
        self.tell()
        self.run_hooks()
        self.assertFalse(other.taken, "nothing is sent unsigned")
        hook.write({"secret": SECRET})
        self.run_hooks(waiting=True)
        self.assertTrue(
            verify(*[other.taken[0][k] for k in ("headers", "body")], SECRET)
        )

    # -------------------------------------------------------------------------
    # WHERE MESSAGES MAY GO
    # -------------------------------------------------------------------------

    def test_addresses(self):
        for url, environment in (
            ("http://example.com/x", "test"),
            ("ftp://example.com/x", "test"),
            ("https://user:word@example.com/x", "test"),
            ("https:///x", "test"),
            ("nonsense", "test"),
            ("https://exa mple.com", "test"),
            ("https://127.0.0.1/x", "production"),
            ("http://localhost/x", "production"),
        ):
            with self.subTest(url), self.assertRaises(ValidationError):
                self.make_hook(url, environment=environment)
        self.make_hook("https://example.com/x", environment="production")
        with self.assertRaises(ValidationError):
            self.hook.environment = "production"

    def test_private_addresses_are_not_called(self):
        hook = self.make_hook("https://10.255.255.1/x", name="Inside")
        self.env["ereceipt.webhook.delivery"].sudo()._write_test(hook)
        self.run_hooks(seconds=0.1)
        [delivery] = self.deliveries(hook)
        self.assertIn("not a public address", delivery.error)
        self.assertFalse(delivery.status)
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("account_ereceipt.webhook_networks", "10.0.0.0/8")
        self.assertTrue(hook._policy().allows("10.255.255.1"))
        self.assertFalse(hook._policy().allows("192.168.0.1"))
        self.assertFalse(hook._policy().loopback)

    def test_a_name_that_leads_here_is_not_called(self):
        """Only an address that says so is this server."""
        policy = self.make_hook("https://shop.example.com/x", name="X")._policy()
        self.assertFalse(policy.allows("127.0.0.1"))

    # -------------------------------------------------------------------------
    # COPIES, ROLES
    # -------------------------------------------------------------------------

    def test_a_copied_database_tells_nobody(self):
        self.hook.sudo().database_uuid = "another"
        self.assertTrue(self.hook.is_foreign_database)
        self.tell()
        self.run_hooks()
        self.assertFalse(self.receiver.taken)
        with self.assertRaises(UserError):
            self.hook.with_user(self.administrator).action_send_test()
        self.hook.with_user(self.administrator).action_confirm_database()
        self.run_hooks()
        self.assertTrue(self.receiver.taken)

    def test_trial(self):
        told = self.hook.with_user(self.administrator).action_send_test()
        self.assertEqual(told["params"]["next"]["tag"], "soft_reload")
        self.run_hooks()
        [message] = self.receiver.taken
        self.assertEqual(message["event"]["event"], "webhook.test")
        self.assertIsNone(message["event"]["document"])
        with self.assertRaises(AccessError):
            self.hook.with_user(self.manager).action_send_test()

    def test_a_secret_that_cannot_be_opened_holds_only_its_hook(self):
        other = self.enterContext(receiving())
        second = self.make_hook(other.url, name="ERP")
        self.hook.sudo().secret_sealed = second.sudo().secret_sealed
        self.tell()
        self.env["ereceipt.webhook.delivery"].sudo()._write_test(second)
        with mute_logger("odoo.addons.account_ereceipt.models.ereceipt_webhook_work"):
            self.run_hooks()
        self.assertFalse(self.receiver.taken)
        self.assertTrue(other.taken)
        self.assertTrue(self.hook.breaker_open_until)
        self.assertEqual(self.deliveries(self.hook).attempts, 0)

    def test_each_field_of_a_state_is_in_the_table(self):
        names = {name for name in self.hook._fields if name.startswith("tells_")}
        self.assertEqual(names, set(STATES.values()))
