"""GET /api/connections and POST /api/admin/sync."""

from accounts.models import ApiToken
from emulator.monitoring import signs
from stations.api import fleet as api_fleet
from stations.state import keys
from stations.state.snapshots import last_sync, state_collection
from stations.tasks import sync_station_state
from tests.stations.config.conftest import Api


def test_connections(api, make_station, set_state):
    make_station("A", running=True)
    make_station("B", running=True)
    make_station("C")
    set_state("A")
    status, body = api("GET", "connections")
    assert status == 200, body
    assert [(c["station"], c["connected"], c["state"]) for c in body["items"]] == [
        ("A", True, "connected"), ("B", False, "disconnected"),
    ]  # fmt: skip
    assert body["items"][0]["csms_url"] == "ws://127.0.0.1:9000/ocpp/A"
    assert [c["station"] for c in api("GET", "connections", state="online")[1]["items"]] == ["A"]


def test_sync_now(api, set_state, hot):
    state_collection().delete_many({})
    set_state("A", version=4)
    hot.sadd(keys.dirty_key(), "A")
    status, body = api("POST", "admin/sync")
    assert (status, body["written"], body["stale"]) == (200, 1, 0), body
    assert state_collection().find_one({"_id": "A"})["stamp"].endswith("4")


def test_a_sync_that_takes_long_is_finished_by_a_worker(api, set_state, hot, monkeypatch):
    monkeypatch.setattr(api_fleet, "PATIENCE", 0.0)
    queue = signs.celery_prefix() + "sync"
    state_collection().delete_many({})
    set_state("A", version=4)
    hot.sadd(keys.dirty_key(), "A")
    before, waiting = last_sync(), hot.llen(queue)
    status, body = api("POST", "admin/sync")
    assert (status, body["complete"], body["written"], body["lag"]) == (202, False, 0, 1), body
    assert hot.llen(queue) == waiting + 1
    assert (last_sync() or {}).get("time") == (before or {}).get("time")
    assert sync_station_state()["lag"] == 0  # what the worker does with it
    assert state_collection().find_one({"_id": "A"}) is not None


def test_sync_is_for_staff(api, django_user_model):
    bob = django_user_model.objects.create_user("bob", password="x")
    status, body = Api(ApiToken.objects.issue(bob)[1])("POST", "admin/sync")
    assert (status, body["code"]) == (403, "forbidden")
