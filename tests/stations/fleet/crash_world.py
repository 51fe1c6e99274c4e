"""One station whose worker may die between any two things it does, and the CSMS that it talks to.

The journal, Redis, the fleet, the consumer and the core are the real ones. The socket is a list:
what was carried is what the CSMS has seen. A death is an exception that nobody catches, after
which the worker's objects are left as they are; the next worker knows of them what is on disk and
in Redis.
"""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chargepoint.config import SUBPROTOCOLS, ConnectorConfig, StationConfig
from messaging.journals import reading
from messaging.journals.recorder import Recorder
from messaging.records import FrameRecord
from stations.link.targets import DialTarget
from stations.orders.commands import shard_of
from stations.orders.sharding import Share
from stations.state import snapshots
from stations.worker import recalling
from stations.worker.consumers import ChargePointConsumer, Host
from stations.worker.fleet import Fleet
from stations.worker.plans import Plan

IDENTITY = "CRASH-1"
ROW = ("row-1", 1)
SETTINGS = {
    "1.6": {"MeterValueSampleInterval": "10"},
    "2.0.1": {"SampledDataCtrlr.TxUpdatedInterval": "10"},
    "2.1": {"SampledDataCtrlr.TxUpdatedInterval": "10"},
}
CAR = {"soc": 10.0, "battery_kwh": 400.0, "max_power_kw": 11.0}


class Killed(BaseException):
    """The worker is dead: no `except Exception` of its own stops that."""


