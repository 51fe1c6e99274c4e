"""One stream against a slow reader: what goes in comes out once, in order, in the right parts."""

import json

from hypothesis import given
from hypothesis import strategies as st

from chargepoint.timing.times import seconds_of
from chargepoint.v21.monitoring.event_stream import (
    KEPT_AT_MOST,
    SENT_AT_MOST,
    EventStream,
    Phase,
    params_of,
)

START = 1e9


def stream_of(**params) -> EventStream:
    return EventStream(1, 7, params)


@given(
    st.integers(0, 5),
    st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=40),
    st.integers(0, 40),
)
def test_values_come_out_once_in_order_and_in_parts_of_the_right_size(most, story, at):
    stream = stream_of(values=most, interval=10)
    clock, seen = START, []
    for n, (wait, all_of_them) in enumerate(story):
        if n == at:
            stream = EventStream.from_saved(json.loads(json.dumps(stream.to_saved())))
        clock += wait
        stream.put(clock, str(n))
        before = len(stream.values)
        for message in stream.messages(all_of_them):
            data = message["data"]
            assert len(data) <= (most or SENT_AT_MOST)
            assert all_of_them or len(data) == (most or SENT_AT_MOST)
            before -= len(data)
            assert message["pending"] == before
            assert data[0]["t"] == 0  # N15.FR.09
            assert message["basetime"].endswith("Z")
            seen += [(seconds_of(message["basetime"]) + part["t"], part["v"]) for part in data]
        assert not (all_of_them and stream.values)
    seen += [(time, text) for time, text in stream.values]
    assert [text for _, text in seen] == [str(n) for n in range(len(story))]
    assert all(abs(b[0] - a[0]) < 200 for a, b in zip(seen, seen[1:], strict=False))


def test_the_oldest_go_when_too_many_wait():
    stream = stream_of(interval=5)
    for n in range(KEPT_AT_MOST + 10):
        stream.put(START + n, str(n))
    assert (len(stream.values), stream.values[0][1]) == (KEPT_AT_MOST, "10")
    parts = [len(message["data"]) for message in stream.messages(True)]
    assert parts == [SENT_AT_MOST] * (KEPT_AT_MOST // SENT_AT_MOST)


def test_the_interval_counts_from_the_last_sending_and_does_not_drift():
    stream = stream_of(interval=10)
    assert stream.sent_at(START) == START + 10
    assert stream.sent_at(START + 10.3) == START + 20  # a late wake
    assert stream.sent_at(START + 15) == START + 25  # by the number of values
    assert stream.sent_at(START + 90) == START + 100  # slept over
    assert stream_of(values=3).sent_at(START) is None


def test_params_need_something_that_sends_and_what_is_left_out_stays():
    assert params_of({}) == params_of({"interval": 0}) == params_of({"values": 0}) == {}
    assert params_of({"values": 3, "customData": {}}) == {"values": 3}
    before = {"interval": 5, "values": 3}
    assert params_of({"interval": 9}, before) == {"interval": 9, "values": 3}
    assert params_of({"interval": 0, "values": 0}, before) == {}


def test_a_saved_stream_is_the_same():
    stream = stream_of(interval=10)
    stream.phase, stream.due = Phase.OPEN, START
    stream.put(START, "1")
    again = EventStream.from_saved(json.loads(json.dumps(stream.to_saved())))
    assert again.to_saved() == stream.to_saved()
    assert again.phase is Phase.OPEN
