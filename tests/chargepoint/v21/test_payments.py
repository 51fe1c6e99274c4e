"""2.1, block C: payment by a code that is scanned (C25), and by a terminal (C18-C23)."""

from urllib.parse import parse_qs, urlsplit

import pytest

from chargepoint.core.commands import CommandRejected
from chargepoint.v21.payments.one_time_passwords import one_time_password
from tests.chargepoint.inside import block
from tests.chargepoint.v201.csms import Csms, config_of

QUIET = {"SampledDataCtrlr.TxUpdatedInterval": "0", "EmulatorCtrlr.AutoPlug": "false"}
WEB = {
    "WebPaymentsCtrlr.URLTemplate":
        "https://pay.example/{chargingstationid}/{evse}/{totp}/{version}",
    "WebPaymentsCtrlr.SharedSecret": "MySharedSecret",
}  # fmt: skip
CAR = {"soc": 10, "battery_kwh": 200, "max_power_kw": 11}
TARIFF = {"tariffId": "AdHoc", "currency": "EUR", "energy": {
    "prices": [{"priceKwh": 0.5}], "taxRates": [{"type": "vat", "tax": 20}]}}  # fmt: skip


def made(**variables):
    keys = {key.replace("_", ".", 1): value for key, value in variables.items()}
    csms = Csms(config_of("2.1", configuration={**QUIET, **keys})).connect()
    csms.call("SetDefaultTariff", {"evseId": 0, "tariff": TARIFF})
    return csms


@pytest.fixture
def web():
    return Csms(config_of("2.1", configuration={**QUIET, **WEB})).connect()


# --- the code ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("secret", "count", "validity", "length", "password"),
    [
        ("MySharedSecret", 59_000_000, 30, 8, "5AViTp52"),
        ("MySharedSecret", 59_000_001, 30, 8, "8M9BjBLF"),
        ("ABCDEFGH12345678", 1, 60, 6, "gXEOrp"),
    ],
)
def test_passwords_are_those_that_others_compute(secret, count, validity, length, password):
    for time in (count * validity, (count + 1) * validity - 0.001):
        assert one_time_password(secret, time, validity, length) == password


@pytest.mark.proves("WebPaymentsCtrlr.SharedSecret", "WebPaymentsCtrlr.URLTemplate")
def test_the_code_changes_with_time_and_differs_by_evse(web):
    outlets = web.station.outlets
    url = block(web.station, "web").payment_url(outlets[1], web.now)
    password = one_time_password("MySharedSecret", web.now, 30, 8)
    assert url == f"https://pay.example/CS-1/1/{password}/v1"
    assert (
        block(web.station, "web")
        .payment_url(outlets[2], web.now)
        .startswith("https://pay.example/CS-1/2/")
    )
    assert block(web.station, "web").payment_url(outlets[1], web.now + 30) != url
    shown = web.station.snapshot()["connectors"]
    assert shown[0]["payment_url"] == url
    web.pass_time(31)
    assert web.station.snapshot()["connectors"][0]["payment_url"] == (
        block(web.station, "web").payment_url(outlets[1], web.now)
    )


@pytest.mark.proves(
    "WebPaymentsCtrlr.ChargingStationId", "WebPaymentsCtrlr.Enabled", "WebPaymentsCtrlr.Length",
    "WebPaymentsCtrlr.TOTPVersion",
)  # fmt: skip
def test_the_csms_sets_it_and_cannot_read_the_secret():
    csms = Csms(config_of("2.1", configuration=QUIET)).connect()
    assert "payment_url" not in csms.station.snapshot()["connectors"][0]
    for name, value in {**WEB, "WebPaymentsCtrlr.Length": "12",
                        "WebPaymentsCtrlr.ChargingStationId": "a b"}.items():  # fmt: skip
        assert csms.set(name, value) == "Accepted"
    assert csms.set("WebPaymentsCtrlr.TOTPVersion", "v9") == "Rejected"
    url = csms.station.snapshot()["connectors"][0]["payment_url"]
    assert url.startswith("https://pay.example/a%20b/1/")
    assert len(url.split("/")[-2]) == 12
    ask = {"component": {"name": "WebPaymentsCtrlr"}, "variable": {"name": "SharedSecret"}}
    answer = csms.call("GetVariables", {"getVariableData": [ask]})["getVariableResult"][0]
    assert answer["attributeStatus"] == "Rejected"
    csms.set("WebPaymentsCtrlr.Enabled", "false")
    assert "payment_url" not in csms.station.snapshot()["connectors"][0]


