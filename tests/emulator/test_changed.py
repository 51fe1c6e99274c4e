"""`make test FAST=1`: which tests concern what has changed, in a tree of a few files."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TREE = {
    "stations/__init__.py": "",
    "stations/worker/leases.py": "LEASE = 1\n",
    "stations/worker/worker.py": "from stations.worker.leases import LEASE\n",
    "stations/alone.py": "",
    "stations/templates/page.html": "",
    "tests/stations/conftest.py": "",
    "tests/stations/running.py": "from stations.worker import worker\n",
    "tests/stations/test_leases.py": "import stations.worker.leases\n",
    "tests/stations/test_worker.py": "from tests.stations.running import worker\n",
    "tests/stations/test_none.py": "",
    "tests/chargepoint/test_core.py": "import stations.worker.leases\n",
}


@pytest.fixture
def tree(tmp_path):
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "changed", tmp_path / ".ci")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "all")
    return tmp_path


def git(tree: Path, *arguments: str) -> None:
    who = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    subprocess.run(["git", *who, *arguments], cwd=tree, check=True)


def found(tree: Path) -> list[str]:
    done = subprocess.run([tree / ".ci" / "changed"], capture_output=True, text=True, check=True)
    return done.stdout.split()


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        ([], []),
        (["stations/worker/leases.py"], ["test_leases.py"]),  # the nearest ones
        (["stations/worker/worker.py"], ["test_worker.py"]),  # by a helper
        (["tests/stations/running.py"], ["test_worker.py"]),
        (["tests/stations/test_none.py"], ["test_none.py"]),
        (
            ["stations/worker/leases.py", "stations/worker/worker.py"],
            ["test_leases.py", "test_worker.py"],
        ),
        (["stations/alone.py"], []),
        (["tests/stations/test_new.py"], ["test_new.py"]),
    ],
)
def test_what_concerns_a_change(tree, changed, tests):
    for name in changed:
        with (tree / name).open("a") as file:
            file.write("# changed\n")
    assert found(tree) == [f"tests/stations/{name}" for name in tests]


def test_where_no_test_imports_it_the_next_ring_is_asked(tree):
    (tree / "tests/stations/test_leases.py").unlink()
    (tree / "tests/chargepoint/test_core.py").unlink()
    (tree / "stations/worker/leases.py").write_text("LEASE = 2\n")
    assert found(tree) == ["tests/stations/test_worker.py"]


@pytest.mark.parametrize("name", ["stations/templates/page.html", "tests/stations/conftest.py"])
def test_what_concerns_a_whole_folder(tree, name):
    (tree / name).write_text("# changed")
    assert found(tree) == ["tests/stations"]


def test_a_branch_is_compared_with_where_it_left_main(tree):
    git(tree, "checkout", "-qb", "mine")
    (tree / "stations/worker/leases.py").write_text("LEASE = 2\n")
    git(tree, "commit", "-qam", "mine")
    assert found(tree) == ["tests/stations/test_leases.py"]