class Fuse:
    """Counts what a worker does to the world; at zero it dies instead of doing it."""

    def __init__(self) -> None:
        self.left: int | None = None

    def burn(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise Killed
            self.left -= 1


class FusedRecorder(Recorder):
    def __init__(self, root: Path, fuse: Fuse) -> None:
        super().__init__(root, "w", enqueue=lambda batch: None, segment_bytes=1 << 18)
        self.fuse = fuse

    def record(self, *args: Any) -> None:
        self.fuse.burn()
        super().record(*args)

    def session(self, *args: Any) -> None:
        self.fuse.burn()
        super().session(*args)

    def state(self, *args: Any) -> None:
        self.fuse.burn()
        super().state(*args)


class Time:
    """The worker's clock; everybody's here."""

    def __init__(self) -> None:
        self.seconds = 1_790_000_000.0

    def now(self) -> float:
        return self.seconds


class NoDeadlines:
    """The test itself wakes the station."""

    def arm(self, owner: object, at: float | None) -> None: ...

    def disarm(self, owner: object) -> None: ...


class Writes:
    """Which snapshots wait; the test says when they are written, if ever."""

    owes = False

    def __init__(self) -> None:
        self.waiting: ChargePointConsumer | None = None

    def changed(self, source: ChargePointConsumer, urgency: str) -> None:
        self.waiting = source


class Wire:
    """In the dialer's place: a link whose frames go into the CSMS's hands at once."""

    world: World

    def __init__(self, consumer: ChargePointConsumer, target: object, queue: object) -> None:
        self.consumer = consumer
        consumer.link = self
        self.open = False

    def carry(self, event: dict) -> None:
        if event["type"] == "websocket.send":
            self.world.fuse.burn()
            self.world.csms.take(json.loads(event["text"]))
        elif event["type"] == "websocket.close":
            self.open = False

    def connect(self, pause: float = 0.0) -> None: ...

    def ping_every(self, seconds: float) -> None: ...

    def tls(self) -> None: ...

    def describe(self) -> dict:
        return {"state": "open", "error": "", "attempt": 0, "next": None}


class Csms:
    """Keeps every frame and owes an answer to each Call until the test lets it give it."""

    def __init__(self, time: Time, version: str) -> None:
        self.time, self.version = time, version
        self.calls: list[tuple[str, dict]] = []  # every Call it has seen, in order
        self.owed: list[list] = []
        self.answers: dict[str, dict] = {}  # to its own Calls
        self.transactions: dict[str, int] = {}  # 1.6: a start's content -> transactionId

    def take(self, frame: list) -> None:
        if frame[0] == 2:
            self.calls.append((frame[2], frame[3]))
            self.owed.append(frame)
        else:
            self.answers[frame[1]] = frame[2] if frame[0] == 3 else {"status": "CallError"}

    def answer_to(self, action: str, payload: dict) -> dict:
        now = datetime.fromtimestamp(self.time.now(), UTC).isoformat().replace("+00:00", "Z")
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": now, "interval": 300}
            case "Heartbeat":
                return {"currentTime": now}
            case "Authorize" if self.version == "1.6":
                return {"idTagInfo": {"status": "Accepted"}}
            case "Authorize":
                return {"idTokenInfo": {"status": "Accepted"}}
            case "StartTransaction":
                # A repeat is known by its content.
                known = self.transactions.setdefault(
                    json.dumps(payload, sort_keys=True), len(self.transactions) + 1
                )
                return {"transactionId": known, "idTagInfo": {"status": "Accepted"}}
        return {}


class World:
    def __init__(self, root: Path, version: str) -> None:
        self.root, self.version = root, version
        self.time, self.fuse = Time(), Fuse()
        self.csms = Csms(self.time, version)
        self.shard = shard_of(IDENTITY)
        self.lease = 1_790_000_000_000
        self.number = 0
        self.fleet: Fleet | None = None
        self.accepted: dict[str, dict[Any, Any]] = defaultdict(dict)
        self.take_over()

    # --- the worker --------------------------------------------------------------------------

    def take_over(self, lease_moves_on: bool = True) -> None:
        """Another worker gets the shard: what there is in the journals and in Redis is all."""
        self.fuse.left = None
        self.lease += 1000 if lease_moves_on else 0
        self.recorder = FusedRecorder(self.root, self.fuse)
        self.writes = Writes()
        self.fleet = Fleet(Host(self.time, NoDeadlines(), self.recorder, self.writes), None)
        self.fleet.own(self.shard, self.lease)
        self.begin()

    def begin(self) -> None:
        said = recalling.recall(self.root, Share({self.shard}))
        self.fleet.learned(dict(self.fleet.epochs), said)
        stamp, snapshot = snapshots.read_newest([IDENTITY]).get(IDENTITY, ("", None))
        config = StationConfig(
            IDENTITY, self.version, default_id_tag="TAG1",
            connectors=(ConnectorConfig(1, 1), ConnectorConfig(2, 2)),
            configuration=SETTINGS[self.version], meter_variance=0.0,
        )  # fmt: skip
        target = DialTarget("ws://nowhere", "", "", None, SUBPROTOCOLS[self.version])
        plan = Plan(IDENTITY, ROW, config, target, stamp, snapshot)
        self.fleet.carry_out(plan, dict(self.fleet.epochs))

    @property
    def consumer(self) -> ChargePointConsumer:
        return self.fleet.running[IDENTITY].consumer

    @property
    def station(self) -> Any:
        return self.consumer.station

    @property
    def is_alive(self) -> bool:
        return self.fleet is not None

    def act(self, what: Any, *args: Any) -> Any:
        """Do it; if the worker dies in the midst of it, it is gone."""
        try:
            return what(*args)
        except Killed:
            self.die()
            return None

    def die(self) -> None:
        self.csms.owed.clear()
        self.fuse.left = None
        self.fleet = None

    def drop(self) -> None:
        """The station is let go under the lease that goes on, and starts again in this process."""
        self.csms.owed.clear()
        self.fleet.running.pop(IDENTITY)
        self.fleet.unread.add(self.shard)
        self.begin()

    # --- what happens ------------------------------------------------------------------------

    def connect(self) -> None:
        if not self.station.connected:
            scope = {"subprotocols": [SUBPROTOCOLS[self.version]]}
            self.consumer.handle({"type": "websocket.connect"}, scope)

    def disconnect(self) -> None:
        self.csms.owed.clear()
        self.consumer.handle({"type": "websocket.disconnect", "code": 1006})

    def answer(self, most: int = 10_000) -> None:
        for _ in range(most):
            if not self.csms.owed:
                return
            _, unique_id, action, payload = self.csms.owed.pop(0)
            self.receive([3, unique_id, self.csms.answer_to(action, payload)])

    def receive(self, frame: list) -> None:
        self.consumer.handle({"type": "websocket.receive", "text": json.dumps(frame)})

    def call(self, action: str, payload: dict) -> dict | None:
        """A Call of the CSMS; its answer, None where the worker died before it left."""
        self.number += 1
        unique_id = f"csms-{self.number}"
        self.act(self.receive, [2, unique_id, action, payload])
        return self.csms.answers.get(unique_id)

    def pass_time(self, seconds: float) -> None:
        end = self.time.seconds + seconds
        while self.is_alive and (due := self.station.deadline) is not None and due <= end:
            self.time.seconds = max(self.time.seconds, due)
            self.consumer.due(self.time.seconds)
        self.time.seconds = end

    def command(self, name: str, **arguments: Any) -> None:
        self.fleet.command(IDENTITY, name, arguments)

    def write_snapshot(self) -> None:
        snapshots.write_if_newer({IDENTITY: self.consumer.packed_state()})

    # --- what is left ------------------------------------------------------------------------

    def frames(self) -> list[FrameRecord]:
        return [r for r in reading.records(self.root) if isinstance(r, FrameRecord)]
