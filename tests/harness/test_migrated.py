"""A store that one stack has migrated is what the others begin with."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.migrated import Migrated


def maker(home: Path, made: list[Path], meanwhile: Callable[[], None] = lambda: None):
    def make() -> None:
        made.append(home)
        home.mkdir()
        meanwhile()
        (home / "tables").write_text("made")

    return make


def test_the_second_gets_what_the_first_has_made(tmp_path):
    made: list[Path] = []
    first, second = tmp_path / "first", tmp_path / "second"
    Migrated(tmp_path / "run").give(first, maker(first, made))
    (first / "tables").write_text("changed since")
    Migrated(tmp_path / "run").give(second, maker(second, made))
    assert made == [first]
    assert (second / "tables").read_text() == "made"


def test_who_comes_meanwhile_waits(tmp_path):
    made: list[Path] = []
    both = threading.Barrier(2)

    def await_the_other() -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(0.5)

    homes = [tmp_path / name for name in ("one", "two")]
    threads = [
        threading.Thread(
            target=Migrated(tmp_path / "run").give, args=(home, maker(home, made, await_the_other))
        )
        for home in homes
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert len(made) == 1
    assert [(home / "tables").read_text() for home in homes] == ["made", "made"]


def test_what_was_not_made_well_is_nobodys(tmp_path):
    made: list[Path] = []
    home = tmp_path / "first"

    def fails() -> None:
        raise AssertionError("no store")

    with pytest.raises(AssertionError, match="no store"):
        Migrated(tmp_path / "run").give(home, maker(home, made, fails))
    other = tmp_path / "second"
    Migrated(tmp_path / "run").give(other, maker(other, made))
    assert made == [home, other]
