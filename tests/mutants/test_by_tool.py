"""The tool behind `make mutants MODULE=`: what it changes, what it asks, what it tells."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from mutants.by_tool import main
from mutants.catalogue import ROOT
from mutants.operators import by_place, changes
from mutants.sampling import draw, gone, modules, read_kept

FITS = '''"""Limits."""


def fits(value: int, bound: int = 10) -> bool:
    """Whether it fits."""
    if value < 0:
        raise ValueError("below nothing")
    return value <= bound


class Shelf:
    @property
    def room(self) -> int:
        return 3 + 4
'''
TESTS = """from chargepoint import limits


def test_what_fits():
    assert limits.fits(1, 2) and not limits.fits(3, 2)


def test_the_shelf():
    assert limits.Shelf().room == 7
"""
ELSEWHERE = "def test_elsewhere():\n    raise AssertionError('it was not asked for')\n"
MODULE = "chargepoint/limits.py"
FEW = ("--sample", "4", "--seed", "1")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "tests" / "chargepoint").mkdir(parents=True)
    (root / "chargepoint").mkdir()
    (root / MODULE).write_text(FITS)
    (root / "tests" / "chargepoint" / "test_limits.py").write_text(TESTS)
    shutil.copytree(ROOT / "mutants", root / "mutants", ignore=shutil.ignore_patterns("lists"))
    (root / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
    (root / "kept.toml").touch()
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def run(tree: Path, *options: str) -> int:
    kept = ["--kept", str(tree / "kept.toml")]
    return main([MODULE, "--root", str(tree), "--jobs", "2", *kept, *options])


def test_functions_are_changed_and_words_for_people_are_not():
    said = [f"{change.before} -> {change.after}" for change in changes(FITS, MODULE)]
    assert "<= bound -> < bound" in said
    assert "3 + 4 -> 3 - 4" in said  # of a property, too
    assert not [one for one in said if "nothing" in one or "Whether" in one or "int" in one]


def test_a_sample_is_the_same_for_the_same_seed_and_each_is_of_another_place(tree):
    def ids(seed: int, size: int) -> set[str]:
        return {one.id for one in draw([MODULE], tree, seed, size, {})}

    places = len(list(by_place(changes(FITS, MODULE))))
    assert ids(1, 4) == ids(1, 4)
    assert len({frozenset(ids(seed, 4)) for seed in range(8)}) > 1
    assert ids(1, 4) < ids(1, 5)
    assert len(ids(1, 1000)) == places


def test_code_beside_a_mutant_does_not_change_the_sample(tree):
    before = {one.id for one in draw([MODULE], tree, 0, 1000, {})}
    (tree / MODULE).write_text("def other():\n    return 1\n\n\n" + FITS)
    assert before < {one.id for one in draw([MODULE], tree, 0, 1000, {})}


@pytest.mark.slow
def test_survivors_are_told_as_entries_to_be_filled_in_and_live_with_a_reason(tree, capsys):
    report = tree.parent / "report.json"
    assert run(tree, "--report", str(report), *FEW) == 1
    said = capsys.readouterr().out
    assert "survived in chargepoint/limits.py" in said
    assert 'line = "return value <= bound"\n' in said
    entries = said.split("[[kept]]")[1:]
    for entry in entries:
        text = "[[kept]]" + entry.partition('why = ""')[0] + 'why = "Only here."\n'
        with (tree / "kept.toml").open("a") as file:
            file.write(text)
    assert run(tree, "--again", str(report)) == 0
    lived = [row for row in json.loads(report.read_text()) if row["verdict"] != "caught"]
    assert len(lived) == len(entries) < len(json.loads(report.read_text()))


@pytest.mark.slow
def test_only_tests_that_come_by_are_asked(tree, capsys):
    """One that fails without a mutant proves nothing, and is named."""
    (tree / "tests" / "chargepoint" / "test_elsewhere.py").write_text(ELSEWHERE)
    with (tree / "tests" / "chargepoint" / "test_limits.py").open("a") as file:
        file.write("    assert limits.fits(2, 2) and limits.fits(10) and not limits.fits(11)\n")
        file.write("    for below in (-1, -0.5):\n        try:\n            limits.fits(below)\n")
        file.write("        except ValueError:\n            continue\n        raise KeyError\n")
        file.write("    assert limits.fits(0)\n")
    assert run(tree, *FEW) == 0
    said = capsys.readouterr().out
    assert "left out, it fails: tests/chargepoint/test_elsewhere.py::test_elsewhere" in said
    assert "| all                   | 4       | 4      | 0                  | 100 %       |" in said


def test_a_module_of_no_package_is_refused(tree, capsys):
    assert main(["mutants", "--root", str(tree), "--kept", str(tree / "kept.toml")]) == 2
    assert "no module and no package" in capsys.readouterr().out


def test_every_reason_is_of_code_that_is_there():
    kept = read_kept()
    assert gone(kept, ROOT) == []
    assert all(kept.values())
    assert modules("chargepoint stations/worker/leases.py", ROOT)[-1] == "stations/worker/leases.py"
