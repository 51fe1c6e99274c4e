"""Steps that act, on stand-ins for what carries it out: what is asked, told and kept."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from scenarios.drivers.document import read_driver
from scenarios.engine.steps import acts, driving, linking
from scenarios.engine.strand import StepFailed, Strand
from scenarios.web import Reply, Request
from tests.scenarios.test_waits import LATER, SOON, States, order, strand  # noqa: F401 - a fixture


class Desk:
    """In the place of the commander."""

    def __init__(self) -> None:
        self.held: list[dict] = []
        self.fault: Exception | None = None
        self.links: list[dict] = []

    async def command(self, station: str, name: str, args: dict, timeout: float) -> dict:
        return {"held": self.held}

    async def configure(self, station: str, overrides: dict) -> None:
        if self.fault is not None:
            raise self.fault

    async def relink(self, station: str, changes: dict) -> None:
        self.links.append(changes)


class Known(States):
    def last(self, station: str) -> dict | None:
        return self.state


class Web:
    """Answers everything alike."""

    environment = staticmethod({"TOKEN": "s3cret"}.get)

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def ask(self, request: Request) -> Reply:
        self.asked.append(request)
        return Reply(200, {"files": 3}, {})


@pytest.fixture
def desk(strand: Strand) -> Desk:  # noqa: F811
    strand.services.commander = made = Desk()
    strand.services.states = Known()
    return made


@pytest.fixture
def web(strand: Strand) -> Web:  # noqa: F811
    strand.services.web = made = Web()
    return made


# --- the station ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("fault", "words"), [
    (ValidationError("Too long."), "Too long."),
    (ValidationError(["Too long.", "Too odd."]), "Too long. Too odd."),
    (RuntimeError("no room"), "no room"),
])  # fmt: skip
async def test_why_a_configuration_was_not_taken_is_told(
    strand: Strand,  # noqa: F811
    desk: Desk,
    fault: Exception,
    words: str,
) -> None:
    desk.fault = fault
    with pytest.raises(StepFailed) as failed:
        await acts.set_configuration(strand, order(configuration={"HeartbeatInterval": 5}))
    assert failed.value.message == f"The configuration was not taken: {words}"


async def test_a_frame_that_is_held_ends_the_wait_for_it(strand: Strand, desk: Desk) -> None:  # noqa: F811
    desk.held = [
        {"id": "h1", "action": "Heartbeat", "direction": "sent"},
        {"id": "h2", "action": "Reset", "direction": "received"},
    ]
    wanted = order(action="Reset", direction="received", capture={"frame": "id"})
    assert await acts.wait_for_held(strand, wanted) == ("Frame h2 is held.", "")
    assert strand.variables["frame"] == "h2"


async def test_who_waits_for_a_frame_that_nobody_holds_waits_no_longer_than_told(
    strand: Strand,  # noqa: F811
    desk: Desk,
) -> None:
    async with asyncio.timeout(LATER):
        with pytest.raises(StepFailed, match=f"No Reset was held within {SOON:g} s"):
            await acts.wait_for_held(strand, order(SOON, action="Reset"))


# --- its link ------------------------------------------------------------------------------------


async def test_a_link_that_is_changed_is_open_again(strand: Strand, desk: Desk) -> None:  # noqa: F811
    link = {"state": "open", "attempt": 2}
    strand.services.states.state = {"connected": True, "ocpp": "1.6", "link": link}
    changed = order(SOON, password="p", capture={"tries": "attempt"})
    assert await linking.link(strand, changed) == ("", "")
    assert (desk.links, strand.variables["tries"]) == ([{"password": "p"}], 2)


async def test_a_link_that_does_not_open_fails_with_what_is_known(
    strand: Strand,  # noqa: F811
    desk: Desk,
) -> None:
    link = {"state": "waiting", "error": "HTTP 401"}
    strand.services.states.state = {"connected": False, "link": link}
    with pytest.raises(StepFailed) as failed:
        await linking.link(strand, order(SOON))
    said = f"The link was not open within {SOON:g} s: it is waiting (HTTP 401)."
    assert failed.value.message == said


async def test_a_link_that_is_to_be_refused_is_or_the_step_fails(
    strand: Strand,  # noqa: F811
    desk: Desk,
) -> None:
    states = strand.services.states
    states.state = {"connected": False, "link": {"attempt": 1, "error": "HTTP 401"}}
    assert await linking.link(strand, order(SOON, expect="refused")) == ("HTTP 401", "")
    states.state = {"connected": True, "link": {"state": "open", "attempt": 2}}
    with pytest.raises(StepFailed, match="The CSMS did not refuse the link: it is open."):
        await linking.link(strand, order(SOON, expect="refused"))


# --- others --------------------------------------------------------------------------------------


def sent(web: Web) -> Request:
    [request] = web.asked
    return request


async def test_a_request_has_its_headers_and_its_answer_is_captured(
    strand: Strand,  # noqa: F811
    web: Web,
) -> None:
    strand.variables["who"] = "me"
    params: dict[str, Any] = {
        "url": "http://127.0.0.1/x", "headers": {"X": "${env:TOKEN} of ${who}"},
        "capture": {"count": "files"},
    }  # fmt: skip
    assert await driving.http(strand, order(SOON, **params)) == ("HTTP 200", "")
    assert (sent(web).headers, strand.variables["count"]) == ({"X": "s3cret of me"}, 3)


async def test_a_request_needs_no_headers(strand: Strand, web: Web) -> None:  # noqa: F811
    await driving.http(strand, order(SOON, url="http://127.0.0.1/x"))
    assert sent(web).headers == {}


async def test_the_csms_is_asked_by_what_its_driver_says_of_the_call(
    strand: Strand,  # noqa: F811
    web: Web,
) -> None:
    entry = {"url": "http://127.0.0.1/${station}/${action}", "body": "$payload"}
    strand.driver = read_driver({"driver": "Ours", "actions": {"Reset": entry}}, lambda name: None)
    step = order(SOON, call="Reset", payload={"type": "Soft"}, capture={"count": "files"})
    assert await driving.csms(strand, step) == ("Ours: HTTP 200", "")
    assert (sent(web).url, sent(web).body) == ("http://127.0.0.1/CP1/Reset", {"type": "Soft"})
    assert strand.variables["count"] == 3
