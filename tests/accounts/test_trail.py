"""The trail: what an entry says, who may read it, and that none is lost."""

from __future__ import annotations

import csv
import io
import json
import os
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import Group, Permission, User
from django.core.asgi import get_asgi_application
from django.core.management import call_command
from django.db import connection
from django.test import AsyncClient, Client
from pymongo.errors import ServerSelectionTimeoutError

from accounts.models import ApiToken
from accounts.tasks import look_after_trail
from accounts.trail import acts, keeping, values
from accounts.trail.acts import Act, acting, new_id, note, time_of
from accounts.trail.middleware import Crowd
from accounts.trail.reading import Wanted, ensure_indexes, read_page
from emulator.web.proxies import BehindProxies
from scenarios.models import Execution
from scenarios.tasks import tidy_executions
from stations.configuration import changes
from stations.models import Station, Template

pytestmark = pytest.mark.django_db
URL = "ws://127.0.0.1:9/ocpp"
SECRET = "open-sesame-17"


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path, monkeypatch):
    settings.DATA_DIR = tmp_path
    # Tests before may have been a crowd of strangers.
    monkeypatch.setattr("accounts.trail.middleware._crowd", Crowd())
    ensure_indexes(connection.database)
    yield tmp_path
    assert not list(tmp_path.glob("trail/*")), "files of the trail are left"


def trail(**wanted: Any) -> list[dict]:
    return list(connection.get_collection("trail").find(wanted).sort("_id", 1))


@pytest.fixture
def boss(db) -> Client:
    user = User.objects.create_superuser("boss", password=SECRET)
    token = ApiToken.objects.issue(user, "ci")[1]
    connection.get_collection("trail").delete_many({})
    return Client(headers={"Authorization": f"Bearer {token}"})


def ask(client: Client, method: str, path: str, body: Any = None, **more: Any):
    text = "" if body is None else json.dumps(body)
    return client.generic(method, f"/api/{path}", text, "application/json", **more)


