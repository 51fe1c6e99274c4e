"""Random drivers, cars and CSMSs, legal and illegal, and what must hold whatever they do.

Statuses change only as the table of 1.6 section 4.9 allows, and the CSMS knows the one that is;
transactions do not overlap on a connector and each ends; their messages come in order; registers
never fall; the energy billed is the energy that the car took.
"""

import pickle
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.ev import AC_EFFICIENCY
from chargepoint.timing.times import iso, seconds_of
from tests.chargepoint.inside import block
from tests.chargepoint.peer import Peer
from tests.chargepoint.v16.charging import profile
from tests.chargepoint.v16.statuses import ALLOWED

numbers = st.sampled_from([1, 2])
tags = st.sampled_from(["ANNA", "BERT"])
flags = st.sampled_from(["true", "false"])
SWITCHES = st.sampled_from([
    "AuthorizationCacheEnabled", "AuthorizeRemoteTxRequests", "LocalPreAuthorize",
    "StopTransactionOnEVSideDisconnect", "StopTransactionOnInvalidId", "AllowOfflineTxForUnknownId",
])  # fmt: skip


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        keys = {"EmulatorAutoPlug": "false", "MeterValueSampleInterval": "45",
                # A message is never given up, which would tear a hole into the books.
                "TransactionMessageAttempts": "1000", "TransactionMessageRetryInterval": "1"}
        self.peer = Peer(configuration=keys)
        self.verdict = {"status": "Accepted"}
        self.refused = 0  # how many transaction messages the CSMS fails to process from now on
        self.began: dict[int, dict] = {}
        self.ended: dict[int, dict] = {}
        self.registers: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
        self.seen = 0
        self.told: dict[int, str] = {}
        self.cars: dict[int, tuple] = {}  # connector -> (EV, soc when we looked last)
        self.open: dict[int, str] = {}  # connector -> id of its session
        self.drawn: dict[str, float] = {}
        self.identity = 0
        self.wire()
        self.peer.connect()
        self.look()

    # --- the CSMS's books --------------------------------------------------------------------

    def wire(self) -> None:
        self.peer.answers |= {
            "Authorize": lambda p: {"idTagInfo": self.verdict},
            "StartTransaction": self.booked(self.book_start),
            "MeterValues": self.booked(self.book_values),
            "StopTransaction": self.booked(self.book_stop),
        }

    def booked(self, book):
        def answer(payload: dict) -> dict | list:
            if self.refused:
                self.refused -= 1
                return ["InternalError", "no room in the books", {}]
            return book(payload)

        return answer

    def book_start(self, payload: dict) -> dict:
        number = len(self.began) + 1
        running = [n for n in self.began if n not in self.ended]
        assert payload["connectorId"] not in [self.began[n]["connectorId"] for n in running]
        self.began[number] = payload
        self.register(payload["connectorId"], payload["timestamp"], payload["meterStart"])
        return {"transactionId": number, "idTagInfo": self.verdict}

    def book_values(self, payload: dict) -> dict:
        if "transactionId" in payload:
            number = payload["transactionId"]
            assert number in self.began
            assert number not in self.ended
            assert payload["connectorId"] == self.began[number]["connectorId"]
        for entry in payload["meterValue"]:
            for value in entry["sampledValue"]:
                if value.get("measurand") == "Energy.Active.Import.Register":
                    self.register(payload["connectorId"], entry["timestamp"], value["value"])
        return {}

    def book_stop(self, payload: dict) -> dict:
        number = payload["transactionId"]
        assert number in self.began
        assert number not in self.ended
        self.ended[number] = payload
        start = self.began[number]
        assert payload["meterStop"] >= start["meterStart"]
        assert seconds_of(payload["timestamp"]) >= seconds_of(start["timestamp"])
        self.register(start["connectorId"], payload["timestamp"], payload["meterStop"])
        return {}

    def register(self, connector: int, timestamp: str, wh: str | float) -> None:
        self.registers[connector].append((seconds_of(timestamp), float(wh)))

    # --- looking -----------------------------------------------------------------------------

    def look(self) -> None:
        """After each step: what the car took in it belongs to the connector's session."""
        station = self.peer.station
        running = block(station, "sessions").open
        sessions = {number: session.id for number, session in running.items()}
        for number, outlet in station.connectors.items():
            if number in self.cars:
                car, soc = self.cars.pop(number)
                taken = (car.soc - soc) * car.battery_kwh * 10.0 / AC_EFFICIENCY
                session = self.open.get(number) or sessions.get(number)
                assert taken == 0.0 or session is not None
                self.drawn[session] = self.drawn.get(session, 0.0) + taken
            if outlet.ev is not None:
                self.cars[number] = (outlet.ev, outlet.ev.soc)
        self.open = sessions

    def do(self, name: str, **args) -> None:
        with self.at_one_instant(), suppress(CommandRejected):
            self.peer.do(name, **args)
        self.look()

    def ask(self, action: str, **payload) -> None:
        if self.peer.station.connected:
            with self.at_one_instant():
                self.peer.call(action, payload)
        self.look()

    def meters(self) -> dict[int, float]:
        """What the meters show now, without their being read: they are as they were left."""
        connectors = pickle.loads(pickle.dumps(self.peer.station.connectors))
        for outlet in connectors.values():
            outlet.advance(self.peer.now)
        return {number: outlet.meter_wh for number, outlet in connectors.items()}

    @contextmanager
    def at_one_instant(self) -> Iterator[None]:
        """No energy flows, and none is forgotten, in what takes no time."""
        before = self.meters()
        yield
        after = self.meters()
        assert all(abs(after[number] - before[number]) < 1e-6 for number in before)

    @initialize(busy=st.sampled_from([(1,), (1, 2), (2,), ()]), tag=tags)
    def begin(self, busy, tag):
        """Most lives begin in the middle: idle connectors show little."""
        for number in busy:
            self.charge(number, tag, 10.0)

    # --- drivers and cars --------------------------------------------------------------------

    @rule(number=numbers, soc=st.sampled_from([10.0, 79.0, 99.9, 100.0]))
    def plug(self, number, soc):
        self.do("plug", connector=number, ev={"soc": soc, "battery_kwh": 10})

    @rule(number=numbers)
    def unplug(self, number):
        self.do("unplug", connector=number)

    @rule(number=numbers, tag=tags)
    def present_tag(self, number, tag):
        self.do("authorize", connector=number, id_tag=tag)

    @rule(number=numbers, tag=tags)
    def start(self, number, tag):
        self.do("start-transaction", connector=number, id_tag=tag)

    @rule(number=numbers, tag=tags, seconds=st.sampled_from([1.0, 100.0]))
    def charge(self, number, tag, seconds):
        """The usual, all at once: what is rarely reached step by step is to be reached often."""
        self.plug(number, 10.0)
        self.start(number, tag)
        self.time(seconds)

    @rule(number=numbers, seconds=st.sampled_from([0.0, 50.0]))
    def fault_and_mend(self, number, seconds):
        self.fault(number, "GroundFailure")
        self.time(seconds)
        self.fault(number, "NoError")

    @rule(number=numbers)
    def stop(self, number):
        self.do("stop-transaction", connector=number)

    @rule(number=numbers, code=st.sampled_from(["GroundFailure", "NoError"]))
    def fault(self, number, code):
        self.do("fault", connector=number, error_code=code)

    @rule(seconds=st.sampled_from([0.5, 10.0, 61.0, 600.0, 4000.0]))
    def time(self, seconds):
        self.peer.pass_time(seconds)
        self.look()

    # --- the CSMS ----------------------------------------------------------------------------

    @rule(status=st.sampled_from(["Accepted", "Invalid"]))
    def change_of_mind(self, status):
        self.verdict = {"status": status}

    @rule(number=numbers, tag=tags)
    def remote_start(self, number, tag):
        self.ask("RemoteStartTransaction", connectorId=number, idTag=tag)

    @precondition(lambda self: self.began)
    @rule()
    def remote_stop(self):
        self.ask("RemoteStopTransaction", transactionId=len(self.began))

    @rule(number=st.integers(0, 2), kind=st.sampled_from(["Operative", "Inoperative"]))
    def availability(self, number, kind):
        self.ask("ChangeAvailability", connectorId=number, type=kind)

    @rule(number=st.integers(0, 2), tag=tags, seconds=st.sampled_from([30, 3000]))
    def reserve(self, number, tag, seconds):
        self.identity += 1
        expiry = iso(self.peer.now + seconds)
        self.ask("ReserveNow", connectorId=number, idTag=tag, reservationId=self.identity,
                 expiryDate=expiry)  # fmt: skip

    @rule()
    def cancel(self):
        self.ask("CancelReservation", reservationId=self.identity)

    @rule(number=numbers)
    def unlock(self, number):
        self.ask("UnlockConnector", connectorId=number)

    @rule(kind=st.sampled_from(["Soft", "Hard"]))
    def reset(self, kind):
        if not self.peer.station.connected:
            return
        before = len(self.peer.sessions)
        self.ask("Reset", type=kind)
        assert not block(self.peer.station, "sessions").open
        reasons = {record["reason"] for record in self.peer.sessions[before:]}
        assert reasons <= {f"{kind}Reset"}

    @rule(message=st.sampled_from(["StatusNotification", "MeterValues", "BootNotification"]))
    def trigger(self, message):
        self.ask("TriggerMessage", requestedMessage=message)

    @rule(key=SWITCHES, value=flags)
    def configure(self, key, value):
        self.ask("ChangeConfiguration", key=key, value=value)

    @rule(key=st.sampled_from(["MaxEnergyOnInvalidId", "ClockAlignedDataInterval"]),
          value=st.sampled_from(["0", "200"]))  # fmt: skip
    def set_number(self, key, value):
        self.ask("ChangeConfiguration", key=key, value=value)

    @rule(times=st.integers(1, 3))
    def refuse(self, times):
        self.refused = times

    @rule(tag=tags, status=st.sampled_from(["Accepted", "Blocked"]))
    def local_list(self, tag, status):
        entry = {"idTag": tag, "idTagInfo": {"status": status}}
        self.ask("SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=[entry])

    @rule(number=numbers, limit=st.sampled_from([0.0, 5.0, 6.0, 20.0]),
          purpose=st.sampled_from(["TxProfile", "TxDefaultProfile"]))  # fmt: skip
    def limit(self, number, limit, purpose):
        self.identity += 1
        made = profile([(0, limit), (300, 16.0)], self.identity, purpose, unit="A")
        self.ask("SetChargingProfile", connectorId=number, csChargingProfiles=made)

    @rule(limit=st.sampled_from([0.0, 8.0, 14.0]))
    def limit_station(self, limit):
        made = profile(limit, 0, "ChargePointMaxProfile", kind="Absolute", unit="A",
                       startSchedule=self.peer.now, duration=2000)  # fmt: skip
        self.ask("SetChargingProfile", connectorId=0, csChargingProfiles=made)

    @rule()
    def clear_limits(self):
        self.ask("ClearChargingProfile")

    # --- links and workers -------------------------------------------------------------------

    @rule()
    def drop(self):
        self.peer.drop()
        self.told.clear()  # what happened meanwhile is not told step by step
        self.look()

    @rule()
    def connect(self):
        if not (self.peer.station.connected or self.peer.station.dark):
            self.peer.connect()
        self.look()

    @rule(seconds=st.sampled_from([5.0, 90.0]))
    def power_cut(self, seconds):
        self.notes()
        self.do("power-cut", seconds=seconds)
        self.told.clear()

    @rule()
    def crash(self):
        self.notes()
        # One that was not accepted yet counts as having been off since it was saved.
        with self.at_one_instant() if self.peer.station.booted else nullcontext():
            self.peer = self.peer.crash()
        self.told.clear()
        connectors = self.peer.station.connectors  # they charged on, up to now
        self.cars = {n: (connectors[n].ev, soc) for n, (_, soc) in self.cars.items()}
        self.wire()

    # --- what holds --------------------------------------------------------------------------

    @invariant()
    def notes(self) -> None:
        for frame in self.peer.sent[self.seen :]:
            if frame[0] != 2:
                continue
            if frame[2] == "BootNotification":
                self.told.clear()
            elif frame[2] == "StatusNotification" and frame[3]["connectorId"]:
                number, status = frame[3]["connectorId"], frame[3]["status"]
                before = self.told.get(number, status)
                assert before == status or (before, status) in ALLOWED
                self.told[number] = status
        self.seen = len(self.peer.sent)
        self.plugs()
        station = self.peer.station
        if station.connected and station.registration == "Accepted" and not station.calls.queued:
            for number, status in self.told.items():
                assert station.connectors[number].status_16 == status

    def plugs(self) -> None:
        """What the status says of the car and of the transaction is so."""
        station = self.peer.station
        for number, outlet in station.connectors.items():
            status, open_ = outlet.status_16, number in block(station, "sessions").open
            assert outlet.in_transaction == open_
            if status == "Finishing":
                assert outlet.ev is not None and not open_
            elif status == "Preparing":
                assert outlet.ev is not None or number in block(station, "sessions").tags
            elif status in ("Charging", "SuspendedEVSE"):
                assert outlet.ev is not None and open_
            elif status in ("Available", "Reserved", "Unavailable"):
                assert not open_
            assert status != "Available" or outlet.ev is None

    def teardown(self) -> None:
        self.refused = 0
        for _ in range(2):  # the first may find it in the middle of a reset
            self.peer.pass_time(120)
            if not self.peer.station.connected:
                self.peer.connect()
            self.look()
        for number in (1, 2):
            self.do("stop-transaction", connector=number)
        self.peer.pass_time(600)
        self.notes()
        assert set(self.began) == set(self.ended)
        for number in (1, 2):
            mine = [n for n in self.began if self.began[n]["connectorId"] == number]
            for one, next_ in pairwise(mine):
                ended, began = self.ended[one], self.began[next_]
                assert seconds_of(ended["timestamp"]) <= seconds_of(began["timestamp"])
                assert ended["meterStop"] <= began["meterStart"]
        for readings in self.registers.values():
            ordered = [wh for _, wh in sorted(readings)]
            # A start's and a stop's register is rounded to whole Wh, a sample's may not be.
            assert all(later >= earlier - 1 for earlier, later in pairwise(ordered))
        known = {r["id"]: r for r in self.peer.sessions if r["ended"] is not None}
        for session, record in known.items():
            number = int(record["transaction_id"])
            start, stop = self.began[number]["meterStart"], self.ended[number]["meterStop"]
            assert (record["meter_start"], record["meter_stop"]) == (start, stop)
            assert abs(stop - start - self.drawn.get(session, 0.0)) <= 1.0
        assert len({record["transaction_id"] for record in known.values()}) == len(self.began)
        for number, outlet in self.peer.station.connectors.items():
            sessions = [s for s, record in known.items() if record["connector"] == number]
            drawn = sum(self.drawn.get(session, 0.0) for session in sessions)
            assert abs(outlet.meter_wh - drawn) <= 1.0


Life.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestLife = pytest.mark.slow(Life.TestCase)
