"""SetNetworkProfile, the priority of slots, migration and fall-back (B09, B10, A05)."""

import pytest

from chargepoint.config import StationConfig
from chargepoint.effects import Dial
from tests.chargepoint.authority import Authority
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, config_of

PRIORITY = "OCPPCommCtrlr.NetworkConfigurationPriority"
ELSEWHERE = "ws://elsewhere.example/ocpp"
SECURE = "wss://elsewhere.example/ocpp"
PASSWORD = "a-password-of-tests"


def data(url=ELSEWHERE, security=0, **more):
    return {
        "ocppVersion": "OCPP20", "ocppTransport": "JSON", "ocppCsmsUrl": url,
        "messageTimeout": 20, "securityProfile": security, "ocppInterface": "Wired0", **more,
    }  # fmt: skip


def connected(version="2.0.1", **configuration):
    config = config_of(version, configuration=configuration, csms_url="ws://here.example/ocpp")
    return Csms(config).connect()


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return connected(request.param)


@pytest.fixture(scope="module")
def root():
    return Authority("Root", 1e9)


def profile(csms, slot=2, **more):
    request = {"configurationSlot": slot, "connectionData": data(**more)}
    return csms.call("SetNetworkProfile", request)


def refused(csms, slot=2, **more):
    answer = profile(csms, slot, **more)
    assert answer["status"] == "Rejected", answer
    return answer["statusInfo"]["reasonCode"]


def set_priority(csms, text):
    item = {
        "component": {"name": "OCPPCommCtrlr"},
        "variable": {"name": "NetworkConfigurationPriority"}, "attributeValue": text,
    }  # fmt: skip
    [result] = csms.call("SetVariables", {"setVariableData": [item]})["setVariableResult"]
    info = result.get("attributeStatusInfo", {})
    return result["attributeStatus"], info.get("reasonCode")


def value(csms, key):
    component, _, name = key.partition(".")
    name, _, instance = name.rstrip("]").partition("[")
    variable = {"name": name, **({"instance": instance} if instance else {})}
    asked = {"component": {"name": component}, "variable": variable}
    [got] = csms.call("GetVariables", {"getVariableData": [asked]})["getVariableResult"]
    return got.get("attributeValue", got["attributeStatus"])


def fail(csms, times=1, kind="network"):
    for _ in range(times):
        csms.perform(csms.station.dial_failed(kind, "nobody there", csms.now))


def url(csms):
    """Where it dials: "" is the operator's address."""
    link = csms.station.link_security()
    return link.url if link is not None else ""


def moved(csms, priority="2,1", **more):
    """A profile is set, put first, and the station reset; it has not dialed yet."""
    assert profile(csms, **more)["status"] == "Accepted"
    assert set_priority(csms, priority) == ("RebootRequired", None)
    csms.call("Reset", {"type": "Immediate"})
    assert not csms.station.connected


# --- SetNetworkProfile ---------------------------------------------------------------------------


def test_a_profile_is_kept_and_not_used_yet(csms):
    assert profile(csms) == {"status": "Accepted"}
    assert csms.station.connected and csms.closes == []
    assert url(csms) == "" and value(csms, "OCPPCommCtrlr.ActiveNetworkProfile") == "1"
    csms.disconnect()
    fail(csms, 10)
    assert url(csms) == ""  # not in the priority


@pytest.mark.parametrize("slot", [0, 4, -1, 999])
def test_a_slot_that_there_is_not(csms, slot):
    assert refused(csms, slot) == "InvalidConfSlot"


@pytest.mark.parametrize(
    "fault",
    [
        {"url": "http://elsewhere.example"},
        {"url": "wss://"},
        {"url": "ws://user:secret@elsewhere.example"},
        {"url": "ws://elsewhere.example:99999"},
        {"url": "ws://else where.example"},
        {"security": 4},
        {"security": 2},  # by ws://
        {"messageTimeout": 0},
        {"ocppTransport": "SOAP"},
        {"vpn": {"server": "v", "user": "u", "password": "p", "key": "k", "type": "IPSec"}},
        {"apn": {"apn": "internet", "apnAuthentication": "AUTO"}},  # no modem
    ],
)
def test_a_profile_that_cannot_be_used(csms, fault):
    assert refused(csms, **fault) == "InvalidNetworkConf"
    assert block(csms.station, "slots").network is None


