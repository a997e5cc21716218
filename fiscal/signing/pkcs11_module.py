"""PKCS#11 modules, the shared objects of token vendors, through python-pkcs11 (needed
only here).

A module is loaded once per process and entered by one thread at a time: most were not
made for more. What it says of slots, tokens and certificates needs no PIN.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import Any

from ..messages import Sentence, _
from .certificate import CertificateInfo, read_certificate
from .errors import KeyUnusable

try:
    import pkcs11
    from pkcs11 import Attribute, Mechanism, ObjectClass, TokenFlag
    from pkcs11.exceptions import PKCS11Error
except ImportError:
    pkcs11 = Attribute = Mechanism = ObjectClass = TokenFlag = None
    PKCS11Error = RuntimeError

__all__ = [
    "Attribute",
    "Pkcs11Module",
    "Mechanism",
    "ObjectClass",
    "PKCS11Error",
    "Slot",
    "Token",
    "TokenCertificate",
    "attribute",
    "pkcs11_module",
    "pkcs11",
]


@dataclass(frozen=True, slots=True)
class Token:
    """A token that is plugged in.

    :ivar serial: what tells it from others, as far as its maker numbers them
    :ivar last_try: one wrong PIN more locks it (many tokens do not tell)
    :ivar locked: it takes no PIN any more
    """

    slot_id: int
    label: str
    serial: str
    manufacturer: str
    model: str
    last_try: bool
    locked: bool

    @property
    def name(self) -> str:
        """What people are told: its label if it has one, and its serial."""
        serial = self.serial or f"#{self.slot_id}"
        return f"{self.label} ({serial})" if self.label else serial


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a token; ids of neighbours need not follow one another.

    :ivar token: ``None`` while there is none that can be read
    """

    id: int
    description: str
    token: Token | None


@dataclass(frozen=True, slots=True)
class TokenCertificate:
    """A certificate on a token, with what pairs it with its private key; both may be
    empty."""

    info: CertificateInfo
    id: bytes
    label: str


class Pkcs11Module:
    """One module in this process; get it with :func:`pkcs11_module`.

    :ivar path: where it lies
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._process = os.getpid()
        self._lib: Any = _load(path)
        self._open = 0
        self.renew_lock()

    def renew_lock(self) -> None:
        """Make the lock anew: in a child process nobody may be left to release it."""
        self._lock = RLock()

    @contextmanager
    def entered(self) -> Iterator[Any]:
        """Have the module for oneself; gives python-pkcs11's object of it."""
        with self._lock:
            if self._process != os.getpid():
                # PKCS#11 wants it: a child has none of its parent's sessions.
                self._lib.reinitialize()
                self._process, self._open = os.getpid(), 0
            yield self._lib

    def look_again(self) -> None:
        """Let the module look for tokens from scratch, if nobody has a session: some
        see only what was plugged in when they were started.

        :raise KeyUnusable: the module fails
        """
        with self.entered() as lib:
            if self._open:
                return
            try:
                lib.reinitialize()
            except PKCS11Error as error:
                raise _broken(self.path, error) from error

    def open(self, token: Token, **login: Any) -> Any:
        """Open a session, to be ended with :meth:`close`.

        :raise PKCS11Error: the token is not there, or refuses
        """
        with self.entered():
            session = self.raw_token(token).open(**login)
            self._open += 1
            return session

    def close(self, session: Any) -> None:
        """End a session, whether its token is still there or not."""
        with self.entered():
            self._open -= 1
            try:
                session.close()
            except PKCS11Error:
                return  # it had ended before

    def slots(self) -> list[Slot]:
        """Return all slots, those without a token too.

        :raise KeyUnusable: the module fails
        """
        with self.entered() as lib:
            try:
                return [_slot(raw) for raw in lib.get_slots()]
            except PKCS11Error as error:
                raise _broken(self.path, error) from error

    def certificates(self, token: Token) -> list[TokenCertificate]:
        """Return the certificates on a token that are to be seen without its PIN.

        :raise PKCS11Error: the token was removed, or fails
        """
        with self.entered():
            session = self.open(token)
            try:
                return read_from(session)
            finally:
                self.close(session)

    def raw_token(self, token: Token) -> Any:
        """Return python-pkcs11's object of a token that is (still) there.

        :raise PKCS11Error: it is not
        """
        with self.entered() as lib:
            for raw in lib.get_slots():
                if raw.slot_id == token.slot_id:
                    found = raw.get_token()
                    if (_text(found.serial), _text(found.label)) == (
                        token.serial,
                        token.label,
                    ):
                        return found
        raise pkcs11.exceptions.TokenNotPresent()


