"""Whatever goes wrong on purpose, once it is over each transaction was told once, and ended.

The histories and the CSMS's ledger are those of the survival test, with faults among the steps.
"""

from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.core.commands import CommandRejected
from tests.chargepoint.faults.bench import Bench
from tests.chargepoint.peer import Peer
from tests.chargepoint.v16.test_survival import KEYS, Ledger, perform, settle, wire

rules = st.fixed_dictionaries(
    {"fault": st.sampled_from(["drop", "duplicate", "latency", "reorder", "no-answer"])},
    optional={
        "direction": st.sampled_from(["sent", "received", "both"]),
        "action": st.sampled_from(
            ["StartTransaction,TransactionEvent", "MeterValues", "StopTransaction"]
        ),
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
    assert not peer.station.calls.queued
    sessions = {update["id"]: update for update in peer.sessions}
    assert len(ledger.began) == len(sessions) >= 1
    assert set(ledger.ended) == set(ledger.began)
    for number, began in ledger.began.items():
        course = [began["meterStart"], *ledger.registers.get(number, []),
                  ledger.ended[number]["meterStop"]]  # fmt: skip
        assert course == sorted(course)
    for connector in peer.station.connectors.values():
        assert not connector.in_transaction


# --- 2.x: the same of TransactionEvents --------------------------------------------------------

PATIENT = {
    "EmulatorCtrlr.AutoPlug": "false",
    "OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]": "1",
    "OCPPCommCtrlr.MessageAttempts[TransactionEvent]": "1000",
    "SampledDataCtrlr.TxUpdatedInterval": "20",
}


def act(bench: Bench, step: str, connector: int | None) -> None:
    match step:
        case "drop":
            bench.drop()
        case "connect":
            pass  # done after each moment
        case "crash":
            bench.restart()
        case "Hard":
            bench.do("reset", kind="Hard")
        case "start-transaction":
            bench.do(step, connector=connector, id_tag="AABBCCDD")
        case _:
            bench.do(step, connector=connector)


def pass_and_connect(bench: Bench, seconds: float) -> None:
    bench.pass_time(seconds)
    if not bench.station.connected and not bench.station.dark:
        bench.connect()


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["2.0.1", "2.1"]), st.lists(moments, min_size=1, max_size=12))
def test_the_events_of_every_2x_transaction_are_told_without_a_gap(version, history):
    bench = Bench(version, configuration=PATIENT).connect()
    bench.do("start-transaction", connector=1, id_tag="AABBCCDD")
    for step, seconds in history:
        with suppress(CommandRejected):
            if len(step) == 3:
                break_something(bench, *step)
            else:
                act(bench, *step)
        pass_and_connect(bench, seconds)
    mend(bench)
    pass_and_connect(bench, 60)
    for connector in (1, 2):
        with suppress(CommandRejected):
            bench.do("stop-transaction", connector=connector)
    pass_and_connect(bench, 3600)
    pass_and_connect(bench, 600)
    assert not bench.station.calls.queued
    told: dict[str, dict[int, str]] = {}
    for event in bench.csms.events:
        numbers = told.setdefault(event["transactionInfo"]["transactionId"], {})
        assert numbers.setdefault(event["seqNo"], event["eventType"]) == event["eventType"]
    assert told
    for numbers in told.values():
        assert sorted(numbers) == list(range(len(numbers)))
        kinds = [numbers[number] for number in sorted(numbers)]
        assert (kinds[0], kinds[-1]) == ("Started", "Ended")
        assert set(kinds[1:-1]) <= {"Updated"}
