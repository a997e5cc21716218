from datetime import timedelta
from decimal import Decimal, InvalidOperation

from odoo import api, fields, models
from odoo.tools import email_normalize

LARGEST = Decimal(10) ** 12
"""More than anybody pays; figures beyond it are a slip of the keyboard."""


class EreceiptPortalForm(models.AbstractModel):
    """A form that a customer fills in on a page of the portal.

    Whoever inherits says what is asked (:meth:`_portal_inputs`); what was typed comes
    from outside and is hostile, so it is read here, input by input, into values of the
    fields, or into sentences that say what is wrong. ``move`` is the invoice that the
    page is about, in sudo.
    """

    _name = "ereceipt.portal.form"
    _description = "Form of a page in the portal"

    _portal_template = None

    # -------------------------------------------------------------------------
    # HOOKS
    # -------------------------------------------------------------------------

    @api.model
    def _portal_url(self, move):
        """Hook: return the address of the page, False where its customer has none."""
        raise NotImplementedError

    @api.model
    def _portal_inputs(self, move):
        """Hook: return what the customer is asked, in the order of the page.

        :return: dicts as :meth:`_portal_input` makes them
        """
        return []

    @api.model
    def _portal_shown(self, move, typed):
        """Hook: return what stands in the form before it is sent, by input: what came
        with the link.

        :param dict typed: what came with the request: hostile
        """
        return self._portal_typed(move, typed)

    @api.model
    def _portal_closed(self, move):
        """Hook: return why the customer can fill in nothing, False if he can."""
        return False

    @api.model
    def _portal_sentence(self, move):
        """Hook: return what the customer is told of his last word, as level and
        sentence, or nothing."""
        return "", ""

    @api.model
    def _longest(self):
        """Hook: return the most characters of texts, by field."""
        return {}

    # -------------------------------------------------------------------------
    # THE PAGE
    # -------------------------------------------------------------------------

    @api.model
    def _portal_page_values(self, move, typed, wrong):
        """Return what the page's template is given.

        :param dict typed: what came with the request: hostile
        :param list wrong: what is wrong with it, as sentences
        """
        level, sentence = self._portal_sentence(move)
        show = self._portal_typed if wrong else self._portal_shown
        return {
            "invoice": move,
            "inputs": self._portal_inputs(move),
            "shown": show(move, typed),
            "wrong": wrong,
            "level": level,
            "sentence": sentence,
            "closed": self._portal_closed(move),
            "kept": bool(typed.get("kept")) and not wrong,
        }

    @api.model
    def _portal_typed(self, move, typed):
        names = [one["name"] for one in self._portal_inputs(move)]
        return {name: typed.get(name, "") for name in names}

    @api.model
    def _portal_input(self, name, kind, **more):
        """Return one input: a dict with ``name``, ``kind`` (``radio``, ``select``,
        ``text``, ``tel``, ``email``, ``date``, ``number``), ``label``, ``choices``,
        ``most`` (characters), ``help``, ``fill`` (for the browser's autocomplete),
        ``ltr`` (figures and Latin letters), ``needed``, and ``known`` (the page of the
        invoice shows it anyhow)."""
        field = self._fields[name]
        choices = ()
        if field.type == "selection":
            choices = field._description_selection(self.env)
        return {
            "name": name,
            "kind": kind,
            "label": field._description_string(self.env),
            "choices": choices,
            "most": self._longest().get(name),
            "help": "",
            "fill": "off",
            "ltr": False,
            "needed": False,
            "known": False,
            **more,
        }

    # -------------------------------------------------------------------------
    # WHAT WAS TYPED
    # -------------------------------------------------------------------------

    @api.model
    def _portal_values(self, move, typed):
        """Return the values that a customer has typed, and what is wrong with their
        form, as sentences.

        :param typed: what came with the request: hostile
        """
        values, wrong = {}, []
        for one in self._portal_inputs(move):
            name, label = one["name"], one["label"]
            text = typed.get(name, "")
            text = " ".join(text.split()) if isinstance(text, str) else ""
            if one["choices"] and text not in dict(one["choices"]):
                if text or one["needed"]:
                    wrong.append(self.env._("Choose one of: %s.", label))
                text = ""
            if one["most"] and len(text) > one["most"]:
                wrong.append(
                    self.env._(
                        "“%(field)s” is too long: at most %(most)s characters.",
                        field=label,
                        most=one["most"],
                    )
                )
            elif text or not one["needed"]:
                read = getattr(self, f"_portal_read_{one['kind']}", None)
                values[name], sentence = read(text) if read and text else (text, "")
                values[name] = values[name] or False
                if sentence:
                    wrong.append(sentence)
            elif not one["choices"]:
                wrong.append(self.env._("Enter: %s.", label))
        return values, wrong

    @api.model
    def _portal_read_email(self, text):
        if email_normalize(text):
            return text, ""
        return text, self.env._("“%s” is no e-mail address.", text[:40])

    @api.model
    def _portal_read_date(self, text):
        """Read a day that has begun somewhere on earth."""
        try:
            day = fields.Date.to_date(text[:10])
        except ValueError:
            return False, self.env._("“%s” is no date.", text[:40])
        if day > fields.Datetime.now().date() + timedelta(days=1):
            return False, self.env._("%s lies in the future.", text[:10])
        return day, ""

    @api.model
    def _portal_read_number(self, text):
        """Read an amount above zero."""
        try:
            number = Decimal(text)
        except InvalidOperation:
            number = Decimal("NaN")
        if number.is_finite() and 0 < number < LARGEST:
            return float(number), ""
        return False, self.env._("“%s” is no amount of money.", text[:40])
