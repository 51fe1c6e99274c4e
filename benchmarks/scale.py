"""`python -m benchmarks.scale` (make bench-scale): what a station costs in fleets of growing size.

A platform of its own for each size (embedded stores, log, live stream and sync on), in as many
workers as the open files of one process ask for. Stations beat every 300 s and one of twenty
charges with MeterValues every 60 s; they are started by one order at a chosen pace. Then CPU and
memory of each part over a window, each endpoint's and page's slowest answer, the sync. Of the
largest fleet every page that a link leads to and every GET operation is asked for, and one worker
is killed at last and another started in its place.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from benchmarks.admin_client import AdminClient
from benchmarks.chart import draw
from benchmarks.child import Child
from benchmarks.console import station_fields
from benchmarks.endpoints import Endpoints
from benchmarks.pages import Reader as Browser
from benchmarks.pages import walk
from benchmarks.processes import NotInTime, raise_file_limit, wait_until
from benchmarks.report import plain_table
from benchmarks.sizes import HEAD, Size, curve, report
from benchmarks.soak.load import Reader, Timings, log_in
from benchmarks.stack import ADMIN, Stack
from benchmarks.trees import Cost, cost_of

HEARTBEAT, SAMPLE = 300, 60  # seconds
CHARGING = 20  # one of so many
A_PROCESS = 15_000  # stations: one that dies leaves room for its own with the others
AT_ONCE = 2000  # rows that are made by one order, and stations of one command
SHARDS = 64
BETWEEN = 0.5  # seconds between two pages
DIRTY = "ocpp:sync:dirty"  # stations whose state is to be synced
BEHIND = 10  # seconds that the log may be behind
KIB, MIB = 1024, 2**20
PAGES = (
    "/admin/", "/admin/stations/station/", "/admin/stations/station/?q=SCALE-00017",
    "/admin/stations/station/?running__exact=1", "/admin/stations/station/?state=charging",
    "/admin/stations/station/?state=disconnected", "/admin/stations/station/?state=held+back",
    "/admin/fleet/map/", "/admin/live/",
    "/admin/sessions/", "/admin/statistics/",
)  # fmt: skip


class Fleet:
    """One platform, its sinks and its stations."""

    def __init__(self, stations: int, pace: int, folder: Path, say) -> None:
        self.stations, self.say = stations, say
        parts = math.ceil(stations / A_PROCESS)
        self.workers = [f"worker-{number}" if number else "worker" for number in range(parts)]
        self.sinks = [Child("benchmarks.sink") for _ in range(parts)]
        ports = [sink.ask("listen", interval=HEARTBEAT) for sink in self.sinks]
        self.urls = [f"ws://127.0.0.1:{port}/ocpp" for port in ports]
        self.names = [f"SCALE-{number:06}" for number in range(stations)]
        self.stack = Stack(
            folder, ("worker", "celery", "scenarios", "beat", "web"),
            CHARGE_POINT_SHARDS=str(SHARDS),
            CHARGE_POINT_DIAL_RATE=json.dumps({"*": max(1, pace // parts)}),
        )  # fmt: skip
        self.stack.forked = True
        self.size = Size(stations, parts)

    def __enter__(self) -> Fleet:
        self.stack.__enter__()
        for name in self.workers[1:]:
            self.stack.start_worker(name)
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.stop()
        for sink in self.sinks:
            sink.close()

    # --- the course --------------------------------------------------------------------------

    def make(self) -> None:
        began, fields = time.monotonic(), {"meter_sample_interval": SAMPLE}
        for start in range(0, self.stations, AT_ONCE):
            rows = [
                station_fields(name, self.urls[number % len(self.urls)], **fields)
                for number, name in enumerate(self.names[start : start + AT_ONCE], start)
            ]
            self.stack.console.ask("create", 600, stations=rows, running=False)
        self.say(f"  rows of {self.stations:,} made in {time.monotonic() - began:.0f} s")

    def start(self, patience: float) -> None:
        began = time.time()
        self.stack.console.ask("running", patience, identities=self.names, running=True)
        wait_until(
            lambda: self._sum("connected") >= self.stations and self._boots() >= self.stations,
            patience, "all have booted", 0.5,
        )  # fmt: skip
        stats = self._stats()
        first = min(one["first_connect"] for one in stats)
        last = max(one["last_boot"] for one in stats)
        self.size.last_boot = last - began
        self.size.per_second = self.stations / max(last - first, 1e-3)
        self.say(f"  last boot {last - began:.0f} s after the order")
        wait_until(
            lambda: self.stack.console.ask("orders", 600) == 0, patience, "rows are written", 1.0
        )

    def charge(self) -> None:
        charging = self.names[: self.stations // CHARGING]
        for start in range(0, len(charging), AT_ONCE):
            part = charging[start : start + AT_ONCE]
            for name, more in (
                ("plug", {"ev": {"battery_kwh": 10_000, "soc": 1}}), ("start-transaction", {}),
            ):  # fmt: skip
                order = {"identities": part, "name": name, "args": {"connector": 1, **more}}
                answers = self.stack.console.ask("commands", 600, **order)
                if failed := [one for one in answers.values() if "error" in one]:
                    self.size.wrong.append(f"{name}: {len(failed)} refused, {failed[0]}")

    def settle(self, seconds: float, patience: float) -> None:
        """Until what the start has changed is synced and its messages are in the log: what charges
        is dirty again each minute."""
        began, token = time.monotonic(), log_in(self.stack.url, *ADMIN)
        with self.stack.redis as redis:
            wait_until(
                lambda: redis.scard(DIRTY) < self.stations // 10, patience, "the sync is through",
                1.0,
            )  # fmt: skip
        self.say(f"  all but a tenth synced {time.monotonic() - began:.0f} s after that")
        wait_until(lambda: self._log_lag(token) < BEHIND, patience, "the log is there", 2.0)
        self.say(f"  the log was up to date {time.monotonic() - began:.0f} s after that")
        time.sleep(seconds)

    def watch(self, seconds: float) -> None:
        """CPU and memory with nobody at a page."""
        size = self.size
        before, pairs, began = self.costs(), self._sum("total"), time.monotonic()
        time.sleep(seconds)
        after, took = self.costs(memory=True), time.monotonic() - began
        size.pairs = (self._sum("total") - pairs) / took
        size.cpu = {part: (cost.cpu - before[part].cpu) / took for part, cost in after.items()}
        size.mib = {part: cost.pss / MIB for part, cost in after.items()}
        if (connected := self._sum("connected")) != self.stations:
            size.wrong.append(f"{connected:,} of {self.stations:,} are connected")

    def look(self, rounds: int, at_all: bool) -> None:
        """Each page so many times, while a reader goes round the API; `at_all` adds every page that
        a link leads to, and every operation."""
        size, timings = self.size, Timings()
        token = log_in(self.stack.url, *ADMIN)
        reader = Reader(self.stack.url, token, self.names[:1000], timings, False)
        browser = self._browser()
        with _going_on(reader):
            pages = list(dict.fromkeys([*PAGES, *walk(browser, self.say)] if at_all else PAGES))
            for page in pages * rounds:
                status, _, first, _, _ = browser.get(page)
                size.pages[page] = max(size.pages.get(page, 0.0), first)
                if status != 200:
                    size.wrong.append(f"{page}: HTTP {status}")
                time.sleep(BETWEEN)
        size.answers = timings.rows()
        if at_all:
            self._ask_all(Endpoints(self.stack.url, token), rounds)
        size.wrong += sorted(set(timings.failures))[:5]
        began = time.monotonic()
        self.stack.console.ask("sync", 600)
        size.sync = time.monotonic() - began

    def _log_lag(self, token: str) -> float:
        """Seconds that the oldest message has waited to be stored."""
        headers = {"Authorization": f"Bearer {token}"}
        asked = Request(f"{self.stack.url}/api/health", headers=headers)
        try:
            with urlopen(asked, timeout=60) as answer:
                health = json.load(answer)
        except HTTPError as unwell:  # it says so by its status, too
            health = json.load(unwell)
        lag = health["charge_points"]["log_lag"]
        return math.inf if lag is None else lag

    def _browser(self) -> Browser:
        """One that is logged in. A refusal is kept, with its text, and tried once more."""
        try:
            return Browser(self.stack.url)
        except HTTPError as refused:
            text = " ".join(refused.read().decode("utf-8", "replace").split())
            self.size.wrong.append(f"log-in: HTTP {refused.code}: {text[:400]}")
            return Browser(self.stack.url)

    def _ask_all(self, endpoints: Endpoints, rounds: int) -> None:
        slowest = self.size.operations
        for address in list(endpoints.addresses(self.names[17])) * rounds:
            status, first = endpoints.first(address)
            slowest[address] = max(slowest.get(address, 0.0), first)
            if status != 200:
                self.size.wrong.append(f"{address}: HTTP {status}")
            time.sleep(BETWEEN)

    def lose_a_worker(self, patience: float) -> str:
        """Kill one and start another; how its stations came back, as a sentence."""
        name = self.workers[0]
        course: list[int] = []
        ending = threading.Event()

        def look() -> None:
            while not ending.wait(1.0):
                course.append(self._boots())

        looking = threading.Thread(target=look, daemon=True)
        before = self._boots()
        self.stack.processes[name].kill()
        began = time.monotonic()
        looking.start()
        self.stack.start_worker(name)
        try:
            wait_until(
                lambda: self._boots() > before and self._sum("connected") >= self.stations,
                patience, "all are connected again", 1.0,
            )  # fmt: skip
        except NotInTime as late:
            self.size.wrong.append(f"after a worker was killed: {late}")
        took = time.monotonic() - began
        ending.set()
        looking.join(5)
        steps = [later - earlier for earlier, later in zip(course, course[1:], strict=False)]
        return (
            f"a worker of {self.stations // len(self.workers):,} stations killed and another "
            f"started: all were connected again after {took:.0f} s, at most {max(steps or [0])} "
            f"boots in a second, {course[-1] - before if course else 0:,} boots in all"
        )

    # --- figures -----------------------------------------------------------------------------

    def costs(self, memory: bool = False) -> dict[str, Cost]:
        """By part; all workers are one."""
        found: dict[str, Cost] = {}
        for name, process in self.stack.processes.items():
            part = name.partition("-")[0]
            found[part] = found.get(part, Cost()) + cost_of(process.pid, memory)
        return found

    def _stats(self) -> list[dict]:
        return [sink.ask("stats") for sink in self.sinks]

    def _sum(self, key: str) -> int:
        return sum(one[key] for one in self._stats())

    def _boots(self) -> int:
        return sum(one["calls"].get("BootNotification", 0) for one in self._stats())


@contextmanager
def _going_on(reader: Reader) -> Iterator[None]:
    reader.start()
    try:
        yield
    finally:
        reader.ending.set()
        reader.join(70)


def measure(stations: int, options: argparse.Namespace, say) -> tuple[Size, str]:
    patience, said = 300.0 + 4 * stations / options.pace, ""
    with tempfile.TemporaryDirectory(prefix="ocpp-scale-") as folder:
        with Fleet(stations, options.pace, Path(folder), say) as fleet:
            AdminClient(fleet.stack.url, *ADMIN)  # code that the first request loads
            base = fleet.costs(memory=True)
            fleet.make()
            fleet.start(patience)
            fleet.charge()
            fleet.settle(options.settle, patience)
            fleet.watch(options.window)
            fleet.look(options.rounds, stations == max(options.stations))
            grown = {part: fleet.size.mib[part] * MIB - base[part].pss for part in base}
            fleet.size.kib = {part: more / stations / KIB for part, more in grown.items()}
            if stations == max(options.stations) and len(fleet.workers) > 1:
                said = fleet.lose_a_worker(patience)
            return fleet.size, said


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument(
        "--stations", type=int, nargs="+", default=[1000, 5000, 20_000, 50_000, 100_000]
    )
    parser.add_argument("--pace", type=int, default=400, help="connections a second")
    parser.add_argument(
        "--window", type=float, default=float(HEARTBEAT),
        help="seconds that are measured; shorter than the interval of Heartbeats it may have none",
    )  # fmt: skip
    parser.add_argument("--settle", type=float, default=60, help="seconds from the sync to them")
    parser.add_argument("--rounds", type=int, default=4, help="that each page is asked for")
    parser.add_argument("--output", type=Path, help="write the tables there, too, as Markdown")
    parser.add_argument("--chart", type=Path, help="and the curve, as SVG")
    options = parser.parse_args()
    raise_file_limit()

    def say(line: str) -> None:
        print(line, flush=True)

    sizes, said = [], ""
    for stations in sorted(options.stations, reverse=True):  # what is wrong shows in the largest
        say(f"{stations:,} stations")
        size, lost = measure(stations, options, say)
        said = said or lost
        sizes.append(size)
        say(plain_table(HEAD, [size.line()]) + "\n" + "\n".join(size.wrong))
    sizes.sort(key=lambda size: size.stations)
    print("\n" + report(sizes, said, False))
    if options.output:
        options.output.write_text(report(sizes, said, True) + "\n")
    if options.chart:
        options.chart.write_text(draw([curve(sizes, "cpu"), curve(sizes, "kib")]))
    return 1 if any(size.wrong for size in sizes) else 0


if __name__ == "__main__":
    sys.exit(main())
