"""Commands and changes to many, by names and by filters."""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.db import connection

from accounts.models import ApiToken
from stations.many import commanding, jobs
from stations.models import Station, Template
from stations.rights import PART
from tests.stations.config.conftest import Api
from tests.stations.many.conftest import carry, results

COMMAND, EDIT = "jobs/command", "jobs/edit"


def test_a_command_goes_to_each_and_its_answer_is_kept(api, running, worker, make_station):
    make_station("CP2")
    sent = {"tag": "", "identities": ["CP1", "CP2"], "command": "plug",
            "arguments": {"connector": 1, "ev": {"soc": 42}}}  # fmt: skip
    status, job = api("POST", COMMAND, sent)
    assert status == 202, job
    assert job["asked"]["stations"] == {"identities": 2}
    over = carry(job["id"])
    assert over.counts == {"done": 1, "refused": 1}
    assert worker.seen == [("plug", {"connector": 1, "ev": {"soc": 42.0}})]
    _, page = api("GET", f"jobs/{job['id']}/stations")
    assert page["items"][0] == {
        "station": "CP1", "result": "done", "message": "", "answer": {"ok": True},
    }  # fmt: skip
    assert page["items"][1]["message"].startswith("not_running: Start the station first")


def test_what_a_single_command_leaves_out_is_filled_in_here_too(api, running, worker):
    _, job = api("POST", COMMAND, {"identities": ["CP1"], "command": "authorize"})
    carry(job["id"])
    assert worker.seen == [("authorize", {"id_tag": "TAG1"})]


def test_a_refusal_is_told_and_a_silent_worker_is_unknown(api, running, worker, monkeypatch):
    worker.answer = {"error": {"code": "bad_state", "message": "There is a car already."}}
    _, job = api("POST", COMMAND, {"all": True, "command": "plug"})
    carry(job["id"])
    assert results(job["id"]) == {"CP1": ("refused", "bad_state: There is a car already.")}
    worker.answer = {"error": {"code": "timeout", "message": "No answer."}}
    _, job = api("POST", COMMAND, {"all": True, "command": "plug"})
    carry(job["id"])
    assert results(job["id"]) == {"CP1": ("unknown", "timeout: No answer.")}


def test_a_setting_is_changed_as_the_csms_would(api, running, worker):
    sent = {"all": True, "command": "settings",
            "arguments": {"key": "HeartbeatInterval", "value": "60"}}  # fmt: skip
    _, job = api("POST", COMMAND, sent)
    carry(job["id"])
    wanted = {"key": "HeartbeatInterval", "value": "60", "leading": True}
    assert worker.seen == [("set", wanted)]


def test_start_and_stop_at_a_pace(api, make_station, clock):
    for name in ("A", "B", "C"):
        make_station(name, running=name == "B", enabled=name != "C")
    _, job = api("POST", COMMAND, {"all": True, "command": "start", "per_second": 1})
    from stations.many import carrying

    turn, _ = carrying.step(job["id"], 0)
    assert [s.identity for s in Station.objects.runnable()] == ["A", "B"]
    assert jobs.read(job["id"]).position == 1
    clock(5)
    assert carry(job["id"]).counts == {"done": 2, "refused": 1}
    told = results(job["id"])
    assert told["B"] == ("done", "It was so already.")
    assert told["C"] == ("refused", "It is disabled: enable it first.")
    _, job = api("POST", COMMAND, {"identities": ["A"], "command": "stop"})
    carry(job["id"])
    assert [s.identity for s in Station.objects.runnable()] == ["B"]


def test_release(api, make_station):
    make_station("A", running=True, held_back="ended workers")
    make_station("B", running=True)
    _, job = api("POST", COMMAND, {"all": True, "command": "release"})
    carry(job["id"])
    assert results(job["id"]) == {"A": ("done", ""), "B": ("done", "It was not held back.")}
    assert Station.objects.get(identity="A").held_back == ""


