"""2.1's component NetworkConfiguration (B09)."""

import pytest

from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, config_of
from tests.chargepoint.v201.test_network_profiles import (
    ELSEWHERE,
    PASSWORD,
    connected,
    fail,
    moved,
    profile,
    set_priority,
    url,
    value,
)


@pytest.fixture
def csms():
    return connected("2.1")


def item(slot, name):
    return {"component": {"name": "NetworkConfiguration", "instance": str(slot)},
            "variable": {"name": name}}  # fmt: skip


def get(csms, slot, name):
    asked = {"getVariableData": [item(slot, name)]}
    [got] = csms.call("GetVariables", asked)["getVariableResult"]
    return got.get("attributeValue", got["attributeStatus"])


def put(csms, slot, **values):
    """[(status, reason code)] of each."""
    data = [{**item(slot, name), "attributeValue": text} for name, text in values.items()]
    results = csms.call("SetVariables", {"setVariableData": data})["setVariableResult"]
    return [
        (r["attributeStatus"], r.get("attributeStatusInfo", {}).get("reasonCode")) for r in results
    ]


def test_the_operators_link_is_slot_1(csms):
    names = ("OcppCsmsUrl", "SecurityProfile", "MessageTimeout", "OcppTransport", "VpnEnabled")
    shown = [get(csms, 1, name) for name in names]
    assert shown == ["ws://here.example/ocpp", "0", "30", "JSON", "false"]
    assert get(csms, 2, "OcppCsmsUrl") == ""
    assert get(csms, 4, "OcppCsmsUrl") == "UnknownComponent"
    assert get(csms, 2, "Colour") == "UnknownVariable"


def test_a_profile_that_was_set_is_reported_without_its_secrets(csms):
    profile(csms, security=1, identity="OTHER-1", basicAuthPassword=PASSWORD)
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    lines = [line for part in csms.sent("NotifyReport") for line in part["reportData"]]
    ours = [line for line in lines if line["component"]["name"] == "NetworkConfiguration"]
    second = {
        line["variable"]["name"]: line["variableAttribute"][0].get("value")
        for line in ours
        if line["component"]["instance"] == "2"
    }
    assert second["OcppCsmsUrl"] == ELSEWHERE
    assert (second["Identity"], second["BasicAuthPassword"]) == ("OTHER-1", None)
    assert {line["component"]["instance"] for line in ours} == {"1", "2", "3"}
    assert PASSWORD not in str(lines)
    assert get(csms, 2, "BasicAuthPassword") == "Rejected"


@pytest.mark.proves("NetworkConfiguration.MessageTimeout", "NetworkConfiguration.OcppCsmsUrl")
def test_a_slot_is_made_by_setting_its_variables(csms):
    assert put(csms, 3, OcppCsmsUrl="wss://third.example", OcppInterface="Wired1") == [
        ("Accepted", None), ("Accepted", None),
    ]  # fmt: skip
    assert put(csms, 3, MessageTimeout="12", SecurityProfile="0")[0] == ("Accepted", None)
    assert set_priority(csms, "3,1") == ("RebootRequired", None)
    csms.call("Reset", {"type": "Immediate"})
    assert url(csms) == "wss://third.example"
    csms.connect()
    assert value(csms, "OCPPCommCtrlr.MessageTimeout[Default]") == "12"
    csms.disconnect()
    fail(csms, 3)
    assert url(csms) == ""


@pytest.mark.proves("NetworkConfiguration.OcppTransport", "NetworkConfiguration.VpnEnabled")
@pytest.mark.parametrize(("name", "text"), [("OcppTransport", "JSON"), ("VpnEnabled", "false")])
def test_there_is_one_transport_and_no_vpn(csms, name, text):
    vpn = {"server": "v", "user": "u", "password": "p", "key": "k", "type": "IPSec"}
    wrong = {"OcppTransport": {"ocppTransport": "SOAP"}, "VpnEnabled": {"vpn": vpn}}[name]
    assert profile(csms, **wrong)["status"] == "Rejected"
    assert profile(csms)["status"] == "Accepted"
    assert [get(csms, slot, name) for slot in (1, 2, 3)] == [text] * 3
    assert put(csms, 2, **{name: text}) == [("Rejected", "ReadOnly")]