_MODULES: dict[str, Pkcs11Module] = {}
_MODULES_LOCK = RLock()


def pkcs11_module(path: str) -> Pkcs11Module:
    """Return the module at a path, loaded at the first call.

    :raise KeyUnusable: python-pkcs11 is missing, or the module cannot be loaded
    """
    with _MODULES_LOCK:
        if path not in _MODULES:
            _MODULES[path] = Pkcs11Module(path)
        return _MODULES[path]


def _after_fork() -> None:
    global _MODULES_LOCK
    _MODULES_LOCK = RLock()
    for one in _MODULES.values():
        one.renew_lock()


if hasattr(os, "register_at_fork"):  # there is no fork on Windows
    os.register_at_fork(after_in_child=_after_fork)


def read_from(session: Any) -> list[TokenCertificate]:
    """Return the X.509 certificates that a session sees; what cannot be read as one is
    none of them."""
    found = []
    for raw in list(session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})):
        value = attribute(raw, "VALUE")
        try:
            info = read_certificate(value or b"")
        except ValueError:
            continue
        identity, label = attribute(raw, "ID"), attribute(raw, "LABEL")
        found.append(TokenCertificate(info, identity or b"", label or ""))
    return found


def attribute(raw: Any, name: str) -> Any:
    """Return an attribute of an object, ``None`` if it has no such or does not tell."""
    gone = pkcs11.exceptions
    try:
        return raw[Attribute[name]]
    except (
        gone.AttributeTypeInvalid,
        gone.AttributeSensitive,
        gone.AttributeValueInvalid,
        gone.FunctionFailed,
        IndexError,  # nothing came back
        ValueError,  # not of its type: a label in another encoding, ...
    ):
        return None


def _slot(raw: Any) -> Slot:
    token = None
    try:
        found = raw.get_token()
        # An empty place of an HSM shows a token that nobody has set up.
        if found.flags & TokenFlag.TOKEN_INITIALIZED or _text(found.serial):
            token = _token(raw, found)
    except PKCS11Error:
        token = None  # empty, or it is being taken out at this moment
    return Slot(raw.slot_id, _text(raw.slot_description), token)


def _token(slot: Any, raw: Any) -> Token:
    flags = raw.flags
    return Token(
        slot_id=slot.slot_id,
        label=_text(raw.label),
        serial=_text(raw.serial),
        manufacturer=_text(raw.manufacturer_id),
        model=_text(raw.model),
        last_try=bool(flags & TokenFlag.USER_PIN_FINAL_TRY),
        locked=bool(flags & TokenFlag.USER_PIN_LOCKED),
    )


def _text(value: str | bytes) -> str:
    text = value if isinstance(value, str) else value.decode("utf-8", "replace")
    return text.strip(" \0")


def _load(path: str) -> Any:
    if pkcs11 is None:
        raise KeyUnusable(
            Sentence(
                _(
                    "Using a token needs the Python package %(package)s, which is not"
                    " installed here. Install it: pip install %(package)s."
                ),
                package="python-pkcs11",
            ),
            "library_missing",
        )
    try:
        return pkcs11.lib(path)
    except PKCS11Error as error:
        raise _broken(path, error) from error


def _broken(path: str, error: Exception) -> KeyUnusable:
    return KeyUnusable(
        Sentence(
            _(
                "The PKCS#11 module %(path)s cannot be used (%(reason)s). Check the"
                " path, that the vendor's driver is installed, and that it is made for"
                " the same kind of processor as this Python (64 bits)."
            ),
            path=path,
            reason=str(error) or type(error).__name__,
        ),
        "token_module",
    )
