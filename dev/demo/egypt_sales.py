"""What the Egyptian shop sells in a day, and what comes back."""

from __future__ import annotations

from .sale import Line, Return, Sale

VAT = ("vat",)
INCLUDED = ("vat_included",)
EXEMPT = ("exempt",)
WITHHELD = ("vat", "withheld")
TABLE = ("table", "vat")

INVOICES_OF_TILL_1 = (
    Sale("SO-1001", "till_1", "mona", (Line("pen", 12), Line("notebook", 5))),
    Sale("SO-1002", "till_1", "ahmed", (Line("book", 3, EXEMPT),)),
    Sale(
        "SO-1003",
        "till_1",
        "walk_in",
        (Line("pen", 3, discount=10), Line("bag", 1, discount=33.33)),
    ),
    Sale(
        "SO-1004",
        "till_1",
        "mona",
        (Line("notebook", 10), Line("pen", 1, discount=100)),
    ),
    Sale("SO-1005", "till_1", "fatma", (Line("tea", 0.375, TABLE), Line("tea", 2.25))),
    Sale("SO-1006", "till_1", "school", (Line("printing", 7.5, WITHHELD),)),
    Sale(
        "SO-1007",
        "till_1",
        "ahmed",
        (
            Line("notebook", 40),
            Line("bag", 2),
            Line("", 1, price=-85.5, text="خصم خاص"),
        ),
    ),
    Sale(
        "SO-1008", "till_1", "tourist", (Line("book", 2, EXEMPT, 19.9),), currency="USD"
    ),
    Sale("SO-1009", "till_1", "walk_in", (Line("pen", 7, INCLUDED, 9.99),)),
    Sale(
        "SO-1010",
        "till_1",
        "school",
        (Line("laptop", 6), Line("printing", 3, WITHHELD), Line("book", 30, EXEMPT)),
    ),
    Sale("SO-1011", "till_1", "fatma", (Line("bag", 1), Line("bag", 1, discount=50))),
)

INVOICES_OF_TILL_2 = (
    Sale("SO-2001", "till_2", "walk_in", (Line("notebook", 1),)),
    Sale("SO-2002", "till_2", "fatma", (Line("book", 1, EXEMPT), Line("pen", 2))),
    Sale("SO-2003", "till_2", "mona", (Line("tea", 1.125, TABLE),)),
    Sale("SO-2004", "till_2", "ahmed", (Line("laptop", 1, discount=12.5),)),
    Sale("SO-2005", "till_2", "walk_in", (Line("pen", 1, INCLUDED, 0.35),)),
    Sale("SO-2006", "till_2", "tourist", (Line("bag", 3, VAT, 12.35),), currency="USD"),
    Sale(
        "SO-2007",
        "till_2",
        "mona",
        (
            Line("pen", 3, INCLUDED, 33.33, discount=5),
            Line("book", 1, EXEMPT),
            Line("", 1, EXEMPT, -20, text="خصم ولاء"),
        ),
    ),
    Sale("SO-2008", "till_2", "ahmed", (Line("printing", 1.75),)),
    Sale("SO-2009", "till_2", "walk_in", (Line("notebook", 3, VAT, 33.33),)),
    Sale(
        "SO-2010",
        "till_2",
        "school",
        tuple(Line("pen", number + 1, VAT, 7.77 + number) for number in range(12)),
    ),
    Sale("SO-2011", "till_2", "fatma", (Line("tea", 0.005), Line("tea", 12.5))),
)

SALES_RECEIPTS = (
    Sale(
        "POS-3001",
        "till_2",
        "walk_in",
        (Line("pen", 2, discount=15), Line("notebook", 1)),
        kind="out_receipt",
    ),
    Sale(
        "POS-3002",
        "till_1",
        "mona",
        (Line("tea", 0.25, INCLUDED, 240, discount=7.5),),
        kind="out_receipt",
    ),
)

GROUPS = (INVOICES_OF_TILL_1, INVOICES_OF_TILL_2, SALES_RECEIPTS)

RETURNS = (
    Return("SO-1001", "حبر جاف", quantity=2),
    Return("SO-2004", "عيب صناعة"),
    Return("SO-2006", "مقاس غير مناسب", quantity=1),
    Return("POS-3001", "استبدال", quantity=1),
)

# The authority would refuse it: an item without a code, and a sale so large that its
# buyer must be identified.
WRONG = Sale("SO-9001", "till_1", "ahmed", (Line("clock", 1), Line("laptop", 8)))
