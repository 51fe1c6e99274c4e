"""The rules for scenarios: sentences that say what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scenarios.rules.station_steps import COMMANDS
from scenarios.rules.step_rules import RULES
from scenarios.rules.validation import check_scenario
from scenarios.seeding import BUILTIN, documents

PREDECESSOR = {
    "connector_availability", "happy_path_charging", "meter_values_test", "station_boot_cycle",
}  # fmt: skip


def problems(*steps: Any, **values: Any) -> dict[str, list[str]]:
    scenario = {
        "slug": "a", "name": "A", "tags": [], "variables": {}, "steps": list(steps), "cleanup": [],
    }  # fmt: skip
    return check_scenario(scenario | values)


def sentences(*steps: Any, **values: Any) -> str:
    return " ".join(problems(*steps, **values).get("steps", []))


def test_every_built_in_scenario_is_good() -> None:
    made = documents()
    assert {path.stem for path in BUILTIN.glob("*.json")} >= PREDECESSOR and len(made) >= 10
    for document in made:
        values = {"cleanup": [], "variables": {}, **document, "slug": document["scenarioId"]}
        assert check_scenario(values) == {}, document["scenarioId"]


def test_a_scenario_needs_an_id_a_name_and_steps() -> None:
    found = problems(slug="a b", name=" ", tags="x", variables=[], steps=[], cleanup={})
    assert set(found) == {"slug", "name", "tags", "variables", "steps", "cleanup"}
    assert problems({"type": "delay", "params": {"duration": 1}}, slug="import") == {
        "slug": ['"import" is a word of the API: choose another id.']
    }


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("plug", "Step 1: write it as an object with a type."),
        ({"type": "plugg"}, 'Step 1 (plugg): There is no type "plugg": use one of api_call,'),
        ({"type": "plug", "connector": 1}, 'There is no "connector" in a step: take it out'),
        (
            {"type": "plug", "params": {"conector": 1}},
            'There is no param "conector" here: take it out. There are: connector',
        ),
        ({"type": "plug", "params": []}, 'give "params" as an object'),
        ({"type": "plug", "timeout": 0}, 'Give "timeout" in milliseconds'),
        ({"type": "plug", "versions": ["1.5"]}, 'Give "versions" as a list of 1.6, 2.0.1, 2.1'),
        ({"type": "plug", "optional": 1}, 'Let "optional" be true or false'),
        ({"type": "plug", "validate": {}}, '"validate" is for steps that wait for a message'),
        ({"type": "delay", "refused": True}, 'Let "refused" be true or the code'),
        ({"type": "delay", "capture": {"a": "b"}}, '"capture" is for commands'),
        ({"type": "delay"}, 'Correct the param "duration": Give milliseconds'),
        ({"type": "delay", "params": {"duration": {"min": 5, "max": 1}}}, "Let min be at most max"),
        ({"type": "delay", "params": {"duration": -1}}, "Use 0 to 604800000 milliseconds"),
        ({"type": "delay", "params": {"duration": True}}, "Give milliseconds"),
        ({"type": "api_call", "params": {"action": "dance"}}, 'Let "action" be one of start_st'),
        ({"type": "api_call", "params": {"action": "start_charging", "connectorId": "1"}},
         'Give "connectorId" as a number'),
        ({"type": "wait_condition", "params": {"condition": "x"}}, "be one of station_connected"),
        ({"type": "wait_for_message", "params": {}}, 'Give the param "action" as a text'),
        ({"type": "wait_for_message", "params": {"action": "A", "direction": "up"}},
         'Let "direction" be one of sent, received, both'),
        ({"type": "wait_for_state", "params": {"connectorId": 1, "state": "Busy"}},
         'Let "state" be one of Available'),
        ({"type": "wait_for_state", "params": {"field": "power_w", "op": "about", "value": 1}},
         'Let "op" be one of =='),
        ({"type": "expect", "params": {"direction": "sent"}}, "Say what is expected"),
        ({"type": "expect", "params": {"payload": {"a": {"@regex": "("}}}},
         "Correct the pattern of @regex"),
        ({"type": "expect", "params": {"payload": {"a": {"@regex": r"(a)\1"}}}},
         "Step 1 (expect): Correct the pattern of @regex: invalid escape sequence"),
        ({"type": "expect", "params": {"payload": {"a": {"@regex": "(?=a)"}}}}, "no look-around"),
        ({"type": "expect", "params": {"payload": {"a": {"@regex": "a" * 1001}}}}, "Shorten"),
        ({"type": "expect", "params": {"payload": {"a": {"@regex": ".{900}"}}}}, "Simplify"),
        ({"type": "expect", "params": {"action": "StartTransactoin"}},
         'There is no action "StartTransactoin" in OCPP: did you mean StartTransaction?'),
        ({"type": "expect_none", "params": {"action": "bootnotification,Reset"}},
         'There is no action "bootnotification" in OCPP: did you mean BootNotification?'),
        ({"type": "wait_for_message", "params": {"action": "Xyzzy"}},
         'There is no action "Xyzzy" in OCPP.'),
        ({"type": "wait_for_held", "params": {"action": "Autorize"}}, "did you mean Authorize?"),
        ({"type": "add-fault", "params": {"fault": "drop", "action": "Heartbeet"}},
         "did you mean Heartbeat?"),
        ({"type": "add_breakpoint", "params": {"action": "Heartbeat,MeterValue"}},
         "did you mean MeterValues?"),
        ({"type": "expect", "versions": ["2.0.1"], "params": {"action": "StartTransaction"}},
         "StartTransaction is OCPP 1.6; this step is for 2.0.1."),
        ({"type": "expect", "params": {"action": "Reset", "count": 0}}, 'Give "count" as a whole'),
        ({"type": "expect", "params": {"action": "Reset", "within_ms": 0}}, 'Give "within_ms"'),
        ({"type": "expect", "params": {"action": "Reset", "next": 1}}, 'Let "next" be true'),
        ({"type": "expect", "params": {"action": "Reset", "order": "all"}}, 'Let "order" be one'),
        ({"type": "expect", "params": {"action": "Reset", "order": "any", "next": True}},
         "they contradict each other"),
        ({"type": "expect", "params": {"action": "A", "capture": {"a b": "x"}}},
         'Name the variable "a b" with letters'),
        ({"type": "assert", "params": {}}, 'Give "conditions" as a list'),
        ({"type": "set", "params": {}}, 'Give "variables" as {name: value}'),
        ({"type": "set_configuration", "params": {"configuration": {"A": 1}}},
         "Write the value of A as a text"),
        ({"type": "repeat", "params": {"steps": [{"type": "plug"}]}}, "Say how long"),
        ({"type": "repeat", "params": {"count": 2}}, 'Give the "steps" that are repeated'),
        ({"type": "parallel", "params": {"branches": []}}, "1 to 50 lists of steps"),
        ({"type": "parallel", "params": {"for_each": [1], "steps": [{"type": "plug"}]}},
         'Name the variable of each branch in "as"'),
        ({"type": "choose", "params": {"branches": [{"weight": -1, "steps": []}]}},
         "Give each weight as a number of 0 or more"),
        ({"type": "message", "params": {}}, "Give either `text`, or `action`"),
        ({"type": "add-fault", "params": {"fault": "melt"}}, 'Correct the param "fault"'),
    ],
)  # fmt: skip
def test_a_step_that_makes_no_sense_says_what_to_do(step: Any, words: str) -> None:
    assert words in sentences(step)


def test_a_problem_deep_inside_is_told_with_its_place() -> None:
    inner = {"type": "repeat", "params": {"count": 2, "steps": [{"type": "delay"}]}}
    step = {"type": "parallel", "params": {"branches": [[{"type": "plug"}], [inner]]}}
    place = "Step 2 (parallel), branch 2, step 1 (repeat), step 1 (delay): Correct the param"
    assert place in sentences({"type": "plug"}, step)
    for _ in range(9):
        inner = {"type": "repeat", "params": {"count": 2, "steps": [inner]}}
    assert "nest steps at most 8 deep" in sentences(inner)


def test_a_variable_must_come_from_somewhere() -> None:
    step = {"type": "plug", "params": {"connector": "$outlet"}}
    sentence = 'No step gives $outlet a value: capture or set it, or add it to "variables".'
    assert problems(step) == {"steps": [sentence]}
    assert problems(step, variables={"outlet": 2}) == {}
    captured = {"type": "add-fault", "params": {"fault": "drop"}, "capture": {"outlet": "id"}}
    assert problems(captured, step) == {}
    own = {"type": "assert", "params": {"conditions": [
        {"value": "$station", "is": "X-${version}"}]}}  # fmt: skip
    assert problems(own) == {}
    assert problems(own, variables={"station": 1}) == {
        "variables": ["$station is set by the run itself: choose another name."]
    }
    # "$$" is a dollar.
    assert problems({"type": "message", "params": {"text": "$$outlet"}}) == {}


def test_what_is_open_is_not_refused_before_it_is_known() -> None:
    step = {"type": "power_cut", "params": {"seconds": {"@random": [1, 5]}}}
    assert problems(step) == {}
    assert problems({"type": "delay", "params": {"duration": {"per_hour": "$rate"}}},
                    variables={"rate": 4}) == {}  # fmt: skip


@pytest.mark.parametrize(
    "step",
    [
        {"type": "expect", "params": {"action": "$action"}},
        {"type": "wait_for_message", "versions": ["2.0.1"], "params": {
            "action": "StartTransaction"}},
        {"type": "expect", "versions": ["2.0.1"], "params": {
            "action": "StartTransaction,TransactionEvent"}},
        {"type": "add-fault", "params": {"fault": "drop", "action": "$action"}},
        {"type": "add-fault", "params": {"fault": "drop", "action": "Heartbeat, Authorize"}},
        {"type": "add-breakpoint", "params": {"action": "Heartbeat,Authorize"}},
        {"type": "message", "params": {"action": "OfAVendor", "payload": {}}},
    ],
)  # fmt: skip
def test_an_action_that_may_be_meant_is_taken(step: dict) -> None:
    assert problems(step, variables={"action": "Reset"}) == {}


@pytest.mark.parametrize(
    ("watch", "words"),
    [
        ({"schemas": "fail"}, 'There is no rule "schemas": use schema,'),
        ({"schema": "maybe"}, 'Let "schema" be one of fail, warn, off.'),
        ({"late_ms": -1}, 'Give "late_ms" in milliseconds'),
        ({"late_ms": True}, 'Give "late_ms" in milliseconds'),
        ({"allow": {}}, 'Give "allow" as a list'),
        ({"allow": [{"action": "Reset"}]}, 'Write each of "allow" as'),
        ({"allow": [{"rule": "x"}]}, 'There is no rule "x" to allow'),
        ({"allow": [{"rule": "schema", "action": "Rest"}]}, "did you mean Reset?"),
        ("sometimes", "Give an object of rules"),
        ([], "Give an object of rules"),
    ],
)
def test_what_makes_no_sense_to_the_watch_is_refused(watch: Any, words: str) -> None:
    step = {"type": "delay", "params": {"duration": 1}}
    (said,) = problems(step, watch=watch)["watch"]
    assert words in said


@pytest.mark.parametrize(
    "watch", [None, {}, "warn", "off", {"schema": "off", "late_ms": 5, "allow": [
        {"rule": "call_error", "action": "DataTransfer"}, {"rule": "late"}]}],
)  # fmt: skip
def test_what_the_watch_takes(watch: Any) -> None:
    assert problems({"type": "delay", "params": {"duration": 1}}, watch=watch) == {}


def test_too_many_steps_and_no_json_are_refused() -> None:
    assert "Use at most 500 steps" in sentences(*[{"type": "plug"}] * 501)
    assert "plain JSON" in sentences({"type": "plug", "description": {1, 2}})


@pytest.mark.parametrize("levels", [150, 400, 900, 5000])
def test_what_is_nested_too_deep_is_refused_in_words(levels: int) -> None:
    nested: Any = 1
    for number in range(levels):
        nested = {"a": nested} if number % 2 else [nested]
    step = {"type": "send-message", "params": {"action": "DataTransfer", "payload": nested}}
    assert "100 deep" in sentences(step)
    (said,) = problems({"type": "delay", "params": {"duration": 1}}, variables={"a": nested})[
        "variables"
    ]
    assert "100 deep" in said


def test_every_type_is_told_in_the_docs() -> None:
    text = (BUILTIN.parents[1] / "docs" / "reference" / "scenarios.md").read_text()
    missing = [name for name in (*RULES, *COMMANDS) if f"`{name}`" not in text]
    assert missing == []


def test_the_predecessors_files_are_whole() -> None:
    for name in PREDECESSOR:
        document = json.loads((BUILTIN / f"{name}.json").read_text())
        assert document["isBuiltin"] and document["steps"]


@pytest.mark.parametrize("direction", ["sent", "received", "both", None])
def test_a_step_may_wait_for_a_frame_that_is_held(direction: str | None) -> None:
    params = {"action": "Authorize", "direction": direction, "capture": {"id": "$[3].idTag"}}
    step = {"type": "wait_for_held", "params": {k: v for k, v in params.items() if v is not None}}
    assert problems(step) == {}


@pytest.mark.parametrize(
    ("params", "words"),
    [({"direction": "up"}, "direction"), ({"way": "sent"}, 'no param "way"'),
     ({"action": 7}, "action")],
)  # fmt: skip
def test_what_a_wait_for_a_held_frame_cannot_have_is_told(params: dict, words: str) -> None:
    assert words in sentences({"type": "wait_for_held", "params": params})


@pytest.mark.parametrize("action", ["start-transaction", "start_transaction"])
def test_an_api_call_takes_the_params_of_its_command_and_no_others(action: str) -> None:
    good = {"action": action, "connector": 1, "id_tag": "TAG"}
    assert problems({"type": "api_call", "params": good}) == {}
    wrong = {"action": action, "conector": 1}
    assert 'no param "conector"' in sentences({"type": "api_call", "params": wrong})
    assert "connector" in sentences({"type": "api_call", "params": {**good, "connector": "one"}})


@pytest.mark.parametrize("weight", [{}, {"weight": 0}, {"weight": 2.5}, {"weight": "$heavy"}])
def test_a_branch_has_a_weight_or_the_usual_one(weight: dict) -> None:
    steps = [{"type": "delay", "params": {"duration": 1}}]
    branches = [{**weight, "steps": steps}, {"steps": steps}]
    step = {"type": "choose", "params": {"branches": branches}}
    assert problems(step, variables={"heavy": 3}) == {}
