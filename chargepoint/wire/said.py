"""What a station has told its CSMS, gathered from the record of its frames.

A snapshot may be older than the last frames that left the process. Whoever resumes the station
from it takes the numbers that were used up from here (see recalling.py). Only what the numbers
need is kept, so the frames of hours are a few hundred bytes.
"""

import base64
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
    pages       (connector, None where the text does not say it; "T" or "F") -> the highest number
                of a signed reading
    """

    __slots__ = ("event_id", "last", "next_seq", "number", "pages", "registers")

    def __init__(self) -> None:
        self.number = 0
        self.next_seq: dict[str, int] = {}
        self.registers: dict[Place, list[float]] = {}
        self.event_id = 0
        self.last: LastCall | None = None
        self.pages: dict[tuple[int | None, str], int] = {}

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
        except (TypeError, ValueError, LookupError, AttributeError):
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
        elif action == "StopTransaction":
            for meter_value in payload.get("transactionData", ()):
                for entry in meter_value["sampledValue"]:
                    if entry.get("format") == "SignedData":
                        self._signed(entry["value"])
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
                if entry.get("format") == "SignedData":  # 1.6, beside the register as a number
                    self._signed(entry["value"])
                    continue
                if inner := entry.get("signedMeterValue"):
                    self._signed(inner["signedMeterData"])
                measurand = entry.get("measurand", _IMPORT)
                if measurand in (_IMPORT, _EXPORT) and "phase" not in entry:
                    wh = float(entry["value"]) * _scale(entry)
                    self._read(place, *((wh, 0.0) if measurand == _IMPORT else (0.0, wh)))

    def _signed(self, data: str) -> None:
        if data[:1] == "{":
            data = orjson.loads(data)["signedMeterData"]
        for place, number in _pages_in(data):
            if place in self.pages or len(self.pages) < PLACES_AT_MOST:
                self.pages[place] = max(number, self.pages.get(place, 0))

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


def _pages_in(data: str) -> list[tuple[tuple[int | None, str], int]]:
    """Of a signed reading (trust/signed), or of its Base64. Raises ValueError, LookupError or
    AttributeError for what cannot be read."""
    text = data if data.startswith(("OCMF|", "AP;")) else base64.b64decode(data).decode()
    if text.startswith("AP;"):
        number = base64.b32decode(text.split(";")[4])[-4:]
        return [((None, "T"), int.from_bytes(number, "little"))]
    payload = orjson.loads(text.split("|")[1])
    connector = int(payload["CI"].rpartition(" ")[2])  # behind the station's identity
    return [((connector, payload["PG"][:1]), int(payload["PG"][1:]))]


def _scale(entry: dict[str, Any]) -> float:
    """Factor to Wh: 1.6 has `unit`, 2.x unitOfMeasure with a power of ten."""
    measure = entry.get("unitOfMeasure", {})
    unit = entry.get("unit") or measure.get("unit", "Wh")
    return (1000.0 if unit == "kWh" else 1.0) * 10.0 ** measure.get("multiplier", 0)
