"""A charging session as a CSMS sees it, in the same words for OCPP 1.6, 2.0.1 and 2.1."""

from __future__ import annotations

from typing import Any

from .wire import Wire

REGISTER = "Energy.Active.Import.Register"
# A car that takes the outlet's whole 22 kW for as long as a test lasts.
STEADY_CAR = {"battery_kwh": 100, "soc": 10, "max_power_kw": 22, "phases": 3, "target_soc": 100}


def energies(meter_values: list[dict[str, Any]]) -> list[float]:
    """Register readings in Wh of a list of meter values (either version), in their order."""
    readings = []
    for value in meter_values:
        for sampled in value["sampledValue"]:
            # Without a measurand it is the register in Wh (1.6, 7.28; 2.0.1, 2.46).
            if sampled.get("measurand", REGISTER) == REGISTER and "phase" not in sampled:
                unit = sampled.get("unit") or sampled.get("unitOfMeasure", {}).get("unit", "Wh")
                readings.append(float(sampled["value"]) * (1000 if unit == "kWh" else 1))
    return readings


def newest(payload: dict[str, Any]) -> list[float]:
    """The register readings that a message is the first to tell: an Ended event repeats that of the
    begin (2.x, E06)."""
    readings = energies(payload.get("meterValue", []))
    assert readings == sorted(readings), payload
    return readings[-1:] if payload.get("eventType") == "Ended" else readings


class Session16:
    """Reads sessions of a 1.6 station off the wire."""

    def __init__(self, wire: Wire, station: str) -> None:
        self.wire, self.station = wire, station

    def await_start(self, seconds: float = 15, after: int = 0) -> dict[str, Any]:
        return self.wire.await_call(self.station, "StartTransaction", seconds, after).payload

    def starts(self) -> int:
        return len(self.wire.calls(self.station, "StartTransaction"))

    def readings(self) -> list[float]:
        calls = self.wire.calls(self.station, "MeterValues")
        return [e for call in calls for e in energies(call.payload["meterValue"])]

    def await_stop(self, seconds: float = 15, after: int = 0) -> dict[str, Any]:
        """{"register": Wh at the end, "reason", "transaction"}."""
        stop = self.wire.await_call(self.station, "StopTransaction", seconds, after).payload
        return {
            "register": float(stop["meterStop"]),
            "reason": stop.get("reason", "Local"),
            "transaction": str(stop["transactionId"]),
        }

    def stops(self) -> int:
        return len(self.wire.calls(self.station, "StopTransaction"))


class Session201:
    """Reads sessions of a 2.0.1 or 2.1 station off the wire."""

    def __init__(self, wire: Wire, station: str) -> None:
        self.wire, self.station = wire, station

    def _events(self, kind: str | None = None) -> list[dict[str, Any]]:
        calls = self.wire.calls(self.station, "TransactionEvent")
        return [c.payload for c in calls if kind is None or c.payload["eventType"] == kind]

    def _await(self, kind: str, seconds: float, after: int) -> dict[str, Any]:
        self.wire.await_call(
            self.station, "TransactionEvent", seconds,
            where=lambda p: p["eventType"] == kind and len(self._events(kind)) > after,
        )  # fmt: skip
        return self._events(kind)[after]

    def await_start(self, seconds: float = 15, after: int = 0) -> dict[str, Any]:
        return self._await("Started", seconds, after)

    def starts(self) -> int:
        return len(self._events("Started"))

    def readings(self) -> list[float]:
        return [e for event in self._events() for e in newest(event)]

    def await_stop(self, seconds: float = 15, after: int = 0) -> dict[str, Any]:
        event = self._await("Ended", seconds, after)
        info = event["transactionInfo"]
        register = energies(event.get("meterValue", []))
        return {
            "register": register[-1] if register else None,
            "reason": info.get("stoppedReason", "Local"),
            "transaction": info["transactionId"],
        }

    def stops(self) -> int:
        return len(self._events("Ended"))


SESSIONS = {"1.6": Session16, "2.0.1": Session201, "2.1": Session201}
