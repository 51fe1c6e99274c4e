"""Settings of stations, and Django's system checks of them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import checks

from stations.link.egress import Policy

KINDS = ("CSMS", "TRANSFERS")


def egress_policy(kind: str) -> Policy:
    """`kind`: of KINDS. Raises ValueError with the sentence to show."""
    name = f"EGRESS_{kind}"
    allow, deny = getattr(settings, f"{name}_ALLOW"), getattr(settings, f"{name}_DENY")
    return Policy.parse(name, allow, deny)


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
