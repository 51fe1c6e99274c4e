"""The roster has what the store has, whoever wrote it, and asks for no more than it must."""

from __future__ import annotations

import threading

import pytest
import redis
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import connection
from django.urls import reverse
from pymongo.errors import AutoReconnect

from stations.configuration import changes
from stations.models import Station
from stations.orders import holding, named, switching
from stations.roster import asking, kept, marks
from stations.state.keys import roster_key
from stations.state.snapshots import redis_client
from tests.messaging.refusing import losing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rosters(db):
    """Of two processes, both read before anything is written."""
    Station.objects.bulk_create(
        Station(identity=f"R{number}", csms_url="ws://h", tags=["t"]) for number in range(6)
    )
    both = kept.Roster(), kept.Roster()
    for one in both:
        one.rows()
    return both


def stored() -> dict[str, dict]:
    rows = connection.get_collection(named.TABLE).find({}, dict.fromkeys(kept.COLUMNS, 1))
    return {row["identity"]: row for row in rows}


def save() -> None:
    station = Station.objects.get(identity="R1")
    station.name = "renamed"
    station.save()


def rename_raw(match: dict) -> None:
    connection.get_collection(named.TABLE).update_many(match, {"$set": {"name": "raw"}})


def raw_bulk() -> None:
    from pymongo import DeleteOne, InsertOne, UpdateOne

    table = connection.get_collection(named.TABLE)
    row = dict(table.find_one({"identity": "R0"}), identity="RX")
    del row["_id"]
    table.bulk_write([
        InsertOne(row), UpdateOne({"identity": "R2"}, {"$set": {"tags": ["u"]}}),
        DeleteOne({"identity": "R3"}),
    ])  # fmt: skip


