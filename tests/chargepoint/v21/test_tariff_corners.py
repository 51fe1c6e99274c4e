"""2.1, block I: whose a tariff is, from when it counts, and what takes it away."""

import json

import pytest

from chargepoint.timing.times import iso
from tests.chargepoint.v21.test_tariffs import (
    CAR,
    QUIET,
    authorize_with,
    charge,
    clear,
    conditional,
    ids,
    made,
    set_default,
    stop,
    tariff,
)
from tests.chargepoint.v201.csms import Csms, config_of
from tests.chargepoint.v201.profiles import profile


@pytest.mark.parametrize("ahead", [-7200, 7200])
def test_a_tariff_is_valid_by_the_clock_of_the_csms(ahead):
    csms = Csms(config_of("2.1", configuration=QUIET))
    told = {"status": "Accepted", "interval": 300}
    csms.answers["BootNotification"] = lambda _: {**told, "currentTime": iso(csms.now + ahead)}
    csms.answers["Heartbeat"] = lambda _: {"currentTime": iso(csms.now + ahead)}
    csms.connect()
    set_default(csms, tariff("first", 0.2))
    set_default(csms, tariff("later", 1.0, validFrom=iso(csms.now + ahead + 600)))
    charge(csms, 60)
    assert csms.events[-1]["transactionInfo"]["tariffId"] == "first"
    stop(csms)
    csms.command("unplug", connector=1)
    csms.pass_time(600)
    charge(csms, 60)
    assert csms.events[-1]["transactionInfo"]["tariffId"] == "later"


def test_one_session_of_a_driver_takes_no_tariff_from_his_next():
    csms = made(AuthCtrlr_OfflineTxForUnknownIdEnabled="true")
    set_default(csms, tariff("D"))
    authorize_with(csms, tariff("mine", 0.1))
    charge(csms, 60)
    csms.command("plug", connector=2, ev=CAR)
    csms.command("authorize", connector=2, id_tag="04A1B2C3")
    csms.pass_time(60)
    stop(csms)
    csms.command("unplug", connector=1)
    csms.disconnect()
    charge(csms, 60)  # while the other goes on
    csms.connect()
    assert stop(csms)["totalCost"]["energy"]["exclTax"] == pytest.approx(11 / 60 * 0.1, abs=1e-4)


def test_a_cleared_cache_leaves_the_tariff_of_who_is_at_the_station():
    csms = made(AuthCacheCtrlr_Enabled="true")
    set_default(csms, tariff("D"))
    authorize_with(csms, tariff("mine", 0.1))
    csms.command("authorize", connector=1, id_tag="04A1B2C3")
    csms.call("ClearCache", {})
    csms.command("plug", connector=1, ev=CAR)
    csms.pass_time(60)
    assert csms.events[-1]["transactionInfo"]["tariffId"] == "mine"


def test_clearing_one_evse_leaves_the_same_tariff_of_another():
    csms = made()
    set_default(csms, tariff("A"), 0)
    assert clear(csms, evseId=1) == {"A": "Accepted"}
    assert ids(csms)["A", "DefaultTariff"]["evseIds"] == [2]
    charge(csms, 60)
    assert "tariffId" not in csms.events[-1]["transactionInfo"]


class Slow(Csms):
    """Answers an Authorize when it is told to."""

    def _answer(self, unique_id, action, payload):
        if action == "Authorize":
            self.asked = unique_id
        else:
            super()._answer(unique_id, action, payload)

    def authorize(self, **more):
        answer = {"idTokenInfo": {"status": "Accepted"}, **more}
        self.perform(self.station.received(json.dumps([3, self.asked, answer]), self.now))


def test_a_bad_tariff_of_a_second_card_leaves_the_profile_of_the_first():
    keys = {
        **QUIET, "TariffCostCtrlr.HandleFailedTariff[Tariff]": "Deauthorize",
        "AuthCtrlr.AuthorizeRemoteStart": "true",
    }  # fmt: skip
    csms = Slow(config_of("2.1", configuration=keys)).connect()
    ask = {"remoteStartId": 7, "evseId": 1, "idToken": {"idToken": "APP", "type": "Central"},
           "chargingProfile": profile(9000, 1, purpose="TxProfile")}  # fmt: skip
    assert csms.call("RequestStartTransaction", ask)["status"] == "Accepted"
    csms.command("authorize", connector=1, id_tag="FFFF0000")
    csms.authorize()
    csms.authorize(tariff=tariff("bad", **conditional(endTimeOfDay="24:00")))
    csms.command("plug", connector=1, ev=CAR)
    csms.pass_time(60)
    assert csms.events[0]["idToken"]["idToken"] == "APP"
    assert csms.station.connectors[1].sample(csms.now).power_w == pytest.approx(9000)


def test_what_flowed_before_a_change_costs_as_before():
    csms = made()
    set_default(csms, tariff("T1", 0.3))
    csms.set("TariffCostCtrlr.Interval[Cost]", "0")
    transaction = charge(csms, 1795)
    ask = {"transactionId": transaction, "tariff": tariff("T2", 0.6)}
    assert csms.call("ChangeTransactionTariff", ask)["status"] == "Accepted"
    csms.pass_time(5)
    cost = stop(csms)["totalCost"]["energy"]["exclTax"]
    assert cost == pytest.approx(11 * (1795 * 0.3 + 5 * 0.6) / 3600, abs=1e-4)


def test_what_is_no_fault_of_the_meter_leaves_the_cost_known():
    csms = made()
    set_default(csms, tariff())
    charge(csms, 600)
    csms.command("fault", connector=1, error_code="HighTemperature")
    csms.command("fault", connector=1, error_code="NoError")
    assert "failureToCalculate" not in stop(csms)


def test_a_broken_meter_settles_nothing_by_the_tariff():
    csms = made()
    set_default(csms, tariff())
    csms.command("pay-terminal", connector=1)
    csms.command("plug", connector=1, ev=CAR)
    csms.pass_time(600)
    csms.command("fault", connector=1, error_code="PowerMeterFailure")
    csms.command("fault", connector=1, error_code="NoError")
    csms.answers["TransactionEvent"] = {"totalCost": 4.2}
    stop(csms)
    (told,) = csms.sent("NotifySettlement")
    assert told["settlementAmount"] == 4.2
