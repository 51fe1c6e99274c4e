"""Streams over any story of a link and a CSMS: in the end both sides know the same ones."""

from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.timing.times import seconds_of
from tests.chargepoint.inside import block
from tests.chargepoint.v21.test_streams import POWER, STATE, adjusted, booted, listed, monitor

MONITORS = st.integers(1, 4)
PARAMS = st.fixed_dictionaries(
    {}, optional={"interval": st.integers(0, 7), "values": st.integers(0, 4)}
)
STEPS = st.one_of(
    st.tuples(st.just("set"), MONITORS, st.none() | PARAMS),
    st.tuples(st.just("clear"), MONITORS),
    st.tuples(st.just("adjust"), MONITORS, PARAMS),
    st.tuples(st.just("answers"), st.sampled_from(["Accepted", "Rejected", None, "GenericError"])),
    st.tuples(st.just("pass"), st.integers(1, 45)),
    st.tuples(st.sampled_from(["disconnect", "connect", "restart", "reset", "base", "power"])),
)


def step(csms, what: str, *args) -> None:
    online = csms.station.online
    match what:
        case "set" if online:
            number, params = args
            more = {} if params is None else {"stream": params}
            if number in (block(csms.station, "monitoring").monitors or ()):
                more["id"] = number
            monitor(csms, "Periodic", 1, POWER, severity=number, **more)
        case "clear" if online:
            csms.call("ClearVariableMonitoring", {"id": [args[0]]})
        case "adjust" if online:
            adjusted(csms, args[0], **args[1])
        case "answers":
            csms.mode = args[0]
        case "pass":
            csms.pass_time(args[0])
        case "disconnect":
            csms.disconnect()
        case "connect" if not csms.station.connected:
            csms.connect()
        case "restart":
            csms.restart()
        case "reset" if online:
            csms.call("Reset", {"type": "Immediate"})
        case "base" if online:
            csms.call("SetMonitoringBase", {"monitoringBase": "FactoryDefault"})
        case "power" if csms.station.connected:
            csms.command("power-cut", seconds=5)
            csms.pass_time(6)


def keep_books(csms) -> dict[int, int]:
    """Have the CSMS answer as `mode` says. Returns its open streams -> their monitors."""
    books: dict[int, int] = {}
    csms.mode = "Accepted"

    def opened(payload: dict):
        told = payload["constantStreamData"]
        books.pop(told["id"], None)
        if csms.mode == "Accepted":
            books[told["id"]] = told["variableMonitoringId"]
        said = csms.mode in ("Accepted", "Rejected")
        return {"status": csms.mode} if said else csms.mode

    def closed(payload: dict):
        books.pop(payload["id"], None)
        return {} if csms.mode else None

    csms.answers["OpenPeriodicEventStream"] = opened
    csms.answers["ClosePeriodicEventStream"] = closed
    return books


@settings(max_examples=200, deadline=None)
@given(st.lists(STEPS, min_size=3, max_size=25))
def test_both_sides_agree_in_the_end_and_no_value_comes_twice(story):
    csms = booted(version="2.1")
    books = keep_books(csms)
    for entry in story:
        step(csms, *entry)
    step(csms, "answers", "Accepted")
    if not csms.station.connected:
        csms.connect()
    csms.pass_time(120)  # every Call has had its answer, or its time

    streams = {told["id"]: told["variableMonitoringId"] for told in listed(csms)}
    assert streams == books
    assert set(streams.values()) <= set(block(csms.station, "monitoring").monitors or ())
    assert len(block(csms.station, "streams").streams or ()) == len(streams)  # nothing hangs

    seen = set()
    for _, payload in csms.sends:
        assert payload["pending"] >= 0
        for part in payload["data"]:
            value = (payload["id"], round(seconds_of(payload["basetime"]) + part["t"], 3))
            assert value not in seen
            seen.add(value)


def test_a_state_is_streamed_over_a_power_cut():
    csms = booted(version="2.1")
    monitor(csms, "Periodic", 1, STATE, stream={"interval": 5})
    csms.pass_time(3)
    csms.command("power-cut", seconds=10)
    csms.pass_time(11)
    csms.connect()
    csms.pass_time(5)
    assert len(csms.sent("OpenPeriodicEventStream")) == 2
    times = [
        seconds_of(payload["basetime"]) + part["t"] - 1e9
        for _, payload in csms.sends
        for part in payload["data"]
    ]
    assert times[:3] == [1, 2, 3]  # what was kept outlives the cut
    assert min(times[3:]) > 10  # and without power nothing is measured
