"""Profiles of several connectors and drivers at once: each limits whom it was meant for (3.13)."""

import pytest

from tests.chargepoint.peer import Peer
from tests.chargepoint.v16.charging import profile, set_profile

TX = "TxProfile"
CAR = {"soc": 5, "battery_kwh": 1000, "max_power_kw": 22}


def station(**keys):
    return Peer(configuration={"EmulatorAutoPlug": "false", **keys}).connect()


def remote_start(peer, number, made, tag="ANNA"):
    payload = {"idTag": tag, "connectorId": number, "chargingProfile": made}
    return peer.call("RemoteStartTransaction", payload, f"remote{number}")[2]["status"]


def power(peer, number=1):
    return peer.station.connectors[number].sample(peer.now).power_w


def plug(peer, number):
    peer.do("plug", connector=number, ev=CAR)


def test_a_remote_start_that_times_out_takes_its_own_profile_alone():
    peer = station(ConnectionTimeOut="60")
    assert remote_start(peer, 1, profile(8000, 1, TX)) == "Accepted"
    peer.pass_time(30)
    assert remote_start(peer, 2, profile(9000, 2, TX)) == "Accepted"
    peer.pass_time(31)
    plug(peer, 2)
    assert power(peer, 2) == 9000
    plug(peer, 1)
    peer.do("start-transaction", connector=1)
    assert power(peer, 1) == 22_000


def test_a_transaction_takes_the_profile_of_its_own_connector_alone():
    peer = station()
    remote_start(peer, 1, profile(8000, 1, TX))
    remote_start(peer, 2, profile(5000, 2, TX, stack=4))
    plug(peer, 1)
    assert power(peer, 1) == 8000
    plug(peer, 2)
    assert power(peer, 2) == 5000


def test_the_profile_of_a_remote_start_that_the_csms_refuses_is_not_for_the_next():
    peer = station(AuthorizeRemoteTxRequests="true")
    peer.answers["Authorize"] = {"idTagInfo": {"status": "Invalid"}}
    assert remote_start(peer, 1, profile(5000, 1, TX)) == "Accepted"
    peer.answers["Authorize"] = {"idTagInfo": {"status": "Accepted"}}
    plug(peer, 1)
    peer.do("start-transaction", connector=1, id_tag="BERT")
    assert power(peer) == 22_000


# --- a driver whom the CSMS refused ---------------------------------------------------------------


def refused(allowed="0"):
    """A transaction whose driver the CSMS refused after it had begun; it stays open."""
    peer = station(StopTransactionOnInvalidId="false", MaxEnergyOnInvalidId=allowed)
    plug(peer, 1)
    peer.do("start-transaction", connector=1)
    peer.pass_time(3600)
    peer.do("stop-transaction", connector=1)  # so that the register is not at 0
    peer.answers["StartTransaction"] = {
        "transactionId": 7, "idTagInfo": {"status": "Invalid"},
    }  # fmt: skip
    peer.do("start-transaction", connector=1)
    return peer


def new_profile(peer):
    assert set_profile(peer, 0, profile(7000, 9)) == "Accepted"


def fault(peer):
    peer.do("fault", connector=1, error_code="GroundFailure")
    peer.do("fault", connector=1, error_code="NoError")


def restart(peer):
    peer.restart()
    peer.connect()
    new_profile(peer)
    fault(peer)


@pytest.mark.parametrize("event", [new_profile, fault, restart])
def test_a_refused_driver_gets_no_energy_whatever_comes(event):
    peer = refused()
    register = peer.station.connectors[1].meter_wh
    event(peer)
    peer.pass_time(3600)
    assert peer.statuses()[-1] == "SuspendedEVSE"
    assert peer.station.connectors[1].meter_wh == pytest.approx(register, abs=0.01)


@pytest.mark.parametrize("event", [lambda peer: None, new_profile, restart])
def test_a_refused_driver_gets_the_energy_of_the_key_and_no_more(event):
    peer = refused("500")
    begun = peer.calls("StartTransaction")[-1]["meterStart"]
    peer.pass_time(30)
    event(peer)
    peer.pass_time(3600)
    assert peer.station.connectors[1].meter_wh - begun == pytest.approx(500, abs=2)
    assert peer.statuses()[-1] == "SuspendedEVSE"


def test_the_time_without_a_worker_is_counted_by_the_phases_that_were_allowed():
    peer = station()
    set_profile(peer, 1, profile([(0, 11_000, 1)]))
    plug(peer, 1)
    peer.do("start-transaction", connector=1)
    assert power(peer) == pytest.approx(22_000 / 3)
    peer.now += 3600
    peer.restart()
    assert peer.station.connectors[1].sample(peer.now).energy_wh == pytest.approx(22_000 / 3)
