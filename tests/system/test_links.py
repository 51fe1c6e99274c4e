"""Identities and choices of a version, with CSMS stacks of others in their strict modes."""

from __future__ import annotations

import pytest

from benchmarks.console import station_fields
from benchmarks.processes import wait_until

from .csms import PythonCsms
from .wire import assert_valid, await_logged

KINDS = ["python_csms", "strict_csms"]
OFFERED = ["1.6", "2.1", "2.0.1"]
QUESTION_2 = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}


def question(version: str) -> tuple[str, dict, str]:
    if version == "1.6":
        return "GetConfiguration", {"key": ["HeartbeatInterval"]}, "HeartbeatInterval"
    return "GetVariables", {"getVariableData": [QUESTION_2]}, "Accepted"


def talks(stack, csms, name: str, version: str) -> None:
    """Both sides ask, and the log has it under the identity."""
    csms.wire.await_call(name, "BootNotification")
    csms.wire.await_call(name, "StatusNotification", where=lambda p: "Available" in p.values())
    action, payload, word = question(version)
    assert word in str(csms.call(name, action, payload))
    await_logged(stack.mongo, csms.wire, name)
    assert_valid(csms.wire.frames(name), version)
    assert not getattr(csms, "violations", [])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("stem", "version"),
    [("RDAM|", "2.0.1"), ("DE:1", "2.1"), ("Park deck 1/2", "1.6"), ("Säule ?#&%25+", "1.6")],
)
def test_identities_that_are_encoded(stem, version, kind, request, stack, fresh_name):
    csms, name = request.getfixturevalue(kind), fresh_name(stem)
    stack.console.create([station_fields(name, csms.url, version)])
    talks(stack, csms, name, version)
    assert stack.console.command(name, "state")["identity"] == name


@pytest.mark.parametrize("version", OFFERED)
def test_the_csms_speaks_one_of_the_offered_versions(version, stack, fresh_name):
    name = fresh_name("choice")
    own = next(each for each in OFFERED if each != version)
    with PythonCsms(subprotocols=[f"ocpp{version}"]) as csms:
        fields = station_fields(name, csms.url, own, offered_versions=OFFERED)
        stack.console.create([fields])
        talks(stack, csms, name, version)
        assert csms.sides[name]._connection.socket.subprotocol == f"ocpp{version}"
        assert stack.console.command(name, "state")["ocpp"] == version


@pytest.mark.parametrize("first", OFFERED)
def test_the_order_of_the_operator_reaches_a_csms_that_takes_the_first(first, stack, fresh_name):
    name, rest = fresh_name("order"), [each for each in OFFERED if each != first]
    with PythonCsms(select_subprotocol=lambda _, offered: offered[0]) as csms:
        fields = station_fields(name, csms.url, rest[0], offered_versions=[first, *rest])
        stack.console.create([fields])
        talks(stack, csms, name, first)


def test_a_strict_csms_that_has_an_order_of_its_own(strict_csms, stack, fresh_name):
    """npm `ocpp-rpc` takes the first of its own list, which begins with 1.6."""
    name = fresh_name("order")
    fields = station_fields(name, strict_csms.url, "2.1", offered_versions=["2.1", "2.0.1", "1.6"])
    stack.console.create([fields])
    talks(stack, strict_csms, name, "1.6")


def test_compressed_links_with_the_library_of_another(stack, fresh_name):
    name = fresh_name("deflate")
    with PythonCsms(compression="deflate") as csms:
        stack.console.create([station_fields(name, csms.url, "2.0.1", compression=True)])
        talks(stack, csms, name, "2.0.1")
        extensions = csms.sides[name]._connection.socket.protocol.extensions
        wait_until(lambda: extensions, 5, "compression")
        assert [each.name for each in extensions] == ["permessage-deflate"]
