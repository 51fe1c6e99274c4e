"""Faults of frames as pure decisions: what they may do to a stream of frames, and what never."""

from collections import Counter

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chargepoint.tap.forms import FORMS, malformed, under_another_id
from chargepoint.tap.rule import FAULTS, FrameFault, frame_fault
from chargepoint.wire import rpc
from tests.chargepoint.faults.frames import START, call, fault, result, streams, tap_with, walk

delays = st.floats(0.1, 5000)


def by_direction(frames, side):
    return [(frame.unique_id, frame.kind) for frame in frames if frame.direction == side]


@given(streams(), delays, delays, st.floats(0.01, 1), st.integers(0, 9))
def test_latency_loses_nothing_and_keeps_the_order(stream, delay, jitter, probability, seed):
    frames, gaps = stream
    tap = tap_with(
        fault("latency", delay_ms=delay, jitter_ms=jitter, probability=probability, seed=seed)
    )
    on, lost = walk(tap, frames, gaps)
    assert lost == []
    for side in ("sent", "received"):
        assert by_direction(on, side) == by_direction(frames, side)


@given(streams(), delays, delays)
def test_latency_is_what_was_asked_for_and_is_marked(stream, delay, jitter):
    frames, gaps = stream
    tap = tap_with(fault("latency", delay_ms=delay, jitter_ms=jitter, direction="sent"))
    on, _ = walk(tap, frames, gaps)
    came = {}
    now = START
    for frame, gap in zip(frames, gaps, strict=True):
        now += gap
        came[frame.unique_id] = now
    for frame in on:
        waited = frame.time - came[frame.unique_id]
        if frame.direction == "received":
            assert (waited, frame.mark) == (0, "")
        else:
            assert waited >= delay / 1000 - 1e-6
            assert frame.mark.startswith("delayed")


@given(streams(), st.floats(0.01, 1), st.integers(0, 99))
def test_a_drop_loses_some_and_passes_the_others_untouched(stream, probability, seed):
    frames, gaps = stream
    tap = tap_with(fault("drop", probability=probability, seed=seed))
    on, lost = walk(tap, frames, gaps)
    assert sorted(f.unique_id for f in on + lost) == sorted(f.unique_id for f in frames)
    assert all(frame.mark == "" for frame in on)
    assert all(frame.mark == "dropped" for frame in lost)
    if probability == 1:
        assert on == []


@given(streams())
def test_a_duplicate_comes_exactly_once_more_right_behind_the_first(stream):
    frames, gaps = stream
    on, lost = walk(tap_with(fault("duplicate", kind="Call")), frames, gaps)
    assert lost == []
    counts = Counter(frame.unique_id for frame in on)
    for frame in frames:
        assert counts[frame.unique_id] == (2 if frame.kind == "Call" else 1)
    for one, two in zip(on, on[1:], strict=False):
        if one.unique_id == two.unique_id:
            assert (one.mark, two.mark) == ("", "duplicate")
            assert one.text == two.text


@given(streams(), st.floats(0.01, 1), st.integers(0, 99))
def test_reordering_loses_nothing(stream, probability, seed):
    frames, gaps = stream
    tap = tap_with(fault("reorder", probability=probability, seed=seed))
    on, lost = walk(tap, frames, gaps)
    assert lost == []
    assert Counter(f.unique_id for f in on) == Counter(f.unique_id for f in frames)


def test_a_reordered_frame_leaves_behind_the_next_one():
    tap = tap_with(fault("reorder", count=1, direction="sent"))
    frames = [call(1), call(2, "received"), call(3), call(4)]
    on, _ = walk(tap, frames, [0, 0.1, 0.1, 0.1])
    assert [frame.unique_id for frame in on] == ["u2", "u3", "u1", "u4"]
    assert on[2].mark == "reordered; delayed 200 ms"


def test_a_reordered_frame_that_nothing_overtakes_leaves_after_its_patience():
    tap = tap_with(fault("reorder", delay_ms=700))
    on, _ = walk(tap, [call(1)], [0])
    assert on[0].mark == "reordering: no other frame came; delayed 700 ms"


@given(streams(), st.lists(st.sampled_from(FAULTS), min_size=1, max_size=4), st.integers(0, 9))
def test_whatever_the_faults_a_frame_is_lost_only_by_a_drop(stream, names, seed):
    frames, gaps = stream
    more = {"latency": {"delay_ms": 50}}
    rules = [
        fault(name, n, probability=0.5, seed=seed + n, **more.get(name, {}))
        for n, name in enumerate(names)
    ]
    on, lost = walk(tap_with(*rules), frames, gaps)
    assert all("dropped" in frame.mark for frame in lost)
    if not {"drop", "no-answer"} & set(names):
        assert lost == []
    assert {f.unique_id for f in on + lost} == {f.unique_id for f in frames}


