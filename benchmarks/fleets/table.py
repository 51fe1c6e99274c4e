"""`python -m benchmarks.fleets` (make bench-peers): a fleet as its users run it, on the sink.

`--quick` tells in two minutes where the platform's CPU goes, part by part.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from benchmarks.child import Child
from benchmarks.fleets.ours import Platform
from benchmarks.fleets.peers import Sap, Solidstudio
from benchmarks.fleets.trial import KIB, Fleet, Outcome, Trial
from benchmarks.processes import raise_file_limit
from benchmarks.report import markdown_table, plain_table

HEAD = [
    "", "stations", "order to last boot, s", "first connect to last boot, s", "Heartbeats",
    "with MeterValues", "KiB a station", "MiB in all",
]  # fmt: skip
PARTS_HEAD = ["part", "Heartbeats", "% of a core", "with MeterValues", "% of a core", "PSS, MiB"]
MEANING = (
    "Heartbeats, with MeterValues: CPU ms, user and system, of the whole process tree for 1,000 "
    "request-response pairs;\neach station a Heartbeat every 5 s, then a MeterValues (register "
    "only) every 5 s too. Memory: proportional set size after\nthe boots (KiB a station: less "
    "that before the order). Nothing keeps the processors awake. Peers keep no log."
)


def lines_of(outcome: Outcome) -> list[list[str]]:
    """Of the whole tree, and of ours of the worker alone."""
    lines = []
    parts = [(outcome.name, "")]
    if "worker" in outcome.full:
        parts.insert(0, ("ours, charge point worker alone", "worker"))
    for name, part in parts:
        memory = [cost.pss for key, cost in outcome.full.items() if part in ("", key)]
        lines.append([
            name, f"{outcome.stations:,}", f"{outcome.from_order:.1f}",
            f"{outcome.from_connect:.1f}", f"{outcome.beats.per_thousand(part):.0f}",
            f"{outcome.meters.per_thousand(part):.0f}", f"{outcome.kib(part):.0f}",
            f"{sum(memory) / KIB**2:.0f}",
        ])  # fmt: skip
    return lines


def parts_of(outcome: Outcome) -> list[list[str]]:
    """A line for each process of ours."""
    beats, meters = outcome.beats, outcome.meters
    return [
        [
            part,
            f"{beats.per_thousand(part):.0f}",
            f"{beats.core(part):.1%}",
            f"{meters.per_thousand(part):.0f}",
            f"{meters.core(part):.1%}",
            f"{outcome.full[part].pss / KIB**2:.0f}",
        ]
        for part in sorted(outcome.full, key=lambda part: -meters.core(part))
    ]


def fleets_of(options: argparse.Namespace) -> list[Callable[[], Fleet]]:
    """Those that were asked for, ours last."""
    fleets: list[Callable[[], Fleet]] = []
    if options.solidstudio:
        fleets.append(lambda: Solidstudio(options.solidstudio, options.node))
    if options.sap:
        fleets.append(lambda: Sap(options.sap, options.node))
    return fleets if options.only_peers else [*fleets, Platform]


def measure(make: Callable[[], Fleet], stations: int, window: float) -> Outcome:
    """One fleet on a sink of its own, told as it goes."""
    with Child("benchmarks.sink") as sink:
        outcome = Trial(sink, window).run(make(), stations)
    for sentence in outcome.late:
        print(f"    DUE AND NOT SEEN, {outcome.name}: {sentence}", flush=True)
    if "worker" in outcome.full:
        print("\n" + plain_table(PARTS_HEAD, parts_of(outcome)) + "\n", flush=True)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleets", description=__doc__)
    parser.add_argument("--stations", type=int, nargs="+", default=[500, 2000])
    parser.add_argument("--window", type=float, default=60, help="seconds a load is watched")
    parser.add_argument("--output", type=Path, help="write the table there too, as Markdown")
    parser.add_argument("--solidstudio", type=Path, help="folder of that peer, ready to run")
    parser.add_argument("--sap", type=Path, help="folder of that peer, built")
    parser.add_argument("--node", default="node", help="the program that runs them")
    parser.add_argument("--only-peers", action="store_true", help="measure them without ours")
    parser.add_argument("--quick", action="store_true", help="500 of ours, windows of 20 s")
    options = parser.parse_args()
    if options.quick:
        options.stations, options.window = options.stations[:1], min(options.window, 20)
    raise_file_limit()
    lines, late = [], False
    for stations in options.stations:
        for make in fleets_of(options):
            outcome = measure(make, stations, options.window)
            lines += lines_of(outcome)
            late = late or bool(outcome.late)
    print("\n" + plain_table(HEAD, lines) + "\n\n" + MEANING)
    if options.output:
        options.output.write_text(markdown_table(HEAD, lines) + "\n\n" + MEANING + "\n")
    return 1 if late else 0

