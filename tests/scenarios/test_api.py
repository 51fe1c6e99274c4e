"""/api/scenarios, /api/executions and /api/behaviours: shapes, refusals, files, pages."""

from __future__ import annotations

import json

import pytest
from django.db import connection

from scenarios import keys
from scenarios.behaviours import reconcile
from scenarios.documents import slug_of
from scenarios.engine.claims import INTERRUPTED, reap
from scenarios.models import Behaviour, Execution, Scenario, StationRun
from scenarios.seeding import BUILTIN, seed
from scenarios.tasks import tidy_executions
from stations.models import Station, Template
from tests.stations.config.conftest import Api

pytestmark = pytest.mark.django_db
STEPS = [{"type": "delay", "params": {"duration": 10}}]
BODY = {"name": "Two Words!", "description": "d", "tags": ["x"], "steps": STEPS}


def test_a_scenario_is_made_read_replaced_and_deleted(api: Api) -> None:
    status, made = api("POST", "scenarios", BODY)
    assert (status, made["scenarioId"], made["isBuiltin"]) == (201, "two-words", False)
    assert made["steps"] == STEPS and made["cleanup"] == [] and made["variables"] == {}
    for name in ("two-words", made["id"]):
        assert api("GET", f"scenarios/{name}") == (200, made)
    # What was read can be sent back.
    assert api("PUT", "scenarios/two-words", made)[1]["steps"] == STEPS
    status, changed = api("PUT", "scenarios/two-words", {"name": "Other", "steps": STEPS})
    assert (status, changed["name"], changed["scenarioId"]) == (200, "Other", "two-words")
    assert changed["tags"] == [] and changed["id"] == made["id"]
    assert api("DELETE", "scenarios/two-words") == (204, None)
    status, told = api("GET", "scenarios/two-words")
    assert (status, told["code"]) == (404, "scenario_not_found")
    assert "GET /api/scenarios" in told["message"]


def test_refusals_have_the_one_shape(api: Api) -> None:
    status, told = api("POST", "scenarios", {"name": "N", "steps": [{"type": "x"}]})
    assert (status, told["code"]) == (422, "invalid")
    assert told["fields"]["steps"].startswith('Step 1 (x): There is no type "x"')
    status, told = api("POST", "scenarios", {"steps": STEPS, "name": ""})
    assert set(told["fields"]) == {"scenarioId", "name"}
    status, told = api("POST", "scenarios", BODY | {"step": []})
    assert told["fields"]["step"].startswith("There is no such field: take it out. There are: scen")
    status, told = api("POST", "scenarios", BODY | {"name": 5})
    assert told["fields"]["name"] == "Give a text."
    api("POST", "scenarios", BODY)
    status, told = api("POST", "scenarios", BODY)
    assert (status, told["code"]) == (409, "scenario_taken") and "scenarioId" in told["fields"]
    api("POST", "scenarios", BODY | {"scenarioId": "b"})
    status, told = api("PUT", "scenarios/b", BODY | {"scenarioId": "two-words"})
    assert (status, told["code"]) == (409, "scenario_taken")


def test_lists_page_by_cursor_and_filter(api: Api) -> None:
    for number in range(5):
        api("POST", "scenarios", BODY | {"scenarioId": f"s{number}", "tags": [f"t{number % 2}"]})
    status, page = api("GET", "scenarios", limit=2)
    names = [row["scenarioId"] for row in page["items"]]
    while page["next"]:
        _, page = api("GET", "scenarios", limit=2, cursor=page["next"])
        names += [row["scenarioId"] for row in page["items"]]
    assert names == [f"s{number}" for number in range(5)]
    _, page = api("GET", "scenarios", tag="t1")
    assert [row["scenarioId"] for row in page["items"]] == ["s1", "s3"]
    _, page = api("GET", "scenarios", search="S4")
    assert [row["scenarioId"] for row in page["items"]] == ["s4"]
    assert api("GET", "scenarios", limit=0)[0] == 422
    assert api("GET", "scenarios", cursor="?")[1]["code"] == "bad_cursor"


