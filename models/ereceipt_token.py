import hashlib
import logging
from contextlib import contextmanager
from datetime import datetime, timezone

from psycopg2.errors import LockNotAvailable

from odoo import fields, models
from odoo.sql_db import db_connect
from odoo.tools import SQL

from ..fiscal.contract import KeptToken, TransientError
from ..fiscal.messages import Sentence, _
from ..fiscal.vault import VaultError
from .ereceipt_secret_mixin import sealed_column

_logger = logging.getLogger(__name__)

LOCK_CLASS = 0x6572546B
"""First half of the advisory lock under which a token is asked for ("erTk")."""

LONGEST_WAIT = 90
"""Seconds that one process waits while another one asks for a token."""


class EreceiptToken(models.Model):
    """An access token of which an authority gives only so many, with when tokens were
    asked for.

    The rows are the program's alone. They belong to an application of the authority,
    which several companies may share, so they have no company; and they are written
    below the ORM, see :class:`DatabaseTokenStore`.
    """

    _name = "ereceipt.token"
    _description = "Access token whose number an authority limits"
    _inherit = ["ereceipt.secret.mixin"]
    _log_access = False
    _rec_name = "key"

    _ereceipt_kept = ("value", "refresh")

    key = fields.Char(
        string="Whose it is", required=True, help="Contains no secret: a hash."
    )
    value_sealed = sealed_column()
    refresh_sealed = sealed_column()
    expires_at = fields.Datetime(string="Ends")
    asked_at = fields.Json(
        string="Asked for at", help="When tokens were asked for, granted or not."
    )

    _key_unique = models.UniqueIndex("(key)", "There is already a row of this token.")


class DatabaseTokenStore:
    """Keeps tokens in the database, for all its processes
    (:class:`~..fiscal.token_store.TokenStore`).

    It is used by the threads that make calls, so it touches neither an environment nor
    anybody's cursor: each look and each write is a short transaction of its own, made
    for good before it returns. Meanwhile an advisory lock in a further transaction
    keeps others away; it ends with its connection, whatever becomes of the process.

    :param str database: its name
    :param vault: seals and opens what is kept
    """

    def __init__(self, database, vault):
        self._database = database
        self._vault = vault

    @contextmanager
    def holding(self, key):
        """Hold a token's place, and wait while another thread or process holds it.

        :raise TransientError: somebody holds it for too long
        """
        hashed = hashlib.sha256(key.encode()).digest()
        half = int.from_bytes(hashed[:4], "big", signed=True)
        with self._cursor() as cr:
            try:
                cr.execute("SET LOCAL lock_timeout = %s", [f"{LONGEST_WAIT}s"])
                cr.execute(
                    SQL("SELECT pg_advisory_xact_lock(%s, %s)", LOCK_CLASS, half),
                    log_exceptions=False,
                )
            except LockNotAvailable as error:
                raise TransientError(
                    Sentence(
                        _(
                            "Another process has been asking for an access token for"
                            " %(seconds)s seconds. It is tried again by itself."
                        ),
                        seconds=LONGEST_WAIT,
                    )
                ) from error
            yield _Slot(self, hashed.hex())

    def _cursor(self):
        return db_connect(self._database).cursor()


class _Slot:
    """The place of one token, while its lock is held."""

    def __init__(self, store, key):
        self._store = store
        self._key = key

    def kept(self):
        """Return what is kept; a secret that no key of this server opens is as good as
        none, but what was asked for counts."""
        with self._store._cursor() as cr:
            cr.execute(
                SQL(
                    "SELECT id, value_sealed, refresh_sealed, expires_at, asked_at "
                    "FROM ereceipt_token WHERE key = %s",
                    self._key,
                )
            )
            row = cr.fetchone()
        if not row:
            return KeptToken()
        identity, value, refresh, expires_at, asked_at = row
        return KeptToken(
            value=self._opened(value, identity, "value"),
            expires_at=expires_at and expires_at.replace(tzinfo=timezone.utc),
            refresh=self._opened(refresh, identity, "refresh"),
            asked_at=tuple(map(datetime.fromisoformat, asked_at or ())),
        )

    def keep(self, token):
        """Keep a token for good before returning."""
        with self._store._cursor() as cr:
            cr.execute(
                SQL(
                    "INSERT INTO ereceipt_token (key) VALUES (%s) "
                    "ON CONFLICT (key) DO UPDATE SET key = EXCLUDED.key RETURNING id",
                    self._key,
                )
            )
            [identity] = cr.fetchone()
            expires_at = token.expires_at
            cr.execute(
                SQL(
                    "UPDATE ereceipt_token SET value_sealed = %s, refresh_sealed = %s, "
                    "expires_at = %s, asked_at = to_jsonb(%s::text[]) WHERE id = %s",
                    self._sealed(token.value, identity, "value"),
                    self._sealed(token.refresh, identity, "refresh"),
                    expires_at
                    and expires_at.astimezone(timezone.utc).replace(tzinfo=None),
                    [moment.isoformat() for moment in token.asked_at],
                    identity,
                )
            )

    def _opened(self, sealed, identity, name):
        if not sealed:
            return ""
        try:
            return self._store._vault.open(sealed, _place(identity, name))
        except VaultError:
            _logger.warning("A kept access token cannot be opened: %s", self._key)
            return ""

    def _sealed(self, secret, identity, name):
        if not secret:
            return None
        return self._store._vault.seal(secret, _place(identity, name))


def _place(identity, name):
    """Return what a secret is bound to, as the mixin has it."""
    return f"{EreceiptToken._name}:{identity}:{name}"


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    def _token_store(self):
        """Return where tokens are kept whose number the authority limits (hook
        ``limits_tokens``), None where it limits none."""
        if not self._hook("limits_tokens", False):
            return None
        vault = self._ereceipt_vault(create=True)
        return DatabaseTokenStore(self.env.cr.dbname, vault)
