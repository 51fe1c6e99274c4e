"""Mutants over a few copies of the tree, each on the next one that is free."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from mutants.report import Outcome, Reported
from mutants.trees import Tree


def on_free_trees(
    trees: list[Tree],
    mutants: Sequence[Reported],
    try_out: Callable[[Tree, Reported], tuple[str, str]],
) -> list[Outcome]:
    """Their outcomes, in their order; told as they come."""
    free: queue.Queue[Tree] = queue.Queue()
    for tree in trees:
        free.put(tree)

    def one(mutant: Reported) -> Outcome:
        tree, begun = free.get(), time.monotonic()
        try:
            outcome = Outcome(mutant, *try_out(tree, mutant))
        finally:
            free.put(tree)
        print(f"{outcome.verdict:9} {mutant.id} ({time.monotonic() - begun:.1f} s)", flush=True)
        return outcome

    with ThreadPoolExecutor(len(trees)) as pool:
        try:
            return list(pool.map(one, mutants))
        except BaseException:  # told to end: the tests are not to go on without us
            for tree in trees:
                tree.stop()
            raise
