"""Functional block R, distributed energy resources: what the grid asks of discharging."""

from typing import Any

from chargepoint.effects import URGENT
from chargepoint.station import CommandRejected
from chargepoint.times import seconds_of
from chargepoint.v201.outlet import Outlet
from chargepoint.v201.smart_charging import rejected

# Where a control of each type has its settings; all others have a curve.
_FIELDS = {
    "EnterService": "enterService", "FixedPFAbsorb": "fixedPFAbsorb", "Gradients": "gradient",
    "FixedPFInject": "fixedPFInject", "FixedVar": "fixedVar", "FreqDroop": "freqDroop",
    "LimitMaxDischarge": "limitMaxDischarge",
}  # fmt: skip
_WITHOUT_SCHEDULE = ("EnterService", "Gradients")  # reported by id and settings alone
AT_MOST = 24  # of a type, by the schema of ReportDERControl


class DerControl:
    """Block of Station21.

    der  controlId -> {"type", "default", "settings", "superseded", "running"}, None where none
    """

    __slots__ = ()

    def on_set_der_control(self, payload: dict, now: float) -> dict:
        kind, identity = payload["controlType"], payload["controlId"]
        settings = payload.get(_FIELDS.get(kind, "curve"))
        if settings is None:
            return rejected("MissingParam", f"{_FIELDS.get(kind, 'curve')} is missing")
        scheduled = "startTime" in settings or "duration" in settings
        if payload["isDefault"] and scheduled:
            return rejected("InvalidValue", "a default has neither startTime nor duration")
        if not payload["isDefault"] and kind not in _WITHOUT_SCHEDULE and not (
            seconds_of(settings.get("startTime", "")) is not None and "duration" in settings
        ):  # fmt: skip
            return rejected("MissingParam", "startTime and duration are missing")
        same = self._peers(payload)
        if len(same) >= AT_MOST:
            return rejected("TooManyElements", "no room for another control of this type")
        entry = {
            "type": kind, "default": payload["isDefault"], "settings": settings,
            "superseded": False, "running": False,
        }  # fmt: skip
        gone = self._supersede(entry, same)
        self.der = {**(self.der or {}), identity: entry}
        if not payload["isDefault"] and scheduled:
            begin = seconds_of(settings["startTime"]) - self._skew
            self.set_timer(("der", identity), max(now, begin))
        self.later(self.plan)
        self.changed(URGENT)
        return {"status": "Accepted", **({"supersededIds": gone} if gone else {})}

    def _peers(self, payload: dict) -> dict[str, dict]:
        return {
            identity: entry for identity, entry in (self.der or {}).items()
            if identity != payload["controlId"] and entry["type"] == payload["controlType"]
            and entry["default"] == payload["isDefault"]
        }  # fmt: skip

    def _supersede(self, new: dict, same: dict[str, dict]) -> list[str]:
        """R04.FR.04: of one type the lower priority number counts, of equals the newer."""
        gone = []
        for identity, entry in same.items():
            if entry["superseded"]:
                continue
            if new["settings"]["priority"] <= entry["settings"]["priority"]:
                entry["superseded"] = True
                gone.append(identity)
            else:
                new["superseded"] = True
        return gone

    def at_der(self, now: float, identity: int) -> None:
        """A scheduled control begins, or ends."""
        entry = (self.der or {}).get(identity)
        if entry is None:
            return
        if entry["running"]:
            self._notify(identity, False, now)
            self._forget({identity})
        else:
            entry["running"] = True
            end = seconds_of(entry["settings"]["startTime"]) + entry["settings"]["duration"]
            self.set_timer(("der", identity), max(now, end - self._skew))
            self._notify(identity, True, now)
        self.changed(URGENT)
        self.plan(now)

    def _notify(self, identity: str, started: bool, now: float) -> None:
        payload = {"controlId": identity, "started": started, "timestamp": self.stamp(now)}
        self.call("NotifyDERStartStop", payload, now)

    def _forget(self, identities: set[str]) -> None:
        for identity in identities:
            self.clear_timer(("der", identity))
        self.der = {k: v for k, v in self.der.items() if k not in identities} or None

    # --- asked for, cleared ------------------------------------------------------------------

    def _chosen(self, payload: dict) -> dict[str, dict]:
        return {
            identity: entry for identity, entry in (self.der or {}).items()
            if payload.get("controlId", identity) == identity
            and payload.get("controlType", entry["type"]) == entry["type"]
            and payload.get("isDefault", entry["default"]) == entry["default"]
        }  # fmt: skip

    def on_get_der_control(self, payload: dict, now: float) -> dict:
        chosen = self._chosen(payload)
        if not chosen:
            return {"status": "NotFound"}
        self.later(self._report_der, payload["requestId"], chosen)
        return {"status": "Accepted"}

    def _report_der(self, request: int, chosen: dict[str, dict], now: float) -> None:
        report: dict[str, Any] = {"requestId": request, "tbc": False}
        for identity, entry in chosen.items():
            field = _FIELDS.get(entry["type"], "curve")
            inner = "fixedPF" if field.startswith("fixedPF") else field
            line = {"id": identity, inner: entry["settings"]}
            if entry["type"] not in _WITHOUT_SCHEDULE:
                line |= {"isDefault": entry["default"], "isSuperseded": entry["superseded"]}
            if field == "curve":
                line["curveType"] = entry["type"]
            report.setdefault(field, []).append(line)
        parts = [{k: v[:AT_MOST] for k, v in report.items() if isinstance(v, list)}]
        rest = {k: v[AT_MOST:] for k, v in report.items() if isinstance(v, list)}
        while any(rest.values()):  # several types share the field "curve"
            parts.append({k: v[:AT_MOST] for k, v in rest.items() if v})
            rest = {k: v[AT_MOST:] for k, v in rest.items()}
        for number, part in enumerate(parts, 1):
            more = {"requestId": request, "tbc": number < len(parts)}
            self.call("ReportDERControl", {**more, **part}, now)

    def on_clear_der_control(self, payload: dict, now: float) -> dict:
        chosen = self._chosen(payload)
        if not chosen:
            return {"status": "NotFound"}
        for identity, entry in chosen.items():
            if entry["running"]:
                self.later(self._notify, identity, False)
        self._forget(set(chosen))
        self.later(self.plan)
        self.changed(URGENT)
        return {"status": "Accepted"}

    # --- what it does ------------------------------------------------------------------------

    def der_limited(self, outlet: Outlet, watts: float) -> float:
        """What LimitMaxDischarge leaves of the watts that the EV is to give back."""
        ruling = [
            entry for entry in (self.der or {}).values()
            if entry["type"] == "LimitMaxDischarge" and not entry["superseded"]
            and (entry["default"] or entry["running"])
        ]  # fmt: skip
        # R04: while a scheduled control runs, the default of its type does not count.
        ruling = [entry for entry in ruling if entry["running"]] or ruling
        for entry in ruling:
            percent = entry["settings"].get("pctMaxDischargePower", 100.0)
            ev = outlet.hardware.ev
            most = min(outlet.hardware.config.max_power_w, ev.max_discharge_kw * 1000 if ev else 0)
            watts = min(watts, most * percent / 100.0)
        return watts

    def do_der_alarm(
        self, now: float, kind: str = "", fault: str | None = None, ended: bool = False
    ) -> dict:
        """The grid has left its bounds (or is back): NotifyDERAlarm of the control's type."""
        if not any(entry["type"] == kind for entry in (self.der or {}).values()):
            raise CommandRejected("not_possible_now", f"There is no DER control of type {kind!r}.")
        payload: dict[str, Any] = {"controlType": kind, "timestamp": self.stamp(now)}
        if fault is not None:
            if fault not in GRID_FAULTS:
                known = ", ".join(GRID_FAULTS)
                raise CommandRejected("invalid_arguments", f"fault is one of: {known}.")
            payload["gridEventFault"] = fault
        if ended:
            payload["alarmEnded"] = True
        self.call("NotifyDERAlarm", payload, now)
        return {"status": "Accepted"}


GRID_FAULTS = (
    "CurrentImbalance", "LocalEmergency", "LowInputPower", "OverCurrent", "OverFrequency",
    "OverVoltage", "PhaseRotation", "RemoteEmergency", "UnderFrequency", "UnderVoltage",
    "VoltageImbalance",
)  # fmt: skip
