"""2.1, block I: tariffs set, listed, cleared and changed, and what the station makes of them."""

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.timing.times import iso, seconds_of
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, config_of

QUIET = {
    "SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false",
    "AuthCacheCtrlr.Enabled": "false",
}  # fmt: skip
CAR = {"soc": 10, "battery_kwh": 200, "max_power_kw": 11}
VAT = [{"type": "vat", "tax": 20}]


@pytest.fixture
def csms():
    return made()


def made(**variables):
    keys = {key.replace("_", ".", 1): value for key, value in variables.items()}
    csms = Csms(config_of("2.1", configuration={**QUIET, **keys})).connect()
    # A whole hour, so that intervals are easy to see.
    csms.pass_time(3600 - csms.now % 3600)
    return csms


def tariff(identity="T1", kwh=0.3, **more):
    energy = {"prices": [{"priceKwh": kwh}], "taxRates": VAT}
    return {"tariffId": identity, "currency": "EUR", "energy": energy, **more}


def set_default(csms, wanted, evse=0):
    return csms.call("SetDefaultTariff", {"evseId": evse, "tariff": wanted})["status"]


def charge(csms, seconds=3600, **car):
    csms.command("plug", connector=1, ev={**CAR, **car})
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(seconds)
    return csms.station.outlets[1].transaction.id


def stop(csms):
    csms.command("stop-transaction", connector=1)
    return csms.events[-1].get("costDetails")


def ids(csms, evse=0):
    answer = csms.call("GetTariffs", {"evseId": evse})
    return {(a["tariffId"], a["tariffKind"]): a for a in answer.get("tariffAssignments", ())}


# --- a session and its cost ----------------------------------------------------------------------


@pytest.mark.proves("SetDefaultTariff")
def test_a_session_costs_what_the_default_tariff_says(csms):
    fees = {"prices": [{"priceFixed": 1.0}]}
    idle = {"prices": [{"priceMinute": 0.1}], "taxRates": VAT}
    assert set_default(csms, tariff(fixedFee=fees, idleTime=idle)) == "Accepted"
    charge(csms)
    assert {e["transactionInfo"]["tariffId"] for e in csms.events} == {"T1"}
    assert csms.station.snapshot()["connectors"][0]["cost"] == {
        "amount": pytest.approx(1 + 11 * 0.3 * 1.2, abs=0.1), "currency": "EUR", "tariff": "T1",
    }  # fmt: skip
    shown = csms.station.snapshot()["connectors"][0]["cost"]
    assert csms.command("look")["connectors"][0]["cost"] == shown
    csms.command("charging-limit", limit=0)  # nothing on offer: idle
    csms.pass_time(600)
    details = stop(csms)
    cost = details["totalCost"]
    assert cost["typeOfCost"] == "NormalCost"
    assert cost["fixed"] == {"exclTax": 1.0, "inclTax": 1.0}
    assert cost["energy"]["exclTax"] == pytest.approx(3.3)
    assert cost["energy"]["inclTax"] == pytest.approx(3.96)
    assert cost["energy"]["taxRates"] == VAT
    assert cost["idleTime"]["exclTax"] == pytest.approx(1.0)
    assert cost["total"]["inclTax"] == pytest.approx(1 + 3.96 + 1.2)
    assert details["totalUsage"] == {
        "energy": pytest.approx(11_000), "chargingTime": 3600, "idleTime": 600,
    }  # fmt: skip
    (period,) = details["chargingPeriods"]
    assert (period["tariffId"], period["startPeriod"]) == ("T1", csms.events[0]["timestamp"])
    assert {d["type"]: d["volume"] for d in period["dimensions"]} == {
        "Energy": pytest.approx(11_000), "ChargingTime": 3600, "IdleTIme": 600,
    }  # fmt: skip
    assert "cost" not in csms.station.snapshot()["connectors"][0]
    assert block(csms.station, "costs").bills is None


@pytest.mark.proves("ClockCtrlr.TimeOffset", "ClockCtrlr.TimeZone")
@pytest.mark.parametrize(
    "clock",
    [{"ClockCtrlr_TimeOffset": "+02:00"},
     {"ClockCtrlr_TimeOffset": "+05:00", "ClockCtrlr_TimeZone": "Africa/Johannesburg"}],
)  # fmt: skip
def test_the_hour_changes_the_price_and_makes_a_period(clock):
    csms = made(**clock)
    hour = int(csms.station.clock.stamp(csms.now)[11:13]) + 2
    later = {"startTimeOfDay": f"{hour % 24:02d}:30"}
    energy = {"prices": [{"priceKwh": 0.5, "conditions": later}, {"priceKwh": 0.2}]}
    set_default(csms, tariff(energy=energy))
    begin = csms.now
    charge(csms)
    details = stop(csms)
    assert details["totalCost"]["energy"]["exclTax"] == pytest.approx(5.5 * 0.2 + 5.5 * 0.5)
    assert [p["startPeriod"] for p in details["chargingPeriods"]] == [iso(begin), iso(begin + 1800)]


