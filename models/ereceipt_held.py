from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, LazyTranslate

from ..fiscal import lifecycle
from ..fiscal.contract import AuthorityError, Problem, Status
from ..fiscal.messages import source_of

_lt = LazyTranslate(__name__)

HELD_EVERY = 300
"""Seconds after which it is looked again whether what held a document was mended,
where its authority says nothing else."""

LONGEST = 12
"""How many times longer it is waited at most, for what was held again and again: each
try counts at some authorities."""

JUST_HELD = timedelta(minutes=1)
"""What was held since then is not tried again because another one goes on: else the two
would wake each other for as long as nothing is mended."""

HOLDABLE = frozenset({lifecycle.SENDING, lifecycle.UNKNOWN, lifecycle.SUBMITTED})


class EreceiptDocument(models.Model):
    """Documents that the authority has taken and goes on with once a person has done
    something that is none of theirs: logged in at the tax bureau, had a credit line
    raised (an authority's ``held_codes``).

    They are no refused documents: nothing takes their place. They stay with the
    authority, somebody is asked once per device, and the jobs look now and then
    whether they can go on.
    """

    _inherit = "ereceipt.document"

    held_code = fields.Char(
        string="Held for",
        readonly=True,
        index="btree_not_null",
        help="The authority's code for what a person has to do before it goes on.",
    )

    held_at = fields.Datetime(string="Held since", readonly=True)
    held_times = fields.Integer(string="Times held", readonly=True, default=0)

    def _go(self, state, **values):
        # EXTENDS
        if state != lifecycle.SUBMITTED:
            values.setdefault("held_code", False)
        return super()._go(state, **values)

    def _moving_situation(self):
        # EXTENDS
        if self.held_code:
            return self.registration_id._hook("held_situation", "submitted_held", self)
        return super()._moving_situation()

    def _say_submitted_held(self):
        return self.env._(
            "The authority has it and does not go on with it: see the list. It is "
            "tried again by itself at %s.",
            self._next_moment_text(),
        )

    def _resume(self):
        """Let the jobs look at once whether held documents can go on."""
        held = self.filtered("held_code")
        if held:
            held.sudo().write({"next_attempt_at": fields.Datetime.now()})
            self.env["ereceipt.outbox"].sudo()._wake()


class EreceiptWork(models.AbstractModel):
    """Going on with what was held, as a unit of work of one document."""

    _inherit = "ereceipt.work"

    # -------------------------------------------------------------------------
    # CLAIMING
    # -------------------------------------------------------------------------

    def _sql_purposes(self):
        # EXTENDS
        resume = SQL("WHEN %s THEN 'resume'", self._sql_to_resume())
        return [*super()._sql_purposes(), resume]

    def _sql_to_resume(self):
        return SQL("(d.state = 'submitted' AND d.held_code IS NOT NULL)")

    def _states_for(self, purpose, authority_class):
        # EXTENDS
        if purpose == "resume":
            return [lifecycle.SUBMITTED]
        return super()._states_for(purpose, authority_class)

    def _sql_for(self, purpose):
        # EXTENDS
        condition = super()._sql_for(purpose)
        if purpose == "resume":
            return SQL("%s AND %s", condition, self._sql_to_resume())
        if purpose == "ask":
            return SQL("%s AND NOT %s", condition, self._sql_to_resume())
        return condition

    def _most_at_once(self, registration, purpose):
        # EXTENDS
        if purpose == "resume":
            return 1
        return super()._most_at_once(registration, purpose)

    def _unit_values(self, device, documents, purpose):
        # EXTENDS
        values = super()._unit_values(device, documents, purpose)
        if purpose == "resume":
            registration = documents.registration_id
            values["change"] = registration._hook("resume_call", None, documents)
        return values

    # -------------------------------------------------------------------------
    # SETTLING
    # -------------------------------------------------------------------------

    def _settle_invalid(self, document, unit, outcome):
        # EXTENDS: what a person mends elsewhere is no refusal
        code = self._held_for(document, unit, outcome)
        if code:
            return self._hold(document, unit, outcome, code)
        return super()._settle_invalid(document, unit, outcome)

    def _settle_pending(self, document, unit, outcome):
        # EXTENDS: of what the authority has divided, a part may be held
        code = self._held_for(document, unit, outcome)
        if code:
            return self._hold(document, unit, outcome, code)
        return super()._settle_pending(document, unit, outcome)

    def _held_for(self, document, unit, outcome):
        """Return the code of what a person has to do first, "" if nothing."""
        code = outcome.errors[0].code if outcome.errors else ""
        held = getattr(unit.authority, "held_codes", ())
        return code if code in held and document.state in HOLDABLE else ""

    def _hold(self, document, unit, outcome, code):
        """Keep a document with the authority, and ask for a person once per device."""
        problems = self._explained(document, unit.authority, outcome)
        times = document.held_times + 1
        seconds = self._held_seconds(document, code) * min(times, LONGEST)
        values = {
            "held_code": code,
            "held_at": fields.Datetime.now(),
            "held_times": times,
            "problems": document._problems_json(problems),
            "last_error": False,
            "asked": 0,
            "lease_token": False,
            "next_attempt_at": self._in_seconds(seconds),
        }
        if document.state == lifecycle.SUBMITTED:
            document.sudo().write(values)
        else:
            values["submitted_at"] = document.submitted_at or fields.Datetime.now()
            document._go(lifecycle.SUBMITTED, **values)
        device = document.device_id
        registration = device.registration_id
        user = registration._hook("held_user", None, device)
        reader = user or device._alert_users()[:1]
        texts = registration._problem_texts(problems[:1], reader)
        self.env["ereceipt.alert"]._raise(
            device,
            f"held:{code}",
            _lt("Documents wait for you at the tax authority"),
            "\n".join(texts),
            user=user,
        )

    @api.model
    def _held_seconds(self, document, code):
        """Return after how many seconds it is looked again (hook ``held_seconds``)."""
        return document.registration_id._hook("held_seconds", HELD_EVERY, code)

    def _settle_unit_resume(self, unit, report, documents):
        """Write whether held documents go on."""
        for document in documents.filtered("held_code"):
            outcome = report.outcomes.get(document.id)
            error = report.error
            if outcome is not None and outcome.status == Status.PENDING:
                seconds = self._held_seconds(document, document.held_code)
                document.sudo().write(
                    {
                        "next_attempt_at": self._in_seconds(seconds),
                        "lease_token": False,
                    }
                )
            elif outcome is not None:
                self._goes_on(document)
            elif isinstance(error, AuthorityError):
                self._refuse_held(document, error)
            else:
                self._ask_again(document, error, self._error_text(unit, error))

    def _goes_on(self, document):
        """The authority works on it again: ask what becomes of it, and let the others
        go on that were held on the same device."""
        code, device = document.held_code, document.device_id
        first_poll = document._authority_class().limits.first_poll.total_seconds()
        document.sudo().write(
            {
                "held_code": False,
                "problems": False,
                "last_error": False,
                "lease_token": False,
                "next_attempt_at": self._in_seconds(first_poll),
            }
        )
        self.env["ereceipt.alert"]._clear(device, f"held:{code}")
        others = self.env["ereceipt.document"].search(
            [
                ("device_id", "=", device.id),
                ("held_code", "=", code),
                ("held_at", "<=", fields.Datetime.now() - JUST_HELD),
            ]
        )
        others._resume()

    def _refuse_held(self, document, error):
        message, values = source_of(error)
        problem = Problem(error.code, message, values=values)
        document._go(
            lifecycle.INVALID,
            problems=document._problems_json([problem]),
            last_error=False,
        )