def test_the_count_is_the_next_so_many_that_fit():
    tap = tap_with(fault("drop", count=2, action="MeterValues"))
    frames = [call(n, action="MeterValues" if n % 2 else "Heartbeat") for n in range(8)]
    _, lost = walk(tap, frames, [0] * 8)
    assert [frame.unique_id for frame in lost] == ["u1", "u3"]
    assert tap.idle(START)


def test_a_fault_is_over_after_its_seconds():
    tap = tap_with(fault("drop", seconds=10))
    _, lost = walk(tap, [call(n) for n in range(4)], [0, 9, 1, 1])
    assert [frame.unique_id for frame in lost] == ["u0", "u1"]


@given(streams(), st.integers(0, 9), st.integers(0, 30))
def test_a_fault_goes_on_after_a_restart_as_if_there_had_been_none(stream, seed, cut):
    frames, gaps = stream
    whole = walk(tap_with(fault("drop", probability=0.5, seed=seed)), frames, gaps)
    rule = fault("drop", probability=0.5, seed=seed)
    first = walk(tap_with(rule), frames[:cut], gaps[:cut])
    resumed = FrameFault.from_saved(orjson.loads(orjson.dumps(rule.to_saved())))
    second = walk(tap_with(resumed), frames[cut:], gaps[cut:])
    ids = [f.unique_id for f in first[1] + second[1]]
    assert ids == [f.unique_id for f in whole[1]]


def test_no_answer_is_about_answers_only():
    on, lost = walk(tap_with(fault("no-answer")), [call(1), result(2)], [0, 0])
    assert [f.unique_id for f in on] == ["u1"]
    assert lost[0].mark == "dropped: no answer"


def test_no_answer_is_the_stations_unless_told_otherwise():
    assert fault("no-answer").selection.direction == "sent"
    assert fault("no-answer", direction="received").selection.direction == "received"
    assert fault("drop").selection.direction == "both"


def test_a_wrong_id_is_legal_and_another():
    on, _ = walk(tap_with(fault("wrong-id")), [call(1), result(2)], [0, 0])
    assert orjson.loads(on[0].text)[1] == "u1"
    assert orjson.loads(on[1].text)[1] == "xu2"
    assert on[1].mark == "wrong id, was u2"


@given(st.text(min_size=1, max_size=36))
def test_another_id_is_never_the_same_one(unique_id):
    text = under_another_id(rpc.result_text(unique_id, {}))
    new = orjson.loads(text)[1]
    assert new != unique_id
    assert len(new) <= 36


payloads = st.dictionaries(st.text(max_size=8), st.one_of(st.text(), st.integers(0, 9)), max_size=4)


@given(payloads, st.sampled_from(("cut-off", "not-json")))
def test_some_forms_are_no_json(payload, form):
    with pytest.raises(orjson.JSONDecodeError):
        orjson.loads(malformed(rpc.call_text("u", "BootNotification", payload), form))


@given(payloads, st.sampled_from(tuple(FORMS)))
def test_every_form_is_refused_or_has_another_payload(payload, form):
    text = rpc.call_text("u", "BootNotification", payload)
    parsed = rpc.parse(malformed(text, form), 10_000, rpc.READERS)
    if form == "wrong-types" and payload:
        assert {type(value) for value in parsed.payload.values()}
        for name, value in parsed.payload.items():
            assert type(value) is not type(payload[name])
    else:
        assert type(parsed) is rpc.BadFrame


@pytest.mark.parametrize("text", ["", "x", "[]", "{}", "7", "[2]"])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_no_frame_is_spoilt_without_failing(text, form):
    assert isinstance(malformed(text, form), str)
    assert under_another_id(text) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"fault": "sabotage"},
        {"fault": "drop", "probability": 0},
        {"fault": "drop", "probability": 1.1},
        {"fault": "drop", "count": 0},
        {"fault": "drop", "seconds": -1},
        {"fault": "drop", "seconds": float("nan")},
        {"fault": "drop", "delay_ms": 5},
        {"fault": "drop", "direction": "sideways"},
        {"fault": "drop", "kind": "Call,Shout"},
        {"fault": "drop", "form": "cut-off"},
        {"fault": "latency"},
        {"fault": "latency", "delay_ms": -1},
        {"fault": "reorder", "jitter_ms": 5},
        {"fault": "malformed", "form": "upside-down"},
        {"fault": "no-answer", "kind": "Call"},
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(wrong):
    with pytest.raises(ValueError, match=r"^[A-Z].*\.$|no-answer is about"):
        frame_fault(1, START, 1, **wrong)
