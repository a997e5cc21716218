"""Whether a certificate is believed: asked of the command ``openssl``."""

from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from .. import openssl
from .registry import Registry

# Every signer may bring a certificate of its own.
_MOST_KNOWN = 1000


class Trust:
    """Chains to the registered certification authorities.

    The client sends its own certificate alone, so what stands between is registered
    too. A verdict is good for the day, as long as nobody is registered: starting
    ``openssl`` takes longer than all the rest of a call.
    """

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._known: dict[tuple[bytes, int, str], str] = {}

    def distrusts(self, certificate: x509.Certificate, moment: datetime) -> str:
        """Why a certificate is not believed at ``moment``; "" when it is.

        :raises OpenSslError: when it could not be asked
        """
        if moment < certificate.not_valid_before_utc:
            return f"not valid before {certificate.not_valid_before_utc:%F %T}"
        if moment > certificate.not_valid_after_utc:
            return f"expired on {certificate.not_valid_after_utc:%F %T}"
        if self._registry.is_revoked(certificate):
            return "revoked"
        der = certificate.public_bytes(Encoding.DER)
        key = (der, self._registry.changes, f"{moment:%F}")
        if key not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            pem = certificate.public_bytes(Encoding.PEM).decode()
            trusted = self._registry.trusted_cas
            self._known[key] = openssl.distrusts(pem, (), trusted, moment)
        return self._known[key]
