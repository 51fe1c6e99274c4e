"""Where a run's CPU goes: `PYTEST_PLUGINS=tests.harness.cpu CPU_REPORT=DIRECTORY pytest ...`.

Each process of pytest writes DIRECTORY/PID.jsonl: a line for each phase of a test and each fixture,
{"test", "phase", "fixture", "own", "children", "wall": seconds, "started": [commands]}. `own` is
this process's, all threads; `children` that of its descendants, dead or alive, the stores' too.
What the run cost before and after its tests stands under the phases "start" and "end". A fixture's
cost is also in its test's "setup". `python -m tests.harness.cpu DIRECTORY` sums it up.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

TICK = os.sysconf("SC_CLK_TCK")


def _read(path: str) -> str:
    """Nothing of what has gone. Without pathlib, which would cost more than most tests."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return ""
    try:
        return os.read(file, 65536).decode()
    except OSError:
        return ""
    finally:
        os.close(file)


def _times(pid: int) -> tuple[int, int]:
    """(own ticks, ticks of the children it has waited for), 0 of a process that has gone."""
    fields = _read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    if not fields:
        return 0, 0
    return int(fields[11]) + int(fields[12]), int(fields[13]) + int(fields[14])


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            found += map(int, _read(f"/proc/{pid}/task/{task}/children").split())
    return found


def descendants(pid: int) -> list[int]:
    found, waiting = [], _children(pid)
    while waiting:
        found.append(waiting.pop())
        waiting += _children(found[-1])
    return found


def of_descendants(pid: int, known: list[int] | None = None) -> float:
    """CPU seconds of all that the process has started and what that has started; known: those."""
    those = descendants(pid) if known is None else known
    return (_times(pid)[1] + sum(sum(_times(one)) for one in those)) / TICK


class Span:
    """The cost of what happens between its making and `end`.

    known: the descendants at its beginning, which need not be looked for again
    """

    def __init__(self, known: list[int] | None = None) -> None:
        self.own, self.children = time.process_time(), of_descendants(os.getpid(), known)
        self.wall = time.monotonic()

    def end(self, known: list[int] | None = None) -> dict[str, float]:
        return {
            "own": round(time.process_time() - self.own, 4),
            "children": round(of_descendants(os.getpid(), known) - self.children, 2),
            "wall": round(time.monotonic() - self.wall, 3),
        }


class Costs:
    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.file = (directory / f"{os.getpid()}.jsonl").open("w")
        self.started: list[str] = []
        self.known: list[int] = []
        self.test = ""
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple) -> None:
        if event == "subprocess.Popen":
            self.started.append(" ".join(map(str, arguments[1]))[:200])

    def write(self, phase: str, cost: dict[str, float], fixture: str = "") -> None:
        line = {"test": self.test, "phase": phase, "fixture": fixture, **cost}
        if not fixture:
            line["started"], self.started = self.started, []
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()

    def _phase(self, phase: str) -> Iterator[None]:
        span = Span(self.known)
        yield
        self.known = descendants(os.getpid())
        self.write(phase, span.end(self.known))

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        self.test = item.nodeid
        yield from self._phase("setup")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Iterator[None]:
        yield from self._phase("call")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Iterator[None]:
        yield from self._phase("teardown")

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef) -> Iterator[None]:
        before, known = len(self.started), self.known
        span = Span(known)
        yield
        if len(self.started) > before:
            known = descendants(os.getpid())
        self.write("setup", span.end(known), f"{fixturedef.argname} ({fixturedef.scope})")

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        whole = {"own": time.process_time(), "children": of_descendants(os.getpid()), "wall": 0}
        self.write("start", whole)
        self.span = Span()

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_collection(self) -> Iterator[None]:
        yield from self._phase("collection")

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        self.test = ""
        whole = {"own": time.process_time(), "children": of_descendants(os.getpid())}
        self.write("end", {**whole, "wall": self.span.end()["wall"]})
        self.file.close()


def pytest_configure(config: pytest.Config) -> None:
    if directory := os.environ.get("CPU_REPORT"):
        config.pluginmanager.register(Costs(Path(directory)), "costs")


def main(directory: str, most: str = "40") -> None:
    files, tests, fixtures, started = Counter(), Counter(), Counter(), Counter()
    of_fixtures: dict[str, int] = defaultdict(int)
    counted: dict[str, set] = defaultdict(set)
    whole = 0.0
    for path in Path(directory).glob("*.jsonl"):
        for line in map(json.loads, path.read_text().splitlines()):
            cost = line["own"] + line["children"]
            if line["fixture"]:
                fixtures[line["fixture"]] += cost
                of_fixtures[line["fixture"]] += 1
                continue
            if line["phase"] == "end":
                whole += cost
            elif line["test"]:
                file = line["test"].partition("::")[0]
                files[file] += cost
                tests[line["test"]] += cost
                counted[file].add(line["test"])
            for command in line["started"]:
                started[command[:100]] += 1
    print(f"{whole:.1f} s of CPU, {sum(files.values()):.1f} in {len(tests)} tests")
    for title, counter in (("file", files), ("test", tests), ("fixture", fixtures)):
        print(f"\n{title}")
        for name, cost in counter.most_common(int(most)):
            times = {"file": len(counted[name]), "fixture": of_fixtures.get(name)}.get(title, "")
            print(f"{cost:9.2f} {times!s:>5} {name}")
    print("\nstarted")
    for command, times in started.most_common(int(most)):
        print(f"{times:9d} {command}")


if __name__ == "__main__":
    main(*sys.argv[1:])
