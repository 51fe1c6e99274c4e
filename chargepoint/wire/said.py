"""What a station has told its CSMS, gathered from the record of its frames.

A snapshot may be older than the last frames that left the process. Whoever resumes the station
from it takes the numbers that were used up from here (see recalling.py). Only what the numbers
need is kept, so the frames of hours are a few hundred bytes.
"""

from typing import Any, NamedTuple

import orjson

TRANSACTION_MESSAGES = ("StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent")
_ACTIONS = frozenset((*TRANSACTION_MESSAGES, "NotifyEvent"))
_IMPORT = "Energy.Active.Import.Register"  # where a sampledValue names no measurand, too
_EXPORT = "Energy.Active.Export.Register"
_PREFIX = 10  # hex digits before the number in an id of ours, see Calls.new_id
TRANSACTIONS_AT_MOST = 50
PLACES_AT_MOST = 1000

# 1.6: the connectorId; 2.x: (EVSE, connectorId), and the EVSE alone for MeterValues.
Place = int | tuple[int, int]


class LastCall(NamedTuple):
    """The newest transaction message that was sent.

    number   of its record, run << 40 | seq
    outcome  the CallResult's payload, None while none has come
    """

    number: int
    unique_id: str
    action: str
    payload: dict[str, Any]
    outcome: dict[str, Any] | None = None


class Said:
    """number      of the newest record of the station
    next_seq    transactionId -> the seqNo that comes after those that were sent (2.x)
    registers   place -> [import Wh, export Wh], the highest that were told
    event_id    the highest eventId of a NotifyEvent
    last        see LastCall
    """

    __slots__ = ("event_id", "last", "next_seq", "number", "registers")

    def __init__(self) -> None:
        self.number = 0
        self.next_seq: dict[str, int] = {}
        self.registers: dict[Place, list[float]] = {}
        self.event_id = 0
        self.last: LastCall | None = None

    def take(
        self, number: int, direction: str, kind: str, action: str, unique_id: str, text: str
    ) -> None:
        """Learn from one frame. Those of a run come in order, the runs in any.

        Never raises for what a frame holds.
        """
        self.number = max(self.number, number)
        if direction == "sent":
            if kind == "Call" and action in _ACTIONS and _is_ours(unique_id):
                self._sent(number, action, unique_id, _part(text, 3))
        elif kind == "CallResult" and self.last and unique_id == self.last.unique_id:
            self.last = self.last._replace(outcome=_part(text, 2))

    def _sent(self, number: int, action: str, unique_id: str, payload: dict | None) -> None:
        if payload is None:
            return
        try:
            self._learn(action, payload)
        except (TypeError, ValueError, KeyError, AttributeError):
            return  # spoilt on purpose: the CSMS could read it as little
        is_newer = self.last is None or number > self.last.number
        if action in TRANSACTION_MESSAGES and is_newer:
            self.last = LastCall(number, unique_id, action, payload)

    def _learn(self, action: str, payload: dict[str, Any]) -> None:
        if action == "TransactionEvent":
            self._used(payload["transactionInfo"]["transactionId"], payload["seqNo"] + 1)
            evse = payload["evse"]
            place: Place = (evse["id"], evse["connectorId"])
            self._learn_values(place, payload.get("meterValue", ()))
        elif action == "MeterValues":
            place = payload["connectorId"] if "connectorId" in payload else payload["evseId"]
            self._learn_values(place, payload["meterValue"])
        elif action == "NotifyEvent":
            self.event_id = max(self.event_id, *(e["eventId"] for e in payload["eventData"]))

    def _used(self, transaction: str, following: int) -> None:
        known = self.next_seq.pop(transaction, 0)
        self.next_seq[transaction] = max(known, following)
        if len(self.next_seq) > TRANSACTIONS_AT_MOST:
            del self.next_seq[next(iter(self.next_seq))]

    def _learn_values(self, place: Place, meter_values: list[dict]) -> None:
        for meter_value in meter_values:
            for entry in meter_value["sampledValue"]:
                measurand = entry.get("measurand", _IMPORT)
                if measurand in (_IMPORT, _EXPORT) and "phase" not in entry:
                    wh = float(entry["value"]) * _scale(entry)
                    self._read(place, *((wh, 0.0) if measurand == _IMPORT else (0.0, wh)))

    def _read(self, place: Place, bought: float, sold: float) -> None:
        known = self.registers.get(place)
        if known is not None:
            known[:] = max(known[0], bought), max(known[1], sold)
        elif len(self.registers) < PLACES_AT_MOST:
            self.registers[place] = [bought, sold]


def _is_ours(unique_id: str) -> bool:
    """Whether the station made the Call itself: an operator's has another id (commands.py)."""
    return unique_id[_PREFIX : _PREFIX + 1] == "-" and unique_id[_PREFIX + 1 :].isdigit()


def _part(text: str, place: int) -> dict[str, Any] | None:
    try:
        payload = orjson.loads(text)[place]
    except (ValueError, IndexError, TypeError, KeyError):
        return None
    return payload if isinstance(payload, dict) else None


def _scale(entry: dict[str, Any]) -> float:
    """Factor to Wh: 1.6 has `unit`, 2.x unitOfMeasure with a power of ten."""
    measure = entry.get("unitOfMeasure", {})
    unit = entry.get("unit") or measure.get("unit", "Wh")
    return (1000.0 if unit == "kWh" else 1.0) * 10.0 ** measure.get("multiplier", 0)
