"""Lenient and strict stations at a CSMS that is not ours, whose frames a relay makes sloppy."""

from __future__ import annotations

import pytest

from benchmarks.console import station_fields
from benchmarks.processes import wait_until

from .field_relay import FieldRelay
from .sessions import SESSIONS, STEADY_CAR
from .test_third_party_csms import QUESTIONS, open_transaction, remote_stop
from .wire import assert_valid


@pytest.mark.parametrize(
    ("kind", "version"),
    [("python_csms", "1.6"), ("strict_csms", "1.6"), ("strict_csms", "2.0.1")],
)
def test_a_lenient_station_charges_where_a_strict_one_never_enters_service(
    kind, version, request, stack, fresh_name
):
    csms = request.getfixturevalue(kind)
    wire, console = csms.wire, stack.console
    lenient, strict = fresh_name("lenient"), fresh_name("strict")
    with FieldRelay(csms.url) as relay:
        for name, reading in ((lenient, "lenient"), (strict, "strict")):
            console.create([station_fields(name, relay.url, version, reading=reading)])
        wire.await_call(lenient, "StatusNotification", where=lambda p: "Available" in p.values())
        for action, payload, word in QUESTIONS[version]:
            assert word in str(csms.call(lenient, action, payload))

        session = SESSIONS[version](wire, lenient)
        console.command(lenient, "plug", connector=1, ev=STEADY_CAR)
        console.command(lenient, "start-transaction", connector=1, id_tag="LOCAL")
        session.await_start()
        wait_until(
            lambda: open_transaction(stack, lenient) not in (None, "", "-1"), 20, "it has its id"
        )
        running = open_transaction(stack, lenient)
        assert csms.call(lenient, *remote_stop(version, running))["status"] == "Accepted"
        assert session.await_stop()["reason"] == "Remote"
        told = {breach["what"] for breach in console.command(lenient, "state")["breaches"]}
        assert {"unknown field 'correlation', left out",
                "currentTime: a time without a zone, as UTC"} <= told  # fmt: skip

        state = console.command(strict, "state")
        assert (state["connected"], state["registration"]) == (True, "")
        assert "its answer cannot be read" in state["trouble"]
    assert {seen.action for seen in wire.frames(strict) if seen.received} == {"BootNotification"}
    for name in (lenient, strict):  # as the CSMS saw them, behind the relay
        assert_valid(wire.frames(name), version)
    assert not getattr(csms, "violations", [])
