import logging
from datetime import date, datetime, timezone
from decimal import Decimal

from odoo import api, fields, models
from odoo.tools import format_amount, format_date
from odoo.tools.misc import get_lang
from odoo.tools.translate import code_translations

from ..fiscal.contract import Problem
from ..fiscal.messages import (
    FIRST_STRONG_ISOLATE,
    POP_DIRECTIONAL_ISOLATE,
    Money,
    Sentence,
    isolated,
    source_of,
)
from .ereceipt_said import Said

_logger = logging.getLogger(__name__)

FORMS_TO_MEND = {"product.product": "account_ereceipt.product_product_view_form_codes"}
"""Forms in which problems of a model's records are mended, where the usual one does
not open at the right place."""
MOST_DECIMALS = 9
ENGLISH, ARABIC = "A", "\N{ARABIC LETTER ALEF}"
"""Sentences of either direction, as short as can be."""


class EreceiptDocument(models.Model):
    """Sentences from below the border, kept as they came and shown in each reader's
    language, with figures, amounts and times as that language writes them."""

    _inherit = "ereceipt.document"

    @api.model
    def _problems_json(self, problems):
        """Return problems as the rows keep them: the sentence untranslated, so that
        each reader gets it in his own language."""
        return [
            {
                "code": problem.code,
                "message": problem.message,
                "values": {k: _kept(v) for k, v in problem.values.items()},
                "path": problem.path,
                "record": list(problem.record) if problem.record else None,
            }
            for problem in problems
        ] or False

    @api.model
    def _problem_text(self, problem):
        """Return a problem's sentence in the user's language.

        :param problem: a contract Problem, or what :meth:`_problems_json` made of one
        """
        if isinstance(problem, Problem):
            problem = self._problems_json([problem])[0]
        return self._sentence_text(problem["message"], problem.get("values") or {})

    @api.model
    def _sentence_text(self, message, values):
        """Return an English sentence in the user's language, its places filled.

        :param values: as :func:`_kept` keeps them; one may be such a sentence itself
        """
        known = code_translations.get_python_translations(
            "account_ereceipt", self.env.lang or "en_US"
        )
        translated = known.get(message) or message
        if not values:
            return translated
        values = {name: self._value_text(value) for name, value in values.items()}
        try:
            return _filled(translated, values)
        except (KeyError, TypeError, ValueError):
            _logger.exception("A translation of %r has other places", message)
            return _filled(message, values)

    @api.model
    def _error_text(self, error, reader):
        """Return what an error from below the border says, in a reader's language,
        and so that others can be told it in theirs (:class:`Said`).

        :param error: the exception, or None
        :param reader: the user who is going to read it
        """
        if error is None:
            return False
        message, values = source_of(error)
        kept = {name: _kept(value) for name, value in values.items()}
        reading = self.with_context(lang=reader.lang, tz=reader.tz)
        text = reading._sentence_text(message, kept)
        return Said(text, {"message": message, "values": kept})

    @api.model
    def _said_text(self, said, text):
        """Return a sentence that a row keeps, in the user's language.

        :param said: what it was made of, as :class:`Said` has it
        :param text: what it was when it was kept, for rows that do not know more
        """
        if not said:
            return text or ""
        return self._sentence_text(said["message"], said["values"])

    @api.model
    def _set_apart(self, text):
        """Return a text as a part of a longer one that a reader from right to left
        gets: it keeps its order, and draws nothing beside it to its other side."""
        if not text or get_lang(self.env).direction != "rtl":
            return text or ""
        return f"{FIRST_STRONG_ISOLATE}{text}{POP_DIRECTIONAL_ISOLATE}"

    @api.model
    def _apart_in_line(self, text):
        """Return one of several texts that stand in a line without words between
        them, where names of either direction come together."""
        rtl = get_lang(self.env).direction == "rtl"
        return isolated(text, ARABIC if rtl else ENGLISH)

    @api.model
    def _value_text(self, value):
        """Return what fills a place as the user's language writes it.

        :param value: as :func:`_kept` keeps it
        """
        if not isinstance(value, dict):
            return value
        if "message" in value:
            return self._sentence_text(value["message"], value["values"])
        if "amount" in value:
            return self._money_text(Decimal(value["amount"]), value["currency"])
        if "number" in value:
            return self._number_text(Decimal(value["number"]))
        if "date" in value:
            return format_date(self.env, date.fromisoformat(value["date"]))
        return self._moment_text(fields.Datetime.from_string(value["moment"]))

    @api.model
    def _number_text(self, number):
        """Return a number as the user's language writes it, with the decimals that
        say something."""
        exponent = Decimal(number).normalize().as_tuple().exponent
        lang = self.env["res.lang"].browse(get_lang(self.env).id)
        digits = min(max(0, -exponent), MOST_DECIMALS)
        return lang.format(f"%.{digits}f", float(number), grouping=True)

    @api.model
    def _money_text(self, amount, code):
        """Return an amount as the user's language writes it, with its currency.

        More decimals than the currency has are shown: they are what is wrong.

        :param str code: ISO 4217
        """
        currencies = self.env["res.currency"].with_context(active_test=False)
        currency = currencies.search([("name", "=", code)], limit=1)
        if not currency:
            return f"{self._number_text(amount)}\N{NO-BREAK SPACE}{code}"
        if amount == round(amount, currency.decimal_places):
            return format_amount(self.env, float(amount), currency)
        return f"{self._number_text(amount)}\N{NO-BREAK SPACE}{currency.symbol}"

    @api.model
    def _problems_actionable(self, problems):
        """Return problems as the widget ``actionable_errors`` shows them."""
        shown = {}
        for position, problem in enumerate(problems or []):
            entry = {"message": self._problem_text(problem), "level": "danger"}
            model_name, res_id = problem.get("record") or (None, None)
            if model_name in self.env and res_id:
                entry["action_text"] = self.env._("Open")
                entry["action"] = {
                    "type": "ir.actions.act_window",
                    "res_model": model_name,
                    "res_id": res_id,
                    "views": [(self._form_to_mend(model_name), "form")],
                    "target": "current",
                }
            shown[f"problem_{position}"] = entry
        return shown

    @api.model
    def _form_to_mend(self, model_name):
        """Return the id of the form in which problems of a model's records are mended,
        False for the usual one."""
        view = FORMS_TO_MEND.get(model_name)
        return self.env.ref(view).id if view else False


def _filled(message, values):
    """Return a sentence with its places filled by texts of either direction."""
    return message % {name: isolated(text, message) for name, text in values.items()}


def _kept(value):
    """Return a value of a sentence as JSON keeps it: what it is has to be known when
    it is shown, in the language of whoever reads it then."""
    if isinstance(value, Sentence):
        kept = {name: _kept(inner) for name, inner in value.values.items()}
        return {"message": value.message, "values": kept}
    if isinstance(value, Money):
        return {"amount": str(value.amount), "currency": value.currency}
    if isinstance(value, Decimal) and value.is_finite():
        return {"number": str(value)}
    if isinstance(value, datetime):
        moment = value.astimezone(timezone.utc) if value.tzinfo else value
        return {"moment": fields.Datetime.to_string(moment.replace(tzinfo=None))}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    return str(value)
