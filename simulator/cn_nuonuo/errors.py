"""What is refused, and by which code (spec china 1.1)."""

from __future__ import annotations

from typing import NamedTuple

GOOD = "E0000"
# Codes that the platform documents for requestBillingNew and its sisters.
TEXTS = {
    "E4000": "请求处理失败",
    "E9101": "开票类型有误",
    "E9102": "发票代码或号码有误",
    "E9103": "蓝票已全部冲红",
    "E9104": "邮箱长度超过50",
    "E9105": "折扣行与被折扣行商品名称不同",
    "E9106": "订单号重复",
    "E9107": "代开标志有误",
    "E9108": "折扣额大于被折扣行金额",
    "E9110": "折扣行未紧跟被折扣行",
    "E9111": "数量正负有误",
    "E9112": "折扣行与被折扣行税率不同",
    "E9113": "购方名称与蓝票不同",
    "E9115": "购方税号与蓝票不同",
    "E9121": "商品编码缺失或有误",
    "E9122": "没有发票明细",
    "E9123": "单价为空时三项金额必填",
    "E9124": "不含税金额长度有误",
    "E9125": "不含税金额不是数字",
    "E9126": "税额长度有误",
    "E9127": "税额不是数字",
    "E9128": "含税金额长度有误",
    "E9129": "含税金额不是数字",
    "E9130": "不含税金额加税额不等于含税金额",
    "E9131": "税额误差超过0.06",
    "E9138": "商品名称未匹配到编码",
    "E9154": "拆分超过10张",
    "E9301": "企业未注册",
    "E9302": "身份与税号不符",
    "E9338": "没有接口权限",
    "E9500": "未查询到数据",
    "E9601": "查询失败",
    "E9611": "流水号和订单号不能同时为空",
    "E9613": "重试次数超限",
    "E9796": "货物运输信息缺失",
    "E9797": "运输工具种类有误",
    "E9798": "运输工具牌号有误",
    "E9799": "起运地有误",
    "E9800": "到达地有误",
    "E9801": "运输货物名称有误",
    "E9999": "未找到发票",
}


class Problem(NamedTuple):
    """One thing that is wrong: ``detail`` is English, for whoever reads a test."""

    code: str
    path: str
    detail: str


class ApiError(Exception):
    """A call is answered by a code other than E0000: that of the first problem.

    :ivar result: what is answered besides
    :ivar shape: ``code``, or ``error`` where the answer is as the token endpoint's
    """

    def __init__(self, problems: list[Problem], http_status: int = 200) -> None:
        self.result: object = None
        self.shape = "code"
        super().__init__("; ".join(f"{row.path}: {row.detail}" for row in problems))
        self.problems = problems
        self.http_status = http_status
        self.code = problems[0].code

    @property
    def describe(self) -> str:
        """The text beside the code."""
        first = self.problems[0]
        text = TEXTS.get(first.code, "请求被拒绝")
        return f"{text}[{first.path}]" if first.path else text

    def answer(self) -> dict[str, object]:
        """What is answered."""
        if self.shape == "error":
            return {"error": self.code, "error_description": self.describe}
        answer: dict[str, object] = {"code": self.code, "describe": self.describe}
        return answer if self.result is None else {**answer, "result": self.result}


def refused(code: str, path: str, detail: str) -> ApiError:
    """An error of one problem."""
    return ApiError([Problem(code, path, detail)])