def read(client: Client, **query: Any) -> list[dict]:
    answer = client.get("/api/trail", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


# --- what an entry says ----------------------------------------------------------------------


def test_an_entry_says_who_when_from_where_by_what_on_what_and_how_it_ended(boss):
    before = datetime.now(UTC)
    body = {"identity": "CP1", "csms_url": URL, "vendor": "Acme", "password": SECRET}
    assert ask(boss, "POST", "stations", body, REMOTE_ADDR="10.1.2.3").status_code == 201
    [made] = read(boss)
    hint = ApiToken.objects.get().hint
    assert {name: made[name] for name in (
        "via", "page", "actor", "address", "token", "action", "model", "objects", "result",
        "status",
    )} == {
        "via": "api", "page": "POST /stations", "actor": "boss", "address": "10.1.2.3",
        "token": f"ci ({hint}…)", "action": "created", "model": "stations.station",
        "objects": ["CP1"], "result": "done", "status": 201,
    }  # fmt: skip
    when = datetime.fromisoformat(made["time"])
    assert before - timedelta(seconds=1) < when < datetime.now(UTC) + timedelta(seconds=1)
    assert {"field": "vendor", "old": None, "new": "Acme"} in made["changes"]
    assert {"field": "password", "old": None, "new": "changed"} in made["changes"]


def test_a_change_has_the_old_and_the_new_value(boss):
    Station.objects.create(identity="CP1", csms_url=URL, vendor="Old", tags=["a"])
    ask(boss, "PATCH", "stations/CP1", {"vendor": "New", "tags": ["a", "b"]})
    [entry] = trail(action="changed")
    assert entry["changes"] == [
        {"field": "vendor", "old": "Old", "new": "New"},
        {"field": "tags", "old": ["a"], "new": ["a", "b"]},
    ]


def test_the_old_value_is_the_one_that_was_replaced_not_the_one_that_was_read(boss):
    """By whoever writes last: the row was read before another's change of another field."""
    Station.objects.create(identity="CP1", csms_url=URL, name="one")
    late = Station.objects.get(identity="CP1")
    changes.change("CP1", lambda row: setattr(row, "name", "two"), None)
    late.revision, late.name = 2, "three"
    late.store()
    assert trail(action="changed")[-1]["changes"] == [
        {"field": "name", "old": "two", "new": "three"}
    ]


def test_no_secret_stands_in_the_trail_nor_anything_made_of_one(boss):
    user = User.objects.create_user("ada", password="another one 17")
    station = Station(identity="CP1", csms_url=URL, proxy_url="http://p:1", proxy_username="p")
    station.set_password(SECRET)
    station.save()
    ask(boss, "PATCH", "stations/CP1", {
        "csms_url": f"{URL}?token={SECRET}", "password": SECRET * 2, "proxy_password": SECRET,
        "configuration": {
            "AuthorizationKey": SECRET, "HeartbeatInterval": "30"},
    })  # fmt: skip
    user.set_password(SECRET)
    user.save()
    ask(boss, "POST", "stations/CP1/messages", {"text": json.dumps(
        [2, "1", "ChangeConfiguration", {"key": "AuthorizationKey", "value": SECRET}])})
    ask(boss, "POST", "auth/login", {"username": "boss", "password": SECRET})
    ask(boss, "POST", "auth/login", {"username": "ada", "password": SECRET + "x"})
    row = Station.objects.get(identity="CP1")
    user.refresh_from_db()
    text = json.dumps(trail(), default=str)
    hidden = [SECRET, row.password_encrypted, row.proxy_password_encrypted, user.password]
    hidden += [token.digest for token in ApiToken.objects.all()]
    assert not [each for each in hidden if each and each in text]
    [entry] = trail(action="changed", model="stations.station")
    assert {"field": "password", "new": "changed"} in entry["changes"]
    assert {"field": "proxy_password", "new": "changed"} in entry["changes"]
    [configured] = [each for each in entry["changes"] if each["field"] == "configuration"]
    assert configured["new"] == {"AuthorizationKey": "***", "HeartbeatInterval": "30"}
    [changed] = trail(action="changed", model="auth.user", objects="ada")
    assert changed["changes"] == [{"field": "password", "new": "changed"}]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("ws://csms/ocpp?token=abc&site=7#x", "ws://csms/ocpp?token=***&site=***#x"),
        ("ws://csms/ocpp?token=abc%20d/e?f=g", "ws://csms/ocpp?token=***"),
        ("http://[::1]:81/x?=abc", "http://[::1]:81/x?=***"),
        ({"a": ['see "ws://x/?t=ab\\" there', 7]}, {"a": ['see "ws://x/?t=***\\" there', 7]}),
        ("is a?b=c an address, or ://?", "is a?b=c an address, or ://?"),
    ],
)
def test_what_stands_in_the_query_of_an_address_is_hidden(told, kept):
    assert values.shown("csms_url", told) == kept
    assert values.shown("csms_url", [told, "-" * values.OFTEN])[0] == kept


def test_what_is_long_is_cut_and_says_so():
    [change] = values.difference({}, {"steps": ["x" * 5000]}, ["steps"])
    assert len(change["new"]) < 1100 and change["new"].endswith("(5004 characters)")
    many = [{"field": f"f{n}", "new": "y" * 900} for n in range(100)]
    kept = values.bounded(many)
    assert len(json.dumps(kept)) < 20_000 and "more fields" in kept[-1]["new"]


def test_log_ins_log_outs_and_their_failures(boss):
    User.objects.create_user("ada", password="lovelace", is_staff=True)
    page = Client(REMOTE_ADDR="10.9.9.9")
    page.post("/admin/login/", {"username": "ada", "password": "wrong"})
    page.post("/admin/login/", {"username": "ada", "password": "lovelace"})
    session = page.cookies["sessionid"].value
    page.post("/admin/logout/")
    given = {"username": "ada", "password": "lovelace"}
    token = ask(Client(), "POST", "auth/login", given).json()["token"]
    ask(Client(headers={"Authorization": f"Bearer {token}"}), "POST", "auth/logout")
    told = [(e["via"], e["action"], e.get("actor", ""), e["result"]) for e in trail(objects="ada")]
    told = [each for each in told if "log" in each[1]]
    assert told == [
        ("admin", "log-in failed", "", "refused"), ("admin", "logged in", "ada", "done"),
        ("admin", "logged out", "ada", "done"), ("api", "logged in", "ada", "done"),
        ("api", "logged out", "ada", "done"),
    ]  # fmt: skip
    failed, entered = trail(objects="ada", via="admin")[:2]
    assert failed["address"] == entered["address"] == "10.9.9.9"
    left = trail(action="logged out", via="admin")[0]
    assert len(left["session"]) == 8 and left["session"] not in session
    assert session not in json.dumps(trail(), default=str)