def test_basic_authentication_carries_no_identity_with_a_colon():
    """RFC 7617, 2; identifierString has the ":" (2.1 part 2, 2.1.4)."""
    csms = connected("2.1")
    assert refused(csms, identity="DE:1", security=1) == "InvalidNetworkConf"
    assert profile(csms, identity="DE:1", security=0) == {"status": "Accepted"}


def test_a_station_with_a_modem_takes_an_apn():
    csms = Csms(config_of(iccid="8988")).connect()
    apn = {"apn": "internet", "apnAuthentication": "CHAP", "simPin": 1234}
    assert profile(csms, apn=apn, ocppInterface="Wireless0") == {"status": "Accepted"}
    assert "1234" not in str(csms.saved()["network"])
    assert csms.saved()["secrets"]["network"]["slot 2"] == {"SimPin": "1234"}


@pytest.mark.parametrize("version", ["OCPP12", "OCPP15", "OCPP16"])
def test_2_0_1_refuses_a_profile_of_another_version_and_2_1_does_not_look(version):
    assert refused(connected(), ocppVersion=version) == "InvalidNetworkConf"
    assert profile(connected("2.1"), ocppVersion=version) == {"status": "Accepted"}


@pytest.mark.proves("SecurityCtrlr.AllowSecurityProfileDowngrade")
def test_the_security_profile_goes_up_only_but_from_3_to_2_where_allowed(csms):
    csms = connected(csms.station.VERSION, **{"SecurityCtrlr.SecurityProfile": "3"})
    assert refused(csms, url=SECURE, security=2) == "NoSecurityDowngrade"
    assert csms.set("SecurityCtrlr.AllowSecurityProfileDowngrade", "true") == "Accepted"
    assert refused(csms, security=1) == "NoSecurityDowngrade"
    assert refused(csms, security=0) == "NoSecurityDowngrade"
    assert profile(csms, url=SECURE, security=2) == {"status": "Accepted"}


# --- NetworkConfigurationPriority ----------------------------------------------------------------


def test_an_empty_slot_cannot_be_turned_to(csms):
    assert set_priority(csms, "2,1") == ("Rejected", "InvalidNetworkConf")
    assert set_priority(csms, "1,4") == ("Rejected", "InvalidValue")
    assert set_priority(csms, "") == ("Rejected", "InvalidValue")
    assert value(csms, PRIORITY) == "1"


@pytest.mark.parametrize("security", [1, 2, 3])
def test_a_slot_whose_needs_are_missing_cannot_be_turned_to(csms, root, security):
    assert profile(csms, url=SECURE, security=security)["status"] == "Accepted"
    assert set_priority(csms, "2,1") == ("Rejected", "InvalidNetworkConf")
    assert csms.set("SecurityCtrlr.BasicAuthPassword", PASSWORD) == "Accepted"
    install = {"certificateType": "CSMSRootCertificate", "certificate": root.pem}
    assert csms.call("InstallCertificate", install) == {"status": "Accepted"}
    expected = ("RebootRequired", None)
    assert set_priority(csms, "2,1") == (
        expected if security < 3 else ("Rejected", "InvalidNetworkConf")
    )
    if security == 3:
        csms.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
        chain = root.answer(csms.sent("SignCertificate")[-1]["csr"])
        assert csms.call("CertificateSigned", {"certificateChain": chain})["status"] == "Accepted"
        assert set_priority(csms, "2,1") == expected


# --- migration -----------------------------------------------------------------------------------


@pytest.mark.proves("OCPPCommCtrlr.ActiveNetworkProfile", "SetNetworkProfile")
def test_after_a_reset_the_first_slot_is_dialed(csms):
    moved(csms)
    assert url(csms) == ELSEWHERE
    csms.connect()
    assert csms.sent("BootNotification")[-1]["reason"] == "RemoteReset"
    assert value(csms, "OCPPCommCtrlr.ActiveNetworkProfile") == "2"
    assert value(csms, "OCPPCommCtrlr.MessageTimeout[Default]") == "20"
    assert csms.station.snapshot()["network"] == {
        "slot": 2, "url": ELSEWHERE, "security_profile": 0,
    }  # fmt: skip


