"""The dialer against real sockets: frames of every kind, closes, refusals."""

import asyncio
import json

import pytest
from picows import WSMsgType

from chargepoint.config import MAX_FRAME
from stations.link.dialer import LinkState
from stations.link.dialing import DialQueue
from stations.link.targets import DialTarget
from tests.stations.fleet.conftest import KeptFrames, until
from tests.stations.fleet.dialers import back, booted, target


def texts(kept: KeptFrames, kind: str) -> list[str]:
    return [frame.text for _, _, frame in kept.frames if frame.kind == kind]


CALL = json.dumps([2, "m-1", "ClearCache", {}])


def answer_to(connection, unique_id: str):
    return next((m for m in connection.received if m[0] in (3, 4) and m[1] == unique_id), None)


# --- frames ------------------------------------------------------------------------------------


async def test_boot_and_answer(station, sink, kept):
    station.connect()
    connection = await booted(sink)
    assert connection.headers["Sec-WebSocket-Protocol"] == "ocpp1.6"
    connection.send(CALL)
    await until(lambda: answer_to(connection, "m-1"))
    recorded = [frame.text for _, _, frame in kept.frames if frame.direction == "sent"]
    assert [json.loads(text) for text in recorded] == connection.received
    assert station.state is LinkState.OPEN


async def test_basic_authentication(station, sink):
    station.target = target(sink, "CP-1", username="CP-1", password="pa:ss")
    station.connect()
    connection = await booted(sink)
    assert connection.headers["Authorization"] == "Basic Q1AtMTpwYTpzcw=="


async def test_fragments_are_put_together(station, sink):
    station.connect()
    connection = await booted(sink)
    data = json.dumps([2, "m-ü", "ClearCache", {}], ensure_ascii=False).encode()
    middle = data.index("ü".encode()) + 1  # within a character
    connection.transport.send(WSMsgType.TEXT, data[:middle], fin=False)
    connection.transport.send_ping(b"between")
    connection.transport.send(WSMsgType.CONTINUATION, data[middle:-3], fin=False)
    connection.transport.send(WSMsgType.CONTINUATION, data[-3:])
    await until(lambda: answer_to(connection, "m-ü"))


async def test_many_frames_in_one_packet_are_answered_in_order(station, sink):
    station.connect()
    connection = await booted(sink)
    for number in range(50):
        connection.send(json.dumps([2, f"n{number}", "ClearCache", {}]))
    await until(lambda: answer_to(connection, "n49"))
    answered = [m[1] for m in connection.received if m[0] == 3]
    assert answered == [f"n{number}" for number in range(50)]


async def test_binary_frames_are_logged_and_ignored(station, sink, kept):
    station.connect()
    connection = await booted(sink)
    connection.transport.send(WSMsgType.BINARY, b"\x00\xff[2]")
    connection.send(CALL)
    await until(lambda: answer_to(connection, "m-1"))
    assert len(texts(kept, "Invalid")) == 1 and station.state is LinkState.OPEN


async def test_text_that_is_not_utf8_closes_with_1007_and_is_logged(station, sink, kept):
    station.connect()
    connection = await booted(sink)
    connection.transport.send(WSMsgType.TEXT, b'[2,"\xff\xfe"]')
    await until(lambda: connection.closed_with == 1007)
    assert texts(kept, "Invalid") == ['[2,"\\xff\\xfe"]']
    await back(sink)


async def test_fragments_that_are_not_utf8_close_with_1007(station, sink):
    station.connect()
    connection = await booted(sink)
    connection.transport.send(WSMsgType.TEXT, b"\xc3", fin=False)
    connection.transport.send(WSMsgType.CONTINUATION, b"\x28")
    await until(lambda: connection.closed_with == 1007)


async def test_a_frame_that_is_too_big_closes_with_1009_and_is_logged(station, sink, kept):
    station.connect()
    connection = await booted(sink)
    connection.send("[" + " " * (MAX_FRAME + 10))
    await until(lambda: connection.closed_with == 1009)
    await back(sink)
    errors = [frame.error for _, _, frame in kept.frames if frame.kind == "Invalid"]
    assert len(errors) == 1 and "1009" in errors[0]


