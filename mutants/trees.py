"""Copies of the tree in which a mutant is tried: the working tree itself is never touched."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from mutants.catalogue import Mutant

CAUGHT, SURVIVED, BROKEN = "caught", "survived", "broken"
# pytest's exit codes: 0 all passed, 1 some failed; others mean that the tests did not run.
_PASSED, _FAILED = 0, 1
# The core needs neither the stores nor Django: a run without them takes a second or two.
_CORE = "tests/chargepoint/"
_WITHOUT_STORES = ("--confcutdir", _CORE, "-p", "no:django")
_WITHOUT = ("no:cacheprovider", "no:randomly")  # tests come in the order that is asked for


class Fault(Protocol):
    """A mutant, of a list or of the tool: what a tree can hold."""

    @property
    def file(self) -> str: ...

    def mutated(self, tree: Path) -> str: ...


def copy_tree(source: Path, target: Path) -> None:
    """The files that git knows or would add, as they are on disk."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=source, check=True, capture_output=True,
    ).stdout.decode().split("\0")  # fmt: skip
    for name in filter(None, names):
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def in_groups(tests: tuple[str, ...]) -> list[tuple[bool, list[str]]]:
    """[(whether they run without stores, tests)], the quick ones first."""
    core = [test for test in tests if test.startswith(_CORE)]
    others = [test for test in tests if not test.startswith(_CORE)]
    return [(alone, group) for alone, group in ((True, core), (False, others)) if group]


class Tree:
    """One copy. At most one mutant is in it at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._running: subprocess.Popen | None = None

    @contextlib.contextmanager
    def holding(self, mutant: Fault) -> Iterator[None]:
        path, text = self.path / mutant.file, mutant.mutated(self.path)
        before = path.read_text()
        try:
            self._write(path, text)
            yield
        finally:
            self._write(path, before)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text)
        # Python takes a compiled file for fresh by size and whole seconds: both may be the same.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()

    def try_out(self, mutant: Mutant, limit: float) -> tuple[str, str]:
        """(CAUGHT | SURVIVED | BROKEN, what pytest said last). Out of time counts as caught."""
        with self.holding(mutant):
            for alone, tests in in_groups(mutant.tests):
                code, said = self.run(tests, alone, limit)
                if code in (_FAILED, None):
                    return CAUGHT, said
                if code != _PASSED:
                    return BROKEN, said
        return SURVIVED, ""

    def stop(self) -> None:
        """End the tests that run in it, with the processes that they started."""
        process = self._running
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def run(
        self,
        tests: list[str],
        alone: bool,
        limit: float,
        *,
        plugins: tuple[str, ...] = ("mutants.quickly",),
        environment: Mapping[str, str] | None = None,
        stop_at_first: bool = True,
    ) -> tuple[int | None, str]:
        """(pytest's exit code, None where the time ran out; its last lines).

        `alone`: without stores. `environment`: variables for the plugins.
        """
        command = [
            sys.executable, "-m", "pytest", "-q", "--tb=line", "--no-header",
            *(part for name in (*_WITHOUT, *plugins) for part in ("-p", name)),
            *(("-x",) if stop_at_first else ()), *(_WITHOUT_STORES if alone else ()), *tests,
        ]  # fmt: skip
        ours = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        ours |= environment or {}
        self._running = process = subprocess.Popen(
            command, cwd=self.path, env=ours, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return None, f"no end in {limit:.0f} s"
        finally:
            self.stop()
        return process.returncode, "\n".join(output.strip().splitlines()[-12:])