def test_files_go_in_and_out(api: Api) -> None:
    files = [json.loads(path.read_text()) for path in sorted(BUILTIN.glob("*.json"))]
    status, told = api("POST", "scenarios/import", files, dry_run=True)
    assert status == 200 and told["dry_run"] and not Scenario.objects.exists()
    status, told = api("POST", "scenarios/import", files)
    assert sorted(told["created"]) == sorted(file["scenarioId"] for file in files)
    assert not Scenario.objects.filter(builtin=True).exists()
    for method in ("GET", "POST"):
        status, exported = api(method, "scenarios/export")
        assert status == 200 and len(exported["scenarios"]) == len(files)
    status, told = api("POST", "scenarios/import", exported)
    assert (status, told["code"]) == (422, "import_refused")
    assert "happy-path-charging.scenarioId" in told["fields"]
    _, told = api("POST", "scenarios/import", exported, on_existing="skip")
    assert len(told["skipped"]) == len(files) and not told["created"]
    one = exported["scenarios"][0] | {"name": "New name"}
    _, told = api("POST", "scenarios/import", one, on_existing="update")
    assert told["updated"] == [one["scenarioId"]]
    assert Scenario.objects.get(slug=one["scenarioId"]).name == "New name"


def test_nothing_is_imported_by_halves(api: Api) -> None:
    bad = BODY | {"scenarioId": "bad", "steps": [{"type": "delay"}]}
    status, told = api("POST", "scenarios/import", [BODY, bad, BODY, 5])
    assert status == 422 and not Scenario.objects.exists()
    assert set(told["fields"]) == {"bad.steps", "two-words.scenarioId", "3.scenario"}
    assert api("POST", "scenarios/import", "text")[1]["code"] == "import_refused"
    assert api("POST", "scenarios/import", [])[0] == 422
    assert api("POST", "scenarios/import", BODY, on_existing="x")[0] == 422


def test_a_run_is_kept_with_what_it_began_with(api: Api, make_station, hot) -> None:
    for number in range(3):
        make_station(f"CP{number}", tags=["fleet"] if number else [])
    api("POST", "scenarios", BODY | {"variables": {"a": 1, "b": 2}})
    wish = {"stationId": "CP0", "tag": "fleet", "variables": {"b": 3}, "stagger_ms": 5, "seed": 9}
    status, made = api("POST", "scenarios/two-words/run", wish)
    assert status == 201 and made["state"] == "pending" and made["stations"] == 3
    assert made["variables"] == {"a": 1, "b": 3} and made["started_by"] == "ada"
    assert (made["seed"], made["counts"]) == (9, {"pending": 3})
    row = Execution.objects.get(pk=made["id"])
    assert row.stations == ["CP0", "CP1", "CP2"] and row.content["steps"] == STEPS
    # A runner that sleeps is woken.
    assert hot.llen(keys.nudge_key()) == 1
    status, other = api("POST", "executions", {"scenario": "two-words", "stations": ["CP1"]})
    assert status == 201 and other["seed"] > 0

    status, page = api("GET", "executions", limit=1)
    assert [row["id"] for row in page["items"]] == [other["id"]]
    _, page = api("GET", "executions", cursor=page["next"])
    assert [row["id"] for row in page["items"]] == [made["id"]] and page["next"] is None
    for query, count in (
        ({"state": "pending"}, 2), ({"state": "passed"}, 0), ({"station": "CP0"}, 1),
        ({"scenario": "two-words"}, 2), ({"scenario": "x"}, 0),
    ):  # fmt: skip
        assert len(api("GET", "executions", **query)[1]["items"]) == count, query
    assert api("GET", "executions", state="odd")[1]["code"] == "bad_state"
    assert api("GET", "executions/nothing")[0] == 404


