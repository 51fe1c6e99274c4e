"""`python -m benchmarks` (make bench): every figure of the targets, in one run on one machine.

Ours is measured through the real worker (`manage.py runchargepoints`) with validation, the log
(Redis, Celery worker, embedded MongoDB) and the live stream on. The bare client does the same
against the same sink in the same run. These figures are hot ones: many pairs a second, processors
kept awake. A last table has the whole platform as its users run it (see fleets.py).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import measures as m
from benchmarks import rest
from benchmarks.chart import Panel, draw
from benchmarks.child import Child
from benchmarks.fleets import table as fleets
from benchmarks.fleets.ours import Platform
from benchmarks.processes import ROOT, awake, raise_file_limit, wait_until
from benchmarks.report import Report, write
from benchmarks.stack import Stack

SIZES = (100, 1000, 5000)
BEAT = 5  # seconds between heartbeats while growth is measured


class Bench:
    def __init__(self, stack: Stack, sink: Child, window: float, sizes: tuple[int, ...]) -> None:
        self.stack, self.sink, self.window, self.sizes = stack, sink, window, sizes
        self.report = Report()
        self.growth: dict[str, dict[int, tuple[float, float]]] = {"ours": {}, "bare": {}}
        self.example = ""

    # --- the two sides -----------------------------------------------------------------------

    def ours(self, stations: int) -> m.Boot:
        """Boot on a fresh worker; measures idle memory and the CPU of spread heartbeats."""
        worker = self.stack.start_worker()
        base = m.memory_at_rest(worker)
        boot = m.boot_ours(self.stack, self.sink, f"bench{stations}", stations)
        m.quiet(self.stack, self.sink)
        memory = (m.memory_at_rest(worker) - base) / stations / m.KIB
        m.set_heartbeats(self.sink, BEAT)
        load = m.load_ours(self.stack, self.sink, "Heartbeat", self.window)
        self.growth["ours"][stations] = (memory, load.cpu / load.seconds / stations * 60_000)
        print(f"  ours, {stations}: {boot.rate:.0f} booted/s, {memory:.1f} KiB, "
              f"{load.per_thousand:.0f} ms/1,000 pairs at {load.pairs / load.seconds:.0f}/s",
              flush=True)  # fmt: skip
        return boot

    def put_away(self, version: str = "1.6") -> None:
        """Switch all stations off and end the worker."""
        m.set_heartbeats(self.sink, m.NEVER, version)
        self.stack.console.ask("stop all")
        wait_until(lambda: self.sink.ask("stats")["connected"] == 0, 60, "all stations are off")
        wait_until(lambda: m.backlog(self.stack) == 0, 120, "the log has taken everything")
        self.stack.processes.pop("worker").stop()

    def bare(self, stations: int, thorough: bool) -> dict:
        with Child("benchmarks.bare_client") as client:
            port = int(self.sink.url.split(":")[2].split("/")[0])
            base = m.memory_at_rest(client)
            boot = client.ask("connect", port=port, stations=stations)
            memory = (m.memory_at_rest(client) - base) / stations / m.KIB
            client.ask("send", action="Heartbeat", interval=BEAT)
            time.sleep(BEAT)
            load = m.load_bare(client, self.window)
            self.growth["bare"][stations] = (memory, load.cpu / load.seconds / stations * 60_000)
            client.ask("pause")
            found = {"rate": stations / boot["seconds"], "memory": memory}
            if thorough:
                for action in ("Heartbeat", "MeterValues"):
                    client.ask("send", action=action, interval=1, example=self.example)
                    time.sleep(2)
                    with awake():
                        found[action] = m.load_bare(client, self.window)
                    client.ask("pause")
        wait_until(lambda: self.sink.ask("stats")["connected"] == 0, 60, "the bare client is gone")
        return found

    # --- figures -----------------------------------------------------------------------------

    def pairs(self) -> dict[str, m.Load]:
        """Pairs of 1.6, after `ours` with 1,000 stations."""
        found = m.pair_loads(self.stack, self.sink, "bench1000", self.window)
        self.example = self.sink.ask("newest", action="MeterValues")
        return found

    def versions(self, first: dict[str, m.Load]) -> None:
        """The same pairs in the other versions, beside those of 1.6."""
        loads = {"1.6": first}
        for version in ("2.0.1", "2.1"):
            self.stack.start_worker()
            prefix = f"v{version.replace('.', '')}"
            m.boot_ours(self.stack, self.sink, prefix, 1000, version)
            m.quiet(self.stack, self.sink)
            loads[version] = m.pair_loads(self.stack, self.sink, prefix, self.window, version)
            self.put_away(version)
        for kind in first:
            figures = {v: found[kind].per_thousand for v, found in loads.items()}
            worst = max(figures.values()) / figures["1.6"]
            text = ", ".join(f"{version}: {figure:.0f}" for version, figure in figures.items())
            self.report.add(f"CPU of 1,000 {kind} pairs by version, ms", text, "",
                            "none over 1.3 of 1.6", worst <= 1.3)  # fmt: skip

    def compare(self, boot: m.Boot, ours: dict[str, m.Load], bare: dict) -> None:
        add = self.report.add
        add("1,000 stations connected and booted, s", f"{boot.seconds:.1f}", "", "10 at most",
            boot.seconds <= 10)  # fmt: skip
        add("connected and booted, stations/s", f"{boot.rate:.0f}", f"{bare['rate']:.0f}")
        for action, kind, part in (("Heartbeat", "Heartbeat", 4), ("MeterValues", "reading", 5)):
            mine, theirs = ours[kind].per_thousand, bare[action].per_thousand
            add(f"CPU of 1,000 {action} pairs, ms", f"{mine:.0f}", f"{theirs:.0f}",
                f"1/{part} of bare: {theirs / part:.0f}", mine <= theirs / part)  # fmt: skip

    def memory(self) -> None:
        most = self.sizes[-1]
        mine, theirs = self.growth["ours"][most][0], self.growth["bare"][most][0]
        self.report.add(f"memory of an idle station of {most:,}, KiB", f"{mine:.1f}",
                        f"{theirs:.1f}", "40 at most", mine <= 40)  # fmt: skip

    def log_throughput(self, stations: int) -> None:
        """At 3,000 messages a second and more, the backlog must not grow."""
        m.set_heartbeats(self.sink, max(1, round(stations * 2 / 3300)))
        time.sleep(5)
        began, before = time.monotonic(), m.stored(self.stack)
        depths = []
        frames = m.recorder(self.stack)["recorded"]
        while time.monotonic() - began < 2 * self.window:
            time.sleep(2)
            behind = m.recorder(self.stack)["buffered"]
            depths.append(behind + 300 * m.queued_batches(self.stack))
        seconds = time.monotonic() - began
        kept = (m.stored(self.stack) - before) / seconds
        made = (m.recorder(self.stack)["recorded"] - frames) / seconds
        third = len(depths) // 3
        early, late = max(depths[:third]), max(depths[-third:])
        grows = late > early + made  # more than a second's worth on top
        self.report.add(
            "log kept on the embedded store, messages/s",
            f"{kept:.0f} of {made:.0f} made; backlog at most {early} early, {late} late", "",
            "3,000 without growing backlog", kept >= 3000 * 0.99 and made >= 3000 and not grows,
        )  # fmt: skip

    def one_sync(self, stations: int) -> None:
        wait_until(lambda: self.stack.redis.scard("ocpp:sync:dirty") >= stations, 60, "all dirty")
        m.set_heartbeats(self.sink, m.NEVER)
        wait_until(lambda: m.backlog(self.stack) == 0, 120, "the log has taken everything")
        result = self.stack.console.sync()
        self.report.add(
            f"one sync of {result['written']:,} changed stations, s", f"{result['seconds']:.2f}",
            "", "5 at most", result["seconds"] <= 5 and result["written"] >= stations,
        )  # fmt: skip

    def viewers(self) -> None:
        """Worker CPU at 1,000 pairs a second, with nobody looking and with 100 live viewers."""
        self.stack.start_web()
        self.stack.start_worker()
        m.boot_ours(self.stack, self.sink, "seen", 1000)
        m.quiet(self.stack, self.sink)
        m.set_heartbeats(self.sink, 2)
        with awake():
            self._watched()

    def _watched(self) -> None:
        alone = m.load_ours(self.stack, self.sink, "Heartbeat", self.window)
        with Child("benchmarks.viewers") as viewers:
            url = self.stack.url.replace("http", "ws") + "/ws/messages"
            viewers.ask("open", url=url, token=self.stack.log_in(), viewers=100)
            time.sleep(3)
            watched = m.load_ours(self.stack, self.sink, "Heartbeat", self.window)
            seen = viewers.ask("stats")
        again = m.load_ours(self.stack, self.sink, "Heartbeat", self.window)
        before = (alone.per_thousand + again.per_thousand) / 2
        more = watched.per_thousand / before - 1
        self.report.add(
            "100 live viewers: more worker CPU", f"{more:+.1%} ({seen['open']} viewers, "
            f"{seen['rows']:,} rows drawn, {seen['missed']:,} told as missed)", "",
            "less than 10 %", more < 0.1 and seen["open"] == 100,
        )  # fmt: skip

    def draw_growth(self) -> str:
        lines = []
        for size in self.sizes:
            mine, theirs = self.growth["ours"][size], self.growth["bare"][size]
            lines.append([f"{size:,}", f"{mine[0]:.1f}", f"{theirs[0]:.1f}", f"{mine[1]:.2f}",
                          f"{theirs[1]:.2f}"])  # fmt: skip
        self.report.table(
            f"Growth (idle memory; CPU with a heartbeat every {BEAT} s)",
            ["stations", "ours, KiB a station", "bare, KiB", "ours, CPU ms a station and minute",
             "bare, CPU ms"], lines,
        )  # fmt: skip

        def panel(title: str, unit: str, place: int) -> Panel:
            sides = (("ours", "ours"), ("bare ocpp + websockets", "bare"))
            return Panel(title, unit, {
                name: [(size, self.growth[side][size][place]) for size in self.sizes]
                for name, side in sides
            })  # fmt: skip

        return draw([
            panel("Memory a station, KiB", "KiB each", 0),
            panel("CPU a station, ms a minute", f"heartbeat every {BEAT} s", 1),
        ])  # fmt: skip


def measure(bench: Bench) -> str:
    """Run everything; returns the picture of the growth."""
    for size in bench.sizes:
        print(f"{size:,} stations", flush=True)
        boot = bench.ours(size)
        if size == 1000:
            ours = bench.pairs()
        if size == bench.sizes[-1]:
            bench.log_throughput(size)
            bench.one_sync(size)
        bench.put_away()
        bare = bench.bare(size, thorough=size == 1000)
        if size == 1000:
            bench.compare(boot, ours, bare)
            bench.versions(ours)
    bench.memory()
    bench.viewers()
    return bench.draw_growth()


def as_users_run_it(report: Report, stations: list[int], window: float) -> None:
    """The rows of `make bench-peers`, of ours alone."""
    outcomes = [fleets.measure(Platform, number, window) for number in stations]
    lines = [line for outcome in outcomes for line in fleets.lines_of(outcome)]
    report.table("As its users run it", fleets.HEAD, lines)
    report.notes.append(fleets.MEANING)


def measure_versions(bench: Bench) -> None:
    """Only the pairs by version."""
    bench.ours(1000)
    ours = bench.pairs()
    bench.put_away()
    bench.versions(ours)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--window", type=float, default=15, help="seconds a load is watched")
    parser.add_argument("--most", type=int, default=5000, help="largest number of stations")
    parser.add_argument("--versions", action="store_true", help="only pairs by version")
    parser.add_argument("--write-docs", action="store_true", help="renew the page of benchmarks")
    options = parser.parse_args()
    raise_file_limit()
    sizes = tuple(size for size in SIZES if size <= max(options.most, 1000))
    at_rest = None if options.versions else rest.run()
    with (
        tempfile.TemporaryDirectory(prefix="ocpp-bench-") as directory,
        Stack(Path(directory), start=("celery",)) as stack,
        Child("benchmarks.sink") as sink,
    ):
        bench = Bench(stack, sink, options.window, sizes)
        if at_rest:
            rest.add_to(bench.report, *at_rest)
        picture = measure_versions(bench) if options.versions else measure(bench)
    if not options.versions:
        as_users_run_it(bench.report, [500, 2000], 4 * options.window)
    print("\n" + bench.report.text())
    if options.write_docs and not options.versions:
        write(ROOT / "docs/img/benchmark-growth.svg", picture)
        introduction = (ROOT / "benchmarks/introduction.md").read_text().strip()
        text = bench.report.markdown(
            "Benchmarks", introduction, "![growth](../img/benchmark-growth.svg)"
        )
        write(ROOT / "docs/explanation/benchmarks.md", text)
    return 1 if bench.report.missed else 0


if __name__ == "__main__":
    sys.exit(main())
