"""permessage-deflate (RFC 7692) against servers of other stacks, and what a message inflates to."""

import asyncio
import json
import tracemalloc
import zlib

import pytest
import websockets
from picows import WSMsgType
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

from chargepoint.config import MAX_FRAME
from stations.link import deflate
from stations.link.dialer import LinkState
from stations.link.targets import LinkOptions
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import back, booted, target
from tests.stations.fleet.secure_csms import SecureCsms

NAME = "Sec-WebSocket-Extensions"
AGREED = "permessage-deflate; server_no_context_takeover"
CALL = json.dumps([2, "m-1", "GetConfiguration", {"key": ["x" * 50] * 20}]).encode()


@pytest.fixture
def squeezed(station, sink):
    """The station's dialer, offering compression, and a sink that agrees."""
    station.target = target(sink, "CP-1", options=LinkOptions(deflate=True))
    sink.more_headers = [(NAME, AGREED)]
    return station


def packed(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]


# --- with `websockets`, strict --------------------------------------------------------------------


class DeflatingCsms(SecureCsms):
    """`websockets` with this factory of its extension."""

    def __init__(self, **parameters) -> None:
        super().__init__()
        self.factory = ServerPerMessageDeflateFactory(**parameters)

    async def __aenter__(self):
        self.server = await websockets.serve(
            self._serve, "127.0.0.1", 0, subprotocols=["ocpp1.6"], compression=None,
            extensions=[self.factory],
        )  # fmt: skip
        self.port = self.server.sockets[0].getsockname()[1]
        return self


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"server_no_context_takeover": True, "client_no_context_takeover": True},
        {"server_max_window_bits": 9},
    ],
)
async def test_a_station_talks_to_a_server_that_compresses(parameters, station):
    async with DeflatingCsms(**parameters) as csms:
        station.target = target(csms, "CP-1", options=LinkOptions(deflate=True))
        station.connect()
        await until(lambda: csms.requests)
        assert [e.name for e in csms.links[0].protocol.extensions] == ["permessage-deflate"]
        for _ in range(3):  # no context goes from one message to the next
            answer = await csms.call("GetConfiguration")
            assert len(answer["configurationKey"]) > 30
        long = ["k" * 50] * 50
        assert (await csms.call("GetConfiguration", key=long))["unknownKey"] == long
        assert station.state is LinkState.OPEN
        station.drop()


async def test_nobody_is_offered_it_unless_wanted(station):
    async with DeflatingCsms() as csms:
        station.target = target(csms, "CP-1")
        station.connect()
        await until(lambda: csms.requests)
        assert not csms.links[0].protocol.extensions
        assert NAME not in csms.links[0].request.headers
        station.drop()


async def test_a_server_that_has_none_is_spoken_to_plainly(squeezed, sink):
    sink.more_headers = []
    squeezed.connect()
    connection = await booted(sink)
    assert connection.headers[NAME] == deflate.OFFER


# --- frames ----------------------------------------------------------------------------------


def answered(connection):
    return any(m[0] == 3 and m[1] == "m-1" for m in connection.received)


async def connected(squeezed, sink):
    squeezed.connect()
    return await booted(sink)