def test_filters_hold_together(api, make_station, set_state, template):
    make_station("A", tags=["n"], running=True, template=template)
    make_station("B", tags=["n"], running=True, ocpp_version="2.0.1")
    make_station("C", tags=["s"], running=True, template=template)
    set_state("A", {"status": "Faulted"})
    set_state("C")
    for choice, wanted in [
        ({"tag": "n"}, ["A", "B"]), ({"template": "AC"}, ["A", "C"]),
        ({"template": str(template.pk), "tag": "s"}, ["C"]), ({"state": "faulted"}, ["A"]),
        ({"state": "running", "version": "2.0.1"}, ["B"]), ({"search": "OCPP e"}, ["A", "B", "C"]),
        ({"state": "connected"}, ["C"]), ({"identities": ["C", "A", "C"]}, ["C", "A"]),
    ]:  # fmt: skip
        status, told = api("POST", COMMAND, {"command": "start", **choice}, dry_run="true")
        assert (status, choice, told["identities"]) == (200, choice, wanted), told
    assert jobs.table().count_documents({}) == 0


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [({}, 422, "invalid"), ({"all": True, "tag": "n"}, 422, "invalid"),
     ({"tag": "none"}, 422, "no_stations"), ({"identities": []}, 422, "no_stations"),
     ({"identities": ["X"]}, 404, "station_not_found"), ({"state": "odd"}, 422, "bad_state"),
     ({"template": "X"}, 404, "template_not_found"), ({"chosen": "5" * 24}, 404, "no_stations"),
     ({"all": True, "command": "explode"}, 422, "unknown_command"),
     ({"all": True, "command": "start", "arguments": {"x": 1}}, 422, "invalid"),
     ({"all": True, "arguments": {"connektor": 1}}, 422, "invalid"),
     ({"all": True, "arguments": {"connector": "one"}}, 422, "invalid")],
)  # fmt: skip
def test_what_cannot_be_is_refused(api, make_station, sent, status, code):
    make_station("A")
    answer = api("POST", COMMAND, {"command": "plug", **sent})
    assert (answer[0], answer[1]["code"]) == (status, code), answer
    assert jobs.table().count_documents({}) == 0


def test_each_command_may_be_given_by_whom_it_may_be_given_to_one():
    for name in commanding.LABELS:
        assert commanding.right_of(name) == PART.operations[f"POST /stations/{{identity}}/{name}"]


def test_the_report_as_a_file(api, make_station):
    make_station("=A", running=False, enabled=False)
    make_station("B")
    _, job = api("POST", COMMAND, {"all": True, "command": "start"})
    carry(job["id"])
    text = b"".join(api.client.get(f"/api/jobs/{job['id']}/report").streaming_content).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["station", "result", "message", "answer"]
    assert [row[:2] for row in rows[1:]] == [["'=A", "refused"], ["B", "done"]]
    answer = api.client.get(f"/api/jobs/{job['id']}/report?format=json")
    told = json.loads(b"".join(answer.streaming_content))
    assert (told["state"], [each["station"] for each in told["stations"]]) == ("done", ["=A", "B"])
    assert api("GET", f"jobs/{job['id']}/report", format="xml")[0] == 422


def test_pages_of_results_and_jobs(api, make_station):
    for number in range(7):
        make_station(f"S{number}", enabled=number != 3)
    made = []
    for _ in range(3):
        _, job = api("POST", COMMAND, {"all": True, "command": "start"})
        carry(job["id"])
        made.insert(0, job["id"])
    seen, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        _, page = api("GET", f"jobs/{made[0]}/stations", result="done", limit="4", **more)
        seen += [each["station"] for each in page["items"]]
        if (cursor := page["next"]) is None:
            break
    assert seen == ["S0", "S1", "S2", "S4", "S5", "S6"]
    _, first = api("GET", "jobs", limit="2")
    _, second = api("GET", "jobs", limit="2", cursor=first["next"])
    assert [each["id"] for each in first["items"] + second["items"]] == made
    for wrong in ({"cursor": "???"}, {"cursor": "eA"}, {"result": "odd"}):
        assert api("GET", f"jobs/{made[0]}/stations", **wrong)[0] == 422
    assert api("GET", "jobs", cursor="eA")[0] == 422
    assert api("GET", "jobs/nothing")[0] == api("GET", "jobs/" + "5" * 24)[0] == 404


def test_a_job_is_stopped_by_who_may_start_it(api, make_station, user):
    make_station("A")
    make_station("B")
    sent = {"all": True, "set": {"vendor": "X"}, "per_second": 0.1}
    _, job = api("POST", EDIT, sent)
    _, token = ApiToken.objects.issue(user, "drives", scopes=["read", "drive"])
    drives = Api(token)
    assert drives("POST", f"jobs/{job['id']}/stop")[0] == 403
    status, told = api("POST", f"jobs/{job['id']}/stop")
    assert (status, told["stopping"]) == (202, True)
    assert carry(job["id"]).state == "stopped"
    assert api("POST", f"jobs/{job['id']}/stop")[0] == 409


