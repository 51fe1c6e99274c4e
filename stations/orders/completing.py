"""What a command to a station leaves out, completed by the station's configuration.

The API, a scenario's step and a typed line complete a command alike.
"""

from __future__ import annotations

from typing import Any, Protocol


class Subject(Protocol):
    """What is asked of the configuration: a row of stations.models.Station has it."""

    default_id_tag: str
    ev_max_power_w: int | None


def completed(name: str, arguments: dict[str, Any], subject: Subject) -> dict[str, Any]:
    """The arguments with those that were left out; the same dict, changed."""
    if name in ("plug", "start-transaction") and "ev" not in arguments and subject.ev_max_power_w:
        arguments["ev"] = {"max_power_kw": subject.ev_max_power_w / 1000}
    if name == "authorize":
        arguments.setdefault("id_tag", subject.default_id_tag)
    if name == "stop-transaction" and "transaction" not in arguments:
        arguments.setdefault("connector", 1)
    return arguments


def is_free(state: dict[str, Any] | None, connector: Any) -> bool:
    """Whether a snapshot shows the connector Available, so that a start plugs a car in."""
    rows = (state or {}).get("connectors") or []
    return any(row["id"] == connector and row["status"] == "Available" for row in rows)
