from datetime import datetime, timedelta
from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from ..fiscal import lifecycle
from ..fiscal.contract import FiscalError, Problem
from ..fiscal.messages import _, source_of

CHAIN_LOCK_CLASS = 0x65526370
"""First half of the advisory lock that a chain is extended under ("eRcp")."""


CHECKED = frozenset({"serial", "registration_id", "initial_previous_uid"})
"""What activation asked the authority about: where the device's chain goes on."""


def advisory_lock(cr, lock_class, ids):
    """Take advisory locks until the end of the transaction, waiting for whoever has
    them. In id order, so that two callers cannot wait for each other.

    :param int lock_class: first half of the locks, the ids are their second halves
    """
    for record_id in sorted(ids):
        cr.execute(SQL("SELECT pg_advisory_xact_lock(%s, %s)", lock_class, record_id))


class Head(NamedTuple):
    """What the next document of a chain follows.

    :ivar index: place in the chain
    :ivar corrections: how often the document in this place was corrected
    :ivar issued_at: naive UTC
    """

    index: int
    corrections: int
    uid: str
    issued_at: datetime


class EreceiptRegistration(models.Model):
    """What is not settled about chains, as a policy."""

    _inherit = "ereceipt.registration"

    is_chained = fields.Boolean(
        string="Documents are chained",
        compute="_compute_is_chained",
        help="Each document names the one before it on its device.",
    )
    uses_serials = fields.Boolean(
        string="Devices have serials",
        compute="_compute_is_chained",
        help="The authority knows each device by a serial number.",
    )
    chain_after_correction = fields.Selection(
        [
            ("refused", "The refused document"),
            ("correction", "The document that corrects it"),
        ],
        string="After a correction, the next one follows",
        required=True,
        default="refused",
        tracking=True,
        help="A correction takes the place of the refused document in the device's "
        "chain. When that was the last document there, the next one has to name one of "
        "the two as its predecessor, and the authority has not published which. Change "
        "this only if it refuses what is issued after such a correction. It makes no "
        "difference where later documents had been issued before the correction.",
    )

    @api.depends("authority")
    def _compute_is_chained(self):
        for registration in self:
            capabilities = (
                registration.authority and registration._authority_class().capabilities
            )
            registration.is_chained = bool(capabilities and capabilities.chained)
            registration.uses_serials = bool(capabilities and capabilities.serials)


