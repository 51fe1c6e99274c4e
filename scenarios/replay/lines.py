"""Recordings as lines of JSON: our own, and what others write a frame a line as.

{"station": ..., "time": ..., "direction": "sent", "text": "[2,...]"}  the log's export
{"event": "frame", "time": ..., "direction": "sent", "frame": [2, ...]}  `station --json`
["2026-01-31T12:00:00Z", "sent", [2, "1", "Heartbeat", {}]]        time, direction, frame
["in", "[2,\\"1\\",\\"Reset\\",{}]"]          without a time
[2, "1", "Heartbeat", {}]        the frame alone: its direction follows from the action
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from scenarios.replay.conversation import MOST_FRAMES, RECEIVED, SENT, Said, Unreadable
from scenarios.rules.measures import time_of

LONGEST_LINE = 4_000_000  # characters
STEP = 0.1  # seconds between frames that have no time
# As the station sees it. "in" and "out" are the CSMS's where a log is a CSMS's: say so by `flip`.
DIRECTIONS = {
    "sent": SENT, "send": SENT, "out": SENT, "outgoing": SENT, "->": SENT, "→": SENT, ">": SENT,
    "cp": SENT, "cs": SENT, "station": SENT, "to_csms": SENT, "request_from_cp": SENT,
    "received": RECEIVED, "recv": RECEIVED, "receive": RECEIVED, "in": RECEIVED,
    "incoming": RECEIVED, "<-": RECEIVED, "←": RECEIVED, "<": RECEIVED, "csms": RECEIVED,
    "to_station": RECEIVED, "to_cp": RECEIVED,
}  # fmt: skip
_TIMES = ("time", "timestamp", "ts", "at", "date")
_WAYS = ("direction", "dir", "way")
_FRAMES = ("text", "frame", "message", "msg", "raw", "payload", "data")
_STATIONS = ("station", "chargePointId", "charge_point_id", "stationId", "identity", "cp_id")
# What only a CSMS calls, in any version, and is not both sides' (DataTransfer, NotifySettlement).
_OF_THE_CSMS = frozenset((
    "AdjustPeriodicEventStream", "AFRRSignal", "CancelReservation", "CertificateSigned",
    "ChangeAvailability", "ChangeConfiguration", "ChangeTransactionTariff", "ClearCache",
    "ClearChargingProfile", "ClearDERControl", "ClearDisplayMessage", "ClearTariffs",
    "ClearVariableMonitoring", "CostUpdated", "CustomerInformation", "DeleteCertificate",
    "ExtendedTriggerMessage", "GetBaseReport", "GetChargingProfiles", "GetCompositeSchedule",
    "GetConfiguration", "GetDERControl", "GetDiagnostics", "GetDisplayMessages",
    "GetInstalledCertificateIds", "GetLocalListVersion", "GetLog", "GetMonitoringReport",
    "GetPeriodicEventStream", "GetReport", "GetTariffs", "GetTransactionStatus", "GetVariables",
    "InstallCertificate", "NotifyAllowedEnergyTransfer", "NotifyWebPaymentStarted",
    "PublishFirmware", "RemoteStartTransaction", "RemoteStopTransaction", "RequestBatterySwap",
    "RequestStartTransaction", "RequestStopTransaction", "ReserveNow", "Reset", "SendLocalList",
    "SetChargingProfile", "SetDefaultTariff", "SetDERControl", "SetDisplayMessage",
    "SetMonitoringBase", "SetMonitoringLevel", "SetNetworkProfile", "SetVariableMonitoring",
    "SetVariables", "SignedUpdateFirmware", "TriggerMessage", "UnlockConnector",
    "UnpublishFirmware", "UpdateDynamicSchedule", "UpdateFirmware", "UsePriorityCharging",
    "VatNumberValidation",
))  # fmt: skip


def by_station(lines: Iterable[str], flip: bool = False) -> dict[str, list[Said]]:
    """{identity, "" where it is not told: frames}. flip: the directions are a CSMS's.

    Raises Unreadable for a line that is none of these, with its number.
    """
    found: dict[str, list[Said]] = defaultdict(list)
    calls: dict[str, str] = {}  # unique id -> direction of its Call, where frames stand alone
    last = 0.0
    count = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if len(line) > LONGEST_LINE:
            raise Unreadable(f"Line {number} is longer than {LONGEST_LINE} characters.")
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise Unreadable(f"Line {number} is no JSON: {error}") from error
        if isinstance(value, dict) and _is_passed_over(value):
            continue
        station, moment, way, text = _parts(value, number, calls)
        if flip and way:
            way = RECEIVED if way == SENT else SENT
        last = moment if moment is not None else last + STEP
        count += 1
        if count > MOST_FRAMES:
            raise Unreadable(f"It has more than {MOST_FRAMES} frames: cut it.")
        found[station].append(Said(last, way, text))
    return dict(found)


def _is_passed_over(value: dict[str, Any]) -> bool:
    """Of our own lines those that were no frame on the wire."""
    if value.get("event") not in (None, "frame") or value.get("code") == "cut_off":
        return True
    mark = str(value.get("mark") or "")
    kind = value.get("kind") or value.get("messageType")
    return kind in ("Note", "Dropped") or mark == "held" or "dropped" in mark


def _parts(value: Any, number: int, calls: dict[str, str]) -> tuple[str, float | None, str, str]:
    """(station, time, direction, text) of a line."""
    station, moment, way, frame = "", None, "", value
    match value:
        case dict():
            station = str(_first(value, _STATIONS) or "")[:200]
            moment = _seconds(_first(value, _TIMES))
            way = _way(_first(value, _WAYS))
            frame = _first(value, _FRAMES)
        case [int() as kind, *_] if kind < 10:
            pass
        case [first, second, third] if _way(second):
            moment, way, frame = _seconds(first), _way(second), third
        case [first, second] if _way(first):
            way, frame = _way(first), second
    if frame is None or isinstance(frame, int | float | bool):
        raise Unreadable(f"Line {number} has no frame: write [time, direction, frame].")
    text = frame if isinstance(frame, str) else json.dumps(frame, separators=(",", ":"))
    way = way or _by_action(text, calls)
    if not way:
        raise Unreadable(f"Line {number} does not tell who said it: write sent or received.")
    return station, moment, way, text


def _first(value: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _way(value: Any) -> str:
    return DIRECTIONS.get(value.strip().lower(), "") if isinstance(value, str) else ""


def _by_action(text: str, calls: dict[str, str]) -> str:
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    match frame:
        case [2 | 6, str(uid), str(action), *_]:
            way = calls[uid] = RECEIVED if action in _OF_THE_CSMS else SENT
            return way
        case [3 | 4, str(uid), *_]:
            asked = calls.pop(uid, "")
            return asked and (RECEIVED if asked == SENT else SENT)
    return ""


def _seconds(value: Any) -> float | None:
    """Unix seconds of a time in seconds, in milliseconds, or as ISO 8601 with a zone."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e14:
        return value / 1000 if value > 1e11 else float(value)
    moment = time_of(value)
    return moment.timestamp() if moment else None
