"""The pages of charging sessions: filters, totals, exports, one session, and who may see them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import AsyncClient, Client

from messaging.keeping.storing import store_batch
from messaging.queries.sessions import totals
from messaging.records import SessionRecord
from stations.pages import sessions as session_pages
from tests.admin import rows
from tests.admin.users import client_of, make_user
from tests.messaging.conftest import batch_of

pytestmark = pytest.mark.django_db
NOW = datetime.now(UTC).replace(microsecond=0)


def session(name: str, hours_ago: float = 1.0, rev: int = 1, **more) -> SessionRecord:
    begun = (NOW - timedelta(hours=hours_ago)).timestamp()
    update = {
        "id": name, "rev": rev, "station": "CP-1", "connector": 1, "evse": 1, "ocpp": "1.6",
        "transaction_id": f"T-{name}", "id_tag": "TAG", "started": begun, "meter_start": 100,
        "ended": begun + 600, "meter_stop": 1100, "reason": "Local", "energy_wh": 1000,
        "state": "ended", "sample": {"t": begun + 60, "energy_wh": 400, "power_w": 7000.0},
    } | more  # fmt: skip
    return SessionRecord(f"{rev:022d}", update)


ACTIVE = {"ended": None, "meter_stop": None, "reason": None, "state": "active"}


@pytest.fixture
def stored() -> None:
    rows.make_station("CP-1", "connected")
    rows.make_station("CP-2", "charging")
    records = [
        session("a", 1), session("b", 2, station="CP-2", id_tag="OTHER", reason="EVDisconnected"),
        session("c", 3, **ACTIVE), session("d", 30, energy_wh=500),
    ]  # fmt: skip
    store_batch(connection.database, batch_of(records))


@pytest.fixture
def looker() -> Client:
    return client_of(make_user("staff that views"))


def shown(client: Client, query: str) -> list[str]:
    page = client.get(f"/admin/sessions/?{query}")
    assert page.status_code == 200
    text = page.content.decode()
    return [name for name in "abcd" if f"/admin/sessions/of/{name}/" in text]


def downloaded(client: Client, address: str) -> str:
    """The whole of a file: it is streamed in the loop that asks for it."""

    async def ask() -> str:
        browser = AsyncClient()
        browser.cookies = client.cookies
        answer = await browser.get(address)
        assert "attachment" in answer["Content-Disposition"]
        return b"".join([part async for part in answer.streaming_content]).decode()

    return asyncio.run(ask())


def dated(query: str) -> str:
    """`<2.5>`: the time two and a half hours ago. A test's name has no time: processes differ."""
    def moment(hours: re.Match) -> str:
        return f"{NOW - timedelta(hours=float(hours[1])):%Y-%m-%dT%H:%M:%SZ}"

    return re.sub(r"<([\d.]+)>", moment, query)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", "abcd"),
        ("station=CP-2", "b"),
        ("station=CP-1,CP-2", "abcd"),
        ("tag=charging", "b"),
        ("tag=north", "abcd"),
        ("tag=north&station=CP-2", "b"),
        ("tag=nobody-has-it", ""),
        ("id_tag=OTHER", "b"),
        ("transaction_id=T-a", "a"),
        ("state=active", "c"),
        ("reason=EVDisconnected", "b"),
        ("reason=Local&state=ended", "ad"),
        ("from=<2.5>", "ab"),
        ("from=<3.5>&to=<1.5>", "bc"),
    ],
)
def test_the_list_keeps_to_its_filter_and_so_do_totals_and_export(stored, looker, query, names):
    query = dated(query)
    assert shown(looker, query) == list(names)
    counted = looker.get(f"/admin/sessions/totals/?{query}").json()
    assert (counted["sessions"], counted["more"]) == (len(names), False)
    answer = downloaded(looker, f"/admin/sessions/export/?format=json&{query}")
    told = json.loads(answer)
    assert sorted(row["id"] for row in told) == list(names)


@pytest.mark.parametrize("query", ["state=gone", "from=yesterday", "to=9999999-01-01", "cursor=x"])
def test_a_filter_that_makes_no_sense_is_said_and_no_fault(stored, looker, query):
    page = looker.get(f"/admin/sessions/?{query}")
    assert page.status_code == 200 and 'role="alert"' in page.content.decode()
    if "cursor" not in query:
        assert looker.get(f"/admin/sessions/totals/?{query}").status_code == 422
        assert looker.get(f"/admin/sessions/export/?{query}").status_code == 422


