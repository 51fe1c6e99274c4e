"""Random drivers, cars and CSMSs, legal and illegal, and what must hold whatever they do in 2.x.

Events of a transaction: Started, Updated ..., Ended, numbered without a gap, in the order in which
they were made; one transaction an EVSE; registers never fall; the energy billed is what was taken.
"""

from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from chargepoint.core.commands import CommandRejected
from chargepoint.hardware.ev import AC_EFFICIENCY, DC_EFFICIENCY
from chargepoint.timing.times import iso, seconds_of
from tests.chargepoint.inside import block

from .books import Books
from .csms import Csms, config_of
from .profiles import DEFAULT, MAX, TX, profile

numbers = st.sampled_from([1, 2])
tags = st.sampled_from(["ANNA", "BERT"])
POINTS = (
    "Authorized", "DataSigned", "EVConnected", "EnergyTransfer", "ParkingBayOccupancy",
    "PowerPathClosed",
)  # fmt: skip
SWITCHES = st.sampled_from([
    "AuthCacheCtrlr.Enabled", "AuthCtrlr.AuthorizeRemoteStart", "AuthCtrlr.LocalPreAuthorize",
    "AuthCtrlr.DisableRemoteAuthorization", "AuthCtrlr.OfflineTxForUnknownIdEnabled",
    "TxCtrlr.StopTxOnEVSideDisconnect", "TxCtrlr.StopTxOnInvalidId", "AuthCtrlr.Enabled",
])  # fmt: skip


def token(tag):
    return {"idToken": tag, "type": "KeyCode"}


