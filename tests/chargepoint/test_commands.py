"""What an operator may get wrong: a refusal with a sentence, and nothing changed or sent."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.states import STATUS_16, STATUS_201, Event, State
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import booted

DEEP: list = []
for _ in range(300):
    DEEP = [DEEP]

WRONG = [
    ("fault", {"connector": 1, "info": 5}),
    ("fault", {"connector": True}),
    ("message", {"text": "\ud800"}),
    ("message", {"action": 5}),
    ("message", {"action": "X", "payload": {"a": "\ud800"}}),
    ("message", {"action": "X", "payload": DEEP}),
    ("message", {}),
    ("message", {"text": "x", "action": "X"}),
    ("authorize", {"id_tag": "\ud800"}),
    ("authorize", {"id_tag": {"idToken": "x"}}),
    ("plug", {"connector": 1, "ev": 5}),
    ("plug", {"connector": 1, "ev": {"wheels": 4}}),
    ("plug", {"connector": 99}),
    ("plug", {"now": 5}),
    ("stop-transaction", {"reason": {}}),
    ("availability", {"connector": 1, "operative": "no"}),
    ("self", {}),
]


def refused(peer, name, args):
    before = peer.station.snapshot()
    with pytest.raises(CommandRejected) as info:
        peer.do(name, **args)
    assert info.value.code
    assert info.value.message.endswith(".")
    assert peer.station.snapshot() == before
    assert peer.station.wake(peer.now) == []


@pytest.mark.parametrize(("name", "args"), WRONG)
def test_a_wrong_command_is_refused_and_changes_nothing(name, args):
    refused(Peer().connect(), name, args)


def test_starting_where_nobody_can_start_plugs_no_car_in():
    peer = Peer().connect()
    peer.do("availability", connector=1, operative=False)
    refused(peer, "start-transaction", {"connector": 1})
    assert peer.station.connectors[1].ev is None


def test_null_is_as_good_as_not_given():
    peer = Peer().connect()
    assert peer.do("plug", connector=2, ev=None) == {"status": "Preparing"}
    assert peer.do("start-transaction", connector=None, id_tag=None)["connector"] == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('[2,"x1","Heartbeat",{}]', "Call"),
        ('[2,"x1","NoSuchThing",{"a":1}]', "Call"),
        ('[3,"x1",{}]', "CallResult"),
        ("[2", "Invalid"),
        ("hello", "Invalid"),
    ],
)
def test_a_crafted_frame_goes_out_as_it_is_even_while_a_call_waits(text, kind):
    peer = Peer().connect()
    peer.answers["Heartbeat"] = None
    peer.pass_time(300)
    _, effects = peer.station.command("message", {"text": text}, peer.now)
    frames = [effect.frame for effect in effects if hasattr(effect, "frame")]
    assert [(frame.text, frame.kind) for frame in frames] == [(text, kind)]


def test_the_answer_to_a_crafted_call_has_its_action_and_latency():
    peer = Peer().connect()
    result, _ = peer.station.command("message", {"action": "Heartbeat"}, peer.now)
    peer.now += 0.25
    peer.feed([4, result["unique_id"], "GenericError", "", {}])
    last = peer.received[-1]
    assert (last.action, last.latency, last.error) == ("Heartbeat", 0.25, "GenericError")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=5,
)
names = st.sampled_from(sorted(Peer().station.COMMANDS))
arguments = st.sampled_from([
    "connector", "ev", "id_tag", "error_code", "info", "kind", "text", "action", "payload",
    "operative", "reason", "transaction", "count", "delay_ms", "direction", "fault", "follow",
    "hold_seconds", "id", "jitter_ms", "offset_seconds", "ppm", "probability", "seconds", "seed",
])  # fmt: skip
# What an operator broke on purpose is mended by these.
MENDING = ("power-on", "heal", "clear-fault", "clock", "clear-breakpoint", "release")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(names, st.dictionaries(arguments, json_values, max_size=3)), max_size=6))
def test_a_command_is_carried_out_or_refused(commands):
    peer = Peer().connect()
    for name, args in commands:
        try:
            peer.do(name, **args)
        except CommandRejected as error:
            assert error.message.endswith(".")
        peer.pass_time(7)
        if not peer.station.connected and not peer.station.dark:
            peer.connect()
    for name in MENDING:
        with suppress(CommandRejected):
            peer.do(name)
    if not peer.station.connected:
        peer.connect()
    assert peer.call("GetConfiguration", {"key": ["NumberOfConnectors"]}, "last")[0] == 3


# Of the table of states, and no words of who drives a station.
INNER = {*map(str, State), *map(str, Event)} - {*STATUS_16.values(), *STATUS_201.values()}


@pytest.mark.parametrize("make", [Peer, booted])
def test_what_cannot_be_now_is_said_in_the_words_of_the_protocol(make):
    """Every command at a connector, in every order of two: no refusal names a state of ours."""
    said = []
    for first in ("plug", "unplug", "fault", "start-transaction"):
        for second in ("plug", "unplug", "fault", "availability", "start-transaction"):
            peer = make()
            do = peer.connect().do if make is Peer else peer.command
            for name in (first, second, second):
                args = {"error_code": "NoError"} if (name, first) == ("fault", "unplug") else {}
                try:
                    do(name, connector=1, **args)
                except CommandRejected as refusal:
                    said.append(refusal.message)
    assert any("while connector 1 is" in message for message in said)
    for message in said:
        assert not INNER & {word.strip(".") for word in message.split()}, message
