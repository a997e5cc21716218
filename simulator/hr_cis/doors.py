"""What every signed message has to get through before it is read."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from . import certificates, signature
from .envelope import Message
from .names import SHA1, SHA256, Algorithm, f73
from .receipt import ZAGREB, NoSuchMomentError, moment
from .request import Request
from .schema import Schema
from .trust import Trust

if TYPE_CHECKING:
    from .app import CisApp


class RefusedError(Exception):
    """A message that is answered by one error.

    :ivar code: ``s001`` to ``s005``
    :ivar detail: why, in English, for the control API; in ``s001`` for everybody
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Doors:
    """The checks, in the order in which they are made."""

    def __init__(self, app: CisApp) -> None:
        self._app = app
        self._schema = Schema()
        self._trust = Trust(app.registry)

    def check_schema(self, message: Message) -> None:
        """Let what fits the schema through.

        :raises RefusedError: s001
        """
        faults = self._schema.faults(message.root)
        if faults:
            raise RefusedError("s001", faults)

    def enter(self, message: Message, environment: str, now: datetime) -> Request:
        """The verified request.

        :raises RefusedError: with the code of the door that stayed shut
        :raises OpenSslError: when openssl could not be asked
        """
        self.check_schema(message)
        allowed = self._allowed(environment, now.astimezone(ZAGREB).date())
        try:
            verified = signature.verified(message.root, allowed)
        except signature.SignatureRefusedError as error:
            raise RefusedError("s004", str(error)) from error
        why = self._trust.distrusts(verified.certificate, now)
        if why:
            raise RefusedError("s002", why)
        lacking = certificates.lacks(verified.certificate)
        if lacking:
            raise RefusedError("s003", lacking)
        oib = next((node.text or "" for node in verified.root.iter(f73("Oib"))), "")
        owner = certificates.oib_of(verified.certificate)
        if oib != owner:
            raise RefusedError("s005", f"{oib} is in the message, {owner} signed it")
        head = f"{f73('Zaglavlje')}/{f73('DatumVrijeme')}"
        try:
            sent = moment(verified.root.findtext(head) or "")
        except NoSuchMomentError as error:
            raise RefusedError("s001", str(error)) from error
        return Request(environment, verified.root, verified.certificate, oib, sent, now)

    def _allowed(self, environment: str, today: date) -> tuple[Algorithm, ...]:
        until = date.fromisoformat(self._app.settings.sha1_until[environment])
        return (SHA256, SHA1) if today < until else (SHA256,)