class Life(RuleBasedStateMachine):
    version = "2.0.1"

    def __init__(self) -> None:
        super().__init__()
        variables = {"EmulatorCtrlr.AutoPlug": "false", "SampledDataCtrlr.TxUpdatedInterval": "45"}
        self.csms = Csms(config_of(self.version, configuration=variables))
        self.books = Books()
        self.verdict = {"status": "Accepted"}
        self.cars: dict[int, tuple] = {}  # connector -> (EV, soc when we looked last)
        self.running: dict[int, str] = {}  # connector -> id of its session
        self.drawn: dict[str, float] = {}
        self.identity = 0
        self.csms.answers |= {
            "Authorize": lambda _: {"idTokenInfo": self.verdict},
            "TransactionEvent": self.book,
            "NotifyEVChargingNeeds": {"status": "Processing"},
        }
        self.csms.connect()
        self.look()

    def book(self, payload: dict) -> dict:
        self.books.event(payload)
        return {"idTokenInfo": self.verdict} if "idToken" in payload else {}

    def look(self) -> None:
        """After each step: what a car took in it belongs to the outlet's transaction."""
        outlets = self.csms.station.outlets
        now = {n: o.transaction.session for n, o in outlets.items() if o.transaction}
        for number, outlet in outlets.items():
            if number in self.cars:
                car, soc = self.cars.pop(number)
                efficiency = DC_EFFICIENCY if outlet.hardware.dc else AC_EFFICIENCY
                taken = (car.soc - soc) * car.battery_kwh * 10.0 / efficiency
                session = self.running.get(number) or now.get(number)
                assert taken == 0.0 or session is not None
                self.drawn[session] = self.drawn.get(session, 0.0) + taken
            if outlet.hardware.ev is not None:
                self.cars[number] = (outlet.hardware.ev, outlet.hardware.ev.soc)
        self.running = now

        self.look_at_displays()

    def look_at_displays(self) -> None:
        station = self.csms.station
        messages = block(station, "display").messages or {}
        running = {o.transaction.id for o in station.outlets.values() if o.transaction}
        for display in station.snapshot()["display"]:
            infos = [messages[n["id"]]["info"] for n in display["lines"] if n["kind"] == "message"]
            for info in infos:
                assert info.get("transactionId") in (None, *running)
                assert info["message"]["content"] in ("for 0", f"for {display['evse']}")
            kinds = {info["priority"] for info in infos}
            assert len(kinds) <= 1
            if kinds == {"AlwaysFront"}:
                assert len(display["lines"]) == 1
        for entry in messages.values():
            assert seconds_of(entry["info"]["endDateTime"]) > self.csms.now - 1

    def do(self, name: str, **args) -> None:
        with suppress(CommandRejected):
            self.csms.command(name, **args)
        self.look()

    def ask(self, action: str, **payload) -> None:
        if self.csms.station.connected:
            self.csms.call(action, payload)
        self.look()

    # --- drivers and cars --------------------------------------------------------------------

    @rule(number=numbers, soc=st.sampled_from([10.0, 79.0, 99.9, 100.0]), modern=st.booleans())
    def plug(self, number, soc, modern):
        self.do("plug", connector=number, ev={"soc": soc, "battery_kwh": 10, "iso15118": modern})

    @rule(number=numbers, contract=st.sampled_from(["", "made"]))
    def plug_and_charge(self, number, contract):
        car = {"battery_kwh": 10, "emaid": "DEABCC123456781", "contract": contract}
        self.do("plug", connector=number, ev=car)

    @rule(number=numbers)
    def unplug(self, number):
        self.do("unplug", connector=number)

    @rule(number=numbers, occupied=st.booleans())
    def drive(self, number, occupied):
        self.do("bay", connector=number, occupied=occupied)

    @rule(number=numbers, tag=tags)
    def present_token(self, number, tag):
        self.do("authorize", connector=number, id_tag=tag)

    @rule(number=numbers, tag=tags)
    def start(self, number, tag):
        self.do("start-transaction", connector=number, id_tag=tag)

    @rule(number=numbers)
    def stop(self, number):
        self.do("stop-transaction", connector=number)

    @rule(number=numbers, code=st.sampled_from(["GroundFailure", "HighTemperature", "NoError"]))
    def fault(self, number, code):
        self.do("fault", connector=number, error_code=code)

    @rule(seconds=st.sampled_from([0.5, 10.0, 61.0, 600.0, 4000.0]))
    def time(self, seconds):
        self.csms.pass_time(seconds)
        self.look()

    # --- the CSMS ----------------------------------------------------------------------------

    @rule(status=st.sampled_from(["Accepted", "Invalid"]))
    def change_of_mind(self, status):
        self.verdict = {"status": status}

    @rule(number=numbers, tag=tags)
    def remote_start(self, number, tag):
        self.identity += 1
        self.ask("RequestStartTransaction", evseId=number, idToken=token(tag),
                 remoteStartId=self.identity)  # fmt: skip

    @precondition(lambda self: self.books.seqs)
    @rule()
    def remote_stop(self):
        self.ask("RequestStopTransaction", transactionId=list(self.books.seqs)[-1])

    @rule(number=st.integers(0, 2), kind=st.sampled_from(["Operative", "Inoperative"]))
    def availability(self, number, kind):
        place = {"evse": {"id": number}} if number else {}
        self.ask("ChangeAvailability", operationalStatus=kind, **place)

    @rule(number=st.integers(0, 2), tag=tags, seconds=st.sampled_from([30, 3000]))
    def reserve(self, number, tag, seconds):
        self.identity += 1
        place = {"evseId": number} if number else {}
        self.ask("ReserveNow", id=self.identity, idToken=token(tag),
                 expiryDateTime=iso(self.csms.now + seconds), **place)  # fmt: skip

    @rule()
    def cancel(self):
        self.ask("CancelReservation", reservationId=self.identity)

    @rule(kind=st.sampled_from(["OnIdle", "Immediate"]))
    def reset(self, kind):
        self.ask("Reset", type=kind)

    @rule(message=st.sampled_from(["MeterValues", "TransactionEvent", "BootNotification"]))
    def trigger(self, message):
        self.ask("TriggerMessage", requestedMessage=message)

    @rule(key=SWITCHES, value=st.sampled_from(["true", "false"]))
    def switch(self, key, value):
        if self.csms.station.connected:
            self.csms.set(key, value)
        self.look()

    @rule(name=st.sampled_from(["TxStartPoint", "TxStopPoint"]),
          points=st.sets(st.sampled_from(POINTS), min_size=1))  # fmt: skip
    def points(self, name, points):
        if self.csms.station.connected:
            self.csms.set(f"TxCtrlr.{name}", ",".join(sorted(points)))
        self.look()

    @rule(tag=tags, status=st.sampled_from(["Accepted", "Blocked"]))
    def local_list(self, tag, status):
        entry = {"idToken": token(tag), "idTokenInfo": {"status": status}}
        self.ask("SendLocalList", versionNumber=1, updateType="Full",
                 localAuthorizationList=[entry])  # fmt: skip

    @rule(number=numbers, limit=st.sampled_from([0.0, 5.0, 6.0, 20.0]), own=st.booleans())
    def limit(self, number, limit, own):
        self.identity += 1
        made = profile([(0, limit), (300, 16.0)], self.identity, DEFAULT, unit="A")
        if own and number in self.books.open:
            made |= {"chargingProfilePurpose": TX, "transactionId": self.books.open[number]}
        self.ask("SetChargingProfile", evseId=number, chargingProfile=made)

    @rule(limit=st.sampled_from([0.0, 8.0, 14.0]))
    def limit_station(self, limit):
        made = profile(limit, 9999, MAX, kind="Absolute", unit="A", startSchedule=self.csms.now,
                       duration=2000)  # fmt: skip
        self.ask("SetChargingProfile", evseId=0, chargingProfile=made)

    @rule(limit=st.sampled_from([None, 0, 7000]))
    def limit_from_outside(self, limit):
        self.do("charging-limit", limit=limit)

    @rule()
    def clear_limits(self):
        self.ask("ClearChargingProfile",
                 chargingProfileCriteria={"chargingProfilePurpose": DEFAULT})  # fmt: skip

    @rule(number=st.integers(1, 3), evse=st.integers(0, 2), own=st.booleans(),
          priority=st.sampled_from(["AlwaysFront", "InFront", "NormalCycle"]),
          begin=st.sampled_from([0, 30, 600]), last=st.sampled_from([100, 3000]))  # fmt: skip
    def show(self, number, evse, own, priority, begin, last):
        info = {"id": number, "priority": priority,
                "message": {"format": "UTF8", "content": f"for {evse}"}}  # fmt: skip
        if evse:
            info["display"] = {"name": "Display", "evse": {"id": evse}}
        if own and evse in self.books.open:
            info["transactionId"] = self.books.open[evse]
        info["startDateTime"] = iso(self.csms.now + begin)
        info["endDateTime"] = iso(self.csms.now + begin + last)
        self.ask("SetDisplayMessage", message=info)

    @precondition(lambda self: self.books.open)
    @rule(cost=st.floats(0, 100))
    def cost(self, cost):
        self.ask("CostUpdated", totalCost=cost, transactionId=list(self.books.open.values())[-1])

    @rule(tag=tags, clear=st.booleans())
    def customer(self, tag, clear):
        self.ask("CustomerInformation", requestId=1, report=True, clear=clear, idToken=token(tag))

    # --- links and workers -------------------------------------------------------------------

    @rule()
    def drop(self):
        self.csms.disconnect()
        self.look()

    @rule()
    def connect(self):
        if not self.csms.station.connected:
            self.csms.connect()
        self.look()

    @rule()
    def crash(self):
        self.csms.restart()
        connectors = self.csms.station.connectors  # they charged on, up to now
        self.cars = {n: (connectors[n].ev, soc) for n, (_, soc) in self.cars.items()}

    def teardown(self) -> None:
        for _ in range(2):  # the first may find it in the middle of a reset
            self.csms.pass_time(120)
            if not self.csms.station.connected:
                self.csms.connect()
            self.look()
        for number in (1, 2):
            self.do("stop-transaction", connector=number)
            self.do("unplug", connector=number)
            self.do("stop-transaction", connector=number)
        self.csms.pass_time(600)
        books = self.books
        assert books.open == {}
        assert self.csms.station.calls.queued == []
        assert block(self.csms.station, "fares").fares is None
        assert all(one <= other + 0.001 for one, other in pairwise(books.stamps))
        for readings in books.registers.values():
            ordered = [wh for _, wh in sorted(readings)]
            assert all(one <= other + 0.001 for one, other in pairwise(ordered))
        for record in self.csms.sessions:
            if record["ended"] is not None:
                billed = record["meter_stop"] - record["meter_start"]
                assert abs(billed - self.drawn.get(record["id"], 0.0)) <= 1.0


class Life21(Life):
    version = "2.1"


_settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
Life.TestCase.settings = _settings
Life21.TestCase.settings = _settings
TestLife = pytest.mark.slow(Life.TestCase)
TestLife21 = pytest.mark.slow(Life21.TestCase)
