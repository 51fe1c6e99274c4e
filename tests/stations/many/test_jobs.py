"""A job: kept, carried on by turns, at its pace, stopped, told of."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from stations.many import carrying, jobs, launching
from stations.many.jobs import Result
from stations.many.pages import facts
from tests.stations.many.conftest import carry, results

NAMES = [f"S{n:03}" for n in range(250)]


class Noting:
    """A kind of job that notes what it is given."""

    repeats = False
    slice = 40

    def __init__(self) -> None:
        self.seen: list[str] = []

    def do(self, job, stations):
        self.seen += stations
        ends = {name: "refused" if name.endswith("7") else "done" for name in stations}
        return [Result(name, end, "why") for name, end in ends.items()]


@pytest.fixture
def doing(monkeypatch):
    made = Noting()
    monkeypatch.setattr(carrying, "KINDS", {"note": lambda arguments: made})
    return made


def keep(names=NAMES, **how) -> jobs.Job:
    return jobs.keep("note", "Note them", names, {"password": "pw"}, {"x": 1}, **how)


def test_each_station_is_done_once_and_in_order_and_told_of(doing):
    job = keep()
    assert list(jobs.stations_of(job.id)) == NAMES
    assert list(jobs.stations_of(job.id, 95, 205)) == NAMES[95:205]
    over = carry(job.id)
    assert doing.seen == NAMES
    assert (over.state, over.position, over.counts) == ("done", 250, {"done": 225, "refused": 25})
    told = [(place, one.station) for place, one in jobs.results_of(job.id)]
    assert told == list(enumerate(NAMES))
    assert [place for place, _ in jobs.results_of(job.id, 130)] == list(range(130, 250))
    assert results(job.id)["S107"] == ("refused", "why")


def test_what_is_to_be_done_is_kept_encrypted_and_only_while_it_is_needed(doing):
    job = keep()
    assert job.read_arguments() == {"password": "pw"}
    assert "pw" not in str(jobs.table().find_one())
    carry(job.id)
    assert jobs.table().find_one()["arguments"] == ""


def test_a_task_that_comes_twice_does_nothing(doing):
    job = keep(NAMES[:5], per_second=1.0)
    turn, _ = carrying.step(job.id, 0)
    assert (turn, doing.seen) == (1, NAMES[:1])
    assert carrying.step(job.id, 0) is None
    assert doing.seen == NAMES[:1]


def test_of_two_who_come_at_once_one_carries_it_on(doing):
    job, won = keep(NAMES[:5]), []
    gate = threading.Barrier(2)

    def take() -> None:
        gate.wait()
        won.append(jobs.claim(job.id, 0, 30))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found is None for found in won) == [False, True]


def test_the_pace_is_kept_and_lost_time_is_not_made_up_for_by_a_rush(doing, clock):
    job = keep(per_second=10.0)
    turn, wait = carrying.step(job.id, 0)
    assert len(doing.seen) == 1 and 0 < wait <= 1
    clock(1.0)
    turn, _ = carrying.step(job.id, turn)
    assert 10 <= len(doing.seen) <= 12
    clock(15.0)  # nobody was there
    before = len(doing.seen)
    carrying.step(job.id, turn)
    assert len(doing.seen) - before >= 20
    assert len(jobs.read(job.id).counts) and jobs.read(job.id).position == len(doing.seen)


def test_it_stops_after_the_stations_it_is_at(doing):
    job = keep(per_second=5.0)
    turn, _ = carrying.step(job.id, 0)
    assert jobs.stop(jobs.read(job.id))
    assert carrying.step(job.id, turn) is None
    over = jobs.read(job.id)
    assert (over.state, over.message) == ("stopped", "Stopped after 1 of 250 stations.")
    assert not jobs.stop(over) and doing.seen == NAMES[:1]


def test_what_a_worker_that_died_had_begun_is_unknown_and_not_done_again(doing, clock):
    job = keep(NAMES[:100])
    claimed = jobs.claim(job.id, 0, carrying.LEASE)
    assert jobs.begin(claimed, 40)
    assert carrying.step(job.id, 1) is None  # the other one may live
    clock(carrying.LEASE + 1)
    assert [each.id for each in jobs.overdue(30)] == [job.id]
    over = carry(job.id)
    assert doing.seen == NAMES[40:100]
    assert over.counts["unknown"] == 40
    assert results(job.id)["S000"] == ("unknown", carrying.IN_DOUBT)


def test_what_may_be_done_again_is(doing, clock):
    doing.repeats = True
    job = keep(NAMES[:50])
    jobs.begin(jobs.claim(job.id, 0, carrying.LEASE), 40)
    clock(carrying.LEASE + 1)
    assert carry(job.id).counts.get("unknown") is None
    assert doing.seen == NAMES[:50]


def test_who_was_late_writes_nothing(doing, clock):
    job = keep(NAMES[:50])
    late = jobs.claim(job.id, 0, carrying.LEASE)
    clock(carrying.LEASE + 1)
    carry(job.id)
    assert not jobs.told(late, [Result("S000", "unknown", "late")])
    assert results(job.id)["S000"] == ("done", "why")
    assert jobs.read(job.id).counts == {"done": 45, "refused": 5}


def test_no_more_than_so_many_are_open_and_kept(doing, monkeypatch):
    monkeypatch.setattr(jobs, "MOST_OPEN", 2)
    monkeypatch.setattr(jobs, "MOST_KEPT", 3)
    first = keep(NAMES[:2])
    second = keep(NAMES[:2])
    with pytest.raises(jobs.TooMany):
        keep(NAMES[:2])
    for job in (first, second):
        carry(job.id)
    for _ in range(4):
        carry(keep(NAMES[:2]).id)
    assert jobs.table().count_documents({}) == 4  # the newest came after the tidying
    assert jobs.parts().count_documents({}) == 4
    assert jobs.read(first.id) is None


def test_entries_of_the_trail_that_are_alike_are_one():
    alike = [{"_id": str(n), "time": n, "action": "plug", "objects": [f"S{n}"]} for n in range(3)]
    other = {"_id": "9", "time": 9, "action": "plug", "objects": ["X"], "message": "refused"}
    made = jobs.merged([*alike, other])
    assert [each["objects"] for each in made] == [["S0", "S1", "S2"], ["X"]]
    assert len({each["_id"] for each in made}) == 2


def test_a_job_whose_task_was_lost_goes_on(doing, clock, monkeypatch):
    sent = []
    monkeypatch.setattr(launching, "send", lambda *task: sent.append(task))
    lost, over = keep(NAMES[:5]), keep(NAMES[:5])
    carry(over.id)
    assert launching.look_after() == 0
    clock(launching.LOST_AFTER + 1)
    assert launching.look_after() == 1
    assert sent == [(lost.id, 0)]

    def away(*task):
        raise ConnectionError("no broker")

    monkeypatch.setattr(launching, "send", away)
    assert launching.look_after() == 1  # and again with the next sync


def test_what_was_asked_for_is_told_in_words():
    told = {"template": "T", "start": True, "name": "", "tags": ["a", "b"], "csms_urls": []}
    assert facts(told) == [("Template", "T"), ("Start", "yes"), ("Tags", "a, b")]
    told = {"command": "plug", "arguments": {"connector": 2, "locked": False}}
    assert facts(told) == [("Command", "Plug a car in"), ("Arguments", "connector 2, locked no")]
    one, more = {"url": "ws://a", "share": 1}, {"url": "ws://b", "share": 3}
    assert facts({"csms_urls": [one]}) == [("CSMS addresses", "ws://a")]
    assert facts({"csms_urls": [one, more]}) == [("CSMS addresses", "ws://a 1, ws://b 3")]
    fields = {"values": {"heartbeat_interval": 45, "default_id_tag": "TAG"}}
    assert facts(fields) == [("Values", "Heartbeat interval 45, Default idTag TAG")]
    assert facts({"stations": {"ticked": True}}) == [("Stations", "those that were ticked")]
    assert facts({"stations": {"all": True}}) == [("Stations", "all")]