def test_power_decides_and_is_looked_at(csms):
    fast = {"conditions": {"minPower": 8000}, "priceKwh": 0.6}
    set_default(csms, tariff(energy={"prices": [fast, {"priceKwh": 0.3}]}))
    charge(csms, 1800)
    csms.command("charging-limit", limit=6000)
    csms.pass_time(1800)
    details = stop(csms)
    assert details["totalCost"]["energy"]["exclTax"] == pytest.approx(5.5 * 0.6 + 3 * 0.3)
    first, second = (
        {d["type"]: d["volume"] for d in p["dimensions"]} for p in details["chargingPeriods"]
    )
    assert (first["MaxPower"], second["MinPower"]) == pytest.approx((11_000, 6000))
    assert first["MaxCurrent"] == pytest.approx(11_000 / 230 / 0.99, abs=0.1)


@pytest.mark.proves("TariffCostCtrlr.Interval[Tariff]")
@pytest.mark.parametrize("seconds", [7, 23])
def test_conditions_of_power_are_looked_at_as_often_as_told(seconds):
    csms = made(**{"TariffCostCtrlr_Interval[Tariff]": str(seconds)})
    fast = {"conditions": {"minPower": 60_000}, "priceKwh": 0.6}
    set_default(csms, tariff(energy={"prices": [fast, {"priceKwh": 0.3}]}), 2)
    # The nearer to full, the less the car takes, and no message tells of it.
    csms.command("plug", connector=2, ev={"soc": 80, "battery_kwh": 50, "max_power_kw": 100})
    csms.command("authorize", connector=2, id_tag="04A1B2C3")
    csms.pass_time(600)
    csms.command("stop-transaction", connector=2)
    first, second = (
        seconds_of(p["startPeriod"]) for p in csms.events[-1]["costDetails"]["chargingPeriods"]
    )
    assert second > first
    assert (second - first) % seconds == 0


def test_energy_that_flows_back_counts_against_it(csms):
    set_default(csms, tariff())
    csms.command("plug", connector=1, ev={**CAR, "soc": 50, "max_discharge_kw": 10})
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(1800)
    csms.station.outlets[1].hardware.discharge(5000, csms.now)
    csms.pass_time(1800)
    details = stop(csms)
    assert details["totalUsage"]["energy"] == pytest.approx(5500 - 2500, abs=1)
    assert details["totalCost"]["energy"]["exclTax"] == pytest.approx(3 * 0.3, abs=1e-3)


@pytest.mark.proves("TariffCostCtrlr.Enabled[RunningCost]", "TariffCostCtrlr.Interval[Cost]")
def test_running_cost_comes_at_its_interval_without_periods():
    csms = made(**{"TariffCostCtrlr_Enabled[RunningCost]": "true",
                   "TariffCostCtrlr_Interval[Cost]": "300"})  # fmt: skip
    set_default(csms, tariff())
    charge(csms, 700)
    running = [e for e in csms.events if e["triggerReason"] == "RunningCost"]
    told = [e["costDetails"]["totalCost"]["energy"]["exclTax"] for e in running]
    assert told == pytest.approx([0.275, 0.55], abs=1e-4)
    assert all("chargingPeriods" not in e["costDetails"] for e in running)
    csms.set("TariffCostCtrlr.Enabled[RunningCost]", "false")
    csms.pass_time(700)
    assert len([e for e in csms.events if e["triggerReason"] == "RunningCost"]) == 2


def test_it_is_the_same_over_a_crash_and_offline(csms):
    set_default(csms, tariff())
    charge(csms, 900)
    csms.restart().connect()
    csms.pass_time(900)
    csms.disconnect()
    csms.pass_time(1800)
    csms.connect()
    assert stop(csms)["totalCost"]["energy"]["exclTax"] == pytest.approx(3.3)
    assert ids(csms.restart().connect()).keys() == {("T1", "DefaultTariff")}


