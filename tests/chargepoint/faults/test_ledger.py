"""Whatever goes wrong on purpose, once it is over each transaction was told once, and ended.

The histories and the CSMS's ledger are those of the survival test, with faults among the steps.
"""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.station import CommandRejected
from tests.chargepoint.peer import Peer
from tests.chargepoint.v16.test_survival import KEYS, Ledger, perform, settle, steps, wire

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
faults = st.one_of(
    st.tuples(st.just("add-fault"), rules, delays),
    st.tuples(st.sampled_from(["clear-fault", "heal", "half-open", "power-on"]),
              st.just({}), st.none()),
    st.tuples(st.sampled_from(["half-open", "power-cut"]),
              st.fixed_dictionaries({"seconds": st.floats(1, 200)}), st.none()),
    st.tuples(st.just("clock"), st.fixed_dictionaries(
        {"ppm": st.floats(-900, 900), "follow": st.booleans()}), st.none()),
)  # fmt: skip


def break_something(peer: Peer, name: str, args: dict, delay: float | None) -> None:
    if args.get("fault") in ("latency", "reorder"):
        args = {**args, "delay_ms": delay}
    peer.do(name, **args)


def mend(peer: Peer) -> None:
    for name in ("clear-fault", "heal", "power-on", "clock"):
        with suppress(CommandRejected):
            peer.do(name)


@settings(max_examples=250, deadline=None)
@given(st.lists(st.one_of(steps, faults), max_size=30))
def test_every_transaction_is_told_and_ended_after_all_faults(history):
    peer, ledger = Peer(configuration=KEYS), Ledger()
    wire(peer, ledger)
    peer.connect()
    for step in history:
        with suppress(CommandRejected):
            if len(step) == 3:
                break_something(peer, *step)
            elif step[0] != "connect" or not peer.station.dark:
                if step[0] == "remote-start":
                    continue  # its answer may be kept back, which that step does not expect
                peer = perform(peer, ledger, *step)
        peer.pass_time(0.05)
    mend(peer)
    settle(peer, ledger)
    assert peer.station.tap is None
    assert not peer.station.queued
    sessions = {update["id"]: update for update in peer.sessions}
    assert len(ledger.began) == len(sessions)
    assert set(ledger.ended) == set(ledger.began)
    for number, began in ledger.began.items():
        course = [began["meterStart"], *ledger.registers.get(number, []),
                  ledger.ended[number]["meterStop"]]  # fmt: skip
        assert course == sorted(course)
    for connector in peer.station.connectors.values():
        assert not connector.in_transaction
