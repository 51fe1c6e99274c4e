"""`python -m benchmarks.starts` (make bench-starts): how soon thousands of stations are there.

The same stations of one platform (`manage.py up`, its own stores, log and live stream on) are
started by each way that a user has, and stopped in between: by the code behind them all, as the
scenario runner does; by the API; by the admin's action on all that its list shows; and with the
platform itself, whose order is the start of its process. Seconds are the sink's.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.admin_client import STATIONS, AdminClient, Form
from benchmarks.child import Child
from benchmarks.fleets.ours import Platform, by_console
from benchmarks.processes import raise_file_limit, wait_until
from benchmarks.report import markdown_table, plain_table
from benchmarks.stack import ADMIN, LOGIN, post_json
from benchmarks.trees import Cost

HEAD = [
    "started by", "stations", "answered, s", "first connect, s", "last boot, s", "boots/s",
    "CPU s: worker", "mongo", "celery", "web", "redis", "sink", "all written, s",
]  # fmt: skip
PARTS = ("worker", "mongo", "celery", "web", "redis")
MEANING = (
    "Seconds from the order; boots/s from the first connect to the last boot; CPU up to the last "
    "boot; all written: rows of\nthe order. All share the machine's cores with the sink."
)
PATIENCE = 300.0
REST = 3.0  # seconds between two starts


@dataclass
class Start:
    """What one start took; seconds from the order, CPU seconds by part up to the last boot."""

    way: str
    stations: int
    answered: float = 0.0
    first: float = 0.0
    last: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    written: float = 0.0

    def line(self) -> list[str]:
        pace = self.stations / max(self.last - self.first, 1e-3)
        return [
            self.way, f"{self.stations:,}", f"{self.answered:.1f}", f"{self.first:.1f}",
            f"{self.last:.1f}", f"{pace:.0f}",
            *(f"{self.cpu.get(part, 0.0):.1f}" for part in (*PARTS, "sink")),
            f"{self.written:.1f}",
        ]  # fmt: skip


def by_api(platform: Platform) -> None:
    token = post_json(f"{platform.url}/api/auth/login", dict(zip(LOGIN, ADMIN, strict=True)))
    post_json(f"{platform.url}/api/stations/bulk/start", {"all": True}, token["token"])


def by_admin(platform: Platform) -> Callable[[Platform], None]:
    """Somebody has logged in and looks at the list; what is returned is his click."""
    client = AdminClient(platform.url, *ADMIN)
    page = client.get(STATIONS)
    token = dict(Form(page, "changelist-form").fields)["csrfmiddlewaretoken"]
    key = page.split('name="_selected_action" value="', 1)[1].split('"', 1)[0]
    fields = [
        ("csrfmiddlewaretoken", token), ("action", "start"), ("select_across", "1"),
        ("index", "0"), ("_selected_action", key),
    ]  # fmt: skip
    return lambda _: client.act(STATIONS, fields)


class Starts:
    """One platform and its stations, under one sink."""

    def __init__(self, sink: Child, stations: int, say: Callable[[str], None]) -> None:
        self.sink, self.stations, self.say = sink, stations, say
        self.platform = Platform()
        self.done: list[Start] = []

    def run(self, ways: list[str]) -> list[Start]:
        try:
            self.platform.launch(f"ws://127.0.0.1:{self.sink.ask('listen')}/ocpp", self.stations)
            for way in ways:
                time.sleep(REST)
                self._by(way)
        finally:
            self.platform.close()
        return self.done

    def _by(self, way: str) -> None:
        match way:
            case "code":
                self._start(way, by_console)
            case "api":
                self._start(way, by_api)
            case "admin":
                self._start(way, by_admin(self.platform))
            case "platform":
                by_console(self.platform)
                self._all_written()
                self.platform.down()
                self._all_gone()
                self._start(way, lambda platform: platform.up())
        self.platform.console.ask("running", identities=self.platform.names, running=False)
        self._all_gone()
        self._all_written()

    def _start(self, way: str, order: Callable[[Platform], None]) -> None:
        start = Start(way, self.stations)
        self.sink.ask("reset")
        before, sink = self._costs(), self.sink.cpu_seconds()
        began = time.time()
        order(self.platform)
        start.answered = time.time() - began
        wait_until(self._all_booted, PATIENCE, f"{self.stations} stations have booted", 0.1)
        start.cpu = {
            part: cost.cpu - before.get(part, Cost()).cpu for part, cost in self._costs().items()
        } | {"sink": self.sink.cpu_seconds() - sink}
        stats = self.sink.ask("stats")
        start.first, start.last = stats["first_connect"] - began, stats["last_boot"] - began
        self._all_written()
        start.written = time.time() - began
        self.done.append(start)
        self.say("  " + "  ".join(f"{h}: {v}" for h, v in zip(HEAD, start.line(), strict=True)))

    def _costs(self) -> dict[str, Cost]:
        popen = self.platform.popen
        return self.platform.costs() if popen and popen.poll() is None else {}

    def _all_booted(self) -> bool:
        return self.sink.ask("stats")["calls"].get("BootNotification", 0) >= self.stations

    def _all_gone(self) -> None:
        wait_until(
            lambda: self.sink.ask("stats")["connected"] == 0, PATIENCE, "all have stopped", 0.2
        )

    def _all_written(self) -> None:
        wait_until(
            lambda: self.platform.console.ask("orders") == 0, PATIENCE, "rows are written", 0.3
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.starts", description=__doc__)
    parser.add_argument("--stations", type=int, nargs="+", default=[2000, 10000])
    parser.add_argument(
        "--ways", nargs="+", default=["code", "api", "admin", "platform"], help="of these four"
    )
    parser.add_argument("--output", type=Path, help="write the table there too, as Markdown")
    options = parser.parse_args()
    raise_file_limit()
    lines = []
    for stations in options.stations:
        with Child("benchmarks.sink") as sink:
            found = Starts(sink, stations, lambda line: print(line, flush=True)).run(options.ways)
        lines += [start.line() for start in found]
    print("\n" + plain_table(HEAD, lines) + "\n\n" + MEANING)
    if options.output:
        options.output.write_text(markdown_table(HEAD, lines) + "\n\n" + MEANING + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
