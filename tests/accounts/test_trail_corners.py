"""The trail where little is known of who acts, and what it says of what is gone."""

import os
from datetime import UTC, datetime, timedelta

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.trail import keeping, values
from stations.models import Station
from tests.accounts.test_trail import (  # noqa: F401 - fixtures
    URL,
    ask,
    boss,
    files,
    own_folder,
    page,
    put,
    pytestmark,
    trail,
    without_store,
)


def test_a_command_of_a_user_whom_the_system_does_not_know_has_his_number(db, monkeypatch):
    """As in a container that runs with a number of its own."""

    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    monkeypatch.setattr("sys.argv", ["manage.py", "seedscenarios"])
    call_command("seedscenarios")
    found = trail(model="scenarios.scenario", action="created")
    assert {entry["actor"].split("@")[0] for entry in found} == {str(os.getuid())}


def test_what_was_deleted_is_told_with_what_it_had(db):
    group = Group.objects.create(name="Night")
    connection.get_collection("trail").delete_many({})
    group.delete()
    [entry] = trail(action="deleted", objects="Night")
    assert {"field": "name", "old": "Night"} in entry["changes"]


def test_who_is_sent_to_the_log_in_was_refused(boss):  # noqa: F811
    answer = Client().post("/admin/auth/group/add/", {"name": "Night"})
    assert answer.status_code == 302 and not Group.objects.exists()
    [entry] = trail()
    assert (entry["result"], entry["message"]) == ("refused", "Not logged in.")


def test_the_first_entry_that_the_store_takes_again_takes_along_what_waited(
    boss,  # noqa: F811
    own_folder,  # noqa: F811
    monkeypatch,
):
    with monkeypatch.context() as away:
        away.setattr(keeping, "insert", without_store)
        ask(boss, "POST", "stations", {"identity": "CP1", "csms_url": URL})
    [file] = files(own_folder)
    os.utime(file, (0, 0))  # nobody is at it any more
    ask(boss, "POST", "stations", {"identity": "CP2", "csms_url": URL})
    assert Station.objects.count() == 2
    assert {name for entry in trail() for name in entry["objects"]} == {"CP1", "CP2"}


def test_what_an_entry_does_not_have_is_left_empty_on_the_page(page):  # noqa: F811
    put({"actor": "clock"})
    said = page.get("/admin/trail/").content.decode()
    assert "clock" in said and ">None<" not in said and '"None"' not in said


def test_a_moment_as_the_store_has_it_has_not_changed():
    moment = datetime(2026, 12, 1, 9, 30, 0, 123456, UTC)
    stored = moment.replace(microsecond=123000, tzinfo=None)
    assert values.difference({"until": stored}, {"until": moment}, ["until"]) == []
    later = moment + timedelta(seconds=1)
    assert len(values.difference({"until": stored}, {"until": later}, ["until"])) == 1
