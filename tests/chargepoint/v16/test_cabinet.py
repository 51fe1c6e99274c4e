"""The lock of the cable, the light, and a reset that fails."""

import pytest

from chargepoint.config import ConnectorConfig
from chargepoint.core.commands import CommandRejected
from tests.chargepoint.peer import Peer


def charging(*connectors: ConnectorConfig, **keys: str) -> Peer:
    options = {"connectors": connectors} if connectors else {}
    peer = Peer("1.6", configuration={"EmulatorAutoPlug": "false", **keys}, **options).connect()
    peer.do("plug")
    peer.do("start-transaction", connector=1, id_tag="MINE")
    peer.pass_time(60)
    assert peer.statuses()[-1] == "Charging"
    return peer


def held() -> Peer:
    peer = charging(UnlockConnectorOnEVSideDisconnect="false")
    assert peer.do("unplug")["locked"]
    assert peer.calls("StopTransaction")[-1]["reason"] == "EVDisconnected"
    assert peer.statuses()[-1] == "Finishing"
    return peer


def test_unlocked_on_the_ev_side_the_cable_is_free_at_once():
    peer = charging(UnlockConnectorOnEVSideDisconnect="true")
    peer.do("unplug")
    assert peer.statuses()[-1] == "Available"


@pytest.mark.proves("UnlockConnectorOnEVSideDisconnect")
def test_a_locked_cable_is_freed_by_the_tag_of_its_driver():
    peer = held()
    with pytest.raises(CommandRejected, match="locked"):
        peer.do("unplug")
    with pytest.raises(CommandRejected):
        peer.do("authorize", connector=1, id_tag="OTHER")
    peer.restart()
    peer.connect()
    assert peer.do("authorize", connector=1, id_tag="mine")["released"]
    assert peer.statuses()[-1] == "Available"
    peer.do("start-transaction", connector=1)
    assert len(peer.calls("StartTransaction")) == 2


def test_a_look_shows_a_cable_that_is_locked_without_a_car():
    peer = held()
    looked = peer.do("look")["connectors"][0]
    assert (looked["plugged"], looked["locked"], looked["car"]) == (True, True, None)
    peer.do("authorize", connector=1, id_tag="MINE")
    looked = peer.do("look")["connectors"][0]
    assert (looked["plugged"], looked["locked"]) == (False, False)


def test_a_locked_cable_is_freed_by_the_csms():
    peer = held()
    assert peer.call("UnlockConnector", {"connectorId": 1})[2] == {"status": "Unlocked"}
    assert peer.statuses()[-1] == "Available"


def test_a_locked_cable_keeps_the_next_driver_out():
    peer = held()
    answer = peer.call("RemoteStartTransaction", {"connectorId": 1, "idTag": "NEXT"})
    assert answer[2] == {"status": "Rejected"}
    with pytest.raises(CommandRejected):
        peer.do("plug")


def test_a_fixed_cable_is_never_held():
    peer = charging(
        ConnectorConfig(1, 1, "CCS2", 0, 50_000), UnlockConnectorOnEVSideDisconnect="false"
    )
    peer.do("unplug")
    assert peer.statuses()[-1] == "Available"


@pytest.mark.proves("BlinkRepeat", "LightIntensity")
def test_the_light_answers_the_driver_as_often_and_as_bright_as_configured():
    peer = charging(BlinkRepeat="5", LightIntensity="40")
    light = peer.station.snapshot()["light"]
    assert (light["signal"], light["blinks"], light["intensity"]) == ("Accepted", 5, 40)
    peer.answers["Authorize"] = {"idTagInfo": {"status": "Blocked"}}
    peer.do("authorize", connector=2, id_tag="BAD")
    assert peer.station.snapshot()["light"]["signal"] == "Refused"


def reset(peer: Peer) -> int:
    """The reboots that follow a Reset of the CSMS within two minutes."""
    before = len(peer.closes)
    assert peer.call("Reset", {"type": "Hard"})[2] == {"status": "Accepted"}
    peer.pass_time(120)
    return len(peer.closes) - before


@pytest.mark.proves("ResetRetries")
def test_a_reset_that_fails_is_tried_again_and_then_given_up():
    peer = Peer("1.6", configuration={"ResetRetries": "2"}).connect()
    peer.do("fault", connector=1, error_code="ResetFailure")
    assert reset(peer) == 0
    assert peer.station.connected
    peer.do("fault", connector=1, error_code="NoError")
    assert peer.station.registration == "Accepted"
    assert reset(peer) == 1


def test_a_reset_succeeds_when_the_failure_goes_away_between_the_tries():
    peer = Peer("1.6", configuration={"ResetRetries": "2"}).connect()
    peer.do("fault", connector=1, error_code="ResetFailure")
    peer.call("Reset", {"type": "Hard"})
    peer.do("fault", connector=1, error_code="NoError")
    peer.pass_time(20)
    assert len(peer.closes) == 1


def test_without_retries_a_failed_reset_is_given_up_at_once():
    peer = Peer("1.6", configuration={"ResetRetries": "0"}).connect()
    peer.do("fault", connector=1, error_code="ResetFailure")
    peer.call("Reset", {"type": "Hard"})
    peer.do("fault", connector=1, error_code="NoError")
    peer.pass_time(60)
    assert not peer.closes
