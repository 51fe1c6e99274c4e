"""`python -m mutants`: put each hard mutant into a copy of the tree and see whether tests fail.

Exit codes: 0 all is as the lists say; 1 a mutant survived that no reason keeps, or is caught though
one keeps it; 2 the lists or the tests cannot be used as they are.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from mutants.catalogue import LISTS, ROOT, ListError, Mutant, chosen, read, unusable
from mutants.report import complaints, table
from mutants.running import on_free_trees
from mutants.trees import BROKEN, Tree, copy_tree, in_groups

LIMIT = 300.0  # seconds for the tests of one mutant
BASE_LIMIT = 3600.0


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mutants")
    parser.add_argument("--only", default="", help="mutants whose id or file has this in it")
    parser.add_argument("--jobs", type=int, default=2, help="mutants at the same time")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds for one mutant's tests")
    parser.add_argument("--check", action="store_true", help="only look whether the lists fit")
    parser.add_argument("--unproved", action="store_true", help="skip the run without a mutant")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--lists", type=Path, default=LISTS)
    return parser.parse_args(given)


def failing_unmutated(tree: Tree, mutants: list[Mutant]) -> str:
    """ "" where the named tests pass without a mutant: else a mutant would prove nothing."""
    tests = tuple(sorted({test for mutant in mutants for test in mutant.tests}))
    for alone, group in in_groups(tests):
        code, said = tree.run(group, alone, BASE_LIMIT)
        if code != 0:
            return said
    return ""


def main(given: list[str] | None = None) -> int:
    args = arguments(given)
    try:
        mutants = chosen(read(args.lists), args.only)
        faults = unusable(mutants, args.root)
    except ListError as error:
        faults = [str(error)]
    if not faults and not mutants:
        faults = [f"no mutant's id or file has {args.only!r} in it"]
    if faults or args.check:
        print("\n".join(faults) or f"{len(mutants)} mutants fit the tree.")
        return 2 if faults else 0
    with tempfile.TemporaryDirectory(prefix="ocpp-mutants-") as folder:
        trees = [Tree(Path(folder) / str(number)) for number in range(max(1, args.jobs))]
        for tree in trees:
            copy_tree(args.root, tree.path)
        said = "" if args.unproved else failing_unmutated(trees[0], mutants)
        if said:
            print(f"The named tests fail without a mutant:\n{said}")
            return 2
        outcomes = on_free_trees(trees, mutants, lambda tree, m: tree.try_out(m, args.limit))
    found = complaints(outcomes)
    print(f"\n{table(outcomes)}\n", *found, sep="\n")
    if any(outcome.verdict == BROKEN for outcome in outcomes):
        return 2
    return 1 if found else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
