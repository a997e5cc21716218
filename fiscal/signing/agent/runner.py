"""The agent at work: asks for a document, reads it, signs it, brings the signature."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any, NoReturn

from ...contract import FiscalError, Problem
from ...messages import _, source_of
from .. import agent_messages as messages
from .. import agent_protocol as protocol
from ..agent_documents import FORMATS, Readable, Shown, read_document
from ..agent_messages import Message, NotAuthentic
from ..agent_protocol import Job, Report, Result
from ..cades import sign_detached
from ..certificate import read_certificate
from .config import AgentError, Config
from .keys import AgentKey
from .link import Link, Unreachable
from .log import SigningLog

SECONDS_PER_CALL = 30.0
LONGEST_PAUSE = 60.0
SECONDS_TO_DELIVER = 600.0
_UNKNOWN = ("agent_unknown", "mac", "unsigned")


class NotKnown(AgentError):
    """Odoo does not know this agent (any more)."""

    status = 5


class Odoo:
    """Odoo as the agent sees it: authenticated questions and answers.

    :raise AgentError: its address cannot be
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._link = Link(config.server, config.pin, config.database)

    def close(self) -> None:
        """End the connection."""
        self._link.close()

    def ask(
        self, path: str, body: Mapping[str, Any], wait: float = 0.0
    ) -> dict[str, Any]:
        """Return the answer to a question.

        :param wait: seconds that Odoo may think about it
        :raise Unreachable: there was no answer, or not from Odoo
        :raise NotKnown: Odoo does not know us
        :raise AgentError: the server has another key
        """
        config = self._config
        now = datetime.now(timezone.utc)
        question = messages.request(path, body, config.agent, config.secret, now)
        answer = self._link.exchange(question, SECONDS_PER_CALL + wait)
        return read_answer(answer, question, config.secret)


def read_answer(answer: Message, question: Message, secret: bytes) -> dict[str, Any]:
    """Return what Odoo answered.

    :raise Unreachable: it is not Odoo's answer to this question, or refuses it for now
    :raise NotKnown: Odoo does not know us
    """
    try:
        messages.verify_answer(answer, question, secret)
        body = answer.json()
    except NotAuthentic as error:
        if error.code != "unsigned":
            raise Unreachable(
                "The answer was not Odoo's; it was not believed."
            ) from error
        if answer.method == "401" and refusal_code(answer) in _UNKNOWN:
            raise NotKnown(
                "Odoo does not know this agent (any more). Create a new code there and"
                " pair anew."
            ) from error
        raise Unreachable(
            "What answers there is not Odoo with signing agents, or it has a fault"
            f" (HTTP status {answer.method})."
        ) from error
    except ValueError as error:
        raise Unreachable(f"Odoo's answer cannot be read: {error}.") from error
    if answer.method == "200":
        return body
    if body.get("code") == "clock":
        raise Unreachable(
            "This computer's clock differs from Odoo's by minutes; set it right. There"
            f" it is {messages.sent_at(answer)}."
        )
    raise Unreachable(f"Odoo refused the call ({body.get('code')}).")


def _texts(answer: Mapping[str, Any]) -> list[str]:
    """Return what Odoo says is wrong."""
    try:
        return [protocol.read_problem(one).text for one in answer.get("problems", [])]
    except (ValueError, TypeError) as error:
        raise Unreachable(f"Odoo's answer cannot be read: {error}.") from error


def refusal_code(answer: Message) -> str:
    """Return why an answer says that a call was refused, "" if it does not."""
    try:
        return str(answer.json().get("code", ""))
    except ValueError:
        return ""