# --- changes -------------------------------------------------------------------------------------


def test_a_change_is_made_to_each_by_its_own_rules(api, make_station):
    make_station("A", tags=["n", "old"])
    make_station("B", tags=["old"], password="pw")
    sent = {
        "all": True, "set": {"csms_url": "ws://other/ocpp", "heartbeat_interval": 30},
        "add_tags": ["new"], "remove_tags": ["old"], "region": "10,10,11,11",
    }  # fmt: skip
    status, job = api("POST", EDIT, sent)
    assert status == 202, job
    carry(job["id"])
    rows = {s.identity: s for s in Station.objects.all()}
    assert [rows["A"].tags, rows["B"].tags] == [["n", "new"], ["new"]]
    assert {(s.csms_url, s.heartbeat_interval) for s in rows.values()} == {("ws://other/ocpp", 30)}
    assert all(10 <= s.latitude <= 11 for s in rows.values())
    assert rows["A"].latitude != rows["B"].latitude
    assert rows["B"].has_password  # he may see it


def test_who_may_not_see_secrets_moves_none(make_station, hot, user):
    make_station("B", password="pw")
    _, token = ApiToken.objects.issue(user, "configures", scopes=["read", "configure"])
    configures = Api(token)
    _, job = configures("POST", EDIT, {"all": True, "set": {"csms_url": "ws://other/ocpp"}})
    carry(job["id"])
    assert results(job["id"])["B"] == ("done", "Removed, the link leads elsewhere: password")
    assert not Station.objects.get(identity="B").has_password


def test_a_change_that_one_would_refuse_is_told_before(api, make_station):
    make_station("A")
    make_station("B", ocpp_version="2.0.1")
    sent = {"all": True, "set": {"configuration": {"HeartbeatInterval": "5"}}}
    status, told = api("POST", EDIT, sent, dry_run="true")
    assert (status, told["count"], list(told["refused"])) == (200, 2, ["B"]), told
    status, told = api("POST", EDIT, sent)
    assert (status, list(told["fields"])) == (422, ["B"])
    assert Station.objects.get(identity="A").configuration == {}


@pytest.mark.parametrize(
    "change",
    [{}, {"set": {"identity": "X"}}, {"set": {"serial": "1"}}, {"set": {"colour": "red"}},
     {"set": {"tags": ["a"]}, "add_tags": ["b"]}, {"region": "Atlantis"},
     {"set": {"heartbeat_interval": "often"}}],
)  # fmt: skip
def test_changes_that_cannot_be_are_refused(api, make_station, change):
    make_station("A")
    status, told = api("POST", EDIT, {"all": True, **change})
    assert status == 422 and told["fields"], told


def test_no_secret_of_a_change_is_shown(api, make_station):
    make_station("A")
    sent = {"all": True, "set": {"password": "very secret", "username": "u"}}
    _, job = api("POST", EDIT, sent)
    assert "very secret" not in json.dumps(job)
    carry(job["id"])
    assert Station.objects.get(identity="A").read_secrets()[0] == "very secret"
    rows = [*jobs.table().find(), *jobs.parts().find()]
    trail = list(connection.get_collection("trail").find({"objects": job["id"]}))
    assert trail and "very secret" not in str([rows, trail])


def test_the_trail_says_who_and_of_which(api, make_station):
    for name in ("A", "B"):
        make_station(name)
    connection.get_collection("trail").delete_many({})
    _, job = api("POST", EDIT, {"all": True, "set": {"vendor": "X"}})
    carry(job["id"])
    asked, changed = connection.get_collection("trail").find().sort("_id", 1)
    assert (asked["action"], asked["objects"], asked["actor"]) == ("edit many", [job["id"]], "ada")
    assert (changed["action"], sorted(changed["objects"])) == ("changed", ["A", "B"])
    assert (changed["actor"], changed["act"], changed["page"]) == (
        "ada", asked["act"], "POST /jobs/edit",
    )  # fmt: skip


def test_a_template_of_the_name_is_found_by_it(api, make_station, template):
    other = Template.objects.create(name="Other", csms_url="ws://h")
    make_station("A", template=other)
    status, told = api("POST", COMMAND, {"template": "Other", "command": "start"}, dry_run="true")
    assert (status, told["count"]) == (200, 1)
