"""``GET /api/v1/documenttypes``: types, versions, and the windows of each.

``workflowParameters`` say until when a document may be sent, cancelled and
rejected, in hours; they follow the settings.
"""

from typing import Any

from ..codes import DOCUMENT_TYPES
from ..queries import not_found
from ..settings import Settings
from .schema import VERSIONS

_SINCE = "2020-06-09T00:00:00Z"
_PARAMETERS = {
    "cancellationDuration": "cancel_hours",
    "rejectionDuration": "reject_hours",
}


class DocumentTypes:
    """Answers the calls for types."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def all(self) -> dict[str, Any]:
        """Every type."""
        return {"result": [self._type(number) for number in _numbers()]}

    def one(self, number: int) -> dict[str, Any]:
        """A type by its number.

        :raises ApiError: when there is none
        """
        if number not in _numbers():
            raise not_found("document type", str(number))
        return self._type(number)

    def version(self, number: int, version: int) -> dict[str, Any]:
        """A version of a type, by their numbers.

        :raises ApiError: when there is none
        """
        for row in self.one(number)["documentTypeVersions"]:
            if row["id"] == version:
                return {**row, "jsonSchema": None, "xmlSchema": None}
        raise not_found("version", str(version))

    def _type(self, number: int) -> dict[str, Any]:
        code = _numbers()[number]
        name, name_ar = DOCUMENT_TYPES[code]
        return {
            "id": number,
            "name": code,
            "description": name,
            "descriptionAr": name_ar,
            "activeFrom": _SINCE,
            "activeTo": None,
            "documentTypeVersions": [
                {
                    "id": 10 * number + place,
                    "typeName": code,
                    "name": version,
                    "description": f"{name} {version}",
                    "versionNumber": float(version),
                    "status": "published",
                    "activeFrom": _SINCE,
                    "activeTo": None,
                }
                for place, version in enumerate(VERSIONS)
            ],
            "workflowParameters": self._parameters(number, code),
        }

    def _parameters(self, number: int, code: str) -> list[dict[str, Any]]:
        values = {
            parameter: self.settings.window(code, name)
            for parameter, name in _PARAMETERS.items()
        }
        if self.settings.document_days >= 0:
            values["submissionDuration"] = 24.0 * (self.settings.document_days + 1)
        return [
            {
                "id": 100 * number + place,
                "parameter": parameter,
                "value": value,
                "activeFrom": _SINCE,
                "activeTo": None,
            }
            for place, (parameter, value) in enumerate(values.items())
        ]


def _numbers() -> dict[int, str]:
    return dict(enumerate(DOCUMENT_TYPES, start=1))
