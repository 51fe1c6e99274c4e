"""What the whole platform takes while nothing happens: `python -m benchmarks.rest`.

`manage.py up` as a user starts it, with its ten stations on the demo CSMS, which is no part of the
figures. Twice on the same data: the first start makes the database, the second is the usual one.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.processes import ROOT, free_port, wait_until
from benchmarks.report import Report, plain_table

MIB = 2**20
STATIONS = 10
PATIENCE = 180.0
SETTLE = 20.0  # seconds after the last station has booted
TOKEN = "a token for the benchmark"
HIDDEN = ("MONGODB_", "REDIS_", "DJANGO_", "DATA_DIR", "JOURNAL_DIR")  # of the one who measures
APART = "demo CSMS"


@dataclass
class Taken:
    """Of one process: CPU seconds in the window, bytes at its end, how often it woke up."""

    cpu: float = 0.0
    pss: int = 0
    uss: int = 0
    wakes: int = 0


@dataclass
class Rest:
    """start: seconds to healthy by process, and "all". taken: by process, over `seconds`."""

    start: dict[str, float]
    seconds: float = 0.0
    taken: dict[str, Taken] = field(default_factory=dict)

    def total(self) -> Taken:
        mine = [each for name, each in self.taken.items() if not name.startswith(APART)]
        return Taken(*(sum(getattr(m, f) for m in mine) for f in ("cpu", "pss", "uss", "wakes")))

    @property
    def core(self) -> float:
        """Share of one core."""
        return self.total().cpu / self.seconds


def environment(directory: Path) -> dict[str, str]:
    """Of a user who has set nothing; with ports that stay, for the stations know them."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(HIDDEN)}
    ports = {name: str(free_port()) for name in ("PORT", "DEMO_CSMS_PORT", "FLOWER_PORT")}
    return {**kept, **ports, "DATA_DIR": str(directory / "data"), "METRICS_TOKEN": TOKEN}


class Platform:
    """`with Platform(directory, environment(directory))`: up and running."""

    def __init__(self, directory: Path, env: dict[str, str]) -> None:
        self.env = env
        self.output = directory / f"up-{time.monotonic_ns()}.log"

    def __enter__(self) -> Platform:
        self.began = time.monotonic()
        with self.output.open("wb") as file:
            self.up = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up", "--no-docs"],
                env=self.env, cwd=ROOT, stdout=file, stderr=file, start_new_session=True,
            )  # fmt: skip
        try:
            wait_until(self._is_ready, PATIENCE, "the platform is healthy", 0.02)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.up.send_signal(signal.SIGTERM)
        try:
            self.up.wait(60)
        except subprocess.TimeoutExpired:
            self.up.kill()  # its children die with it
            self.up.wait()

    def _is_ready(self) -> bool:
        if self.up.poll() is not None:
            raise AssertionError(f"`up` ended: {self.output.read_text()}")
        if "Ready. " not in self.output.read_text():
            return False
        self.ready = time.monotonic()
        return True

    def start(self) -> dict[str, float]:
        """Seconds to healthy, by process; "all" is from the command to the word Ready."""
        told = re.findall(r"^  (\S.*?) +healthy after ([\d.]+) s$", self.output.read_text(), re.M)
        return {**{name: float(seconds) for name, seconds in told}, "all": self.ready - self.began}

    def await_stations(self) -> None:
        wait_until(lambda: self._health()["charge_points"]["connected"] >= STATIONS, PATIENCE,
                   f"{STATIONS} stations are connected", 0.2)  # fmt: skip

    def _health(self) -> dict:
        address = f"http://127.0.0.1:{self.env['PORT']}/api/health"
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
            return json.load(answer)

    def names(self) -> dict[str, str]:
        """Process id -> name, of those that `up` looks after; health knows them."""
        return {str(line["pid"]): name for name, line in self._health()["services"].items()}

    def family(self) -> Iterator[tuple[str, psutil.Process]]:
        """Every process of the tree with the name of the one that it belongs to."""
        names = self.names()
        root = psutil.Process(self.up.pid)
        yield "up", root
        for each in root.children():
            name = names.get(str(each.pid), "fork server")
            yield name, each
            for number, child in enumerate(each.children(recursive=True), 1):
                yield f"{name}, child {number}", child


def spent(process: psutil.Process) -> tuple[float, int]:
    times, switches = process.cpu_times(), 0
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        switches += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)",
                                  (task / "status").read_text(), re.M)[1])  # fmt: skip
    return times.user + times.system, switches


def observe(platform: Platform, seconds: float) -> Rest:
    platform.await_stations()
    time.sleep(SETTLE)
    found = Rest(platform.start())
    family = [(name, process, spent(process)) for name, process in platform.family()]
    began = time.monotonic()
    time.sleep(seconds)
    for name, process, (cpu, switches) in family:
        memory, (cpu_after, switches_after) = process.memory_full_info(), spent(process)
        found.taken[name] = Taken(
            cpu_after - cpu, memory.pss, memory.uss, switches_after - switches
        )
    found.seconds = time.monotonic() - began
    return found


def run(seconds: float = 60.0) -> tuple[float, Rest]:
    """Seconds of the first start, and the second start at rest."""
    with tempfile.TemporaryDirectory(prefix="ocpp-rest-") as directory:
        env = environment(Path(directory))
        with Platform(Path(directory), env) as first:
            first.await_stations()
            took = first.start()["all"]
        with Platform(Path(directory), env) as second:
            return took, observe(second, seconds)


def add_to(report: Report, first: float, rest: Rest) -> None:
    total, start = rest.total(), rest.start["all"]
    report.add(f"the whole platform at rest with {STATIONS} stations, % of a core",
               f"{rest.core:.1%}", "", "1.5 % at most", rest.core <= 0.015)  # fmt: skip
    report.add("the same, memory, MiB (PSS; USS)",
               f"{total.pss / MIB:.0f}; {total.uss / MIB:.0f}", "", "350 at most",
               total.pss <= 350 * MIB)  # fmt: skip
    report.add("`manage.py up` to healthy, s (on new data)", f"{start:.1f} ({first:.1f})", "",
               "6 at most", start <= 6)  # fmt: skip
    report.table(f"At rest, {rest.seconds:.0f} s, by process", *lines(rest))


def lines(rest: Rest) -> tuple[list[str], list[list[str]]]:
    head = ["process", "% of a core", "wake-ups/s", "PSS, MiB", "USS, MiB", "healthy after, s"]

    def line(name: str, each: Taken, start: float | None) -> list[str]:
        return [
            name, f"{each.cpu / rest.seconds:.2%}", f"{each.wakes / rest.seconds:.1f}",
            f"{each.pss / MIB:.1f}", f"{each.uss / MIB:.1f}",
            "" if start is None else f"{start:.1f}",
        ]  # fmt: skip

    rows = [line(name, each, rest.start.get(name)) for name, each in rest.taken.items()]
    return head, [*rows, line(f"all but the {APART}", rest.total(), rest.start["all"])]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rest", description=__doc__)
    parser.add_argument("--window", type=float, default=60, help="seconds that it is watched")
    options = parser.parse_args()
    report = Report()
    add_to(report, *run(options.window))
    for title, head, rows in report.tables:
        print(f"\n{title}\n\n{plain_table(head, rows)}")
    return 1 if report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
