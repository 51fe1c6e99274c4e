"""Plug & Charge on the wire of 2.0.1 and 2.1 (C07, C08, M01, M02)."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import ocsp

from chargepoint.core.commands import CommandRejected
from chargepoint.trust.certificates import pem_of, read_chain
from chargepoint.trust.contracts import make_contract
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, booted, config_of

EMAID = "DEABCC123456781"
ROOT = "MORootCertificate"
VERSIONS = pytest.mark.parametrize("csms", ["2.0.1", "2.1"], indirect=True)


@pytest.fixture
def csms(request):
    return booted(version=getattr(request, "param", "2.0.1"))


@pytest.fixture(scope="module")
def contract():
    return make_contract(EMAID, 1e9)


def plug(csms, **ev):
    return csms.command("plug", connector=1, ev={"emaid": EMAID, **ev})


def trust(csms, contract):
    root = pem_of(read_chain(contract)[-1])
    answer = csms.call("InstallCertificate", {"certificateType": ROOT, "certificate": root})
    assert answer["status"] == "Accepted"


def charging(csms):
    return [kind for kind, *_ in csms.story()][:1] == ["Started"]


@VERSIONS
def test_a_contract_authorizes_with_hashes_that_a_responder_would_know(csms, contract):
    trust(csms, contract)
    plug(csms, contract=contract)
    asked = csms.sent("Authorize")[0]
    assert asked["idToken"] == {"idToken": EMAID, "type": "eMAID"}
    assert "certificate" not in asked
    leaf, sub, root = read_chain(contract)
    for told, own, issuer in zip(
        asked["iso15118CertificateHashData"], (leaf, sub), (sub, root), strict=True
    ):
        request = ocsp.OCSPRequestBuilder().add_certificate(own, issuer, SHA256()).build()
        assert told["hashAlgorithm"] == "SHA256"
        assert told["issuerNameHash"] == request.issuer_name_hash.hex()
        assert told["issuerKeyHash"] == request.issuer_key_hash.hex()
        assert int(told["serialNumber"], 16) == own.serial_number
        assert told["responderURL"].startswith("http")
    assert csms.sent("Get15118EVCertificate") == []
    assert csms.events[0]["idToken"] == {"idToken": EMAID, "type": "eMAID"}


@VERSIONS
def test_the_csms_is_given_the_chain_of_an_unknown_root(csms, contract):
    plug(csms, contract=contract)
    told = read_chain(csms.sent("Authorize")[0]["certificate"])
    assert told == read_chain(contract)[:2]
    assert charging(csms)


@pytest.mark.proves("ISO15118Ctrlr.CentralContractValidationAllowed")
def test_without_central_validation_an_unknown_root_is_not_enough(csms, contract):
    csms.set("ISO15118Ctrlr.CentralContractValidationAllowed", "false")
    plug(csms, contract=contract)
    assert csms.sent("Authorize") == []
    assert not charging(csms)


@pytest.mark.parametrize(
    "verdict",
    ["SignatureError", "CertificateExpired", "NoCertificateAvailable", "CertChainError",
     "CertificateRevoked", "ContractCancelled"],
)  # fmt: skip
def test_a_contract_that_the_csms_refuses_gives_no_energy(csms, contract, verdict):
    info = {"idTokenInfo": {"status": "Accepted"}, "certificateStatus": verdict}
    csms.answers["Authorize"] = info
    plug(csms, contract=contract)
    assert not charging(csms)
    csms.disconnect()  # nor is the eMAID remembered as a good one
    csms.command("unplug", connector=1)
    trusted = block(csms.station, "authorization").cache.status(
        {"idToken": EMAID, "type": "eMAID"}, csms.now
    )
    assert trusted == "Invalid"


@pytest.mark.proves("Get15118EVCertificate")
@VERSIONS
def test_a_car_without_a_contract_has_one_installed_and_keeps_it(csms):
    plug(csms)
    asked = csms.sent("Get15118EVCertificate")[0]
    assert asked["action"] == "Install"
    body = base64.b64decode(asked["exiRequest"], validate=True)
    assert b"<CertificateInstallationReq" in body
    coded = body.split(b"<OEMProvisioningCert>")[1].split(b"<")[0]
    assert x509.load_der_x509_certificate(base64.b64decode(coded)).version is x509.Version.v3
    assert csms.sent("Authorize")[0]["idToken"]["idToken"] == EMAID
    kept = csms.station.connectors[1].ev.contract
    assert csms.restart().station.connectors[1].ev.contract == kept
    assert len(read_chain(kept)) == 3


def test_the_contract_that_the_csms_brings_is_the_cars(csms, contract):
    brought = base64.b64encode(contract.encode()).decode()
    csms.answers["Get15118EVCertificate"] = {"status": "Accepted", "exiResponse": brought}
    plug(csms)
    assert csms.station.connectors[1].ev.contract == contract


def test_a_contract_about_to_end_is_updated(csms):
    plug(csms, contract=make_contract(EMAID, 1e9 - 710 * 86_400))
    asked = csms.sent("Get15118EVCertificate")[0]
    assert asked["action"] == "Update"
    assert EMAID.encode() in base64.b64decode(asked["exiRequest"])
    assert charging(csms)


@pytest.mark.parametrize("answer", [{"status": "Failed", "exiResponse": ""}, "NotSupported"])
def test_without_a_contract_nobody_is_authorized_but_a_card_still_works(csms, answer):
    csms.answers["Get15118EVCertificate"] = answer
    plug(csms)
    assert csms.sent("Authorize") == []
    csms.command("authorize", id_tag="04A1B2C3", connector=1)
    assert charging(csms)


@pytest.mark.proves("ISO15118Ctrlr.Enabled", "ISO15118Ctrlr.PnCEnabled")
@pytest.mark.parametrize("variable", ["Enabled", "PnCEnabled"])
def test_plug_and_charge_can_be_switched_off(csms, contract, variable):
    csms.set(f"ISO15118Ctrlr.{variable}", "false")
    plug(csms, contract=contract)
    assert csms.sent("Authorize") == []


@pytest.mark.proves("ISO15118Ctrlr.ContractCertificateInstallationEnabled")
def test_contracts_are_not_installed_where_that_is_off(csms):
    csms.set("ISO15118Ctrlr.ContractCertificateInstallationEnabled", "false")
    plug(csms)
    assert csms.sent("Get15118EVCertificate") == []


@pytest.mark.proves("ISO15118Ctrlr.ContractValidationOffline")
@pytest.mark.parametrize(
    ("rooted", "validates", "unknown", "expected"),
    [(True, "true", "true", True), (True, "true", "false", False),
     (True, "false", "true", False), (False, "true", "true", False)],
)  # fmt: skip
def test_offline_a_contract_is_validated_here(csms, contract, rooted, validates, unknown, expected):
    if rooted:
        trust(csms, contract)
    csms.set("ISO15118Ctrlr.ContractValidationOffline", validates)
    csms.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", unknown)
    csms.disconnect()
    plug(csms, contract=contract)
    csms.connect()
    assert charging(csms) is expected


@pytest.mark.parametrize("allowed", ["true", "false"])
def test_a_csms_that_cannot_answer_leaves_it_to_the_offline_rules(csms, contract, allowed):
    trust(csms, contract)
    csms.set("AuthCtrlr.OfflineTxForUnknownIdEnabled", "true")
    csms.set("ISO15118Ctrlr.ContractValidationOffline", allowed)
    csms.answers["Authorize"] = "InternalError"
    plug(csms, contract=contract)
    assert charging(csms) is (allowed == "true")


@pytest.mark.parametrize(
    "ev", [{"emaid": "x"}, {"contract": "made"}, {"emaid": 5}, {"contract": "no PEM"}]
)
def test_a_car_that_cannot_be_is_refused(csms, ev):
    with pytest.raises(CommandRejected):
        csms.command("plug", connector=1, ev=ev)


def test_a_car_plugged_in_before_the_first_boot_waits(contract):
    csms = Csms(config_of())
    plug(csms, contract=contract)
    csms.connect()
    assert csms.sent("Authorize") == []
