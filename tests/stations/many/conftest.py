"""Fixtures of the work on many stations: those of the configuration, and jobs carried on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from stations.many import carrying, jobs, launching
from stations.models import Template
from tests.stations.config.conftest import (  # noqa: F401 - fixtures
    api,
    hot,
    make_station,
    running,
    set_state,
    sign,
    user,
    worker,
)


@pytest.fixture(autouse=True)
def no_jobs(db, monkeypatch):
    """None of another test; a task that is sent stays unsent, tests carry jobs on themselves."""
    jobs.table().delete_many({})
    jobs.parts().delete_many({})
    monkeypatch.setattr(launching, "send", lambda job, turn: None)


@pytest.fixture
def template(db) -> Template:
    return Template.objects.create(
        name="AC", csms_url="ws://h/ocpp", vendor="ABB", tags=["ac"], latitude=50, longitude=8
    )


@pytest.fixture
def admin(user, hot) -> Client:  # noqa: F811
    client = Client()
    client.force_login(user)
    return client


def carry(job: str, most: int = 500) -> jobs.Job:
    """Carry a job on as its tasks do, without the pauses between them."""
    turn = jobs.read(job).turn
    for _ in range(most):
        following = carrying.step(job, turn)
        if following is None:
            return jobs.read(job)
        turn, _ = following
    raise AssertionError(f"{jobs.read(job)} is not over")


def results(job: str) -> dict[str, tuple[str, str]]:
    return {one.station: (one.result, one.message) for _, one in jobs.results_of(job)}


@pytest.fixture
def clock(monkeypatch) -> Callable[[float], None]:
    """clock(seconds): set the time on for who keeps a job's pace; by itself it stands still."""
    moved = [0.0]
    began = carrying.time.time()

    class Moved:
        monotonic = staticmethod(carrying.time.monotonic)

        @staticmethod
        def time() -> float:
            return began + moved[0]

    monkeypatch.setattr(carrying, "time", Moved)
    monkeypatch.setattr(jobs, "time", Moved)

    def on(seconds: float) -> None:
        moved[0] += seconds

    return on
