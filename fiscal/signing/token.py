"""A key on a PKCS#11 token or HSM.

Tokens lock themselves after a few wrong PINs and many do not warn before. So a PIN is
given to a token at most once for each time that a person types it: it is kept nowhere,
what ends the session (the token is unplugged, the process ends) wants it typed again,
and one that was refused is not even tried again when it is typed again
(:class:`PinGate`).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..contract import Digest, FiscalError
from ..messages import Sentence, _
from .certificate import CertificateInfo, order_chain
from .errors import KeyAway, KeyUnusable, PinNeeded
from .pin import GATE, WRONG_PIN, PinGate, locked, may_try, tried_before, wrong
from .pkcs11_module import (
    Attribute,
    Mechanism,
    ObjectClass,
    PKCS11Error,
    Pkcs11Module,
    Token,
    TokenCertificate,
    attribute,
    pkcs11,
    read_from,
)

_DIGEST_INFO = {
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
}
"""What PKCS #1 puts before the hash, for tokens that do not do it themselves."""

_TRIAL = b"account_ereceipt: which private key belongs to the certificate?"

# After these the session is of no use any more.
_ENDS_SESSION = (
    "DeviceRemoved",
    "KeyHandleInvalid",
    "ObjectHandleInvalid",
    "SessionClosed",
    "SessionHandleInvalid",
    "SlotIDInvalid",
    "TokenNotPresent",
    "TokenNotRecognised",
    "UserNotLoggedIn",
)


