"""Nuonuo's codes and causes: what each means, who can mend it, what becomes of the
document. Source: spec china 1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..catalogue import Who, catalogue
from ..messages import _

Handling = Literal["permanent", "configuration", "hold", "unclear"]


@dataclass(frozen=True, slots=True)
class Known:
    """A known code.

    :ivar handling: ``permanent`` the document will never be taken as it is;
        ``configuration`` nothing of this company will be, until a person mends it;
        ``hold`` the same document later, once a person has done something;
        ``unclear`` whether it was done has to be asked
    """

    code: str
    who: Who
    handling: Handling
    message: str


def _document(code: str, message: str) -> Known:
    return Known(code, "accountant", "permanent", message)


def _set_up(code: str, message: str) -> Known:
    return Known(code, "administrator", "configuration", message)


GATEWAY = catalogue(
    _set_up(
        "070101",
        _("The provider does not know the app key. Correct it in the registration."),
    ),
    _set_up(
        "070304",
        _(
            "The provider does not know the app key with which a token was asked for."
            " Correct it in the registration."
        ),
    ),
    _set_up(
        "070305",
        _("The app secret is wrong. Correct it in the registration."),
    ),
    _set_up(
        "070306",
        _(
            "The provider gives no more access tokens for now: 50 were asked for in 30"
            " days. Wait, and find out what asks so often."
        ),
    ),
    _set_up(
        "070307",
        _(
            "The application is of another kind: for the company's own use, or for"
            " others with their authorization. Correct it in the registration."
        ),
    ),
    _set_up(
        "070315",
        _(
            "The call for a token had the wrong form. Report this to whoever looks"
            " after the system."
        ),
    ),
    _set_up(
        "070601",
        _(
            "The call's signature does not fit. Correct the app secret in the"
            " registration."
        ),
    ),
)

_LENGTH = _(
    "An amount has too many digits or is no number. Correct the amounts of the lines."
)
_SIGN = _(
    "A quantity has the wrong sign: positive when it is sold, negative when it is taken"
    " back. Correct the lines."
)
_OTHER_BUYER = _(
    "The buyer differs from the one on the fapiao that is taken back. Use the same"
    " name, tax number, address and account."
)
_FREIGHT = _(
    "The particulars of the freight are incomplete: means of transport, its number,"
    " origin, destination and goods. Correct them on the document."
)

CALLS = catalogue(
    Known(
        "E4000",
        "authority",
        "unclear",
        _("The provider failed to carry out the call. It is asked what became of it."),
    ),
    _document("E9101", _("It is neither a blue nor a red fapiao.")),
    _document("E9102", _("Code or number of the fapiao to take back are wrong.")),
    _document("E9103", _("The fapiao was taken back already. Nothing is left to do.")),
    _document("E9104", _("The mail address is longer than 50 characters. Correct it.")),
    _document("E9105", _("A discount has another name than the line before it.")),
    Known(
        "E9106",
        "accountant",
        "unclear",
        _("The provider has a document with this order number already."),
    ),
    _document("E9107", _("The mark of a fapiao issued for others is wrong.")),
    _document(
        "E9108",
        _("A discount is larger than its line. Correct price and discount."),
    ),
    _document("E9110", _("A discount does not stand right after its line.")),
    *(_document(code, _SIGN) for code in ("E9111", "E9114", "E9116", "E9119")),
    _document("E9112", _("A discount has another rate than its line.")),
    *(
        _document(code, _OTHER_BUYER)
        for code in ("E9113", "E9115", "E9117", "E9118", "E9120")
    ),
    _document(
        "E9121",
        _("A line has no tax classification code. Map one to the product."),
    ),
    _document("E9122", _("The document has no lines.")),
    _document("E9123", _("A line has neither a price nor all three amounts.")),
    *(_document(f"E91{number}", _LENGTH) for number in range(24, 30)),
    _document(
        "E9130",
        _("Net and tax of a line do not make up its total. Correct the line's tax."),
    ),
    _document(
        "E9131",
        _(
            "A line's tax is more than 0.06 from net times rate. Correct the line's"
            " tax."
        ),
    ),
    _document(
        "E9138",
        _(
            "The provider found no tax classification code that fits a line. Map one to"
            " the product."
        ),
    ),
    _document(
        "E9154",
        _(
            "The amount would be split into more than ten fapiao. Split the document,"
            " or have the limit of a single fapiao raised."
        ),
    ),
    _set_up(
        "E9301",
        _(
            "The provider does not know the company. Open its account there, or correct"
            " its tax number."
        ),
    ),
    _set_up(
        "E9302",
        _(
            "The credentials are not those of the company with this tax number. Enter"
            " this company's in the registration."
        ),
    ),
    _set_up(
        "E9338",
        _(
            "The application may not make this call. Have the interface opened at the"
            " provider."
        ),
    ),
    _document("E9500", _("The provider does not know the document.")),
    Known(
        "E9601",
        "authority",
        "unclear",
        _("The provider failed to look the document up. It is asked again."),
    ),
    _document("E9611", _("The question named no document.")),
    _document(
        "E9613",
        _(
            "The issue was tried twenty times and is not tried again. Mend the cause"
            " and issue the document anew."
        ),
    ),
    *(_document(f"E{number}", _FREIGHT) for number in range(9796, 9802)),
    _document("E9999", _("The provider does not know the fapiao.")),
)

LOGGED_OUT, PERSON_CHECK, CREDIT_LINE = "not_logged_in", "person_check", "credit_line"
FAILED = "issue_failed"

CAUSES = catalogue(
    Known(
        LOGGED_OUT,
        "accountant",
        "hold",
        _(
            "The clerk is not logged in at the tax bureau. Log in (QR code or text"
            " message) and have the document tried again."
        ),
    ),
    Known(
        PERSON_CHECK,
        "accountant",
        "hold",
        _(
            "The tax bureau wants to see the clerk's face. Scan the QR code with the"
            " bureau's app, then have the document tried again."
        ),
    ),
    Known(
        CREDIT_LINE,
        "accountant",
        "hold",
        _(
            "The company's credit line of this month is used up. Ask the tax bureau to"
            " raise it, or wait for the next month, then have the document tried again."
        ),
    ),
    Known(
        FAILED,
        "accountant",
        "permanent",
        _(
            "The fapiao could not be issued. Mend what is named and issue the document"
            " anew."
        ),
    ),
)

HELD = frozenset(code for code, one in CAUSES.items() if one.handling == "hold")
"""A document that failed for one of these need not be issued anew: once a person has
done what is said, the provider tries it again under the same order number."""

CAUSE_WORDS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (CREDIT_LINE, ("授信额度", "总额度", "额度不足", "剩余额度", "可用额度")),
    (
        PERSON_CHECK,
        ("实人认证", "实名认证", "人脸", "扫码认证", "风险认证", "身份认证"),
    ),
    (
        LOGGED_OUT,
        ("未登录", "登录失效", "登录已失效", "重新登录", "请登录", "登录过期", "掉线"),
    ),
)
"""What a cause is known by. The vendor has no codes for causes, and its words may
change (not confirmed); one that is not known is :data:`FAILED`."""

RED_STATES = catalogue(
    _document(
        "red_05",
        _(
            "The buyer refused the red letter, so it is void. Agree with the buyer and"
            " ask again."
        ),
    ),
    _document(
        "red_06",
        _("The company itself refused the red letter, so it is void."),
    ),
    _document(
        "red_07",
        _(
            "The buyer did not confirm the red letter within 72 hours, so it is void."
            " Agree with the buyer and ask again."
        ),
    ),
    _document("red_08", _("The request for the red letter was withdrawn.")),
    _document(
        "red_09",
        _("The red letter was withdrawn after both had agreed. Ask again."),
    ),
    _document(
        "red_10",
        _(
            "The red letter is void: the fapiao is an abnormal voucher. Ask the tax"
            " bureau."
        ),
    ),
    _document(
        "red_11",
        _(
            "The red letter is void: one of the taxpayers is in an abnormal state. Ask"
            " the tax bureau."
        ),
    ),
    _document(
        "red_12",
        _("The natural person refused the red letter. Agree with him and ask again."),
    ),
    _document(
        "red_13",
        _(
            "The red letter is void: a refund was applied for with the fapiao. Ask the"
            " buyer to take that back."
        ),
    ),
    _document(
        "red_16",
        _("The tax bureau did not take the request for the red letter."),
    ),
)
"""By state of the confirmation: those that end it."""
