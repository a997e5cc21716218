"""The commands behind ``dev/run``, ``dev/test`` and their like."""
