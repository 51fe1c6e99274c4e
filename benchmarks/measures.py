"""The measurements themselves. Each takes a running stack and a sink, and returns plain numbers."""

from __future__ import annotations

import time
from dataclasses import dataclass

import orjson

from benchmarks.child import Child
from benchmarks.console import station_fields
from benchmarks.processes import Process, awake, wait_until
from benchmarks.stack import Stack
from messaging.keeping import frames

KIB = 1024
SETTLE = 5.0  # seconds for buffers, snapshots and allocators to come to rest
READING = {"1.6": "MeterValues", "2.0.1": "TransactionEvent", "2.1": "TransactionEvent"}
NEVER = 86400  # seconds; a heartbeat interval that no measurement lives to see


@dataclass(frozen=True)
class Boot:
    stations: int
    seconds: float  # from the order to the last accepted BootNotification
    cpu: float  # of the client process, seconds

    @property
    def rate(self) -> float:
        return self.stations / self.seconds


@dataclass(frozen=True)
class Load:
    """A window of steady traffic."""

    pairs: int
    seconds: float
    cpu: float

    @property
    def per_thousand(self) -> float:
        """CPU milliseconds of the client process for 1,000 request-response pairs."""
        return self.cpu / self.pairs * 1e6

    @property
    def core(self) -> float:
        """Share of one core."""
        return self.cpu / self.seconds


def boot_ours(stack: Stack, sink: Child, prefix: str, stations: int, version: str = "1.6") -> Boot:
    """Configure so many stations, switch them on, and wait until the last has booted."""
    url = f"ws://127.0.0.1:{sink.ask('listen')}/ocpp" if not hasattr(sink, "url") else sink.url
    sink.url = url
    names = [f"{prefix}-{number}" for number in range(stations)]
    more = {"default_id_tag": "BENCH", "meter_variance": 0.02}
    stack.console.create([station_fields(n, url, version, **more) for n in names], running=False)
    sink.ask("reset")
    worker = stack.processes["worker"]
    cpu, began = worker.cpu_seconds(), time.time()
    stack.console.ask("running", identities=names, running=True)
    wait_until(
        lambda: sink.ask("stats")["calls"].get("BootNotification", 0) >= stations,
        120, f"{stations} stations have booted: {sink.ask('stats')}", 0.05,
    )  # fmt: skip
    stats = sink.ask("stats")
    return Boot(stations, stats["last_boot"] - began, worker.cpu_seconds() - cpu)


def quiet(stack: Stack, sink: Child, seconds: float = 60) -> None:
    """Wait until the stations have said their first words and the log has taken them all."""

    def total() -> int:
        return sink.ask("stats")["total"]

    def at_rest() -> bool:
        before = total()
        time.sleep(1)
        return total() == before and backlog(stack) == 0

    wait_until(at_rest, seconds, f"traffic rests; backlog {backlog(stack)}")


def memory_at_rest(process: Process | Child) -> int:
    """Unique set size in bytes, once it has stopped moving."""
    time.sleep(SETTLE)
    return process.memory_bytes()


def load_ours(stack: Stack, sink: Child, action: str, seconds: float) -> Load:
    worker = stack.processes["worker"]
    before, cpu, began = pairs(sink, action), worker.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    after, spent = pairs(sink, action), worker.cpu_seconds() - cpu
    return Load(after - before, time.monotonic() - began, spent)


def load_bare(bare: Child, seconds: float) -> Load:
    before = bare.ask("stats")
    time.sleep(seconds)
    after = bare.ask("stats")
    return Load(
        after["pairs"] - before["pairs"], after["time"] - before["time"],
        after["cpu"] - before["cpu"],
    )  # fmt: skip


def pairs(sink: Child, action: str) -> int:
    return sink.ask("stats")["calls"].get(action, 0)


def set_heartbeats(sink: Child, seconds: int, version: str = "1.6") -> None:
    """Have the CSMS change every station's interval, spread so that they do not beat as one."""
    over, name, value = min(seconds, 10), "HeartbeatInterval", str(seconds)
    if version == "1.6":
        action, payload = "ChangeConfiguration", {"key": name, "value": value}
    else:
        variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": name}}
        data = variable | {"attributeValue": value}
        action, payload = "SetVariables", {"setVariableData": [data]}
    sink.ask("call", action=action, payload=payload, over=over)
    time.sleep(2 + min(seconds, 5))


def pair_loads(
    stack: Stack, sink: Child, prefix: str, seconds: float, version: str = "1.6"
) -> dict[str, Load]:
    """ "Heartbeat" and "reading" pairs at one a second and station; 1,000 booted stations.

    A reading is a MeterValues in 1.6 and a TransactionEvent of the kind Updated in 2.x.
    """
    set_heartbeats(sink, 1, version)
    with awake():
        found = {"Heartbeat": load_ours(stack, sink, "Heartbeat", seconds)}
    set_heartbeats(sink, NEVER, version)
    names = [f"{prefix}-{number}" for number in range(1000)]
    begun = stack.console.commands(names, "start-transaction", connector=1)
    failed = [answer for answer in begun.values() if "error" in answer]
    assert not failed, failed[:2]
    time.sleep(3)
    with awake():
        found["reading"] = load_ours(stack, sink, READING[version], seconds)
    stack.console.commands(names, "stop-transaction", connector=1)
    time.sleep(1)
    return found


def recorder(stack: Stack) -> dict:
    """The worker's own figures of its recorder (every 2 s)."""
    lines = stack.redis.hvals("ocpp:fleet:workers")
    newest = max((orjson.loads(line) for line in lines), key=lambda line: line["time"])
    return newest["recorder"]


def queued_batches(stack: Stack) -> int:
    return stack.redis.llen("ocpp:celery:messages")


def stored(stack: Stack) -> int:
    return frames.amount(stack.mongo)


def backlog(stack: Stack) -> int:
    """Records that are in the journal or in the queue, in records and batches together."""
    return recorder(stack)["buffered"] + queued_batches(stack)
