"""Before a run: which stations it would be on, and for which of their OCPP versions it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from scenarios.launching import Target
from scenarios.rules.fitting import fits
from scenarios.rules.words import VERSIONS
from stations.orders import named

MOST_NAMED = 20
COLUMNS = ("ocpp_version", "offered_versions", "enabled", "running")


def preview(content: Mapping[str, Any], target: Target) -> dict[str, Any]:
    """{"stations", "named": the first of them, "off": how many do not run, "disabled", "choosing":
    how many have the CSMS choose the version, "versions": [{"version", "stations", "steps",
    "left_out", "foreign"}]}. Raises ValidationError."""
    identities = target.find()
    counts: Counter[str] = Counter()
    off = disabled = choosing = 0
    for row in named.rows(identities, *COLUMNS):
        counts[row["ocpp_version"]] += 1
        choosing += bool(row.get("offered_versions"))
        disabled += not row["enabled"]
        off += bool(row["enabled"] and not row["running"])
    versions = [
        {"stations": counts[version], **fits(content, version)}
        for version in VERSIONS
        if counts[version]
    ]
    return {
        "stations": len(identities), "named": identities[:MOST_NAMED], "off": off,
        "disabled": disabled, "choosing": choosing, "versions": versions,
    }  # fmt: skip
