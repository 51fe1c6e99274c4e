"""Captures of the network: packets, TCP, WebSocket frames, and all that goes wrong there."""

from __future__ import annotations

import contextlib
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.replay.capture.files import segments
from scenarios.replay.capture.talks import Talk, talks
from scenarios.replay.conversation import Unreadable
from scenarios.replay.sources import read
from tests.scenarios.recordings.packets import Deflater, Line, frame, pcap, pcapng

BEAT, ANSWER = '[2,"1","Heartbeat",{}]', '[3,"1",{"currentTime":"2026-01-31T12:00:00Z"}]'
LONG = '[2,"2","DataTransfer",{"vendorId":"v","data":"' + "x" * 70_000 + '"}]'
BOTH = [("sent", BEAT), ("received", ANSWER)]


def told(data: bytes) -> list[Talk]:
    return talks(segments(io.BytesIO(data)))


def said(data: bytes) -> list[tuple[str, str]]:
    (talk,) = told(data)
    return [(each.direction, each.text) for each in talk.said]


def spoken(line: Line) -> Line:
    line.say(True, BEAT)
    line.say(False, ANSWER)
    return line


@pytest.mark.parametrize("form", ["<", ">", "nanoseconds", "raw", "ng", "ng big", "v6"])
def test_each_form_of_a_file(form: str) -> None:
    line = spoken(Line(ipv6=form == "v6").open())
    match form:
        case "<" | ">":
            data = pcap(line.packets, order=form)
        case "nanoseconds":
            data = pcap(line.packets, nanos=True)
        case "raw" | "v6":
            data = pcap(line.packets, link=101)
        case _:
            data = pcapng(line.packets, order=">" if "big" in form else "<")
    (talk,) = told(data)
    assert (talk.station, talk.subprotocol, talk.notes) == ("CP 1", "ocpp1.6", [])
    assert [(each.direction, each.text) for each in talk.said] == BOTH
    assert 1769860800.3 < talk.said[0].time < 1769860800.6


def test_fragments_and_control_frames_between_them() -> None:
    line = Line().open()
    line.write(True, frame(BEAT[:5], masked=True, final=False))
    line.write(True, frame(b"ping", masked=True, opcode=9))
    line.write(True, frame(BEAT[5:9], masked=True, opcode=0, final=False))
    line.write(True, frame(BEAT[9:], masked=True, opcode=0))
    line.write(False, frame(b"pong", masked=False, opcode=10) + frame(ANSWER, masked=False))
    assert said(pcap(line.packets)) == BOTH


def test_long_messages_come_in_many_segments_of_any_size() -> None:
    line = Line().open()
    for byte in frame(BEAT, masked=True):
        line.put(True, bytes([byte]))
    line.say(False, ANSWER)
    line.write(True, frame(LONG, masked=True), 1399)
    assert said(pcap(line.packets)) == [*BOTH, ("sent", LONG)]


@pytest.mark.parametrize("seed", range(8))
def test_segments_in_any_order_and_more_than_once(seed: int) -> None:
    line = Line().open()
    head = len(line.packets)
    line.write(True, frame(LONG, masked=True), 3000)
    line.write(True, frame(BEAT, masked=True), 7)
    dice = random.Random(seed)
    packets = line.packets[head:]
    packets += [dice.choice(packets) for _ in range(20)]
    dice.shuffle(packets)
    times = sorted(moment for moment, _ in packets)
    again = [(moment, data) for moment, (_, data) in zip(times, packets, strict=True)]
    assert said(pcap(line.packets[:head] + again)) == [("sent", LONG), ("sent", BEAT)]


def test_what_overlaps_is_read_once() -> None:
    line = Line().open()
    data = frame(BEAT, masked=True)
    begin = line.next[True] % 2**32
    for first, last in ((0, 10), (5, 20), (0, 20), (18, len(data))):
        packet = line.packet(True, (begin + first) % 2**32, data[first:last])
        line.packets.append((line.time, packet))
    assert said(pcap(line.packets)) == [("sent", BEAT)]


def test_what_is_lost_ends_that_side_with_a_note() -> None:
    line = spoken(Line().open())
    line.say(True, LONG)
    del line.packets[-3]
    line.say(True, BEAT)
    line.say(False, ANSWER)
    (talk,) = told(pcap(line.packets))
    assert [(s.direction, s.text) for s in talk.said] == [*BOTH, ("received", ANSWER)]
    assert "1000 bytes that the capture does not have" in talk.notes[0]


def test_a_capture_that_begins_in_the_midst_knows_who_masks() -> None:
    line = spoken(Line().open())
    begun = next(n for n, (_, data) in enumerate(line.packets) if b"HTTP/1.1 101" in data)
    (talk,) = told(pcap(line.packets[begun + 1 :]))
    assert (talk.station, [(s.direction, s.text) for s in talk.said]) == ("", BOTH)


def test_compressed_messages() -> None:
    line = Line().open(deflate=True)
    mine, theirs = Deflater(), Deflater()
    for _ in range(2):  # the second leans on the first
        line.write(True, frame(mine(BEAT), masked=True, compressed=True))
        line.write(False, frame(theirs(ANSWER), masked=False, compressed=True))
    assert said(pcap(line.packets)) == BOTH * 2


def test_a_link_that_comes_again_on_the_same_ports_and_another_station(tmp_path) -> None:
    line = spoken(Line().open())
    line.next = {True: 77, False: 99}
    spoken(line.open())
    other = spoken(Line(ports=(40001, 9000), time=line.time).open())
    path = tmp_path / "x.pcap"
    path.write_bytes(pcap([*line.packets, *other.packets]))
    assert len(told(path.read_bytes())) == 3
    made = read(str(path))
    assert (made.station, made.version, len(made.exchanges)) == ("CP 1", "1.6", 3)


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"hello", "no pcap"), (pcap([]), "no WebSocket"),
     (pcap(Line().open().packets), "no WebSocket"),
     (pcap([])[:24] + b"\xff" * 64, "damaged"), (pcapng([])[:28] + b"\x00" * 64, "impossible")],
)  # fmt: skip
def test_what_is_none_says_so(data: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        told(data)


def test_a_file_that_is_cut_off_is_read_up_to_there() -> None:
    data = pcap(spoken(Line().open()).packets)
    assert said(data[:-3]) == BOTH[:1]


def test_a_bomb_is_not_inflated() -> None:
    line = Line().open(deflate=True)
    line.say(False, ANSWER)
    line.write(True, frame(Deflater()("0" * (9 << 20)), masked=True, compressed=True))
    (talk,) = told(pcap(line.packets))
    assert [each.text for each in talk.said] == [ANSWER] and "too large" in talk.notes[0]


@given(st.integers(0, 2**32), st.binary(max_size=40), st.booleans())
def test_no_bytes_break_it(place: int, rubbish: bytes, ng: bool) -> None:
    line = spoken(Line().open())
    data = bytearray((pcapng if ng else pcap)(line.packets))
    place %= len(data)
    data[place : place + len(rubbish)] = rubbish
    with contextlib.suppress(Unreadable):
        told(bytes(data))