async def test_fragments_that_grow_too_big_close_with_1009(station, sink, kept):
    station.connect()
    connection = await booted(sink)
    half = b" " * (MAX_FRAME // 2 + 1)
    connection.transport.send(WSMsgType.TEXT, half, fin=False)
    connection.transport.send(WSMsgType.CONTINUATION, half, fin=False)
    await until(lambda: connection.closed_with == 1009)
    assert len(texts(kept, "Invalid")) == 1


async def test_a_large_frame_below_the_limit_is_taken(station, sink):
    station.connect()
    connection = await booted(sink)
    connection.send(" " * (MAX_FRAME - 200) + CALL)
    await until(lambda: answer_to(connection, "m-1"))


async def test_a_continuation_of_nothing_closes_with_1002(station, sink):
    station.connect()
    connection = await booted(sink)
    connection.transport.send(WSMsgType.CONTINUATION, b"tail")
    await until(lambda: connection.closed_with == 1002)


async def test_a_fault_of_ours_costs_no_connection(station, sink, monkeypatch):
    station.connect()
    connection = await booted(sink)
    class_of = type(station.consumer.station)
    monkeypatch.setattr(class_of, "received", lambda self, data, now: 1 / 0)
    connection.send(CALL)
    await asyncio.sleep(0.1)
    monkeypatch.undo()
    connection.send(CALL)
    await until(lambda: answer_to(connection, "m-1"))


# --- closes and refusals -----------------------------------------------------------------------


@pytest.mark.parametrize("code", [1000, 1001, 1012, 4001])
async def test_closed_by_the_csms_dials_again(station, sink, code):
    station.connect()
    connection = await booted(sink)
    connection.close(code)
    await until(lambda: connection.closed_with == code)
    await until(lambda: len(sink.connections) == 2 and station.state is LinkState.OPEN)
    told = station.describe()["closed"]
    assert (told["times"], told["why"]) == (1, f"closed with {code} as told")


async def test_close_without_a_code_is_answered_with_a_legal_one(station, sink):
    station.connect()
    connection = await booted(sink)
    connection.transport.send(WSMsgType.CLOSE, b"")
    await until(lambda: connection.closed_with == 1000)
    assert station.error.startswith("closed with 1005")


async def test_broken_connection_dials_again(station, sink):
    station.connect()
    (await booted(sink)).kill()
    await until(lambda: len(sink.connections) == 2 and station.state is LinkState.OPEN)
    assert station.describe()["closed"]["why"] == "closed with 1006"


async def test_a_link_that_we_end_was_not_ended_by_the_csms(station, sink):
    station.connect()
    await booted(sink)
    station.disconnect()
    await until(lambda: station.state is LinkState.OFF)
    assert "closed" not in station.describe()


async def test_refused_port_backs_off_until_the_csms_is_there(station, sink):
    await sink.shut()
    station.connect()
    await until(lambda: station.backoff.attempt >= 2)
    assert station.state in (LinkState.WAITING, LinkState.DIALING) and station.error
    await sink.open()
    await booted(sink)
    assert station.error == ""


@pytest.mark.parametrize("status", [401, 404, 503])
async def test_http_refusal_is_told(station, sink, status):
    sink.status = status
    station.connect()
    await until(lambda: station.backoff.attempt)
    assert f"HTTP {status}" in station.describe()["error"]
    sink.status = 101
    await booted(sink)


@pytest.mark.parametrize(
    ("answer", "words"), [(None, "chose no subprotocol"), ("ocpp2.0.1", "chose ocpp2.0.1")]
)
async def test_wrong_subprotocol_closes_and_says_so(station, sink, kept, answer, words):
    sink.subprotocol = answer
    station.connect()
    await until(lambda: sink.connections)
    await until(lambda: sink.connections[0].closed_with == 1002)
    assert station.error == f"the CSMS {words}; offered: ocpp1.6"
    assert sink.connections[0].received == [] and kept.frames == []


async def test_a_csms_that_never_answers_the_upgrade(station, sink):
    async def mute(reader, writer):
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    station.queue._timeout = 0.2
    station.target = target(sink, "CP-1", subprotocol="ocpp1.6")
    station.target = DialTarget(f"ws://127.0.0.1:{port}/CP-1", "", "", None, "ocpp1.6")
    station.connect()
    await until(lambda: station.backoff.attempt)
    assert station.error == "no answer in time"
    server.close()


def test_the_queue_tells_how_long_the_first_has_waited(monkeypatch):
    queue = DialQueue(limit=0)
    assert queue.backlog() == (0, 0.0)
    now = 100.0
    monkeypatch.setattr("stations.link.dialing.time.monotonic", lambda: now)
    queue.submit(object())
    now = 105.0
    queue.submit(object())
    assert queue.backlog() == (2, 5.0)
