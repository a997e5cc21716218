"""CIS' codes: what each means, who can mend it, and what becomes of the receipt.

Sources: spec croatia 8, after the authority's technical specification 2.6 and 2.7
(codes s001 to s010) and what integrators report (newer ones and the numbered rules).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..catalogue import Who, catalogue
from ..messages import _

Handling = Literal["permanent", "configuration", "transient", "change", "late"]


@dataclass(frozen=True, slots=True)
class Known:
    """A known code.

    :ivar handling: ``permanent`` the message will never be taken as it is;
        ``configuration`` nothing of this company will be, until a person mends it;
        ``transient`` the same again later; ``change`` that change is refused, the
        receipt stands; ``late`` it, or that change, came too late
    """

    code: str
    who: Who
    handling: Handling
    message: str


_DIFFERS = _(
    "The data differ from those of the registered receipt, or the receipt is not"
    " registered. Wait until it has its JIR; a change needs the receipt as it was sent."
)

REFUSALS = catalogue(
    Known(
        "s001",
        "administrator",
        "permanent",
        _(
            "The message does not fit the authority's schema. Report this to whoever"
            " looks after the system; sending it again does not help."
        ),
    ),
    Known(
        "s002",
        "administrator",
        "configuration",
        _(
            "The authority does not accept the certificate: it is not of an accredited"
            " issuer, expired, or was revoked. Check that it is one for this"
            " environment (test or production), or get a new one."
        ),
    ),
    Known(
        "s003",
        "administrator",
        "configuration",
        _(
            "The certificate lacks what the authority asks for. Take the application"
            " certificate for fiscalisation, not another of the company's."
        ),
    ),
    Known(
        "s004",
        "administrator",
        "configuration",
        _(
            "The authority finds the signature wrong. Check that key and certificate"
            " belong together; else report it to whoever looks after the system."
        ),
    ),
    Known(
        "s005",
        "administrator",
        "configuration",
        _(
            "The OIB in the receipt is not the one in the certificate. Correct the"
            " company's Tax ID, or take this company's certificate."
        ),
    ),
    Known(
        "s006",
        "authority",
        "transient",
        _("The authority's system has an error. It is sent again later."),
    ),
    Known(
        "s007",
        "accountant",
        "late",
        _(
            "Payment means can be changed on the day of issue only. Reverse the receipt"
            " and issue a new one."
        ),
    ),
    Known("s008", "accountant", "change", _DIFFERS),
    Known(
        "s009",
        "accountant",
        "late",
        _("A tip can be reported within two days of the receipt's issue only."),
    ),
    Known("s010", "accountant", "change", _DIFFERS),
    Known(
        "s011",
        "accountant",
        "late",
        _(
            "Payment means and recipient can be changed on the day of issue only."
            " Reverse the receipt and issue a new one."
        ),
    ),
    Known("s012", "accountant", "change", _DIFFERS),
    Known(
        "s013",
        "accountant",
        "permanent",
        _("The authority refuses the receipt's data. Correct them and issue it anew."),
    ),
)

_ARITHMETIC = {
    "160": _("A VAT amount is lower than its base and rate give."),
    "161": _("A VAT amount is higher than its base and rate give."),
    "162": _("A consumption tax is lower than its base and rate give."),
    "163": _("A consumption tax is higher than its base and rate give."),
    "164": _("A fee is higher than 135.00 EUR."),
    "165": _("A fee is lower than -135.00 EUR."),
    "166": _("The total is not the sum of the receipt's amounts."),
    "167": _("The total is above 150 000 EUR for a transfer or other means."),
    "168": _("The total is above 10 000 EUR for cash or a card."),
}
"""Rules about amounts (spec croatia 8.3)."""

RULES = catalogue(
    Known(
        "101",
        "administrator",
        "permanent",
        _("The time of sending is more than six hours off. Set this server's clock."),
    ),
    Known(
        "103",
        "administrator",
        "permanent",
        _("The time of issue lies in the future. Set this server's clock."),
    ),
    Known(
        "104",
        "administrator",
        "permanent",
        _("The receipt was issued after it was sent. Set this server's clock."),
    ),
    Known("105", "administrator", "permanent", _("The receipt's number is 0.")),
    Known(
        "106",
        "administrator",
        "permanent",
        _("The receipt's number has more than six digits. Look at the numbering."),
    ),
    Known("110", "accountant", "permanent", _("A VAT rate is none of Croatia's.")),
    *(
        Known(str(code), "accountant", "permanent", message)
        for first, message in (
            (112, _("The VAT bases do not fit the receipt's total.")),
            (120, _("The consumption tax' bases do not fit the receipt's total.")),
            (126, _("The amount exempt from VAT does not fit the receipt's total.")),
            (129, _("The margin scheme's amount does not fit the receipt's total.")),
            (132, _("The amount out of scope does not fit the receipt's total.")),
        )
        for code in range(first, first + 3)
    ),
    Known("117", "accountant", "permanent", _("The consumption tax is below zero.")),
    Known(
        "118",
        "accountant",
        "permanent",
        _("The consumption tax is above three percent."),
    ),
    Known(
        "125",
        "accountant",
        "permanent",
        _("The receipt has another tax, and there is none at present."),
    ),
    Known(
        "141",
        "administrator",
        "permanent",
        _("A member for special purposes is filled, which is not allowed."),
    ),
    *(
        Known(str(code), "administrator", "permanent", message)
        for code, message in (
            (142, _("The company is not in the VAT system, but the receipt has VAT.")),
            (
                143,
                _("The company is not in the VAT system, but an amount is exempt."),
            ),
            (
                144,
                _("The company is not in the VAT system, but there is a margin."),
            ),
            (
                145,
                _("The company is not in the VAT system, but an amount is untaxed."),
            ),
        )
    ),
    Known(
        "152",
        "administrator",
        "late",
        _("The receipt came more than two days after its issue."),
    ),
    Known(
        "153",
        "administrator",
        "late",
        _("The receipt came more than five days after its issue."),
    ),
    *(
        Known(code, "accountant", "permanent", message)
        for code, message in _ARITHMETIC.items()
    ),
    Known(
        "176",
        "accountant",
        "late",
        _("The receipt was issued more than 30 days ago, which is too late."),
    ),
    Known(
        "177",
        "administrator",
        "permanent",
        _("The time of issue lies in the future. Set this server's clock."),
    ),
    Known("178", "administrator", "permanent", _("The receipt's number is 0.")),
    Known("179", "administrator", "permanent", _("The operator's OIB is wrong.")),
    Known("180", "accountant", "permanent", _("The customer's OIB is wrong.")),
    Known(
        "181",
        "accountant",
        "permanent",
        _("The customer's OIB is not allowed here: look at the payment means."),
    ),
    Known(
        "185",
        "accountant",
        "permanent",
        _("The total is above the 10 000 EUR that its payment means allows."),
    ),
)
"""By number alone: ``provjera`` writes ``v160``, a refusal ``160``."""

CHECK_PASSED = "v100"
