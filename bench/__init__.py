"""Benchmarks and long fault runs; each prints one JSON line.

Start them with ``dev/shell``, which sets the database up: ``dev/shell python -m
bench.faults``. They share the fault tests' helpers.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "faults"))