def test_what_is_switched_off_is_not_done():
    csms = made(**{"TariffCostCtrlr_Enabled[Cost]": "false"})
    assert set_default(csms, tariff()) == "Accepted"
    charge(csms)
    assert block(csms.station, "costs").running_cost(csms.station.outlets[1]) is None
    assert stop(csms) is None
    csms.set("TariffCostCtrlr.Enabled[Tariff]", "false")
    assert set_default(csms, tariff("T2")) == "Rejected"
    assert csms.call("GetTariffs", {"evseId": 0})["status"] == "Rejected"
    csms.command("unplug", connector=1)
    charge(csms, 60)
    assert "tariffId" not in csms.events[-1]["transactionInfo"]
    csms = made(**{"TariffCostCtrlr_Available[Tariff]": "false"})
    assert set_default(csms, tariff()) == "Rejected"


def test_a_broken_meter_means_that_the_cost_is_not_known(csms):
    set_default(csms, tariff())
    charge(csms, 600)
    csms.command("fault", connector=1, error_code="PowerMeterFailure")
    assert block(csms.station, "costs").running_cost(csms.station.outlets[1]) is None
    csms.command("fault", connector=1, error_code="NoError")
    details = stop(csms)
    assert details["failureToCalculate"] is True
    assert "meter" in details["failureReason"]


# --- SetDefaultTariff ----------------------------------------------------------------------------


def conditional(**conditions):
    return {"energy": {"prices": [{"priceKwh": 1, "conditions": conditions}]}}


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        (tariff(energy={"prices": [{"priceKwh": 1}] * 21}), "TooManyElements"),
        (tariff(**conditional(startTimeOfDay="25:00")), "Rejected"),
        (tariff(**conditional(validFromDate="2023-02-30")), "Rejected"),
        (tariff(maxCost={}), "Rejected"),
        (tariff(currency="eur"), "Rejected"),
        (tariff(**conditional(startTimeOfDay="23:00")), "Accepted"),
        (tariff(currency="USD"), "Accepted"),
    ],
)
def test_what_a_tariff_may_be(csms, wanted, status):
    answer = csms.call("SetDefaultTariff", {"evseId": 1, "tariff": wanted})
    assert answer["status"] == status
    assert ("statusInfo" in answer) == (status != "Accepted")
    assert len(ids(csms)) == (status == "Accepted")


@pytest.mark.proves("GetTariffs", "TariffCostCtrlr.ConditionsSupported[Tariff]")
def test_ids_are_unique_and_evses_known():
    csms = made(**{"TariffCostCtrlr_ConditionsSupported[Tariff]": "false"})
    assert set_default(csms, tariff(**conditional(minEnergy=1))) == "ConditionNotSupported"
    assert set_default(csms, tariff(), 3) == "Rejected"
    assert set_default(csms, tariff(), 1) == "Accepted"
    assert set_default(csms, tariff(), 2) == "DuplicateTariffId"
    assert set_default(csms, tariff("T2"), 2) == "Accepted"
    assert {k[0]: a["evseIds"] for k, a in ids(csms).items()} == {"T1": [1], "T2": [2]}
    assert ids(csms, 2).keys() == {("T2", "DefaultTariff")}
    assert csms.call("GetTariffs", {"evseId": 9})["status"] == "Rejected"


def test_a_tariff_that_is_valid_later_takes_over_for_the_next_transaction(csms):
    later = iso(csms.now + 1800)
    set_default(csms, tariff("later", 1.0, validFrom=later))
    set_default(csms, tariff("first", 0.2))
    set_default(csms, tariff("now", 0.4))  # takes the place of "first", not of "later"
    assert {i for i, _ in ids(csms)} == {"now", "later"}
    assert ids(csms)["later", "DefaultTariff"]["validFrom"] == later
    charge(csms)
    assert {i for i, _ in ids(csms)} == {"now", "later"}  # in use
    assert stop(csms)["totalCost"]["energy"]["exclTax"] == pytest.approx(11 * 0.4)
    assert {i for i, _ in ids(csms)} == {"later"}
    csms.command("unplug", connector=1)
    charge(csms)
    assert stop(csms)["totalCost"]["energy"]["exclTax"] == pytest.approx(11.0)


# --- ClearTariffs, ChangeTransactionTariff -------------------------------------------------------


def clear(csms, **what):
    answer = csms.call("ClearTariffs", what)
    return {r.get("tariffId"): r["status"] for r in answer["clearTariffsResult"]}


@pytest.mark.proves("TariffCostCtrlr.MaxElements[Tariff]")
def test_a_tariff_has_no_more_prices_than_told():
    csms = made(**{"TariffCostCtrlr_MaxElements[Tariff]": "2"})
    many = {"prices": [{"priceKwh": 1, "conditions": {"minEnergy": 5}}, {"priceKwh": 2}]}
    assert set_default(csms, tariff(energy=many)) == "Accepted"
    many["prices"].append({"priceKwh": 3})
    assert set_default(csms, tariff("T2", energy=many)) == "TooManyElements"


