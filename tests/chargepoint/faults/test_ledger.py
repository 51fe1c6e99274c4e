"""Whatever goes wrong on purpose, once it is over each transaction was told once, and ended.

The histories and the CSMS's ledger are those of the survival test, with faults among the steps.
"""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.station import CommandRejected
from tests.chargepoint.peer import Peer
from tests.chargepoint.v16.test_survival import KEYS, Ledger, perform, settle, wire

rules = st.fixed_dictionaries(
    {"fault": st.sampled_from(["drop", "duplicate", "latency", "reorder", "no-answer"])},
    optional={
        "direction": st.sampled_from(["sent", "received", "both"]),
        "action": st.sampled_from(["StartTransaction", "MeterValues", "StopTransaction"]),
        "probability": st.floats(0.1, 1),
        "count": st.integers(1, 5),
        "seconds": st.floats(1, 120),
        "seed": st.integers(0, 9),
    },
)
delays = st.floats(1, 20_000)
whiles = st.fixed_dictionaries({"seconds": st.floats(1, 60)})
clocks = st.fixed_dictionaries({"ppm": st.floats(-900, 900), "follow": st.booleans()})
faults = st.one_of(
    st.tuples(st.just("add-fault"), rules, delays),
    st.tuples(st.sampled_from(["half-open", "power-cut"]), whiles, st.none()),
    st.tuples(st.just("clock"), clocks, st.none()),
)
connectors = st.sampled_from([1, 2])
# One thing after the other, with time for it to be felt: most of it while a car charges.
moments = st.tuples(
    st.one_of(
        st.tuples(st.sampled_from(["start-transaction", "stop-transaction"]), connectors),
        st.tuples(st.sampled_from(["drop", "connect", "crash", "Hard"]), st.none()),
        faults,
        faults,
    ),
    st.floats(0.1, 90),
)


def break_something(peer: Peer, name: str, args: dict, delay: float | None) -> None:
    if args.get("fault") in ("latency", "reorder"):
        args = {**args, "delay_ms": delay}
    peer.do(name, **args)


def mend(peer: Peer) -> None:
    for name in ("clear-fault", "heal", "power-on", "clock"):
        with suppress(CommandRejected):
            peer.do(name)


def live_through(peer: Peer, ledger: Ledger, history: list) -> Peer:
    for step, seconds in history:
        with suppress(CommandRejected):
            if len(step) == 3:
                break_something(peer, *step)
            else:
                peer = perform(peer, ledger, *step)
        peer.pass_time(seconds)
        if not peer.station.connected and not peer.station.dark:
            peer.connect()
    return peer


@settings(max_examples=200, deadline=None)
@given(st.lists(moments, min_size=1, max_size=12))
def test_every_transaction_is_told_and_ended_after_all_faults(history):
    peer, ledger = Peer(configuration=KEYS), Ledger()
    wire(peer, ledger)
    peer.connect()
    peer.do("start-transaction", connector=1)
    peer = live_through(peer, ledger, history)
    mend(peer)
    settle(peer, ledger)
    assert peer.station.tap is None
    assert not peer.station.queued
    sessions = {update["id"]: update for update in peer.sessions}
    assert len(ledger.began) == len(sessions) >= 1
    assert set(ledger.ended) == set(ledger.began)
    for number, began in ledger.began.items():
        course = [began["meterStart"], *ledger.registers.get(number, []),
                  ledger.ended[number]["meterStop"]]  # fmt: skip
        assert course == sorted(course)
    for connector in peer.station.connectors.values():
        assert not connector.in_transaction
