import logging
import os
import socket
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import config

from ..fiscal.vault import UnknownKey, Vault, VaultError, make_key_file

_logger = logging.getLogger(__name__)

KEY_OPTION = "ereceipt_key"
KEY_VARIABLE = "ACCOUNT_ERECEIPT_KEY"
SECRET_SUFFIX = "_sealed"


def key_file() -> Path:
    """Return where the key lies when neither option nor environment gives one."""
    return Path(config["data_dir"]) / "account_ereceipt.key"


class EreceiptSecretMixin(models.AbstractModel):
    """Secrets that can be typed and used, and never read back.

    A model lists the names in ``_ereceipt_secrets``. Each name is a non-stored field
    for input and has a column ``<name>_sealed`` beside it, which nobody may read and
    which is bound to its row. ``<name>_set`` tells whether there is one.
    ``_ereceipt_kept`` lists secrets that have the column alone: they are not typed.

    The key comes from the option ``ereceipt_key`` of the configuration file, the
    environment variable ``ACCOUNT_ERECEIPT_KEY`` (several, divided by commas: the
    first seals, all open), or a file in the data directory that is made only while
    no secret exists, so that a lost key is noticed and not papered over.

    Secrets belong to where they go (:meth:`_ereceipt_secret_target`). Who changes that
    has to know them: what is not typed in the same save is forgotten, so that nobody
    has stored secrets sent to a host of his own.
    """

    _name = "ereceipt.secret.mixin"
    _description = "Sealed secrets"

    _ereceipt_secrets = ()
    _ereceipt_kept = ()

    forgets_secrets = fields.Boolean(
        string="Saving forgets secrets",
        compute="_compute_forgets_secrets",
        help="Stored secrets are for the former server or serial and are not sent "
        "to another.",
    )

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    def _compute_ereceipt_secrets(self):
        """Show nothing, ever: the fields exist to be typed into. What was typed into
        another one of them, in a form that is not saved yet, stays there."""
        for record in self:
            for name in record._ereceipt_secrets:
                if name not in record._cache:
                    record[name] = False

    def _compute_ereceipt_secrets_set(self):
        for record in self:
            sealed = record.sudo()
            for name in record._ereceipt_secrets:
                record[f"{name}_set"] = bool(sealed[name + SECRET_SUFFIX])

    def _compute_forgets_secrets(self):
        """Whether saving what the form shows would forget secrets. Models name in
        their ``depends`` what the target follows from."""
        for record in self:
            saved = record._origin
            record.forgets_secrets = bool(
                saved
                and saved._ereceipt_sealed()
                and record._ereceipt_secret_target() != saved._ereceipt_secret_target()
            )

    def _inverse_ereceipt_secrets(self):
        """Seal what was typed, then forget the plain text.

        Nothing typed means no change: a form that is saved sends empty fields too.
        """
        for record in self:
            typed = {name: record[name] for name in record._ereceipt_secrets}
            for name, value in typed.items():
                if value:
                    record._ereceipt_set_secret(name, value.strip())
        self.invalidate_recordset(
            [*self._ereceipt_secrets, *(f"{n}_set" for n in self._ereceipt_secrets)]
        )

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def write(self, vals):
        """Forget the secrets of records whose secrets would go elsewhere from now on,
        but for those that are typed in the same save."""
        if all(name.endswith(SECRET_SUFFIX) for name in vals):
            return super().write(vals)
        targets = [(record, record._ereceipt_secret_target()) for record in self]
        sealed = self._ereceipt_sealed()
        result = super().write(vals)
        for record, target in targets:
            if record._ereceipt_secret_target() != target:
                record._ereceipt_target_changed(sealed)
        return result

    # -------------------------------------------------------------------------
    # WHERE SECRETS GO
    # -------------------------------------------------------------------------

    def _ereceipt_secret_target(self):
        """Hook: return what decides where the secrets are sent and who can read them
        on their way, to be compared."""
        self.ensure_one()

    def _ereceipt_secret_owners(self):
        """Hook: return the records, as a list, whose secrets go where these say."""
        return list(self)

    def _ereceipt_target_changed(self, sealed):
        """Hook: the secrets of this record go elsewhere from now on.

        :param dict sealed: what was sealed before (:meth:`_ereceipt_sealed`)
        """
        self.ensure_one()
        for owner in self._ereceipt_secret_owners():
            left = owner._ereceipt_sealed([owner])
            for key in left.keys() & sealed.keys():
                # sealed twice, the same secret looks different: this one was not typed
                if left[key] == sealed[key]:
                    owner._ereceipt_set_secret(key[-1], False)

    def _ereceipt_sealed(self, owners=None):
        """Return the secrets that are stored, sealed, by model, id and name."""
        owners = self._ereceipt_secret_owners() if owners is None else owners
        found = {}
        for owner in owners:
            for name in (*owner._ereceipt_secrets, *owner._ereceipt_kept):
                sealed = owner.sudo()[name + SECRET_SUFFIX]
                if sealed:
                    found[owner._name, owner.id, name] = sealed
        return found

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _ereceipt_set_secret(self, name, value):
        """Store one secret; an empty value removes it.

        Note: self.ensure_one()
        """
        self.ensure_one()
        sealed = False
        if value:
            vault = self._ereceipt_vault(create=True)
            sealed = vault.seal(value, self._ereceipt_place(name))
        self.sudo()[name + SECRET_SUFFIX] = sealed

    def _ereceipt_secret(self, name):
        """Return one secret in clear, "" if there is none. For calls only.

        :raise UserError: the key is missing or the secret was changed
        """
        self.ensure_one()
        sealed = self.sudo()[name + SECRET_SUFFIX]
        if not sealed:
            return ""
        try:
            return self._ereceipt_vault().open(sealed, self._ereceipt_place(name))
        except UnknownKey as error:
            raise UserError(
                self.env._(
                    "The credentials of %(record)s were sealed with the key %(key)s, "
                    "which is not known on %(host)s. Put that key into the option "
                    "%(option)s there, or type the credentials again.",
                    record=self.display_name,
                    key=error.fingerprint,
                    host=socket.gethostname(),
                    option=KEY_OPTION,
                )
            ) from error
        except VaultError as error:
            raise UserError(
                self.env._(
                    "A stored credential of %(record)s cannot be opened: it was "
                    "changed or copied from elsewhere. Type it again.",
                    record=self.display_name,
                )
            ) from error

    @api.model
    def _ereceipt_reseal_all(self):
        """Seal every secret of this database with the current key, and try to open
        those that are.

        :return: how many were sealed anew, how many are sealed with the current key
            now, and ``(record, sentence)`` for each that cannot be opened
        :raise UserError: there is no usable key
        """
        vault = self._ereceipt_vault()
        anew, current, failed = 0, 0, []
        for model in self._ereceipt_secret_models():
            for record in model.search(model._ereceipt_has_secret_domain(), order="id"):
                for _model, _id, name in record._ereceipt_sealed([record]):
                    try:
                        secret = record._ereceipt_secret(name)
                    except UserError as error:
                        failed.append((record, str(error)))
                        continue
                    if not vault.is_current(record[name + SECRET_SUFFIX]):
                        record._ereceipt_set_secret(name, secret)
                        anew += 1
                    current += 1
        return anew, current, failed

    def _ereceipt_place(self, name):
        return f"{self._name}:{self.id}:{name}"

    @api.model
    def _ereceipt_vault(self, create=False):
        """Return the vault with the keys of this server.

        :raise UserError: there is no key, or one is malformed
        """
        given = os.environ.get(KEY_VARIABLE) or config.get(KEY_OPTION)
        keys = [key for key in (given or "").split(",") if key.strip()]
        if not keys:
            keys = self._ereceipt_file_keys(create)
        try:
            return Vault(keys)
        except ValueError as error:
            raise UserError(
                self.env._(
                    "The key for stored credentials on %(host)s is not usable "
                    "(%(option)s): it has to be 32 bytes, written in base64.",
                    host=socket.gethostname(),
                    option=KEY_OPTION,
                )
            ) from error

    @api.model
    def _ereceipt_file_keys(self, create):
        path = key_file()
        if not path.exists() and create and not self._ereceipt_any_secret():
            if make_key_file(path):
                _logger.info("Made a key for stored credentials: %s", path)
            else:
                _logger.info("Another process made the key file %s just now", path)
        if not path.exists():
            raise UserError(
                self.env._(
                    "The key for stored credentials is missing on %(host)s: the file "
                    "%(path)s is not there and the option %(option)s is not set. "
                    "Restore the key, or type the credentials again after setting a "
                    "new one.",
                    host=socket.gethostname(),
                    path=path,
                    option=KEY_OPTION,
                )
            )
        return path.read_text().split(",")

    @api.model
    def _ereceipt_any_secret(self):
        """Whether any model of this database holds a sealed secret."""
        return any(
            model.search_count(model._ereceipt_has_secret_domain(), limit=1)
            for model in self._ereceipt_secret_models()
        )

    @api.model
    def _ereceipt_secret_models(self):
        """Return the models that keep secrets, to look through all of their rows."""
        models_here = (self.env[name] for name in sorted(self.env.registry))
        return [
            model.sudo().with_context(active_test=False)
            for model in models_here
            if not model._abstract
            and (
                getattr(model, "_ereceipt_secrets", ())
                or getattr(model, "_ereceipt_kept", ())
            )
        ]

    @api.model
    def _ereceipt_has_secret_domain(self):
        return Domain.OR(
            Domain(name + SECRET_SUFFIX, "!=", False)
            for name in (*self._ereceipt_secrets, *self._ereceipt_kept)
        )


def sealed_column():
    """Return the column that keeps a sealed secret. Read with the record's other
    secrets, never with anything else of it."""
    return fields.Text(groups=fields.NO_ACCESS, copy=False, prefetch="ereceipt_secrets")


def secret_input(string, **kwargs):
    """Return the write-only field through which a secret is typed."""
    return fields.Char(
        string=string,
        compute="_compute_ereceipt_secrets",
        inverse="_inverse_ereceipt_secrets",
        copy=False,
        groups="account_ereceipt.group_ereceipt_admin",
        **kwargs,
    )


def secret_flag(string):
    """Return the field that tells whether a secret is stored."""
    return fields.Boolean(string=string, compute="_compute_ereceipt_secrets_set")
