"""Certificates and security events of 2.0.1 and 2.1 (blocks A and M)."""

import pytest

from tests.chargepoint.authority import Authority
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, config_of

CSMS, MAKER = "CSMSRootCertificate", "ManufacturerRootCertificate"


@pytest.fixture(scope="module")
def root():
    return Authority("Root", 1e9)


def connected(version="2.0.1", **configuration):
    csms = Csms(config_of(version, configuration=configuration))
    csms.answers |= {"SignCertificate": {"status": "Accepted"}, "SecurityEventNotification": {}}
    return csms.connect()


@pytest.fixture(params=["2.0.1", "2.1"])
def version(request):
    return request.param


@pytest.fixture
def csms(version):
    return connected(version)


def install(csms, pem, use=CSMS):
    return csms.call("InstallCertificate", {"certificateType": use, "certificate": pem})["status"]


def requested(csms):
    answer = csms.call("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    assert answer == {"status": "Accepted"}
    return csms.sent("SignCertificate")[-1]["csr"]


def told(csms):
    return [event["type"] for event in csms.sent("SecurityEventNotification")]


@pytest.mark.proves("DeleteCertificate", "InstallCertificate", "GetInstalledCertificateIds")
def test_certificates_are_installed_listed_by_use_and_deleted(csms, root):
    assert csms.call("GetInstalledCertificateIds", {}) == {"status": "NotFound"}
    assert install(csms, root.pem) == "Accepted"
    assert install(csms, root.pem, MAKER) == "Accepted"
    listed = csms.call("GetInstalledCertificateIds", {})["certificateHashDataChain"]
    assert [entry["certificateType"] for entry in listed] == [CSMS, MAKER]
    only = csms.call("GetInstalledCertificateIds", {"certificateType": [MAKER]})
    assert only["certificateHashDataChain"] == listed[1:]
    wanted = {"certificateHashData": listed[0]["certificateHashData"]}
    answers = [csms.call("DeleteCertificate", wanted)["status"] for _ in range(3)]
    assert answers == ["Accepted", "Accepted", "NotFound"]


def test_what_is_no_authority_is_rejected(csms, root):
    assert install(csms, root.issue("leaf")[0]) == "Rejected"
    assert install(csms, "no certificate") == "Rejected"


@pytest.mark.proves("SecurityCtrlr.AdditionalRootCertificateCheck")
def test_a_new_root_must_be_signed_by_the_old_one_where_that_is_checked(root):
    checking = connected(**{"SecurityCtrlr.AdditionalRootCertificateCheck": "true"})
    usurper, heir = Authority("Usurper", 1e9), Authority("Heir", 1e9, issuer=root)
    assert install(checking, root.pem) == "Accepted"
    assert install(checking, usurper.pem) == "Rejected"
    assert install(checking, heir.pem) == "Accepted"
    assert block(checking.station, "certificates").roots_of(CSMS) == [root.pem, heir.pem]
    usual = connected()
    assert [install(usual, each.pem) for each in (root, usurper)] == ["Accepted"] * 2


@pytest.mark.proves("CertificateSigned", "SignCertificate")
def test_the_stations_certificate_is_asked_for_and_taken(csms, root):
    install(csms, root.pem)
    chain = root.answer(requested(csms))
    assert csms.sent("SignCertificate")[0]["certificateType"] == "ChargingStationCertificate"
    other = {"certificateChain": chain, "certificateType": "V2GCertificate"}
    assert csms.call("CertificateSigned", other)["status"] == "Rejected"
    assert csms.call("CertificateSigned", {"certificateChain": chain}) == {"status": "Accepted"}
    assert block(csms.station, "security").vault.certificate == chain
    again = csms.restart()
    assert block(again.station, "security").vault.certificate == chain


def test_a_certificate_of_a_stranger_is_reported(csms, root):
    install(csms, root.pem)
    chain = Authority("Stranger", 1e9).answer(requested(csms))
    assert csms.call("CertificateSigned", {"certificateChain": chain})["status"] == "Rejected"
    assert told(csms)[-1] == "InvalidChargingStationCertificate"


@pytest.mark.proves("SecurityEventNotification", "EmulatorCtrlr.SecurityEvents")
def test_a_start_and_a_reset_are_told(csms):
    """A04 and appendix 1: these two are critical."""
    assert told(csms) == ["StartupOfTheDevice"]
    csms.call("Reset", {"type": "Immediate"})
    csms.disconnect()
    csms.connect()
    assert told(csms)[1:] == ["ResetOrReboot", "StartupOfTheDevice"]
    assert block(csms.station, "security").vault is None  # what was told costs nothing


def test_nothing_is_told_or_kept_where_the_operator_has_switched_it_off(version):
    csms = connected(version, **{"EmulatorCtrlr.SecurityEvents": "false"})
    csms.call("Reset", {"type": "Immediate"})
    csms.disconnect()
    csms.connect()
    assert told(csms) == []
    assert block(csms.station, "security").vault is None


def test_an_event_that_nobody_takes_waits_and_is_told_after_a_restart(version):
    csms = connected(version)
    csms.answers["SecurityEventNotification"] = None
    csms.call("Reset", {"type": "Immediate"})
    csms.disconnect()
    csms.answers["SecurityEventNotification"] = {}
    csms.restart().connect()
    assert told(csms)[-2:] == ["ResetOrReboot", "StartupOfTheDevice"]
    assert block(csms.station, "security").vault is None


@pytest.mark.proves("SecurityCtrlr.CertificateEntries")
def test_the_number_of_certificates_is_a_variable(csms, root):
    install(csms, root.pem)
    item = {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "CertificateEntries"}}
    answer = csms.call("GetVariables", {"getVariableData": [item]})
    assert answer["getVariableResult"][0]["attributeValue"] == "1"
