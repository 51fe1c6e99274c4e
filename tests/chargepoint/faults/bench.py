"""One bench for every version: the CSMS in memory of that version, with a log of all frames."""

import json
from typing import Any

from chargepoint.effects import Noted, Received, Send
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import Csms, config_of

VERSIONS = ("1.6", "2.0.1", "2.1")


class Bench:
    """Frames go to the station and come from it as the CSMS of the version does it; texts that
    are no frames are logged and not looked at."""

    def __init__(self, version: str, **config: Any) -> None:
        self.old = version == "1.6"
        self.csms: Any = (
            Peer(version, **config) if self.old else Csms(config_of(version, **config))
        )
        self.log: list[Any] = []  # frames of Send and Received
        self.noted: list[Any] = []
        self.effects: list[Any] = []
        self.unread = "\0"  # texts with this in them are not for the CSMS either
        self.inoperative = (
            {"connectorId": 1, "type": "Inoperative"}
            if self.old
            else {"operationalStatus": "Inoperative", "evse": {"id": 1}}
        )
        self.hard_reset = {"type": "Hard" if self.old else "Immediate"}
        if self.old:
            self.csms.take = self._watch(self.csms.take)
        else:
            self.csms._note = self._watch(self.csms._note)

    def _watch(self, inner):
        def take(effects: list, **more: Any) -> None:
            self.effects += effects
            for effect in effects:
                if type(effect) in (Send, Received):
                    self.log.append(effect.frame)
                elif type(effect) is Noted:
                    self.noted.append(effect.frame)
            inner([e for e in effects if not self._spoilt(e)], **more)

        return take

    # --- the link ----------------------------------------------------------------------------

    @property
    def station(self):
        return self.csms.station

    @property
    def now(self) -> float:
        return self.csms.now

    def connect(self) -> "Bench":
        self.csms.connect()
        return self

    def drop(self) -> None:
        (self.csms.drop if self.old else self.csms.disconnect)()

    def pass_time(self, seconds: float) -> None:
        self.csms.pass_time(seconds)

    def restart(self) -> None:
        self.csms.restart()

    def do(self, name: str, **args: Any) -> dict:
        return (self.csms.do if self.old else self.csms.command)(name, **args)

    def call(self, action: str, payload: dict) -> Any:
        """A Call of the CSMS; its answer, or None if none came."""
        before = len(self.log)
        self.perform(self.station.received(json.dumps([2, "c1", action, payload]), self.now))
        frames = (json.loads(f.text) for f in self.log[before:] if f.direction == "sent")
        return next((f for f in frames if f[0] in (3, 4) and f[1] == "c1"), None)

    def perform(self, effects: list) -> None:
        (self.csms.take if self.old else self.csms.perform)(effects)

    # --- the station's work ------------------------------------------------------------------

    def heartbeat(self, settle: bool = True) -> None:
        """Have the station send one now."""
        self.station.timers.set("heartbeat", self.now)
        self.pass_time(0.0)
        if settle:
            self.pass_time(0.01)

    def still_works(self) -> None:
        """It heartbeats, is answered, and answers."""
        before = len(self.frames_of("Heartbeat", "CallResult"))
        self.heartbeat()
        assert len(self.frames_of("Heartbeat", "CallResult")) > before
        assert self.call("ClearCache", {})[0] == 3

    def interval(self, seconds: float) -> None:
        self.station.service.set_heartbeat(seconds, self.now)

    def charge(self) -> None:
        self.do("start-transaction", connector=1, id_tag="AABBCCDD")
        assert self.station.snapshot()["connectors"][0]["transaction"]

    def aligned_every(self, seconds: int) -> None:
        if self.old:
            change = {"key": "ClockAlignedDataInterval", "value": str(seconds)}
            assert self.call("ChangeConfiguration", change)[2]["status"] == "Accepted"
        else:
            assert self.csms.set("AlignedDataCtrlr.Interval", str(seconds)) == "Accepted"
        self.meter_values: list[str] = []
        self.csms.answers["MeterValues"] = self._meter_values

    def _meter_values(self, payload: dict) -> dict:
        self.meter_values += [value["timestamp"] for value in payload["meterValue"]]
        return {}

    # --- looking -----------------------------------------------------------------------------

    @property
    def actions(self) -> list[str]:
        calls = (f for f in self.log if f.direction == "sent" and f.kind == "Call")
        return [frame.action for frame in calls]

    def frames_of(self, action: str, kind: str) -> list[Any]:
        return [f for f in self.log if (f.action, f.kind) == (action, kind)]

    def marked(self, mark: str) -> list[Any]:
        return [f for f in [*self.log, *self.noted] if mark in f.mark and f.kind != "Note"]

    def effects_of(self, kind: type) -> list[Any]:
        return [effect for effect in self.effects if type(effect) is kind]

    def status(self, connector: int = 1) -> str:
        return self.station.snapshot()["connectors"][connector - 1]["status"]

    def stamp(self) -> str:
        """Of a StatusNotification that is made now."""
        self.do("plug" if self.station.connectors[2].ev is None else "unplug", connector=2)
        [*_, frame] = self.frames_of("StatusNotification", "Call")
        return json.loads(frame.text)[3]["timestamp"]

    def boot_reason(self) -> str | None:
        [*_, frame] = self.frames_of("BootNotification", "Call")
        return json.loads(frame.text)[3].get("reason")

    def end_of_transaction(self) -> tuple[str, str]:
        """(reason, timestamp) of the one transaction's end."""
        if self.old:
            [frame] = self.frames_of("StopTransaction", "Call")
            payload = json.loads(frame.text)[3]
            return payload["reason"], payload["timestamp"]
        events = [json.loads(f.text)[3] for f in self.frames_of("TransactionEvent", "Call")]
        [ended] = [event for event in events if event["eventType"] == "Ended"]
        assert ended["offline"]
        return ended["transactionInfo"]["stoppedReason"], ended["timestamp"]

    def watch_only(self, text: str) -> None:
        """The CSMS does not look at frames with this in them: it could not read them."""
        self.unread = text

    def _spoilt(self, effect: Any) -> bool:
        if type(effect) is not Send:
            return False
        return "malformed" in effect.frame.mark or self.unread in effect.frame.text
