"""2.x: transactions that follow one another on an EVSE, and answers that come late (E, F)."""

import pytest

from chargepoint.core.commands import CommandRejected

from .csms import booted

QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}
CABLE = {"TxCtrlr_TxStartPoint": "EVConnected", "TxCtrlr_TxStopPoint": "EVConnected"}
KNOWN = {"AuthCtrlr_OfflineTxForUnknownIdEnabled": "true"}
GROUP = {"groupIdToken": {"idToken": "G", "type": "Central"}}


def station(**keys):
    configuration = QUIET | {key.replace("_", ".", 1): value for key, value in keys.items()}
    return booted(configuration=configuration)


def token(name):
    return {"idToken": name, "type": "KeyCode"}


def plug(csms):
    csms.command("plug", connector=1, ev={"soc": 10, "battery_kwh": 200})


def authorize(csms, name):
    csms.command("authorize", connector=1, id_tag=name)


def running(csms):
    return csms.station.outlets[1].transaction


def charging(csms):
    return csms.station.connectors[1].charging_state_201 == "Charging"


def remote_start(csms, number):
    payload = {"remoteStartId": number, "evseId": 1, "idToken": token("R")}
    assert csms.call("RequestStartTransaction", payload)["status"] == "Accepted"


def remote_ids(csms):
    """{transaction: the remoteStartIds that its events told}, in their order."""
    told = {}
    for event in csms.events:
        info = event["transactionInfo"]
        told.setdefault(info["transactionId"], set()).add(info.get("remoteStartId"))
    return list(told.values())


# --- the remoteStartId is of one transaction ------------------------------------------------------


def test_the_next_transaction_is_not_the_remote_one():
    csms = station(**CABLE)
    remote_start(csms, 7)
    plug(csms)
    csms.command("unplug", connector=1)
    plug(csms)
    assert remote_ids(csms) == [{7}, {None}]


def test_a_remote_start_that_nobody_followed_is_of_no_transaction():
    csms = station(**CABLE)
    remote_start(csms, 7)
    csms.pass_time(3600)
    plug(csms)
    assert remote_ids(csms) == [{None}]


# --- a refusal is of one token in one transaction -------------------------------------------------


def refusing(csms, name, transaction=None):
    """The CSMS says no to one token, in one transaction only if it is named."""

    def answer(event):
        asked = event.get("idToken", {}).get("idToken")
        there = event["transactionInfo"]["transactionId"]
        if asked == name and transaction in (None, there):
            return {"idTokenInfo": {"status": "Invalid"}}
        return {}

    csms.answers["TransactionEvent"] = answer


def test_the_refusal_of_a_transaction_that_is_over_does_not_end_the_next():
    csms = station(**KNOWN)
    csms.disconnect()
    plug(csms)
    authorize(csms, "A")
    first = running(csms).id
    authorize(csms, "A")
    authorize(csms, "A")
    assert running(csms).id != first
    refusing(csms, "A", first)
    csms.connect()
    assert [e["eventType"] for e in csms.events].count("Ended") == 1
    assert charging(csms)


def test_the_refusal_of_who_has_gone_does_not_end_the_charging_of_who_came():
    csms = station(**KNOWN, **CABLE)
    csms.disconnect()
    plug(csms)
    authorize(csms, "A")
    authorize(csms, "A")  # stops; the transaction goes on with the cable
    authorize(csms, "B")
    refusing(csms, "A")
    csms.connect()
    assert charging(csms)


def test_the_group_of_who_has_gone_does_not_stop_who_came():
    csms = station(**KNOWN, **CABLE, AuthCacheCtrlr_Enabled="false")
    entry = {"idToken": token("C"), "idTokenInfo": {"status": "Accepted", **GROUP}}
    update = {"versionNumber": 1, "updateType": "Full", "localAuthorizationList": [entry]}
    csms.call("SendLocalList", update)
    csms.disconnect()
    plug(csms)
    authorize(csms, "A")
    authorize(csms, "A")
    authorize(csms, "B")
    accepted = {"idTokenInfo": {"status": "Accepted", **GROUP}}
    csms.answers["TransactionEvent"] = lambda event: (
        accepted if event.get("idToken") == token("A") else {}
    )
    csms.connect()
    with pytest.raises(CommandRejected):
        authorize(csms, "C")
    assert charging(csms)


# --- who pays, who may go on ----------------------------------------------------------------------


def test_a_transaction_is_charged_to_who_began_it():
    csms = station(**CABLE)
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", **GROUP}}
    plug(csms)
    authorize(csms, "A")
    authorize(csms, "B")  # of the same group: stops
    assert csms.events[-1]["idToken"] == token("B")
    csms.command("unplug", connector=1)
    assert csms.sessions[-1]["id_tag"] == "A"
    assert csms.events[-1]["transactionInfo"]["stoppedReason"] == "Local"


def test_who_charged_last_is_not_there_for_the_next_car():
    points = {"TxCtrlr_TxStartPoint": "EnergyTransfer", "TxCtrlr_TxStopPoint": "EnergyTransfer"}
    csms = station(**points)
    csms.command("plug", connector=1, ev={"soc": 99, "battery_kwh": 10})
    authorize(csms, "A")
    csms.pass_time(3600)
    assert csms.events[-1]["eventType"] == "Ended"
    csms.command("unplug", connector=1)
    plug(csms)
    csms.pass_time(60)
    assert [e["eventType"] for e in csms.events].count("Started") == 1
    assert csms.station.connectors[1].power_w == 0
    authorize(csms, "B")
    assert csms.sessions[-1]["id_tag"] == "B"
    assert charging(csms)


@pytest.mark.parametrize("seconds", [0, 60])
def test_an_invalid_token_gets_its_energy_beyond_what_the_register_shows(seconds):
    csms = station(TxCtrlr_StopTxOnInvalidId="false", TxCtrlr_MaxEnergyOnInvalidId="500")
    plug(csms)
    authorize(csms, "A")
    csms.pass_time(3600)
    authorize(csms, "A")  # the register is at some kWh
    refusing(csms, "A")
    register = csms.station.connectors[1].meter_wh
    authorize(csms, "A")
    csms.pass_time(3600)
    assert csms.station.connectors[1].meter_wh - register == pytest.approx(500, abs=1)
