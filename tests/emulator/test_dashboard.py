"""The dashboard: what a look has, for whom, how often; the figures that the task keeps."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import time

import pytest
from channels.testing import WebsocketCommunicator
from django.contrib.auth.models import User
from django.db import connection

from accounts.models import ApiToken
from emulator.dashboard import figures, hub, keeping, look, series
from emulator.routing import websocket
from emulator.tasks import keep_figures
from messaging.keeping import store, tallies
from messaging.keeping.storing import store_batch
from stations.models import Station, TagGroup
from stations.state import census, live, rollcall
from stations.state.census import Census
from stations.state.live import COLUMNS_OF, STATE_FILTERS
from tests.admin import rows
from tests.admin.users import make_user
from tests.messaging.conftest import batch_of, make_record

pytestmark = pytest.mark.django_db
PATIENCE = 60.0  # seconds
URL = "ws://127.0.0.1:9/ocpp"


@pytest.fixture
def database(monkeypatch):
    monkeypatch.setattr(keeping, "_census", Census())  # keeps no rows of the test before
    db = connection.database
    names = [store.MINUTES, store.HOURS, *(level.collection for level in figures.LEVELS)]
    for name in names:
        db[name].delete_many({})
    yield db
    for name in names:
        db[name].delete_many({})


def answers(*latencies: float, time: float, action: str = "Heartbeat", **more) -> list:
    return [
        make_record(kind="CallResult", direction="received", action=action, latency=each / 1000,
                    time=time + number / 1000, **more)
        for number, each in enumerate(latencies)
    ]  # fmt: skip


def keep(db, records: list, now: float) -> None:
    if records:
        store_batch(db, batch_of(records))
    keeping.keep(now)


# --- a look ------------------------------------------------------------------------------------


def test_a_look_counts_by_state_and_tag_group_and_names_the_sickest_with_why():
    rows.make_stations()
    TagGroup.objects.create(name="Lonely", tags=["nobody has this"])
    refused = {"connected": False, "link": {"error": "refused: HTTP 401"}}
    rows.put_state("CP-1.6-disconnected", "1.6", **refused)
    trouble = "BootNotification: the CSMS answers Pending; the next one in 60 s"
    rows.put_state("CP-1.6-pending", "1.6", registration="Pending", trouble=trouble)
    now = time.time()
    breach = {"action": "Heartbeat", "kind": "CallResult", "what": "currentTime: missing",
              "count": 3, "last": now - 5, "read": True, "detail": ""}  # fmt: skip
    rows.put_state("CP-1.6-connected", "1.6", breaches=[breach, breach | {"last": now - 9000}])
    lost = [make_record(station="CP-2.1-connected", kind="Note", direction="", time=now,
                        error="Timeout: no answer to Heartbeat in 30 s")
            for _ in range(2)]  # fmt: skip
    store_batch(connection.database, batch_of(lost))

    made = look.Look().take()["stations"]
    assert (made["stations"], made["running"], made["connected"]) == (24, 15, 12)
    assert made["power_w"] == 33_000 and made["energy_wh"] == 15 * 1200
    assert set(made["states"].values()) == {3} and len(made["states"]) == 8
    groups = {group["name"]: group for group in made["groups"]}
    assert groups["Group 0"]["stations"] == 24 and groups["Group 0"]["states"]["faulted"] == 3
    assert groups["Lonely"]["stations"] == 0

    why = {sick["identity"]: sick["reasons"] for sick in made["sickest"]}
    assert made["sick"] == 14 and len(why) == 10
    assert list(why)[:3] == ["CP-1.6-held-back", "CP-2.0.1-held-back", "CP-2.1-held-back"]
    assert why["CP-1.6-held-back"] == ["Held back: It ended a worker."]
    assert why["CP-1.6-disconnected"] == ["Not connected: refused: HTTP 401"]
    assert why["CP-1.6-pending"] == [f"Not in service: {trouble}"]
    assert why["CP-1.6-faulted"] == ["Connector faulted: 1 (GroundFailure)"]
    pk = Station.objects.get(identity="CP-1.6-held-back").pk
    assert made["sickest"][0]["link"] == f"/admin/stations/station/{pk}/life/"

    Station.objects.filter(identity__contains="d").exclude(identity__contains="connected").delete()
    Station.objects.filter(identity__contains="disconnected").delete()
    why = {s["identity"]: s["reasons"] for s in look.Look().take()["stations"]["sickest"]}
    assert why["CP-2.1-connected"] == ["2 Calls without an answer"]
    said = "The CSMS broke the specification 3 times, last in Heartbeat (CallResult): "
    assert why["CP-1.6-connected"] == [f"{said}currentTime: missing"]


def test_what_the_csms_refuses_makes_a_station_sick_and_an_old_failure_does_not():
    rows.make_station("CP-1", "connected")
    now = time.time()
    records = [
        make_record(station="CP-1", kind="CallError", direction="received", time=now,
                    error="NotSupported: no"),
        make_record(station="CP-1", kind="CallError", direction="sent", time=now, error="X"),
        make_record(station="CP-1", kind="CallError", direction="received", time=now - 1800,
                    error="InternalError"),
    ]  # fmt: skip
    store_batch(connection.database, batch_of(records))
    made = look.Look().take()
    assert made["stations"]["sickest"][0]["reasons"] == ["1 CallError of the CSMS: NotSupported"]
    assert 0 < made["messages"]["errors"] <= 2 / 60 + 0.01


def test_of_a_large_fleet_the_look_of_the_task_is_taken(database, monkeypatch):
    rows.make_stations()
    TagGroup.objects.create(name="Lonely", tags=["nobody has this"])
    monkeypatch.setattr(census, "LARGE", 1)
    itself = Census().look()
    assert itself.stations > 1  # nothing is kept yet, so it was counted
    assert Census().keep() == itself
    rows.make_station("CP-new", "connected")
    assert Census().look() == itself  # groups, states and the sickest too
    told = []
    counted = Census().look(each=told.append)
    assert counted.stations == itself.stations + 1 == len(told)
    keeping.keep(time.time())
    assert Census().look() == counted
    monkeypatch.setattr(census, "LARGE", counted.stations)
    rows.make_station("CP-newer", "connected")
    assert Census().look().stations == counted.stations  # it is large now
    monkeypatch.setattr(census, "LARGE", counted.stations + 1)
    assert Census().look().stations == counted.stations + 1


def test_a_list_of_a_large_fleet_by_state_is_of_the_last_look(database, admin_client, monkeypatch):
    rows.make_stations()
    names = set(Station.objects.filter(running=True).values_list("identity", flat=True))

    def listed(state: str) -> set[str]:
        page = admin_client.get("/admin/stations/station/", {"state": state, "all": ""})
        return {station.identity for station in page.context["cl"].result_list}

    states = [state for state in STATE_FILTERS if state not in COLUMNS_OF]
    before = {state: listed(state) for state in states}
    assert any(before.values()) and before["charging"]
    monkeypatch.setattr(live, "LARGE", 1)
    assert {state: listed(state) for state in states} == before  # nobody has looked yet
    monkeypatch.setattr(census, "LARGE", 1)
    keeping.keep(time.time())
    gone = sorted(before["charging"])[0]
    rows.put_state(gone, "1.6", connected=False)
    assert {state: listed(state) for state in states} == before
    assert gone not in live.in_state(sorted(names), "charging")  # who acts by it asks now
    keeping.keep(time.time())
    assert gone not in listed("charging") and gone in listed("disconnected")
    rollcall.keep({}, 60)
    assert listed("charging") == set()


def test_a_look_without_a_store_still_tells_of_the_platform(monkeypatch):
    def away(*_):
        raise ConnectionError("away")

    rows.make_station("CP-1", "connected")
    monkeypatch.setattr("stations.state.census.snapshots_of", away)
    made = look.Look().take()
    assert "away" in made["stations"] and made["platform"]["problems"]


def test_the_page_is_made_of_figures_and_has_no_list_of_models(admin_client):
    page = admin_client.get("/admin/").content.decode()
    assert 'data-chart="states"' in page and 'id="fg-sickest"' in page
    assert "Recent actions" not in page and "1 + 1" not in page
    assert "<script>" not in page  # none of its own text: the policy would refuse it


def test_where_no_station_is_making_one_is_the_first_step(admin_client):
    def steps() -> list[tuple[str, str]]:
        page = admin_client.get("/admin/").content.decode()
        return re.findall(r'data-step="(\d)"><h3>([^<]*)</h3>', page)

    empty = steps()
    assert empty[0] == ("3", "Make a station") and len(empty) == 4
    rows.make_station("CP", "connected", ocpp_version="1.6")
    assert [number for number, _ in steps()] == ["1", "2", "3", "4"]
    assert dict(steps())["3"] == "Connect your own CSMS"
    assert sorted(number for number, _ in empty) == ["1", "2", "3", "4"]


# --- who sees what, and what it costs ----------------------------------------------------------


async def opened(user: User) -> WebsocketCommunicator:
    token = (await asyncio.to_thread(ApiToken.objects.issue, user))[1]
    headers = [(b"authorization", f"Bearer {token}".encode())]
    communicator = WebsocketCommunicator(websocket, "/ws/dashboard", headers)
    connected, _ = await communicator.connect(timeout=PATIENCE)
    assert connected
    return communicator


async def next_of(communicator: WebsocketCommunicator, kind: str) -> dict:
    async with asyncio.timeout(PATIENCE):
        while True:
            message = await communicator.receive_json_from(timeout=PATIENCE)
            if message["type"] == kind:
                return message


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("superuser", {"platform", "stations", "messages", "scenarios"}),
        ("staff that views", {"platform", "stations", "messages", "scenarios"}),
        ("staff with none", {"platform"}),
    ],
)
def test_each_user_gets_the_parts_that_he_may_see(kind, parts, database):
    rows.make_stations()
    user = make_user(kind)
    keeping.keep()

    async def talk() -> None:
        browser = await opened(user)
        hello = await next_of(browser, "hello")
        assert set(hello["parts"]) == parts and set(hello["ranges"]) == set(series.RANGES)
        figures_ = await next_of(browser, "figures")
        assert set(figures_) == parts | {"type", "time"}
        await browser.send_json_to({"type": "range", "range": "1h"})
        history = await next_of(browser, "history")
        shown = parts - {"scenarios"}
        assert set(history) == shown | {"type", "range", "seconds", "step", "t"}
        for wrong in ("no JSON", '{"type": "range", "range": "9y"}', '{"type": "drop"}', "[]"):
            await browser.send_to(text_data=wrong)
            assert (await next_of(browser, "error"))["code"] == "bad_request"
        await browser.disconnect()
        assert not hub.dashboard_hub().viewers

    asyncio.run(talk())


def test_many_viewers_share_a_look_and_nobody_has_none_made(monkeypatch):
    monkeypatch.setattr(hub, "EVERY", 3600.0)
    user = make_user("superuser")

    async def talk() -> None:
        mine = hub.dashboard_hub()
        assert mine.looks == 0
        browsers = [await opened(user) for _ in range(3)]
        told = [await next_of(browser, "figures") for browser in browsers]
        assert len({each["time"] for each in told}) == 1 and mine.looks == 1
        for browser in browsers:
            await browser.disconnect()
        # Whoever comes again within the time is shown the same look, and has no other made.
        again = await opened(user)
        assert (await next_of(again, "figures"))["time"] == told[0]["time"]
        assert mine.looks == 1
        await again.disconnect()

    asyncio.run(talk())


def test_a_look_that_fails_is_not_the_last(monkeypatch):
    monkeypatch.setattr(hub, "EVERY", 0.01)
    monkeypatch.setattr(hub, "IDLE", 0)
    tries = []

    def take(self) -> dict:
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("once")
        return {"time": 1.0}

    monkeypatch.setattr(hub.Look, "take", take)

    async def talk() -> None:
        shown: asyncio.Queue = asyncio.Queue()
        viewer = hub.Viewer((), shown.put_nowait)
        hub.dashboard_hub().join(viewer)
        async with asyncio.timeout(PATIENCE):
            assert json.loads(await shown.get()) == {"type": "figures", "time": 1.0}
        hub.dashboard_hub().leave(viewer)

    asyncio.run(talk())


def test_a_right_that_is_taken_takes_its_part(monkeypatch):
    viewer = hub.Viewer({"stations", "messages"}, lambda text: None)
    told = {"time": "1", "platform": "{}", "stations": "{}", "messages": "{}"}
    assert set(json.loads(hub._message("figures", told, viewer))) == {"type", *told}
    viewer.hide("messages")
    seen = set(json.loads(hub._message("figures", told, viewer)))
    assert seen == {"type", "time", "platform", "stations"}


def test_looks_are_made_in_a_thread_of_their_own(monkeypatch):
    """The loop that serves pages and sockets waits for no store."""
    monkeypatch.setattr(hub.Look, "take", lambda self: {"time": threading.current_thread().name})

    async def talk() -> str:
        shown: asyncio.Queue = asyncio.Queue()
        viewer = hub.Viewer((), shown.put_nowait)
        hub.dashboard_hub().join(viewer)
        async with asyncio.timeout(PATIENCE):
            told = await shown.get()
        hub.dashboard_hub().leave(viewer)
        return told

    assert json.loads(asyncio.run(talk()))["time"].startswith("dashboard")


# --- the figures -------------------------------------------------------------------------------


# The beginning of an hour of today, so that Redis keeps what is counted in it.
def hour() -> float:
    return time.time() // 3600 * 3600


def test_a_minute_has_the_fleet_the_platform_the_counts_and_the_latencies(database):
    rows.make_station("CP-1", "charging")
    now = time.time()
    keep(database, answers(4, 8, 900, time=now - 1, station="CP-1"), now)
    assert keep_figures() >= 0  # again, as beat has it done
    made = database[figures.MINUTES.collection].find_one({"_id": int(now - 1) // 60})
    assert made["messages"] == {"total": 3, "sent": 0, "received": 3, "errors": 0}
    assert made["latencies"] == {"Heartbeat": {"3": 1, "5": 1, "17": 1}}
    newest = figures.between(database, figures.MINUTES, now - 120, now + 120)[-1]
    assert newest["fleet"]["states"]["charging"] == 1 and newest["fleet"]["power_w"] == 11_000
    assert set(newest["platform"]) == {
        "queues", "log_lag", "sync_lag", "dirty", "workers", "executions",
    }  # fmt: skip


def test_a_run_that_is_repeated_or_late_changes_nothing(database):
    rows.make_station("CP-1", "connected")
    now = time.time()
    keep(database, answers(4, time=now - 200), now)
    before = {
        level: figures.between(database, level, now - 7200, now + 60) for level in figures.LEVELS
    }
    keeping.keep(now)
    tallies.client().sadd(tallies.touched_key(), int(now - 200) // 60)
    keeping.keep(now)
    for level, held in before.items():
        again = figures.between(database, level, now - 7200, now + 60)
        strip = [{**made, "platform": None} for made in again]
        assert strip == [{**made, "platform": None} for made in held]


def test_what_was_stored_late_comes_into_its_minute_and_into_the_coarse_ones(database):
    now = time.time()
    keeping.keep(now)
    then = now - 1500
    keep(database, answers(4, 6, time=then, action="MeterValues"), now)
    for level in figures.LEVELS:
        made = database[level.collection].find_one({"_id": int(then) // level.seconds})
        assert made["latencies"]["MeterValues"] == {"3": 1, "4": 1}, level
        assert made["messages"]["received"] == 2


def sample(power: float, energy: float, charging: int, queue: int) -> dict:
    return {
        "fleet": {"stations": 5, "connected": 4, "charging": charging, "sick": 1, "power_w": power,
                  "energy_wh": energy, "states": {"charging": charging, "stopped": 1}},
        "platform": {"queues": {"messages": queue}, "log_lag": None, "sync_lag": 2.0, "dirty": 0,
                     "workers": 1, "executions": 0},
        "messages": {"total": 120, "sent": 60, "received": 60, "errors": 6},
        "latencies": {"Heartbeat": {"3": 50, "10": 10}},
    }  # fmt: skip


def test_coarse_figures_have_means_the_highest_and_sums(database):
    begin = hour()
    first = int(begin) // 60
    parts = {first: sample(1000, 10, 2, 7), first + 1: sample(3000, 30, 3, 1)}
    now = begin + 119
    figures.keep(database, parts, now)
    for level in (figures.TENS, figures.HOURS):
        made = database[level.collection].find_one({"_id": int(begin) // level.seconds})
        assert made["fleet"]["power_w"] == 2000 and made["fleet"]["energy_wh"] == 30
        assert made["fleet"]["states"] == {"charging": 2.5, "stopped": 1.0}
        assert made["platform"]["queues"] == {"messages": 7}
        assert made["platform"]["log_lag"] is None and made["platform"]["sync_lag"] == 2.0
        assert made["messages"] == {"total": 240, "sent": 120, "received": 120, "errors": 12}
        assert made["latencies"] == {"Heartbeat": {"3": 100, "10": 20}}
        assert made["seconds"] == 119
    columns = series.read(database, "24h", now)
    assert columns["messages"]["sent"] == [round(120 / 119, 3)]
    assert columns["messages"]["actions"][0]["answers"] == 120
    assert columns["stations"]["states"]["charging"] == [2.5]
    assert columns["stations"]["states"]["faulted"] == [0]


def test_each_range_reads_its_level_and_nothing_older(database):
    now = hour() + 1800.0
    for level in figures.LEVELS:
        database[level.collection].insert_many([
            {"_id": number, "time": figures.when(number * level.seconds)}
            for number in range(int(now - 40 * 86400) // level.seconds, int(now) // level.seconds)
            if level is figures.HOURS or number * level.seconds > now - 2 * 86400
        ])  # fmt: skip
    lengths = {name: len(series.read(database, name, now)["t"]) for name in series.RANGES}
    wanted = {"15m": 15, "1h": 60, "6h": 360, "24h": 144, "7d": 168, "30d": 720}
    assert all(wanted[name] - 1 <= n <= wanted[name] for name, n in lengths.items()), lengths
    figures.forget_old(database, now)
    for level in figures.LEVELS:
        oldest = min(row["_id"] for row in database[level.collection].find({}, {"_id": 1}))
        assert oldest * level.seconds >= now - level.kept


def test_the_minute_that_is_not_over_has_no_rate_yet(database):
    begin = hour()
    figures.keep(database, {int(begin) // 60: sample(1, 1, 1, 1)}, begin + 30)
    assert series.read(database, "15m", begin + 30)["messages"]["sent"] == [None]
    assert series.read(database, "15m", begin + 60)["messages"]["sent"] == [1.0]
