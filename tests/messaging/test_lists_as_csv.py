"""Lists of the API as CSV: all rows of a filter in one stream, and no formula in a cell."""

from __future__ import annotations

import csv
import io
import json

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient, AsyncRequestFactory, RequestFactory

from accounts import tables
from accounts.models import ApiToken
from messaging import api as messaging_api
from messaging.queries import sessions
from messaging.records import SessionRecord
from runtime import spreadsheets
from runtime.stores import STORE_ERRORS
from tests.messaging.test_api import NOW, api, caller, log, record  # noqa: F401 - fixtures


def rows(answer) -> list[dict[str, str]]:
    status, body = answer
    assert status == 200, body
    return list(csv.DictReader(io.StringIO(body.decode())))


def session(number: int, **changes) -> SessionRecord:
    told = {
        "id": f"s{number}", "rev": 1, "station": "CP1", "connector": 1, "evse": 1, "ocpp": "1.6",
        "transaction_id": str(number), "id_tag": "TAG", "started": NOW + number, "meter_start": 0,
        "ended": NOW + number + 60, "meter_stop": 500, "reason": "Local", "energy_wh": 500,
        "state": "ended", "sample": None,
    }  # fmt: skip
    return SessionRecord(f"{number:022}", told | changes)


def test_messages_as_csv_are_those_of_all_pages(api, log, monkeypatch):  # noqa: F811
    monkeypatch.setattr(messaging_api, "PAGE", 3)
    made = [record(n, text=f'[2,"{n}","Heartbeat",{{}}]') for n in range(8)]
    log([*made, record(99, station="OTHER", text="=cmd()")])
    found = rows(api("GET", "messages", format="csv", station="CP1", order="oldest"))
    assert [row["id"] for row in found] == [one.id for one in made]
    assert found[0]["text"] == made[0].text
    newest = rows(api("GET", "messages/search", format="csv", q="heartbeat"))
    assert [row["id"] for row in newest] == [one.id for one in made[::-1]]
    after = rows(api("GET", "messages", format="csv", station="CP1", cursor=made[5].id))
    assert [row["id"] for row in after] == [one.id for one in made[4::-1]]
    [formula] = rows(api("GET", "messages", format="csv", station="OTHER"))
    assert formula["text"] == "'=cmd()"


def test_secrets_in_messages_are_hidden_in_csv_too(log, django_user_model):  # noqa: F811
    from emulator.groups import make_group

    secret = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"sesame"}]'
    log([record(1, action="ChangeConfiguration", direction="received", text=secret)])
    viewer = django_user_model.objects.create_user("vera")
    viewer.groups.add(make_group("Viewer"))
    status, body = caller(viewer)("GET", "messages", format="csv")
    assert status == 200 and b"AuthorizationKey" in body and b"sesame" not in body


def test_sessions_as_csv_are_those_of_all_pages(api, log, monkeypatch):  # noqa: F811
    monkeypatch.setattr(sessions, "EACH", 2)
    log([*(session(n) for n in range(5)), session(9, station="+1", reason="EVDisconnected")])
    found = rows(api("GET", "transactions", format="csv"))
    assert [row["id"] for row in found] == ["s9", "s4", "s3", "s2", "s1", "s0"]
    assert (found[0]["station"], found[1]["energy_wh"]) == ("'+1", "500")
    assert found[1]["started"].endswith("Z") or "+00:00" in found[1]["started"]
    only = rows(api("GET", "transactions", format="csv", reason="EVDisconnected"))
    assert [row["id"] for row in only] == ["s9"]
    assert api("GET", "transactions", format="csv", cursor="x")[0] == 422
    assert api("GET", "transactions", format="xml")[0] == 422


@pytest.mark.parametrize(
    ("accept", "given", "as_csv"),
    [("text/csv", "", True), ("text/csv", "json", False), ("*/*", "", False), ("", "", False),
     ("application/json, text/csv;q=0.5", "", False), ("text/csv, */*;q=0.1", "", True),
     ("application/json", "csv", True)],
)  # fmt: skip
def test_who_wants_csv(accept, given, as_csv):
    headers = {"Accept": accept} if accept else {}
    assert tables.is_csv(RequestFactory().get("/", headers=headers), given) is as_csv


def test_the_header_accept_is_enough(log, django_user_model):  # noqa: F811
    _, token = ApiToken.objects.issue(django_user_model.objects.create_superuser("ada"), "t")
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/csv"}
    answer = async_to_sync(AsyncClient().get)("/api/transactions", headers=headers)
    assert answer.headers["Content-Type"] == tables.TYPE
    assert 'filename="sessions.csv"' in answer.headers["Content-Disposition"]


def test_a_file_that_is_not_whole_says_so():
    def written(items, form="csv", size=2):
        async def whole() -> bytes:
            pages = tables.in_pages(items, size)
            found = spreadsheets.rows(("a",), pages, form, most=4)
            return b"".join([part async for part in found])

        return async_to_sync(whole)().decode().splitlines()

    lines = written({"a": n} for n in range(5))
    assert lines[:5] == ["a", *"0123"] and lines[5].startswith("# more: ") and len(lines) == 6
    for size in (1, 2, 3, 200):
        assert written(({"a": n} for n in range(4)), size=size) == ["a", *"0123"]
        assert written(({"a": n} for n in range(5)), size=size) == lines

    def torn():
        yield {"a": "=1"}
        raise STORE_ERRORS[0]("gone")

    for size in (1, 2):
        lines = written(torn(), size=size)
        assert lines[1] == "'=1" and lines[2].startswith("# cut_off: ") and len(lines) == 3
        said = [json.loads(each) for each in written(torn(), "jsonl", size)]
        assert said[0] == {"a": "=1"} and said[1]["code"] == "cut_off" and len(said) == 2


def test_what_a_row_does_not_have_is_an_empty_cell():
    assert spreadsheets.lines(("a", "b", "c"), [{"a": None, "b": 0}]) == b",0,\r\n"


def test_a_plain_iterator_goes_out_as_it_is_made():
    made = []

    def body():
        for number in range(3 * tables.AT_ONCE):
            made.append(number)
            yield b"x"

    async def first() -> int:
        request = AsyncRequestFactory().get("/")
        parts = tables.streamed(request, body())
        part = await anext(parts)
        await parts.aclose()
        return len(part)

    assert async_to_sync(first)() == len(made) == tables.AT_ONCE
    plain = body()
    assert tables.streamed(RequestFactory().get("/"), plain) is plain
