from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from ..fiscal import dispatch
from ..fiscal.contract import Authority, Document, Outcome, Signer


@dataclass(slots=True)
class Unit:
    """Documents of one device with which the same is done in one go.

    Made and settled by the main thread; :meth:`run` is all that a thread does.

    :ivar purpose: ``send``, ``ask``, ``sign``, ``change``: what is asked for one
        document (``change``, called with it), ``resume``: going on with one that was
        held (alike), ``print``: one document's print by the authority, ``files``: its
        files, or ``take``: nothing, what a list said is settled
    :ivar signer: signs documents (``sign``), or what is sent
    :ivar begun_at: ``time.monotonic()`` at which it was claimed
    :ivar by_key: the documents by their ids
    :ivar over_at: by which its last call is over
    :ivar give_up_at: after which it begins no further call
    """

    purpose: str
    authority: Authority
    documents: list[Document]
    registration_id: int
    device_id: int
    token: str
    begun_at: float
    over_at: float
    give_up_at: float
    report: dispatch.Report = field(default_factory=dispatch.Report)
    signer: Signer | None = None
    change: Callable[[Authority, Document], Outcome] | None = None
    by_key: dict[int, Document] = field(init=False)

    def __post_init__(self):
        self.by_key = {document.key: document for document in self.documents}

    @property
    def holder_id(self):
        """For whom its calls are made: what hangs for one holds no other back."""
        return self.registration_id

    @property
    def count(self):
        """How many documents it carries."""
        return len(self.documents)

    @property
    def document_ids(self):
        return [document.key for document in self.documents]

    def run(self):
        """Make the calls. Never raises."""
        return getattr(self, f"_{self.purpose}")()

    def _send(self):
        return dispatch.send(
            self.authority,
            self.documents,
            self.report,
            give_up_at=self.give_up_at,
            signer=self.signer,
        )

    def _ask(self):
        return dispatch.ask(self.authority, self.documents, self.report)

    def _sign(self):
        return dispatch.sign(
            self.authority,
            self.documents,
            self.report,
            signer=self.signer,
            give_up_at=self.give_up_at,
        )

    def _change(self):
        call = self.change
        if self.signer:
            call = partial(call, signer=self.signer)
        return dispatch.change(self.authority, call, self.documents[0], self.report)

    def _resume(self):
        return self._change()

    def _files(self):
        return dispatch.fetch_files(self.authority, self.documents[0], self.report)

    def _print(self):
        return dispatch.fetch_pdf(self.authority, self.documents[0], self.report)
