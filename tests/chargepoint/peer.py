"""A CSMS wired to a station in memory: the real core, no sockets, time as a number."""

import json
from collections import deque
from itertools import count
from typing import Any

from chargepoint.config import ConnectorConfig, StationConfig
from chargepoint.effects import Close, PingInterval, Received, Send, Session
from chargepoint.timing.times import iso
from chargepoint.versions import make_station
from chargepoint.wire import schemas

START = 1_790_000_000.0  # a whole number of minutes
DUAL = (ConnectorConfig(1, 1), ConnectorConfig(2, 2))


class Peer:
    """Feeds events to one station and answers its Calls as `answers` says.

    `answers`: action -> payload, or a function(payload) that returns one; None: no answer.
    """

    def __init__(
        self, version: str = "1.6", saved: dict | None = None, begin: float = START, **config: Any
    ) -> None:
        config.setdefault("connectors", DUAL)
        self.config = StationConfig("CP1", version, default_id_tag="TAG1", **config)
        self.now = begin
        self.seeds = count(1)  # repeatable, and another for each life of the station
        self.station = make_station(self.config, saved, self.now, rng_seed=next(self.seeds))
        self.sent: list[list] = []
        self.received: list = []
        self.sessions: list[dict] = []
        self.closes: list[Close] = []
        self.pings: list[float] = []
        self.unanswered: list[list] = []
        self.waiting: deque[list] = deque()
        self.answering = False
        self.next_transaction = 100
        self.answers: dict[str, Any] = {
            "BootNotification": self._boot,
            "Heartbeat": self._heartbeat,
            "Authorize": {"idTagInfo": {"status": "Accepted"}},
            "StartTransaction": self._start,
            "StopTransaction": {},
            "StatusNotification": {},
            "MeterValues": {},
            "DataTransfer": {"status": "Accepted"},
        }  # fmt: skip

    def _boot(self, payload: dict) -> dict:
        return {"status": "Accepted", "currentTime": iso(self.now), "interval": 300}

    def _heartbeat(self, payload: dict) -> dict:
        return {"currentTime": iso(self.now)}

    def _start(self, payload: dict) -> dict:
        self.next_transaction += 1
        return {"transactionId": self.next_transaction, "idTagInfo": {"status": "Accepted"}}

    # --- events ------------------------------------------------------------------------------

    def take(self, effects: list, crafted: bool = False) -> None:
        """Perform effects, and answer at once, in order, what the station asks of us.

        Its Calls must be valid, unless an operator crafted them.
        """
        for effect in effects:
            match effect:
                case Send(frame):
                    frame_list = json.loads(frame.text) if frame.kind != "Invalid" else None
                    self.sent.append(frame_list)
                    if frame.kind == "Call":
                        by_hand = crafted or "held" in frame.mark
                        if not by_hand and frame.unique_id != "mine":
                            self.check(frame.action, frame_list[3])
                        self.waiting.append(frame_list)
                case Received(frame):
                    self.received.append(frame)
                case Session(update):
                    self.sessions.append(update)
                case Close():
                    self.closes.append(effect)
                case PingInterval(seconds):
                    self.pings.append(seconds)
        if not self.answering:  # a long queue is answered by a loop, not by recursion
            self.answering = True
            try:
                while self.waiting:
                    self.answer(self.waiting.popleft())
            finally:
                self.answering = False
        for close in [effect for effect in effects if type(effect) is Close]:
            if self.station.connected:
                self.take(self.station.disconnected(self.now, close.code, close.reason))

    def check(self, action: str, payload: dict) -> None:
        assert schemas.check(self.config.version, action, payload, False) is None

    def answer(self, call: list) -> None:
        _, unique_id, action, payload = call
        answer = self.answers.get(action)
        if callable(answer):
            answer = answer(payload)
        if answer is None:
            self.unanswered.append(call)
        elif isinstance(answer, list):
            self.feed([4, unique_id, *answer])
        else:
            self.feed([3, unique_id, answer])

    def feed(self, frame: Any) -> None:
        text = frame if isinstance(frame, str | bytes) else json.dumps(frame)
        self.take(self.station.received(text, self.now))

    def connect(self) -> "Peer":
        self.take(self.station.connected_to(self.now))
        return self

    def drop(self) -> None:
        self.take(self.station.disconnected(self.now))

    def pass_time(self, seconds: float) -> None:
        """Let time go by, waking the station at each of its deadlines."""
        end = self.now + seconds
        while (due := self.station.deadline) is not None and due <= end:
            self.now = max(self.now, due)
            self.take(self.station.wake(self.now))
        self.now = end

    def call(self, action: str, payload: dict, unique_id: str = "c1") -> Any:
        """A Call of the CSMS; returns the answering frame."""
        before = len(self.sent)
        self.feed([2, unique_id, action, payload])
        answers = [f for f in self.sent[before:] if f and f[0] in (3, 4) and f[1] == unique_id]
        assert len(answers) == 1, answers
        return answers[0]

    def do(self, name: str, **args: Any) -> dict:
        result, effects = self.station.command(name, args, self.now)
        self.take(effects, crafted=name == "message")
        return result

    # --- looking -----------------------------------------------------------------------------

    def calls(self, action: str | None = None) -> list[dict]:
        """Payloads of the Calls sent, of one action if named."""
        calls = [f for f in self.sent if f and f[0] == 2]
        return [f[3] for f in calls if action is None or f[2] == action]

    def actions(self) -> list[str]:
        return [f[2] for f in self.sent if f and f[0] == 2]

    def statuses(self, connector: int = 1) -> list[str]:
        notes = self.calls("StatusNotification")
        return [n["status"] for n in notes if n["connectorId"] == connector]

    def crash(self) -> "Peer":
        """kill -9: another worker resumes from the snapshot that was taken last."""
        saved = json.loads(json.dumps(self.station.snapshot()["saved"]))
        peer = Peer.__new__(Peer)
        peer.__dict__.update(self.__dict__)
        peer.station = make_station(self.config, saved, self.now, rng_seed=next(self.seeds))
        for action, answer in self.answers.items():  # our own follow the time of the new peer
            if getattr(answer, "__self__", None) is self:
                peer.answers[action] = getattr(peer, answer.__name__)
        peer.answers["StartTransaction"] = peer._start
        return peer

    def restart(self) -> None:
        """The same station again, at the time it is now."""
        saved = json.loads(json.dumps(self.station.snapshot()["saved"]))
        self.station = make_station(self.config, saved, self.now, rng_seed=next(self.seeds))
