"""``python -m simulator [eg_eta|hr_cis|cn_nuonuo] [--port 0] [--config FILE] ...``.

Prints one line with the address as soon as it serves, and stops at SIGTERM or
SIGINT.
"""

import argparse
import importlib
import json
import signal
import sys
import threading
from pathlib import Path

from .server import NotLoopbackError, SimulatorServer

AUTHORITIES = ("eg_eta", "hr_cis", "cn_nuonuo")


def main(arguments: list[str] | None = None) -> int:
    """Serve until a signal comes; the exit code."""
    options = _parser().parse_args(arguments)
    if bool(options.tls_cert) != bool(options.tls_key):
        return _failed("--tls-cert and --tls-key come together.")
    tls = (options.tls_cert, options.tls_key) if options.tls_cert else None
    try:
        text = options.config.read_text(encoding="utf-8") if options.config else "{}"
        config = json.loads(text)
        package = importlib.import_module(f".{options.authority}", __package__)
        app = package.App(config, data=options.data)
        server = SimulatorServer(app, options.host, options.port, tls)
    except (NotLoopbackError, ValueError, OSError) as error:
        return _failed(str(error))

    def stop(*_signal: object) -> None:
        # serve() runs in this thread and cannot be shut down from itself
        threading.Thread(target=server.stop).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"{options.authority} simulator: {server.url}", flush=True)
    server.serve()
    app.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description=__doc__.split("\n\n")[1]
    )
    parser.add_argument("authority", nargs="?", default="eg_eta", choices=AUTHORITIES)
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--port", type=int, default=0, help="0: a free one")
    parser.add_argument("--config", type=Path, help="JSON: who is registered, settings")
    parser.add_argument("--tls-cert", help="PEM file: serve HTTPS")
    parser.add_argument("--tls-key", help="PEM file")
    parser.add_argument("--data", type=Path, help="file that outlives the process")
    return parser


def _failed(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
