from contextlib import contextmanager
from datetime import timezone

from odoo import fields, models

from ..fiscal.contract import AuthenticationError, FiscalError, TransientError
from ..fiscal.messages import Sentence, _


class EreceiptBreakerMixin(models.AbstractModel):
    _inherit = "ereceipt.breaker.mixin"

    def _refuse_while_held_back(self):
        """Make no call while calls are held back.

        :raise TransientError:
        """
        until = self.breaker_open_until
        if until and until > fields.Datetime.now():
            raise TransientError(
                Sentence(
                    _(
                        "Calls to the tax authority are held back until %(time)s, since"
                        " they fail: %(reason)s"
                    ),
                    time=until.replace(tzinfo=timezone.utc),
                    reason=self.breaker_reason_shown or "",
                )
            )


class EreceiptRegistration(models.Model):
    """Calls that are made for no document, such as those about item codes: kept,
    counted and held back like those that documents travel in."""

    _inherit = "ereceipt.registration"

    @contextmanager
    def _calling(self, device=None):
        """Yield the authority, as a device sees it or none, to be called for no
        document.

        Whatever is called in the block is kept, and the breaker learns how it ended,
        in transactions of their own: a call stays made when what follows it fails. So
        neither the block nor what comes after it may write this registration's row.

        Note: self.ensure_one()

        :raise FiscalError: the block's; TransientError before it begins, while calls
            are held back
        """
        self.ensure_one()
        signs_in = device if device and self._needs_device_credentials() else None
        for record in filter(None, (self, signs_in)):
            record._refuse_while_held_back()
        exchanges, failed = [], None
        try:
            yield self._authority(device, recorder=exchanges.append)
        except FiscalError as error:
            failed = error
            raise
        finally:
            self._keep_calls(exchanges, failed, signs_in)

    def _after_probe(self, found, devices):
        """Bring up to date what is shown of the connection besides; nothing that a call
        needs is locked yet.

        :param list found: what is wrong with the connection
        :param devices: whose connection was tested
        :return: what is wrong after that
        """
        return self._hook("after_probe", found, found, devices)

    def _keep_calls(self, exchanges, error, signs_in=None):
        """Keep calls, and let the breaker learn how the last of them ended: that of
        the device, where it signs in by itself and is refused. Others are not held
        back for it."""

        def keep(cr):
            owner = self.with_env(self.env(cr=cr, su=True))
            owner.env["ereceipt.exchange"]._record_direct(owner, exchanges)

        if exchanges:
            self._breaker_apart(keep)
        if not self._counts(exchanges, error, signs_in):
            return
        # whoever is told that calls are held back is told even if this is undone
        with self.env.registry.cursor() as cr:
            owner = self.with_env(self.env(cr=cr, su=True))
            text = owner.env["ereceipt.document"]._error_text
            reader = owner.responsible_id or owner.env.user
            device = signs_in and signs_in.with_env(owner.env)
            owner._breaker_count(error, text(error, reader), signs_in=device)
            if device and error is None:
                device._breaker_succeeded()
        for record in filter(None, (self, signs_in)):
            record.invalidate_recordset()

    def _counts(self, exchanges, error, signs_in=None):
        """Whether the breaker has to learn how calls ended."""
        if error is None:
            failed_before = any(
                record.breaker_failures or record.breaker_open_until
                for record in filter(None, (self, signs_in))
            )
            return bool(exchanges and failed_before)
        # the authority knows who we are and does not let us do just this: that says
        # nothing of what documents would meet
        last = exchanges[-1] if exchanges else None
        forbidden = last and last.purpose != "token" and last.status == 403
        return not (forbidden and isinstance(error, AuthenticationError))