class TokenKey:
    """A private key on a token, with its certificate; a :class:`~..contract.Signer`
    after :meth:`log_in`. Safe to use from several threads.

    :param serial: which token, "" if only one is plugged in
    :param fingerprint: which certificate (SHA-256, hex), "" for the only one that is
        meant for signatures
    """

    def __init__(
        self,
        module: Pkcs11Module,
        serial: str = "",
        fingerprint: str = "",
        gate: PinGate = GATE,
    ) -> None:
        self._module = module
        self._serial = serial
        self._fingerprint = fingerprint.replace(":", "").lower()
        self._gate = gate
        self._name = serial
        self._certificate: TokenCertificate | None = None
        self._chain: tuple[CertificateInfo, ...] = ()
        self._session: Any = None
        self._process = 0
        self._key: Any = None
        self._hashes_itself = True

    def __repr__(self) -> str:
        return f"<TokenKey on {self._name!r}>"

    # ------------------------------------------------------------------------------
    # What is there
    # ------------------------------------------------------------------------------

    def token(self) -> Token:
        """Return the token, if it is plugged in.

        :raise KeyAway: it is not
        :raise KeyUnusable: several are, and none was chosen
        """
        tokens = self._tokens()
        if not tokens:
            self._module.look_again()
            tokens = self._tokens()
        if not tokens:
            self._absent()
        if len(tokens) > 1:
            _refuse(
                "token_several",
                _(
                    "Several tokens are plugged in: %(tokens)s. Choose one by its"
                    " serial number."
                ),
                tokens=", ".join(one.name for one in tokens),
            )
        self._name = tokens[0].name
        return tokens[0]

    def _tokens(self) -> list[Token]:
        return [
            slot.token
            for slot in self._module.slots()
            if slot.token and self._serial in ("", slot.token.serial)
        ]

    @property
    def certificate(self) -> CertificateInfo:
        """The signer's certificate.

        :raise KeyAway: the token is not there and was not there before
        :raise KeyUnusable: it has none, or several to choose from
        """
        return self._read_chain()[0]

    def certificate_chain(self) -> list[bytes]:
        """Return DER certificates, the signer's own first, and its issuers' that are on
        the token."""
        return [one.der for one in self._read_chain()]

    def _read_chain(self) -> tuple[CertificateInfo, ...]:
        if self._certificate is None:
            with self._module.entered():
                token = self.token()
                try:
                    found = self._module.certificates(token)
                except PKCS11Error as error:
                    raise self._failed(error) from error
                self._choose(found)
        return self._chain

    def hindrance(self) -> FiscalError | None:
        """Return why it cannot sign now, ``None`` if it can. Touches no PIN."""
        with self._module.entered():
            try:
                self._alive()
            except FiscalError as error:
                return error
        return None

    # ------------------------------------------------------------------------------
    # Log-in
    # ------------------------------------------------------------------------------

    def log_in(self, pin: str, last_try: bool = False) -> None:
        """Give the token the PIN, once. Does nothing when it is open already.

        :param last_try: the person was told that one wrong PIN more locks the token
        :raise PinRefused: it was wrong, or was refused before and not tried now
        :raise PinLocked: the token takes none any more
        :raise KeyAway: the token is not there, or fails
        :raise KeyUnusable: there is no key on it that could sign
        """
        with self._module.entered():
            if self.hindrance() is None:
                return
            token = self.token()
            self._session = self._open(token, pin, last_try)
            self._process = os.getpid()
            try:
                if self._certificate is None:
                    self._choose(read_from(self._session))
                self._hashes_itself = self._can_hash(token)
                self._key = self._find_key()
            except (PKCS11Error, FiscalError) as error:
                self._drop()
                if isinstance(error, PKCS11Error):
                    raise self._failed(error) from error
                raise

    def log_out(self) -> None:
        """End the session."""
        with self._module.entered():
            self._drop()

    def _open(self, token: Token, pin: str, last_try: bool) -> Any:
        """Make the one C_Login."""
        may_try(token, last_try)
        identity = f"{token.serial}/{token.label}"
        if not self._gate.admit(identity, pin):
            raise tried_before(token)
        try:
            session = self._module.open(token, user_pin=pin)
        except PKCS11Error as error:
            kind = type(error).__name__
            if kind in WRONG_PIN:
                raise wrong(token, kind) from error
            if kind == "PinLocked":
                raise locked(token) from error
            self._gate.release(identity, pin)
            if kind != "UserAlreadyLoggedIn":
                raise self._failed(error) from error
            # Another key on this token, opened by this process, which shares it.
            session = self._module.open(token)
        self._gate.accept(identity)
        return session

    # ------------------------------------------------------------------------------
    # Signing
    # ------------------------------------------------------------------------------

    def sign(self, data: bytes, document: bytes, digest: Digest = "sha256") -> bytes:
        """Return the RSA PKCS#1 v1.5 signature of ``data``.

        :raise PinNeeded: nobody is logged in (any more)
        :raise KeyAway: the token is not there, was removed, or fails
        """
        with self._module.entered():
            if self._session is None or self._process != os.getpid():
                self._needs_pin()
            try:
                return self._sign(self._key, data, digest)
            except PKCS11Error as error:
                raise self._failed(error) from error

    def _sign(self, key: Any, data: bytes, digest: Digest = "sha256") -> bytes:
        # which of the tokens hash with SHA-1 is not known: it is hashed here
        if self._hashes_itself and digest == "sha256":
            try:
                signature: bytes = key.sign(data, mechanism=Mechanism.SHA256_RSA_PKCS)
                return signature
            except (
                pkcs11.exceptions.MechanismInvalid,
                pkcs11.exceptions.FunctionNotSupported,
            ):
                self._hashes_itself = False
        padded = _DIGEST_INFO[digest] + hashlib.new(digest, data).digest()
        signature = key.sign(padded, mechanism=Mechanism.RSA_PKCS)
        return signature

    def _can_hash(self, token: Token) -> bool:
        slot = self._module.raw_token(token).slot
        return Mechanism.SHA256_RSA_PKCS in slot.get_mechanisms()

    # ------------------------------------------------------------------------------
    # Certificate and key
    # ------------------------------------------------------------------------------

    def _choose(self, found: Sequence[TokenCertificate]) -> None:
        """Take the certificate that was asked for, or the only one for signatures."""
        usable = [one for one in found if _for_signatures(one.info)]
        if self._fingerprint:
            usable = [o for o in usable if o.info.fingerprint == self._fingerprint]
        elif len(usable) > 1:
            # A company's seal rather than what else is beside it.
            usable = [one for one in usable if one.info.rin] or usable
        if len({one.info.fingerprint for one in usable}) > 1:
            _refuse(
                "token_several_certificates",
                _(
                    "The token %(token)s has several certificates for signatures:"
                    " %(certificates)s. Choose one by its fingerprint."
                ),
                token=self._name,
                certificates=", ".join(
                    f"{one.info.common_name} ({one.info.fingerprint})" for one in usable
                ),
            )
        if not usable:
            _refuse(
                "token_no_certificate",
                _(
                    "The token %(token)s shows no certificate for signatures that could"
                    " be used. Check that it is the right token and the right PKCS#11"
                    " module."
                ),
                token=self._name,
            )
        self._certificate = usable[0]
        chain = order_chain(usable[0].info, [one.info for one in found])
        self._chain = tuple(chain)

    def _find_key(self) -> Any:
        """Return the private key of the certificate.

        Several may bear the certificate's id, and a key may have lost its own: so the
        order of likelihood is only where the search begins, and a signature decides.
        """
        fitting = list(self._candidates())
        for key in fitting:
            if len(fitting) == 1 or self._belongs(key):
                if attribute(key, "ALWAYS_AUTHENTICATE"):
                    _refuse(
                        "token_pin_each_time",
                        _(
                            "The token %(token)s wants its PIN for each signature,"
                            " which is not supported. Ask its provider for a token"
                            " without that setting."
                        ),
                        token=self._name,
                    )
                return key
        _refuse(
            "token_no_key",
            _(
                "The token %(token)s has no private key that belongs to the certificate"
                " of %(subject)s."
            ),
            token=self._name,
            subject=self.certificate.common_name,
        )

    def _candidates(self) -> Iterator[Any]:
        """Yield private keys that may be the one, the likeliest first."""
        certificate = self._certificate
        if certificate is None:
            return
        modulus = _modulus(certificate.info)
        ranked = []
        search = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
        for raw in list(self._session.get_objects(search)):
            own = attribute(raw, "MODULUS")
            if own and own.lstrip(b"\0") != modulus:
                continue
            if attribute(raw, "SIGN") is False:
                continue
            likelihood = (
                bool(certificate.id) and attribute(raw, "ID") == certificate.id,
                bool(own),
                bool(certificate.label)
                and attribute(raw, "LABEL") == certificate.label,
            )
            ranked.append((likelihood, raw))
        ranked.sort(key=lambda pair: pair[0], reverse=True)
        for _likelihood, raw in ranked:
            yield _able_to_sign(raw)

    def _belongs(self, key: Any) -> bool:
        """Whether the key signs, and the certificate verifies it."""
        ours = x509.load_der_x509_certificate(self.certificate.der).public_key()
        if not isinstance(ours, rsa.RSAPublicKey):
            return False
        try:
            signature = self._sign(key, _TRIAL)
            ours.verify(signature, _TRIAL, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            return False
        except PKCS11Error as error:
            if type(error).__name__ in _ENDS_SESSION:
                raise
            return False
        return True

    # ------------------------------------------------------------------------------
    # Errors
    # ------------------------------------------------------------------------------

    def _alive(self) -> None:
        """Raise what stands between us and signing."""
        if self._session is None or self._process != os.getpid():
            self._needs_pin()
        try:
            attribute(self._key, "ID")
            self._module.raw_token(self.token())
        except PKCS11Error as error:
            raise self._failed(error) from error

    def _needs_pin(self) -> NoReturn:
        token = self.token()  # or it is absent
        if token.locked:
            raise locked(token)
        raise PinNeeded(
            Sentence(
                _("Nobody is logged in to the token %(token)s. Type its PIN."),
                token=token.name,
            ),
            "pin_needed",
        )

    def _absent(self) -> NoReturn:
        raise KeyAway(
            Sentence(
                _(
                    "The token %(token)s is not plugged in. Plug it in, and type its"
                    " PIN."
                ),
                token=self._name,
            )
            if self._name
            else Sentence(_("No token is plugged in. Plug it in, and type its PIN.")),
            "token_absent",
        )

    def _failed(self, error: PKCS11Error) -> FiscalError:
        """Return the contract's error for PKCS#11's, having left a session that is
        of no use."""
        kind = type(error).__name__
        there = self._is_there()
        if there and kind not in _ENDS_SESSION:
            return KeyAway(
                Sentence(
                    _(
                        "The token %(token)s failed (%(reason)s). If that stays so,"
                        " unplug it, plug it in again and type its PIN."
                    ),
                    token=self._name,
                    reason=str(error) or kind,
                ),
                "token_error",
            )
        self._drop()
        if not there:
            return KeyAway(
                Sentence(
                    _(
                        "The token %(token)s was removed. Plug it in again, and type"
                        " its PIN again."
                    ),
                    token=self._name,
                ),
                "token_removed",
            )
        return PinNeeded(
            Sentence(
                _(
                    "The token %(token)s was removed in between, or somebody logged out"
                    " from it. Type its PIN again."
                ),
                token=self._name,
            ),
            "pin_needed",
        )

    def _is_there(self) -> bool:
        try:
            self._module.raw_token(self.token())
        except (PKCS11Error, KeyAway):
            return False
        return True

    def _drop(self) -> None:
        session, self._session, self._key = self._session, None, None
        if session is not None and self._process == os.getpid():
            self._module.close(session)


def _able_to_sign(raw: Any) -> Any:
    """Return the key with python-pkcs11's method ``sign``, which it lacks when the
    token does not tell that it may sign."""
    if hasattr(raw, "sign"):
        return raw
    from pkcs11 import _pkcs11

    bases = (_pkcs11.SignMixin, _pkcs11.Object)
    return type("PrivateKey", bases, {"key_type": pkcs11.KeyType.RSA})(raw.wrapper)


def _for_signatures(info: CertificateInfo) -> bool:
    usage = info.key_usage
    meant = usage is None or usage & {"digital_signature", "content_commitment"}
    return bool(meant) and info.key_kind == "RSA" and not info.authority


def _modulus(info: CertificateInfo) -> bytes:
    key = x509.load_der_x509_certificate(info.der).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        return b""
    return key.public_numbers().n.to_bytes((key.key_size + 7) // 8, "big")


def _refuse(code: str, message: str, **values: Any) -> NoReturn:
    raise KeyUnusable(Sentence(message, **values), code)
