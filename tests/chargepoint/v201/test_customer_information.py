"""N09 and N10: the station tells what it has of a customer, and forgets what it may."""

import pytest

from chargepoint.timing.times import iso
from chargepoint.trust.certificates import hash_data, pem_of, read_chain
from tests.chargepoint.inside import block

from .csms import booted
from .test_display_messages import put, texts
from .test_local_list import entry, send

QUIET = {"EmulatorCtrlr.AutoPlug": "false", "SampledDataCtrlr.TxUpdatedInterval": "0"}
ANNA = {"idToken": "ANNA", "type": "KeyCode"}
VERSIONS = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


def quiet(version="2.0.1", **configuration):
    csms = booted(version=version, configuration={**QUIET, **configuration})
    info = {"status": "Accepted", "personalMessage": {"format": "UTF8", "content": "Hi Anna"}}
    csms.answers["Authorize"] = {"idTokenInfo": info}
    return csms


def ask(csms, report=True, clear=False, **who):
    """What the station tells, or its refusal as (status, reasonCode)."""
    before = len(csms.sent("NotifyCustomerInformation"))
    answer = csms.call("CustomerInformation", {
        "requestId": 5, "report": report, "clear": clear, **(who or {"idToken": ANNA}),
    })  # fmt: skip
    parts = csms.sent("NotifyCustomerInformation")[before:]
    if answer["status"] != "Accepted":
        assert parts == []
        return answer["status"], answer["statusInfo"]["reasonCode"]
    assert [part["seqNo"] for part in parts] == list(range(len(parts)))
    assert [part["tbc"] for part in parts] == [True] * (len(parts) - 1) + [False]
    assert all(part["requestId"] == 5 and len(part["data"]) <= 512 for part in parts)
    return "".join(part["data"] for part in parts)


def start(csms, name="ANNA", connector=1, **more):
    csms.command("start-transaction", connector=connector, id_tag=name, **more)
    return csms.station.outlets[connector].transaction.id


def reserve(csms, number, name, evse=2):
    payload = {
        "id": number, "evseId": evse, "expiryDateTime": iso(csms.now + 3600),
        "idToken": {"idToken": name, "type": "KeyCode"},
    }  # fmt: skip
    assert csms.call("ReserveNow", payload) == {"status": "Accepted"}


@VERSIONS
def test_nothing_is_known_of_a_stranger(version):
    csms = quiet(version)
    start(csms, "BERT")
    assert ask(csms) == ask(csms, clear=True) == ask(csms, report=False, clear=True) == ""


@VERSIONS
@pytest.mark.proves("CustomerInformation", "NotifyCustomerInformation")
def test_everything_that_the_station_has_of_a_customer_is_told(version):
    csms = quiet(version)
    send(csms, 1, entry("ANNA", group="FAMILY"), entry("BERT"))
    reserve(csms, 7, "ANNA")
    running = start(csms)
    csms.call("CostUpdated", {"totalCost": 2.5, "transactionId": running})
    put(csms, 3, "Anna's offer", transactionId=running)
    csms.pass_time(600)
    told = ask(csms).splitlines()
    energy = round(csms.station.connectors[1].meter_wh)
    assert energy > 1000
    for line, part in zip(told, (
        "Authorization cache: keycode:anna, Accepted, until 20",
        "Local list: keycode:anna, Accepted, group central:family",
        "Reservation 7: keycode:anna, EVSE 2, until 20",
        "Authorized at EVSE 1 connector 1: keycode:anna",
        f"Transaction {running} at EVSE 1 connector 1: since 20",
        "Cost so far at EVSE 1 connector 1: 2.50 EUR",
        "Personal message at EVSE 1 connector 1: Hi Anna",
        "Display message 3 at EVSE 1 connector 1: Anna's offer",
    ), strict=True):  # fmt: skip
        assert line.startswith(part)
    assert told[4].endswith(f"{energy} Wh")


def test_of_another_customer_only_what_is_theirs():
    csms = quiet()
    start(csms)
    send(csms, 1, entry("BERT", "Blocked"))
    told = ask(csms, idToken={"idToken": "bert", "type": "KeyCode"})
    assert told == "Local list: keycode:bert, Blocked"
    assert ask(csms, idToken={"idToken": "BERT", "type": "Central"}) == ""


def test_events_not_yet_delivered_are_told():
    csms = quiet()
    csms.answers["TransactionEvent"] = "InternalError"  # it will be tried again
    running = start(csms)
    assert f"Not yet delivered: Started of transaction {running}" in ask(csms).splitlines()


