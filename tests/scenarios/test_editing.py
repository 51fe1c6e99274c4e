"""What an editor of scenarios asks: types of steps, what is wrong and where, whom it fits."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from scenarios.models import Execution, Scenario
from scenarios.rules.fitting import fits
from scenarios.rules.json_schema import scenario_schema
from scenarios.rules.palette import palette
from scenarios.rules.station_steps import COMMANDS
from scenarios.rules.step_rules import RULES
from scenarios.rules.step_schemas import params_schema
from scenarios.rules.validation import check_scenario, check_steps, placed_problems
from tests.stations.config.conftest import Api

DELAY = {"type": "delay", "params": {"duration": 5}}


def problems(steps: list, **more) -> list[tuple[str, str]]:
    values = {"slug": "s", "name": "N", "tags": [], "cleanup": [], "variables": {}, "watch": {}}
    found = placed_problems({**values, "steps": steps, **more})
    return [(each["pointer"], each["sentence"]) for each in found]


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"type": "dance"}, "/1/type"),
        ({"type": "delay", "tmeout": 5, "params": {"duration": 1}}, "/1/tmeout"),
        ({"type": "delay", "params": {"duration": -1}}, "/1/params/duration"),
        ({"type": "delay", "params": {}}, "/1"),
        ({**DELAY, "timeout": 0}, "/1/timeout"),
        ({"type": "expect", "params": {"action": "Heartbaet"}}, "/1/params/action"),
        ({"type": "plug", "params": {"ev": {"soc": "x"}}}, "/1/params/ev/soc"),
        ({"type": "expect", "params": {"kind": "Call", "next": 5}}, "/1/params/next"),
        ({"type": "if", "params": {"conditions": [{"value": 1, "is": 1}],
          "else": [DELAY, {"type": "delay", "params": {"duration": -1}}]}},
         "/1/params/else/1/params/duration"),
        ({"type": "choose", "params": {"branches": [{"steps": [DELAY]},
          {"steps": [{"type": "dance"}]}]}}, "/1/params/branches/1/steps/0/type"),
        ({"type": "parallel", "params": {"branches": [[DELAY], [{"type": "dance"}]]}},
         "/1/params/branches/1/0/type"),
        (DELAY | {"params": {"duration": "$nobody"}}, "/1"),
        ({"type": "repeat", "params": {"count": 2, "steps": [
          DELAY, DELAY | {"params": {"duration": "$nobody"}}]}}, "/1/params/steps/1"),
    ],
)  # fmt: skip
def test_each_sentence_has_the_place_that_it_is_about(step, pointer):
    assert [place for place, _ in problems([DELAY, step])] == [pointer]


def test_places_are_of_what_there_is():
    steps = [{"type": "expect", "params": {"kind": "X", "no": 1}}, {"type": ""}, 5]
    text = json.dumps(steps)
    for pointer, _ in problems(steps):
        value = json.loads(text)
        for name in pointer.split("/")[1:]:
            value = value[int(name)] if isinstance(value, list) else value[name]


def test_sentences_are_those_of_the_form():
    values = {"slug": "s", "name": "N", "tags": [], "variables": {}, "watch": {}, "cleanup": []}
    steps = [{"type": "delay"}, {"type": "dance"}]
    told = check_scenario({**values, "steps": steps})["steps"]
    assert told == check_steps(steps, True) == [sentence for _, sentence in problems(steps)]


# --- types of steps


def test_each_type_has_words_a_schema_and_an_example_that_the_rules_take():
    schema = jsonschema_rs.validator_for(scenario_schema())
    entries = {each["type"]: each for each in palette()["types"]}
    assert set(entries) == {*RULES, *COMMANDS}
    for kind, entry in entries.items():
        assert entry["label"] != kind and entry["help"], kind
        assert entry["group"] in palette()["groups"] and entry["versions"], kind
        assert check_steps([entry["example"]], True) == [], kind
        schema.validate({"name": "N", "steps": [entry["example"]]})
        assert set(entry["inner"]).isdisjoint(entry["params"]["properties"]), kind


@pytest.mark.parametrize("kind", sorted(RULES))
def test_schema_and_rule_of_a_type_know_the_same_params(kind):
    """The rule names what it knows in the sentence about what it does not."""
    told = " ".join(check_steps([{"type": kind, "params": {"no such": 1}}], True))
    if kind == "api_call":  # any command's besides
        assert "action" in told
        return
    known = told.partition("(known: ")[2].partition(")")[0].split(", ")
    assert {name for name in known if name != "none"} == set(
        params_schema(kind)["properties"]
    )


def test_versions_of_commands_are_the_stations_own():
    versions = {each["type"]: each["versions"] for each in palette()["types"]}
    assert versions["data-transfer"] == ["1.6"]
    assert versions["battery-swap"] == ["2.1"]
    assert versions["plug"] == versions["connect"] == ["1.6", "2.0.1", "2.1"]


# --- whom it fits


def test_what_fails_on_a_version_is_told_and_what_is_left_out_counted():
    steps = [
        DELAY, {**DELAY, "versions": ["1.6"]}, {"type": "battery-swap", "params": {}},
        {"type": "battery-swap", "params": {}, "optional": True},
        {"type": "expect", "params": {"action": "StartTransaction"}},
        {"type": "expect", "params": {"action": "StartTransaction, TransactionEvent"}},
        {"type": "wait_for_message", "params": {"action": "StartTransaction"}},
        {"type": "repeat", "params": {"count": 1, "steps": [
            {"type": "data-transfer", "params": {"vendor_id": "A"}}]}},
    ]  # fmt: skip
    old, new = fits({"steps": steps}, "1.6"), fits({"steps": steps}, "2.0.1")
    assert (old["left_out"], [each["pointer"] for each in old["foreign"]]) == (0, ["/steps/2"])
    assert old["foreign"][0]["sentence"].startswith("Step 3: battery-swap is OCPP 2.1")
    assert new["left_out"] == 1
    assert [each["pointer"] for each in new["foreign"]] == [
        "/steps/2", "/steps/4", "/steps/7/params/steps/0",
    ]  # fmt: skip
    assert new["foreign"][-1]["sentence"].startswith("Step 8.1: data-transfer is OCPP 1.6")


# --- the API


@pytest.mark.django_db
def test_a_text_is_checked_and_nothing_is_saved(api: Api):
    wrong = {"name": "N", "steps": [{"type": "dance"}], "variables": {"station": 1}}
    told = api("POST", "scenario-check", wrong)[1]
    assert [(each["field"], each["pointer"]) for each in told["problems"]] == [
        ("variables", ""), ("steps", "/0/type"),
    ]  # fmt: skip
    assert told["versions"] == []
    told = api("POST", "scenario-check", {"steps": [DELAY]})[1]
    assert told["problems"] == [] and [each["steps"] for each in told["versions"]] == [1, 1, 1]
    for strange in ({"steps": 5}, {"steps": [[]]}, {"tags": {}}, {"variables": []}, {"name": 5}):
        assert api("POST", "scenario-check", {"steps": [DELAY], **strange})[0] == 200
    assert not Scenario.objects.exists()
    assert api("GET", "scenario-schema")[1] == scenario_schema()
    assert "Heartbeat" in api("GET", "scenario-steps")[1]["actions"]


@pytest.mark.django_db
def test_a_run_is_looked_at_before_it_begins(api: Api, make_station):
    Scenario.objects.create(slug="s", name="S", steps=[
        {"type": "expect", "params": {"action": "StartTransaction"}}])  # fmt: skip
    for number in range(3):
        make_station(f"OLD{number}", tags=["all"], running=number == 0)
    make_station("NEW", tags=["all"], ocpp_version="2.1", enabled=False)
    status, told = api("POST", "scenarios/s/preview", {"tag": "all"})
    assert (status, told["stations"], told["off"], told["disabled"]) == (200, 4, 2, 1)
    assert told["named"] == ["NEW", "OLD0", "OLD1", "OLD2"]
    old, new = told["versions"]
    assert (old["version"], old["stations"], old["foreign"]) == ("1.6", 3, [])
    assert new["foreign"][0]["sentence"].startswith("Step 1: StartTransaction is OCPP 1.6")
    told = api("POST", "scenarios/s/preview", {"tag": "all", "number": 2})[1]
    assert told["named"] == ["NEW", "OLD0"]
    assert api("POST", "scenarios/s/preview", {})[1]["fields"].keys() == {"stations"}
    assert api("POST", "scenarios/s/preview", {"tag": "all", "number": -1})[0] == 422
    made = api("POST", "scenarios/s/run", {"tag": "all", "number": 2})[1]
    assert Execution.objects.get(pk=made["id"]).stations == ["NEW", "OLD0"]


@pytest.mark.django_db
def test_steps_are_tried_by_who_may_write_and_run(api: Api, make_station):
    make_station("CP1")
    made = api("POST", "scenario-try", {"station": "CP1", "steps": [DELAY]})[1]
    row = Execution.objects.get(pk=made["id"])
    assert (row.share, row.stations, row.content["steps"]) == (True, ["CP1"], [DELAY])
    assert not Scenario.objects.exists()
    for wrong in ({"steps": [{"type": "dance"}]}, {"steps": []}, {"station": "NOBODY"}):
        asked = {"station": "CP1", "steps": [DELAY], **wrong}
        assert api("POST", "scenario-try", asked)[0] == 422
    assert Execution.objects.count() == 1
