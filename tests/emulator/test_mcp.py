"""/api/mcp: the API's operations as tools, by the protocol's own client, over the whole stack."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

import httpx2
import pytest
from django.contrib.auth.models import User
from jsonschema import Draft202012Validator
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

from accounts.models import ApiToken
from emulator import asgi
from emulator.api import api
from emulator.mcp import inside, server
from emulator.mcp.tools import BadArguments, Tool, tools
from emulator.rights import TABLE
from messaging.keeping import store
from stations.models import Station
from tests.admin.users import client_of
from tests.emulator.callers import make_callers

pytestmark = pytest.mark.django_db(transaction=True)
URL = "http://127.0.0.1:8000/api/mcp"
CSMS = "ws://127.0.0.1:9/ocpp"


def http(token: str, **more) -> httpx2.AsyncClient:
    transport = httpx2.ASGITransport(app=asgi.application)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx2.AsyncClient(transport=transport, headers=headers, timeout=60, **more)


@asynccontextmanager
async def client(token: str, mode: str = "auto"):
    async with (
        http(token) as sent,
        Client(streamable_http_client(URL, http_client=sent), mode=mode) as made,
    ):
        yield made
    await store.close_async()


async def every_tool(made: Client) -> dict:
    found, cursor = {}, None
    while True:
        page = await made.list_tools(cursor=cursor)
        found |= {tool.name: tool for tool in page.tools}
        cursor = page.next_cursor
        if not cursor:
            return found


def token_of_a(group: str) -> str:
    return make_callers()[group].token


def run(work) -> object:
    return asyncio.run(work)


# --- tools -----------------------------------------------------------------------------------


def test_each_operation_is_a_tool_but_those_that_deal_with_tokens():
    there = {
        f"{method.upper()} {path.removeprefix('/api')}"
        for path, methods in api.get_openapi_schema()["paths"].items()
        for method in methods
    }
    made = {tool.operation for tool in tools().values()}
    left = there - made
    assert {each for each in left if "/auth/" not in each} == {
        "GET /metrics", "PATCH /stations/{identity}/start", "PATCH /stations/{identity}/stop",
    }  # fmt: skip
    assert made <= set(TABLE.operations)


@pytest.mark.parametrize("tool", tools().values(), ids=lambda tool: tool.name)
def test_a_tool_stands_alone_and_has_a_name_that_clients_take(tool: Tool):
    assert len(tool.name) <= 64 and tool.name.isidentifier()
    assert tool.description
    Draft202012Validator.check_schema(tool.schema)
    assert "#/components" not in json.dumps(tool.schema)
    given = dict.fromkeys(tool.schema["required"], "1")
    examples = tool.schema["properties"].get("body", {}).get("examples", [])
    if "body" in given:
        assert examples, "a body that must be given has an example"
        given["body"] = examples[0]
        Draft202012Validator(tool.schema).evolve(
            schema={**tool.schema["properties"]["body"], "$defs": tool.schema.get("$defs", {})}
        ).validate(examples[0])
    path, _, _ = tool.request(given)
    assert path.startswith("/api/") and "{" not in path


def test_what_does_not_fit_is_refused_by_name():
    tool = tools()["get_station"]
    with pytest.raises(BadArguments, match="identity"):
        tool.request({})
    with pytest.raises(BadArguments, match="stationId"):
        tool.request({"identity": "CP-1", "stationId": "x"})
    with pytest.raises(BadArguments, match="a text, a number"):
        tool.request({"identity": {"a": 1}})
    assert tool.request({"identity": "A/B %2F"})[0] == "/api/stations/A%2FB%20%252F"


# --- over the wire ---------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_a_client_lists_and_calls(mode):
    Station.objects.create(identity="A/B", csms_url=CSMS)
    token = token_of_a("Viewer")

    async def talk():
        async with client(token, mode) as made:
            listed = await every_tool(made)
            told = await made.call_tool("get_station", {"identity": "A/B"})
            wrong = await made.call_tool("get_station", {"identity": "NO"})
            return listed, told, wrong

    listed, told, wrong = run(talk())
    assert listed["get_stations"].annotations.read_only_hint
    assert json.loads(told.content[0].text)["identity"] == "A/B" and not told.is_error
    assert wrong.is_error and wrong.content[0].text.startswith("HTTP 404: ")
    assert "station_not_found" in wrong.content[0].text


def test_one_sees_and_may_call_what_his_rights_and_his_tokens_scopes_say():
    Station.objects.create(identity="CP-1", csms_url=CSMS)
    boss = User.objects.create_superuser("root")
    reading = ApiToken.objects.issue(boss, scopes=["read"])[1]

    async def talk(token):
        async with client(token) as made:
            listed = await every_tool(made)
            try:
                await made.call_tool("delete_station", {"identity": "CP-1"})
            except MCPError as error:
                return set(listed), str(error)
            return set(listed), ""

    for token in (token_of_a("Tester"), reading):
        listed, error = run(talk(token))
        assert "get_stations" in listed and "delete_station" not in listed
        assert "no right" in error and Station.objects.filter(identity="CP-1").exists()
    assert "post_station_start" in run(talk(ApiToken.objects.issue(boss)[1]))[0]
    assert not Station.objects.exists()


def test_what_a_model_does_stands_in_the_trail_as_if_it_had_called_the_api():
    token = token_of_a("Operator")

    async def talk():
        async with client(token) as made:
            body = {"identity": "BY-MODEL", "csms_url": CSMS}
            return await made.call_tool("post_stations", {"body": body})

    assert not run(talk()).is_error
    assert Station.objects.get(identity="BY-MODEL")
    [entry] = store.database()["trail"].find({"objects": "BY-MODEL"})
    assert (entry["via"], entry["page"], entry["actor"]) == ("api", "POST /stations", "operator")
    assert entry["result"] == "done" and entry["token"] and entry["address"]


def test_an_answer_is_cut_and_says_so(monkeypatch):
    Station.objects.bulk_create(Station(identity=f"CP-{n}", csms_url=CSMS) for n in range(20))
    monkeypatch.setattr(inside.ask, "__defaults__", (500,))
    token = token_of_a("Viewer")

    async def talk(name, arguments):
        async with client(token) as made:
            return (await made.call_tool(name, arguments)).content[0].text

    assert len(run(talk("get_stations", {}))) == 500 + len(server.CUT)
    # A download, which would go on and on, ends with what is wanted of it.
    assert run(talk("get_stations_export", {})).endswith(server.CUT)
    assert not run(talk("get_stations", {"search": "nobody"})).endswith(server.CUT)


# --- who is not known ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {}, 401),
        ("POST", {"Authorization": "Bearer nonsense"}, 401),
        ("GET", {"Authorization": "Bearer x"}, 405),
        ("DELETE", {}, 405),
        ("POST", {"Host": "evil.example", "Authorization": "Bearer x"}, 400),
    ],
)
def test_who_is_not_known_hears_why(method, headers, status):
    async def ask():
        async with http("") as sent:
            return await sent.request(method, URL, headers=headers, content=b"{}")

    answer = run(ask())
    assert answer.status_code == status and set(answer.json()) == {"code", "message"}
    assert answer.headers["cache-control"] == "private, no-store"
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_a_session_alone_is_not_enough():
    cookie = client_of(User.objects.create_superuser("root")).cookies["sessionid"].value

    async def ask():
        async with http("", cookies={"sessionid": cookie}) as sent:
            return await sent.post(URL, content=b"{}")

    assert run(ask()).status_code == 401


def test_what_is_no_request_of_the_protocol_is_no_failure():
    token = token_of_a("Viewer")
    bodies = (
        b"", b"[", b"[]", b"{}", b'{"jsonrpc":"2.0","id":1,"method":"no/such"}',
        b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"x"}}',
    )  # fmt: skip

    async def ask():
        told = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
        async with http(token) as sent:
            sent.headers.update(told)
            return [(await sent.post(URL, content=body)).status_code for body in bodies]

    assert all(200 <= status < 500 for status in run(ask()))
