"""Real processes for the engine's tests: stores, charge point worker, Celery, web, runner."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from benchmarks.processes import raise_file_limit
from benchmarks.stack import Stack
from tests.scenarios.platform import Platform
from tests.stations.config.conftest import api, hot, make_station, user  # noqa: F401
from tests.system.csms import PythonCsms

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    raise_file_limit()
    parts = ("worker", "celery", "web", "scenarios")
    with Stack(tmp_path_factory.mktemp("scenarios"), start=parts) as running:
        running.manage("seedscenarios")
        yield Platform(running)


@pytest.fixture
def csms() -> Iterator[PythonCsms]:
    with PythonCsms() as running:
        yield running


@pytest.fixture
def fresh_name() -> Callable[[str], str]:
    """Names that no other test of this run has used."""
    return lambda stem: f"{stem}-{next(_numbers)}"
