"""2.x: places for several drivers at once: who holds one, who may take one, who may stop whom."""

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso

from .csms import booted

QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}
TWO_AT_ONE = (ConnectorConfig(1, 1), ConnectorConfig(2, 1), ConnectorConfig(3, 2))


def station(connectors=None, **keys):
    more = {} if connectors is None else {"connectors": connectors}
    configuration = QUIET | {key.replace("_", ".", 1): value for key, value in keys.items()}
    return booted(configuration=configuration, **more)


def token(name):
    return {"idToken": name, "type": "KeyCode"}


def reserve(csms, identity=1, name="A", **more):
    payload = {"id": identity, "expiryDateTime": iso(csms.now + 600), "idToken": token(name)}
    return csms.call("ReserveNow", {**payload, **more})["status"]


def authorize(csms, connector, name):
    """"Accepted", or the code of the refusal."""
    try:
        return csms.command("authorize", connector=connector, id_tag=name)["authorization"]
    except CommandRejected as rejection:
        return rejection.code


def updates(csms):
    return [
        (u["reservationId"], u["reservationUpdateStatus"])
        for u in csms.sent("ReservationStatusUpdate")
    ]


def used(csms):
    """[(EVSE, its reservationId)] of the transactions that have started."""
    started = [event for event in csms.events if event["eventType"] == "Started"]
    return [(event["evse"]["id"], event.get("reservationId")) for event in started]


# --- reservations (H01, H03) ---------------------------------------------------------------------


def test_who_has_come_needs_no_other_place():
    csms = station()
    reserve(csms, 1)
    authorize(csms, 1, "A")
    assert reserve(csms, 2, "B") == "Accepted"  # EVSE 2 is free, and 1 waits for its car


def test_a_reservation_that_waits_for_its_car_is_not_used_at_another_evse():
    csms = station()
    reserve(csms, 1)
    for connector in (1, 2):
        authorize(csms, connector, "A")
    for connector in (2, 1):
        csms.command("plug", connector=connector)
    assert used(csms) == [(2, None), (1, 1)]


def test_a_reservation_of_any_evse_outlives_the_fault_of_one():
    csms = station()
    reserve(csms, 1)
    csms.command("fault", connector=1, error_code="GroundFailure")
    assert updates(csms) == []
    csms.command("start-transaction", connector=2, id_tag="A")
    assert used(csms) == [(2, 1)]


def test_a_reservation_of_any_evse_ends_when_none_is_left():
    csms = station()
    reserve(csms, 1)
    for connector in (1, 2):
        csms.command("fault", connector=connector, error_code="GroundFailure")
    assert updates(csms) == [(1, "Removed")]


def test_a_station_that_is_to_reset_takes_no_reservation():
    csms = station()
    csms.command("start-transaction", connector=1)
    assert csms.call("Reset", {"type": "OnIdle"})["status"] == "Scheduled"
    assert reserve(csms, 1, evseId=2) == "Rejected"


def test_a_reservation_whose_driver_is_there_is_not_moved():
    csms = station()
    reserve(csms, 1, evseId=1)
    authorize(csms, 1, "A")
    assert reserve(csms, 1, "B", evseId=2) == "Occupied"
    csms.command("plug", connector=1)
    assert used(csms) == [(1, 1)]


def test_an_answer_that_comes_after_a_reservation_starts_nothing():
    csms = station()

    def reserved_meanwhile(_):
        reserve(csms, 1, "B", evseId=1)
        return {"idTokenInfo": {"status": "Accepted"}}

    csms.answers["Authorize"] = reserved_meanwhile
    csms.command("plug", connector=2)
    authorize(csms, 1, "A")
    csms.command("plug", connector=1)
    assert csms.events == []


# --- who may charge, who may stop (C09, C16) ------------------------------------------------------


def test_one_driver_at_an_evse_of_two_connectors():
    csms = station(TWO_AT_ONE)
    assert authorize(csms, 1, "A") in ("Accepted", "Asked", "Pending")
    assert authorize(csms, 2, "B") == "not_possible_now"
    csms.command("plug", connector=2)
    assert csms.events == []


def charging(csms, name="A"):
    csms.command("plug", connector=1, ev={"soc": 10, "battery_kwh": 200})
    csms.command("start-transaction", connector=1, id_tag=name)
    return csms


def stopped(csms):
    return [e for e in csms.events if e["eventType"] == "Ended"]


def test_a_card_without_a_group_does_not_stop_another_without_one():
    csms = charging(station())
    authorize(csms, 1, "B")
    assert stopped(csms) == []


def test_nor_does_one_that_the_csms_accepts():
    csms = charging(station(AuthCtrlr_MasterPassGroupId="MASTER"))
    authorize(csms, 1, "B")
    assert {"idToken": token("B")} in csms.sent("Authorize")
    assert stopped(csms) == []


def listed(csms, *names, group="G"):
    info = {"status": "Accepted", "groupIdToken": {"idToken": group, "type": "Central"}}
    entries = [{"idToken": token(name), "idTokenInfo": info} for name in names]
    update = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": entries}
    assert csms.call("SendLocalList", update)["status"] == "Accepted"


def test_a_group_is_known_after_a_restart():
    csms = station(AuthCacheCtrlr_Enabled="false")
    info = {"status": "Accepted", "groupIdToken": {"idToken": "G", "type": "Central"}}
    csms.answers["Authorize"] = {"idTokenInfo": info}
    charging(csms)
    listed(csms, "C")
    csms.restart().connect()
    authorize(csms, 1, "C")
    assert len(stopped(csms)) == 1


def test_a_full_cache_forgets_what_was_seen_longest_ago():
    csms = station()
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    for number in range(201):
        authorize(csms, 1, f"T{number}")
        csms.pass_time(121)  # nobody plugs in
    csms.disconnect()
    assert authorize(csms, 1, "T0") == "not_authorized"
    assert authorize(csms, 1, "T200") == "Accepted"


@pytest.mark.parametrize(
    ("zone", "answer"), [("+05:00", "not_authorized"), ("-05:00", "Accepted"), ("Z", "Accepted")]
)
def test_an_expiry_may_name_a_zone(zone, answer):
    csms = station()
    expires = iso(csms.now + 3600)[:-1] + zone
    info = {"status": "Accepted", "cacheExpiryDateTime": expires}
    csms.answers["Authorize"] = {"idTokenInfo": info}
    authorize(csms, 1, "A")
    csms.pass_time(130)
    csms.disconnect()
    assert authorize(csms, 1, "A") == answer
