"""Whatever a CSMS answers to a station costs a bounded number of steps, and nothing raises."""

import contextlib
from typing import Any

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso
from chargepoint.wire import schemas
from tests.chargepoint.bounds.inputs import ROOM, largest
from tests.chargepoint.bounds.stations import CAR, Counted
from tests.chargepoint.peer import Peer
from tests.chargepoint.v201.csms import Csms, config_of

LINES_AT_MOST = 200_000  # of one event
_SMALLER, _KINDS = 20_000, 6
# What such a session provokes, and whose answers do something.
ANSWERED = {
    "1.6": {"Authorize", "BootNotification", "DataTransfer", "Heartbeat", "SignCertificate",
            "StartTransaction", "StatusNotification", "StopTransaction"},
    "2.0.1": {"Authorize", "BootNotification", "Get15118EVCertificate", "Heartbeat",
              "NotifyEVChargingNeeds", "SignCertificate", "StatusNotification",
              "TransactionEvent"},
}  # fmt: skip
ANSWERED["2.1"] = ANSWERED["2.0.1"] | {
    "OpenPeriodicEventStream", "PullDynamicScheduleUpdate", "VatNumberValidation",
}  # fmt: skip


def bench_of(version: str) -> Peer | Csms:
    return Peer() if version == "1.6" else Csms(config_of(version))


class LargeAnswers:
    """Answers everything as largely as the schema allows; of boots only the first."""

    def __init__(self, bench: Peer | Csms, version: str, number: int) -> None:
        self.bench, self.version, self.number = bench, version, number
        self.given: set[str] = set()
        for action in schemas.actions(version) - schemas.unanswered(version):
            bench.answers[action] = lambda _, action=action: self.answer(action)

    def answer(self, action: str) -> dict[str, Any]:
        first = action not in self.given
        self.given.add(action)
        if action == "BootNotification" and not first:
            return {"status": "Accepted", "currentTime": iso(self.bench.now), "interval": 60}
        room = ROOM if self.number == 0 and first else _SMALLER
        # Time stamps that set the clock are left as they are: other tests have wrong clocks.
        hints = {"currentTime": lambda _: iso(self.bench.now)} if self.number % 2 else {}
        made = largest(self.version, action, True, self.number, hints, room)
        assert schemas.check(self.version, action, made, True) is None
        return made


def do(bench: Peer | Csms, name: str, **args: Any) -> None:
    perform = bench.do if isinstance(bench, Peer) else bench.command
    with contextlib.suppress(CommandRejected):  # as the answers before have it
        perform(name, **args)


def live(bench: Peer | Csms, version: str) -> None:
    bench.connect()
    bench.pass_time(1000)
    if not bench.station.booted:
        bench.station.timers.clear("boot")  # an interval of years
        bench.pass_time(100)
        (bench.drop if isinstance(bench, Peer) else bench.disconnect)()
        bench.connect()
    asked = {"requestedMessage": "SignChargingStationCertificate"}
    if version == "1.6":
        asked = {"requestedMessage": "SignChargePointCertificate"}
        do(bench, "data-transfer", vendor_id="x")
    bench.call("ExtendedTriggerMessage" if version == "1.6" else "TriggerMessage", asked)
    if version == "2.1":
        _set_21(bench)
    for connector in (1, 2):
        do(bench, "plug", connector=connector, ev=CAR | {"iso15118": version != "1.6"})
        do(bench, "authorize", connector=connector, id_tag="TAG1")
        do(bench, "start-transaction", connector=connector, id_tag="TAG2")
        bench.pass_time(130)
        do(bench, "vat-number", connector=connector, vat_number="DE1")
        do(bench, "stop-transaction", connector=connector)
        do(bench, "unplug", connector=connector)
    if version != "1.6":  # a car that has a contract installed
        do(bench, "plug", connector=1, ev=CAR | {"emaid": "DEABCC123456781"})
    bench.pass_time(400)


def _set_21(csms: Csms) -> None:
    stream = {"interval": 5, "values": 2}
    item = {
        "value": 1, "type": "Delta", "severity": 5,
        "component": {"name": "EVSE", "evse": {"id": 1}}, "variable": {"name": "Power"},
        "periodicEventStream": stream,
    }  # fmt: skip
    csms.call("SetVariableMonitoring", {"setMonitoringData": [item]})
    periods = [{"startPeriod": 0, "limit": 6e3}]
    schedule = {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": periods}
    made = {
        "id": 1, "stackLevel": 0, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Dynamic", "dynUpdateInterval": 30, "chargingSchedule": [schedule],
    }  # fmt: skip
    csms.call("SetChargingProfile", {"evseId": 1, "chargingProfile": made})


@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_every_answer_of_a_csms_is_bounded(version):
    given: set[str] = set()
    for number in range(_KINDS):
        bench = bench_of(version)
        bench.station = Counted(bench.station, LINES_AT_MOST)
        large = LargeAnswers(bench, version, number)
        live(bench, version)
        bench.station.snapshot()
        given |= large.given
    assert given >= ANSWERED[version], ANSWERED[version] - given
