"""What validation found, and the shape ETA reports it in.

ETA publishes no list of error codes. Codes that start with ``SIM-`` are this
simulator's own; the others (``RR308``, ``RR322``, ``Rule42T1``, ``CV302``,
``SF306``, ``SF307``, ``SF337``, ``NI310``, ``TP302``, ``TP309``, ``DS301`` and
those of signatures) are known from integrators.
"""

from typing import Any, NamedTuple


class Step(NamedTuple):
    """A validation step, named in the manner of ETA's."""

    id: int
    name: str
    name_ar: str
    summary: str
    summary_ar: str


UUID = Step(
    4,
    "Step-03.Receipt UUID Validator",
    "التحقق من المعرف الفريد للإيصال",
    "Invalid receipt UUID",
    "المعرف الفريد للإيصال غير صحيح",
)
SIGNATURE = Step(
    4,
    "Step-03.ITIDA Signature Validator",
    "التحقق من التوقيع الإلكتروني",
    "Invalid Digital Signature",
    "التوقيع الإلكتروني غير صحيح",
)
NATIONAL_ID = Step(
    5,
    "Step-04.NationalID Validator",
    "التحقق من الرقم القومي",
    "Invalid national id",
    "الرقم القومي غير صحيح",
)
TAXPAYER = Step(
    6,
    "Step-05.TaxpayerProfile Validator",
    "التحقق من ملف الممول",
    "Taxpayer, branch or device is not entitled",
    "الممول أو الفرع أو نقطة البيع غير مسموح لهم",
)
SIMPLE = Step(
    9,
    "Step-06.Simple Validator",
    "التحقق من الحقول",
    "Field rules are broken",
    "بيانات الحقول غير صحيحة",
)
CODES = Step(
    10,
    "Step-07.Code Field Validator",
    "التحقق من الأكواد",
    "Codes are not valid",
    "الأكواد غير صحيحة",
)
REFERENCE = Step(
    7,
    "Step-08.Document Reference Validator",
    "التحقق من الإيصال المرجعي",
    "Referenced receipts are not valid",
    "الإيصال المرجعي غير صحيح",
)
DUPLICATE = Step(
    8,
    "Step-08.Duplicate Submission Validator",
    "التحقق من تكرار المستند",
    "The document was submitted before",
    "تم تقديم المستند من قبل",
)
# The same, when the step of references comes before it.
DUPLICATE_LATER = DUPLICATE._replace(name="Step-09.Duplicate Submission Validator")
CHAIN = Step(
    8,
    "Step-09.Receipt Chain Validator",
    "التحقق من تسلسل الإيصالات",
    "The chain of the device is broken",
    "تسلسل إيصالات نقطة البيع غير صحيح",
)


class Finding(NamedTuple):
    """One fault of one receipt or document."""

    step: Step
    code: str
    path: str
    message: str

    def plain(self) -> dict[str, str]:
        """For the control API and the data file."""
        return {**self._asdict(), "step": self.step.name}

    def shape(self) -> dict[str, Any]:
        """As an error object of ETA."""
        return {
            "propertyName": self.path.rpartition(".")[2],
            "propertyPath": self.path,
            "errorCode": self.code,
            "error": self.message,
            "errorAr": f"{self.step.summary_ar}: {self.path}",
            "innerError": [],
        }


def shape_errors(findings: list[Finding]) -> list[dict[str, Any]]:
    """One entry per step; several faults of a step lie in its ``innerError``."""
    by_step: dict[Step, list[Finding]] = {}
    for finding in findings:
        by_step.setdefault(finding.step, []).append(finding)
    return [
        {
            "stepId": step.id,
            "stepName": step.name,
            "stepNameAr": step.name_ar,
            "error": _error(step, found),
        }
        for step, found in by_step.items()
    ]


def shape_steps(
    steps: list[Step], findings: list[Finding], status: str
) -> list[dict[str, Any]]:
    """Every step of a document with its status, as the e-Invoice system does.

    :param status: of steps without a fault
    """
    rows = []
    for step in steps:
        found = [finding for finding in findings if finding.step == step]
        rows.append(
            {
                "stepId": step.id,
                "name": step.name,
                "status": "Invalid" if found else status,
                "error": wrapped(step, found) if found else None,
            }
        )
    return rows


def _error(step: Step, found: list[Finding]) -> dict[str, Any]:
    return found[0].shape() if len(found) == 1 else wrapped(step, found)


def wrapped(step: Step, found: list[Finding]) -> dict[str, Any]:
    """The error of a whole step, with its faults inside."""
    return {
        "propertyName": "",
        "propertyPath": "",
        "errorCode": "Err03" if step == SIGNATURE else f"SIM-STEP-{step.id}",
        "error": step.summary,
        "errorAr": step.summary_ar,
        "innerError": [finding.shape() for finding in found],
    }