def test_who_tries_too_often_is_told_of(boss):
    User.objects.create_user("ada", password="lovelace")
    for _ in range(6):
        ask(Client(), "POST", "auth/login", {"username": "ada", "password": "x"})
    last = trail(action="log-in failed")[-1]
    assert (last["status"], last["result"]) == (429, "refused")
    assert "Too many" in last["message"]


def test_groups_of_users_and_rights_of_groups(boss):
    ada, group = User.objects.create_user("ada"), Group.objects.create(name="Night")
    connection.get_collection("trail").delete_many({})
    ada.groups.add(group)
    group.user_set.remove(ada)
    ada.groups.set([group])
    ada.groups.clear()
    told = [entry["changes"][0] for entry in trail(objects="ada")]
    added, removed = {"field": "groups", "new": ["Night"]}, {"field": "groups", "old": ["Night"]}
    assert told == [added, removed, added, removed]


def test_a_command_line_says_what_was_run_and_by_whom(boss, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["manage.py", "seedscenarios"])
    call_command("seedscenarios")
    found = trail(model="scenarios.scenario", action="created")
    assert found and {(e["via"], e["page"]) for e in found} == {
        ("command", "manage.py seedscenarios")
    }
    assert "@" in found[0]["actor"]


def test_a_refusal_says_what_was_refused_and_why(boss):
    ask(boss, "POST", "stations", {"identity": "CP1", "csms_url": "nonsense"})
    [entry] = trail()
    assert (entry["result"], entry["status"], entry["page"]) == ("refused", 422, "POST /stations")
    assert "csms_url" in entry["message"]
    ask(boss, "DELETE", "stations/CP9")
    [entry] = trail(status=404)
    assert (entry["model"], entry["objects"]) == ("stations.station", ["CP9"])


def test_secrets_that_are_exported_leave_an_entry_though_nothing_changes(boss):
    Station.objects.create(identity="CP1", csms_url=URL)
    connection.get_collection("trail").delete_many({})
    boss.get("/api/stations/export")
    assert trail() == []
    boss.get("/api/stations/export?secrets=true")
    [entry] = trail()
    assert (entry["action"], entry["objects"]) == ("export with secrets", ["CP1"])


def test_what_runs_in_an_execution_is_told_by_it():
    act = Act(acts.SCENARIO, "scenario happy", "ada", execution="e1", keep=keeping.keep_later)
    entered = acts.enter(act)
    for name in ("CP1", "CP2", "CP3"):
        note("plug", "stations.station", [name], details={"args": {"connector": 1}})
    note("plug", "stations.station", ["CP4"], result=acts.REFUSED, message="no_worker: none")
    acts.leave(entered)
    assert trail() == []
    keeping.flush()
    done, refused = trail()
    assert (done["objects"], refused["objects"]) == (["CP1", "CP2", "CP3"], ["CP4"])
    assert (done["actor"], done["execution"], done["via"]) == ("ada", "e1", "scenario")
    assert act.words() == f"ada, scenario happy, execution e1 [{act.id}]"


# --- many at once ----------------------------------------------------------------------------


class Writes:
    """Commands that the driver sends to the trail's collection."""

    def __init__(self, monkeypatch) -> None:
        self.sizes: list[int] = []
        insert = keeping.insert

        def counted(entries: list) -> None:
            self.sizes.append(len(entries))
            insert(entries)

        monkeypatch.setattr(keeping, "insert", counted)


