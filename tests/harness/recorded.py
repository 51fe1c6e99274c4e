"""A run as it should be, of a 1.6 and a 2.0.1 station, as plain values that a test can spoil."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from chaos.audit.evidence import Evidence, Logged
from chaos.record import CLOSED, OPENED, SENT, TOLD, Seen

TIMEOUT = 10.0
RUN = 1000


class Story:
    """Tells what happens at the CSMS and in the log at once, a second apart."""

    def __init__(self) -> None:
        self.now = 100.0
        self.link = 0
        self.seq = 0
        self.uid = 0
        self.run = RUN
        self.seen: list[Seen] = []
        self.log: list[Logged] = []

    def connect(self, link: int) -> None:
        if self.link:
            self._note(CLOSED, "1006")
        self.link = link
        self._note(OPENED, "answering")

    def _note(self, kind: str, text: str) -> None:
        self.now += 1.0
        self.seen.append(Seen(self.now, self.now, self.link, kind, text))

    def _log(self, direction: str, text: str) -> None:
        self.seq += 1
        identity = f"{int(self.now * 1e6):014x}{self.seq:08x}"
        self.log.append(Logged(identity, self.run, self.seq, direction, self.now, text))

    def says(self, frame: list[Any]) -> None:
        text = json.dumps(frame)
        self._note(SENT, text)
        self._log("sent", text)

    def hears(self, frame: list[Any]) -> None:
        text = json.dumps(frame)
        self._note(TOLD, text)
        self._log("received", text)

    def call(self, action: str, payload: dict[str, Any], answer: dict[str, Any]) -> None:
        self.uid += 1
        uid = f"s-{self.uid}"
        self.says([2, uid, action, payload])
        self.hears([3, uid, answer])


def _values(*registers: float) -> list[dict[str, Any]]:
    return [
        {"timestamp": "2026-11-28T00:00:00Z", "sampledValue": [{"value": str(register)}]}
        for register in registers
    ]


def _session(identity: str, transaction: str, start: int, stop: int) -> dict[str, Any]:
    return {
        "_id": identity, "rev": 9, "transaction_id": transaction, "state": "ended",
        "meter_start": start, "meter_stop": stop, "id_tag": "TAG-1", "started": None, "ended": None,
    }  # fmt: skip


def station_16() -> Evidence:
    """Two transactions, the second over a lost connection and another worker's run."""
    story = Story()
    story.connect(1)
    story.call("BootNotification", {}, {"status": "Accepted"})
    for number, (start, stop) in enumerate(((0, 100), (100, 250)), 1):
        begin = {"connectorId": 1, "idTag": "TAG-1", "meterStart": start, "timestamp": str(number)}
        story.call("StartTransaction", begin, {"transactionId": number})
        if number == 2:
            story.connect(2)
            story.run, story.seq = RUN + 1, 0
            story.call("StartTransaction", begin, {"transactionId": number})  # asked again
        values = {"connectorId": 1, "transactionId": number, "meterValue": _values(start + 50.0)}
        story.call("MeterValues", values, {})
        story.hears([2, f"c-{number}", "ChangeConfiguration", {"key": "K", "value": "1"}])
        story.says([3, f"c-{number}", {"status": "Accepted"}])
        end = {"transactionId": number, "meterStop": stop, "timestamp": str(number)}
        story.call("StopTransaction", end, {})
    return Evidence(
        "S16", "1.6", story.seen, story.log,
        [_session("a", "1", 0, 100), _session("b", "2", 100, 250)],
        {"a": [{"t": 1, "energy_wh": 50}], "b": [{"t": 2, "energy_wh": 150}]},
        {"connectors": [{"id": 1, "transaction": None, "energy_wh": 250}]}, TIMEOUT,
    )  # fmt: skip


def station_2() -> Evidence:
    """One transaction of four events; the third is repeated over a new connection."""
    story = Story()
    story.connect(3)
    story.call("BootNotification", {}, {"status": "Accepted"})
    kinds = (("Started", 10.0), ("Updated", 20.0), ("Updated", 30.0), ("Ended", 10.0, 40.0))
    for number, (kind, *registers) in enumerate(kinds):
        event = {
            "eventType": kind, "seqNo": number, "transactionInfo": {"transactionId": "T"},
            "evse": {"id": 1}, "meterValue": _values(*registers), "idToken": {"idToken": "TAG-1"},
        }  # fmt: skip
        story.call("TransactionEvent", event, {})
        if number == 2:
            story.connect(4)
            story.run, story.seq = RUN + 1, 0
            story.call("TransactionEvent", event, {})
    return Evidence(
        "S2", "2.0.1", story.seen, story.log, [_session("a", "T", 10, 40)],
        {"a": [{"t": 1, "energy_wh": 20}, {"t": 2, "energy_wh": 30}]},
        {"connectors": [{"id": 1, "transaction": None, "energy_wh": 40}]}, TIMEOUT,
    )  # fmt: skip


def copy(evidence: Evidence) -> Evidence:
    """Without what the evidence has worked out already."""
    fields = Evidence.__dataclass_fields__
    return Evidence(**{name: deepcopy(getattr(evidence, name)) for name in fields})