def test_a_long_report_comes_in_parts():
    csms = quiet()
    running = start(csms)
    for number in range(5):
        put(csms, number, "x" * 300, transactionId=running)
    before = len(csms.sent("NotifyCustomerInformation"))
    told = ask(csms)
    assert len(csms.sent("NotifyCustomerInformation")) - before > 3
    assert told.count("x" * 300) == 5


def test_clearing_takes_all_but_the_local_list_and_what_is_going_on():
    csms = quiet(**{"AuthCtrlr.LocalPreAuthorize": "true"})
    reserve(csms, 7, "ANNA")
    running = start(csms)
    send(csms, 1, entry("ANNA"))
    put(csms, 3, "Anna's offer", transactionId=running)
    assert texts(csms) == ["Hi Anna", "Anna's offer"]
    before = ask(csms)
    assert ask(csms, clear=True) == before  # what was cleared is told
    assert block(csms.station, "authorization").cache.status(ANNA, csms.now) is None
    assert (
        block(csms.station, "display").messages,
        block(csms.station, "reservation").reservations,
    ) == (None, None)
    assert csms.sent("ReservationStatusUpdate") == [
        {"reservationId": 7, "reservationUpdateStatus": "Removed"}
    ]
    assert texts(csms) == []
    left = ask(csms).splitlines()
    assert [line.partition(" ")[0] for line in left] == ["Local", "Authorized", "Transaction"]
    csms.command("stop-transaction", connector=1)
    assert csms.events[-1]["transactionInfo"]["transactionId"] == running
    assert csms.call("GetLocalListVersion", {}) == {"versionNumber": 1}


def test_clearing_without_a_report_says_that_it_is_done_and_outlives_a_crash():
    csms = quiet()
    start(csms)
    start(csms, "BERT", 2)
    csms.command("stop-transaction", connector=1)
    assert "Ended transaction" in ask(csms)
    assert ask(csms, report=False, clear=True) == "The data was cleared."
    assert ask(csms.restart().connect()) == ""
    assert (
        block(csms.station, "authorization").cache.status({**ANNA, "idToken": "BERT"}, csms.now)
        == "Accepted"
    )


def test_a_customer_identifier_is_the_text_of_a_token_whatever_its_type():
    csms = quiet()
    start(csms, "ANNA", token_type="Central")
    send(csms, 1, entry("anna"))
    told = ask(csms, customerIdentifier="Anna")
    assert "cache: central:anna" in told
    assert "list: keycode:anna" in told
    assert ask(csms, customerIdentifier="Ann") == ""
    ask(csms, clear=True, customerIdentifier="ANNA")
    assert len(block(csms.station, "authorization").cache) == 0


@pytest.mark.parametrize("algorithm", ["SHA256", "SHA384", "SHA512"])
def test_a_contract_is_known_while_its_car_is_there(algorithm):
    csms = quiet()
    car = {"iso15118": True, "emaid": "DE8AACA2B3C4D5"}
    csms.command("plug", connector=2, ev={**car, "contract": "made"})
    contract, issuer = read_chain(csms.station.connectors[2].ev.contract)[:2]
    wanted = hash_data(pem_of(contract), pem_of(issuer), algorithm)
    told = ask(csms, customerCertificate=wanted).splitlines()
    assert told[0].startswith("Authorization cache: emaid:de8aaca2b3c4d5, Accepted")
    assert told[-1].startswith("Contract certificate at EVSE 2 connector 1: DE8AACA2B3C4D5, serial")
    assert ask(csms, customerCertificate={**wanted, "serialNumber": "123"}) == ""
    csms.command("stop-transaction", connector=2)
    csms.command("unplug", connector=2)
    assert ask(csms, customerCertificate=wanted) == ""


@pytest.mark.parametrize(
    ("asked", "refusal"),
    [
        ({"report": False}, ("Rejected", "InvalidValue")),
        ({"who": {}}, ("Invalid", "MissingParam")),
        ({"who": {"idToken": ANNA, "customerIdentifier": "ANNA"}}, ("Invalid", "UnsupportedParam")),
    ],
)
@VERSIONS
def test_refusals(version, asked, refusal):
    csms = quiet(version)
    start(csms)
    who = asked.get("who", {"idToken": ANNA})
    answer = csms.call("CustomerInformation", {
        "requestId": 1, "report": asked.get("report", True), "clear": False, **who,
    })  # fmt: skip
    assert (answer["status"], answer["statusInfo"]["reasonCode"]) == refusal
    assert csms.sent("NotifyCustomerInformation") == []