def test_two_thousand_stations_are_few_entries_and_one_write(boss, monkeypatch):
    Template.objects.create(name="T", csms_url=URL)
    writes = Writes(monkeypatch)
    body = {"template": "T", "pattern": "B-{n:04}", "count": 2000}
    assert ask(boss, "POST", "stations/bulk", body).status_code == 201
    names = [f"B-{n:04}" for n in range(1, 2001)]
    found = trail(action="created", model="stations.station")
    assert [name for entry in found for name in entry["objects"]] == names
    assert (len(found), writes.sizes) == (4, [4])
    names = names[:600]
    assert changes.set_running(names, True) == 600
    assert writes.sizes == [4, 2]
    assert trail(action="start")[0]["details"] == {"changed": 600, "of": 600}
    with acting(Act(acts.API, "DELETE")):
        changes.delete(names)
    gone = trail(action="deleted")
    assert writes.sizes == [4, 2, 2] and sum(len(e["objects"]) for e in gone) == 600
    assert {"field": "csms_url", "old": URL} in gone[0]["changes"]


def test_an_import_tells_each_station_what_is_its_own_and_writes_once(boss, monkeypatch):
    Station.objects.create(identity="OLD", csms_url=URL, vendor="Was")
    connection.get_collection("trail").delete_many({})
    writes = Writes(monkeypatch)
    stations = [{"identity": f"I-{n}", "csms_url": URL, "serial": f"S{n}"} for n in range(50)]
    stations.append({"identity": "OLD", "csms_url": URL, "vendor": "Is"})
    answer = ask(boss, "POST", "stations/import?on_existing=update", stations)
    assert answer.status_code == 200, answer.content
    assert writes.sizes == [51]
    [seventh] = trail(objects="I-7")
    assert {"field": "serial", "new": "S7"} in seventh["changes"]
    [updated] = trail(objects="OLD")
    assert {"field": "vendor", "old": "Was", "new": "Is"} in updated["changes"]


# --- none is lost ----------------------------------------------------------------------------


def without_store(entries: list) -> None:
    raise ServerSelectionTimeoutError("no server")


def files(folder) -> list:
    return sorted(folder.glob("trail/*.jsonl"))


def age(folder) -> None:
    old = time.time() - 2 * keeping.LEFT_AFTER
    for file in files(folder):
        os.utime(file, (old, old))


def test_a_store_that_takes_no_entry_fails_no_action_and_loses_no_entry(
    boss, own_folder, monkeypatch, caplog
):
    with monkeypatch.context() as away:
        away.setattr(keeping, "insert", without_store)
        body = {"identity": "CP1", "csms_url": URL}
        assert ask(boss, "POST", "stations", body).status_code == 201
    assert Station.objects.filter(identity="CP1").exists() and trail() == []
    [file] = files(own_folder)
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert "wait on disk" in caplog.text
    look_after_trail()
    assert trail() == []  # it may be somebody's who is not done yet
    age(own_folder)
    look_after_trail()
    [entry] = trail()
    assert (entry["objects"], entry["status"], entry["actor"]) == (["CP1"], 201, "boss")
    assert abs(entry["time"] - datetime.now(UTC).replace(tzinfo=None)) < timedelta(minutes=5)


def test_a_process_that_dies_between_the_change_and_the_answer_loses_no_entry(own_folder):
    act = Act(acts.API, "POST /stations", "ada")
    entered = acts.enter(act)
    note("created", "stations.station", ["CP1"])
    acts.leave(entered)  # killed here: nobody ends the act
    assert trail() == [] and len(files(own_folder)) == 1
    age(own_folder)
    assert keeping.take_up() == 1
    [entry] = trail()
    assert (entry["objects"], entry["actor"]) == (["CP1"], "ada")


def test_what_was_written_before_a_kill_is_not_there_twice(own_folder):
    entries = acts.entries_of(Act(acts.API), "created", "stations.station", ["CP1"])
    keeping.remember("a" * 22, entries)
    with (own_folder / "trail" / f"{'a' * 22}.jsonl").open("a") as file:
        file.write('{"_id": "cut of')
    keeping.insert(entries)
    age(own_folder)
    keeping.take_up()
    assert len(trail()) == 1


def test_without_a_disk_and_without_a_store_the_log_of_the_process_has_it(
    settings, monkeypatch, caplog, own_folder
):
    settings.DATA_DIR = own_folder / "file"
    settings.DATA_DIR.write_text("no folder")
    monkeypatch.setattr(keeping, "insert", without_store)
    with acting(Act(acts.API, "POST /stations", "ada")):
        note("created", "stations.station", ["CP1"])
    assert '"objects": ["CP1"]' in caplog.text


