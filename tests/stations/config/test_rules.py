"""Rules of stations and templates: what is refused and where, by API and form, and what is run."""

from __future__ import annotations

import json

import pytest
from django.urls import reverse

from stations.configuration import cells
from stations.configuration.rules import check_rules
from stations.models import Station, Template
from tests.stations.config.test_admin_form import ADD, errors, form_data

REFUSES = {"name": "no reset", "action": "Reset", "status": "Rejected"}
PRICE = {
    "action": "DataTransfer", "match": {"vendorId": "com.acme"},
    "payload": {"status": "Accepted", "data": "{{payload.data}} {{now}}"},
}  # fmt: skip
QUIET = {"action": "ClearCache", "nothing": True, "count": 2}

VERSIONS = (["1.6"], ["2.0.1"], ["2.1"], ["2.1", "2.0.1", "1.6"])
WRONG = [
    (["1.6"], [{"action": "Heartbeat", "nothing": True}], "no CSMS calls Heartbeat"),
    (["2.1"], [{"action": "Rest", "nothing": True}], "OCPP 2.1 has no 'Rest'"),
    (["1.6"], [{"action": "SetVariables", "nothing": True}], "OCPP 1.6 has no 'SetVariables'"),
    (["1.6"], [{"action": "Reset", "status": "Perhaps"}], "payload/status breaks the schema"),
    (["2.0.1"], [{"action": "Reset", "payload": {}}], '"status" is a required property'),
    (["1.6"], [{**PRICE, "payload": {"status": "{{payload.data}}", "date": "x"}}], "'date'"),
    (["1.6"], [{"action": "Reset", "code": "FormatViolation"}], "FormationViolation"),
    (["2.1", "1.6"], [{"action": "Reset", "status": "Scheduled"}], "schema of OCPP 1.6"),
    (["1.6"], [REFUSES, {**REFUSES, "count": None}], "the same as rule no reset"),
    (["1.6"], [REFUSES, {**QUIET, "name": "no reset"}], "a name of its own"),
    (["1.6"], [{**QUIET, "colour": "red"}], "Take 'colour' out"),
    (["1.6"], [{**QUIET, "count": True}], "Write count as a whole number"),
    (["1.6"], [{**QUIET, "count": 0}], "1 to 1000000"),
    (["1.6"], [{**QUIET, "status": "Accepted"}], "one of payload, status, code and nothing"),
    (["1.6"], [{"action": "Reset"}], "one of payload, status, code and nothing"),
    (["1.6"], [{"nothing": True}], "Name the action"),
    (["1.6"], [{**QUIET, "name": "a; b"}], 'Take ";"'),
    (["1.6"], [{**QUIET, "name": "n" * 61}], "Shorten the name"),
    (["1.6"], [{**QUIET, "match": {"a": {"@regex": "x"}}}], "Take '@regex' out"),
    (["1.6"], [{**PRICE, "payload": {"status": "Accepted", "data": "{{price}}"}}], "{{price}}"),
    (["1.6"], [{**PRICE, "payload": {"data": "x" * 70_000}}], "at most 65536 bytes"),
    (["1.6"], [{**QUIET, "match": {"data": "x" * 20_000}}], "at most 16384 bytes"),
    (["1.6"], [{**QUIET, "match": {"data": 2**70}}], "Write it as JSON"),
    (["1.6"], ["Reset"], "Write it as an object"),
    (["1.6"], {"action": "Reset"}, "Give a list of rules"),
    (["1.6"], [{**QUIET, "count": n + 1} for n in range(51)], "at most 50 rules"),
]  # fmt: skip


@pytest.mark.parametrize("versions", VERSIONS, ids=" ".join)
def test_rules_that_make_sense_are_taken(versions):
    assert not check_rules(versions, [REFUSES, PRICE, QUIET])


@pytest.mark.parametrize(("versions", "rules", "words"), WRONG, ids=[w for *_, w in WRONG])
def test_one_that_makes_none_is_told(versions, rules, words):
    [sentence] = check_rules(versions, rules)
    assert words in sentence
    if isinstance(rules, list) and len(rules) < 51:
        assert sentence.startswith(f"Rule {len(rules)}")


