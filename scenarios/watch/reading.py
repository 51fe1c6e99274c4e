"""What is wrong with one frame of a CSMS by itself: pure functions over frames of the log.

The check is the watch's own and always strict: it asks neither how the station reads nor whether
the station looked at all (it does not at answers to Calls that an operator crafted).
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import orjson

from chargepoint.common.breaches import READ
from chargepoint.tap.scripts import is_sound
from chargepoint.versions import station_class
from chargepoint.wire import schemas
from chargepoint.wire.rpc import CODES_16, CODES_201, LONGEST_ID
from messaging.masking import masked_error
from scenarios.rules.patterns import Frame
from scenarios.rules.words import belongs, meant, versions_of

TIMES = {"BootNotification": "currentTime", "Heartbeat": "currentTime"}  # answers that tell one
# Notes on frames that came while the station closed its link: nobody was to hear them.
CLOSING = "ignored: the link is closing"
NOT_SERVED = frozenset({"NotImplemented", "NotSupported"})
# What every CSMS of the version has to serve: 1.6, 3.8 and the Core profile (4.1 to 4.10, without
# the station's side); 2.0.1, the certification profile Core.
REQUIRED = frozenset({
    "Authorize", "BootNotification", "DataTransfer", "Heartbeat", "MeterValues", "NotifyReport",
    "StartTransaction", "StatusNotification", "StopTransaction", "TransactionEvent",
})  # fmt: skip
# OCPP-J 1.6, 4.2.3; 2.0.1 part 4, 4.3; what 2.1 has besides.
CODES = frozenset(CODES_16.values()) | frozenset(CODES_201.values()) | {
    "GenericError", "SecurityError", "NotSupported", "ProtocolError", "PropertyConstraintViolation",
    "OccurenceConstraintViolation", "OccurrenceConstraintViolation", "FormatViolation",
}  # fmt: skip


class Fault(NamedTuple):
    """rule: of rules.RULES. what: faults of one action that share it are alike."""

    rule: str
    what: str
    sentence: str


def spoilt(frame: Frame) -> bool:
    """Whether a fault of ours or an operator had a hand in the frame: nobody is blamed for it. A
    valid answer that was laid down is an answer like any other."""
    mark = frame.mark
    return bool(mark) and not mark.startswith(READ) and not is_sound(mark)


def parsed(frame: Frame) -> Any:
    """The frame as JSON; None where it is none."""
    try:
        return orjson.loads(frame.text)
    except (orjson.JSONDecodeError, RecursionError):
        return None


def shape_of(frame: Frame) -> tuple[str, Any] | None:
    """(action of a Call or Send or "", payload) of a readable frame of a known kind."""
    match parsed(frame):
        case [2 | 6, str(uid), str(action), dict(payload)] if 0 < len(uid) <= LONGEST_ID:
            return action, payload
        case [3, str(uid), dict(payload)] if 0 < len(uid) <= LONGEST_ID:
            return "", payload
        case [4 | 5, str(), str(code), str(words), *rest] if len(rest) <= 1:
            return "", {"code": code, "description": words, "details": (*rest, {})[0]}
    return None


def fault_of(frame: Frame, version: str) -> Fault | None:
    """What is wrong with a frame that came from the CSMS, by itself; None for nothing."""
    if frame.direction != "received" or spoilt(frame) or frame.error == CLOSING:
        return None
    if frame.kind not in ("Call", "CallResult", "CallError", "CallResultError", "Send", "Invalid"):
        return None
    shape = shape_of(frame)
    if frame.kind == "Invalid" or shape is None:
        why = frame.error.removeprefix("read kindly: ") or "it has not the form of its kind"
        return Fault("unreadable", why[:60], f"The CSMS sent what OCPP-J does not know: {why}")
    action, payload = shape
    if frame.kind in ("Call", "Send"):
        return _unserved(action, version) or _by_schema(action, payload, False, version)
    if frame.kind == "CallResult" and frame.action in schemas.actions(version):
        return _by_schema(frame.action, payload, True, version)
    return None


@cache
def served(version: str) -> frozenset[str]:
    """The actions that a CSMS may call on stations of the version."""
    return frozenset(station_class(version).HANDLERS)


def _unserved(action: str, version: str) -> Fault | None:
    if action in served(version) or action in schemas.unanswered(version):
        return None
    if action in schemas.actions(version):
        why = f"{action} is a station's to call"
    elif versions_of(action):
        why = f"{belongs(action)}; this station speaks {version}"
    else:
        why = f'there is no action "{action[:60]}" in OCPP{meant(action)}'
    return Fault("unknown_action", why, f"The CSMS called {action[:60]}: {why}")


def _by_schema(action: str, payload: Any, response: bool, version: str) -> Fault | None:
    if response and action in schemas.unanswered(version):
        return None
    fault = schemas.check(version, action, payload, response)
    if fault is None:
        return None
    what = f"The answer to {action}" if response else f"The Call {action}"
    if '"date-time"' in fault.message and (naive := _naive_time(payload, fault.place)):
        words = f'{what} has a time without a zone: {fault.place} is "{naive}", which may be any'
        return Fault("time_zone", fault.place, words)
    # Names that are missing are no secrets; other words may quote a value.
    why = fault.message if fault.kind == schemas.MISSING else masked_error(fault.message, action)
    words = f"{what} breaks its schema: {why}"
    return Fault("schema", f"{fault.kind} {fault.place}", words)


def _naive_time(payload: Any, place: str) -> str:
    """The time without a zone that stands at the place (names parted by /, lists left out)."""
    found = [payload]
    for name in place.split("/"):
        found = [part for whole in found for part in _parts(whole, name)]
    for value in found:
        if isinstance(value, str) and len(value) <= 64 and _is_naive(value):
            return value
    return ""


def _parts(whole: Any, name: str) -> list[Any]:
    if isinstance(whole, list):
        return [part for each in whole[:1000] for part in _parts(each, name)]
    return [whole[name]] if isinstance(whole, dict) and name in whole else []


def _is_naive(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is None
    except ValueError:
        return False
