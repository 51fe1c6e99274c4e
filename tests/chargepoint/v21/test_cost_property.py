"""Whatever happens to a station, the cost it tells is that of the energy its meter has counted."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chargepoint.core.commands import CommandRejected
from tests.chargepoint.v201.csms import Csms, config_of

KEYS = {
    "SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false",
    "SampledDataCtrlr.TxEndedMeasurands": "Energy.Active.Import.Register",
    "TariffCostCtrlr.Enabled[RunningCost]": "true", "TariffCostCtrlr.Interval[Cost]": "97",
}  # fmt: skip
PRICES = {"One": 0.25, "Two": 0.5}


def tariff(name):
    stepped = {"priceKwh": PRICES[name], "conditions": {"maxEnergy": 3000}}
    fast = {"priceKwh": PRICES[name], "conditions": {"minPower": 5000}}
    return {
        "tariffId": name, "currency": "EUR", "idleTime": {"prices": [{"priceMinute": 0.06}]},
        "energy": {"prices": [stepped, fast, {"priceKwh": PRICES[name]}],
                   "taxRates": [{"type": "vat", "tax": 20}]},
    }  # fmt: skip


steps = st.lists(
    st.one_of(
        st.tuples(st.just("time"), st.floats(0.1, 3000)),
        st.tuples(st.just("limit"), st.sampled_from([0, 2000, 7000, 22_000])),
        st.tuples(st.sampled_from(["crash", "offline", "online", "fault", "mend", "two"]),
                  st.just(0)),
    ), max_size=12,
)  # fmt: skip


def carry_out(csms, name, value):
    match name:
        case "time":
            csms.pass_time(value)
        case "limit":
            csms.command("charging-limit", limit=value)
        case "crash":
            online = csms.station.connected
            csms.restart()
            if online:
                csms.connect()
        case "offline" if csms.station.connected:
            csms.disconnect()
        case "online" if not csms.station.connected:
            csms.connect()
        case "fault":
            csms.command("fault", connector=1, error_code="OtherError")
        case "mend":
            csms.command("fault", connector=1, error_code="NoError")
        case "two" if csms.station.connected and csms.station.outlets[1].transaction:
            ask = {"transactionId": csms.station.outlets[1].transaction.id, "tariff": tariff("Two")}
            csms.call("ChangeTransactionTariff", ask)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_the_cost_is_that_of_what_the_meter_saw(walked):
    csms = Csms(config_of("2.1", configuration=KEYS)).connect()
    csms.call("SetDefaultTariff", {"evseId": 0, "tariff": tariff("One")})
    csms.command("plug", connector=1, ev={"soc": 10, "battery_kwh": 40, "max_power_kw": 22})
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    for name, value in walked:
        try:
            carry_out(csms, name, value)
        except CommandRejected:
            continue  # no fault to mend
    if not csms.station.connected:
        csms.connect()
    csms.command("stop-transaction", connector=1)
    csms.pass_time(120)
    begin, end = csms.events[0], csms.events[-1]
    assert end["eventType"] == "Ended"
    registers = [e["meterValue"][-1]["sampledValue"][0]["value"] for e in (begin, end)]
    details = end["costDetails"]
    used, cost = details["totalUsage"], details["totalCost"]
    assert used["energy"] == pytest.approx(registers[1] - registers[0], abs=0.01)
    by_tariff = dict.fromkeys(PRICES, 0.0)
    seconds = {"ChargingTime": 0.0, "IdleTIme": 0.0}
    for period in details["chargingPeriods"]:
        volumes = {d["type"]: d["volume"] for d in period["dimensions"]}
        by_tariff[period["tariffId"]] += volumes["Energy"]
        for kind in seconds:
            seconds[kind] += volumes.get(kind, 0.0)
    assert sum(by_tariff.values()) == pytest.approx(used["energy"], abs=0.1)
    assert seconds["ChargingTime"] == pytest.approx(used["chargingTime"], abs=1)
    assert seconds["IdleTIme"] == pytest.approx(used["idleTime"], abs=1)
    net = sum(wh / 1000 * PRICES[name] for name, wh in by_tariff.items())
    assert cost.get("energy", {"exclTax": 0})["exclTax"] == pytest.approx(net, abs=1e-3)
    idle = seconds["IdleTIme"] / 60 * 0.06
    assert cost["total"]["inclTax"] == pytest.approx(net * 1.2 + idle, abs=2e-3)
    running = [e["costDetails"]["totalCost"]["total"]["inclTax"] for e in csms.events[:-1]
               if "costDetails" in e]  # fmt: skip
    assert running == sorted(running)
    assert all(amount <= cost["total"]["inclTax"] + 1e-4 for amount in running)
