"""What 2.1 adds to Plug & Charge: several contracts, and the state of a car's chain."""

import pytest

from chargepoint.trust.certificates import hash_data, pem_of, read_chain
from chargepoint.trust.contracts import make_contract
from tests.chargepoint.v201.csms import booted

EMAID = "DEABCC123456781"


@pytest.fixture
def csms():
    csms = booted(version="2.1")
    csms.answers["GetCertificateChainStatus"] = states(csms, "Good")
    return csms


def states(csms, word):
    def answer(payload):
        return {"certificateStatus": [
            {"certificateHashData": asked["certificateHashData"], "source": asked["source"],
             "status": word, "nextUpdate": "2031-01-01T00:00:00Z"}
            for asked in payload["certificateStatusRequests"]
        ]}  # fmt: skip

    return answer


def plug(csms, **ev):
    csms.command("plug", connector=1, ev={"emaid": EMAID, "iso15118_20": True, **ev})


def test_further_contracts_are_fetched_while_there_are_some_and_room_for_them(csms):
    left = iter((5, 4, 3, 2))
    csms.answers["Get15118EVCertificate"] = lambda _: {
        "status": "Accepted", "exiResponse": "gJgC", "remainingContracts": next(left),
    }  # fmt: skip
    plug(csms, contracts=3)
    asked = csms.sent("Get15118EVCertificate")
    assert [payload["maximumContractCertificateChains"] for payload in asked] == [3, 2, 1]
    assert all(payload["prioritizedEMAIDs"] == [EMAID] for payload in asked)
    assert "-20" in asked[0]["iso15118SchemaVersion"]
    assert len(csms.sent("Authorize")) == 1


@pytest.mark.proves("GetCertificateChainStatus")
def test_the_chain_is_asked_about_before_the_car_may_authorize(csms):
    contract = make_contract(EMAID, 1e9)
    plug(csms, contract=contract)
    [asked] = csms.sent("GetCertificateChainStatus")
    leaf, sub, root = map(pem_of, read_chain(contract))
    told = [entry["certificateHashData"] for entry in asked["certificateStatusRequests"]]
    assert told == [hash_data(leaf, sub), hash_data(sub, root)]
    assert csms.story()[0][0] == "Started"


def test_a_revoked_chain_gives_no_energy(csms):
    csms.answers["GetCertificateChainStatus"] = states(csms, "Revoked")
    plug(csms, contract="made")
    assert csms.sent("Authorize") == []


@pytest.mark.parametrize("word", ["Unknown", "Failed"])
def test_what_cannot_be_found_out_is_left_to_the_authorization(csms, word):
    csms.answers["GetCertificateChainStatus"] = states(csms, word)
    plug(csms, contract="made")
    assert len(csms.sent("Authorize")) == 1


def test_a_csms_without_the_action_does_not_keep_the_car_out(csms):
    csms.answers["GetCertificateChainStatus"] = "NotSupported"
    plug(csms, contract="made")
    assert csms.story()[0][0] == "Started"
