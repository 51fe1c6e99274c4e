"""Which tests can see a change: those that ran its lines when nothing was changed.

What may be asked at all is told by rule; a run of those tests under coverage then tells for each
line which of them came by. Processes that tests start are not looked into.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from mutants.operators import Change
from mutants.trees import Tree, in_groups

LIMIT = 3600.0
_PLUGINS = ("mutants.quickly", "mutants.seen")
MOST_SECONDS = 120.0  # of tests for one mutant, as they took unmutated: the quickest first
# The first that a file's path begins with. "-" leaves a part out.
_CORE = "tests/chargepoint"
TESTS = (
    ("chargepoint/v16/", (_CORE, f"-{_CORE}/v201", f"-{_CORE}/v21")),
    ("chargepoint/v201/", (_CORE, f"-{_CORE}/v16")),
    ("chargepoint/v21/", (_CORE, f"-{_CORE}/v16", f"-{_CORE}/v201")),
    ("chargepoint/", (_CORE,)),
    ("stations/admin", ("tests/stations/config", "tests/admin")),
    ("stations/", ("tests/stations",)),
    ("messaging/", ("tests/messaging", "tests/stations/config/test_api_station.py")),
    ("scenarios/admin", ("tests/scenarios", "tests/admin")),
    ("scenarios/", ("tests/scenarios",)),
    ("accounts/", ("tests/accounts", "tests/admin")),
    ("runtime/", ("tests/runtime", "tests/stations/fleet", "tests/messaging")),
)

# Code that runs in processes of its own, and the tests that start them: asked where none of the
# others comes by.
PROCESSES = (
    ("scenarios/", ("tests/scenarios/test_engine.py", "tests/scenarios/test_runner.py",
                    "tests/scenarios/test_predecessor.py")),
)  # fmt: skip


class Sight(NamedTuple):
    """`lines`: {file: {line: tests}}; `seconds` of each test; `failed`: left out."""

    lines: dict[str, dict[int, set[str]]]
    seconds: dict[str, float]
    failed: list[str]

    def _by(self, file: str, lines: range) -> set[str]:
        known = self.lines.get(file, {})
        return set().union(*(known.get(number, ()) for number in lines))

    def _that_start_processes(self, file: str) -> set[str]:
        files = next((tests for start, tests in PROCESSES if file.startswith(start)), ())
        good = self.seconds.keys() - set(self.failed)
        return {test for test in good if test.startswith(files)} if files else set()

    def of(self, change: Change) -> list[str]:
        """The tests that come by the change, in the order in which they are to be asked."""
        tests = self._by(change.file, change.lines) or self._by(change.file, change.around)
        known = self.lines.get(change.file, {})
        if not tests and any(number in known for number in change.lines):
            tests = set().union(*known.values())  # it runs when the module is imported
        tests = tests or self._that_start_processes(change.file)
        stem = Path(change.file).stem
        ordered = sorted(tests, key=lambda test: (stem not in test, self.seconds[test]))
        chosen, total = [], 0.0
        for test in ordered:
            total += self.seconds[test]
            if chosen and total > MOST_SECONDS:
                break
            chosen.append(test)
        return chosen


def candidates(files: list[str], root: Path) -> list[str]:
    """The files of tests that may see any of these modules, by rule."""
    found: set[str] = set()
    for file in files:
        rule = next(rule for start, rule in TESTS if file.startswith(start))
        out = [part[1:] + "/" for part in rule if part.startswith("-")]
        for part in rule:
            if not part.startswith("-"):
                found |= {test for test in _tests(root, part) if not test.startswith(tuple(out))}
    return sorted(found)


def _tests(root: Path, part: str) -> list[str]:
    path = root / part
    paths = [path] if path.is_file() else path.rglob("test_*.py")
    return [str(one.relative_to(root)) for one in paths]


def look(trees: list[Tree], files: list[str], tests: list[str]) -> tuple[Sight | None, str]:
    """Run the tests, parted over the trees; (None, what pytest said) where they could not run."""

    def share(number: int) -> list[tuple[Path, str]]:
        tree, answers = trees[number], []
        for alone, group in in_groups(tuple(tests[number :: len(trees)])):
            answer = tree.path / f"seen-{int(alone)}.json"
            _, said = tree.run(
                group, alone, LIMIT, stop_at_first=False, plugins=_PLUGINS,
                environment={"MUTANTS_FILES": json.dumps(files), "MUTANTS_SEEN": str(answer)},
            )  # fmt: skip
            answers.append((answer, said))
        return answers

    sight = Sight({}, {}, [])
    with ThreadPoolExecutor(len(trees)) as pool:
        for answers in pool.map(share, range(len(trees))):
            for answer, said in answers:
                if not answer.is_file():
                    return None, said
                _add(sight, json.loads(answer.read_text()))
    return sight, ""


def _add(sight: Sight, answer: dict) -> None:
    for file, lines in answer["lines"].items():
        known = sight.lines.setdefault(file, {})
        for line, tests in lines.items():
            known.setdefault(int(line), set()).update(tests)
    sight.seconds.update(answer["seconds"])
    sight.failed.extend(answer["failed"])
