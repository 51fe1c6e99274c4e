"""Hypothesis without its bounds on time: what is slow on a busy machine is no fault."""

from hypothesis import HealthCheck, settings


def load() -> None:
    """On top of the profile in use."""
    profile = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("unhurried", settings(), **profile)
    settings.load_profile("unhurried")
