import logging

from odoo import api, models
from odoo.tools.translate import code_translations

from ..fiscal.contract import Problem
from ..fiscal.messages import Sentence, source_of

_logger = logging.getLogger(__name__)

FORMS_TO_MEND = {"product.product": "account_ereceipt.product_product_view_form_codes"}
"""Forms in which problems of a model's records are mended, where the usual one does
not open at the right place."""


class EreceiptDocument(models.Model):
    """Sentences from below the border, kept as they came and shown in each reader's
    language."""

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
        """Return an English sentence in the user's language, its places filled; a
        value may be such a sentence itself."""
        known = code_translations.get_python_translations(
            "account_ereceipt", self.env.lang or "en_US"
        )
        translated = known.get(message) or message
        if not values:
            return translated
        values = {
            name: self._sentence_text(value["message"], value["values"])
            if isinstance(value, dict)
            else value
            for name, value in values.items()
        }
        try:
            return translated % values
        except (KeyError, TypeError, ValueError):
            _logger.exception("A translation of %r has other places", message)
            return message % values

    @api.model
    def _error_text(self, error, reader):
        """Return what an error from below the border says, in a reader's language.

        :param error: the exception, or None
        :param reader: the user who is going to read it
        """
        if error is None:
            return False
        message, values = source_of(error)
        kept = {name: _kept(value) for name, value in values.items()}
        return self.with_context(lang=reader.lang)._sentence_text(message, kept)

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


def _kept(value):
    """Return a value of a sentence as JSON keeps it."""
    if isinstance(value, Sentence):
        kept = {name: _kept(inner) for name, inner in value.values.items()}
        return {"message": value.message, "values": kept}
    return str(value)
