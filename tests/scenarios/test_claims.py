"""Who may write what of an execution: conditional writes on real stores, runners as plain names."""

from __future__ import annotations

import asyncio

import pytest
from bson import ObjectId
from django.db import connection
from pymongo.errors import AutoReconnect

from messaging.keeping.store import close_async
from scenarios import keys
from scenarios.engine import claims, queueing, recording
from scenarios.engine.queueing import Turn
from scenarios.engine.recording import StationLog
from scenarios.engine.strand import Services
from scenarios.engine.turns import StoredTurns
from scenarios.models import FAILED, PASSED, RUNNING, Execution
from stations.state.snapshots import redis_client

pytestmark = pytest.mark.django_db(transaction=True)


def execution(**more) -> str:
    made = Execution.objects.create(scenario_slug="s", scenario_name="S", stations=["CP1"], **more)
    return str(made.pk)


def row(identity: str) -> dict:
    return connection.get_collection(claims.EXECUTIONS).find_one({"_id": ObjectId(identity)})


async def claimed(runner: str, identity: str) -> bool:
    return await claims.claim(runner, ObjectId(identity)) is not None


def test_an_execution_is_claimed_once(event_loop_runs):
    identity = execution()

    async def two():
        return [await claimed("one", identity), await claimed("two", identity)]

    assert event_loop_runs(two) == [True, False]
    assert (row(identity)["runner"], row(identity)["state"]) == ("one", RUNNING)


def test_the_one_that_waits_longest_is_first(event_loop_runs):
    made = [execution() for _ in range(3)]
    execution(state=RUNNING)
    assert [str(one) for one in event_loop_runs(claims.waiting)] == made


def test_how_long_an_execution_has_waited_for_a_runner():
    first, second = ObjectId(), ObjectId()
    backlog = claims.Backlog()
    assert (len(backlog), backlog.age(5.0)) == (0, 0.0)
    backlog.look([first], 10.0)
    backlog.look([first, second], 12.0)
    assert (len(backlog), backlog.age(15.0)) == (2, 5.0)
    backlog.taken(first)
    assert (len(backlog), backlog.age(15.0)) == (1, 3.0)
    backlog.look([], 16.0)  # another runner has it
    assert (len(backlog), backlog.age(17.0)) == (0, 0.0)


def test_nudges_that_nobody_hears_do_not_pile_up():
    client, key = redis_client(), keys.nudge_key("deaf")
    for _ in range(15):
        claims.nudge("deaf")
    assert client.llen(key) == 10 and 0 < client.ttl(key) <= 60
    client.delete(key)


def test_who_lost_an_execution_writes_nothing_more(event_loop_runs):
    identity = execution(state=RUNNING, runner="two")

    async def both():
        return [
            await claims.report(name, identity, {"message": name, "state": PASSED})
            for name in ("one", "two")
        ]

    assert event_loop_runs(both) == [False, True]
    assert row(identity)["message"] == "two"


@pytest.mark.parametrize(("uptime", "reaped"), [(5, 0), (60, 1)])
def test_a_redis_that_has_just_started_costs_no_execution(monkeypatch, uptime, reaped):
    identity = execution(state=RUNNING, runner="gone")
    client = redis_client()
    client.delete(keys.lease_key("gone"))

    class Restarted:
        """The real one, but for when it was started."""

        def __getattr__(self, name):
            return getattr(client, name)

        def info(self, section):
            return {**client.info(section), "uptime_in_seconds": uptime}

    monkeypatch.setattr(claims, "redis_client", Restarted)
    assert claims.reap() == reaped
    assert row(identity)["state"] == (FAILED if reaped else RUNNING)


def test_a_runner_that_lives_keeps_its_executions():
    identity = execution(state=RUNNING, runner="here")
    redis_client().set(keys.lease_key("here"), "1", px=60_000)
    assert claims.reap() == 0
    assert row(identity)["state"] == RUNNING


