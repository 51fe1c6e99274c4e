"""The inbox of a station: its bounds, its gaps, and places in spite of clocks that differ."""

from __future__ import annotations

import json
import time

from messaging.records import id_at, time_of
from messaging.rows import Row
from scenarios.engine.stream import KEPT, SLACK, UNSURE, Inbox, Stream
from scenarios.rules.patterns import Frame
from tests.messaging.conftest import make_record


def frame(moment: float) -> Frame:
    return Frame(id_at(moment) + "00000000", "sent", "Call", "Heartbeat", "u", "[]", "")


def test_frames_are_handed_out_once_and_in_order() -> None:
    inbox = Inbox("")
    for moment in (1, 2, 3):
        inbox.put(frame(moment))
    numbers = [number for number, _ in inbox.after(0)]
    assert numbers == [1, 2, 3] and inbox.after(3) == []
    inbox.put(frame(4))
    assert [number for number, _ in inbox.after(3)] == [4]


def test_what_fell_out_must_be_asked_of_the_log() -> None:
    inbox = Inbox(id_at(0))
    for moment in range(1, KEPT + 11):
        inbox.put(frame(moment))
    assert inbox.after(0)[0][0] == 11
    assert time_of(inbox.since) == 10
    # Numbers that are gone already give what is left.
    assert len(inbox.after(5)) == KEPT


def test_a_gap_wakes_who_waits() -> None:
    inbox = Inbox("")
    news = inbox.news
    inbox.missed()
    assert news.is_set() and inbox.gaps == 1 and not inbox.news.is_set()


def test_a_place_is_never_beyond_what_comes_whatever_the_clocks() -> None:
    now = time.time()
    for skew in (-30.0, 0.0, 30.0):
        inbox = Inbox("")
        assert time_of(inbox.position(now)) <= now - UNSURE + 1e-5
        inbox.put(frame(now + skew - 0.05))  # recorded by the other clock a moment ago
        place = time_of(inbox.position(time.time()))
        assert now + skew - 0.2 - SLACK < place < now + skew


def test_a_watched_station_has_the_frames_that_the_stream_brings_as_they_are() -> None:
    stream = Stream()
    inbox = stream.open("CP1")
    record = make_record(kind="CallResult", direction="received", uid="u7", mark="m")
    others = [make_record(station="CP2"), make_record(kind="Note")]
    assert stream.offer([Row(made) for made in (record, *others)]) == []
    [(_, frame)] = inbox.after(0)
    told = (frame.id, frame.direction, frame.kind, frame.action, frame.uid, frame.text, frame.mark)
    assert told == (
        record.id, "received", "CallResult", "Heartbeat", "u7", record.text, "m",
    )  # fmt: skip
    stream.close("CP1", inbox)
    stream.offer([Row(make_record())])
    assert len(inbox.after(0)) == 1


def test_a_gap_in_the_stream_is_told_to_every_station_that_is_watched() -> None:
    stream = Stream()
    inboxes = [stream.open(name) for name in ("CP1", "CP1", "CP2")]
    stream.hear(json.dumps({"type": "beat", "text": "gap"}))
    assert [inbox.gaps for inbox in inboxes] == [0, 0, 0]
    stream.hear(json.dumps({"type": "gap", "count": 2, "after": "a", "before": "b"}))
    assert [inbox.gaps for inbox in inboxes] == [1, 1, 1]
