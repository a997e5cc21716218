"""What the office in Shanghai sells in a day, and what comes back."""

from __future__ import annotations

from .sale import Line, Return, Sale

SPECIAL = {"cn_fapiao_kind": "81"}
BUILDING = {
    "cn_special": "03",
    "cn_place": "上海市浦东新区",
    "cn_place_address": "示范路1号",
    "cn_project": "示范大厦",
}

SOLD = (
    Sale("CN-101", "desk", "firm", (Line("screen", 2), Line("cable", 10))),
    Sale("CN-102", "desk", "firm", (Line("screen", 5),), values=SPECIAL),
    Sale("CN-103", "desk", "person", (Line("cable", 1, discount=10),)),
    Sale("CN-104", "desk", "known", (Line("service", 8, ("vat_6",)),)),
    Sale("CN-105", "desk", "firm", (Line("server", 4),), values=SPECIAL),
    Sale("CN-106", "desk", "person", (Line("cable", 3),)),
    Sale("CN-107", "desk", "firm", (Line("service", 1, ("vat_6",)),), values=BUILDING),
)
"""CN-105 is more than one fapiao may have, and split by the provider."""

GROUPS = (SOLD,)

RETURNS = (
    Return("CN-101", "退货两根", quantity=1),
    Return("CN-106", "全部退货"),
)

AWAITED = Return("CN-102", "开票有误")
"""Of a fapiao that its buyer has deducted: he has to agree."""

WHILE_LOGGED_OUT = Sale("CN-201", "desk", "firm", (Line("screen", 1),))
"""Posted while the clerk is logged out at the tax bureau."""

FOR_YOU = Sale("CN-301", "desk", "firm", (Line("screen", 1), Line("cable", 2)))
"""Left as a draft for who watches."""
