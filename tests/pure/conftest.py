"""What holds for all tests without Odoo."""

from hypothesis import HealthCheck, settings

# How long an example takes tells of the machine and what else it does.
settings.register_profile(
    "patient", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")