def test_the_list_goes_on_where_it_ended(stored, looker, monkeypatch):
    monkeypatch.setattr(session_pages, "PAGE", 2)
    page = looker.get("/admin/sessions/?station=CP-1").content.decode()
    assert "/of/a/" in page and "/of/c/" in page and "/of/d/" not in page
    following = page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    page = looker.get(f"/admin/sessions/{following}").content.decode()
    assert "/of/d/" in page and "/of/a/" not in page and 'rel="next"' not in page


def test_totals_are_of_so_many_and_say_so(stored, looker, monkeypatch):
    monkeypatch.setattr(session_pages, "MOST_COUNTED", 2)
    counted = looker.get("/admin/sessions/totals/").json()
    assert (counted["sessions"], counted["more"]) == (2, True)


def test_totals_add_up_and_have_means_of_what_ended():
    made = [
        {"energy_wh": 3000, "started": NOW, "ended": NOW + timedelta(seconds=60),
         "reason": "Local"},
        {"energy_wh": 1000, "started": NOW, "ended": NOW + timedelta(seconds=120)},
        {"energy_wh": None, "started": NOW, "ended": None},
    ]  # fmt: skip
    assert totals(made) == {
        "sessions": 3, "active": 1, "energy_wh": 4000, "mean_energy_wh": 1333,
        "mean_seconds": 90.0, "reasons": {"Local": 1, "unknown": 1},
    }  # fmt: skip
    assert totals([])["mean_energy_wh"] is None


def test_exports_have_every_session_and_no_formula(stored, looker, monkeypatch):
    monkeypatch.setattr("messaging.queries.sessions.EACH", 1)  # page after page
    bad = session("e", 5, id_tag="=1+1")
    store_batch(connection.database, batch_of([bad]))
    answer = downloaded(looker, "/admin/sessions/export/?format=csv")
    table = list(csv.DictReader(io.StringIO(answer)))
    assert [row["id"] for row in table] == ["a", "b", "c", "e", "d"]
    assert table[3]["id_tag"] == "'=1+1" and table[0]["energy_wh"] == "1000"
    none = downloaded(looker, "/admin/sessions/export/?format=json&station=nobody")
    assert json.loads(none) == []


def test_a_session_has_its_page_and_its_meter_values_as_files(stored, looker):
    more = session("a", 1, rev=2, sample={"t": NOW.timestamp(), "energy_wh": 900, "soc": 50.0})
    store_batch(connection.database, batch_of([more]))
    page = looker.get("/admin/sessions/of/a/").content.decode()
    assert "T-a" in page and 'data-chart="power"' in page
    assert "mode=history&amp;from=" in page and "Live messages" not in page
    assert "Live messages" in looker.get("/admin/sessions/of/c/").content.decode()
    table = downloaded(looker, "/admin/sessions/of/a/readings/?format=csv")
    told = list(csv.DictReader(io.StringIO(table)))
    assert [row["energy_wh"] for row in told] == ["400", "900"] and told[1]["soc"] == "50.0"
    whole = downloaded(looker, "/admin/sessions/of/a/readings/?format=json")
    assert json.loads(whole)["samples"][0]["power_w"] == 7000.0
    for address in ("/admin/sessions/of/nobody/", "/admin/sessions/of/nobody/readings/"):
        assert looker.get(address).status_code == 404


def test_who_may_not_see_messages_has_no_way_to_them_on_a_session(stored):
    user = make_user("staff with none")
    user.user_permissions.set(Permission.objects.filter(codename="view_transaction"))
    page = client_of(user).get("/admin/sessions/of/c/").content.decode()
    assert "/admin/live/" not in page and 'id="fg-messages"' not in page
    assert "/admin/stations/station/" not in page  # nor to the station


def test_the_live_view_is_preset_by_a_link(looker):
    page = looker.get(
        "/admin/live/?station=CP-1&mode=history&from=1700000000&to=x&action=Authorize"
    )
    text = page.content.decode()
    assert 'data-from="1700000000" data-to=""' in text and 'value="Authorize"' in text
