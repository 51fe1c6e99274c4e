"""What fleets of several sizes took, as tables and as a curve (benchmarks/scale.py)."""

from __future__ import annotations

from dataclasses import dataclass, field

from benchmarks.chart import Panel
from benchmarks.report import markdown_table, plain_table

SHOWN = 25  # of the pages and of the operations in the report
HEAD = [
    "stations", "workers", "last boot, s", "boots/s", "pairs/s", "CPU ms a station and minute",
    "of it the workers", "cores", "KiB a station", "of it the workers", "MiB in all",
    "slowest answer, ms", "slowest page, ms", "sync, s",
]  # fmt: skip


@dataclass
class Size:
    """What a fleet of one size took. Seconds from the order; costs over the window."""

    stations: int
    workers: int
    last_boot: float = 0.0
    per_second: float = 0.0
    pairs: float = 0.0  # a second
    cpu: dict[str, float] = field(default_factory=dict)  # part -> seconds a second
    kib: dict[str, float] = field(default_factory=dict)  # part -> KiB a station
    mib: dict[str, float] = field(default_factory=dict)  # part -> MiB in all
    answers: list[tuple] = field(default_factory=list)
    pages: dict[str, float] = field(default_factory=dict)  # address -> ms to the first byte
    operations: dict[str, float] = field(default_factory=dict)  # the same of the API's
    sync: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def line(self) -> list[str]:
        minute = 60_000 / self.stations  # from cores to ms a station and minute
        worker = self.cpu.get("worker", 0.0)
        slowest = max((row[4] for row in self.answers), default=0.0)
        return [
            f"{self.stations:,}", str(self.workers), f"{self.last_boot:.0f}",
            f"{self.per_second:.0f}", f"{self.pairs:.0f}",
            f"{sum(self.cpu.values()) * minute:.2f}", f"{worker * minute:.2f}",
            f"{sum(self.cpu.values()):.2f}", f"{sum(self.kib.values()):.1f}",
            f"{self.kib.get('worker', 0.0):.1f}", f"{sum(self.mib.values()):,.0f}",
            f"{slowest * 1000:.0f}", f"{max(self.pages.values(), default=0.0):.0f}",
            f"{self.sync:.1f}",
        ]  # fmt: skip


def report(sizes: list[Size], said: str, as_markdown: bool) -> str:
    table = markdown_table if as_markdown else plain_table
    parts = [table(HEAD, [size.line() for size in sizes])]
    names = sorted({part for size in sizes for part in size.cpu})
    for what, of in (("CPU, share of a core", "cpu"), ("memory, MiB", "mib")):
        lines = [
            [f"{size.stations:,}", *(f"{getattr(size, of).get(n, 0.0):.2f}" for n in names)]
            for size in sizes
        ]
        parts.append(f"{what}\n\n" + table(["stations", *names], lines))
    last = sizes[-1]
    parts.append(
        f"answers with {last.stations:,} stations\n\n"
        + table(
            ["endpoint", "asked", "p50, ms", "p99, ms", "slowest, ms"],
            [[r[0], str(r[1]), *(f"{s * 1000:.0f}" for s in r[2:5])] for r in last.answers]
            + _slowest(last.pages, "pages") + _slowest(last.operations, "operations"),
        )
    )  # fmt: skip
    wrong = [f"{size.stations:,}: {what}" for size in sizes for what in size.wrong]
    return "\n\n".join([*parts, *([said] if said else []), *wrong])


def _slowest(asked: dict[str, float], what: str) -> list[list[str]]:
    """Rows of the SHOWN slowest, and how many of all took more than a second."""
    if not asked:
        return []
    rows = sorted(asked.items(), key=lambda each: -each[1])
    over = sum(ms > 1000 for _, ms in rows)
    return [
        [f"{len(rows)} {what}, {over} of them over 1 s once or more; slowest:", "", "", "", ""],
        *([address, "", "", "", f"{ms:.0f}"] for address, ms in rows[:SHOWN]),
    ]


def curve(sizes: list[Size], of: str) -> Panel:
    title, unit = {
        "cpu": ("CPU a station and minute", "ms"), "kib": ("Memory a station", "KiB"),
    }[of]  # fmt: skip
    lines: dict[str, list[tuple[float, float]]] = {"platform": [], "workers": []}
    for size in sizes:
        times = 60_000 / size.stations if of == "cpu" else 1.0
        figures = getattr(size, of)
        lines["platform"].append((size.stations, sum(figures.values()) * times))
        lines["workers"].append((size.stations, figures["worker"] * times))
    return Panel(title, unit, lines)
