"""2.1 does what 2.0.1 does; the CSMS in memory checks every frame by the schemas of 2.1."""

import pytest

from chargepoint.v21.station import Station21
from chargepoint.versions import make_station
from chargepoint.wire import schemas
from tests.chargepoint.v201.csms import booted, config_of


@pytest.fixture
def csms():
    return booted(version="2.1")


def test_a_session_over_a_restart(csms):
    assert csms.station.VERSION == "2.1"
    csms.command("start-transaction", connector=1)
    csms.pass_time(130)
    csms.disconnect()
    csms.pass_time(130)
    csms.restart().connect()
    csms.pass_time(60)
    csms.command("stop-transaction", connector=1)
    assert [e["seqNo"] for e in csms.events] == list(range(len(csms.events)))
    assert csms.events[-1]["eventType"] == "Ended"
    assert csms.sessions[-1]["ocpp"] == "2.1"
    assert csms.station.snapshot()["ocpp"] == "2.1"


def test_remote_start_with_a_token_type_of_2_1(csms):
    token = {"idToken": "x" * 200, "type": "DirectPayment"}  # too long, and unknown, to 2.0.1
    assert csms.call("RequestStartTransaction", {"remoteStartId": 1, "idToken": token}) == {
        "status": "Accepted"
    }
    csms.pass_time(10)
    assert csms.events[0]["idToken"] == token


def test_all_requests_are_answered_by_the_schemas_of_2_1(csms):
    evse = {"id": 1, "connectorId": 1}
    for action, payload in (
        ("ChangeAvailability", {"operationalStatus": "Operative", "evse": evse}),
        ("ClearCache", {}),
        ("DataTransfer", {"vendorId": "x"}),
        ("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"}),
        ("GetReport", {"requestId": 1}),
        ("GetTransactionStatus", {}),
        ("GetVariables", {"getVariableData": [
            {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"}}]}),
        ("RequestStopTransaction", {"transactionId": "none"}),
        ("Reset", {"type": "ImmediateAndResume"}),
        ("SetVariables", {"setVariableData": [
            {"component": {"name": "TxCtrlr"}, "variable": {"name": "TxStartPoint"},
             "attributeValue": "Authorized"}]}),
        ("TriggerMessage", {"requestedMessage": "MeterValues", "evse": evse}),
        ("UnlockConnector", {"evseId": 1, "connectorId": 1}),
    ):  # fmt: skip
        assert isinstance(csms.call(action, payload), dict), action
    assert csms.call("Reset", {"type": "ImmediateAndResume"})["status"] == "Rejected"


@pytest.mark.parametrize("action", sorted(schemas.actions("2.1") - set(Station21.HANDLERS)))
def test_what_is_not_supported_says_so(action, csms):
    assert csms.call(action, {})[0] == "NotSupported"


def test_a_version_that_is_not_emulated_is_refused():
    with pytest.raises(ValueError, match=r"1\.6, 2\.0\.1 or 2\.1"):
        make_station(config_of(version="3.0"), None, 0.0)
