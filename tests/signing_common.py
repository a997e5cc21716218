import base64
from dataclasses import replace

from ..dev.certificates import PASSWORD, seal
from ..fiscal.eg_eta import EgReceipt
from .common import EreceiptCommon


class SigningCommon(EreceiptCommon):
    """An authority whose documents are signed before they are sent, stand in no chain
    and are late at the end of the day: ETA's e-Receipt, told to be so, since the engine
    asks capabilities alone."""

    def setUp(self):
        super().setUp()
        self.patch(
            EgReceipt,
            "capabilities",
            replace(EgReceipt.capabilities, signs="document", chained=False),
        )
        self.patch(EgReceipt, "sign", _sign)
        self.control.settings(chain="off")
        self.key = (
            self.env["ereceipt.signing.key"]
            .with_user(self.administrator)
            .create({"name": "Seal", "company_id": self.company.id})
        )

    def upload(self, key=None, name="seal", password=PASSWORD, **values):
        """Upload a key file and let the registration sign with it."""
        key = key or self.key
        made = seal(name, **values)
        key.write({"key_file": made.key_file(), "key_password": password})
        self.registration.signing_key_id = key


def _sign(authority, built, signer):
    signature = signer.sign(built.content, built.content)
    return replace(built, signature=base64.b64encode(signature).decode())
