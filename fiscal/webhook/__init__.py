"""Telling other systems what became of documents: what is sent, how it is signed, where
it may go, and one call of a receiver."""

from .addresses import Policy, check_target, parse_networks
from .calling import Message, Result, deliver
from .signature import SHORTEST_SECRET, TOLERANCE, sign

__all__ = [
    "SHORTEST_SECRET",
    "TOLERANCE",
    "Message",
    "Policy",
    "Result",
    "check_target",
    "deliver",
    "parse_networks",
    "sign",
]
