"""Functional block R, distributed energy resources: the CSMS sets, reads and clears controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chargepoint.core.block import Block, action, command, timer
from chargepoint.core.commands import CommandRejected
from chargepoint.der.controls import DEFAULTS_ONLY, field_of, rank, wrong
from chargepoint.effects import URGENT
from chargepoint.timing.times import seconds_of
from chargepoint.v201.charging.smart_charging import rejected
from chargepoint.v201.custom_data import plain

if TYPE_CHECKING:
    from chargepoint.core.station import Station
    from chargepoint.v21.power.evse_controllers import EvseControllers
    from chargepoint.v201.charging.charging_limits import ChargingLimits


AT_MOST = 24  # of a type, by the schema of ReportDERControl


class DerControl(Block):
    """Block of Station21.

    der  controlId -> {"type", "default", "settings", "superseded", "running"}, None where none
    """

    __slots__ = ("charging", "controllers", "der")

    GUEST = True
    KEYS = ("der",)

    def __init__(
        self, core: Station, charging: ChargingLimits, controllers: EvseControllers
    ) -> None:
        super().__init__(core)
        self.charging = charging
        self.controllers = controllers

    def restore(self, saved: dict[str, Any], now: float) -> None:
        """Read DER controls of a snapshot."""
        der = {identity: {**entry} for identity, entry in saved.get("der", {}).items()}
        self.der: dict[str, dict] | None = der or None

    def resume(self, now: float) -> None:
        self.resume_der(now)

    def saved(self) -> dict[str, Any]:
        """DER controls for the snapshot."""
        if not self.der:
            return {}
        return {"der": {identity: {**entry} for identity, entry in self.der.items()}}

    @action("SetDERControl")
    def on_set_der_control(self, payload: dict, now: float) -> dict:
        """SetDERControl (R04)."""
        identity = payload["controlId"]
        if not self._knows(payload["controlType"]):  # R04.FR.01
            return _unsupported(payload["controlType"])
        why = wrong(payload)
        if why is not None:
            return rejected(*why)
        settings = plain(payload[field_of(payload["controlType"])])
        begin, end = _span(settings)
        if not payload["isDefault"]:
            if begin is None:
                return rejected("InvalidValue", "startTime is no time")
            if end <= self.core.clock.station_time(now):
                return rejected("InvalidValue", "that time is over")
        same = self._peers(payload)
        if len(same) >= AT_MOST:
            return rejected("TooManyElements", "no room for another control of this type")
        entry = {
            "type": payload["controlType"], "default": payload["isDefault"],
            "settings": settings, "superseded": False, "running": False,
        }  # fmt: skip
        gone = self._overruled(identity, entry, same, now)
        self.core.timers.clear(("der", identity))
        self.der = {**(self.der or {}), identity: entry}
        if not payload["isDefault"]:
            due = end if entry["superseded"] else begin
            self.core.timers.set(("der", identity), max(now, due - self.core.clock.skew))
        self.core.answers.later(self.charging.plan)
        self.core.changed(URGENT)
        return {"status": "Accepted", **({"supersededIds": gone[:AT_MOST]} if gone else {})}

    def _knows(self, kind: str) -> bool:
        return any(
            kind in self.controllers.der_supported(outlet) for outlet in self.core.outlets.values()
        )

    def _peers(self, payload: dict) -> dict[str, dict]:
        return {
            identity: entry for identity, entry in (self.der or {}).items()
            if identity != payload["controlId"] and entry["type"] == payload["controlType"]
            and entry["default"] == payload["isDefault"]
        }  # fmt: skip

    def _overruled(self, identity: str, new: dict, same: dict[str, dict], now: float) -> list[str]:
        """R04.FR.03-08: of one type the lower priority number counts; of equals, so is our
        choice, the newer. A scheduled control overrules when it starts, not before.

        Returns the ids of what is overruled, which may be the new one itself.
        """
        standing = {k: e for k, e in same.items() if not e["superseded"]}
        if not new["default"]:
            standing = {k: e for k, e in standing.items() if _overlap(e, new)}
        # A better one that is to start later overrules this one then.
        if any(
            rank(e) < rank(new) and (new["default"] or e["running"] or _first(e, new))
            for e in standing.values()
        ):
            new["superseded"] = True
            return [identity]
        if new["default"]:
            for entry in standing.values():
                entry["superseded"] = True
        return [k for k, e in standing.items() if rank(e) >= rank(new)]

    @timer("der")
    def at_der(self, now: float, identity: str) -> None:
        """A scheduled control begins, or ends."""
        entry = (self.der or {}).get(identity)
        if entry is None or entry["default"]:
            return
        begin, end = _span(entry["settings"])
        if entry["superseded"] or entry["running"] or end <= self.core.clock.station_time(now):
            if entry["running"]:
                self._notify_der(identity, False, now)
            self._forget_der({identity})
        else:
            self._start_der(identity, entry, end, now)
        self.core.changed(URGENT)
        self.charging.plan(now)

    def _start_der(self, identity: str, entry: dict, end: float, now: float) -> None:
        """R04.FR.07, .20 and .21: what it overrules is told with its start."""
        gone = []
        self.core.timers.set(("der", identity), max(now, end - self.core.clock.skew))
        for other, standing in self.der.items():
            same = standing["type"] == entry["type"] and not standing["default"]
            if other == identity or not same or standing["superseded"]:
                continue
            if standing["running"] and rank(standing) < rank(entry):
                entry["superseded"] = True
                return
            if _overlap(standing, entry) and (
                rank(standing) > rank(entry)
                or (rank(standing) == rank(entry) and standing["running"])
            ):
                gone.append(other)
        for other in gone:
            self.der[other]["superseded"], self.der[other]["running"] = True, False
            ends = _span(self.der[other]["settings"])[1]
            self.core.timers.set(("der", other), max(now, ends - self.core.clock.skew))
        entry["running"] = True
        self._notify_der(identity, True, now, gone)

    def resume_der(self, now: float) -> None:
        """After a restart: the timers of what is scheduled."""
        for identity, entry in (self.der or {}).items():
            begin, end = _span(entry["settings"])
            if begin is not None and not entry["default"]:
                over = entry["running"] or entry["superseded"]
                self.core.timers.set(
                    ("der", identity), max(now, (end if over else begin) - self.core.clock.skew)
                )

    def _notify_der(
        self, identity: str, started: bool, now: float, gone: list[str] | None = None
    ) -> None:
        payload: dict[str, Any] = {
            "controlId": identity, "started": started, "timestamp": self.core.clock.stamp(now),
        }  # fmt: skip
        if gone:
            payload["supersededIds"] = gone[:AT_MOST]
        self.core.calls.make("NotifyDERStartStop", payload, now)

    def _forget_der(self, identities: set[str]) -> None:
        for identity in identities:
            self.core.timers.clear(("der", identity))
        kinds = {self.der[identity]["type"] for identity in identities}
        self.der = {k: v for k, v in self.der.items() if k not in identities} or None
        # A default that stood behind one that is gone counts again.
        for kind in kinds:
            left = [e for e in (self.der or {}).values() if e["type"] == kind and e["default"]]
            if left and all(entry["superseded"] for entry in left):
                min(reversed(left), key=rank)["superseded"] = False

    # --- asked for, cleared ------------------------------------------------------------------

    def _chosen(self, payload: dict) -> dict[str, dict]:
        """controlType is not used where controlId is there."""
        wanted, kind = payload.get("controlId"), payload.get("controlType")
        return {
            identity: entry for identity, entry in (self.der or {}).items()
            if (identity == wanted if wanted is not None else kind in (None, entry["type"]))
            and payload.get("isDefault", entry["default"]) == entry["default"]
        }  # fmt: skip

    def _unknown_kind(self, payload: dict) -> dict | None:
        """R04.FR.36 and .43."""
        kind = payload.get("controlType")
        if kind is None or "controlId" in payload or self._knows(kind):
            return None
        return _unsupported(kind)

    @action("GetDERControl")
    def on_get_der_control(self, payload: dict, now: float) -> dict:
        """GetDERControl (R04)."""
        unknown = self._unknown_kind(payload)
        if unknown is not None:
            return unknown
        chosen = self._chosen(payload)
        if not chosen:
            return {"status": "NotFound"}
        self.core.answers.later(self._report_der, payload["requestId"], chosen)
        return {"status": "Accepted"}

    def _report_der(self, request: int, chosen: dict[str, dict], now: float) -> None:
        lines: list[tuple[str, dict]] = []
        for identity, entry in chosen.items():
            field = field_of(entry["type"])
            inner = "fixedPF" if field.startswith("fixedPF") else field
            line = {"id": identity, inner: entry["settings"]}
            if entry["type"] not in DEFAULTS_ONLY:
                line |= {"isDefault": entry["default"], "isSuperseded": entry["superseded"]}
            if field == "curve":
                line["curveType"] = entry["type"]
            lines.append((field, line))
        lines.sort(key=lambda entry: entry[0] == "curve")  # the many of several types last
        parts = self.core.block("reports").split(lines, AT_MOST)
        reports = []
        for number, part in enumerate(parts, 1):
            report: dict[str, Any] = {"requestId": request, "tbc": number < len(parts)}
            for field, line in part:
                report.setdefault(field, []).append(line)
            reports.append(report)
        self.core.block("reports").tell_pages("ReportDERControl", reports, now)

    @action("ClearDERControl")
    def on_clear_der_control(self, payload: dict, now: float) -> dict:
        """ClearDERControl (R04)."""
        unknown = self._unknown_kind(payload)
        if unknown is not None:
            return unknown
        chosen = self._chosen(payload)
        if not chosen:
            return {"status": "NotFound"}
        for identity, entry in chosen.items():
            if entry["running"]:
                self.core.answers.later(self._notify_der, identity, False)
        self._forget_der(set(chosen))
        self.core.answers.later(self.charging.plan)
        self.core.changed(URGENT)
        return {"status": "Accepted"}

    # --- by hand -----------------------------------------------------------------------------

    @command("der-alarm")
    def do_der_alarm(
        self, now: float, kind: str = "", fault: str | None = None, ended: bool = False
    ) -> dict:
        """What the command `grid` cannot bring about: NotifyDERAlarm of a control's type. Raises
        CommandRejected without such a control, or for an unknown fault."""
        if not any(entry["type"] == kind for entry in (self.der or {}).values()):
            raise CommandRejected("not_possible_now", f"There is no DER control of type {kind!r}.")
        if fault is not None and fault not in GRID_FAULTS:
            known = ", ".join(GRID_FAULTS)
            raise CommandRejected("invalid_arguments", f"fault is one of: {known}.")
        self.der_alarm(kind, fault, ended, now)
        return {"status": "Accepted"}

    def der_alarm(self, kind: str, fault: str | None, ended: bool, now: float) -> None:
        """Send NotifyDERAlarm (R05); `fault`: a GridEventFault."""
        payload: dict[str, Any] = {"controlType": kind, "timestamp": self.core.clock.stamp(now)}
        if fault is not None:
            payload["gridEventFault"] = fault
        if ended:
            payload["alarmEnded"] = True
        self.core.calls.make("NotifyDERAlarm", payload, now)


def _unsupported(kind: str) -> dict:
    text = f"no EVSE lists {kind} in its ModesSupported"
    return {
        "status": "NotSupported",
        "statusInfo": {"reasonCode": "UnsupportedParam", "additionalInfo": text},
    }


def _span(settings: dict) -> tuple[float | None, float]:
    """(begin, end) of a scheduled control in unix seconds."""
    begin = seconds_of(settings.get("startTime", ""))
    return begin, (begin or 0.0) + settings.get("duration", 0.0)


def _overlap(one: dict, other: dict) -> bool:
    (begin, end), (start, stop) = _span(one["settings"]), _span(other["settings"])
    return begin < stop and start < end


def _first(one: dict, other: dict) -> bool:
    return _span(one["settings"])[0] <= _span(other["settings"])[0]


GRID_FAULTS = (
    "CurrentImbalance", "LocalEmergency", "LowInputPower", "OverCurrent", "OverFrequency",
    "OverVoltage", "PhaseRotation", "RemoteEmergency", "UnderFrequency", "UnderVoltage",
    "VoltageImbalance",
)  # fmt: skip
