"""Whether a signature holds: asked of the command ``openssl``.

So the answer comes from an implementation that neither side of this add-on
wrote or calls in any other way.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

# No trust from the machine's own stores, and partial chains: every certificate
# that is trusted here may end a chain.
_TRUST = ("-no-CApath", "-no-CAstore", "-partial_chain", "-purpose", "any")
_FAILED, _UNREADABLE = 4, 2
_SECONDS = 60


class OpenSslMissingError(ValueError):
    """There is no command ``openssl``; the text says what to do."""


class OpenSslError(RuntimeError):
    """``openssl`` could not be asked; the text is what it said."""


def command() -> str:
    """Path of the command.

    :raises OpenSslMissingError: when it is not installed
    """
    path = shutil.which("openssl")
    if path is None:
        raise OpenSslMissingError(
            "The simulator checks signatures with the command openssl, which is not "
            "installed; on Debian: apt-get install openssl."
        )
    return path


def holds(
    signature: bytes, content: bytes, trusted: Sequence[str], moment: datetime
) -> bool:
    """Whether a detached signature (DER) and its certificates hold at ``moment``.

    :param content: what was signed
    :param trusted: PEM certificates
    :raises OpenSslError: when the question could not be asked
    """
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "text").write_bytes(content)
        (place / "signature").write_bytes(signature)
        done = _run(
            "cms",
            "-verify",
            "-binary",
            *("-inform", "DER", "-in", place / "signature"),
            *("-content", place / "text", "-out", place / "out"),
            *_trust(place, trusted, moment),
        )
    if done.returncode in (0, _FAILED, _UNREADABLE):
        return done.returncode == 0
    raise OpenSslError(done.stderr.decode(errors="replace"))


def distrusts(
    certificate: str, others: Sequence[str], trusted: Sequence[str], moment: datetime
) -> str:
    """Why a certificate is not good at ``moment``; "" when it is.

    :param others: certificates that came with it and may stand in its chain
    """
    if not trusted:
        return "no certification authority is trusted"
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "certificate").write_text(certificate)
        more: tuple[str | Path, ...] = ()
        if others:
            (place / "others").write_text("\n".join(others))
            more = ("-untrusted", place / "others")
        done = _run(
            "verify",
            *_trust(place, trusted, moment),
            *more,
            place / "certificate",
        )
    if done.returncode == 0:
        return ""
    lines = (done.stderr + done.stdout).decode(errors="replace").splitlines()
    said = [line for line in lines if line.startswith("error ")]
    return said[0] if said else "; ".join(lines)


def _trust(
    place: Path, trusted: Sequence[str], moment: datetime
) -> tuple[str | Path, ...]:
    file = place / "trusted"
    file.write_text("\n".join(trusted))
    when = str(int(moment.timestamp()))
    return (*_TRUST, "-attime", when, "-CAfile", file)


def _run(*arguments: str | Path) -> subprocess.CompletedProcess:
    return subprocess.run(
        [command(), *map(str, arguments)],
        check=False,
        capture_output=True,
        timeout=_SECONDS,
        stdin=subprocess.DEVNULL,
    )