class EreceiptDevice(models.Model):
    """A device's chain: where it starts, its head, the lock to extend it, and that
    there is one for each serial."""

    _inherit = "ereceipt.device"

    is_chained = fields.Boolean(related="registration_id.is_chained")
    uses_serial = fields.Boolean(related="registration_id.uses_serials")

    # -------------------------------------------------------------------------
    # CONSTRAINT METHODS
    # -------------------------------------------------------------------------

    @api.constrains("serial", "registration_id", "active")
    def _check_serial(self):
        self.filtered("active")._refuse_second_chain()

    @api.constrains("serial", "registration_id")
    def _check_serial_there(self):
        """Refuse a device without the serial by which the authority knows it, and
        which holds its chain together."""
        for device in self:
            if device.uses_serial and not device.serial:
                raise ValidationError(
                    self.env._(
                        "Enter the serial of %s: the authority knows it by that.",
                        device.name,
                    )
                )

    def _refuse_second_chain(self):
        """Refuse a second device for a serial that has issued: it would begin another
        chain beside the first one's.

        :raise ValidationError: names the other device, if the user may see it
        """
        for device in self:
            former = device._former_device()
            if not former:
                continue
            if not former.with_user(self.env.user).has_access("read"):
                raise ValidationError(
                    self.env._(
                        "Documents were issued on the serial %s already, by a device "
                        "that you may not see. Use another serial.",
                        device.serial,
                    )
                )
            raise ValidationError(
                self.env._(
                    "Documents were issued on the serial %(serial)s as %(former)s. A "
                    "second device would begin a second chain. Take %(former)s back "
                    "into use instead, or use another serial. (Retired and archived "
                    "devices are found by the filters of the list.)",
                    serial=device.serial,
                    former=former.name,
                )
            )

    def _former_device(self):
        """Return another device that has issued on this one's serial, for the same
        taxpayer and in the same environment, archived or not."""
        self.ensure_one()
        if not self.serial:
            return self.browse()
        registration = self.sudo().registration_id
        others = self.sudo().with_context(active_test=False)
        others = others.search(
            [
                ("id", "!=", self.id),
                ("serial", "=", self.serial),
                ("authority", "=", registration.authority),
            ]
        ).filtered(
            lambda d: (
                d.registration_id.company_id == registration.company_id
                or d.registration_id._seller_party().id
                == registration._seller_party().id
            )
        )
        chained = self.env["ereceipt.document"].sudo()
        return chained.search(
            [
                ("device_id", "in", others.ids),
                ("environment", "=", registration.environment),
                ("chain_index", ">", 0),
            ],
            limit=1,
        ).device_id

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._trimmed(vals) for vals in vals_list])

    def write(self, vals):
        vals = self._trimmed(vals)
        for device in self:
            device._check_identity_change(vals)
        if vals.get("active") is False:
            self.filtered("active")._refuse_unsettled()
        return super().write(vals)

    @api.model
    def _trimmed(self, vals):
        """Take blanks off a serial: on its way to the authority they vanish, so that
        it would be another device's."""
        if not vals.get("serial"):
            return vals
        return {**vals, "serial": vals["serial"].strip() or False}

    def _check_identity_change(self, vals):
        """Keep what an active device was checked with, and what documents name."""
        changed = {
            name
            for name in CHECKED | {"company_id"}
            if name in vals
            and vals[name] != self._fields[name].convert_to_write(self[name], self)
        }
        if not changed:
            return
        if self._has_issued():
            raise UserError(
                self.env._(
                    "%(device)s has issued documents, so its serial, its company, its "
                    "registration and the start of its chain cannot change. Retire it "
                    "and make another one.",
                    device=self.name,
                )
            )
        if self.lifecycle == "active" and changed & CHECKED:
            raise UserError(
                self.env._(
                    "%(device)s is active: the authority was asked about this serial "
                    "and the start of its chain. To change them retire it and take it "
                    "back into use; it is asked again when you activate it.",
                    device=self.name,
                )
            )

    def _has_issued(self):
        """Whether documents that count now, or for good, were issued on the device."""
        return bool(
            self.env["ereceipt.document"]
            .sudo()
            .search_count(
                [
                    ("device_id", "=", self.id),
                    ("environment", "in", [self.environment, "production"]),
                    ("content_sha256", "!=", False),
                ],
                limit=1,
            )
        )

    def _refuse_unsettled(self):
        """Raise where documents of the present environment are not settled: put away,
        their device or registration would be out of sight.

        :raise UserError: names each device and a document
        """
        documents = self.env["ereceipt.document"].sudo()
        lines = []
        for device in self.sudo():
            unsettled = [
                ("device_id", "=", device.id),
                ("environment", "=", device.environment),
                ("state", "not in", sorted(lifecycle.SETTLED)),
            ]
            first = documents.search(unsettled, order="id", limit=1)
            if first:
                lines.append(
                    self.env._(
                        "%(device)s: %(document)s is not settled (%(count)s in all).",
                        device=device.name,
                        document=first.name,
                        count=documents.search_count(unsettled),
                    )
                )
        if lines:
            lines.append(
                self.env._(
                    "Archive it when the authority has decided on them and you have "
                    "done what their pages ask for."
                )
            )
            raise UserError("\n".join(lines))

    # -------------------------------------------------------------------------
    # CHAIN
    # -------------------------------------------------------------------------

    def _check_chain_start(self, authority):
        """Refuse to issue where the authority knows later documents of the serial than
        the one that ours would follow."""
        self.ensure_one()
        if not authority.capabilities.chained:
            return
        problem = self._foreign_head_problem(self._asked_last_uid(authority))
        if problem:
            raise UserError(self.env["ereceipt.document"]._problem_text(problem))

    def _probed(self):
        """Return what is wrong with the device's connection, and if nothing is, with
        its chain."""
        self.ensure_one()
        found = [
            *self._line_problems(self._authority()),
            *self.registration_id._key_problems(),
        ]
        found = self.registration_id._after_probe(found, self)
        return found or self._chain_problems()

    def _chain_problems(self):
        """Ask the authority for each device's last document, and return what is wrong
        with going on from ours. A chain that was not begun is looked at when its device
        is activated, one that has ended is nobody's problem any more."""
        problems = []
        for device in self:
            begun = device._chain_row(self.env.cr) or device.initial_previous_uid
            authority = device._authority()
            if (
                not begun
                or not authority.capabilities.chained
                or device.lifecycle == "retired"
            ):
                continue
            try:
                found = device._foreign_head_problem(authority.last_uid())
            except FiscalError as error:
                message, values = source_of(error)
                record = (device._name, device.id)
                found = Problem("chain_unasked", message, "", record, values)
            if found:
                problems.append(found)
        return problems

    def _foreign_head_problem(self, last_uid):
        """Return what is wrong when the authority's last document of this device is
        neither ours nor what our chain starts from, None if it is.

        :param str last_uid: "" if the authority has none
        """
        self.ensure_one()
        if not last_uid or last_uid == self.initial_previous_uid:
            return None
        if self._knows_uid(last_uid):
            return None
        if self._chain_row(self.env.cr):
            message = _(
                "The last document that the authority has of the serial %(serial)s is "
                "%(uid)s, which is not among the documents of %(device)s here. Either "
                "an older backup of this database was restored, or something else "
                "issues on this serial; what is issued here would continue the chain "
                "at an older document. Restore the latest backup, or retire the device "
                "and go on with another serial."
            )
        else:
            message = _(
                "The authority already has documents of the serial %(serial)s; the "
                "last one is %(uid)s. Use Continue chain, so that the next document "
                "follows it."
            )
        return Problem(
            "chain_foreign_head",
            message,
            record=(self._name, self.id),
            values={"serial": self.serial, "uid": last_uid, "device": self.name},
        )

    def _knows_uid(self, uid):
        """Whether a document of this device bears the identifier, whatever became of
        it. A fresh snapshot is looked at too: while the authority was asked, it may
        have got what is younger than ours."""
        domain = [
            ("device_id", "=", self.id),
            ("environment", "=", self.environment),
            ("authority_uid", "in", [uid, uid.lower()]),
        ]
        if self.env["ereceipt.document"].sudo().search_count(domain, limit=1):
            return True
        with self.env.registry.cursor() as fresh:
            documents = self.env(cr=fresh, su=True)["ereceipt.document"]
            return bool(documents.search_count(domain, limit=1))

    def _asked_last_uid(self, authority):
        try:
            return authority.last_uid()
        except FiscalError as error:
            raise UserError(
                self.env._(
                    "The authority could not be asked for the last document of "
                    "%(serial)s: %(reason)s",
                    serial=self.serial,
                    reason=self.env["ereceipt.document"]._error_text(
                        error, self.env.user
                    ),
                )
            ) from error

    def _chain_lock(self):
        """Take the devices' chain locks until the end of the transaction."""
        advisory_lock(self.env.cr, CHAIN_LOCK_CLASS, self.ids)

    def _chain_head(self):
        """Return ``(index, uid, issued_at)`` of the chain's last document, to be
        called under :meth:`_chain_lock`.

        The later of what this transaction sees (its own rows) and what a fresh
        snapshot sees (rows committed while we waited for the lock).
        """
        self.ensure_one()
        self.env["ereceipt.document"].flush_model()
        rows = [self._chain_row(self.env.cr)]
        with self.env.registry.cursor() as fresh:
            rows.append(self._chain_row(fresh))
        heads = [row for row in rows if row]
        if heads:
            head = max(heads, key=lambda row: (row.index, row.corrections))
            return head.index, head.uid, head.issued_at
        return (0, self.initial_previous_uid or "", None)

    def _chain_row(self, cr):
        """Return the :class:`Head` that a cursor sees, None where the chain has not
        begun: the last document that took a place of its own or, where the registration
        wants that, what corrected it last."""
        cr.execute(
            SQL(
                """
                WITH RECURSIVE head AS (
                  (
                    SELECT id, chain_index, 0 AS corrections, authority_uid, issued_at
                    FROM ereceipt_document
                    WHERE device_id = %(device)s AND environment = %(environment)s
                      AND chain_index > 0
                    ORDER BY chain_index DESC LIMIT 1
                  )
                  UNION ALL
                  SELECT d.id, h.chain_index, h.corrections + 1, d.authority_uid,
                         d.issued_at
                  FROM ereceipt_document d
                  JOIN head h ON d.replaces_id = h.id
                  WHERE %(follow)s AND d.device_id = %(device)s
                )
                SELECT chain_index, corrections, authority_uid, issued_at
                FROM head ORDER BY corrections DESC, id DESC LIMIT 1
                """,
                device=self.id,
                environment=self.environment,
                follow=self._follows_corrections(),
            )
        )
        row = cr.fetchone()
        return row and Head(*row)

    def _follows_corrections(self):
        """Whether what is issued next follows the correction of the chain's head."""
        return self.registration_id.chain_after_correction == "correction"

    def _is_head_corrected(self, replaced, head_uid):
        """Whether a correction of ``replaced`` becomes the chain's head."""
        return self._follows_corrections() and replaced.authority_uid == head_uid

    def _next_issue_time(self, last):
        """Return the moment of issue: now, in whole seconds, never before the
        predecessor's. The wall clock and not the transaction's start, which may lie
        before another transaction's that held the lock first.

        :param datetime last: the predecessor's moment (naive UTC), or None
        :return: naive UTC datetime
        """
        now = self._wall_clock() - timedelta(
            seconds=self.registration_id._hook("clock_safety_seconds", 0)
        )
        now = now.replace(microsecond=0)
        return max(now, last) if last else now

    def _deadline(self, issued_at, replaced=None):
        """Return when the authority's window closes for a document issued then.

        :param replaced: the document that it corrects; the window for that is longer,
            and counts from the first of all that were refused: the authority does not
            say that each correction opens another one
        """
        limits = self.registration_id._authority_class().limits
        if replaced and limits.correction_window:
            first = (replaced | replaced._replaced())[-1]
            return first.issued_at + limits.correction_window
        if limits.submission_window:
            return issued_at + limits.submission_window
        return self.registration_id._hook("deadline", False, issued_at)

    @api.model
    def _wall_clock(self):
        return fields.Datetime.now()
