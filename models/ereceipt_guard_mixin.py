from odoo import api, models
from odoo.exceptions import AccessError


class EreceiptGuardMixin(models.AbstractModel):
    """Columns that only the program writes, as the superuser.

    A view that shows a field and does not let it change stops nobody who calls from
    outside. So such a field says ``program_only=True`` and is refused here: when rows
    are made or written by anybody else, and when a context or somebody's own default
    would put something into it.

    Nor can a row be written into another company than one's own.
    """

    _name = "ereceipt.guard.mixin"
    _description = "Columns of the program"

    @api.model
    def _valid_field_parameter(self, field, name):
        # EXTENDS base
        return name == "program_only" or super()._valid_field_parameter(field, name)

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._ereceipt_refuse_program_only(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._ereceipt_refuse_program_only(vals)
        result = super().write(vals)
        # rules were asked about the company that a row had; nobody gives rows to a
        # company that he may not write in
        self.check_access("write")
        return result

    @api.model
    def default_get(self, fields):
        # EXTENDS base: what the field itself says counts, whoever says otherwise
        guarded = self._ereceipt_program_only() & set(fields)
        values = super().default_get([name for name in fields if name not in guarded])
        for name in guarded:
            default = self._fields[name].default
            if default:
                values[name] = default(self)
        return values

    # -------------------------------------------------------------------------
    # HELPERS
    # -------------------------------------------------------------------------

    @api.model
    def _ereceipt_program_only(self):
        """Return the names of the fields that only the program writes."""
        return {
            name
            for name, field in self._fields.items()
            if getattr(field, "program_only", False)
        }

    def _ereceipt_refuse_program_only(self, vals):
        """Raise where somebody else than the program would write such a field.

        :raise AccessError: names the fields
        """
        if self.env.su:
            return
        touched = self._ereceipt_program_only() & vals.keys()
        if touched:
            labels = self.fields_get(touched, ["string"])
            raise AccessError(
                self.env._(
                    "These follow from what happens and cannot be written: %s. Use the "
                    "buttons of the form.",
                    ", ".join(sorted(label["string"] for label in labels.values())),
                )
            )
