import base64
import gzip
import hashlib
import json
import zlib
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import float_round

PURGE_BATCH = 2000
SEAL_FORMAT = 2
"""What new rows tell their seals (:meth:`EreceiptExchange._fingerprint`)."""


class EreceiptExchange(models.Model):
    """One HTTP call to an authority, as it happened, with its secrets masked.

    Rows are written with the outcome of the call and never changed. A job seals them
    (:class:`EreceiptSeal`); after the retention time their bodies are purged and the
    seals stay.
    """

    _name = "ereceipt.exchange"
    _description = "Exchange with a tax authority"
    _order = "id desc"
    _rec_name = "purpose"

    registration_id = fields.Many2one(
        "ereceipt.registration", ondelete="restrict", index=True, readonly=True
    )
    device_id = fields.Many2one("ereceipt.device", ondelete="restrict", readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    document_ids = fields.Many2many(
        "ereceipt.document",
        "ereceipt_exchange_document_rel",
        "exchange_id",
        "document_id",
        string="Documents",
        readonly=True,
    )
    document_count = fields.Integer(string="Number of documents", readonly=True)
    purpose = fields.Char(readonly=True, index=True)
    method = fields.Char(readonly=True)
    url = fields.Char(string="Address", readonly=True)
    started_at = fields.Datetime(string="Began", readonly=True, index=True)
    duration = fields.Float(string="Seconds", readonly=True, digits=(10, 3))
    status = fields.Integer(string="HTTP status", readonly=True)
    outcome = fields.Selection(
        [
            ("ok", "Answered"),
            ("refused", "Refused"),
            ("transient", "Not carried out"),
            ("ambiguous", "Answer lost"),
            ("authentication", "Credentials refused"),
        ],
        readonly=True,
    )
    error = fields.Char(readonly=True)
    request_headers = fields.Json(
        string="Request headers (data)", readonly=True, prefetch=False
    )
    response_headers = fields.Json(
        string="Answer headers (data)", readonly=True, prefetch=False
    )
    request_gzip = fields.Binary(
        string="Request, compressed", attachment=False, readonly=True, prefetch=False
    )
    response_gzip = fields.Binary(
        string="Answer, compressed", attachment=False, readonly=True, prefetch=False
    )
    request_text = fields.Text(compute="_compute_texts", string="Request")
    response_text = fields.Text(compute="_compute_texts", string="Answer")
    request_sha256 = fields.Char(
        string="SHA-256 of the request", readonly=True, prefetch=False
    )
    response_sha256 = fields.Char(
        string="SHA-256 of the answer", readonly=True, prefetch=False
    )
    sha256 = fields.Char(
        string="SHA-256",
        readonly=True,
        required=True,
        help="Of all that is kept of the call; the seal is made of it.",
    )
    seal_format = fields.Integer(
        string="Version of the seal", readonly=True, help="How the SHA-256 is computed."
    )
    seal_id = fields.Many2one(
        "ereceipt.seal", ondelete="restrict", index="btree_not_null", readonly=True
    )
    purged_at = fields.Datetime(
        string="Content removed",
        readonly=True,
        help="When its content was deleted; the seal stays.",
    )

    _unsealed_index = models.Index("(id) WHERE seal_id IS NULL")

    # -------------------------------------------------------------------------
    # COMPUTE METHODS
    # -------------------------------------------------------------------------

    @api.depends("request_gzip", "response_gzip")
    def _compute_texts(self):
        for exchange in self.with_context(bin_size=False):
            exchange.request_text = exchange._body("request_gzip").decode(
                errors="replace"
            )
            exchange.response_text = exchange._body("response_gzip").decode(
                errors="replace"
            )

    def _body(self, name):
        """Return a body as bytes, exactly as it travelled (secrets masked)."""
        self.ensure_one()
        packed = self.with_context(bin_size=False)[name]
        return gzip.decompress(_unpack(packed)) if packed else b""

    # -------------------------------------------------------------------------
    # CRUD METHODS
    # -------------------------------------------------------------------------

    def write(self, vals):
        """Rows are append-only: a seal is put on once, bodies go when they are old."""
        sealing = set(vals) == {"seal_id"} and not any(row.seal_id for row in self)
        purging = set(vals) == {"request_gzip", "response_gzip", "purged_at"} and not (
            vals["request_gzip"] or vals["response_gzip"]
        )
        if not (self.env.su and (sealing or purging)):
            raise UserError(self.env._("What was exchanged cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("What was exchanged cannot be deleted."))

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    @api.model
    def _record(self, calls):
        """Keep the calls that units of work made.

        :param calls: pairs of a unit and an exchange
        """
        rows = []
        for unit, exchange in calls:
            device = self.env["ereceipt.device"].browse(unit.device_id)
            caller = {
                "registration_id": unit.registration_id,
                "device_id": device.id,
                "company_id": device.company_id.id,
            }
            rows.append(self._row(caller, exchange, unit.document_ids))
        return self.sudo().create(rows)

    @api.model
    def _record_direct(self, registration, exchanges):
        """Keep the calls that a registration made for no document."""
        caller = {
            "registration_id": registration.id,
            "device_id": False,
            "company_id": registration.company_id.id,
        }
        return self.sudo().create([self._row(caller, e, ()) for e in exchanges])

    def _row(self, caller, exchange, document_ids):
        keys = exchange.keys or (document_ids if exchange.purpose == "query" else ())
        values = {
            **caller,
            "document_ids": [fields.Command.set(list(keys))],
            "document_count": len(keys),
            "purpose": exchange.purpose,
            "method": exchange.method,
            "url": exchange.url,
            "started_at": exchange.started_at.replace(tzinfo=None, microsecond=0),
            "duration": float_round(exchange.duration, precision_digits=3),
            "status": exchange.status or 0,
            "outcome": exchange.outcome,
            "error": exchange.error or False,
            "request_headers": dict(exchange.request_headers),
            "response_headers": dict(exchange.response_headers),
            "request_gzip": _pack(exchange.request_body),
            "response_gzip": _pack(exchange.response_body),
            "request_sha256": hashlib.sha256(exchange.request_body).hexdigest(),
            "response_sha256": hashlib.sha256(exchange.response_body).hexdigest(),
            "seal_format": SEAL_FORMAT,
        }
        values["sha256"] = self._fingerprint(
            SEAL_FORMAT,
            {**values, "document_ids": keys},
        )
        return values

    # -------------------------------------------------------------------------
    # WHAT SEALS COVER
    # -------------------------------------------------------------------------

    @api.model
    def _fingerprint(self, seal_format, values):
        """Return the SHA-256 over everything that a row says, as the seals cover it.

        :param int seal_format: 1 told neither the documents nor the device, company
            and duration; rows are told in the format that they were sealed in
        :param dict values: columns as they are written, and ``document_ids`` as ids
        """
        headers = [values["request_headers"], values["response_headers"]]
        headers = [sorted((header or {}).items()) for header in headers]
        told = [
            values["registration_id"],
            values["purpose"],
            values["method"],
            values["url"],
            fields.Datetime.to_string(values["started_at"]),
            values["status"],
            values["outcome"],
            values["error"] or "",
            *headers,
            values["request_sha256"],
            values["response_sha256"],
        ]
        if seal_format >= 2:
            told += [
                seal_format,
                values["company_id"],
                values["device_id"],
                sorted(values["document_ids"]),
                values["document_count"],
                f"{values['duration']:.3f}",
            ]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()

    def _is_as_sealed(self):
        """Whether the row says what it said when it was kept. Of one whose bodies are
        purged, their hashes go on being compared.

        Note: self.ensure_one()
        """
        self.ensure_one()
        seal_format = self.seal_format or 1
        bodies = {name: self._body_sha256(name) for name in ("request", "response")}
        if self.purged_at:
            oldest = self.purged_at - timedelta(days=self._least_retention())
            if self.started_at > oldest or self.request_gzip or self.response_gzip:
                return False
            if seal_format == 1:
                return True  # this format has no hashes of bodies beside them
        elif seal_format >= 2 and bodies != {
            "request": self.request_sha256,
            "response": self.response_sha256,
        }:
            return False
        names = ("purpose", "method", "url", "started_at", "status", "outcome")
        names += ("error", "request_headers", "response_headers", "document_count")
        values = {
            **{name: self[name] for name in names},
            "registration_id": self.registration_id.id,
            "device_id": self.device_id.id,
            "company_id": self.company_id.id,
            "document_ids": self.document_ids.ids,
            "duration": self.duration,
            "request_sha256": self.request_sha256 or bodies["request"],
            "response_sha256": self.response_sha256 or bodies["response"],
        }
        return self._fingerprint(seal_format, values) == self.sha256

    def _body_sha256(self, name):
        """Return the SHA-256 of a body, None for one that cannot be unpacked."""
        try:
            return hashlib.sha256(self._body(f"{name}_gzip")).hexdigest()
        except (OSError, EOFError, ValueError, zlib.error):
            return None


class EreceiptSeal(models.Model):
    """A seal over exchanges that were committed since the last one.

    Its hash covers the hash of the seal before it and those of its rows in the order
    of their ids, so that a row that was changed, taken away or slipped in is found.
    """

    _name = "ereceipt.seal"
    _description = "Seal over exchanges"
    _order = "number desc"
    _rec_name = "number"

    number = fields.Integer(required=True, readonly=True)
    previous_hash = fields.Char(string="Hash of the seal before", readonly=True)
    hash = fields.Char(required=True, readonly=True)
    exchange_count = fields.Integer(string="Number of calls", readonly=True)
    exchange_ids = fields.One2many(
        "ereceipt.exchange", "seal_id", string="Calls", readonly=True
    )

    _number_unique = models.Constraint(
        "UNIQUE (number)", "There is a seal with this number already."
    )

    def write(self, vals):
        """Seals are never changed."""
        if vals:
            raise UserError(self.env._("A seal cannot be changed."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A seal cannot be deleted."))

    @api.model
    def _seal(self):
        """Seal what was committed and is not sealed yet; one runner at a time, by the
        lock on its scheduled job's row."""
        rows = self.env["ereceipt.exchange"].sudo()
        rows = rows.search([("seal_id", "=", False)], order="id")
        if not rows:
            return self.browse()
        last = self.sudo().search([], order="number desc", limit=1)
        seal = self.sudo().create(
            {
                "number": last.number + 1,
                "previous_hash": last.hash,
                "hash": self._chain(last.hash, rows.mapped("sha256")),
                "exchange_count": len(rows),
            }
        )
        rows.write({"seal_id": seal.id})
        return seal

    @api.model
    def _chain(self, previous, fingerprints):
        chain = hashlib.sha256((previous or "").encode())
        for fingerprint in fingerprints:
            chain.update(fingerprint.encode())
        return chain.hexdigest()


def _pack(body):
    # the field wants base64; gzip without a time, so that equal bodies are equal rows
    return base64.b64encode(gzip.compress(body, mtime=0)) if body else False


def _unpack(packed):
    return base64.b64decode(packed)
