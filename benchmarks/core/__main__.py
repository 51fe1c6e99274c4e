"""`python -m benchmarks.core REVISION`: is this tree's core dearer than that commit's?

A station of each version and a CSMS in memory, in one process for each tree. The trees measure by
turns, a third of a second each, so that what else the machine does falls on both alike; of every
turn the ratio is taken, and of the ratios the median. Processes start anew for each block of
turns: where the interpreter puts its objects is worth some hundredths. The steps (bytecodes) and
calls of a pair are exact; they leave out what the interpreter does in C.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from statistics import median, quantiles

from benchmarks.against import VERSIONS, tree_of
from benchmarks.child import Child
from benchmarks.processes import ROOT
from benchmarks.report import plain_table

SIDE = Path(__file__).with_name("side.py")
PAIRS = ("Heartbeat", "reading")
COUNTED = 50  # pairs: each executes the same
Place = tuple[str, str]  # version, one of PAIRS


def side_of(tree: Path) -> Child:
    return Child(
        "the core", env={"PYTHONPATH": str(tree)}, command=[sys.executable, "-P", str(SIDE)],
        cwd=tree,
    )  # fmt: skip


class Comparison:
    """cpu[place][side]: CPU seconds of a pair, turn by turn; counts[place][side]: see side.py."""

    def __init__(self, trees: dict[str, Path], places: list[Place]) -> None:
        self.trees, self.places = trees, places
        self.cpu = {place: {side: [] for side in trees} for place in places}
        self.counts = {place: {} for place in places}

    def count(self) -> None:
        for side, tree in self.trees.items():
            child = side_of(tree)
            for version, what in self.places:
                found = child.ask("count", version=version, what=what, pairs=COUNTED)
                self.counts[version, what][side] = found
            child.close()

    def measure(self, turns: int, pairs: int) -> None:
        children = {side: side_of(tree) for side, tree in self.trees.items()}
        for turn in range(turns):
            # Whoever is first in one turn is second in the next.
            order = list(children.items())[:: 1 if turn % 2 else -1]
            for version, what in self.places:
                for side, child in order:
                    spent = child.ask("cpu", version=version, what=what, pairs=pairs)
                    self.cpu[version, what][side].append(spent)
        for child in children.values():
            child.close()

    def table(self) -> str:
        lines = []
        for place, cpu in self.cpu.items():
            here, there = cpu["here"], cpu["there"]
            ratios = [a / b for a, b in zip(here, there, strict=True)]
            counts = self.counts[place]
            steps = [counts[side]["steps"] for side in ("here", "there")]
            lines.append([
                *place, f"{median(here) * 1e6:.1f}", f"{median(there) * 1e6:.1f}",
                f"{median(ratios):.3f}", spread(ratios),
                f"{steps[0]:.0f}", f"{steps[1]:.0f}", f"{steps[0] / steps[1]:.3f}",
            ])  # fmt: skip
        head = ["OCPP", "pair", "us here", "there", "ratio", "half of them", "steps here", "there",
                "ratio"]  # fmt: skip
        return plain_table(head, lines)

    def among_versions(self) -> str:
        """A reading of each later version against one of 1.6, turn by turn."""
        lines = []
        base = self.cpu.get(("1.6", "reading"), {})
        for (version, what), cpu in self.cpu.items():
            if what == "reading" and version != "1.6" and base:
                for side, spent in cpu.items():
                    ratios = [a / b for a, b in zip(spent, base[side], strict=True)]
                    lines.append([version, side, f"{median(ratios):.3f}", spread(ratios)])
        head = ["OCPP", "tree", "a reading against 1.6's", "half of them"]
        return plain_table(head, lines) if lines else ""


def spread(ratios: list[float]) -> str:
    """The middle half."""
    if len(ratios) < 2:
        return ""
    low, _, high = quantiles(ratios, n=4)
    return f"{low:.3f} to {high:.3f}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.core", description=__doc__)
    parser.add_argument("revision", help="the commit to compare this tree with")
    parser.add_argument("--blocks", type=int, default=5, help="times that both processes start")
    parser.add_argument("--turns", type=int, default=9, help="of a block")
    parser.add_argument("--pairs", type=int, default=2000, help="of a turn")
    parser.add_argument("--versions", nargs="+", default=VERSIONS, choices=VERSIONS)
    options = parser.parse_args()
    os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
    places = [(version, what) for version in options.versions for what in PAIRS]
    with tree_of(options.revision) as there:
        comparison = Comparison({"here": ROOT, "there": there}, places)
        comparison.count()
        for _ in range(options.blocks):
            comparison.measure(options.turns, options.pairs)
    print(comparison.table())
    print("\n" + comparison.among_versions())
    return 0


if __name__ == "__main__":
    sys.exit(main())
