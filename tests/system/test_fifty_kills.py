"""A worker is killed fifty times while its stations charge; the CSMS keeps every frame.

From the CSMS's record, the log, the record of transactions and the states: no seqNo is used again
with other content and none is left out, no register falls, each transaction ends once and alike
everywhere, and no record number is given twice. `KILLS` and `SEED` say otherwise.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import websockets

from benchmarks.console import station_fields
from benchmarks.processes import ROOT, NotInTime, wait_until
from benchmarks.stack import Stack
from messaging.keeping import frames

from .csms import ThreadedServer
from .sessions import energies, newest

KILLS = int(os.environ.get("KILLS", "50"))
SEED = int(os.environ.get("SEED", "20261128"))
VERSIONS = {"16": "1.6", "201": "2.0.1", "21": "2.1"}
NAMES = [f"K{short}-{number}" for short in VERSIONS for number in range(3)]
OUTLETS = (1, 2)


class RecordingCsms(ThreadedServer):
    """Keeps each Call and answers it; starts and stops transactions at random when told to."""

    def __init__(self) -> None:
        super().__init__(self._serve_station)
        self.calls: dict[str, list[tuple[str, dict]]] = defaultdict(list)
        self.links: dict[str, Any] = {}
        self.ids: dict[str, int] = {}  # a StartTransaction's content -> transactionId
        self.lock = threading.Lock()
        self.number = 0

    async def _serve_station(self, socket: Any) -> None:
        name = socket.request.path.rsplit("/", 1)[-1]
        self.links[name] = socket
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in socket:
                frame = json.loads(text)
                if frame[0] == 2:
                    with self.lock:
                        self.calls[name].append((frame[2], frame[3]))
                    answer = self.answer(name, frame[2], frame[3])
                    # What it said before it went is still to be read.
                    with contextlib.suppress(websockets.ConnectionClosed):
                        await socket.send(json.dumps([3, frame[1], answer]))

    def answer(self, name: str, action: str, payload: dict) -> dict:
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        match action:
            case "BootNotification":
                return {"status": "Accepted", "currentTime": now, "interval": 60}
            case "Heartbeat":
                return {"currentTime": now}
            case "Authorize":
                info = "idTagInfo" if name.startswith("K16") else "idTokenInfo"
                return {info: {"status": "Accepted"}}
            case "StartTransaction":
                # The same start once more is the same transaction.
                content = name + json.dumps(payload, sort_keys=True)
                known = self.ids.setdefault(content, len(self.ids) + 1)
                return {"transactionId": known, "idTagInfo": {"status": "Accepted"}}
        return {}

    def ask(self, name: str, action: str, payload: dict) -> None:
        """Send a Call; nobody waits for the answer."""
        self.number += 1
        text = json.dumps([2, f"c{self.number}", action, payload])

        async def send() -> None:
            # It may be in the midst of being taken over.
            with contextlib.suppress(KeyError, websockets.ConnectionClosed):
                await self.links[name].send(text)

        self.do(send())

    def frames(self, name: str) -> list[tuple[str, dict]]:
        with self.lock:
            return list(self.calls[name])

    def open_ones(self, name: str) -> dict[int, Any]:
        """Outlet -> transaction id, as the CSMS knows it."""
        found: dict[int, Any] = {}
        for action, payload in self.frames(name):
            if action == "StartTransaction":
                content = name + json.dumps(payload, sort_keys=True)
                found[payload["connectorId"]] = self.ids.get(content)
            elif action == "StopTransaction":
                found = {n: t for n, t in found.items() if t != payload["transactionId"]}
            elif action == "TransactionEvent":
                outlet, known = payload["evse"]["id"], payload["transactionInfo"]["transactionId"]
                if payload["eventType"] == "Ended":
                    found = {n: t for n, t in found.items() if t != known}
                else:
                    found[outlet] = known
        return found

    def begin(self, name: str, outlet: int) -> None:
        if name.startswith("K16"):
            self.ask(name, "RemoteStartTransaction", {"connectorId": outlet, "idTag": "TAG-1"})
        else:
            token = {"idToken": "TAG-1", "type": "Central"}
            payload = {"idToken": token, "remoteStartId": self.number, "evseId": outlet}
            self.ask(name, "RequestStartTransaction", payload)

    def end(self, name: str, transaction: Any) -> None:
        action = "RemoteStop" if name.startswith("K16") else "RequestStop"
        self.ask(name, f"{action}Transaction", {"transactionId": transaction})


class Nursery:
    """Workers of which one lives at a time."""

    def __init__(self, stack: Stack) -> None:
        self.redis = stack.redis
        self.log = stack.directory / "workers.log"
        self._log = self.log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.system.nursery"], cwd=ROOT, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=self._log, text=True, env={**os.environ, **stack.env},
        )  # fmt: skip
        assert self._process.stdout.readline() == "ready\n"
        self.worker = 0

    def start(self) -> None:
        self._process.stdin.write("fork\n")
        self._process.stdin.flush()
        self.worker = int(self._process.stdout.readline())

    def kill(self) -> None:
        os.kill(self.worker, signal.SIGKILL)
        # As if its leases had lapsed: what is tested is what it leaves, not for how long.
        run = self.redis.info("server")["run_id"]
        for key in self.redis.scan_iter("ocpp:fleet:lease:*"):
            epoch = self.redis.get(key).decode().rpartition(":")[2]
            self.redis.set(key, f":{epoch}:{run}")  # see stations/worker/lease_scripts.py
        self.redis.delete("ocpp:fleet:beats")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("kills"), start=("celery",)) as running:
        yield running


@pytest.fixture(scope="module")
def csms() -> Iterator[RecordingCsms]:
    with RecordingCsms() as running:
        yield running


@pytest.fixture(scope="module")
def nursery(stack) -> Iterator[Nursery]:
    running = Nursery(stack)
    yield running
    running.close()


def test_fifty_kills_turn_nothing_back(stack, csms, nursery):
    dice = random.Random(SEED)
    nursery.start()
    outlet = {"kind": "Type2", "phases": 3, "max_power_w": 22_000}
    outlets = [{"id": number, "evse": number, **outlet} for number in OUTLETS]
    stack.console.create([
        station_fields(name, csms.url, VERSIONS[name[1:].split("-")[0]], connectors=outlets)
        for name in NAMES
    ])  # fmt: skip
    wait_until(lambda: len(csms.links) == len(NAMES), 60, "all stations are connected")
    began = time.monotonic()
    for _ in range(KILLS):
        for name in dice.sample(NAMES, 6):
            outlet = dice.choice(OUTLETS)
            known = csms.open_ones(name).get(outlet)
            csms.begin(name, outlet) if known is None else csms.end(name, known)
        time.sleep(dice.uniform(0.0, 1.0))  # when it dies is the point
        nursery.kill()
        # No station is held back for having been at work when it was killed.
        stack.mongo["station_suspects"].delete_many({})
        links = dict(csms.links)
        nursery.start()
        await_back(csms, nursery, links)
    print(f"{KILLS} kills in {time.monotonic() - began:.0f} s")
    end_all(stack, csms)
    settle(stack, csms)
    for name in NAMES:
        check_frames(csms, name)
        check_sessions(stack, csms, name)
    check_numbers(stack)


def await_back(csms: RecordingCsms, nursery: Nursery, links: dict[str, Any]) -> None:
    def missing() -> list[str]:
        return [name for name in NAMES if csms.links[name] is links[name]]

    try:
        wait_until(lambda: not missing(), 60, "all stations are back")
    except NotInTime:
        pytest.fail(f"not back: {missing()}; the workers say:\n{nursery.log.read_text()[-3000:]}")


def end_all(stack: Stack, csms: RecordingCsms) -> None:
    """By the CSMS's word, until every car has left: a driver may be on his way to an outlet."""

    def over() -> bool:
        for name in NAMES:
            for transaction in csms.open_ones(name).values():
                csms.end(name, transaction)
        states = stack.console.commands(NAMES, "state")
        if any("result" not in state for state in states.values()):
            return False
        outlets = [o for state in states.values() for o in state["result"]["connectors"]]
        idle = {outlet["status"] for outlet in outlets} == {"Available"}
        return idle and not any(map(csms.open_ones, NAMES))

    wait_until(over, 120, "every transaction has ended and every car has left", step=1.0)


