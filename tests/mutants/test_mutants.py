"""The tool behind `make mutants`, on a tree of two files; and that its lists fit this tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mutants.__main__ import main
from mutants.catalogue import LISTS, ROOT, read

LIMITS = "def fits(value, bound):\n    return value <= bound\n"
TESTS = "import limits\n\n\ndef test_what_fits():\n    assert limits.fits(1, 2)\n"
AT_THE_BOUND = "    assert limits.fits(2, 2)\n"
ENTRY = """
[[mutant]]
id = "{id}"
file = "limits.py"
find = '''{find}'''
put = '''{put}'''
breaks = "What fits exactly is refused."
tests = ["tests/chargepoint/test_limits.py"]
{more}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "tree"
    (root / "tests" / "chargepoint").mkdir(parents=True)
    (root / "limits.py").write_text(LIMITS)
    (root / "tests" / "chargepoint" / "test_limits.py").write_text(TESTS)
    shutil.copytree(ROOT / "mutants", root / "mutants", ignore=shutil.ignore_patterns("lists"))
    (tmp_path / "lists").mkdir()
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    return root


def run(tree: Path, *options: str) -> int:
    lists = tree.parent / "lists"
    return main(["--root", str(tree), "--lists", str(lists), "--jobs", "2", *options])


def entry(tree: Path, put: str = "value < bound", find: str = "value <= bound", more: str = ""):
    text = ENTRY.format(id=f"limits-{put}", find=find, put=put, more=more)
    with (tree.parent / "lists" / "a.toml").open("a") as file:
        file.write(text)


def test_mutants_are_caught_by_a_test_that_fails_and_told_by_module(tree, capsys):
    with (tree / "tests" / "chargepoint" / "test_limits.py").open("a") as file:
        file.write(AT_THE_BOUND)
    entry(tree)
    entry(tree, put="value == bound")  # as long as the first: no compiled file may outlive it
    assert run(tree) == 0
    said = capsys.readouterr().out
    assert "caught    limits-value < bound" in said
    assert "| all    | 2       | 2      | -        |" in said
    assert (tree / "limits.py").read_text() == LIMITS  # it was done to a copy


def test_a_survivor_is_named_with_what_it_breaks(tree, capsys):
    entry(tree)
    entry(tree, put="value > bound")
    assert run(tree, "--unproved") == 1
    said = capsys.readouterr().out
    assert "limits-value < bound survived in limits.py: What fits exactly is refused." in said
    assert "| all    | 2       | 1      | limits-value < bound |" in said


def test_a_survivor_with_a_reason_may_live_and_a_caught_one_has_none(tree, capsys):
    entry(tree, more='kept = "Nobody asks at the bound."')
    assert run(tree, "--unproved") == 0
    assert "limits-value < bound (kept)" in capsys.readouterr().out
    entry(tree, put="value > bound", more='kept = "Stale."')
    assert run(tree, "--only", "value >", "--unproved") == 1
    assert "limits-value > bound is caught: take its reason" in capsys.readouterr().out


def test_only_those_asked_for_run(tree, capsys):
    entry(tree)
    entry(tree, put="value > bound")
    assert run(tree, "--only", "value >", "--unproved") == 0
    assert "| all    | 1       | 1      | -        |" in capsys.readouterr().out
    assert run(tree, "--only", "nothing") == 2


@pytest.mark.parametrize(
    ("find", "put", "said"),
    [
        ("value <= limit", "value < limit", "its fragment stands 0 times in limits.py"),
        ("bound", "limit", "its fragment stands 2 times in limits.py"),
        ("value <= bound", "value <=", "is no longer Python"),
        ("value <= bound", "(value <= bound)", "the replacement changes nothing"),
    ],
)
def test_an_entry_that_does_not_fit_the_code_is_an_error_that_names_it(
    tree, capsys, find, put, said
):
    entry(tree, find=find, put=put)
    assert run(tree) == 2
    assert f"limits-{put}: " in (found := capsys.readouterr().out)
    assert said in found


def test_tests_that_fail_without_a_mutant_prove_nothing(tree, capsys):
    with (tree / "tests" / "chargepoint" / "test_limits.py").open("a") as file:
        file.write("    assert limits.fits(3, 2)\n")
    entry(tree)
    assert run(tree) == 2
    assert "fail without a mutant" in capsys.readouterr().out


def test_tests_that_cannot_run_are_no_catch(tree, capsys):
    (tree / "tests" / "chargepoint" / "test_limits.py").write_text(
        TESTS.replace("import limits", "import limits\n\nlimits.fits(1, 2)")
    )
    entry(tree, find="def fits", put="def suits")
    assert run(tree) == 2
    assert "its tests could not run" in capsys.readouterr().out


def test_a_mutant_that_never_ends_is_caught_by_the_limit_on_time(tree):
    entry(tree, find="value <= bound", put="[0 for _ in iter(int, 1)]")
    assert run(tree, "--limit", "3", "--unproved") == 0


def test_the_lists_can_be_read_and_name_files_that_are_there():
    mutants = read(LISTS)
    assert len(mutants) >= 200
    assert [m.id for m in mutants if not (ROOT / m.file).is_file()] == []


def test_a_run_that_is_told_to_end_ends_its_tests(tree):
    entry(tree, find="value <= bound", put="[0 for _ in iter(int, 1)]")
    lists = ["--lists", str(tree.parent / "lists"), "--unproved", "--jobs", "1"]
    command = [sys.executable, "-m", "mutants", "--root", str(tree), *lists]
    started = subprocess.Popen(command, cwd=ROOT)
    try:
        limit = time.monotonic() + 60
        while not (tests := psutil.Process(started.pid).children()):
            assert time.monotonic() < limit
            time.sleep(0.05)
        started.terminate()
        assert started.wait(60) != 0
        assert psutil.wait_procs(tests, timeout=60)[1] == []
    finally:
        started.kill()