def test_strangers_make_no_more_than_some_entries_a_minute():
    crowd = Crowd(3)
    assert [crowd.admits(60.0 + n)[0] for n in range(5)] == [True, True, True, False, False]
    assert crowd.admits(121.0) == (True, 2)
    assert crowd.admits(122.0) == (True, 0)


def test_a_stranger_is_told_of_up_to_that(db, monkeypatch):
    monkeypatch.setattr("accounts.trail.middleware._crowd", Crowd(2))
    for _ in range(5):
        assert ask(Client(), "POST", "templates", {}).status_code == 401
        assert ask(Client(), "POST", "no/such/address", {}).status_code == 404
    assert [(e["status"], e["page"], e["result"]) for e in trail()] == [
        (401, "POST /templates", "refused")
    ] * 2


def test_what_a_stranger_is_not_told_of_waits_nowhere(db, monkeypatch, own_folder):
    """A failed log-in is on disk before its answer; one too many is taken from there."""
    monkeypatch.setattr("accounts.trail.middleware._crowd", Crowd(1))
    for name in ("ada", "bob"):
        assert ask(Client(), "POST", "auth/login", {"username": name, "password": "x"}).status_code
    assert [entry["objects"] for entry in trail()] == [["ada"]]
    assert not list(own_folder.glob("trail/*"))


# --- reading ---------------------------------------------------------------------------------


def put(*entries: dict) -> None:
    made = []
    for number, entry in enumerate(entries):
        identity = new_id(entry.pop("at", time.time() - number))
        made.append({"_id": identity, "time": time_of(identity), "act": identity, "via": "api",
                     "action": "changed", "result": "done"} | entry)  # fmt: skip
    keeping.insert(made)


FILTERS = [
    ({"actor": "ada"}, [0, 1]), ({"object": "CP2"}, [0]), ({"result": "refused"}, [1]),
    ({"page": "admin:STATIONS"}, [0]), ({"message": "HELD"}, [1]), ({"via": "admin"}, [0]),
    ({"action": "deleted"}, [3]), ({"model": "auth.user"}, [2]), ({"address": "10.0.0.1"}, [2]),
    ({"actor": "ada", "result": "done"}, [0]), ({"token": "ci"}, [3]), ({"session": "ab"}, [2]),
    ({"execution": "e1"}, [3]), ({"object": "CP2", "result": "refused"}, []),
]  # fmt: skip


def test_filters(boss):
    put(
        {"actor": "ada", "via": "admin", "page": "admin:stations_station_change",
         "objects": ["CP1", "CP2"]},
        {"actor": "ada", "result": "refused", "message": "It is held back"},
        {"actor": "eve", "model": "auth.user", "address": "10.0.0.1", "session": "ab"},
        {"action": "deleted", "token": "ci", "execution": "e1"},
    )  # fmt: skip
    everything = [item["id"] for item in read(boss)]
    assert len(everything) == 4
    for query, wanted in FILTERS:
        assert [everything.index(item["id"]) for item in read(boss, **query)] == wanted, query
    [old] = read(boss, act=everything[2])
    assert read(boss, to=old["time"])[0]["id"] == everything[3]
    assert [i["id"] for i in read(boss, **{"from": old["time"]})] == everything[:3]
    assert boss.get("/api/trail", {"via": "post"}).json()["fields"] == {
        "via": f"Use one of {', '.join(acts.VIAS)}."
    }
    assert boss.get("/api/trail", {"cursor": "x"}).status_code == 422


def test_pages_have_every_entry_once_over_a_year_of_them(boss):
    now = time.time()
    ages = [n * 3600 * (1 + n) for n in range(90)]  # nearly all of a year, ever thinner
    put(*({"at": now - age, "actor": f"u{n % 3}"} for n, age in enumerate(ages)))
    got, cursor, rounds = [], "", 0
    while cursor is not None:
        page = boss.get("/api/trail", {"limit": 7, "cursor": cursor, "actor": "u1"}).json()
        got += [item["id"] for item in page["items"]]
        cursor, rounds = page["next"], rounds + 1
        assert rounds < 500
    assert len(got) == len(set(got)) == 30 and got == sorted(got, reverse=True)