def settle(stack: Stack, csms: RecordingCsms) -> None:
    """All of it is in the log, and the states are written."""
    transactions = stack.mongo["transactions"]
    wait_until(
        lambda: transactions.count_documents({"state": {"$ne": "ended"}}) == 0, 60,
        "every session has ended", step=0.5,
    )  # fmt: skip
    seen = sum(len(csms.frames(name)) for name in NAMES)
    calls = {"direction": "sent", "kind": "Call"}
    wait_until(
        lambda: sum(1 for _ in frames.documents(stack.mongo, calls)) >= seen, 60,
        "the log is there", 0.5,
    )  # fmt: skip


def check_frames(csms: RecordingCsms, name: str) -> None:
    events: dict[str, dict[int, dict]] = defaultdict(dict)
    registers: dict[Any, float] = {}
    told = []
    for action, payload in csms.frames(name):
        if action == "TransactionEvent":
            seen = events[payload["transactionInfo"]["transactionId"]]
            assert seen.setdefault(payload["seqNo"], payload) == payload, name
        if action not in ("TransactionEvent", "MeterValues") or payload in told:
            continue
        told.append(payload)
        place = payload.get("connectorId") or payload["evse"]["id"]
        for register in newest(payload):
            assert register >= registers.get(place, 0.0), (name, payload)
            registers[place] = register
    for seen in events.values():
        assert sorted(seen) == list(range(len(seen))), name
        kinds = Counter(event["eventType"] for event in seen.values())
        assert (kinds["Started"], kinds["Ended"]) == (1, 1), name
        assert seen[max(seen)]["eventType"] == "Ended", name


def check_sessions(stack: Stack, csms: RecordingCsms, name: str) -> None:
    """The CSMS, the record of transactions and the state agree."""
    ends: dict[str, float | None] = {}
    for action, payload in csms.frames(name):
        if action == "StopTransaction":
            ends[str(payload["transactionId"])] = payload["meterStop"]
        elif action == "TransactionEvent" and payload["eventType"] == "Ended":
            register = energies(payload.get("meterValue", []))[-1]
            ends[payload["transactionInfo"]["transactionId"]] = register
    kept = {
        row["transaction_id"]: row["meter_stop"]
        for row in stack.mongo["transactions"].find({"station": name})
    }
    assert kept == pytest.approx(ends, abs=1), name
    state = stack.console.command(name, "state")
    assert [c["transaction"] for c in state["connectors"]] == [None] * len(OUTLETS), name


def check_numbers(stack: Stack) -> None:
    numbers = Counter(
        (row["station"], row["run"], row["seq"])
        for row in frames.documents(stack.mongo)
    )
    assert [number for number, count in numbers.items() if count > 1] == []
