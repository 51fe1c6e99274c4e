"""A CSMS in memory for one station: takes the effects, answers by script, checks every frame.

Nothing of the core is replaced; this stands where the socket and the other side are.
"""

import json
from collections import deque
from itertools import count
from typing import Any

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.effects import Close, Received, Send, Session
from chargepoint.timing.times import iso
from chargepoint.versions import make_station
from chargepoint.wire import schemas

CONNECTORS = (
    ConnectorConfig(id=1, evse=1, kind="Type2", phases=3, max_power_w=22_000),
    ConnectorConfig(id=2, evse=2, kind="CCS2", phases=0, max_power_w=150_000),
)


def config_of(version: str = "2.0.1", **more: Any) -> StationConfig:
    values = {
        "identity": "CS-1", "version": version, "vendor": "Acme", "model": "Two", "serial": "S1",
        "firmware": "1.0", "connectors": CONNECTORS, "default_id_tag": "04A1B2C3",
    }  # fmt: skip
    return StationConfig(**{**values, **more})


class Csms:
    """`answers`: action -> payload, or a function of the request payload, or an Exception name.

    An answer of None leaves the Call without any; a str is a CallError code.
    """

    def __init__(self, config: StationConfig | None = None, saved: dict | None = None, now=1e9):
        self.now = now
        self.config = config or config_of()
        self.seeds = count(1)  # a station never draws the same transaction id again
        self.station = make_station(self.config, saved, now, rng_seed=next(self.seeds))
        self.calls: list[tuple[str, dict]] = []  # (action, payload) from the station
        self.results: dict[str, Any] = {}  # our unique id -> payload or (code, description)
        self.sends: list[tuple[str, dict]] = []  # (action, payload) that nobody answers
        self.result_errors: list[list] = []  # CallResultErrors from the station
        self.received: list[Any] = []  # the Received effects
        self.sessions: list[dict] = []
        self.closes: list[Close] = []
        self.counter = 0
        self.interval = 300
        self.answers: dict[str, Any] = {
            "BootNotification": lambda _: {
                "currentTime": iso(self.now), "interval": self.interval, "status": "Accepted",
            },
            "Heartbeat": lambda _: {"currentTime": iso(self.now)},
            "Authorize": {"idTokenInfo": {"status": "Accepted"}},
            "BatterySwap": {},
            "TransactionEvent": {},
            "StatusNotification": {},
            "NotifyCustomerInformation": {},
            "NotifyDisplayMessages": {},
            "NotifyEvent": {},
            "NotifyMonitoringReport": {},
            "NotifyReport": {},
            "NotifySettlement": {},
            "MeterValues": {},
            "OpenPeriodicEventStream": {"status": "Accepted"},
            "ReservationStatusUpdate": {},
            "SecurityEventNotification": {},
            "NotifyDERAlarm": {},
            "NotifyDERStartStop": {},
            "NotifyPriorityCharging": {},
            "PullDynamicScheduleUpdate": {"status": "Rejected"},
            "ReportDERControl": {},
            "ClearedChargingLimit": {},
            "ClosePeriodicEventStream": {},
            "NotifyChargingLimit": {},
            "NotifyEVChargingNeeds": {"status": "Accepted"},
            "NotifyEVChargingSchedule": {"status": "Accepted"},
            "ReportChargingProfiles": {},
            "GetCertificateStatus": {"status": "Failed"},
            "SignCertificate": {"status": "Accepted"},
            "VatNumberValidation": lambda asked: {**asked, "status": "Rejected"},
            "Get15118EVCertificate": {"status": "Accepted", "exiResponse": "gJgC"},
        }  # fmt: skip
        self.todo: deque[str] = deque()
        self.check = schemas.check  # another one for a station that breaks it on purpose

    # --- the link ----------------------------------------------------------------------------

    def connect(self) -> "Csms":
        self.perform(self.station.connected_to(self.now))
        return self

    def disconnect(self) -> None:
        self.todo.clear()
        self.perform(self.station.disconnected(self.now))

    def perform(self, effects: list) -> None:
        """Carry out effects and everything that the answers to them cause."""
        self._note(effects)
        while self.todo:
            self._note(self.station.received(self.todo.popleft(), self.now))

    def _note(self, effects: list) -> None:
        for effect in effects:
            match effect:
                case Send(frame=frame):
                    self._take(json.loads(frame.text), frame)
                case Received(frame=frame):
                    self.received.append(frame)
                case Session(update=update):
                    self.sessions.append(update)
                case Close():
                    self.closes.append(effect)

    def _take(self, frame: list, noted: Any) -> None:
        version = self.station.VERSION
        if frame[0] == 2:
            _, unique_id, action, payload = frame
            fault = self.check(version, action, payload, False)
            assert fault is None, f"{action}: {fault} in {payload}"
            self.calls.append((action, payload))
            self._answer(unique_id, action, payload)
        elif frame[0] == 3:
            fault = self.check(version, noted.action, frame[2], True)
            assert fault is None, f"{noted.action}: {fault} in {frame[2]}"
            self.results[frame[1]] = frame[2]
        elif frame[0] == 5:
            assert version == "2.1"
            self.result_errors.append(frame)
        elif frame[0] == 6:
            assert version == "2.1"
            _, _, action, payload = frame
            fault = schemas.check(version, action, payload, False)
            assert fault is None, f"{action}: {fault} in {payload}"
            self.sends.append((action, payload))
        else:
            assert frame[0] == 4
            self.results[frame[1]] = (frame[2], frame[3])

    def _answer(self, unique_id: str, action: str, payload: dict) -> None:
        answer = self.answers[action]
        if callable(answer):
            answer = answer(payload)
        if answer is None:
            return
        if isinstance(answer, str):
            self.todo.append(json.dumps([4, unique_id, answer, "no", {}]))
        else:
            self.todo.append(json.dumps([3, unique_id, answer]))

    # --- what a test does --------------------------------------------------------------------

    def call(self, action: str, payload: dict) -> Any:
        """A Call to the station. Returns its answer's payload, or (code, description)."""
        self.counter += 1
        unique_id = f"csms-{self.counter}"
        self.perform(self.station.received(json.dumps([2, unique_id, action, payload]), self.now))
        return self.results[unique_id]

    def command(self, name: str, **args: Any) -> dict:
        result, effects = self.station.command(name, args, self.now)
        self.perform(effects)
        return result

    def pass_time(self, seconds: float) -> None:
        """Let time go by, waking the station whenever it asked for it."""
        end = self.now + seconds
        for _ in range(1_000 + int(20 * seconds)):
            due = self.station.deadline
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.perform(self.station.wake(self.now))
        else:
            raise AssertionError("the station never rests")
        self.now = end

    def restart(self, saved: dict | None = None) -> "Csms":
        """The worker dies; another resumes from the saved state. Same CSMS, same records."""
        saved = saved or self.saved()
        self.todo.clear()
        self.station = make_station(self.config, saved, self.now, rng_seed=next(self.seeds))
        return self

    def saved(self) -> dict:
        """As it comes back from a store: through a text form."""
        return json.loads(json.dumps(self.station.snapshot()["saved"]))

    def set(self, key: str, value: str) -> str:
        component, _, name = key.partition(".")
        name, _, instance = name.rstrip("]").partition("[")
        variable = {"name": name, **({"instance": instance} if instance else {})}
        item = {"component": {"name": component}, "variable": variable, "attributeValue": value}
        answer = self.call("SetVariables", {"setVariableData": [item]})
        return answer["setVariableResult"][0]["attributeStatus"]

    def sent(self, action: str) -> list[dict]:
        return [payload for name, payload in self.calls if name == action]

    @property
    def events(self) -> list[dict]:
        return self.sent("TransactionEvent")

    def story(self) -> list[tuple[str, str, str]]:
        """(eventType, triggerReason, chargingState) of every event seen."""
        return [
            (e["eventType"], e["triggerReason"], e["transactionInfo"]["chargingState"])
            for e in self.events
        ]


def booted(**more: Any) -> Csms:
    return Csms(config_of(**more)).connect()
