"""Names, states and kinds on the wire (spec china 1.1 and 2.2)."""

from datetime import datetime, timedelta, timezone
from typing import NamedTuple

SERVICES, TOKEN, FILES = "/open/v1/services", "/accessToken", "/files/"
FAMILY = "nuonuo.OpeMplatform."
CHINA = timezone(timedelta(hours=8))

ISSUING, SIGNING, DONE, FAILED, UNSIGNED = "20", "21", "2", "22", "24"
VOID, VOIDING = "3", "31"
STATUS_TEXTS = {
    DONE: "开票完成",
    ISSUING: "开票中",
    SIGNING: "已开票，版式文件生成中",
    FAILED: "开票失败",
    UNSIGNED: "已开票，版式文件生成失败",
    VOID: "已作废",
    VOIDING: "作废中",
}
# They have a number: nothing undoes their issue but a red letter.
ISSUED = (SIGNING, DONE, UNSIGNED)

# States of a confirmation of a red letter.
FREE, WAIT_BUYER, WAIT_SELLER, AGREED = "01", "02", "03", "04"
BUYER_REFUSED, SELLER_REFUSED, EXPIRED = "05", "06", "07"
WITHDRAWN, WITHDRAWN_LATE, APPLYING, NOT_APPLIED = "08", "09", "15", "16"
BILL_TEXTS = {
    FREE: "无需确认",
    WAIT_BUYER: "销方已录入，待购方确认",
    WAIT_SELLER: "购方已录入，待销方确认",
    AGREED: "购销双方已确认",
    BUYER_REFUSED: "购方已否认，作废",
    SELLER_REFUSED: "销方已否认，作废",
    EXPIRED: "超过72小时未确认，作废",
    WITHDRAWN: "发起方已撤销",
    WITHDRAWN_LATE: "确认后已撤销",
    APPLYING: "申请中",
    NOT_APPLIED: "申请失败",
}
OPEN_BILLS = (FREE, WAIT_BUYER, WAIT_SELLER, AGREED, APPLYING)


class Kind(NamedTuple):
    """A kind of invoice: ``special`` ones let the buyer deduct the tax."""

    code: str
    title: str
    special: bool
    paper: bool

    @property
    def qr(self) -> str:
        """The kind in the text of the QR code."""
        return "31" if self.special else "32"


KINDS = {
    kind.code: kind
    for kind in (
        Kind("bs", "电子发票(增值税专用发票)", True, False),
        Kind("pc", "电子发票(普通发票)", False, False),
        Kind("es", "全电纸质发票(增值税专用发票)", True, True),
        Kind("ec", "全电纸质发票(普通发票)", False, True),
    )
}
PROVINCES = {
    "1100": "北京市",
    "3100": "上海市",
    "3300": "浙江省",
    "4400": "广东省",
    "9100": "大连市",
}


def local(seconds: float) -> datetime:
    """A moment of the epoch, in China's time."""
    return datetime.fromtimestamp(seconds, CHINA)


def moment_text(seconds: float) -> str:
    """``yyyy-MM-dd HH:mm:ss`` in China's time."""
    return local(seconds).strftime("%Y-%m-%d %H:%M:%S")


def milliseconds(seconds: float) -> int:
    """Epoch milliseconds, as the platform gives moments."""
    return int(seconds * 1000)
