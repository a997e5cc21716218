from odoo.http import request


class Callback:
    """What controllers of call-backs have in common: an address that nobody guesses,
    and bodies of a size that is read. Whoever calls only hints; the verdict is always
    asked for (:meth:`EreceiptRegistration._take_callback`)."""

    def _registration(self, root, path):
        """Return whose address it is, nothing where it is nobody's.

        :param str root: below which path the caller's authority is served
        """
        registrations = request.env["ereceipt.registration"].sudo()
        found = registrations.search([("callback_path", "=", path)], limit=1)
        # one authority's key is not to be got round by the address of another
        return found.filtered(lambda r: r._callback_base() == root)

    def _fits(self, most):
        """Whether what was sent says how large it is, and is read.

        :param int most: bytes
        """
        length = request.httprequest.content_length
        return length is not None and length <= most
