"""`python -m mutants.by_tool MODULE...`: a sample of mutmut's mutants of modules or packages.

Each mutant goes into a copy of the tree and meets the tests that come by its lines. Exit codes as
of `python -m mutants`.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from pathlib import Path

from mutants.catalogue import ROOT, ListError
from mutants.report import Outcome, complaints, shares
from mutants.running import on_free_trees
from mutants.sampling import KEPT, Drawn, again, draw, gone, modules, read_kept
from mutants.sight import Sight, candidates, look
from mutants.trees import BROKEN, CAUGHT, SURVIVED, Tree, copy_tree, in_groups

SAMPLE = 40
TIMES, MORE = 5.0, 60.0  # the limit: so often the time without a mutant, and so many seconds
_FAILED, _PASSED, _INTERRUPTED = 1, 0, 2
# What pytest says where an import or a fixture's start failed: a mutant may do that to each.
_IMPORT_FAILS = "ImportError while loading conftest"


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mutants.by_tool")
    parser.add_argument("modules", help="files or folders, parted by spaces")
    parser.add_argument("--sample", type=int, default=SAMPLE, help="at most so many mutants")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="mutants at the same time")
    parser.add_argument("--tests", nargs="*", help="in place of those that the rules name")
    parser.add_argument("--list", action="store_true", help="only print the sample")
    parser.add_argument("--report", type=Path, help="write what happened here (JSON)")
    parser.add_argument("--again", type=Path, help="those that survived in this report")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--kept", type=Path, default=KEPT)
    return parser.parse_args(given)


def sample(args: argparse.Namespace) -> list[Drawn]:
    kept = read_kept(args.kept)
    stale = gone(kept, args.root)
    if stale:
        raise ListError("\n".join(stale))
    files = modules(args.modules, args.root)
    if args.again is None:
        return draw(files, args.root, args.seed, args.sample, kept)
    report = json.loads(args.again.read_text())
    keys = [one["key"] for one in report if one["verdict"] != CAUGHT and one["key"][0] in files]
    return again(keys, args.root, kept)


def try_out(tree: Tree, mutant: Drawn, sight: Sight) -> tuple[str, str]:
    """(CAUGHT | SURVIVED | BROKEN, what pytest said last)."""
    tests = sight.of(mutant.change)
    picked = tree.path / "picked.json"
    picked.write_text(json.dumps(tests))
    with tree.holding(mutant):
        for alone, group in in_groups(tuple(tests)):
            limit = MORE + TIMES * sum(sight.seconds[test] for test in group)
            files = list(dict.fromkeys(test.partition("::")[0] for test in group))
            code, said = tree.run(
                files, alone, limit, plugins=("mutants.quickly", "mutants.picked"),
                environment={"MUTANTS_PICKED": str(picked)},
            )  # fmt: skip
            if code in (_FAILED, _INTERRUPTED, None) or _IMPORT_FAILS in said:
                return CAUGHT, said
            if code != _PASSED:
                return BROKEN, said
    return SURVIVED, "" if tests else "no test comes by"


def write_report(path: Path, outcomes: list[Outcome]) -> None:
    rows = [
        {
            "id": mutant.id, "key": list(mutant.change.key), "verdict": verdict, "said": said,
            "kept": mutant.kept,
        }
        for mutant, verdict, said in outcomes
    ]  # fmt: skip
    path.write_text(json.dumps(rows, indent=1))


def main(given: list[str] | None = None) -> int:
    args = arguments(given)
    try:
        drawn = sample(args)
    except ListError as error:
        print(error)
        return 2
    if args.list:
        print(*(f"{mutant.id} {mutant.change}" for mutant in drawn), sep="\n")
        return 0
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ocpp-mutants-") as folder:
        trees = [Tree(Path(folder) / str(number)) for number in range(max(1, args.jobs))]
        for tree in trees:
            copy_tree(args.root, tree.path)
        files = sorted({mutant.file for mutant in drawn})
        tests = args.tests or candidates(files, args.root)
        sight, said = look(trees, files, tests)
        if sight is None:
            print(f"The tests could not run without a mutant:\n{said}")
            return 2
        took = f"{len(sight.seconds)} tests without a mutant in {time.monotonic() - begun:.0f} s"
        print(took, *(f"left out, it fails: {one}" for one in sight.failed), sep="\n", flush=True)
        outcomes = on_free_trees(trees, drawn, lambda tree, one: try_out(tree, one, sight))
    if args.report is not None:
        write_report(args.report, outcomes)
    print(f"\n{shares(outcomes, lambda mutant: mutant.file)}\n", *complaints(outcomes), sep="\n")
    if any(outcome.verdict == BROKEN for outcome in outcomes):
        return 2
    return 1 if complaints(outcomes) else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