def test_a_page_that_runs_out_of_time_goes_on_where_it_was(boss):
    now = time.time()
    put(*({"at": now - n * 360} for n in range(20)))
    got, cursor = [], ""
    while cursor is not None:
        page = read_page(Wanted(since=time_of(new_id(now - 7200))), 5, cursor, seconds=0.0)
        got += page.items
        cursor = page.next
    assert len(got) == 20


def test_downloads(boss):
    put(*({"actor": f"=cmd{n}", "objects": ["A", "B"], "changes": [{"field": "x", "new": n}]}
          for n in range(1200)))  # fmt: skip
    answer = boss.get("/api/trail/export", {"format": "jsonl"})
    assert answer["Content-Disposition"] == 'attachment; filename="trail.jsonl"'
    lines = [json.loads(line) for line in b"".join(answer).splitlines()]
    assert len(lines) == 1200 and lines[0]["changes"] == [{"field": "x", "new": 0}]
    answer = boss.get("/api/trail/export", {"format": "csv", "limit": 600})
    text = b"".join(answer).decode()
    assert "# more:" in text
    table = list(csv.DictReader(io.StringIO(text)))
    assert (table[0]["objects"], table[0]["actor"]) == ("A B", "'=cmd0")  # no formula
    assert len(table) == 601
    assert boss.get("/api/trail/export", {"format": "xml"}).status_code == 422


@pytest.mark.django_db(transaction=True)
async def test_the_download_is_made_as_it_is_read(db):
    def made() -> str:
        put(*({} for _ in range(3)))
        return ApiToken.objects.issue(User.objects.create_superuser("root"))[1]

    token = await sync_to_async(made)()
    headers = {"Authorization": f"Bearer {token}"}
    answer = await AsyncClient().get("/api/trail/export", headers=headers)
    assert answer.is_async
    parts = [part async for part in answer.streaming_content]
    assert len(b"".join(parts).splitlines()) >= 3


def test_what_is_older_than_the_setting_goes(boss, settings, monkeypatch):
    settings.TRAIL_RETENTION_DAYS = 10
    now = time.time()
    put(*({"at": now - age * 86400} for age in (400, 11, 9, 0)))
    monkeypatch.setattr("accounts.trail.reading.DELETE_AT_ONCE", 1)
    assert look_after_trail() == 2
    assert len(trail()) == 2 and look_after_trail() == 0
    indexes = connection.get_collection("trail").index_information().values()
    assert not any("expireAfterSeconds" in index for index in indexes)


# --- the page --------------------------------------------------------------------------------


@pytest.fixture
def page(boss) -> Client:
    client = Client()
    client.force_login(User.objects.get(username="boss"))
    return client


def test_the_page_shows_entries_by_filter_and_leads_to_the_older(page):
    put(*({"actor": f"<b>u{n % 2}</b>", "page": "POST /stations", "objects": [f"CP{n}"] * 7,
           "changes": [{"field": "vendor", "old": "Was<i>", "new": "Is"}]}
          for n in range(120)))  # fmt: skip
    said = page.get("/admin/trail/", {"actor": "<b>u1</b>"}).content.decode()
    assert "&lt;b&gt;u1&lt;/b&gt;" in said and "<b>u1" not in said
    assert "CP1," in said and "and 2 more" in said and "CP2," not in said
    assert "Was&lt;i&gt;" in said and "POST /stations" in said
    assert "/api/trail/export?format=csv&amp;actor=%3Cb%3Eu1%3C%2Fb%3E" in said
    [older] = [part.split('"')[0] for part in said.split('href="?')[1:] if "cursor" in part]
    rest = page.get("/admin/trail/?" + older.replace("&amp;", "&")).content.decode()
    assert "CP119," in rest and "CP1," not in rest and 'href="?' not in rest


def test_the_page_tells_moments_with_their_zone(page):
    # A browser takes a moment without a zone for its own.
    put({"time": datetime(2026, 11, 29, 6, 31, 29, tzinfo=UTC)})
    said = page.get("/admin/trail/").content.decode()
    assert '<time datetime="2026-11-29T06:31:29+00:00">' in said


