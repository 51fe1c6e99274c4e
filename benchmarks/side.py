"""One of two trees that `benchmarks.against` compares: its whole platform, under orders.

Run by its path with a tree as working directory and PYTHONPATH, so that every other module is the
tree's own; it uses only what both trees have.
"""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import measures as m
from benchmarks.child import Child, obey
from benchmarks.processes import awake, raise_file_limit
from benchmarks.stack import Stack


def memory(worker: Any) -> int:
    """Bytes of a worker: what is its own, and all that it uses of files of code.

    Both sides map the same files. By unique memory alone the side that comes first would pay for
    them, some 2.5 MiB of it for the schemas' validator at the first station, and the other, which
    finds them mapped, nothing. Without the journal's segments: steps of up to 4 MiB, which come and
    go with the traffic, and are no station's.
    """
    places = [place for each in worker.family() for place in each.memory_maps(grouped=False)]
    return sum(
        place.rss if place.path.startswith("/") else place.private_clean + place.private_dirty
        for place in places
        if not place.path.endswith(".wal")
    )


def memory_at_rest(worker: Any) -> int:
    """The same, once it has stopped moving."""
    time.sleep(m.SETTLE)
    return memory(worker)


class Side:
    """The stations of one version at a time, silent unless a window is measured."""

    def __init__(self, stack: Stack, sink: Child) -> None:
        self.stack, self.sink = stack, sink
        self.version, self.names = "", []

    async def order(self, do: str, arguments: dict[str, Any]) -> Any:
        # Only this order is under way: whatever it waits for may block.
        return getattr(self, do)(**arguments)

    def boot(self, version: str, stations: int) -> dict[str, float]:
        """Start a fresh worker's stations; {"kib": a station's memory, "mib": the worker's with all
        of them, "seconds": to boot all}."""
        worker = self.stack.start_worker()
        base = memory_at_rest(worker)
        prefix = "v" + version.replace(".", "")
        booted = m.boot_ours(self.stack, self.sink, prefix, stations, version)
        m.quiet(self.stack, self.sink)
        m.set_heartbeats(self.sink, m.NEVER, version)
        m.quiet(self.stack, self.sink)
        self.version, self.names = version, [f"{prefix}-{n}" for n in range(stations)]
        full = memory_at_rest(worker)
        kib = (full - base) / stations / m.KIB
        return {"kib": kib, "mib": full / m.KIB**2, "seconds": booted.seconds}

    def heartbeats(self, seconds: float) -> float:
        """CPU ms of the worker for 1,000 pairs, a Heartbeat a second and station."""
        m.set_heartbeats(self.sink, 1, self.version)
        with awake():
            load = m.load_ours(self.stack, self.sink, "Heartbeat", seconds)
        m.set_heartbeats(self.sink, m.NEVER, self.version)
        return load.per_thousand

    def readings(self, seconds: float) -> float:
        """The same for a meter reading a second and station."""
        self._all("start-transaction")
        time.sleep(3)
        with awake():
            load = m.load_ours(self.stack, self.sink, m.READING[self.version], seconds)
        self._all("stop-transaction")
        m.quiet(self.stack, self.sink, 120)
        return load.per_thousand

    def _all(self, command: str) -> None:
        answers = self.stack.console.commands(self.names, command, connector=1)
        failed = [answer for answer in answers.values() if "error" in answer]
        assert not failed, failed[:2]

    def away(self) -> None:
        """Switch all stations off and end the worker."""
        self.stack.console.ask("stop all")
        m.wait_until(lambda: self.sink.ask("stats")["connected"] == 0, 60, "all stations are off")
        m.wait_until(lambda: m.backlog(self.stack) == 0, 120, "the log has taken everything")
        self.stack.processes.pop("worker").stop()


def main() -> None:
    raise_file_limit()
    with contextlib.ExitStack() as closing:
        directory = closing.enter_context(tempfile.TemporaryDirectory(prefix="ocpp-side-"))
        stack = closing.enter_context(Stack(Path(directory), start=("celery",)))
        side = Side(stack, closing.enter_context(Child("benchmarks.sink")))
        asyncio.run(obey(side.order))


if __name__ == "__main__":
    main()