class Runner:
    """Takes turns with Odoo.

    :param say: shows a line to the person at the terminal
    :param approve: asks that person whether to sign, ``None`` to sign without
    """

    def __init__(
        self,
        config: Config,
        key: AgentKey,
        log: SigningLog,
        say: Callable[[str], None],
        approve: Callable[[Shown], bool] | None = None,
    ) -> None:
        self._config = config
        self._key = key
        self._log = log
        self._say = say
        self._approve = approve
        self._odoo = Odoo(config)
        self._said = ""
        self._failures = 0

    def close(self) -> None:
        """End the connection."""
        self._odoo.close()

    def turn(self, wait: float = protocol.LONGEST_WAIT) -> tuple[bool, float]:
        """Ask for a document and serve it; return whether there was one, and how many
        seconds to pause.

        :raise AgentError: it cannot go on like this
        """
        hindrance = self._key.hindrance()
        problem = _problem(hindrance) if hindrance else None
        if problem:
            self._tell(problem.text)
        report = Report(
            certificates=self._key.certificates()[: protocol.MOST_CERTIFICATES],
            problem=problem,
            formats=tuple(FORMATS),
            asks=self._approve is not None,
            wait=0.0 if problem else wait,
        )
        try:
            answer = self._odoo.ask(protocol.POLL, report.dump(), report.wait)
            texts = _texts(answer)
        except Unreachable as error:
            return False, self._pause_after(error)
        self._failures = 0
        if not problem:
            self._tell(" ".join(texts) or self._ready())
        job, pause = answer.get("job"), answer.get("pause")
        if job is not None:
            self._serve(job)
        seconds = float(pause) if isinstance(pause, int | float) else 1.0
        return job is not None, min(max(seconds, 0.0), LONGEST_PAUSE)

    def _ready(self) -> str:
        return f"Ready to sign for {self._config.registration or 'Odoo'}."

    def _tell(self, text: str) -> None:
        """Say something once, not at each turn."""
        if text != self._said:
            self._said = text
            self._say(text)

    def _pause_after(self, error: Unreachable) -> float:
        self._tell(f"{error} Trying again.")
        self._failures += 1
        return float(min(2**self._failures, LONGEST_PAUSE))

    # ------------------------------------------------------------------------------
    # One document
    # ------------------------------------------------------------------------------

    def _serve(self, body: Any) -> None:
        readable = None
        try:
            job, readable = self._read(body)
            self._check_issuer(readable.shown)
            if self._approve is not None and not self._approve(readable.shown):
                _refuse("declined", _("The person at the agent did not approve it."))
            result: Result | None = self._sign(job, readable)
        except _Refused as refused:
            result = self._refusal(body, readable, refused.problem)
        self._deliver(result)

    def _read(self, body: Any) -> tuple[Job, Readable]:
        try:
            job = Job.load(body)
        except ValueError as error:
            _refuse(
                "job_unreadable",
                _(
                    "The agent signs only what it is shown the document of, and was not"
                    " shown one that it could read: %(reason)s."
                ),
                reason=error,
            )
        if job.format not in FORMATS:
            _refuse(
                "form_unknown",
                _("The agent does not know documents of the form %(form)s. Update it."),
                form=job.format,
            )
        try:
            return job, read_document(job.format, job.document)
        except ValueError as error:
            _refuse(
                "document_unreadable",
                _("The agent could not read the document: %(reason)s."),
                reason=error,
            )

    def _check_issuer(self, shown: Shown) -> None:
        """Sign for nobody but the taxpayer of our certificate; for one of a person, of
        our pairing."""
        certificates = self._key.certificates()
        ours = read_certificate(certificates[0]).rin if certificates else None
        ours = ours or self._config.rin
        theirs = re.sub(r"[^0-9]", "", shown.issuer_rin)
        if re.sub(r"[^0-9]", "", ours) != theirs:
            _refuse(
                "other_issuer",
                _(
                    "The document is issued by the taxpayer %(theirs)s, and the agent"
                    " signs for %(ours)s only."
                ),
                theirs=shown.issuer_rin,
                ours=ours,
            )

    def _sign(self, job: Job, readable: Readable) -> Result:
        moment = datetime.now(timezone.utc)
        try:
            signature = sign_detached(
                readable.text, self._key, moment, document=job.document
            )
        except FiscalError as error:
            raise _Refused(_problem(error)) from error
        shown = readable.shown
        self._log.add("signed", job=job.id, **_logged(shown))
        self._say(
            f"Signed {shown.kind} {shown.number}: {shown.total} for {shown.buyer}"
        )
        return Result(job.id, job.lease, signature)

    def _refusal(
        self, body: Any, readable: Readable | None, problem: Problem
    ) -> Result | None:
        values = _logged(readable.shown) if readable else {}
        fields = body if isinstance(body, Mapping) else {}
        job, lease = (str(fields.get(name, ""))[:64] for name in ("id", "lease"))
        self._log.add("refused", job=job, code=problem.code, **values)
        self._say(f"Not signed: {problem.text}")
        if not job or not lease:
            return None
        return Result(job, lease, refusal=problem)

    def _deliver(self, result: Result | None) -> None:
        """Bring the result until Odoo has it; not for ever, as the lease ends."""
        deadline = time.monotonic() + SECONDS_TO_DELIVER
        while result is not None:
            try:
                texts = _texts(self._odoo.ask(protocol.RESULT, result.dump()))
            except Unreachable as error:
                pause = self._pause_after(error)
                if time.monotonic() + pause > deadline:
                    self._say("Odoo did not take the signature. It will ask again.")
                    return
                time.sleep(pause)
                continue
            self._failures = 0
            for text in texts:
                self._say(f"Odoo: {text}")
            return


class _Refused(Exception):
    """A document is not signed."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


def _refuse(code: str, message: str, **values: Any) -> NoReturn:
    raise _Refused(Problem(code, message, values=values))


def _problem(error: FiscalError) -> Problem:
    message, values = source_of(error)
    code = str(getattr(error, "code", "") or "failed")
    return Problem(code, message, values=values)


def _logged(shown: Shown) -> dict[str, str]:
    return {
        "kind": shown.kind,
        "number": shown.number,
        "total": shown.total,
        "buyer": shown.buyer,
        "issuer": shown.issuer_rin,
        "issued_at": shown.issued_at,
        "digest": shown.digest,
    }