@pytest.mark.proves("NetworkConfiguration.OcppInterface", "NetworkConfiguration.OcppVersion")
def test_interface_and_version_are_kept_and_told(csms):
    profile(csms, ocppInterface="Wireless2", ocppVersion="OCPP201")
    assert (get(csms, 2, "OcppInterface"), get(csms, 2, "OcppVersion")) == ("Wireless2", "OCPP201")
    accepted = ("Accepted", None)
    assert put(csms, 2, OcppInterface="Any", OcppVersion="OCPP21") == [accepted, accepted]
    csms.restart().connect()
    assert (get(csms, 2, "OcppInterface"), get(csms, 2, "OcppVersion")) == ("Any", "OCPP21")
    assert put(csms, 2, OcppVersion="OCPP99") == [("Rejected", "InvalidValue")]


@pytest.mark.proves(
    "NetworkConfiguration.BasicAuthPassword", "NetworkConfiguration.SecurityProfile"
)
def test_a_slot_brings_its_security_profile_and_password_with_it(csms):
    assert put(csms, 2, OcppCsmsUrl=ELSEWHERE, SecurityProfile="1") == [("Accepted", None)] * 2
    assert set_priority(csms, "2,1") == ("Rejected", "InvalidNetworkConf")  # no password
    assert put(csms, 2, BasicAuthPassword=PASSWORD) == [("Accepted", None)]
    assert set_priority(csms, "2,1") == ("RebootRequired", None)
    csms.call("Reset", {"type": "Immediate"})
    link = csms.station.link_security()
    assert (link.url, link.profile, link.password) == (ELSEWHERE, 1, PASSWORD)
    csms.connect()
    assert value(csms, "SecurityCtrlr.SecurityProfile") == "1"
    assert get(csms, 2, "SecurityProfile") == "1"
    assert get(csms, 2, "BasicAuthPassword") == "Rejected"


@pytest.mark.proves(
    "NetworkConfiguration.Apn", "NetworkConfiguration.ApnAuthentication",
    "NetworkConfiguration.ApnEnabled", "NetworkConfiguration.ApnUserName",
    "NetworkConfiguration.PreferredNetwork", "NetworkConfiguration.UseOnlyPreferredNetwork",
)  # fmt: skip
def test_an_apn_is_for_a_station_with_a_modem(csms):
    apn = {"apn": "internet", "apnAuthentication": "CHAP", "apnUserName": "u",
           "preferredNetwork": "26201", "useOnlyPreferredNetwork": True}  # fmt: skip
    modem = Csms(config_of("2.1", iccid="8988", csms_url="ws://here.example/ocpp")).connect()
    assert profile(modem, apn=apn)["status"] == "Accepted"
    names = ("ApnEnabled", "Apn", "ApnAuthentication", "ApnUserName", "PreferredNetwork",
             "UseOnlyPreferredNetwork")  # fmt: skip
    told = [get(modem, 2, name) for name in names]
    assert told == ["true", "internet", "CHAP", "u", "26201", "true"]
    assert set_priority(modem, "2,1") == ("RebootRequired", None)
    profile(csms)
    assert get(csms, 2, "ApnEnabled") == "false"
    assert put(csms, 2, ApnEnabled="true") == [("Accepted", None)]
    assert set_priority(csms, "2,1") == ("Rejected", "InvalidNetworkConf")  # it has no modem


