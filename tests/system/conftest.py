"""One platform for the tests that do not break it; crash tests start their own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.processes import raise_file_limit
from benchmarks.stack import Stack

from .csms import PythonCsms
from .strict_csms import StrictCsms

_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def _file_limit() -> None:
    raise_file_limit()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Stores, charge point worker, Celery worker."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def fresh_name() -> Callable[[str], str]:
    """Identities that no other test of this run has used."""
    return lambda stem: f"{stem}-{next(_numbers)}"


@pytest.fixture
def python_csms() -> Iterator[PythonCsms]:
    with PythonCsms() as csms:
        yield csms


@pytest.fixture
def strict_csms() -> Iterator[StrictCsms]:
    with StrictCsms() as csms:
        yield csms


@pytest.fixture
def own_directory(tmp_path: Path) -> Path:
    return tmp_path / "stack"