WRITES = {
    "saved": save,
    "created": lambda: Station.objects.create(identity="NEW", csms_url="ws://h"),
    "made by the bulk": lambda: Station.objects.bulk_create(
        [Station(identity=f"B{number}", csms_url="ws://h") for number in range(3)]
    ),
    "updated by a queryset": lambda: Station.objects.filter(vendor__gt="").update(model="M"),
    "updated by names": lambda: Station.objects.filter(identity__in=["R1", "R2"]).update(name="q"),
    "by names and more": lambda: Station.objects.filter(identity="R1", name="").update(name="q"),
    "deleted": lambda: changes.delete(["R1", "R4"]),
    "deleted by a queryset": lambda: Station.objects.filter(tags__contains=["t"]).delete(),
    "started": lambda: switching.set_running([f"R{number}" for number in range(5)], True),
    "held back": lambda: [holding.accuse("R2", worker, 1e9) for worker in ("a", "b")],
    "raw, by another column": lambda: rename_raw({"enabled": True}),
    "raw, by $or": lambda: rename_raw({"$or": [{"identity": "R1"}, {"identity": "R2"}]}),
    "raw, by a range": lambda: rename_raw({"identity": {"$gte": "R3"}}),
    "raw in bulk": raw_bulk,
    "cloned": lambda: changes.clone("R1", "COPY"),
    "emptied": lambda: connection.get_collection(named.TABLE).delete_many({}),
    "dropped": lambda: connection.get_collection(named.TABLE).drop(),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_whoever_keeps_a_roster_has_what_was_written(rosters, write):
    before = stored()
    write()
    after = stored()
    assert after != before
    for roster in rosters:
        assert {row["identity"]: row for row in roster.rows()} == after
        assert [row["identity"] for row in roster.rows()] == sorted(after)


QUESTIONS = ({"tags": "t"}, {"enabled": True, "running": True}, {"name": {"$gt": ""}},
             {"held_back": {"$gt": ""}}, {"csms_url": "ws://h"})  # fmt: skip


def told() -> list:
    filtered = [asking.identities(match) for match in QUESTIONS]
    return [*filtered, *(asking.values(column) for column in ("tags", "name", "model"))]


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_an_answer_is_given_again_until_somebody_writes(rosters, write, monkeypatch):
    monkeypatch.setattr(asking, "ROSTER", rosters[0])
    monkeypatch.setattr(asking, "MANY", 1)
    before = told()
    assert all(asking.rows(match) is asking.rows(match) for match in QUESTIONS)
    write()
    after = told()
    monkeypatch.setattr(asking, "MANY", 1000)
    assert after == told()
    assert after != before


def test_answers_that_are_kept_are_bounded_and_none_is_the_stores(rosters, monkeypatch):
    monkeypatch.setattr(asking, "ROSTER", rosters[0])
    monkeypatch.setattr(asking, "MANY", 1)
    for number in range(3 * asking.MOST_MADE):
        asking.rows({"name": str(number)})
    asking.rows({"identity": {"$in": [f"R{number}" for number in range(200)]}})
    of, made = asking._made
    assert of is rosters[0].rows() and len(made) == asking.MOST_MADE
    assert max(map(len, made)) < asking.LONGEST_KEY
    by_the_store = {"latitude": {"$gt": 1}}
    Station.objects.filter(identity__in=["R1", "R2"]).update(latitude=5.0)
    assert asking.identities(by_the_store) == ["R1", "R2"]
    connection.get_collection(named.TABLE).update_one(
        {"identity": "R2"}, {"$set": {"latitude": 0.5}}
    )
    assert asking.identities(by_the_store) == ["R1"]


@pytest.fixture
def reads(monkeypatch):
    """How often the whole table was read."""
    told: list[int] = []
    real = kept.read_all
    monkeypatch.setattr(kept, "read_all", lambda: told.append(1) or real())
    return told


def test_a_write_of_named_rows_has_only_these_read(rosters, reads):
    save()
    changes.delete(["R4"])
    Station.objects.create(identity="NEW", csms_url="ws://h")
    for roster in rosters:
        roster.rows()
    assert reads == []


def test_a_write_whose_answer_is_lost_is_known(rosters):
    heard = {"event_listeners": [marks.Marks()]}
    with losing(connection.database, "update", **heard) as link, pytest.raises(AutoReconnect):
        link[named.TABLE].update_one({"identity": "R2"}, {"$set": {"name": "unheard"}})
    assert stored()["R2"]["name"] == "unheard"
    for roster in rosters:
        assert {row["identity"]: row for row in roster.rows()} == stored()


def test_who_is_too_far_behind_reads_the_table(rosters, reads, monkeypatch):
    monkeypatch.setattr(marks, "KEPT", 3)
    for number in range(5):
        Station.objects.filter(identity="R1").update(name=str(number))
    for roster in rosters:
        assert {row["identity"]: row for row in roster.rows()} == stored()
    assert len(reads) == 2


def test_a_redis_without_its_data_has_the_table_read(rosters, reads):
    redis_client().delete(roster_key())
    save()
    for roster in rosters:
        assert {row["identity"]: row for row in roster.rows()} == stored()
    assert len(reads) == 2


@pytest.mark.parametrize("then", [
    lambda: Station.objects.filter(identity="R5").update(name="later"), Station.objects.exists,
], ids=["written", "read"])  # fmt: skip
def test_what_could_not_be_told_is_told_with_the_next_command(rosters, monkeypatch, then):
    def away(*_args):
        raise redis.TimeoutError("away")

    monkeypatch.setattr(marks, "AGAIN", -1.0)
    with monkeypatch.context() as patched:
        patched.setattr(marks, "_put", away)
        save()
    then()
    for roster in rosters:
        assert {row["identity"]: row for row in roster.rows()} == stored()


def test_without_redis_the_table_is_read_and_nothing_old_comes_back(rosters, reads, monkeypatch):
    def away(*_args):
        raise redis.ConnectionError("away")

    monkeypatch.setattr(kept, "AGE_ALONE", -1.0)
    with monkeypatch.context() as patched:
        for name in ("_put", "here", "since"):
            patched.setattr(marks, name, away)
        save()
        assert {row["identity"]: row for row in rosters[0].rows()} == stored()
    Station.objects.filter(identity="R5").update(name="later")
    assert {row["identity"]: row for row in rosters[0].rows()} == stored()


def test_what_is_written_while_the_table_is_read_is_not_missed(rosters, monkeypatch):
    real = kept.read_all

    def read_all():
        rows = real()
        save()  # after the rows were read, before they are kept
        return rows

    roster = kept.Roster()
    with monkeypatch.context() as patched:
        patched.setattr(kept, "read_all", read_all)
        roster.rows()
    assert {row["identity"]: row for row in roster.rows()} == stored()


def test_what_others_wrote_past_our_connections_is_found_with_age(rosters, monkeypatch):
    roster, read = rosters[0], threading.Event()
    monkeypatch.setattr(marks, "_put", lambda written: b"")
    save()
    assert {row["identity"]: row for row in roster.rows()} != stored()
    monkeypatch.setattr(kept, "AGE", -1.0)
    real = roster._renew
    monkeypatch.setattr(roster, "_renew", lambda *work: (real(*work), read.set()))
    roster.rows()
    assert read.wait(60)
    assert {row["identity"]: row for row in roster.rows()} == stored()


def test_a_page_of_a_large_fleet_does_not_wait_for_much_that_was_written(rosters, monkeypatch):
    roster, goes_on, real, begun = rosters[0], threading.Event(), kept.read_all, []
    before = roster.rows()

    def read_all():
        begun.append(1)
        assert goes_on.wait(120)
        return real()

    monkeypatch.setattr(kept, "read_all", read_all)
    monkeypatch.setattr(kept, "LARGE", len(before) - 1)
    for number in range(3):
        Station.objects.update(name=f"later {number}")  # all of the table
        assert roster.rows(0.01) == before
    assert len(begun) == 1  # one reads, whoever looks
    goes_on.set()
    # Who acts by it waits.
    assert {row["identity"]: row for row in roster.rows()} == stored()
    assert {row["identity"]: row for row in roster.rows(60)} == stored()


def test_who_keeps_up_has_read_what_was_written_before_anybody_asks(rosters, reads, monkeypatch):
    roster, some, real = rosters[0], [], kept._some
    monkeypatch.setattr(kept, "_some", lambda *named: some.append(named[0]) or real(*named))
    assert not roster.keep_up() and some == []
    save()
    assert roster.keep_up() and some == [{"R1"}]
    assert {row["identity"]: row for row in roster.rows()} == stored()
    assert not roster.keep_up() and some == [{"R1"}] and reads == []


def test_who_keeps_up_begins_by_reading_the_table(rosters, reads):
    roster = kept.Roster()
    assert roster.keep_up() and reads == [1]
    assert {row["identity"]: row for row in roster.rows()} == stored()
    assert not roster.keep_up() and reads == [1]


def test_who_keeps_up_reads_nothing_while_redis_tells_nothing(rosters, reads, monkeypatch):
    monkeypatch.setattr(marks, "redis_client", lambda: redis.Redis(port=1))
    monkeypatch.setattr(kept, "AGE", -1.0)  # not even what is old
    for roster in (rosters[0], kept.Roster()):
        with pytest.raises(redis.ConnectionError):
            roster.keep_up()
    assert reads == []


def test_all_of_a_large_fleet_is_read_again_less_often(rosters, monkeypatch):
    known = rosters[0]._kept
    monkeypatch.setattr(kept, "LARGE", 3)  # of 6
    read = known.read
    monkeypatch.setattr(kept.time, "monotonic", lambda: read + 1.9 * kept.AGE)
    assert not known.is_old
    monkeypatch.setattr(kept.time, "monotonic", lambda: read + 2.1 * kept.AGE)
    assert known.is_old


def test_a_page_of_a_small_fleet_is_as_it_is_written(rosters, monkeypatch):
    monkeypatch.setattr(kept, "LARGE", len(rosters[0].rows()))
    Station.objects.update(name="later")
    assert {row["identity"]: row for row in rosters[0].rows(0.0)} == stored()


def test_a_page_of_log_entries_of_the_admin_is_not_one_of_stations(admin_client, admin_user):
    station = Station.objects.create(identity="A", csms_url="ws://h")
    LogEntry.objects.log_actions(admin_user.pk, [station], CHANGE, "changed", single_object=True)
    answer = admin_client.get(reverse("admin:stations_station_history", args=[station.pk]))
    assert answer.context["action_list"].paginator.count == 1


def test_values_are_each_told_once():
    Station.objects.create(identity="A", csms_url="ws://h", tags=["x", "y"], vendor="V")
    Station.objects.create(identity="B", csms_url="ws://h", tags=["y"], vendor="V")
    assert asking.values("tags") == {"x", "y"}
    assert asking.values("vendor") == {"V"}


def test_nobody_waits_for_another_whose_store_does_not_answer(rosters, monkeypatch):
    roster, hangs, goes_on = rosters[0], threading.Event(), threading.Event()
    real, told = marks.since, []

    def since(place):
        if threading.current_thread() is slow:
            hangs.set()
            goes_on.wait(120)
        return real(place)

    monkeypatch.setattr(marks, "since", since)
    slow = threading.Thread(target=roster.rows, daemon=True)
    slow.start()
    assert hangs.wait(60)
    save()
    quick = threading.Thread(target=lambda: told.append(roster.rows()), daemon=True)
    quick.start()
    quick.join(60)
    try:
        assert told and {row["identity"]: row for row in told[0]} == stored()
    finally:
        goes_on.set()
        slow.join(60)
    assert {row["identity"]: row for row in roster.rows()} == stored()


def test_those_who_begin_meanwhile_have_one_reading(rosters, reads, monkeypatch):
    waiting, all_wait = [], threading.Event()

    class Waited(kept.Future):
        def result(self, timeout=None):
            waiting.append(1)
            if len(waiting) == 2:
                all_wait.set()
            return super().result(timeout)

    real = kept.read_all
    monkeypatch.setattr(kept, "Future", Waited)
    monkeypatch.setattr(kept, "read_all", lambda: all_wait.wait(60) and real())
    roster, told = kept.Roster(), []
    threads = [
        threading.Thread(target=lambda: told.append(roster.rows()), daemon=True) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert len(reads) == 1 and len(told) == 3
    assert all({row["identity"]: row for row in one} == stored() for one in told)


def test_a_reading_that_fails_fails_for_all_of_it_and_the_next_tries_again(rosters, monkeypatch):
    def away():
        raise redis.ConnectionError("away")

    roster = kept.Roster()
    with monkeypatch.context() as patched:
        patched.setattr(kept, "read_all", away)
        with pytest.raises(redis.ConnectionError):
            roster.rows()
    assert {row["identity"]: row for row in roster.rows()} == stored()