@pytest.mark.parametrize(
    "query", ["since=nonsense", "via=post", "cursor=%00", "since=2026-11-29T06:00", "act=(*"]
)
def test_strange_filters_are_no_failure(page, query):
    put({})
    assert page.get(f"/admin/trail/?{query}").status_code == 200


def test_who_has_no_right_to_it_sees_neither_page_nor_api_nor_link(page):
    eve = User.objects.create_user("eve", is_staff=True)
    client = Client()
    client.force_login(eve)
    assert client.get("/admin/trail/").status_code == 403
    assert client.get("/api/trail").status_code == 403
    assert client.get("/api/trail/export").status_code == 403
    assert "/admin/trail/" not in client.get("/admin/").content.decode()
    assert "/admin/trail/" in page.get("/admin/").content.decode()
    assert "/admin/trail/" in Client().get("/admin/trail/").url


def test_a_stations_page_has_its_own_last_entries_for_who_may_see_the_trail(page, boss):
    for name in ("CP1", "CP2"):
        Station.objects.create(identity=name, csms_url=URL, vendor="Acme")
    for number in range(12):
        ask(boss, "PATCH", "stations/CP1", {"name": f"name {number}"})
    row = Station.objects.get(identity="CP1")
    address = f"/admin/stations/station/{row.pk}/change/"
    said = page.get(address).content.decode()
    panel = said.split('id="station-trail"')[1].split("</section>")[0]
    assert panel.count("<tr>") == 11 and "name 11" in panel and "CP2" not in panel
    assert "/admin/trail/?model=stations.station&amp;object=CP1" in panel
    eve = User.objects.create_user("eve", is_staff=True)
    eve.user_permissions.set(Permission.objects.filter(codename="view_station"))
    client = Client()
    client.force_login(eve)
    assert "station-trail" not in client.get(address).content.decode()


# --- from where, and whose frames --------------------------------------------------------------


async def asked_through(peer: str, told: str) -> int:
    """POST to the application as a proxy at `peer` sends it; the status."""
    headers = [(b"host", b"localhost"), (b"x-forwarded-for", told.encode())]
    scope = {"type": "http", "http_version": "1.1", "method": "POST", "path": "/api/templates",
             "raw_path": b"/api/templates", "query_string": b"", "headers": headers,
             "client": [peer, 5000], "server": ["localhost", 80], "scheme": "http"}  # fmt: skip
    application = ApplicationCommunicator(
        BehindProxies(get_asgi_application(), ["10.0.0.0/8"]), scope
    )
    await application.send_input({"type": "http.request", "body": b"{}"})
    return (await application.receive_output(timeout=60))["status"]


@pytest.mark.django_db(transaction=True)
async def test_the_address_is_the_one_that_a_trusted_proxy_tells_and_nobody_elses(db):
    assert await asked_through("10.0.0.1", "203.0.113.9") == 401
    assert await asked_through("198.51.100.7", "203.0.113.9") == 401
    told = await sync_to_async(trail)(page="POST /templates")
    assert [entry["address"] for entry in told] == ["203.0.113.9", "198.51.100.7"]


def test_a_command_takes_along_who_gives_it(boss, monkeypatch):
    """As the message log has it of the frame that comes of it; see tests/stations/fleet."""
    causes = []

    async def answered(shard, identities, name, args, timeout, cause):
        causes.append((name, cause))
        return dict.fromkeys(identities, {"result": {}})

    monkeypatch.setattr("stations.orders.commands._ask", answered)
    Station.objects.create(identity="CP1", csms_url=URL, running=True)
    assert ask(boss, "POST", "stations/CP1/messages", {"text": "[2]"}).status_code == 200
    [entry] = trail(action="message")
    hint = ApiToken.objects.get().hint
    assert causes == [("message", f"boss, API, token ci ({hint}…) [{entry['act']}]")]
    assert entry["details"] == {"args": {"text": "[2]"}}


def test_what_goes_by_its_age_leaves_no_entry():
    row = Execution.objects.create(scenario_slug="one", scenario_name="One", state="passed")
    old = datetime.now(UTC) - timedelta(days=900)
    Execution.objects.filter(pk=row.pk).update(created=old)
    tidy_executions()
    assert not Execution.objects.exists()
    assert trail(model="scenarios.execution") == []