@pytest.mark.parametrize("parts", [1, 3])
async def test_compressed_messages_are_read(parts, squeezed, sink, kept):
    connection = await connected(squeezed, sink)
    data = packed(CALL)
    cuts = [len(data) * n // parts for n in range(parts + 1)]
    for n in range(parts):
        kind = WSMsgType.TEXT if n == 0 else WSMsgType.CONTINUATION
        piece = data[cuts[n] : cuts[n + 1]]
        connection.transport.send(kind, piece, fin=n == parts - 1, rsv1=n == 0)
    await until(lambda: any(frame.text == CALL.decode() for _, _, frame in kept.frames))
    connection.send(CALL.decode())  # and one that is not compressed
    await until(lambda: sum(frame.text == CALL.decode() for _, _, frame in kept.frames) == 2)


async def closed_for(connection, kept, code: int) -> str:
    await until(lambda: connection.closed_with == code)
    return next(frame.error for _, _, frame in kept.frames if frame.kind == "Invalid")


async def test_a_message_that_inflates_beyond_the_limit_is_refused(squeezed, sink, kept):
    connection = await connected(squeezed, sink)
    bomb = packed(b"[" + b" " * (200 * MAX_FRAME))
    assert len(bomb) < MAX_FRAME
    connection.transport.send(WSMsgType.TEXT, bomb, rsv1=True)
    assert "inflated" in await closed_for(connection, kept, 1009)
    await back(sink)


@pytest.mark.parametrize(
    ("kind", "data", "bits"),
    [
        (WSMsgType.TEXT, b"\xff\xff\xff", {"rsv1": True}),
        (WSMsgType.TEXT, packed(CALL), {"rsv1": True, "rsv2": True}),
        (WSMsgType.TEXT, CALL, {"rsv3": True}),
        (WSMsgType.PING, b"x", {"rsv1": True}),
        (WSMsgType.CONTINUATION, packed(CALL), {"rsv1": True}),
    ],
)
async def test_frames_that_are_none_fail_the_link(kind, data, bits, squeezed, sink, kept):
    connection = await connected(squeezed, sink)
    connection.transport.send(kind, data, **bits)
    await closed_for(connection, kept, 1002)


@pytest.mark.parametrize("bit", ["rsv1", "rsv2", "rsv3"])
async def test_a_reserved_bit_that_nobody_agreed_on(bit, station, sink, kept):
    """RFC 6455, 5.2."""
    station.connect()
    connection = await booted(sink)
    connection.transport.send(WSMsgType.TEXT, CALL, **{bit: True})
    assert "reserved" in await closed_for(connection, kept, 1002)
    assert not answered(connection)


# --- the handshake ---------------------------------------------------------------------------

BAD = [
    "permessage-deflate",  # 7.1.1.1: it must accept server_no_context_takeover with the offer
    "permessage-deflate; client_no_context_takeover",
    f"{AGREED}; server_no_context_takeover",
    f"{AGREED}; client_max_window_bits=10",  # 7.1.2.2: not offered
    f"{AGREED}; server_max_window_bits=7",
    f"{AGREED}; server_max_window_bits",
    f"{AGREED}; server_no_context_takeover=1",
    f"{AGREED}, {AGREED}",
    f"{AGREED}, x-webkit-deflate-frame",
    "permessage-bzip2",
]


@pytest.mark.parametrize("answer", BAD)
async def test_an_answer_that_is_none_to_the_offer_fails_the_link(answer, squeezed, sink):
    sink.more_headers = [(NAME, answer)]
    squeezed.connect()
    await until(lambda: sink.connections)
    await until(lambda: sink.connections[0].closed_with == 1002)
    assert squeezed.error.startswith("the CSMS ")
    assert not sink.connections[0].received


async def test_an_extension_that_nobody_offered_fails_the_link(station, sink):
    """RFC 6455, 4.1."""
    sink.more_headers = [(NAME, AGREED)]
    station.connect()
    await until(lambda: sink.connections)
    await until(lambda: sink.connections[0].closed_with == 1002)
    assert "nobody offered" in station.error


@pytest.mark.parametrize(
    "answer", [AGREED, f"{AGREED}; client_no_context_takeover", "Permessage-Deflate;"
               ' server_no_context_takeover; server_max_window_bits="12"'],
)  # fmt: skip
def test_answers_to_the_offer(answer):
    assert deflate.agreed([answer], True)


# --- messages --------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [CALL, b"[" + b"1," * 5000 + b"2]", "[ü]".encode() * 40])
def test_there_and_back(data):
    assert deflate.inflated(deflate.deflated(data)) == data


def test_what_does_not_get_shorter_goes_as_it_is():
    assert deflate.deflated(b"[3,1,{}]") is None


def test_blocks_that_say_they_are_the_last():
    """7.2.3.4: allowed, and the message ends there."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    last = packer.compress(CALL) + packer.flush(zlib.Z_FINISH)
    assert deflate.inflated(last + b"\x00") == CALL
    with pytest.raises(ValueError, match="inflated"):
        deflate.inflated(last + last)


def test_the_limit_is_met_to_the_byte():
    assert len(deflate.inflated(packed(b" " * 1000), 1000)) == 1000
    with pytest.raises(deflate.TooLarge):
        deflate.inflated(packed(b" " * 1001), 1000)


def test_what_is_beyond_the_limit_is_never_there():
    bomb = packed(b" " * (64 * MAX_FRAME))
    tracemalloc.start()
    try:
        with pytest.raises(deflate.TooLarge):
            deflate.inflated(bomb)
        assert tracemalloc.get_traced_memory()[1] < 4 * MAX_FRAME
    finally:
        tracemalloc.stop()


async def test_an_empty_message_is_read(squeezed, sink, kept):
    connection = await connected(squeezed, sink)
    connection.transport.send(WSMsgType.TEXT, b"\x00", rsv1=True)  # 7.2.3.6
    await until(lambda: any(frame.kind == "Invalid" for _, _, frame in kept.frames))
    await asyncio.sleep(0)
    assert connection.closed_with is None
