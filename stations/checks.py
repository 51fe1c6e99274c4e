"""Settings of stations, and Django's system checks of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from stations.link.egress import Policy
from stations.link.pacing import Rates

LONGEST_SPREAD = 86_400.0  # seconds
KINDS = ("CSMS", "TRANSFERS")


def egress_policy(kind: str) -> Policy:
    """`kind`: of KINDS. Raises ValueError with the sentence to show."""
    name = f"EGRESS_{kind}"
    allow, deny = getattr(settings, f"{name}_ALLOW"), getattr(settings, f"{name}_DENY")
    return Policy.parse(name, allow, deny)


def dial_rates() -> Rates:
    """As CHARGE_POINT_DIAL_RATE has them. Raises ValueError with the sentence to show."""
    return Rates.parse(settings.CHARGE_POINT_DIAL_RATE)


@checks.register()
def dialing_can_be_read(**kwargs: Any) -> list[checks.CheckMessage]:
    """Django's system check of CHARGE_POINT_DIAL_RATE and CHARGE_POINT_BOOT_SPREAD."""
    errors = []
    try:
        dial_rates()
    except ValueError as error:
        errors.append(checks.Error(f"CHARGE_POINT_DIAL_RATE: {error}", id="stations.E002"))
    if not 0 <= settings.CHARGE_POINT_BOOT_SPREAD <= LONGEST_SPREAD:
        errors.append(checks.Error(
            f"CHARGE_POINT_BOOT_SPREAD must be from 0 to {LONGEST_SPREAD:g} seconds.",
            id="stations.E003",
        ))  # fmt: skip
    return errors


@checks.register()
def egress_can_be_read(**kwargs: Any) -> list[checks.CheckMessage]:
    """Django's system check of EGRESS_..._ALLOW and _DENY."""
    errors = []
    for kind in KINDS:
        try:
            egress_policy(kind)
        except ValueError as error:
            errors.append(
                checks.Error(f"EGRESS_{kind}_ALLOW or _DENY: {error}", id="stations.E001")
            )
    return errors