def test_the_secret_is_saved_among_the_secrets(web):
    keys = {**QUIET, "WebPaymentsCtrlr.URLTemplate": WEB["WebPaymentsCtrlr.URLTemplate"]}
    csms = Csms(config_of("2.1", configuration=keys)).connect()
    assert csms.set("WebPaymentsCtrlr.SharedSecret", "TheCsmsSecret") == "Accepted"
    for peer, secret in ((csms, "TheCsmsSecret"), (web, "MySharedSecret")):
        url = peer.station.snapshot()["connectors"][0]["payment_url"]
        plain = {name: part for name, part in peer.saved().items() if name != "secrets"}
        assert secret not in str(plain)
        peer.restart(peer.saved()).connect()
        assert block(peer.station, "web").payment_url(peer.station.outlets[1], peer.now) == url
        peer.restart(plain).connect()
    # What the operator has configured is known without what was saved.
    assert block(web.station, "web").payment_url(web.station.outlets[1], web.now)
    assert block(csms.station, "web").payment_url(csms.station.outlets[1], csms.now) is None


@pytest.mark.proves("WebPaymentsCtrlr.Available")
def test_a_station_without_web_payments_shows_no_code():
    keys = {**QUIET, **WEB, "WebPaymentsCtrlr.Available": "false"}
    csms = Csms(config_of("2.1", configuration=keys)).connect()
    assert "payment_url" not in csms.station.snapshot()["connectors"][0]
    with pytest.raises(CommandRejected):
        csms.command("payment-url", connector=1)


@pytest.mark.proves("WebPaymentsCtrlr.ValidityTime")
def test_a_code_is_valid_for_as_long_as_told(web):
    assert web.set("WebPaymentsCtrlr.ValidityTime", "60") == "Accepted"
    web.pass_time(60 - web.now % 60)
    first = web.station.snapshot()["connectors"][0]["payment_url"]
    assert one_time_password("MySharedSecret", web.now, 60, 8) in first
    assert web.command("payment-url", connector=1)["seconds_left"] == 60
    web.pass_time(59)
    assert web.station.snapshot()["connectors"][0]["payment_url"] == first
    web.pass_time(2)
    assert web.station.snapshot()["connectors"][0]["payment_url"] != first
    assert web.set("WebPaymentsCtrlr.ValidityTime", "5") == "Rejected"


@pytest.mark.proves("WebPaymentsCtrlr.QRCodeQuality", "WebPaymentsCtrlr.URLParameters")
def test_the_driver_enters_limits(web):
    result = web.command("payment-url", connector=1, max_cost=12.5, max_time=1800)
    assert parse_qs(urlsplit(result["url"]).query) == {"maxcost": ["12.5"], "maxtime": ["1800"]}
    assert 0 < result["seconds_left"] <= 30
    assert result["quality"] == "Medium"
    web.set("WebPaymentsCtrlr.QRCodeQuality", "High")
    assert web.command("payment-url", connector=1)["quality"] == "High"
    web.set("WebPaymentsCtrlr.URLParameters", "maxtime")
    with pytest.raises(CommandRejected, match="maxenergy"):
        web.command("payment-url", connector=1, max_energy=1000)


def test_no_code_where_nobody_could_pay(web):
    web.disconnect()
    with pytest.raises(CommandRejected):
        web.command("payment-url", connector=1)
    web.connect()
    web.command("authorize", connector=1, id_tag="04A1B2C3")
    assert block(web.station, "web").payment_url(web.station.outlets[1], web.now) is None
    assert block(web.station, "web").payment_url(web.station.outlets[2], web.now) is not None


def remote(csms, kind="DirectPayment", evse=1):
    ask = {"remoteStartId": 7, "evseId": evse, "idToken": {"idToken": "PSP-1", "type": kind}}
    return csms.call("RequestStartTransaction", ask)["status"]


