"""The hard mutants: faults of one line that the tests ought to see, as tables in `lists/`.

A file of the list holds entries of this form:

    [[mutant]]
    id = "bill-capped-kept"              # unique over all lists
    file = "chargepoint/tariff/bill.py"
    find = '''self.capped = False'''     # stands in the file exactly once
    put = '''self.capped = True'''
    breaks = "What goes wrong for a user, in one sentence."
    tests = ["tests/chargepoint/tariff"] # what ought to fail: files, folders or single tests
    kept = "Why it may live."            # only where no test catches it
"""

from __future__ import annotations

import ast
import fnmatch
import tomllib
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LISTS = Path(__file__).with_name("lists")
_FIELDS = {"id", "file", "find", "put", "breaks", "tests"}


class ListError(Exception):
    """An entry that cannot be used: the code has moved, or the entry is wrong."""


class Mutant(NamedTuple):
    """`kept`: the reason why it may live, "" where a test has to catch it."""

    id: str
    file: str
    find: str
    put: str
    breaks: str
    tests: tuple[str, ...]
    kept: str = ""

    def mutated(self, tree: Path) -> str:
        """The file's text with the fault in it."""
        path = tree / self.file
        if not path.is_file():
            raise ListError(f"{self.id}: {self.file} is missing")
        source = path.read_text()
        found = source.count(self.find)
        if found != 1:
            raise ListError(f"{self.id}: its fragment stands {found} times in {self.file}")
        text = source.replace(self.find, self.put)
        try:
            changed = ast.dump(ast.parse(text)) != ast.dump(ast.parse(source))
        except SyntaxError as error:
            raise ListError(f"{self.id}: {self.file} is no longer Python: {error}") from error
        if not changed:
            raise ListError(f"{self.id}: the replacement changes nothing")
        return text


def read(lists: Path = LISTS) -> list[Mutant]:
    """All entries, in the order of the files' names."""
    mutants = [mutant for path in sorted(lists.glob("*.toml")) for mutant in _entries(path)]
    ids = [mutant.id for mutant in mutants]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ListError(f"ids that stand twice: {', '.join(twice)}")
    return mutants


def _entries(path: Path) -> list[Mutant]:
    try:
        entries = tomllib.loads(path.read_text()).get("mutant", [])
    except tomllib.TOMLDecodeError as error:
        raise ListError(f"{path.name}: {error}") from error
    return [_checked(path.name, entry) for entry in entries]


def _checked(name: str, entry: dict) -> Mutant:
    lacking, unknown = _FIELDS - entry.keys(), entry.keys() - _FIELDS - {"kept"}
    if lacking or unknown:
        who = entry.get("id", "an entry")
        raise ListError(f"{name}: {who} lacks {sorted(lacking)}, has unknown {sorted(unknown)}")
    if not entry["tests"]:
        raise ListError(f"{name}: {entry['id']} names no test")
    return Mutant(**{**entry, "tests": tuple(entry["tests"])})


def chosen(mutants: list[Mutant], pattern: str) -> list[Mutant]:
    """Those whose id or file has the pattern in it; * and ? as in the shell."""
    wild = f"*{pattern}*"
    return [m for m in mutants if fnmatch.fnmatch(m.id, wild) or fnmatch.fnmatch(m.file, wild)]


def unusable(mutants: list[Mutant], tree: Path) -> list[str]:
    """What is wrong with the entries as the tree stands."""
    faults = []
    for mutant in mutants:
        try:
            mutant.mutated(tree)
        except ListError as error:
            faults.append(str(error))
        gone = [test for test in mutant.tests if not (tree / test.partition("::")[0]).exists()]
        faults += [f"{mutant.id}: there is no {test}" for test in gone]
    return faults
