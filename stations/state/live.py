"""Configuration and hot state put together: what a list, a badge or the API shows of a station."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from runtime.stores import STORE_ERRORS
from stations.models import Station
from stations.roster.kept import LARGE
from stations.state import rollcall
from stations.state.seen import snapshots_of
from stations.state.snapshots import read_states_sync
from stations.state.worker_signs import last_signs, words

# label -> (shown text, tone); the label is what filters name.
LABELS = {
    "disabled": ("Disabled", "default"),
    "stopped": ("Stopped", "default"),
    "held back": ("Held back", "danger"),  # it ended workers, see stations/orders/holding.py
    "disconnected": ("Disconnected", "warning"),
    "faulted": ("Faulted", "danger"),
    "charging": ("Charging", "info"),
    "pending": ("Pending", "warning"),
    "connected": ("Connected", "success"),
}
# What a filter may name: every label, and those that hold for more than one label.
ONLINE = "online"
STATE_FILTERS = (*LABELS, ONLINE, "running")


@dataclass(frozen=True, slots=True)
class LiveState:
    """label: a key of LABELS. Times in Unix seconds, power in W, energy in Wh."""

    label: str
    connected: bool = False
    registration: str = ""
    last_message: float | None = None
    power_w: float = 0
    link_error: str = ""
    version: str = ""  # that it speaks; of several that it offers the CSMS has chosen it
    connectors: list[dict] = field(default_factory=list)
    display: list[dict] | None = None  # what drivers read; None without a display
    faults: dict | None = None  # what is wrong with it on purpose, see docs/reference/faults.md
    breaches: list[dict] = field(default_factory=list)  # what the CSMS got wrong, newest first
    grid: dict | None = None  # voltage and frequency at its connection, see docs/reference/grid.md
    worker_seen: float | None = None  # seconds since its worker gave a sign; see worker_signs.py

    @property
    def text(self) -> str:
        return LABELS[self.label][0]

    @property
    def tone(self) -> str:
        usual = LABELS[self.label][1]
        return "warning" if usual in ("info", "success") and self.doubt else usual

    @property
    def doubt(self) -> str:
        """Why all of this may be over by now; "" where its worker speaks."""
        return words(self.worker_seen)


def live_state(
    station: Station, snapshot: dict | None, worker_seen: float | None = None
) -> LiveState:
    """What this station is doing; `snapshot` as stations.state.snapshots reads it, `worker_seen` as
    stations.state.worker_signs does."""
    wanted = station.enabled and station.running and not station.held_back
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
        link_error=_why_no_link(station, snapshot),
        version=snapshot.get("ocpp") or station.ocpp_version if wanted else "",
        connectors=connectors if wanted else [_at_rest(outlet) for outlet in connectors],
        display=snapshot.get("display") if wanted else None,
        faults=snapshot.get("faults"),
        breaches=snapshot.get("breaches") or [],
        grid=snapshot.get("grid"),
        worker_seen=worker_seen if wanted else None,
    )


def _at_rest(outlet: dict) -> dict:
    """Of a station that does not run: nothing flows, and nobody can charge there. What is plugged
    in, and a transaction that goes on at the next start, stay."""
    return {**outlet, "status": "Unavailable", "power_w": 0}


def _why_no_link(station: Station, snapshot: dict) -> str:
    if not (station.enabled and station.running):
        return ""
    if station.held_back:
        return f"held back: {station.held_back}"
    # Of the link, else of the BootNotification that has not put it into service.
    return (snapshot.get("link") or {}).get("error") or snapshot.get("trouble") or ""


def _label(station: Station, snapshot: dict) -> str:
    return label_of(station.enabled, station.running, station.held_back, snapshot)


def label_of(enabled: bool, running: bool, held_back: str, snapshot: dict) -> str:
    """The key of LABELS; the first three as a station's columns have them."""
    if not enabled:
        return "disabled"
    if running and held_back:
        return "held back"
    return _running_label(snapshot) if running else "stopped"


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
    """By identity; two reads of Redis for all."""
    rows = list(stations)
    snapshots = read_states_sync([station.identity for station in rows])
    signs = last_signs([station.identity for station in rows])
    return {
        row.identity: live_state(row, snapshots.get(row.identity), signs.get(row.identity))
        for row in rows
    }


# States that the database alone can tell, by its columns.
COLUMNS_OF = {
    "disabled": {"enabled": False},
    "stopped": {"enabled": True, "running": False},
    "running": {"enabled": True, "running": True, "held_back": ""},
}
HELD_BACK = "held back"  # by its column too, which is not empty
_SCAN_STEP = 500


def in_state(
    running: list[str], wanted: str, most: int | None = None, is_page: bool = False
) -> list[str]:
    """Those of these running stations that are in a state which their snapshots tell.

    Stops at the first `most` of them, in the given order. is_page: of a LARGE fleet as they were a
    minute ago, since a page does not wait until all states are read.
    """
    if is_page and len(running) > LARGE and (members := _last_members(wanted)) is not None:
        return [name for name in running if name in members][:most]
    found: list[str] = []
    for start in range(0, len(running), _SCAN_STEP):
        names = running[start : start + _SCAN_STEP]
        snapshots = zip(names, _snapshots(names), strict=True)
        found += [name for name, snapshot in snapshots if _matches(snapshot or {}, wanted)]
        if most is not None and len(found) >= most:
            return found[:most]
    return found


def _last_members(state: str) -> frozenset[str] | None:
    try:
        return rollcall.last(state)
    except STORE_ERRORS:
        return None


def _snapshots(names: list[str]) -> list[dict]:
    try:
        return snapshots_of({"identity": name} for name in names)
    except STORE_ERRORS:  # of Redis; the last synced states are better than none
        return list(read_states_sync(names).values())


def _matches(snapshot: dict, wanted: str) -> bool:
    if wanted == ONLINE:
        return bool(snapshot.get("connected"))
    return _running_label(snapshot) == wanted
