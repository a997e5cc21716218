"""Answers: JSON, and errors in ETA's shape (SDK, /standard-error-response/)."""

import json
import math
from decimal import Decimal
from typing import Any

from werkzeug.wrappers import Response


class ApiError(Exception):
    """Ends a call with a standard error body.

    :param retry_after: seconds, for the header ``Retry-After``
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: list[dict[str, Any]] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": error_body(code, message, target, details)}
        self.retry_after = retry_after

    def response(self) -> Response:
        """As an HTTP answer."""
        answer = json_response(self.body, self.status)
        if self.retry_after is not None:
            answer.headers["Retry-After"] = str(max(1, math.ceil(self.retry_after)))
        return answer


def error_body(
    code: str,
    message: str,
    target: str | None = None,
    details: list[dict[str, Any]] | None = None,
    path: str | None = None,
) -> dict[str, Any]:
    """One error object."""
    body: dict[str, Any] = {
        "code": code,
        "message": message,
        "target": target,
        "details": details or [],
    }
    if path is not None:
        body["propertyPath"] = path
    return body


def too_many(retry_after: float) -> Response:
    """429: ETA's flat body."""
    body = {
        "error": "Too many requests",
        "message": "The rate limit of this API is exceeded.",
        "code": 429,
    }
    answer = json_response(body, 429)
    answer.headers["Retry-After"] = str(max(1, math.ceil(retry_after)))
    return answer


def json_response(body: object, status: int = 200) -> Response:
    """JSON; decimals keep their digits as numbers."""
    text = json.dumps(body, ensure_ascii=False, default=_default)
    return Response(text, status, content_type="application/json; charset=utf-8")


def _default(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