def test_a_template_names_its_stations(api: Api, make_station) -> None:
    template = Template.objects.create(name="T", csms_url="ws://127.0.0.1:1/x")
    make_station("CP1")
    Station.objects.filter(identity="CP1").update(template=template)
    api("POST", "scenarios", BODY)
    for name in ("T", str(template.pk)):
        status, made = api("POST", "scenarios/two-words/run", {"template": name})
        assert (status, made["stations"]) == (201, 1)


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({}, "stations"), ({"stations": ["NONE"]}, "stations"), ({"tag": "none"}, "tag"),
        ({"template": "none"}, "template"), ({"stations": ["CP1"], "stagger_ms": -1}, "stagger_ms"),
        ({"stations": ["CP1"], "variables": {"odd": 1}}, "variables"),
        ({"stations": ["CP1"], "seed": -4}, "seed"), ({"station": "CP1"}, "station"),
    ],
)  # fmt: skip
def test_a_run_that_cannot_be_is_refused_by_field(api, make_station, wish, field) -> None:
    make_station("CP1")
    api("POST", "scenarios", BODY)
    status, told = api("POST", "scenarios/two-words/run", wish)
    assert status == 422 and set(told["fields"]) == {field}
    assert not Execution.objects.exists()


def test_a_run_that_nobody_has_begun_is_cancelled_at_once(api: Api, make_station) -> None:
    make_station("CP1")
    api("POST", "scenarios", BODY)
    _, made = api("POST", "executions", {"scenarioId": "two-words", "stations": ["CP1"]})
    assert api("DELETE", f"executions/{made['id']}")[1]["code"] == "running"
    status, told = api("POST", f"executions/{made['id']}/cancel")
    assert (status, told["state"], told["message"]) == (202, "cancelled", "Cancelled by ada.")
    assert api("POST", f"executions/{made['id']}/cancel")[1]["code"] == "ended"
    assert api("DELETE", f"executions/{made['id']}")[0] == 204


def _claimed(hot, runner: str, lives: bool) -> Execution:
    if lives:
        hot.set(keys.lease_key(runner), "1", px=5000)
    row = Execution.objects.create(
        scenario_slug="s", scenario_name="S", stations=["A", "B"], state="running", runner=runner
    )
    for name, state in (("A", "passed"), ("B", "running")):
        StationRun.objects.create(
            id=f"{row.pk}:{name}", execution=str(row.pk), station=name, state=state, runner=runner
        )
    return row


def test_a_dead_runners_executions_are_marked_once_and_a_living_ones_are_not(
    api: Api, hot, monkeypatch
) -> None:
    monkeypatch.setattr("scenarios.engine.claims.REDIS_SETTLED", 0)
    dead, alive = _claimed(hot, "dead", False), _claimed(hot, "alive", True)
    status, told = api("GET", f"executions/{dead.pk}")
    assert (told["state"], told["interrupted"], told["message"]) == ("failed", True, INTERRUPTED)
    assert told["counts"] == {"passed": 1, "failed": 1}
    assert {run["station"]: run["state"] for run in told["runs"]} == {"A": "passed", "B": "failed"}
    assert api("GET", f"executions/{alive.pk}")[1]["state"] == "running"
    assert reap() == 0
    hot.delete(keys.lease_key("alive"))
    assert tidy_executions() == {"interrupted": 1, "deleted": 0}


def test_leases_that_redis_forgot_are_given_time(hot, monkeypatch) -> None:
    monkeypatch.setattr("scenarios.engine.claims.REDIS_SETTLED", 10**9)
    _claimed(hot, "restarted", False)
    assert reap() == 0


def test_behaviours(api: Api, make_station) -> None:
    make_station("CP1")
    api("POST", "scenarios", BODY | {"variables": {"rate": 1}})
    body = {"name": "busy", "scenario": "two-words", "tag": "ac", "variables": {"rate": 5}}
    status, made = api("POST", "behaviours", body)
    assert status == 201 and made["enabled"] and made["scenario"] == "two-words"
    assert api("POST", "behaviours", body)[1]["code"] == "name_taken"
    assert api("GET", "behaviours")[1]["items"] == [made]
    status, changed = api("PUT", "behaviours/busy", body | {"enabled": False, "tag": "dc"})
    assert (changed["enabled"], changed["tag"]) == (False, "dc")
    for wrong, field in (
        ({"tag": ""}, "stations"), ({"variables": {"x": 1}}, "variables"),
        ({"stations": ["a,b"]}, "stations"),
    ):  # fmt: skip
        assert set(api("PUT", "behaviours/busy", body | wrong)[1]["fields"]) == {field}
    assert api("POST", "behaviours", body | {"name": "n", "scenario": "none"})[0] == 404
    assert api("DELETE", "behaviours/busy")[0] == 204 and api("GET", "behaviours/busy")[0] == 404


