"""SecurityCtrlr.BasicAuthPassword and the variables about it (A00, A01), renewal by its rules."""

import pytest

from tests.chargepoint.authority import Authority
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, config_of
from tests.chargepoint.v201.test_network_profiles import (
    PASSWORD,
    SECURE,
    connected,
    fail,
    moved,
    profile,
    set_priority,
    value,
)

KEY = "SecurityCtrlr.BasicAuthPassword"
OTHER = "another-password-1"


def secured(version="2.0.1", security="1", **more):
    return connected(version, **{"SecurityCtrlr.SecurityProfile": security, **more})


@pytest.fixture(params=["2.0.1", "2.1"])
def csms(request):
    return secured(request.param)


def password(csms):
    link = csms.station.link_security()
    return link.password if link is not None else ""


@pytest.mark.proves("SecurityCtrlr.BasicAuthPassword")
def test_a_new_password_is_used_on_a_new_link_after_the_answer(csms):
    assert csms.set(KEY, PASSWORD) == "Accepted"
    assert [close.reconnect_after for close in csms.closes] == [0.0]
    assert password(csms) == PASSWORD
    csms.disconnect()
    csms.connect()
    assert csms.station.registration == "Accepted"
    assert len(csms.sent("BootNotification")) == 1
    assert csms.set(KEY, PASSWORD) == "Accepted"  # nothing new: nothing done
    assert len(csms.closes) == 1


def test_a_password_that_is_refused_is_given_up_for_the_old_one(csms):
    csms.set("OCPPCommCtrlr.NetworkProfileConnectionAttempts", "2")
    csms.set(KEY, PASSWORD)
    csms.disconnect()
    csms.connect()
    csms.set(KEY, OTHER)
    csms.disconnect()
    fail(csms, 1, "refused")
    assert password(csms) == OTHER
    fail(csms, 1, "refused")
    assert password(csms) == PASSWORD
    log = [(kind, info) for _, kind, info in block(csms.station, "security").security_log()]
    assert ("FailedToAuthenticateAtCsms", "nobody there") in log
    assert log[-1][0] == "ReconfigurationOfSecurityParameters"


@pytest.mark.parametrize("security", ["0", "3"])
def test_a_password_that_the_profile_does_not_use_leaves_the_link_alone(security):
    csms = secured(security=security)
    assert csms.set(KEY, PASSWORD) == "Accepted"
    assert csms.closes == [] and csms.station.connected


@pytest.mark.parametrize("text", ["", "fifteen letters", "x" * 65, "sixteen\nletters\n"])
def test_a_password_that_does_not_fit(csms, text):
    assert csms.set(KEY, text) == "Rejected"
    assert csms.station.link_security() is None and csms.closes == []


def test_2_1_takes_longer_ones():
    assert secured().set(KEY, "x" * 41) == "Rejected"
    assert secured("2.1").set(KEY, "x" * 64) == "Accepted"


def test_what_looks_hexadecimal_is_text_in_2_x(csms):
    csms.set(KEY, "0" * 40)
    assert password(csms) == "0" * 40  # A00.FR.205


def test_it_is_shown_nowhere(csms):
    profile(csms, security=1)
    csms.set(KEY, PASSWORD)
    csms.disconnect()
    csms.connect()
    assert value(csms, KEY) == "Rejected"
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    assert PASSWORD not in str(csms.sent("NotifyReport"))
    snapshot = csms.station.snapshot()
    assert snapshot["saved"].pop("secrets") == {"password": PASSWORD}
    assert PASSWORD not in str(snapshot)


def test_the_operators_password_of_a_configuration_is_not_taken_in_plain():
    csms = secured(**{KEY: PASSWORD})
    assert PASSWORD not in str(csms.station.snapshot())


