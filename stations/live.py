"""Configuration and hot state put together: what a list, a badge or the API shows of a station."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from stations.models import Station
from stations.snapshots import read_states_sync

# label -> (shown text, tone); the label is what filters name.
LABELS = {
    "disabled": ("Disabled", "default"),
    "stopped": ("Stopped", "default"),
    "disconnected": ("Disconnected", "warning"),
    "faulted": ("Faulted", "danger"),
    "charging": ("Charging", "info"),
    "pending": ("Pending", "warning"),
    "connected": ("Connected", "success"),
}
# What a filter may name: every label, and those that hold for more than one label.
STATE_FILTERS = (*LABELS, "online", "running")


@dataclass(frozen=True, slots=True)
class LiveState:
    """label: a key of LABELS. Times in Unix seconds, power in W, energy in Wh."""

    label: str
    connected: bool = False
    registration: str = ""
    last_message: float | None = None
    power_w: float = 0
    link_error: str = ""
    connectors: list[dict] = field(default_factory=list)
    display: list[dict] | None = None  # what drivers read, see docs/api.md; None without a display
    faults: dict | None = None  # what is wrong with it on purpose, see docs/faults.md
    grid: dict | None = None  # voltage and frequency at its connection, see docs/grid.md

    @property
    def text(self) -> str:
        return LABELS[self.label][0]

    @property
    def tone(self) -> str:
        return LABELS[self.label][1]


def live_state(station: Station, snapshot: dict | None) -> LiveState:
    """What this station is doing; `snapshot` as stations.snapshots reads it."""
    wanted = station.enabled and station.running
    snapshot = snapshot or {}
    connected = wanted and bool(snapshot.get("connected"))
    connectors = snapshot.get("connectors") or []
    return LiveState(
        label=_label(station, snapshot),
        connected=connected,
        registration=snapshot.get("registration") or "",
        last_message=snapshot.get("last_message"),
        # A station that does not run delivers nothing, whatever its last snapshot says.
        power_w=float(snapshot.get("power_w") or 0) if wanted else 0.0,
        link_error=((snapshot.get("link") or {}).get("error") or "") if wanted else "",
        connectors=connectors,
        display=snapshot.get("display") if wanted else None,
        faults=snapshot.get("faults"),
        grid=snapshot.get("grid"),
    )


def _label(station: Station, snapshot: dict) -> str:
    if not station.enabled:
        return "disabled"
    return _running_label(snapshot) if station.running else "stopped"


def _running_label(snapshot: dict) -> str:
    connectors = snapshot.get("connectors") or []
    if any(connector.get("status") == "Faulted" for connector in connectors):
        return "faulted"
    if not snapshot.get("connected"):
        return "disconnected"
    if any(connector.get("transaction") for connector in connectors):
        return "charging"
    # 1.6 section 4.2 and 2.0.1 B02, B03: not accepted yet, so it may not work.
    return "connected" if snapshot.get("registration") == "Accepted" else "pending"


def live_states(stations: Iterable[Station]) -> dict[str, LiveState]:
    """By identity; one read of Redis for all."""
    rows = list(stations)
    snapshots = read_states_sync([station.identity for station in rows])
    return {row.identity: live_state(row, snapshots.get(row.identity)) for row in rows}


# States that the database alone can tell, by its columns.
COLUMNS_OF = {
    "disabled": {"enabled": False},
    "stopped": {"enabled": True, "running": False},
    "running": {"enabled": True, "running": True},
}
_SCAN_STEP = 500


def in_state(running: list[str], wanted: str, most: int | None = None) -> list[str]:
    """Those of these running stations that are in a state which their snapshots tell.

    Stops at the first `most` of them, in the given order.
    """
    found: list[str] = []
    for start in range(0, len(running), _SCAN_STEP):
        snapshots = read_states_sync(running[start : start + _SCAN_STEP])
        found += [name for name, snapshot in snapshots.items() if _matches(snapshot or {}, wanted)]
        if most is not None and len(found) >= most:
            return found[:most]
    return found


def _matches(snapshot: dict, wanted: str) -> bool:
    if wanted == "online":
        return bool(snapshot.get("connected"))
    return _running_label(snapshot) == wanted
