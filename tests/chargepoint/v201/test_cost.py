"""Block I: what the driver reads of tariff and cost, and when nobody knows it."""

import pytest

from chargepoint.v201.display.fares import NOTICE, SHOWN_AFTER
from tests.chargepoint.inside import block

from .csms import booted
from .test_display_messages import QUIET, lines, put, texts

FALLBACKS = {
    "TariffCostCtrlr.TariffFallbackMessage": "0.50 a kWh",
    "TariffCostCtrlr.TotalCostFallbackMessage": "See your invoice",
}


def quiet(version="2.0.1", **configuration):
    return booted(version=version, configuration={**QUIET, **configuration})


def personal(text):
    return {"format": "UTF8", "content": text}


def accepted(text=None, **more):
    return {"idTokenInfo": {"status": "Accepted", **({"personalMessage": personal(text)} if text
                                                     else {}), **more}}  # fmt: skip


def start(csms, connector=1, **more):
    csms.command("start-transaction", connector=connector, **more)
    return csms.station.outlets[connector].transaction.id


@pytest.mark.parametrize("version", ["2.0.1", "2.1"])
@pytest.mark.proves("CostUpdated", "TariffCostCtrlr.Currency", "TariffCostCtrlr.Enabled[Cost]")
def test_the_running_cost_stands_on_the_display_of_its_evse(version):
    csms = quiet(version)
    running = start(csms, 2)
    assert csms.call("CostUpdated", {"totalCost": 3.5, "transactionId": running}) == {}
    assert lines(csms, 2) == [
        {"kind": "cost", "text": "Cost: 3.50 EUR", "amount": 3.5, "currency": "EUR"}
    ]
    assert lines(csms, 1) == []
    csms.call("CostUpdated", {"totalCost": 4.125, "transactionId": running})
    assert texts(csms, 2) == ["Cost: 4.12 EUR"]
    csms.set("TariffCostCtrlr.Currency", "SEK")
    assert texts(csms, 2) == ["Cost: 4.12 SEK"]
    csms.set("TariffCostCtrlr.Enabled[Cost]", "false")
    assert texts(csms, 2) == []


def test_the_cost_of_no_transaction_changes_nothing():
    csms = quiet()
    start(csms)
    assert csms.call("CostUpdated", {"totalCost": 3.5, "transactionId": "none"}) == {}
    assert block(csms.station, "fares").fares is None


def test_the_total_is_shown_for_a_while_after_the_end():
    csms = quiet()
    csms.answers["TransactionEvent"] = lambda event: (
        {"totalCost": 12.3} if event["eventType"] == "Ended" else {}
    )
    running = start(csms)
    csms.call("CostUpdated", {"totalCost": 3.5, "transactionId": running})
    csms.command("stop-transaction", connector=1)
    assert lines(csms)[0] == {
        "kind": "total", "text": "Total cost: 12.30 EUR", "amount": 12.3, "currency": "EUR",
    }  # fmt: skip
    csms.pass_time(SHOWN_AFTER - 1)
    assert texts(csms) == ["Total cost: 12.30 EUR"]
    csms.pass_time(2)
    assert texts(csms) == []
    assert block(csms.station, "fares").fares is None


def test_the_next_driver_does_not_read_the_last_ones_total():
    csms = quiet()
    csms.answers["TransactionEvent"] = {"totalCost": 12.3}
    start(csms)
    assert texts(csms) == ["Cost: 12.30 EUR"]  # told with the Started event
    csms.command("stop-transaction", connector=1)
    csms.command("unplug", connector=1)
    csms.answers["TransactionEvent"] = {}
    start(csms)
    assert texts(csms) == []


def test_a_car_that_starts_by_itself_does_not_read_it_either():
    csms = quiet(**{"TxCtrlr.TxStartPoint": "EVConnected", "TxCtrlr.TxStopPoint": "EVConnected"})
    csms.answers["TransactionEvent"] = {"totalCost": 5.0}
    csms.command("plug", connector=1)
    csms.command("unplug", connector=1)
    assert texts(csms) == ["Total cost: 5.00 EUR"]
    csms.answers["TransactionEvent"] = {}
    csms.command("plug", connector=1)
    assert texts(csms) == []
    running = csms.station.outlets[1].transaction.id
    csms.call("CostUpdated", {"totalCost": 1.0, "transactionId": running})
    csms.pass_time(SHOWN_AFTER + 1)
    assert texts(csms) == ["Cost: 1.00 EUR"]


def test_the_personal_message_is_shown_and_replaced():
    csms = quiet(**FALLBACKS)
    csms.answers["Authorize"] = accepted("0.30 a kWh for you")
    start(csms)
    assert lines(csms)[0] == {"kind": "personal", "text": "0.30 a kWh for you", "format": "UTF8"}
    csms.answers["TransactionEvent"] = {"updatedPersonalMessage": personal("0.20 since noon")}
    csms.call("TriggerMessage", {"requestedMessage": "TransactionEvent"})
    assert texts(csms) == ["0.20 since noon"]
    csms.answers["TransactionEvent"] = {}
    csms.command("stop-transaction", connector=1)
    assert "0.20 since noon" not in texts(csms)


def test_a_personal_message_may_come_with_a_transaction_event():
    csms = quiet(**{"AuthCtrlr.LocalPreAuthorize": "true"})
    start(csms)
    csms.command("stop-transaction", connector=1)
    csms.answers["TransactionEvent"] = accepted("hello again")
    start(csms)  # by the cache: nobody was asked
    assert len(csms.sent("Authorize")) == 1
    assert texts(csms) == ["hello again"]


