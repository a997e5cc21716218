import threading
import time
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from ..fiscal.contract import AuthenticationError, KeptToken, TransientError
from ..fiscal.transport import TOKENS
from ..models import ereceipt_token
from .cn_common import CnNuonuoCommon

KEY = "a key"
SECRETS = ("a-token-of-value", "a-refresh-token")


class TestCnTokens(CnNuonuoCommon):
    """Of tokens there are 50 in 30 days, for all processes and beyond restarts."""

    def setUp(self):
        super().setUp()
        self.forget_tokens()
        TOKENS.clear()
        self.addCleanup(TOKENS.clear)

    def store(self):
        """Return the store as another process would make it."""
        return self.registration._token_store()

    def rows(self):
        with self.store()._cursor() as cr:
            cr.execute("SELECT * FROM ereceipt_token")
            return cr.dictfetchall()

    def test_connection_has_a_store(self):
        connection = self.registration._connection()
        self.assertIsInstance(connection.tokens, ereceipt_token.DatabaseTokenStore)
        self.assertIsNone(self.registration._connection(offline=True).tokens)

    def test_one_token_for_all_processes(self):
        before = self.control.token_calls("SIM00001")
        for _process in range(3):
            TOKENS.clear()
            self.assertEqual(self.device._authority().probe(), [])
        self.assertEqual(self.control.token_calls("SIM00001"), before + 1)

    def test_kept_and_read(self):
        now = datetime.now(timezone.utc)
        token = KeptToken(SECRETS[0], now + timedelta(hours=1), SECRETS[1], (now, now))
        with self.store().holding(KEY) as slot:
            self.assertEqual(slot.kept(), KeptToken())
            slot.keep(token)
        with self.store().holding(KEY) as slot:
            self.assertEqual(slot.kept(), token)
        [row] = self.rows()
        for secret in (*SECRETS, KEY):
            self.assertNotIn(secret, str(row))

    def test_kept_at_once(self):
        """Who dies right after asking has asked all the same."""
        with self.assertRaises(ZeroDivisionError), self.store().holding(KEY) as slot:
            slot.keep(KeptToken(asked_at=(datetime.now(timezone.utc),)))
            raise ZeroDivisionError
        with self.store().holding(KEY) as slot:
            self.assertEqual(len(slot.kept().asked_at), 1)

    def test_moved_secret_does_not_open(self):
        with self.store().holding(KEY) as slot:
            slot.keep(KeptToken("secret"))
        with self.store()._cursor() as cr:
            cr.execute("UPDATE ereceipt_token SET id = id + 1")
        with (
            self.store().holding(KEY) as slot,
            self.assertLogs(ereceipt_token._logger.name, "WARNING"),
        ):
            self.assertEqual(slot.kept().value, "")

    def test_one_at_a_time(self):
        inside, most = [], []

        def hold():
            with store.holding(KEY) as slot:
                inside.append(1)
                most.append(len(inside))
                kept = slot.kept()
                time.sleep(0.02)
                moment = datetime.now(timezone.utc)
                slot.keep(KeptToken(asked_at=(*kept.asked_at, moment)))
                inside.pop()

        store = self.store()
        threads = [threading.Thread(target=hold) for _number in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(max(most), 1)
        with store.holding(KEY) as slot:
            self.assertEqual(len(slot.kept().asked_at), 5)

    def test_nobody_waits_for_ever(self):
        with (
            patch.object(ereceipt_token, "LONGEST_WAIT", 1),
            self.store().holding(KEY),
            self.assertRaisesRegex(TransientError, "Another process"),
            self.store().holding(KEY),
        ):
            pass

    def test_budget_of_fifty(self):
        authority = self.device._authority()
        tokens = authority._client().tokens
        now = datetime.now(timezone.utc)
        with self.store().holding(tokens._key()) as slot:
            slot.keep(KeptToken(asked_at=(now,) * 50))
        before = self.control.token_calls("SIM00001")
        with self.assertRaisesRegex(AuthenticationError, "gives 50 access tokens"):
            tokens.get()
        self.assertEqual(self.control.token_calls("SIM00001"), before)

    def test_sealed_anew_with_another_key(self):
        with self.store().holding(KEY) as slot:
            slot.keep(KeptToken("secret"))
        models = self.env["ereceipt.secret.mixin"]._ereceipt_secret_models()
        self.assertIn("ereceipt.token", [model._name for model in models])