def test_the_timeout_of_calls_is_the_profiles(csms):
    moved(csms)
    csms.connect()
    csms.answers["Heartbeat"] = None
    csms.call("TriggerMessage", {"requestedMessage": "Heartbeat"})
    sent = csms.now
    assert csms.station.timers.times["call"] == sent + 20
    assert csms.set("OCPPCommCtrlr.MessageTimeout[Default]", "7") == "Accepted"
    assert value(csms, "OCPPCommCtrlr.MessageTimeout[Default]") == "7"


@pytest.mark.proves("OCPPCommCtrlr.NetworkProfileConnectionAttempts")
def test_a_dead_slot_is_given_up_for_the_next_after_so_many_attempts(csms):
    assert csms.set("OCPPCommCtrlr.NetworkProfileConnectionAttempts", "2") == "Accepted"
    moved(csms)
    fail(csms)
    assert url(csms) == ELSEWHERE
    fail(csms)
    assert url(csms) == ""
    csms.connect()
    assert csms.station.registration == "Accepted"
    assert value(csms, "OCPPCommCtrlr.ActiveNetworkProfile") == "1"
    assert value(csms, PRIORITY) == "2,1"
    csms.call("Reset", {"type": "Immediate"})
    assert url(csms) == ELSEWHERE  # B10.FR.04


def test_what_worked_is_fallen_back_to_though_it_is_not_in_the_list_and_then_all_again(csms):
    moved(csms, priority="2")
    tried = []
    for _ in range(12):
        tried.append(url(csms))
        fail(csms)
    assert tried == ([ELSEWHERE] * 3 + [""] * 3) * 2


@pytest.mark.proves("OCPPCommCtrlr.NetworkConfigurationPriority")
def test_all_slots_are_tried_in_their_order_and_the_last_good_one_after_them(csms):
    profile(csms, slot=3, url="ws://third.example")
    moved(csms, priority="3,2")
    tried = []
    for _ in range(9):
        tried.append(url(csms))
        fail(csms)
    assert tried == ["ws://third.example"] * 3 + [ELSEWHERE] * 3 + [""] * 3


def test_a_link_that_is_lost_is_tried_first_then_the_others(csms):
    moved(csms)
    csms.connect()
    csms.disconnect()
    assert url(csms) == ELSEWHERE
    fail(csms, 3)
    assert url(csms) == ""
    boots = len(csms.sent("BootNotification"))
    statuses = len(csms.sent("StatusNotification"))
    csms.connect()
    # B10.FR.10: it has not booted, but this CSMS may not know it.
    assert [b["reason"] for b in csms.sent("BootNotification")[boots:]] == ["Unknown"]
    assert len(csms.sent("StatusNotification")) == statuses + 2
    csms.disconnect()
    csms.connect()
    assert len(csms.sent("BootNotification")) == boots + 1


def test_a_transaction_goes_on_at_the_other_csms(csms):
    moved(csms)
    csms.connect()
    csms.command("start-transaction", connector=1)
    csms.disconnect()
    fail(csms, 3)
    csms.pass_time(100)
    seen = len(csms.events)
    csms.connect()
    assert csms.calls[-1][0] != "BootNotification"
    assert [e["offline"] for e in csms.events[seen:] if "offline" in e]
    assert csms.station.outlets[1].transaction is not None


def test_a_csms_that_does_not_accept_us_yet_is_not_the_one_to_come_back_to(csms):
    moved(csms)
    csms.answers["BootNotification"] = lambda _: {
        "currentTime": "2030-01-01T00:00:00Z", "interval": 30, "status": "Rejected",
    }  # fmt: skip
    csms.connect()
    csms.disconnect()
    fail(csms, 3)
    assert url(csms) == ""


def test_a_slot_in_use_that_is_overwritten_counts_from_the_next_boot_and_falls_back(csms):
    moved(csms)
    csms.connect()
    assert profile(csms, slot=2, url="ws://dead.example")["status"] == "Accepted"
    assert url(csms) == ELSEWHERE
    csms.call("Reset", {"type": "Immediate"})
    assert url(csms) == "ws://dead.example"
    fail(csms, 6)
    assert url(csms) == ELSEWHERE  # what worked last, though slot 2 holds something else now


