"""What tax authorities want, in pure Python: no database, no Odoo.

An authority is one package below this one. It registers its ``Authority`` class
under a code; whoever wants to speak to an authority asks :func:`authority_class`.
"""

from .contract import Authority

_AUTHORITIES: dict[str, type[Authority]] = {}


def register_authority(authority: type[Authority]) -> type[Authority]:
    """Make an authority known under its ``code`` (usable as a class decorator).

    :raise ValueError: another class is already registered under that code
    """
    known = _AUTHORITIES.setdefault(authority.code, authority)
    if known is not authority:
        raise ValueError(f"Authority code {authority.code!r} is taken by {known!r}")
    return authority


def forget_authority(code: str) -> None:
    """Take an authority out again (for tests that bring their own)."""
    _AUTHORITIES.pop(code, None)


def authority_class(code: str) -> type[Authority]:
    """Return the class registered under ``code``.

    :raise KeyError: no authority has that code
    """
    return _AUTHORITIES[code]


def authority_classes() -> dict[str, type[Authority]]:
    """Return every registered authority, by code, in order of registration."""
    return dict(_AUTHORITIES)


def codes_owner(code: str) -> str:
    """Return the authority whose code tables, and so whose mappings, ``code`` uses:
    two systems of one tax administration share them.

    :raise KeyError: no authority has that code
    """
    return getattr(_AUTHORITIES[code], "codes_from", code)


def codes_owners() -> dict[str, str]:
    """Return the name of each set of code tables, by the authority that owns it."""
    owners = dict.fromkeys(codes_owner(code) for code in _AUTHORITIES)
    return {
        code: getattr(_AUTHORITIES[code], "codes_name", _AUTHORITIES[code].name)
        for code in owners
    }


from . import eg_eta, hr_cis, cn_nuonuo  # noqa: E402  authorities register themselves

__all__ = [
    "authority_class",
    "authority_classes",
    "cn_nuonuo",
    "codes_owner",
    "codes_owners",
    "eg_eta",
    "forget_authority",
    "hr_cis",
    "register_authority",
]
