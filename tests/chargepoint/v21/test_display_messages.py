"""Blocks I and O in 2.1: languages, QR codes, two more states, and the limit of a cost."""

import pytest

from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import booted
from tests.chargepoint.v201.test_display_messages import QUIET, lines, listed, put, texts, value

GERMAN = {"format": "UTF8", "language": "de", "content": "Hallo"}
FRENCH = {"format": "UTF8", "language": "fr-CA", "content": "Salut"}


def quiet(**configuration):
    return booted(version="2.1", configuration={**QUIET, **configuration})


def start(csms, **info):
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted", **info}}
    csms.command("start-transaction", connector=1)
    return csms.station.outlets[1].transaction.id


def test_the_display_speaks_its_own_language_until_somebody_prefers_another():
    csms = quiet()
    put(csms, 1, "Hello", messageExtra=[GERMAN, FRENCH])
    assert texts(csms) == ["Hello"]
    csms.set("DisplayMessageCtrlr.Language", "de")
    # The message itself names no language, so that it is in the display's.
    assert texts(csms) == ["Hello"]
    start(csms, language1="it", language2="fr")
    assert lines(csms)[0]["language"] == "fr-CA"
    assert (texts(csms), texts(csms, 2)) == (["Salut"], ["Hello"])
    csms.command("stop-transaction", connector=1)
    csms.pass_time(100)
    assert texts(csms) == ["Hello"]
    assert listed(csms) == [1]
    extra = csms.sent("NotifyDisplayMessages")[-1]["messageInfo"][0]["messageExtra"]
    assert extra == [GERMAN, FRENCH]


@pytest.mark.proves("DisplayMessageCtrlr.Language")
def test_a_message_that_names_its_language():
    csms = quiet()
    english = {"format": "UTF8", "language": "en-GB", "content": "Hello"}
    info = {"id": 1, "priority": "NormalCycle", "message": GERMAN, "messageExtra": [english]}
    csms.call("SetDisplayMessage", {"message": info})
    assert texts(csms) == ["Hello"]
    assert csms.set("DisplayMessageCtrlr.Language", "DE") == "Accepted"
    assert (texts(csms), value(csms, "Language")) == (["Hallo"], "de")
    assert csms.set("DisplayMessageCtrlr.Language", "tlh") == "Rejected"


@pytest.mark.parametrize("where", ["message", "messageExtra"])
def test_an_unknown_language_is_refused(where):
    csms = quiet()
    klingon = {"format": "UTF8", "language": "tlh", "content": "nuqneH"}
    info = {"id": 1, "priority": "NormalCycle", "message": GERMAN}
    info[where] = klingon if where == "message" else [klingon]
    answer = csms.call("SetDisplayMessage", {"message": info})
    assert answer["status"] == "LanguageNotSupported"
    assert block(csms.station, "display").messages is None


def test_a_format_in_the_extra_texts_counts_too():
    csms = quiet(**{"DisplayMessageCtrlr.SupportedFormats": "UTF8"})
    extra = [{**GERMAN, "format": "HTML"}]
    assert put(csms, 1, messageExtra=extra)["status"] == "NotSupportedMessageFormat"


def test_what_2_1_knows():
    csms = quiet()
    assert value(csms, "SupportedFormats") == "ASCII,HTML,QRCODE,URI,UTF8"
    states = value(csms, "SupportedStates")
    assert states == "Charging,Discharging,Faulted,Idle,Suspended,Unavailable"
    assert value(csms, "PersonalMessageSize") == "1024"
    assert put(csms, 1, "x" * 1024, form="QRCODE")["status"] == "Accepted"
    assert lines(csms)[0]["format"] == "QRCODE"


def test_suspended_and_discharging():
    csms = quiet()
    for number, state in enumerate(("Charging", "Discharging", "Suspended")):
        put(csms, number, state, state=state)
    assert texts(csms) == []
    start(csms)
    assert texts(csms) == ["Charging"]
    csms.station.outlets[1].hardware.discharge(3000, csms.now)
    assert texts(csms) == ["Discharging"]
    csms.station.outlets[1].hardware.discharge(0, csms.now)
    running = csms.station.outlets[1].transaction
    block(csms.station, "transactions").bar(csms.station.outlets[1], "CostLimitReached", csms.now)
    assert running.barred
    assert texts(csms) == ["Suspended"]


def test_a_personal_message_in_several_languages():
    csms = quiet()
    start(csms, language1="de")
    csms.answers["TransactionEvent"] = {
        "updatedPersonalMessage": {"format": "UTF8", "content": "Hello"},
        "updatedPersonalMessageExtra": [GERMAN, FRENCH],
    }
    csms.call("TriggerMessage", {"requestedMessage": "TransactionEvent"})
    assert texts(csms) == ["Hallo"]


def test_a_cost_that_is_told_counts_for_the_limit():
    csms = quiet()
    csms.answers["TransactionEvent"] = {"transactionLimit": {"maxCost": 5}}
    running = start(csms)
    csms.call("CostUpdated", {"totalCost": 4.99, "transactionId": running})
    assert not csms.station.outlets[1].transaction.barred
    csms.call("CostUpdated", {"totalCost": 5, "transactionId": running})
    assert csms.events[-1]["triggerReason"] == "CostLimitReached"
    assert csms.station.outlets[1].transaction.barred
    assert texts(csms) == ["Cost: 5.00 EUR"]


def test_a_cost_by_a_tariff_is_shown_in_its_currency():
    csms = quiet()  # whose TariffCostCtrlr.Currency is EUR
    price = {"prices": [{"priceKwh": 1.0}]}
    wanted = {"tariffId": "T", "currency": "USD", "energy": price}
    answer = csms.call("SetDefaultTariff", {"evseId": 0, "tariff": wanted})
    assert answer["status"] == "Accepted"
    running = start(csms)
    csms.pass_time(120)
    [line] = csms.station.snapshot()["display"][0]["lines"]
    assert line["text"].startswith("Cost: 0.") and line["text"].endswith(" USD")
    assert (line["amount"], line["currency"]) == (round(line["amount"], 5), "USD")
    csms.call("CostUpdated", {"totalCost": 3, "transactionId": running})
    assert texts(csms) == ["Cost: 3.00 USD"]  # the transaction is charged in nothing else
    csms = csms.restart().connect()
    csms.command("stop-transaction", connector=1)
    [total] = texts(csms)
    assert total.startswith("Total cost: 0.") and total.endswith(" USD")
    csms.pass_time(61)
    csms.call("ClearTariffs", {"tariffIds": ["T"]})
    csms.command("unplug", connector=1)
    running = start(csms)
    csms.call("CostUpdated", {"totalCost": 3, "transactionId": running})
    assert texts(csms) == ["Cost: 3.00 EUR"]


def test_no_cost_is_shown_that_a_failed_meter_cannot_tell():
    csms = quiet()
    wanted = {"tariffId": "T", "currency": "EUR", "energy": {"prices": [{"priceKwh": 1.0}]}}
    csms.call("SetDefaultTariff", {"evseId": 0, "tariff": wanted})
    start(csms)
    csms.command("fault", connector=1, error_code="PowerMeterFailure")
    csms.pass_time(120)
    assert block(csms.station, "costs").running_cost(csms.station.outlets[1]) is None
    assert not any(text.startswith("Cost") for text in texts(csms))
