"""`python -m benchmarks.against REVISION`: is this tree's worker dearer than that commit's?

Both run their whole platform at the same time, each on stores and with a sink of its own, silent
but for the one whose window is measured. The windows alternate, so that what else the machine
does falls on both alike; a figure's ratio is that of the two medians.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.child import Child
from benchmarks.processes import ROOT
from benchmarks.report import plain_table

SIDE = Path(__file__).with_name("side.py")
VERSIONS = ("1.6", "2.0.1", "2.1")


@contextlib.contextmanager
def tree_of(revision: str) -> Iterator[Path]:
    """The files of a commit, in a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="ocpp-against-") as folder:
        archive = subprocess.run(
            ["git", "archive", "--format=tar", revision], cwd=ROOT, check=True, capture_output=True
        )
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        yield Path(folder)


def side_of(tree: Path) -> Child:
    return Child(
        "the measured side",
        env={"PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        command=[sys.executable, "-P", str(SIDE)],
        cwd=tree,
    )


class Comparison:
    """Figures by (version, what), of either side."""

    def __init__(self, sides: dict[str, Child], window: float) -> None:
        self.sides, self.window = sides, window
        self.found: dict[tuple[str, str], dict[str, list[float]]] = {}

    def note(self, version: str, what: str, side: str, figure: float) -> None:
        self.found.setdefault((version, what), {"here": [], "there": []})[side].append(figure)
        print(f"  {version} {what}, {side}: {figure:.1f}", flush=True)

    def measure(self, version: str, stations: int, rounds: int) -> None:
        for name, side in self.sides.items():
            booted = side.ask("boot", 600, version=version, stations=stations)
            self.note(version, "KiB a station", name, booted["kib"])
            self.note(version, "MiB of the worker with all", name, booted["mib"])
            self.note(version, "seconds to boot all", name, booted["seconds"])
        for number in range(rounds):
            # Whoever is first in one round is second in the next.
            order = list(self.sides.items())[:: 1 if number % 2 else -1]
            for what in ("heartbeats", "readings"):
                for name, side in order:
                    self.note(version, what, name, side.ask(what, 600, seconds=self.window))
        for side in self.sides.values():
            side.ask("away", 600)

    def table(self) -> str:
        lines = []
        for (version, what), figures in self.found.items():
            here, there = median(figures["here"]), median(figures["there"])
            spread = " / ".join(
                f"{min(figures[side]):.1f}-{max(figures[side]):.1f}" for side in ("here", "there")
            )
            ratio = f"{here / there:.3f}" if there else ""
            lines.append([version, what, f"{here:.1f}", f"{there:.1f}", ratio, spread])
        head = ["OCPP", "what (pairs: CPU ms of 1,000)", "here", "there", "ratio", "spread"]
        return plain_table(head, lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.against", description=__doc__)
    parser.add_argument("revision", help="the commit to compare this tree with")
    parser.add_argument("--stations", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--window", type=float, default=10, help="seconds a load is watched")
    parser.add_argument("--versions", nargs="+", default=VERSIONS, choices=VERSIONS)
    options = parser.parse_args()
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    with tree_of(options.revision) as there, side_of(ROOT) as ours, side_of(there) as theirs:
        comparison = Comparison({"here": ours, "there": theirs}, options.window)
        for version in options.versions:
            comparison.measure(version, options.stations, options.rounds)
    print("\n" + comparison.table())
    return 0


if __name__ == "__main__":
    sys.exit(main())
