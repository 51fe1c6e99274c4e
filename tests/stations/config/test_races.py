"""Two at the same time: one wins, the other is told, nothing is half done."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from accounts.models import ApiToken
from stations.configuration import changes
from stations.models import Station, Template
from tests.stations.config.conftest import Api


def at_once(*works: Callable[[], object]) -> list[object]:
    """The results, or the exceptions, of works begun together."""
    results: list[object] = [None] * len(works)
    together = threading.Barrier(len(works))

    def run(number: int, work: Callable[[], object]) -> None:
        together.wait()
        try:
            results[number] = work()
        except Exception as error:
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_creations_of_one_identity(api):
    sent = {"identity": "CP1", "csms_url": "ws://h"}
    results = at_once(*[lambda: api("POST", "stations", sent)] * 6)
    statuses = sorted(status for status, _ in results)
    assert statuses[0] == 201 and set(statuses[1:]) <= {409, 422}
    assert Station.objects.filter(identity="CP1").count() == 1


def test_two_bulk_creations_that_overlap(hot):
    template = Template.objects.create(name="T", csms_url="ws://h")

    def order(first: int) -> Callable[[], list]:
        return lambda: changes.create_from_template(template, "CP-{n:03}", 60, first)

    results = at_once(order(1), order(31))
    won = [result for result in results if isinstance(result, list)]
    lost = [result for result in results if isinstance(result, changes.IdentityTaken)]
    # Each may meet the other's rows before these are taken out, so both may lose; none is halved.
    assert len(won) + len(lost) == 2
    assert Station.objects.count() == 60 * len(won)
    made = {station.identity for result in won for station in result}
    assert set(Station.objects.values_list("identity", flat=True)) == made


def test_a_save_and_a_stop(make_station):
    make_station("CP1", running=True)

    def rename() -> None:
        changes.change("CP1", lambda station: setattr(station, "name", "new"), None)

    at_once(rename, lambda: changes.set_running(["CP1"], False))
    station = Station.objects.get(identity="CP1")
    assert (station.name, station.running) == ("new", False)


def test_a_change_and_a_deletion(make_station):
    make_station("CP1")

    def rename() -> None:
        changes.change("CP1", lambda station: setattr(station, "name", "new"), None)

    result, _ = at_once(rename, lambda: changes.delete(["CP1"]))
    assert result is None or isinstance(result, Station.DoesNotExist), result
    assert not Station.objects.exists()


def test_two_starts_count_once(make_station):
    make_station("CP1")
    results = at_once(*[lambda: changes.set_running(["CP1"], True)] * 5)
    assert sorted(results) == [0, 0, 0, 0, 1]


@pytest.mark.django_db
def test_one_token_is_refreshed_once(user):
    _, token = ApiToken.objects.issue(user)
    results = at_once(*[lambda: Api(token)("POST", "auth/refresh")] * 5)
    statuses = sorted(status for status, _ in results)
    assert statuses == [200, 401, 401, 401, 401]
    assert ApiToken.objects.count() == 1
