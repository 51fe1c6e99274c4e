"""What is shown of a station whose worker gives no sign: how old it is, not that all is well."""

import pytest
from django.test import Client
from django.urls import reverse

from stations.orders.commands import shard_of
from stations.state import keys, worker_signs
from tests.stations.config.conftest import WORKER


def test_three_signs_are_missed_before_it_is_doubted():
    assert [bool(worker_signs.words(age)) for age in (None, 0.0, 6.0, 6.1, worker_signs.NEVER)] == [
        False, False, False, True, True,
    ]  # fmt: skip


@pytest.fixture
def charging(make_station, set_state):
    make_station("CP1", running=True)
    set_state("CP1", {"status": "Charging", "transaction": "7", "power_w": 11040})


def test_the_state_says_how_old_it_may_be(api, sign, charging):
    sign(1.0)
    state = api("GET", "stations/CP1/state")[1]
    assert (state["state"], state["doubt"]) == ("charging", "")
    assert 1.0 <= state["worker_seen"] < 60.0
    sign(300.0)
    for state in (
        api("GET", "stations/CP1/state")[1],
        api("GET", "stations")[1]["items"][0]["state"],
    ):
        assert "no sign for 3" in state["doubt"] and state["worker_seen"] >= 300.0
        # As it stood, for a filter and a script; a worker that is late makes it flap no more.
        assert (state["state"], state["connected"]) == ("charging", True)
    assert api("GET", "connections")[1]["items"][0]["worker_seen"] >= 300.0


def test_a_station_that_nobody_runs(api, charging):
    state = api("GET", "stations/CP1/state")[1]
    assert state["worker_seen"] is None and "no worker runs this station" in state["doubt"]


def test_a_worker_that_has_just_begun_is_not_suspected(api, hot, charging):
    hot.set(f"{keys.lease_prefix()}{shard_of('CP1')}", f"{WORKER}:7")
    hot.set(keys.speaking_key(WORKER), "1", px=10_000)
    state = api("GET", "stations/CP1/state")[1]
    assert (state["worker_seen"], state["doubt"]) == (None, "")


def test_a_lease_that_was_released_has_no_worker(api, hot, sign, charging):
    sign(0.5)
    hot.set(f"{keys.lease_prefix()}{shard_of('CP1')}", ":7:abc0")
    assert "no worker runs" in api("GET", "stations/CP1/state")[1]["doubt"]


def test_a_station_that_is_stopped_has_no_worker_to_miss(api, make_station):
    make_station("CP1")
    state = api("GET", "stations/CP1/state")[1]
    assert (state["worker_seen"], state["doubt"]) == (None, "")


def test_the_admin_marks_it(user, sign, charging):
    admin = Client()
    admin.force_login(user)

    def shown() -> dict:
        address = reverse("admin:stations_station_live")
        return admin.get(address, {"ids": "CP1"}).json()["stations"]["CP1"]

    sign(0.5)
    assert (shown()["tone"], shown()["link_error"]) == ("info", "")
    sign(300.0)
    assert shown()["tone"] == "warning" and "no sign" in shown()["link_error"]
    page = admin.get(reverse("admin:stations_station_changelist")).content.decode()
    assert "its worker has given no sign for" in page