@pytest.mark.proves("NotifyWebPaymentStarted")
def test_while_somebody_pays_nobody_else_starts(web):
    assert web.call("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60}) == {}
    assert block(web.station, "web").payment_url(web.station.outlets[1], web.now) is None
    assert web.station.snapshot()["connectors"][0]["paying_until"] == web.now + 60
    web.restart().connect()
    with pytest.raises(CommandRejected):
        web.command("authorize", connector=1, id_tag="04A1B2C3")
    with pytest.raises(CommandRejected):
        web.command("pay-terminal", connector=1)
    assert remote(web, "Central") == "Rejected"
    assert remote(web) == "Accepted"
    web.command("plug", connector=1, ev=CAR)
    web.pass_time(1)
    assert web.events[0]["idToken"]["idToken"] == "PSP-1"
    assert block(web.station, "web").web_locks is None


def test_the_evse_is_free_again_after_the_time(web):
    web.call("NotifyWebPaymentStarted", {"evseId": 1, "timeout": 60})
    web.pass_time(59)
    with pytest.raises(CommandRejected):
        web.command("authorize", connector=1, id_tag="04A1B2C3")
    web.pass_time(2)
    web.command("authorize", connector=1, id_tag="04A1B2C3")
    web.call("NotifyWebPaymentStarted", {"evseId": 2, "timeout": 60})
    web.call("NotifyWebPaymentStarted", {"evseId": 2, "timeout": 0})
    assert block(web.station, "web").web_locks is None
    answer = web.call("NotifyWebPaymentStarted", {"evseId": 9, "timeout": 60})
    assert answer[0] == "PropertyConstraintViolation"


# --- the terminal --------------------------------------------------------------------------------


def pay(csms, seconds=3600, **args):
    result = csms.command("pay-terminal", connector=1, **args)
    csms.command("plug", connector=1, ev=CAR)
    csms.pass_time(seconds)
    return result["psp_ref"]


def stop(csms):
    csms.command("stop-transaction", connector=1)
    return csms.sent("NotifySettlement")


def of_terminal(csms, *names):
    asked = [{"component": {"name": "PaymentCtrlr"}, "variable": {"name": n}} for n in names]
    results = csms.call("GetVariables", {"getVariableData": asked})["getVariableResult"]
    return [result["attributeValue"] for result in results]


@pytest.mark.proves(
    "PaymentCtrlr.FirmwareVersion", "PaymentCtrlr.ICCID", "PaymentCtrlr.IMSI",
    "PaymentCtrlr.Model", "PaymentCtrlr.PaymentServiceProvider", "PaymentCtrlr.SerialNumber",
    "PaymentCtrlr.VendorName",
)  # fmt: skip
def test_the_terminal_tells_what_it_is():
    names = ("VendorName", "Model", "SerialNumber", "FirmwareVersion", "PaymentServiceProvider",
             "ICCID", "IMSI")  # fmt: skip
    usual = ["Emulator", "Emulated terminal", "T1", "1.0", "Emulator", "", ""]
    assert of_terminal(made(), *names) == usual
    configured = {name: f"our {name}" for name in names}
    csms = made(**{f"PaymentCtrlr_{name}": text for name, text in configured.items()})
    assert of_terminal(csms, *names) == [*configured.values()]
    csms.call("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    lines = [line for part in csms.sent("NotifyReport") for line in part["reportData"]]
    told = {
        line["variable"]["name"]: line["variableAttribute"][0] for line in lines
        if line["component"]["name"] == "PaymentCtrlr"
    }  # fmt: skip
    assert {name: told[name]["value"] for name in names} == configured
    assert {told[name]["mutability"] for name in names} == {"ReadOnly"}
    assert [csms.set(f"PaymentCtrlr.{name}", "x") for name in names] == ["Rejected"] * len(names)


@pytest.mark.proves(
    "NotifySettlement", "PaymentCtrlr.Merchant[Address]", "PaymentCtrlr.Merchant[City]",
    "PaymentCtrlr.Merchant[Id]", "PaymentCtrlr.Merchant[Name]", "PaymentCtrlr.Merchant[TaxId]",
    "PaymentCtrlr.ReceiptServerUrl", "PaymentCtrlr.TerminalID",
)  # fmt: skip
def test_a_card_pays_and_is_settled_with_a_receipt():
    merchant = {"Id": "M7", "Name": "Acme", "TaxId": "DE9", "Address": "Street 1", "City": "Town"}
    csms = made(**{
        "PaymentCtrlr_ReceiptServerUrl": "https://receipts.example/",
        **{f"PaymentCtrlr_Merchant[{name}]": text for name, text in merchant.items()},
    })  # fmt: skip
    ref = pay(csms)
    started = csms.events[0]
    assert csms.sent("Authorize") == []
    assert started["idToken"] == {
        "idToken": ref, "type": "DirectPayment", "additionalInfo": [
            {"type": "PaymentBrand", "additionalIdToken": "Visa"},
            {"type": "PaymentRecognition", "additionalIdToken": "CC"},
            {"type": "CardLast4Digits", "additionalIdToken": "1234"},
        ],
    }  # fmt: skip
    assert started["transactionInfo"]["transactionLimit"] == {"maxCost": 50.0}
    (told,) = stop(csms)
    assert told == {
        "pspRef": ref, "status": "Settled", "settlementAmount": 6.6,
        "settlementTime": csms.station.clock.stamp(csms.now), "receiptId": ref[4:],
        "transactionId": started["transactionInfo"]["transactionId"],
        "receiptUrl": f"https://receipts.example/{ref[4:]}",
    }  # fmt: skip
    receipt = {**merchant, "TerminalID": "T1", "currency": "EUR"}
    shown = csms.station.snapshot()["connectors"][0]["settlement"]
    assert shown == {**told, "receipt": receipt}
    assert (block(csms.station, "terminal").payments, block(csms.station, "delivery").unsent) == (
        None,
        None,
    )


@pytest.mark.parametrize("name", ["paymentBrand", "paymentRecognition"])
def test_a_brand_or_a_kind_of_card_may_cost_more(name):
    csms = made()
    more = {"paymentBrand": "Amex", "paymentRecognition": "CC"}[name]
    prices = [{"priceFixed": 2, "conditions": {name: more}}, {"priceFixed": 1}]
    csms.call("ClearTariffs", {})
    wanted = {**TARIFF, "fixedFee": {"prices": prices}}
    csms.call("SetDefaultTariff", {"evseId": 1, "tariff": wanted})
    pay(csms, brand="Amex")
    assert stop(csms)[0]["settlementAmount"] == pytest.approx(8.6)


@pytest.mark.proves("PaymentCtrlr.AuthorizeDirectPayment", "PaymentCtrlr.PaymentDetails")
def test_the_csms_is_asked_where_it_wants_to_be():
    csms = made(PaymentCtrlr_AuthorizeDirectPayment="true", PaymentCtrlr_PaymentDetails="")
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Accepted"}}
    ref = pay(csms)
    assert csms.sent("Authorize")[0]["idToken"] == {"idToken": ref, "type": "DirectPayment"}
    assert stop(csms)[0]["status"] == "Settled"
    csms.command("unplug", connector=1)
    csms.answers["Authorize"] = {"idTokenInfo": {"status": "Blocked"}}
    csms.command("pay-terminal", connector=1)
    assert block(csms.station, "terminal").payments is None
    assert len(csms.sent("NotifySettlement")) == 1


@pytest.mark.parametrize("asks", ["true", "false"])
def test_a_hold_that_came_to_nothing_is_released(asks):
    csms = made(PaymentCtrlr_AuthorizeDirectPayment=asks)
    ref = csms.command("pay-terminal", connector=1)["psp_ref"]
    csms.pass_time(200)  # EVConnectionTimeOut
    told = csms.sent("NotifySettlement")
    assert block(csms.station, "terminal").payments is None
    if asks == "true":
        assert [(t["pspRef"], t["status"], t["settlementAmount"]) for t in told] == [
            (ref, "Canceled", 0)
        ]
        assert "transactionId" not in told[0]
    else:
        assert told == []  # the CSMS has never heard of it


def test_a_transaction_without_cost_is_canceled():
    csms = made(TxCtrlr_TxStartPoint="Authorized")
    csms.command("pay-terminal", connector=1)
    csms.pass_time(200)
    ended = csms.events[-1]
    assert ended["triggerReason"] == "EVConnectTimeout"
    assert ended["costDetails"]["totalCost"]["total"] == {"exclTax": 0, "inclTax": 0}
    (told,) = csms.sent("NotifySettlement")
    assert told["status"] == "Canceled"
    assert told["transactionId"] == ended["transactionInfo"]["transactionId"]


@pytest.mark.parametrize("outcome", ["Rejected", "Failed"])
def test_a_settlement_may_go_wrong(outcome):
    csms = made()
    pay(csms, outcome=outcome)
    (told,) = stop(csms)
    assert (told["status"], told["settlementAmount"]) == (outcome, 6.6)
    assert outcome in told["statusInfo"]
    assert "receiptId" not in told


@pytest.mark.proves("PaymentCtrlr.ReceiptByCSMS")
def test_the_receipt_of_the_csms_is_kept():
    csms = made(PaymentCtrlr_ReceiptByCSMS="true")
    csms.answers["NotifySettlement"] = {"receiptUrl": "https://csms.example/r/1", "receiptId": "1"}
    pay(csms)
    (told,) = stop(csms)
    assert "receiptId" not in told
    kept = csms.station.snapshot()["connectors"][0]["settlement"]
    assert kept["receiptUrl"] == "https://csms.example/r/1"


@pytest.mark.proves("PaymentCtrlr.SettlementByCSMS")
def test_where_the_csms_settles_nothing_is_told():
    csms = made(PaymentCtrlr_SettlementByCSMS="true")
    pay(csms)
    assert stop(csms) == []


def test_by_the_cost_of_the_csms_where_there_is_no_tariff():
    csms = made()
    csms.call("ClearTariffs", {})
    csms.answers["TransactionEvent"] = lambda e: (
        {"totalCost": 4.2} if e["eventType"] == "Ended" else {}
    )
    pay(csms)
    csms.disconnect()
    stop(csms)
    csms.restart().connect()
    assert csms.sent("NotifySettlement")[0]["settlementAmount"] == 4.2
    csms.command("unplug", connector=1)
    csms.answers["TransactionEvent"] = {}
    pay(csms)
    stop(csms)
    told = csms.sent("NotifySettlement")[-1]
    assert (told["status"], told["settlementAmount"]) == ("Failed", 0)


@pytest.mark.proves(
    "PaymentCtrlr.AuthorizationAmount", "PaymentCtrlr.IncrementalAuthorizationAmount",
    "PaymentCtrlr.IncrementalAuthorizationThreshold",
)  # fmt: skip
def test_the_hold_limits_the_energy_and_is_raised_where_that_is_allowed():
    csms = made(PaymentCtrlr_AuthorizationAmount="3.3")
    pay(csms, 7200)
    assert stop(csms)[0]["settlementAmount"] == 3.3
    reached = [e for e in csms.events if e["triggerReason"] == "CostLimitReached"]
    assert len(reached) == 1
    csms = made(
        PaymentCtrlr_AuthorizationAmount="3.3",
        PaymentCtrlr_IncrementalAuthorizationAmount="4",
        PaymentCtrlr_IncrementalAuthorizationThreshold="1",
    )
    pay(csms, 7200)
    raised = [e for e in csms.events if e["triggerReason"] == "LimitSet"]
    assert [e["transactionInfo"]["transactionLimit"]["maxCost"] for e in raised] == (
        pytest.approx([7.3, 11.3, 15.3])
    )
    assert stop(csms)[0]["settlementAmount"] == pytest.approx(13.2)


def test_a_settlement_survives_a_lost_link_and_a_crash():
    csms = made()
    pay(csms)
    csms.disconnect()
    stop(csms)
    csms.restart().connect()
    assert [t["status"] for t in csms.sent("NotifySettlement")] == ["Settled"]
    assert block(csms.station, "delivery").unsent is None
    csms.command("unplug", connector=1)
    csms.answers["NotifySettlement"] = "NotImplemented"
    pay(csms)
    assert len(stop(csms)) == 2
    assert (
        block(csms.station, "delivery").unsent is None
    )  # it was answered, and is not sent for ever


@pytest.mark.proves("PaymentCtrlr.Connected", "PaymentCtrlr.Enabled", "PaymentCtrlr.Problem")
def test_a_terminal_without_its_provider_takes_nothing():
    csms = made()
    pay(csms)
    csms.command("terminal", operative=False)
    assert csms.sent("NotifyEvent")[-1]["eventData"][0]["component"] == {"name": "PaymentCtrlr"}
    assert of_terminal(csms, "Connected", "Problem") == ["false", "true"]
    assert stop(csms)[0]["status"] == "Failed"
    with pytest.raises(CommandRejected, match="provider"):
        csms.command("pay-terminal", connector=2)
    csms.command("terminal", operative=True)
    assert of_terminal(csms, "Connected", "Problem") == ["true", "false"]
    csms.command("pay-terminal", connector=2)
    csms.set("PaymentCtrlr.Enabled", "false")
    with pytest.raises(CommandRejected, match="Enabled"):
        csms.command("pay-terminal", connector=1)


def test_a_foreign_tariff_cannot_be_paid_there():
    csms = made(TariffCostCtrlr_Currency="CHF")
    with pytest.raises(CommandRejected, match="EUR"):
        csms.command("pay-terminal", connector=1)


@pytest.mark.proves("VatNumberValidation")
def test_a_vat_number_makes_the_receipt_a_companys():
    csms = made()
    company = {"name": "Acme", "address1": "Street 1", "city": "Town", "country": "Land"}
    csms.answers["VatNumberValidation"] = lambda asked: {
        **asked, "status": "Accepted", "company": company,
    }  # fmt: skip
    pay(csms, vat_number="DE123")
    assert csms.sent("VatNumberValidation") == [{"vatNumber": "DE123", "evseId": 1}]
    (told,) = stop(csms)
    assert (told["vatNumber"], told["vatCompany"]) == ("DE123", company)
    csms.command("unplug", connector=1)
    csms.answers["VatNumberValidation"] = lambda asked: {**asked, "status": "Rejected"}
    pay(csms)
    csms.command("vat-number", connector=1, vat_number="XX")
    assert "vatNumber" not in stop(csms)[-1]
