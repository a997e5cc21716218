"""One way to call an authority over HTTP, for all of them."""

from .client import (
    Answer,
    Call,
    HttpClient,
    check_address,
    clock_offset_of,
    is_loopback,
)
from .redaction import MASK, Redactor
from .tokens import KEPT_TOKENS, TOKENS, MemoryTokenStore, Token, TokenCache

__all__ = [
    "KEPT_TOKENS",
    "MASK",
    "TOKENS",
    "Answer",
    "Call",
    "HttpClient",
    "MemoryTokenStore",
    "Redactor",
    "Token",
    "TokenCache",
    "check_address",
    "clock_offset_of",
    "is_loopback",
]