@pytest.mark.proves("ClearTariffs")
def test_tariffs_are_cleared_by_id_and_by_evse(csms):
    assert clear(csms) == {None: "NoTariff"}
    for name, evse in (("A", 0), ("B", 1), ("C", 2)):
        set_default(csms, tariff(name, validFrom=iso(csms.now + 10 * (evse + 1))), evse)
    assert clear(csms, tariffIds=["A", "X"], evseId=1) == {"A": "Accepted", "X": "NoTariff"}
    assert ids(csms)["A", "DefaultTariff"]["evseIds"] == [2]
    assert clear(csms, evseId=1) == {"B": "Accepted"}
    assert clear(csms, evseId=7) == {None: "NoTariff"}
    assert clear(csms) == {"A": "Accepted", "C": "Accepted"}
    assert csms.call("GetTariffs", {"evseId": 0}) == {"status": "NoTariff"}


def test_one_in_use_is_cleared_and_counts_until_the_end(csms):
    set_default(csms, tariff())
    charge(csms, 1800)
    assert clear(csms) == {"T1": "Accepted"}
    assert ids(csms).keys() == {("T1", "DefaultTariff")}
    assert set_default(csms, tariff()) == "DuplicateTariffId"
    csms.pass_time(1800)
    assert stop(csms)["totalCost"]["energy"]["exclTax"] == pytest.approx(3.3)
    assert ids(csms) == {}


@pytest.mark.proves("ChangeTransactionTariff")
def test_the_tariff_of_a_transaction_is_changed_from_then_on(csms):
    set_default(csms, tariff())
    transaction = charge(csms, 1800)

    def change(wanted, transaction=transaction):
        ask = {"transactionId": transaction, "tariff": wanted}
        return csms.call("ChangeTransactionTariff", ask)["status"]

    assert change(tariff("T2", 0.6), "none") == "TxNotFound"
    assert change(tariff("T2", 0.6, currency="USD")) == "NoCurrencyChange"
    assert change(tariff("T2", energy={"prices": [{"priceKwh": 1}] * 30})) == "TooManyElements"
    fees = {"prices": [{"priceFixed": 5.0}]}
    assert change(tariff("T2", 0.6, fixedFee=fees)) == "Accepted"
    told = csms.events[-1]
    assert (told["triggerReason"], told["transactionInfo"]["tariffId"]) == ("TariffChanged", "T2")
    assert ids(csms)["T2", "DriverTariff"]["idTokens"] == ["04A1B2C3"]
    csms.pass_time(1800)
    details = stop(csms)
    assert details["totalCost"]["energy"]["exclTax"] == pytest.approx(5.5 * 0.3 + 5.5 * 0.6)
    assert "fixed" not in details["totalCost"]
    assert [p["tariffId"] for p in details["chargingPeriods"]] == ["T1", "T2"]


# --- the driver's tariff -------------------------------------------------------------------------


def authorize_with(csms, wanted):
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}, "tariff": wanted}


def test_the_drivers_tariff_goes_before_the_default(csms):
    set_default(csms, tariff("D", 0.3))
    authorize_with(csms, tariff("mine", 0.1, validFrom=iso(csms.now + 9999)))
    charge(csms)
    assert ids(csms)["mine", "DriverTariff"] == {
        "tariffId": "mine", "tariffKind": "DriverTariff", "evseIds": [1], "idTokens": ["04A1B2C3"],
    }  # fmt: skip
    assert clear(csms, tariffIds=["mine"]) == {"mine": "Rejected"}
    assert stop(csms)["totalCost"]["energy"]["exclTax"] == pytest.approx(1.1)
    assert ids(csms).keys() == {("D", "DefaultTariff")}


def test_it_counts_from_the_plug_where_the_cable_began_the_transaction():
    csms = made(TxCtrlr_TxStartPoint="EVConnected")
    set_default(csms, tariff("D"))
    idle = {"prices": [{"priceMinute": 0.1}]}
    authorize_with(csms, tariff("mine", 0.1, idleTime=idle))
    csms.command("plug", connector=1, ev=CAR)
    csms.pass_time(600)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.pass_time(3600)
    assert [e["transactionInfo"]["tariffId"] for e in csms.events][:2] == ["D", "mine"]
    cost = stop(csms)["totalCost"]
    assert cost["idleTime"]["exclTax"] == pytest.approx(1.0)
    assert cost["energy"]["exclTax"] == pytest.approx(1.1)


