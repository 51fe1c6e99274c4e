"""Workers on hosts of their own: each with a network and a name, see `chaos.host`.

Their journals are on a disk that all see, as several hosts should have it (decision 14); those of
APART are on one of its own.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.child import Child
from benchmarks.processes import Process, free_port
from chaos.proxy import BLACK_HOLE, OPEN

if TYPE_CHECKING:
    from benchmarks.stack import Stack

APART = ("worker-4",)


class Hosts:
    """`disks`: a folder for them. network: the child that runs `chaos.proxy`."""

    def __init__(self, disks: Path, network: Child) -> None:
        self.disks, self.network = disks, network
        self.csms_port = free_port()  # as they see it
        self._sockets = Path(tempfile.mkdtemp(prefix="hosts-"))  # their paths have to be short
        self._targets: dict[str, tuple[int, int]] = {}  # what -> (port that they see, its own)
        self._opened: dict[str, set[str]] = {}  # host -> what it reaches

    def reach(self, what: str, seen: int, target: int) -> None:
        """From now on each host has a port `seen` that leads to `target`."""
        self._targets[what] = (seen, target)
        for host in self._opened:
            self._open(host)

    def _open(self, host: str) -> None:
        for what, (seen, target) in self._targets.items():
            if what not in self._opened[host]:
                path = str(self._sockets / host / str(seen))
                self.network.ask("open", name=f"{what}@{host}", target=target, path=path)
                self._opened[host].add(what)

    def launch(self, stack: Stack, host: str) -> Process:
        """Start this host's worker, with the journals that its disk has."""
        folder = self._sockets / host
        folder.mkdir(exist_ok=True)
        self._opened.setdefault(host, set())
        self._open(host)
        ports = {seen for seen, _ in self._targets.values()} | {self.csms_port}
        return stack.run(
            host, sys.executable, "-m", "chaos.host", str(folder), host, *map(str, ports), "--",
            *stack.command("worker", host), JOURNAL_DIR=str(self._disk(host)),
        )  # fmt: skip

    def cut_off(self, host: str) -> None:
        """All that it sends and is sent vanishes."""
        self._set(host, BLACK_HOLE)

    def heal(self, host: str) -> None:
        self._set(host, OPEN)

    def _set(self, host: str, mode: str) -> None:
        for what in self._opened[host]:
            self.network.ask("set", name=f"{what}@{host}", mode=mode)

    def _disk(self, host: str) -> Path:
        return self.disks / (host if host in APART else "shared")

    def lose_disk(self, host: str) -> None:
        """Of one of APART."""
        shutil.rmtree(self.disks / host)

    def journals(self) -> Iterator[Path]:
        """Of all disks that there are."""
        return self.disks.glob("*/*/owner.lock")

    def close(self) -> None:
        shutil.rmtree(self._sockets, ignore_errors=True)