def test_a_caller_must_be_known() -> None:
    for method, path in (("GET", "scenarios"), ("POST", "executions"), ("GET", "behaviours")):
        assert Api("none")(method, path, {})[0] == 401


def test_seeds_are_made_once() -> None:
    assert len(seed()) == len(list(BUILTIN.glob("*.json")))
    Scenario.objects.filter(slug="load").update(name="Mine")
    assert seed() == [] and Scenario.objects.get(slug="load").name == "Mine"
    assert slug_of("Über — Straße 7") == "ber-stra-e-7"


def test_a_scenario_and_a_run_say_what_the_watch_does(api: Api, make_station) -> None:
    make_station("CP1")
    watch = {"schema": "warn", "allow": [{"rule": "doubled", "action": "Reset"}]}
    made = api("POST", "scenarios", BODY | {"watch": watch})[1]
    assert made["watch"] == watch
    told = api("POST", "scenarios", BODY | {"name": "x", "watch": {"shema": "off"}})[1]
    assert told["fields"]["watch"].startswith('There is no rule "shema"')
    asked = {"stations": ["CP1"], "watch": {"late": "off"}, "share": True}
    status, run = api("POST", "scenarios/two-words/run", asked)
    assert (status, run["share"], run["warnings"]) == (201, True, 0)
    content = Execution.objects.get().content
    assert (content["watch"], content["run_watch"]) == (watch, {"late": "off"})
    status, told = api("POST", "scenarios/two-words/run", asked | {"watch": {"late": 5}})
    assert (status, list(told["fields"])) == (422, ["watch"])
    exported = api("GET", "scenarios/export")[1]["scenarios"][0]
    assert exported["watch"] == watch


def test_what_was_stored_before_there_were_findings_is_read(api: Api, make_station) -> None:
    make_station("CP1")
    api("POST", "scenarios", BODY)
    run = api("POST", "scenarios/two-words/run", {"stations": ["CP1"]})[1]
    row = {"_id": f"{run['id']}:CP1", "execution": run["id"], "station": "CP1", "runner": "",
           "state": "passed", "started": None, "ended": None, "step": "", "message": "",
           "frame": "", "steps": [], "done": 0, "dropped": 0}  # fmt: skip
    connection.get_collection(StationRun._meta.db_table).insert_one(row)
    old = connection.get_collection(Execution._meta.db_table)
    old.update_many({}, {"$unset": {"warnings": "", "share": ""}})
    connection.get_collection(Scenario._meta.db_table).update_many({}, {"$unset": {"watch": ""}})
    told = api("GET", f"executions/{run['id']}")[1]
    assert (told["warnings"], told["share"], told["runs"][0]["findings"]) == (0, False, [])
    assert api("GET", "scenarios/two-words")[1]["watch"] == {}
    assert api("POST", "scenarios/two-words/run", {"stations": ["CP1"]})[0] == 201


def test_a_station_that_a_behaviour_keeps_busy_is_refused_with_words(
    api: Api, make_station
) -> None:
    make_station("CP1")
    make_station("CP2")
    api("POST", "scenarios", BODY)
    scenario = Scenario.objects.get()
    Execution.objects.create(scenario_slug="load", scenario_name="Load", stations=["CP1"],
                             behaviour="b" * 24, started_by="behaviour weekday",
                             state="running")  # fmt: skip
    status, told = api("POST", "scenarios/two-words/run", {"stations": ["CP1", "CP2"]})
    assert status == 422
    assert told["fields"]["stations"].startswith("CP1: kept busy by the behaviour weekday.")
    assert api("POST", "scenarios/two-words/run", {"stations": ["CP2"]})[0] == 201
    shared = {"stations": ["CP1"], "share": True}
    assert api("POST", "scenarios/two-words/run", shared)[0] == 201
    # And the other way round: a behaviour leaves the station to a run that judges.
    Behaviour.objects.create(name="b", scenario=scenario, stations=["CP2"])
    assert reconcile() == 1  # the one that no behaviour wants is cancelled, and none begins
    assert not Execution.objects.filter(behaviour__in=[str(Behaviour.objects.get().pk)]).exists()
