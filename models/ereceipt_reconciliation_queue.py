from odoo import fields, models

from .ereceipt_reconciliation import DAY


class EreceiptReconciliation(models.Model):
    """Which devices are compared, in which order, and what becomes of one that cannot
    be asked: the others go first, and it is tried again after them."""

    _inherit = "ereceipt.reconciliation"

    device_queue = fields.Json(
        string="Devices in their order",
        readonly=True,
        help="Those that are done stand first. One that could not be asked stands last "
        "and says how far it is compared and what went wrong.",
    )

    # -------------------------------------------------------------------------
    # GETTERS
    # -------------------------------------------------------------------------

    def _devices(self):
        """Return the devices that are compared one by one, one empty device where the
        authority lists a whole taxpayer at once.

        They are settled when it starts: one that is set up, retired or archived
        meanwhile changes nothing about which are done."""
        rows = self.env["ereceipt.device"].sudo()
        if self.device_queue:
            return [rows.browse(turn["id"] or []) for turn in self.device_queue]
        registration = self.registration_id.sudo()
        if self.way == "own" or not registration._listed_by_device():
            return [rows]
        return list(registration._devices_to_ask(self.environment))

    def _new_queue(self):
        """Return the turns of the devices: which, compared up to where, and what went
        wrong when it was asked last."""
        devices = self._devices()
        return [{"id": one.id, "from": None, "error": None} for one in devices]

    def _place_of(self, turn):
        """Return where a device's comparison goes on."""
        return fields.Datetime.to_datetime(turn["from"]) or self._bounds()[0]

    def _named(self, text):
        """Return what went wrong, with the name of the device that was asked."""
        device = self._devices()[self.device_index :][:1]
        name = device and device[0].display_name
        return f"{name}: {text}" if name else text

    # -------------------------------------------------------------------------
    # BUSINESS METHODS
    # -------------------------------------------------------------------------

    def _turn_done(self):
        """Return what is to be written when the device at hand is compared."""
        queue, following = self.device_queue or [], self.device_index + 1
        more = following < len(queue)
        return {
            "device_index": following,
            "position": self._place_of(queue[following]) if more else self._bounds()[0],
            "window_seconds": DAY,
        }

    def _answered(self):
        """Return what is to be written when the device at hand could be asked."""
        queue = [dict(turn) for turn in self.device_queue or []]
        if self.device_index < len(queue):
            queue[self.device_index]["error"] = None
        return {
            "device_queue": queue,
            "failures": 0,
            "error": self._left_text(queue),
            "retry_at": False,
        }

    def _left_text(self, queue):
        """Return what went wrong with each device that could not be asked yet."""
        return " ".join(filter(None, (turn["error"] for turn in queue))) or False

    def _set_aside(self, text):
        """Go on with another device: the one at hand could not be asked. When none is
        left that was not tried, try again later."""
        queue = [dict(turn) for turn in self.device_queue or self._new_queue()]
        if self.device_index >= len(queue):
            self._put_off(text)
            return
        turn = queue.pop(self.device_index)
        turn["from"] = fields.Datetime.to_string(self.position)
        turn["error"] = self._named(text)
        queue.append(turn)
        following = queue[self.device_index]
        self.write(
            {
                "device_queue": queue,
                "position": self._place_of(following),
                "window_seconds": DAY,
                "error": self._left_text(queue),
            }
        )
        if following["error"]:
            self._put_off(self._left_text(queue))

    def _tried_by_none(self):
        """Return the queue as if no device had failed."""
        return [{**turn, "error": None} for turn in self.device_queue or []]


class EreceiptRegistration(models.Model):
    _inherit = "ereceipt.registration"

    def _devices_to_ask(self, environment=None):
        """Return the devices of which the authority may hold something: those that may
        issue, and those that have issued, retired and archived ones too. What was only
        set up was never used, and its credentials may be worth nothing."""
        documents = self.env["ereceipt.document"].sudo()
        domain = [
            ("environment", "=", environment or self.environment),
            ("content_sha256", "!=", False),
        ]
        return self._all_devices().filtered(
            lambda device: (
                device._issues()
                or documents.search_count(
                    [("device_id", "=", device.id), *domain], limit=1
                )
            )
        )

    def _has_to_compare(self):
        """Whether there is anything that an authority could be asked about."""
        self.ensure_one()
        if self._reconciled_by() == "own" or not self._listed_by_device():
            return True
        return bool(self._devices_to_ask())
