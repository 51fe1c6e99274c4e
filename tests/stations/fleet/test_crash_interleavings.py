"""Any interleaving of readings, transactions, Calls of the CSMS, snapshots, losses and deaths.

The worker dies between any two of its effects: after a record and before the frame, after the
state and before the record. Whatever happens, the CSMS sees each number once with one content and
none is left out, its registers never fall, and transactions end alike with it and with us.
"""

import json
import tempfile
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, settings, strategies
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)  # fmt: skip

from messaging.journals import leftovers
from messaging.keeping import store
from messaging.keeping.storing import store_batch
from stations.models import Station
from stations.state import snapshots
from stations.worker import fleet
from tests.chargepoint.inside import block
from tests.stations.fleet.crash_world import CAR, IDENTITY, Wire, World

CONNECTOR = strategies.sampled_from([1, 2])
REGISTER = "Energy.Active.Import.Register"
ALIVE = precondition(lambda self: self.world.is_alive)


class Crashes(RuleBasedStateMachine):
    version = "1.6"

    def __init__(self) -> None:
        super().__init__()
        snapshots.redis_client().flushdb()
        connection.get_collection(store.TRANSACTIONS).delete_many({})
        self.folder = tempfile.TemporaryDirectory()
        self.world = World(Path(self.folder.name), self.version)
        Wire.world = self.world
        self.held: bytes | None = None  # a snapshot on its way to Redis
        self.written_up_to = 0
        self.world.connect()
        self.world.answer()

    def act(self, what, *args, **kwargs):
        return self.world.act(lambda: what(*args, **kwargs))

    # --- steps ---------------------------------------------------------------------------------

    @ALIVE
    @rule(connector=CONNECTOR, soc=strategies.sampled_from([10.0, 99.9]))
    def start(self, connector, soc):
        self.act(self.world.command, "plug", connector=connector, ev={**CAR, "soc": soc})
        if self.world.is_alive:
            self.act(
                self.world.command, "start-transaction", connector=connector, id_tag="TAG1"
            )

    @ALIVE
    @rule(connector=CONNECTOR)
    def stop(self, connector):
        self.act(self.world.command, "stop-transaction", connector=connector)

    @ALIVE
    @rule(connector=CONNECTOR)
    def unplug(self, connector):
        self.act(self.world.command, "unplug", connector=connector)

    @ALIVE
    @rule(connector=CONNECTOR, code=strategies.sampled_from(["OtherError", "NoError"]))
    def fault(self, connector, code):
        if code != "NoError":  # it ends the connector's reservations, as the CSMS is told
            reserved = self.world.accepted["reservations"]
            for number in [n for n, place in reserved.items() if place == connector]:
                del reserved[number]
        self.act(self.world.command, "fault", connector=connector, error_code=code)

    @ALIVE
    @rule(seconds=strategies.sampled_from([1, 11, 31, 95]))
    def time_passes(self, seconds):
        self.act(self.world.pass_time, seconds)

    @ALIVE
    @rule(most=strategies.sampled_from([1, 2, 10_000]))
    def csms_answers(self, most):
        self.act(self.world.answer, most)

    @ALIVE
    @rule(number=strategies.integers(10, 99))
    def csms_configures(self, number):
        if self.version == "1.6":
            payload = {"key": "ConnectionTimeOut", "value": str(number)}
            answer = self.world.call("ChangeConfiguration", payload)
        else:
            data = {
                "component": {"name": "TxCtrlr"}, "variable": {"name": "EVConnectionTimeOut"},
                "attributeValue": str(number),
            }  # fmt: skip
            answer = self.world.call("SetVariables", {"setVariableData": [data]})
            answer = answer and {"status": answer["setVariableResult"][0]["attributeStatus"]}
        self.note("timeout", "only", number, answer)

    @ALIVE
    @rule(number=strategies.integers(1, 3))
    def csms_sets_a_profile(self, number):
        period = {"startPeriod": 0, "limit": 16.0 + number}
        schedule = {"chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
        common = {
            "stackLevel": number, "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
        }  # fmt: skip
        if self.version == "1.6":
            profile = {"chargingProfileId": number, **common, "chargingSchedule": schedule}
            payload = {"connectorId": 0, "csChargingProfiles": profile}
        else:
            schedules = [{"id": 1, **schedule}]
            profile = {"id": number, **common, "chargingSchedule": schedules}
            payload = {"evseId": 0, "chargingProfile": profile}
        answer = self.world.call("SetChargingProfile", payload)
        self.note("profiles", number, True, answer)

    @ALIVE
    @rule(number=strategies.integers(1, 3), connector=CONNECTOR)
    def csms_reserves(self, number, connector):
        expiry = "2030-01-01T00:00:00Z"
        if self.version == "1.6":
            payload = {
                "connectorId": connector, "expiryDate": expiry, "idTag": "OTHER",
                "reservationId": number,
            }  # fmt: skip
        else:
            payload = {
                "id": number, "expiryDateTime": expiry, "evseId": connector,
                "idToken": {"idToken": "OTHER", "type": "Central"},
            }  # fmt: skip
        answer = self.world.call("ReserveNow", payload)
        self.note("reservations", number, connector, answer)

    @ALIVE
    @rule(number=strategies.integers(1, 3))
    def csms_cancels(self, number):
        payload = {"reservationId": number}
        before = self.world.accepted["reservations"].pop(number, None)
        answer = self.world.call("CancelReservation", payload)
        if before and not self.world.is_alive and answer is None:
            self.uncertain = number  # it may be there or not
        elif before and (answer or {}).get("status") != "Accepted":
            self.world.accepted["reservations"][number] = before

    def note(self, kind, name, value, answer):
        """What the CSMS was told is done; what it was not told of may be so or not."""
        if answer is not None and answer["status"] in ("Accepted", "RebootRequired"):
            self.world.accepted[kind][name] = value
        elif answer is None:
            self.world.accepted[kind].pop(name, None)

    @ALIVE
    @rule()
    def link_breaks_and_comes_back(self):
        self.act(self.world.disconnect)
        if self.world.is_alive:
            self.act(self.world.connect)

    @ALIVE
    @rule()
    def snapshot_is_taken(self):
        self.held = self.world.consumer.packed_state()

    @precondition(lambda self: self.held is not None)
    @rule()
    def snapshot_is_written(self):
        snapshots.write_if_newer({IDENTITY: self.held})
        self.held = None

    @ALIVE
    @rule(effects=strategies.integers(0, 8))
    def fuse_is_lit(self, effects):
        self.world.fuse.left = effects

    @ALIVE
    @rule()
    def worker_dies(self):
        self.world.die()

    @ALIVE
    @rule()
    def csms_is_reached(self):
        self.act(self.world.connect)

    @rule(same_lease=strategies.booleans(), reached=strategies.booleans())
    def worker_takes_over(self, same_lease, reached):
        """Also from one that still lives: it is frozen, and will not be heard again."""
        if self.world.is_alive and same_lease:
            self.act(self.world.drop)  # it may die as it resumes the station
        else:
            self.world.die()
            self.world.take_over()
        if reached and self.world.is_alive:
            self.act(self.world.connect)
        if self.world.is_alive:
            self.what_was_accepted_is_there()

    @rule()
    def redis_loses_its_data(self):
        snapshots.redis_client().flushdb()

    # --- what must hold ------------------------------------------------------------------------

    def what_was_accepted_is_there(self):
        station, accepted = self.world.station, self.world.accepted
        for value in accepted["timeout"].values():
            key = "ConnectionTimeOut" if self.version == "1.6" else "TxCtrlr.EVConnectionTimeOut"
            table = block(station, "keys") if self.version == "1.6" else station.model
            assert table.integer(key) == value
        kept = {getattr(p, "profile", p).id for p in block(station, "charging").profiles or ()}
        assert set(accepted["profiles"]) <= kept
        held = block(station, "reservation").reservations or ()
        # A broken connector ends its reservation.
        faulted = any(connector.faulted for connector in station.connectors.values())
        if not faulted:
            assert set(accepted["reservations"]) <= set(held)
        accepted["reservations"] = {
            number: place for number, place in accepted["reservations"].items()
            if number in held
        }

    @invariant()
    def no_record_number_is_given_twice(self):
        numbers = [(r.run, r.seq) for r in self.world.frames()]
        assert len(numbers) == len(set(numbers))

    @invariant()
    def no_seq_no_has_two_contents_and_none_is_left_out(self):
        events: dict[str, dict[int, dict]] = {}
        for action, payload in self.world.csms.calls:
            if action == "TransactionEvent":
                seen = events.setdefault(payload["transactionInfo"]["transactionId"], {})
                number = payload["seqNo"]
                assert seen.setdefault(number, payload) == payload
                assert set(seen) == set(range(max(seen) + 1))
        ids: dict[int, dict] = {}
        for action, payload in self.world.csms.calls:
            for event in payload["eventData"] if action == "NotifyEvent" else ():
                assert ids.setdefault(event["eventId"], event) == event

    @invariant()
    def registers_never_fall(self):
        last: dict[object, float] = {}
        seen = []
        for action, payload in self.world.csms.calls:
            if payload in seen:
                continue  # a repeat
            seen.append(payload)
            for place, register in readings(action, payload):
                assert register >= last.get(place, 0.0), (action, payload)
                last[place] = register

    def teardown(self):
        try:
            self.world.take_over()
            self.world.connect()
            self.world.answer()
            for connector in (1, 2):
                self.world.command("fault", connector=connector, error_code="NoError")
                self.world.command("stop-transaction", connector=connector)
                self.world.command("unplug", connector=connector)
            for _ in range(5):
                self.world.pass_time(200)
                self.world.answer()
            self.registers_never_fall()
            self.no_seq_no_has_two_contents_and_none_is_left_out()
            self.sessions_end_alike()
        finally:
            self.folder.cleanup()

    def sessions_end_alike(self):
        """In the CSMS's view, in the record of transactions and in the state."""
        snapshot = self.world.station.snapshot()
        assert all(not connector["transaction"] for connector in snapshot["connectors"])
        begun, ended = outcome(self.world.csms.calls)
        assert begun == ended
        replay(self.world.root)
        kept = list(connection.get_collection(store.TRANSACTIONS).find())
        assert [row["state"] for row in kept] == ["ended"] * len(kept)
        assert {row["transaction_id"]: row["meter_stop"] for row in kept} == pytest.approx(
            self.world_ends(), abs=1
        )

    def world_ends(self) -> dict[str, float]:
        """transaction id -> register at its end, as the CSMS has it."""
        ends = {}
        for action, payload in self.world.csms.calls:
            if action == "StopTransaction":
                ends[str(payload["transactionId"])] = payload["meterStop"]
            elif action == "TransactionEvent" and payload["eventType"] == "Ended":
                [(_, register)] = list(readings(action, payload))[-1:]
                ends[payload["transactionInfo"]["transactionId"]] = register
        return ends


def readings(action, payload):
    """(place, register Wh) of a message, in its order."""
    if action == "StartTransaction":
        yield payload["connectorId"], payload["meterStart"]
    if action not in ("MeterValues", "TransactionEvent"):
        return
    place = payload.get("connectorId") or payload.get("evseId") or payload["evse"]["id"]
    values = payload.get("meterValue", [])
    if payload.get("eventType") == "Ended":  # the first of them is that of the start
        values = values[-1:]
    for meter_value in values:
        for entry in meter_value["sampledValue"]:
            if entry.get("measurand", REGISTER) == REGISTER:
                yield place, float(entry["value"])


def outcome(calls):
    """The transactions that a CSMS has seen begin, and those that it has seen end."""
    begun, ended = set(), set()
    for action, payload in calls:
        if action == "StartTransaction":
            begun.add(json.dumps(payload, sort_keys=True))
        elif action == "StopTransaction":
            ended.add(payload["transactionId"])
        elif action == "TransactionEvent":
            identity = payload["transactionInfo"]["transactionId"]
            (ended if payload["eventType"] == "Ended" else begun).add(identity)
            begun.add(identity)
    return (len(begun), len(ended)) if "StartTransaction" in dict(calls) else (begun, ended)


def replay(root: Path) -> None:
    """Hand all journals to the log, as the next process does."""
    database = store.database()
    for path in sorted(root.glob("*/*.wal")):
        for batch in leftovers._segment_batches(path, 500, 1 << 20):
            store_batch(database, batch)


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_no_crash_turns_a_number_back(version, monkeypatch):
    monkeypatch.setattr(fleet, "Dialer", Wire)
    Station.objects.create(identity=IDENTITY, csms_url="ws://nowhere", serial="S-1")
    machine = type("Crashes", (Crashes,), {"version": version})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