def test_what_could_not_be_stored_is_stored_by_the_next_write(event_loop_runs, monkeypatch):
    identity = execution(state=RUNNING, runner="one")
    log = StationLog(identity, "CP1")

    def away():
        raise AutoReconnect("away")

    async def story():
        await recording.insert_runs(identity, "one", [log])
        log.begin()
        log.end(PASSED)
        with monkeypatch.context() as patch:
            patch.setattr(recording, "async_database", away)
            stored = [await recording.write_runs("one", [log])]
        return [*stored, await recording.write_runs("one", [log])]

    assert event_loop_runs(story) == [False, True]
    assert connection.get_collection(claims.RUNS).find_one({"_id": log.id})["state"] == PASSED


# --- turns ---------------------------------------------------------------------------------------


def test_a_station_has_one_run_at_a_time(event_loop_runs):
    first, second = execution(state=RUNNING), execution(state=RUNNING)
    turns = StoredTurns()

    async def story():
        told = [await turns.take(first, ["CP1", "CP2"])]
        told.append(await turns.take(second, ["CP2", "CP3"]))
        told.append(await turns.take(second, ["CP2"]))
        told.append(await turns.take(first, ["CP1", "CP2"]))  # its answer may not have come
        await turns.free(second, ["CP2"])  # not its own
        told.append(await turns.take(second, ["CP2"]))
        await turns.free(first, ["CP1", "CP2"])
        told.append(await turns.take(second, ["CP1", "CP2"]))
        return told

    waits = {"CP2": first}
    assert event_loop_runs(story) == [{}, waits, waits, {}, waits, {}]


@pytest.mark.parametrize("state", [PASSED, None])
def test_what_an_ended_execution_has_left_is_taken_away(event_loop_runs, state):
    gone, mine = execution(state=RUNNING), execution(state=RUNNING)
    turns = StoredTurns()

    async def story():
        await turns.take(gone, ["CP1"])
        if state:
            await claims.report("", gone, {"state": state})
        else:
            await claims.async_database()[claims.EXECUTIONS].delete_one({"_id": ObjectId(gone)})
        return [await turns.take(mine, ["CP1"]), await turns.take(mine, ["CP1"])]

    assert event_loop_runs(story) == [{"CP1": gone}, {}]


def test_the_turns_of_a_dead_runner_are_free(event_loop_runs):
    identity, mine = execution(state=RUNNING, runner="gone"), execution(state=RUNNING)
    redis_client().delete(keys.lease_key("gone"))
    turns = StoredTurns()
    event_loop_runs(lambda: turns.take(identity, ["CP1"]))
    claims._interrupt(ObjectId(identity), "gone")
    assert event_loop_runs(lambda: turns.take(mine, ["CP1"])) == {}


def test_a_run_waits_for_its_turn_and_leaves_it(event_loop_runs, monkeypatch):
    monkeypatch.setattr(queueing, "EVERY", 0.01)
    first, second = execution(state=RUNNING), execution(state=RUNNING)
    services = Services(None, None, None, None, turns=StoredTurns())

    async def story():
        one, other = (
            (log, Turn(services, identity, [log]))
            for identity in (first, second)
            for log in [StationLog(identity, "CP1")]
        )
        await one[1].begin()
        await one[1].come(one[0])
        await other[1].begin()
        coming = asyncio.ensure_future(other[1].come(other[0]))
        told = [other[0].step, coming.done()]
        one[1].leave("CP1")
        await asyncio.wait_for(coming, 60)
        await one[1].end()
        told.append(await services.turns.take(first, ["CP1"]))
        await other[1].end()
        return [*told, await services.turns.take(first, ["CP1"])]

    step, done, held, free = event_loop_runs(story)
    assert step == f"waits for its turn, after execution {first}" and not done
    assert (held, free) == ({"CP1": second}, {})


@pytest.fixture
def event_loop_runs():
    """Runs a coroutine function in a loop of its own, and closes what it opened."""

    def run(made):
        async def whole():
            try:
                return await made()
            finally:
                await close_async()

        return asyncio.run(whole())

    return run