def test_a_password_goes_before_the_profiles_own_and_falls_back_to_it():
    """B09.FR.27."""
    csms = secured("2.1")
    moved(csms, security=1, basicAuthPassword=PASSWORD)
    assert password(csms) == PASSWORD
    assert PASSWORD not in str(csms.saved()["network"])
    csms.connect()
    csms.set(KEY, OTHER)
    assert password(csms) == OTHER
    csms.disconnect()
    fail(csms, 3, "refused")
    assert password(csms) == PASSWORD
    assert csms.station.link_security().url.startswith("ws://elsewhere")


def test_a_restart_keeps_the_trial(csms):
    csms.set(KEY, PASSWORD)
    csms.disconnect()
    again = csms.restart()
    fail(again, 2, "refused")
    assert password(again) == PASSWORD
    fail(again, 1, "refused")
    assert password(again) == ""


# --- the station's certificate (A02, A03) --------------------------------------------------------


def signed(csms, root, **more):
    csms.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    chain = root.answer(csms.sent("SignCertificate")[-1]["csr"], **more)
    assert csms.call("CertificateSigned", {"certificateChain": chain})["status"] == "Accepted"
    return chain


@pytest.fixture(scope="module")
def root():
    return Authority("Root", 1e9)


def at_profile_3(root):
    csms = connected("2.1", **{"SecurityCtrlr.SecurityProfile": "2"})
    install = {"certificateType": "CSMSRootCertificate", "certificate": root.pem}
    csms.call("InstallCertificate", install)
    first = signed(csms, root)
    profile(csms, url=SECURE, security=3)
    assert set_priority(csms, "2,1") == ("RebootRequired", None)
    csms.call("Reset", {"type": "Immediate"})
    csms.connect()
    assert value(csms, "SecurityCtrlr.SecurityProfile") == "3"
    return csms, first


def test_a_renewed_certificate_that_is_refused_is_discarded_and_told(root):
    csms, first = at_profile_3(root)
    second = signed(csms, root)
    assert csms.station.link_security().certificate == second != first
    csms.disconnect()
    fail(csms, 3, "tls")
    assert csms.station.link_security().certificate == first
    csms.connect()
    told = [e["type"] for e in csms.sent("SecurityEventNotification")]
    assert "DiscardedRenewedClientCertificate" in told


def test_a_certificate_is_renewed_before_its_end_and_used_on_a_new_link(root):
    csms, first = at_profile_3(root)
    asked = len(csms.sent("SignCertificate"))
    csms.pass_time(70 * 86_400.0 + 10)
    assert len(csms.sent("SignCertificate")) > asked
    late = Authority("Root", csms.now)
    late.key, late.name = root.key, root.name
    chain = late.answer(csms.sent("SignCertificate")[-1]["csr"])
    assert csms.call("CertificateSigned", {"certificateChain": chain})["status"] == "Accepted"
    assert csms.closes[-1].reconnect_after == 0.0
    assert csms.station.link_security().certificate == chain != first


@pytest.mark.proves("SecurityCtrlr.CertSigningRepeatTimes", "SecurityCtrlr.CertSigningWaitMinimum")
def test_how_often_a_certificate_is_asked_for_is_the_csmss_to_say(root):
    given = {
        "SecurityCtrlr.CertSigningWaitMinimum": "10", "SecurityCtrlr.CertSigningRepeatTimes": "2",
    }  # fmt: skip
    csms = Csms(config_of(configuration=given)).connect()
    start = csms.now
    times = []
    csms.answers["SignCertificate"] = lambda _: times.append(csms.now - start) or {
        "status": "Accepted"
    }
    csms.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    csms.pass_time(1000)
    assert times == [0, 10, 30]  # A02.FR.17 to 19: doubled


def test_how_many_certificates_fit_is_told():
    csms = connected()
    report = {"requestId": 1, "componentVariable": [
        {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "CertificateEntries"}},
    ]}  # fmt: skip
    csms.call("GetReport", report)
    [line] = csms.sent("NotifyReport")[-1]["reportData"]
    assert line["variableCharacteristics"]["maxLimit"] == 20
    assert line["variableAttribute"][0]["value"] == "0"
