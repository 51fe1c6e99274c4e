"""The control port has the CSMS send a Call, and answers with what the station said."""

from __future__ import annotations

import json

import pytest

from tests.democsms.conftest import on_16


async def test_a_call_goes_out_and_the_answer_comes_back(reference, station):
    assert await reference.post("Reset", {"type": "Hard"}) == (
        200, {"response": {"status": "Accepted"}}
    )  # fmt: skip
    assert station.asked.get_nowait() == ("Reset", {"type": "Hard"})


async def test_an_error_of_the_station_is_told(reference, station):
    status, answer = await reference.post("ClearCache", {})
    assert (status, answer["error"]) == (409, "NotImplemented")


@pytest.mark.parametrize(("body", "error"), [
    ({"type": "Medium"}, "FormatViolation"), ({}, "ProtocolError"), ([], "FormationViolation"),
])  # fmt: skip
async def test_a_payload_that_breaks_its_schema_is_not_sent(reference, station, body, error):
    status, answer = await reference.post("Reset", body)
    assert (status, answer["error"]) == (400, error)
    assert station.asked.empty()


async def test_who_is_not_there_is_not_asked(reference, station):
    assert (await reference.post("Reset", {"type": "Hard"}, station="CP-9"))[0] == 404
    assert (await reference.post("Reset", {"type": "Hard"}, version="2.0.1"))[0] == 404


async def test_a_large_body_is_refused(reference, station):
    assert (await reference.http.post(
        f"http://127.0.0.1:{reference.doors.control_port}/api/octt/1.6/CP-1/Reset",
        data=b" " * (2 << 20),
    )).status == 413  # fmt: skip


async def test_a_token_can_be_added_and_blocked(reference):
    answer = await reference.post("set-id-token", {"idToken": "NEW", "status": "Blocked"})
    assert answer == (200, {"response": {"status": "Accepted", "idTokenStatus": "Blocked"}})
    assert reference.office.tokens.find("new").status == "Blocked"
    assert (await reference.post("set-id-token", {"idToken": "X", "status": "Odd"}))[0] == 400
    assert (await reference.post("set-id-token", {"status": "Blocked"}))[0] == 400


async def test_a_password_is_asked_for_from_then_on(reference):
    await reference.post("set-password", {"password": "a-long-password-1"})
    with pytest.raises(Exception, match="401"):
        async with reference.connect():
            pass
    with pytest.raises(Exception, match="401"):
        async with reference.connect(password="another"):
            pass
    async with on_16(reference, password="a-long-password-1"):
        # 1.6 whitepaper A01: the new one counts as soon as the station has accepted it.
        await reference.post(
            "ChangeConfiguration", {"key": "AuthorizationKey", "value": "00112233445566778899"}
        )
    async with reference.connect(password="00112233445566778899"):
        pass


async def test_files_and_facts(reference):
    where = f"http://127.0.0.1:{reference.doors.control_port}"
    facts = await (await reference.http.get(f"{where}/api/facts")).json()
    assert "BEGIN CERTIFICATE" in facts["root_certificate"]
    image = await reference.http.get(facts["files"] + "firmware.bin")
    assert image.status == 200 and await image.read()
    assert (await reference.http.put(facts["files"] + "log", data=b"12")).status == 201


@pytest.mark.parametrize(("sent", "answer"), [
    ('[2,"7","Heartbeat"]', [4, "7", "FormationViolation"]),
    ('[2,"7",5,{}]', [4, "7", "FormationViolation"]),
    ('[2,"7","Heartbeat",[]]', [4, "7", "FormationViolation"]),
    ('[2,"7","Heartbeats",{}]', [4, "7", "NotImplemented"]),
    ('[2,"7","Reset",{}]', [4, "7", "NotSupported"]),
    ('[2,"7","BootNotification",{}]', [4, "7", "ProtocolError"]),
    ('[2,"7","Heartbeat",{"a":1}]', [4, "7", "FormationViolation"]),
])  # fmt: skip
async def test_what_it_cannot_read_is_answered_quietly(reference, capfd, caplog, sent, answer):
    async with reference.connect() as socket:
        await socket.send("{")
        await socket.send("[]")
        await socket.send("[2,{},{},{}]")
        await socket.send(sent)
        assert json.loads(await socket.recv())[:3] == answer
        await socket.send('[2,"8","Heartbeat",{}]')
        assert json.loads(await socket.recv())[0] == 3
    assert "Traceback" not in capfd.readouterr().err + caplog.text