@pytest.mark.proves("NetworkConfiguration.ApnPassword", "NetworkConfiguration.SimPin")
def test_the_secrets_of_a_modem_are_kept_and_shown_nowhere(csms):
    assert put(csms, 2, ApnPassword="the-modems-own", SimPin="8151") == [("Accepted", None)] * 2
    assert [get(csms, 2, name) for name in ("ApnPassword", "SimPin")] == ["Rejected"] * 2
    csms.restart().connect()
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    saved = csms.saved()
    shown = str(csms.sent("NotifyReport")) + str(saved["network"])
    assert "the-modems-own" not in shown
    assert "8151" not in shown
    assert saved["secrets"]["network"]["slot 2"] == {
        "ApnPassword": "the-modems-own", "SimPin": "8151",
    }  # fmt: skip


def test_a_slot_that_is_not_whole_cannot_be_turned_to(csms):
    put(csms, 2, OcppInterface="Any")
    assert set_priority(csms, "1,2") == ("Rejected", "InvalidNetworkConf")
    put(csms, 2, OcppCsmsUrl="ftp://nothing")
    assert set_priority(csms, "1,2") == ("Rejected", "InvalidNetworkConf")


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("OcppTransport", "JSON", "ReadOnly"),
        ("VpnEnabled", "true", "ReadOnly"),
        ("OcppInterface", "Wired9", "InvalidValue"),
        ("MessageTimeout", "0", "InvalidValue"),
        ("SecurityProfile", "4", "InvalidValue"),
        ("BasicAuthPassword", "short", "InvalidValue"),
        ("Identity", "no spaces", "InvalidValue"),
    ],
)
def test_values_that_cannot_be(csms, name, text, code):
    assert put(csms, 2, **{name: text}) == [("Rejected", code)]
    assert block(csms.station, "slots").network is None


def test_a_slot_of_the_priority_is_not_to_be_changed(csms):
    """B09.FR.22, from the moment the priority is set."""
    assert put(csms, 1, MessageTimeout="9") == [("Rejected", "PriorityNetworkConf")]
    profile(csms)
    assert put(csms, 2, MessageTimeout="9") == [("Accepted", None)]
    assert set_priority(csms, "2,1") == ("RebootRequired", None)
    assert put(csms, 2, MessageTimeout="8") == [("Rejected", "PriorityNetworkConf")]
    assert get(csms, 2, "MessageTimeout") == "9"


def test_the_slot_in_use_is_not_to_be_changed_though_it_left_the_priority(csms):
    moved(csms, priority="2")
    fail(csms, 3)
    csms.connect()
    assert value(csms, "OCPPCommCtrlr.ActiveNetworkProfile") == "1"
    assert put(csms, 1, MessageTimeout="9") == [("Rejected", "PriorityNetworkConf")]


def test_no_way_down_by_the_device_model_either():
    """B09.FR.32 and 35."""
    csms = connected("2.1", **{"SecurityCtrlr.SecurityProfile": "3"})
    assert put(csms, 2, SecurityProfile="2") == [("Rejected", "NoSecurityDowngrade")]
    csms.set("SecurityCtrlr.AllowSecurityProfileDowngrade", "true")
    assert put(csms, 2, SecurityProfile="2") == [("Accepted", None)]
    assert put(csms, 2, SecurityProfile="1") == [("Rejected", "NoSecurityDowngrade")]


@pytest.mark.proves("NetworkConfiguration.Identity")
def test_the_profiles_identity_is_the_one_in_force(csms):
    moved(csms, security=0, identity="OTHER-1")
    assert csms.station.link_security().identity == "OTHER-1"
    csms.connect()
    assert value(csms, "SecurityCtrlr.Identity") == "OTHER-1"
    csms.disconnect()
    fail(csms, 3)
    csms.connect()
    assert value(csms, "SecurityCtrlr.Identity") == "CS-1"


def test_a_profile_of_2_1_survives_a_restart_with_its_password(csms):
    csms.set("SecurityCtrlr.BasicAuthPassword", PASSWORD)
    moved(csms, security=1, basicAuthPassword="the-profiles-own-1")
    saved = csms.saved()
    assert "the-profiles-own-1" not in str(saved["network"])
    again = csms.restart(saved)
    assert again.station.link_security().password == "the-profiles-own-1"
