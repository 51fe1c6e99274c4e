"""What behaviours start and end, without a runner: the comparison itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from scenarios import behaviours
from scenarios.models import Behaviour, Execution, Scenario
from stations.models import Station

pytestmark = pytest.mark.django_db


@pytest.fixture
def behaviour(make_station) -> Behaviour:
    make_station("CP1", tags=["ac"])
    steps = [{"type": "delay", "params": {"duration": 5}}]
    scenario = Scenario.objects.create(slug="s", name="S", steps=steps)
    return Behaviour.objects.create(name="b", scenario=scenario, tag="ac")


def states() -> list[str]:
    return [row.state for row in Execution.objects.order_by("created")]


def test_it_is_started_once(behaviour) -> None:
    assert behaviours.reconcile() == 1
    assert behaviours.reconcile() == 0
    (row,) = Execution.objects.all()
    assert row.stations == ["CP1"] and row.started_by == "behaviour b"


def test_another_station_with_the_tag_begins_it_anew(behaviour, make_station) -> None:
    behaviours.reconcile()
    make_station("CP2", tags=["ac"])
    behaviours.reconcile()  # ends the old one
    behaviours.reconcile()
    assert states() == ["cancelled", "pending"]
    assert Execution.objects.order_by("-created").first().stations == ["CP1", "CP2"]


def test_switched_off_or_deleted_it_ends(behaviour) -> None:
    behaviours.reconcile()
    Behaviour.objects.update(enabled=False)
    assert behaviours.reconcile() == 1 and states() == ["cancelled"]
    Behaviour.objects.update(enabled=True)
    Execution.objects.all().delete()
    behaviours.reconcile()
    Behaviour.objects.all().delete()
    assert behaviours.reconcile() == 1 and states() == ["cancelled"]


def test_without_stations_it_waits(behaviour) -> None:
    Station.objects.all().delete()
    assert behaviours.reconcile() == 0 and states() == []


def test_what_ended_begins_again_after_a_pause_and_what_was_interrupted_at_once(behaviour) -> None:
    behaviours.reconcile()
    ended = {"state": "failed", "ended": timezone.now()}
    Execution.objects.update(**ended)
    assert behaviours.reconcile() == 0
    Execution.objects.update(interrupted=True)
    assert behaviours.reconcile() == 1
    Execution.objects.update(
        interrupted=False, state="passed", ended=timezone.now() - timedelta(minutes=1)
    )
    assert behaviours.reconcile() == 1