def test_who_may_not_charge_is_told_why_for_a_moment():
    csms = quiet()
    info = {"status": "NoCredit", "personalMessage": personal("Please top up")}
    csms.answers["Authorize"] = {"idTokenInfo": info}
    csms.command("authorize", connector=1, id_tag="POOR")
    assert texts(csms) == ["Please top up"]
    csms.restart()
    csms.pass_time(NOTICE + 1)
    assert texts(csms) == []
    assert block(csms.station, "fares").fares is None


@pytest.mark.proves("TariffCostCtrlr.Enabled[Tariff]", "TariffCostCtrlr.TariffFallbackMessage")
def test_the_fallback_tariff_is_for_who_is_there_and_has_no_other():
    csms = quiet(**FALLBACKS)
    assert texts(csms) == []
    start(csms)
    assert lines(csms) == [{"kind": "tariff", "text": "0.50 a kWh"}]
    csms.set("TariffCostCtrlr.Enabled[Tariff]", "false")
    assert texts(csms) == []


def test_offline_the_fallbacks_are_shown_until_the_total_comes():
    csms = quiet(**FALLBACKS, **{"AuthCtrlr.OfflineTxForUnknownIdEnabled": "true"})
    csms.disconnect()
    start(csms)
    assert texts(csms) == ["0.50 a kWh"]
    csms.command("stop-transaction", connector=1)
    assert lines(csms) == [{"kind": "total", "text": "See your invoice"}]
    csms.answers["TransactionEvent"] = {"totalCost": 2.0}
    csms.connect()
    assert texts(csms) == ["Total cost: 2.00 EUR"]


@pytest.mark.proves("TariffCostCtrlr.TotalCostFallbackMessage")
def test_without_a_total_in_the_answer_the_fallback_is_shown():
    csms = quiet(**FALLBACKS)
    running = start(csms)
    csms.call("CostUpdated", {"totalCost": 3.5, "transactionId": running})
    csms.set("OCPPCommCtrlr.MessageTimeout[Default]", "5")
    csms.set("OCPPCommCtrlr.MessageAttemptInterval[TransactionEvent]", "5")
    csms.answers["TransactionEvent"] = None  # the CSMS takes its time
    csms.command("stop-transaction", connector=1)
    assert texts(csms) == ["Cost: 3.50 EUR"]
    csms.answers["TransactionEvent"] = {}
    csms.pass_time(11)  # it was asked again, and knows nothing
    assert texts(csms) == ["See your invoice"]


def test_an_ended_event_that_was_given_up_tells_no_total():
    csms = quiet(**FALLBACKS, **{"OCPPCommCtrlr.MessageAttempts[TransactionEvent]": "1"})
    start(csms)
    csms.answers["TransactionEvent"] = "InternalError"
    csms.command("stop-transaction", connector=1)
    assert texts(csms) == ["See your invoice"]


def test_a_free_transaction_costs_nothing():
    csms = quiet(**FALLBACKS)
    start(csms)
    csms.answers["TransactionEvent"] = {"totalCost": 0}
    csms.command("stop-transaction", connector=1)
    assert texts(csms) == ["Total cost: 0.00 EUR"]


def test_display_messages_and_the_drivers_own_lines():
    csms = quiet()
    running = start(csms)
    csms.call("CostUpdated", {"totalCost": 1, "transactionId": running})
    put(csms, 1, "normal")
    assert texts(csms) == ["Cost: 1.00 EUR", "normal"]
    put(csms, 2, "front", "InFront")
    assert texts(csms) == ["Cost: 1.00 EUR", "front"]
    put(csms, 3, "only", "AlwaysFront")
    assert texts(csms) == ["only"]


def test_what_is_shown_outlives_a_crash():
    csms = quiet()
    csms.answers["Authorize"] = accepted("hello")
    running = start(csms)
    csms.call("CostUpdated", {"totalCost": 1, "transactionId": running})
    csms.restart().connect()
    assert texts(csms) == ["hello", "Cost: 1.00 EUR"]
    csms.answers["TransactionEvent"] = {"totalCost": 2}
    csms.command("stop-transaction", connector=1)
    csms.restart().connect()
    assert texts(csms) == ["Total cost: 2.00 EUR"]
    csms.pass_time(SHOWN_AFTER + 1)
    assert texts(csms) == []


@pytest.mark.proves("TariffCostCtrlr.Available[Cost]", "TariffCostCtrlr.Available[Tariff]")
@pytest.mark.parametrize(
    ("lacking", "shown"), [("Tariff", "Cost: 1.00 EUR"), ("Cost", "0.50 a kWh")]
)
def test_a_station_without_tariffs_or_costs_shows_none(lacking, shown):
    csms = quiet(**FALLBACKS, **{f"TariffCostCtrlr.Available[{lacking}]": "false"})
    running = start(csms)
    csms.call("CostUpdated", {"totalCost": 1, "transactionId": running})
    assert texts(csms) == [shown]


@pytest.mark.parametrize(
    ("key", "value", "status"),
    [
        ("Currency", "EURO", "Rejected"),
        ("TariffFallbackMessage", "x" * 256, "Rejected"),
        ("TotalCostFallbackMessage", "x" * 255, "Accepted"),
        ("Available[Cost]", "false", "Rejected"),
    ],
)
def test_variables(key, value, status):
    assert quiet().set(f"TariffCostCtrlr.{key}", value) == status