# --- the security profile goes up (A05) ----------------------------------------------------------


@pytest.mark.proves("SecurityCtrlr.SecurityProfile")
def test_after_an_upgrade_weaker_slots_are_gone(csms, root):
    install = {"certificateType": "CSMSRootCertificate", "certificate": root.pem}
    csms.call("InstallCertificate", install)
    csms.set("SecurityCtrlr.BasicAuthPassword", PASSWORD)
    profile(csms, slot=3)
    moved(csms, priority="2,1,3", url=SECURE, security=2)
    link = csms.station.link_security()
    assert (link.profile, link.password, link.roots) == (2, PASSWORD, (root.pem,))
    csms.connect()
    assert value(csms, "SecurityCtrlr.SecurityProfile") == "2"
    assert value(csms, PRIORITY) == "2"
    assert refused(csms) == "NoSecurityDowngrade"
    assert set_priority(csms, "2,1") == ("Rejected", "NoSecurityDowngrade")
    assert set_priority(csms, "2,3") == ("Rejected", "InvalidNetworkConf")  # it is empty
    csms.disconnect()
    fail(csms, 9)
    assert url(csms) == SECURE


def test_an_upgrade_that_fails_leaves_all_as_it_was(csms, root):
    install = {"certificateType": "CSMSRootCertificate", "certificate": root.pem}
    csms.call("InstallCertificate", install)
    csms.set("SecurityCtrlr.BasicAuthPassword", PASSWORD)
    moved(csms, url=SECURE, security=2)
    fail(csms, 3, "certificate")
    assert url(csms) == ""
    csms.connect()
    assert value(csms, "SecurityCtrlr.SecurityProfile") == "0"
    assert value(csms, PRIORITY) == "2,1"
    told = [e["type"] for e in csms.sent("SecurityEventNotification")]
    assert "InvalidCsmsCertificate" in told


# --- restart, takeover, the operator -------------------------------------------------------------


def test_profiles_survive_a_restart_and_so_does_the_count_of_failures(csms):
    moved(csms)
    csms.connect()
    csms.disconnect()
    fail(csms, 2)
    again = csms.restart()
    assert url(again) == ELSEWHERE
    fail(again)
    assert url(again) == ""
    saved = again.saved()
    assert again.restart(saved).saved() == saved
    again.connect()
    assert again.sent("BootNotification")[-1]["reason"] == "Unknown"


def test_a_power_cut_begins_with_the_first_slot_again(csms):
    moved(csms)
    fail(csms, 3)
    csms.connect()
    assert url(csms) == ""
    csms.command("power-cut", seconds=5)
    csms.pass_time(6)
    assert url(csms) == ELSEWHERE


def test_an_operator_who_changes_the_link_means_it(csms):
    moved(csms)
    csms.connect()
    changed = config_of(csms.station.VERSION, credentials="other", configuration={})
    csms.perform(csms.station.reconfigure(changed, csms.now))
    assert csms.station.link_security() is None
    csms.connect()
    assert value(csms, PRIORITY) == "1" and "network" not in csms.saved()
    csms.call("Reset", {"type": "Immediate"})
    assert url(csms) == ""


def test_an_operator_who_changes_something_else_does_not(csms):
    moved(csms)
    csms.connect()
    changed = config_of(csms.station.VERSION, model="Three")
    csms.perform(csms.station.reconfigure(changed, csms.now))
    assert url(csms) == ELSEWHERE


def test_a_station_whose_csms_sets_no_profile_weighs_no_more():
    station = connected().station
    assert block(station, "slots").network is None and "network" not in station.snapshot()
    assert isinstance(station.config, StationConfig)


def test_dialing_needs_no_word_of_the_core(csms):
    """The shell asks link_security before each dial: a turn to another slot is no effect."""
    moved(csms)
    effects = [e for _ in range(3) for e in csms.station.dial_failed("network", "x", csms.now)]
    assert not [e for e in effects if type(e) is Dial]
