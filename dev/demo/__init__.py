"""The demonstrations of ``dev/run``, one module per country."""
