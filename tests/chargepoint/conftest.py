"""The core's tests need no store and no Django: `--confcutdir tests/chargepoint -p no:django`."""

from __future__ import annotations

import pytest

from chargepoint.core import calls
from tests import garbage, unhurried

unhurried.load()


def pytest_collection_finish() -> None:
    garbage.settle()


@pytest.fixture(autouse=True)
def _strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame of ours that its schema refuses is raised."""
    monkeypatch.setattr(calls, "STRICT", True)