@pytest.mark.parametrize(
    ("way", "story"),
    [("Deauthorize", None), ("UseDefaultTariff", "D"), ("CentralCost", "")],
)
@pytest.mark.proves("TariffCostCtrlr.HandleFailedTariff[Tariff]", "TariffCostCtrlr.Problem")
def test_a_drivers_tariff_that_cannot_be_used(way, story):
    csms = made(**{"TariffCostCtrlr_HandleFailedTariff[Tariff]": way})
    set_default(csms, tariff("D"))
    authorize_with(csms, tariff("bad", **conditional(endTimeOfDay="24:00")))
    csms.command("plug", connector=1, ev=CAR)
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    problem = csms.sent("NotifyEvent")[-1]["eventData"][0]
    assert problem["component"] == {"name": "TariffCostCtrlr"}
    assert problem["actualValue"] == "true"
    if story is None:
        assert csms.events == []
    else:
        assert csms.events[-1]["transactionInfo"].get("tariffId", "") == story
        csms.pass_time(60)
        assert (stop(csms) is not None) == (story == "D")
        csms.command("unplug", connector=1)
    authorize_with(csms, tariff("good"))
    csms.command("authorize", connector=2, id_tag="04A1B2C3")
    problem = csms.sent("NotifyEvent")[-1]["eventData"][0]
    assert (problem["actualValue"], problem["cleared"]) == ("false", True)


def test_a_cached_token_keeps_its_tariff_offline():
    csms = made(AuthCacheCtrlr_Enabled="true")
    authorize_with(csms, tariff("mine", 0.1))
    charge(csms, 60)
    stop(csms)
    csms.command("unplug", connector=1)
    csms.disconnect()
    charge(csms)
    csms.connect()
    assert stop(csms)["totalCost"]["energy"]["exclTax"] == pytest.approx(1.1)
    csms.call("ClearCache", {})
    assert ids(csms) == {}


def test_the_driver_may_refuse_the_tariff(csms):
    with pytest.raises(CommandRejected):
        csms.command("refuse-tariff", connector=1)
    set_default(csms, tariff())
    charge(csms, 60)
    csms.command("refuse-tariff", connector=1)
    ended = csms.events[-1]
    assert (ended["eventType"], ended["triggerReason"]) == ("Ended", "TariffNotAccepted")
    assert ended["transactionInfo"]["stoppedReason"] == "DeAuthorized"


# --- reservations and limits ---------------------------------------------------------------------


def test_a_reservation_that_was_used_is_charged(csms):
    fee = {"prices": [{"priceFixed": 2.0}]}
    set_default(csms, tariff(reservationFixed=fee,
                             reservationTime={"prices": [{"priceMinute": 0.1}]}))  # fmt: skip
    csms.call("ReserveNow", {
        "id": 5, "expiryDateTime": iso(csms.now + 3600), "evseId": 1,
        "idToken": {"idToken": "04A1B2C3", "type": "ISO14443"},
    })  # fmt: skip
    csms.pass_time(1200)
    charge(csms, 60)
    details = stop(csms)
    assert details["totalCost"]["reservationTime"]["exclTax"] == pytest.approx(2.0)
    assert details["totalCost"]["reservationFixed"]["exclTax"] == 2.0
    assert details["totalUsage"]["reservationTime"] == 1200


def test_a_cost_limit_of_the_csms_ends_the_energy_where_it_is_reached(csms):
    set_default(csms, tariff())
    limit = {"maxCost": 1.98}
    csms.answers["TransactionEvent"] = lambda e: (
        {"transactionLimit": limit} if e["eventType"] == "Started" else {}
    )
    charge(csms)
    reached = next(e for e in csms.events if e["triggerReason"] == "CostLimitReached")
    assert reached["transactionInfo"]["chargingState"] == "SuspendedEVSE"
    assert reached["timestamp"] == iso(csms.now - 3600 + 1800)
    assert stop(csms)["totalCost"]["total"]["inclTax"] == pytest.approx(1.98, abs=0.001)


def test_a_time_zone_that_does_not_exist_is_refused(csms):
    assert csms.set("ClockCtrlr.TimeZone", "Mars/Base") == "Rejected"
    assert csms.set("ClockCtrlr.TimeZone", "Europe/Berlin") == "Accepted"


def test_a_station_of_2_0_1_knows_nothing_of_it():
    csms = Csms(config_of("2.0.1")).connect()
    assert csms.set("WebPaymentsCtrlr.Length", "8") == "UnknownComponent"
    with pytest.raises(CommandRejected):
        csms.command("pay-terminal")