def test_what_is_wrong_on_purpose_is_taken():
    for answer in ({"status": "Perhaps"}, {"payload": {}}, {"code": "Smoke"}):
        assert check_rules(["1.6"], [{"action": "Reset", **answer}])
        assert not check_rules(["1.6"], [{"action": "Reset", **answer, "wrong": True}])


@pytest.mark.django_db
def test_they_are_set_by_the_api_and_are_what_is_run(api, make_station):
    make_station("CP1")
    status, answer = api("PATCH", "stations/CP1", {"rules": [REFUSES, PRICE]})
    assert status == 200 and answer["rules"] == [REFUSES, PRICE], answer
    station = Station.objects.get(identity="CP1")
    assert station.revision == 2
    assert station.to_core_config().rules == (REFUSES, PRICE)
    status, answer = api("PATCH", "stations/CP1", {"rules": [{"action": "Reset", "status": "No"}]})
    assert status == 422 and "Rule 1: payload/status" in json.dumps(answer), answer
    assert api("PATCH", "stations/CP1", {"rules": []})[1]["rules"] == []
    assert Station.objects.get(identity="CP1").to_core_config().rules == ()


@pytest.mark.django_db
def test_a_station_has_those_of_its_template(api, hot):
    Template.objects.create(name="Acme", csms_url="ws://127.0.0.1:9000", rules=[REFUSES])
    status, answer = api("POST", "stations", {"identity": "CP1", "template": "Acme"})
    assert status == 201 and answer["rules"] == [REFUSES], answer


def test_a_cell_of_a_table_has_them_as_json():
    assert cells.read("rules", json.dumps([REFUSES])) == [REFUSES]
    assert cells.read("rules", "") == [] and cells.read("delays", "") == {}


@pytest.fixture
def admin(client, user):
    client.force_login(user)
    return client


def test_they_are_written_in_the_form_and_a_mistake_is_told_there(admin, hot):
    page = admin.get(reverse(ADD)).content.decode()
    assert "/docs/reference/rules.html" in page
    answer = admin.post(reverse(ADD), form_data(rules="[{]"))
    assert "This is no JSON (line 1" in str(errors(answer)["rules"])
    answer = admin.post(reverse(ADD), form_data(rules='[{"action": "Boot", "nothing": true}]'))
    assert "Name another action" in str(errors(answer)["rules"])
    answer = admin.post(reverse(ADD), form_data(rules=json.dumps([REFUSES])))
    assert answer.status_code == 302, errors(answer)
    assert Station.objects.get(identity="CP1").rules == [REFUSES]


def test_a_form_without_rules_makes_a_station_without(admin, hot):
    assert admin.post(reverse(ADD), form_data()).status_code == 302
    assert Station.objects.get(identity="CP1").rules == []


def test_rules_on_show_say_how_often(api, worker, running):
    rule = {"id": 1, "name": "no reset", "action": "Reset", "payload": {"status": "Rejected"},
            "count": None, "until": None, "given": 3}  # fmt: skip
    worker.answer = {"result": {
        "frames": [], "clock": None, "half_open": False, "power": "on", "power_back": None,
        "connectors": [], "rules": [rule],
    }}  # fmt: skip
    status, answer = api("GET", "stations/CP1/faults")
    assert status == 200
    [shown] = answer["rules"]
    assert {name: shown[name] for name in rule} == rule


def test_an_answer_is_laid_down_by_match_and_for_good(api, worker, running):
    told = {"id": 4, "action": "Reset", "nothing": True, "count": None, "until": None}
    worker.answer = {"result": told}
    body = {"action": "Reset", "match": {"type": "Soft"}, "nothing": True, "always": True}
    status, answer = api("POST", "stations/CP1/respond", body)
    assert status == 201 and answer["nothing"] is True, answer
    assert worker.seen == [("respond", {**body, "count": 1})]
