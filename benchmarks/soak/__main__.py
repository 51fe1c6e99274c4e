"""The soak: hours of pressure, then a look at what has grown. `python -m benchmarks.soak`.

Stations charge and beat against the sink CSMS, sync runs, viewers watch, readers read and save.
Printed at the end: p50, p99 and maximum of each endpoint; memory, open files, connections and
threads of each process at the start (after a minute's warm-up) and at the end; memory on the way,
and by how much it grew from minute 20 on.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import linear_regression

from benchmarks.admin_client import AdminSaves
from benchmarks.child import Child
from benchmarks.console import station_fields
from benchmarks.processes import Process, raise_file_limit, wait_until
from benchmarks.soak.load import Reader, Timings, Viewers, log_in
from benchmarks.stack import ADMIN, Stack
from messaging.keeping import frames

CHARGING_SHARE = 0.3
READERS, VIEWERS = 4, 10
WARM_UP = 60.0
LOOKS = 12  # at memory on the way
SETTLED = 20.0  # minutes, from which on memory should not grow


def interval_of(stations: int, messages: float) -> int:
    """Seconds between two Heartbeats, and two MeterValues of those that charge.

    messages: wanted a second, of both directions.
    """
    return max(1, round(2 * stations * (1 + CHARGING_SHARE) / messages))


def measure(processes: dict[str, Process]) -> dict[str, tuple[float, int, int, int]]:
    """name -> (MiB, open files, connections, threads), children included."""
    return {
        name: (
            process.memory_bytes() / 2**20, process.open_files(), process.connections(),
            process.threads(),
        )
        for name, process in processes.items()
    }  # fmt: skip


def press(stack: Stack, sink: Child, minutes: float, stations: int, messages: float) -> list[str]:
    interval = interval_of(stations, messages)
    port = sink.ask("listen", interval=interval)
    identities = [f"SOAK-{number:05}" for number in range(stations)]
    url = f"ws://127.0.0.1:{port}"
    fields = {"meter_sample_interval": interval}
    stack.console.create([station_fields(name, url, **fields) for name in identities])
    wait_until(lambda: sink.ask("stats")["calls"].get("BootNotification", 0) >= stations, 120,
               "every station has booted")  # fmt: skip
    charging = identities[: int(stations * CHARGING_SHARE)]
    ev = {"battery_kwh": 10_000, "soc": 1}  # not full before the soak is over
    stack.console.commands(charging, "plug", connector=1, ev=ev)
    stack.console.commands(charging, "start-transaction", connector=1)
    token = log_in(stack.url, *ADMIN)
    timings = Timings()
    readers = [Reader(stack.url, token, identities, timings, n == 0) for n in range(READERS)]
    admin = AdminSaves(stack, identities[-50:], timings, pause=1.0)
    readers.append(admin)
    viewers = Viewers(stack.url, token, VIEWERS)
    for thread in [*readers, viewers]:
        thread.start()
    time.sleep(min(WARM_UP, minutes * 20))
    timings.clear()  # the first requests load code
    before, began, sent = measure(stack.processes), time.time(), sink.ask("stats")["total"]
    end, course = began + minutes * 60, []
    while (left := end - time.time()) > 0:
        for process in stack.processes.values():
            process.check()
        if time.time() - began >= len(course) * minutes * 60 / LOOKS:
            course.append({n: p.memory_bytes() / 2**20 for n, p in stack.processes.items()})
        time.sleep(min(5.0, left))
    after, took = measure(stack.processes), time.time() - began
    course.append({name: figures[0] for name, figures in after.items()})
    pairs = sink.ask("stats")["total"] - sent
    for reader in readers:
        reader.ending.set()
    for reader in readers:
        reader.join(70)
    viewers.stop()
    connected = sink.ask("stats")["connected"]
    backlog = stack.redis.llen("ocpp:celery:messages") or stack.redis.llen("messages")
    lines = report(timings, before, after, {
        "minutes": f"{took / 60:.1f}",
        "stations, connected at the end": f"{stations}, {connected}",
        "seconds between two messages of a kind": f"{interval}",
        "messages a second, of both directions": f"{2 * pairs / took:.0f}",
        "API requests": f"{sum(len(v) for v in timings.seconds.values())}",
        "API requests over 1 s": f"{sum(row[5] for row in timings.rows())}",
        "API requests that failed": f"{len(timings.failures)} {sorted(set(timings.failures))[:5]}",
        "forms saved in the admin, refused as overtaken": f"{admin.saved}, {admin.overtaken}",
        "viewers, rows each, missed, lost": f"{VIEWERS}, {viewers.rows // VIEWERS}, "
                                            f"{viewers.missed}, {viewers.lost}",
        "batches waiting for the log at the end": f"{backlog}",
        "messages in the log": f"{frames.amount(stack.mongo)}",
    })  # fmt: skip
    return lines + over_time(timings, course, began, minutes)


def over_time(timings: Timings, course: list[dict], began: float, minutes: float) -> list[str]:
    """Memory on the way, and the minutes that had requests over 1 s."""
    lines = ["", "| MiB at minute | " + " | ".join(course[0]) + " |"]
    lines.append("| ---: " * (len(course[0]) + 1) + "|")
    for number, memory in enumerate(course):
        figures = " | ".join(f"{value:.0f}" for value in memory.values())
        lines.append(f"| {number * minutes / LOOKS:.0f} | {figures} |")
    settled = [m for n, m in enumerate(course) if n * minutes / LOOKS >= SETTLED]
    if len(settled) > 3:
        figures = " | ".join(
            f"{grown(settled, name) * 60 * LOOKS / minutes:+.1f}" for name in course[0]
        )
        lines.append(f"| growth from {SETTLED:.0f} on, MiB an hour | {figures} |")
    slow: dict[int, list[float]] = {}
    for moment, _, seconds in timings.slow:
        slow.setdefault(int((moment - began) // 60), []).append(seconds)
    if slow:
        lines += ["", "| minute | requests over 1 s | slowest, s |", "| ---: | ---: | ---: |"]
        lines += [f"| {m} | {len(s)} | {max(s):.1f} |" for m, s in sorted(slow.items())]
    return lines


def grown(course: list[dict[str, float]], name: str) -> float:
    """MiB from one look to the next, by the line that fits them best."""
    values = [memory[name] for memory in course]
    return linear_regression(range(len(values)), values).slope


def report(timings: Timings, before: dict, after: dict, facts: dict[str, str]) -> list[str]:
    """The figures as lines of Markdown."""
    lines = ["| what | figure |", "| --- | --- |"]
    lines += [f"| {name} | {value} |" for name, value in facts.items()]
    lines += ["", "| endpoint | requests | p50 ms | p99 ms | max ms | over 1 s |",
              "| --- | ---: | ---: | ---: | ---: | ---: |"]  # fmt: skip
    lines += [
        f"| {name} | {n} | {p50 * 1000:.0f} | {p99 * 1000:.0f} | {top * 1000:.0f} | {over} |"
        for name, n, p50, p99, top, over in timings.rows()
    ]
    lines += ["", "| process | MiB start, end | files start, end | connections start, end "
              "| threads start, end |", "| --- | --- | --- | --- | --- |"]  # fmt: skip
    for name, (memory, files, links, threads) in before.items():
        now = after[name]
        lines.append(
            f"| {name} | {memory:.0f}, {now[0]:.0f} | {files}, {now[1]} | {links}, {now[2]} "
            f"| {threads}, {now[3]} |"
        )
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--stations", type=int, default=5000)
    parser.add_argument(
        "--messages", type=float, default=500.0, help="a second, of both directions together"
    )
    parser.add_argument("--output", type=Path, help="write the figures to this file as well")
    arguments = parser.parse_args()
    raise_file_limit()
    parts = ("worker", "celery", "beat", "web")
    with tempfile.TemporaryDirectory(prefix="soak-") as directory:
        with (
            Stack(Path(directory), start=parts) as stack,
            Child("benchmarks.sink", Path(directory) / "sink.log") as sink,
        ):
            text = "\n".join(
                press(stack, sink, arguments.minutes, arguments.stations, arguments.messages)
            )
    print(text)
    if arguments.output:
        arguments.output.write_text(text + "\n")


if __name__ == "__main__":
    main()
