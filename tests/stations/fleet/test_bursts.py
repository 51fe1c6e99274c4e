"""A CSMS that sends without a pause: how much of it one turn of the loop takes.

Turns and frames are counted, never seconds, so a loaded machine makes no difference.
"""

import asyncio

import pytest

from stations.link.bursts import BEHIND, TURN
from stations.link.dialer import LinkState
from tests.stations.fleet.conftest import until
from tests.stations.fleet.dialers import back, booted, make_dialer

PATIENCE = 60
MANY = 4000


class Turns:
    """How many frames were received in each turn of the loop."""

    def __init__(self, kept) -> None:
        self._kept, self._seen, self.most, self.turns = kept, 0, 0, 0
        self.running = True
        asyncio.get_running_loop().call_soon(self._turn)

    def _turn(self) -> None:
        now = len(self._kept.frames)
        self.most, self._seen = max(self.most, now - self._seen), now
        self.turns += 1
        if self.running:
            asyncio.get_running_loop().call_soon(self._turn)


def received(kept, text: str = '[3,"nobody asked') -> list[str]:
    """What came of the flood, whose frames begin so; answers to the station's Calls come too."""
    texts = [frame.text for _, _, frame in kept.frames if frame.direction == "received"]
    return [each for each in texts if each.startswith(text)] if text else texts


def numbered(count: int) -> list[str]:
    return [f'[3,"nobody asked {number}",{{}}]' for number in range(count)]


async def flood(sink, station, texts):
    station.connect()
    connection = await booted(sink)
    for text in texts:
        connection.send(text)
    return connection


@pytest.mark.parametrize("text", ["", "[]", '[3,"nobody asked",{}]'])
async def test_one_turn_takes_a_bounded_number_of_frames(station, sink, kept, text):
    large = "x" * 900_000  # the read buffer is large from here on
    connection = await flood(sink, station, [large])
    await until(lambda: received(kept, large), PATIENCE)
    before = len(received(kept, ""))
    turns = Turns(kept)
    for _ in range(MANY):
        connection.send(text)
    await until(lambda: len(received(kept, "")) >= before + MANY, PATIENCE)
    turns.running = False
    # A frame of `text` takes so many bytes of those that need not wait.
    assert turns.most <= TURN + BEHIND // (2 + len(text)) + 10


async def test_no_frame_is_lost_and_the_order_stays(station, sink, kept):
    await flood(sink, station, numbered(MANY))
    await until(lambda: len(received(kept)) == MANY, PATIENCE)
    assert received(kept) == numbered(MANY)
    await until(lambda: station.burst is None)
    assert station.state is LinkState.OPEN


async def test_the_others_of_the_worker_are_served_meanwhile(station, sink, kept, queue):
    other = make_dialer("CP-2", sink, queue, kept)
    other.connect()
    asked = await booted(sink)
    station.connect()
    connection = await until(lambda: len(sink.connections) == 2 and sink.connections[1])
    for text in numbered(MANY):
        connection.send(text)
    asked.send('[2,"fair","ClearCache",{}]')
    await until(lambda: any(m[:2] == [3, "fair"] for m in asked.received), PATIENCE)
    assert len(received(kept)) < MANY // 2  # long before the flood is over
    other.disconnect()
    other.drop()


async def test_what_came_before_a_close_is_taken_before_it(station, sink, kept):
    connection = await flood(sink, station, numbered(2000))
    connection.transport.send_close(1000)
    await back(sink)
    assert received(kept) == numbered(2000)


async def test_a_connection_that_breaks_in_a_burst_is_made_anew(station, sink, kept):
    connection = await flood(sink, station, numbered(2000))
    await until(lambda: received(kept), PATIENCE)
    connection.transport.disconnect(False)
    await back(sink)
    assert station.burst is None
    sink.connections[1].send('[2,"again","ClearCache",{}]')
    await until(lambda: any(m[:2] == [3, "again"] for m in sink.connections[1].received), PATIENCE)


async def test_a_cut_ends_a_burst(station, sink, kept):
    await flood(sink, station, numbered(2000))
    while station.burst is None:  # noqa: ASYNC110 - the very turn in which it begins
        await asyncio.sleep(0)
    station.cut()
    got = len(received(kept))
    await until(lambda: station.state is LinkState.OFF, PATIENCE)
    assert station.burst is None and len(received(kept)) == got


async def test_a_frame_of_brackets_ends_nothing(station, sink, kept):
    connection = await flood(sink, station, ["[" * 900_000, '{"a":' * 100_000])
    await until(lambda: received(kept, "[[") and received(kept, '{"a"'), PATIENCE)
    connection.send('[2,"still","ClearCache",{}]')
    await until(lambda: any(m[:2] == [3, "still"] for m in connection.received), PATIENCE)
