import base64

from odoo import fields, models
from odoo.exceptions import UserError


class EreceiptFileUpload(models.TransientModel):
    """Takes a file of results from a person, and shows what it would do."""

    _name = "ereceipt.file.upload"
    _description = "Upload of a file"

    profile_id = fields.Many2one(
        "ereceipt.file.profile",
        required=True,
        ondelete="cascade",
        domain="[('direction', '=', 'in'), ('template', '=', False)]",
    )
    file = fields.Binary(attachment=False)
    file_name = fields.Char(string="Name of the file")

    def action_read(self):
        """Read the file; nothing is written of its documents before a person has seen
        what would be.

        :raise UserError: it cannot be read, or was read before
        """
        self.ensure_one()
        self.profile_id.check_access("read")
        self.env["ereceipt.file.run"]._require_user()
        if not self.file:
            raise UserError(self.env._("Choose a file first."))
        profile = self.profile_id.sudo()
        if profile.direction != "in" or profile.template:
            raise UserError(self.env._("%s takes no files.", profile.name))
        name = self.file_name or self.env._("File")
        run = profile._receive(name, base64.b64decode(self.file), person=True)
        return run._get_records_action()
