"""What the reference CSMS answers in OCPP 2.0.1 and 2.1, by its tables, and what it does itself."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID
from ocpp import v21, v201
from ocpp.exceptions import SecurityError
from ocpp.routing import on

from runtime import lifetime

NOW = "2026-01-01T00:00:00Z"
HELD = {("DeviceDataCtrlr", "ItemsPerMessage"): "2", ("OCPPCommCtrlr", "OfflineThreshold"): "60"}


def station_of(package):
    """A charge point of the version that takes what it is asked, and remembers it."""

    class Station(package.ChargePoint):
        def __init__(self, *args, **kwargs) -> None:
            super().__init__(*args, **kwargs)
            self.asked: asyncio.Queue[tuple[str, dict]] = asyncio.Queue()

        @on("CertificateSigned")
        def on_certificate_signed(self, **payload):
            self.asked.put_nowait(("CertificateSigned", payload))
            return package.call_result.CertificateSigned("Accepted")

        @on("GetVariables")
        def on_get_variables(self, get_variable_data, **_):
            self.asked.put_nowait(("GetVariables", get_variable_data))
            return package.call_result.GetVariables([
                {**each, "attribute_status": "Accepted", "attribute_value": HELD.get(
                    (each["component"]["name"], each["variable"]["name"]), "true")}
                for each in get_variable_data
            ])  # fmt: skip

        @on("SetVariables")
        def on_set_variables(self, set_variable_data, **_):
            return package.call_result.SetVariables([
                {"component": each["component"], "variable": each["variable"],
                 "attribute_status": "Accepted" if len(each["attribute_value"]) > 15 else
                 "Rejected"}
                for each in set_variable_data
            ])  # fmt: skip

        @on("TriggerMessage")
        def on_trigger_message(self, **_):
            return package.call_result.TriggerMessage("Accepted")

        @on("RequestStartTransaction")
        def on_request_start_transaction(self, **payload):
            self.asked.put_nowait(("RequestStartTransaction", payload))
            return package.call_result.RequestStartTransaction("Accepted")

    return Station


@contextlib.asynccontextmanager
async def connected(reference, package=v201, protocol="ocpp2.0.1"):
    async with reference.connect("CP-1", protocol) as socket:
        point = station_of(package)("CP-1", socket)
        listening = asyncio.create_task(point.start())
        try:
            yield point
        finally:
            await lifetime.end([listening])


@pytest.fixture
async def station(reference) -> AsyncIterator:
    async with connected(reference) as point:
        yield point


def token(text: str, kind: str = "ISO14443") -> dict:
    return {"id_token": text, "type": kind}


def event(kind: str, key: str = "T1", text: str = "", meter: float | None = None, place: int = 1):
    values = None
    if meter is not None:
        values = [{"timestamp": NOW, "sampled_value": [{"value": meter}]}]
    return v201.call.TransactionEvent(
        event_type=kind, timestamp=NOW, trigger_reason="Authorized", seq_no=0,
        transaction_info={"transaction_id": key}, evse={"id": place}, meter_value=values,
        id_token=token(text) if text else None,
    )  # fmt: skip


@pytest.mark.parametrize(("text", "info"), [
    ("TAG-VALID", {"status": "Accepted"}),
    ("TAG-BLOCKED", {"status": "Blocked"}),
    ("TAG-EXPIRED", {"status": "Expired", "cache_expiry_date_time": "2020-01-01T00:00:00Z"}),
    ("TAG-GROUP-2", {"status": "Accepted",
                     "group_id_token": {"id_token": "GROUP-1", "type": "Central"}}),
    ("NOBODY", {"status": "Invalid"}),
])  # fmt: skip
async def test_the_table_decides(station, text, info):
    assert (await station.call(v201.call.Authorize(token(text)))).id_token_info == info
    begun = await station.call(event("Started", text=text))
    assert begun.id_token_info == info


async def test_who_is_not_read_is_not_judged_and_the_end_has_its_cost(station):
    begun = await station.call(event("Started", text="TAG-VALID", meter=1000))
    assert begun.total_cost is None
    assert (await station.call(event("Updated", meter=3000))).id_token_info is None
    ended = await station.call(event("Ended", meter=11_000))
    assert (ended.total_cost, ended.id_token_info) == (3.0, None)


async def test_a_token_that_may_charge_once(station):
    first = await station.call(event("Started", text="TAG-CONCURRENT"))
    again = await station.call(event("Updated", text="TAG-CONCURRENT"))
    second = await station.call(event("Started", "T2", "TAG-CONCURRENT", place=2))
    found = [each.id_token_info["status"] for each in (first, again, second)]
    assert found == ["Accepted", "Accepted", "ConcurrentTx"]


@pytest.mark.parametrize(("emaid", "status", "certificate"), [
    ("DEDEMC00000001A", "Accepted", "Accepted"),
    ("DEDEMC00000002R", "Invalid", "CertificateRevoked"),
    ("DEDEMC00000003E", "Invalid", "CertificateExpired"),
])  # fmt: skip
async def test_a_contract_is_judged_with_its_certificate(station, emaid, status, certificate):
    told = v201.call.Authorize(token(emaid, "eMAID"), certificate="a chain")
    answer = await station.call(told)
    assert (answer.id_token_info["status"], answer.certificate_status) == (status, certificate)
    without = await station.call(v201.call.Authorize(token(emaid, "eMAID")))
    assert without.certificate_status is None


def boot():
    return v201.call.BootNotification({"model": "m", "vendor_name": "v"}, "PowerUp")


async def test_a_station_that_waits_may_send_what_it_was_asked_for(reference, station):
    status, _ = await reference.post("set-boot", {"status": "Pending", "interval": 1})
    assert status == 200
    answer = await station.call(boot())
    assert (answer.status, answer.interval) == ("Pending", 1)
    heartbeat = v201.call.Heartbeat()
    with pytest.raises(SecurityError):
        await station.call(heartbeat, suppress=False)
    asked = {"requestedMessage": "Heartbeat"}
    assert (await reference.post("TriggerMessage", asked, version="2.0.1"))[0] == 200
    assert (await station.call(heartbeat)).current_time
    assert (await station.call(boot())).status == "Accepted"
    status = v201.call.StatusNotification(NOW, "Available", 1, 1)
    assert await station.call(status, suppress=False)


@pytest.mark.parametrize("body", [
    {"status": "Perhaps"}, {"status": "Pending", "interval": "1"},
    {"status": "Pending", "times": 1000},
])  # fmt: skip
async def test_a_boot_that_cannot_be_planned(reference, body):
    assert (await reference.post("set-boot", body))[0] == 400


def request_for(key: ec.EllipticCurvePrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CP-1")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.mark.parametrize("kind", ["V2GCertificate", None])
async def test_a_certificate_is_signed_and_sent_with_its_kind(reference, station, kind):
    key = ec.generate_private_key(ec.SECP256R1())
    asked = v201.call.SignCertificate(request_for(key), certificate_type=kind)
    assert (await station.call(asked)).status == "Accepted"
    action, payload = await station.asked.get()
    assert (action, payload.get("certificate_type")) == ("CertificateSigned", kind)
    made = x509.load_pem_x509_certificate(payload["certificate_chain"].encode())
    assert made.public_key() == key.public_key()
    made.verify_directly_issued_by(reference.office.authority.root)


async def test_what_is_no_request_is_not_signed(station):
    answer = await station.call(v201.call.SignCertificate("nothing"))
    assert (answer.status, answer.status_info["reason_code"]) == ("Rejected", "InvalidCSR")
    assert station.asked.empty()


async def test_the_ocsp_answer_is_for_the_certificate_that_was_asked_about(station):
    data = {
        "hash_algorithm": "SHA256", "issuer_name_hash": "ab" * 32, "issuer_key_hash": "cd" * 32,
        "serial_number": "1f", "responder_url": "http://127.0.0.1/ocsp",
    }  # fmt: skip
    answer = await station.call(v201.call.GetCertificateStatus(data))
    response = ocsp.load_der_ocsp_response(base64.b64decode(answer.ocsp_result))
    assert (response.serial_number, response.issuer_name_hash) == (31, b"\xab" * 32)
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD


def variable(component: str, name: str, instance: str = "") -> dict:
    named = {"name": name, **({"instance": instance} if instance else {})}
    return {"component": {"name": component}, "variable": named}


async def test_no_more_is_asked_for_than_the_station_takes(reference, station):
    bound = variable("DeviceDataCtrlr", "ItemsPerMessage", "GetVariables")
    wanted = [bound, *(variable("AuthCtrlr", name) for name in ("Enabled", "Available"))]
    whole = {"getVariableData": wanted}
    await reference.post("GetVariables", whole, version="2.0.1")
    assert len((await station.asked.get())[1]) == 3
    status, answer = await reference.post("GetVariables", whole, version="2.0.1")
    assert (status, len(answer["response"]["getVariableResult"])) == (200, 3)
    assert [len((await station.asked.get())[1]) for _ in range(2)] == [2, 1]


async def test_a_password_holds_once_the_station_has_taken_it(reference, station):
    def data(password: str) -> dict:
        named = variable("SecurityCtrlr", "BasicAuthPassword")
        return {"setVariableData": [{**named, "attributeValue": password}]}

    await reference.post("SetVariables", data("short"), version="2.0.1")
    assert "CP-1" not in reference.office.passwords
    await reference.post("SetVariables", data("a-password-of-16-"), version="2.0.1")
    assert reference.office.passwords["CP-1"] == "a-password-of-16-"


async def test_it_gives_out_numbers_where_none_is_named(reference, station):
    payload = {"idToken": {"idToken": "TAG-VALID", "type": "Central"}, "evseId": 1}
    await reference.post("RequestStartTransaction", payload, version="2.0.1")
    await reference.post(
        "RequestStartTransaction", {**payload, "remoteStartId": 5}, version="2.0.1"
    )
    first, second = [(await station.asked.get())[1]["remote_start_id"] for _ in range(2)]
    assert first > 5 == second


@pytest.mark.parametrize(("package", "protocol"), [(v201, "ocpp2.0.1"), (v21, "ocpp2.1")])
async def test_news_are_acknowledged(reference, package, protocol):
    call = package.call
    async with connected(reference, package, protocol) as point:
        for told in (
            call.StatusNotification(
                timestamp=NOW, connector_status="Available", evse_id=1, connector_id=1
            ),
            call.SecurityEventNotification(type="StartupOfTheDevice", timestamp=NOW),
            call.FirmwareStatusNotification(status="Idle"),
            call.LogStatusNotification(status="Idle"),
            call.ClearedChargingLimit(charging_limit_source="EMS"),
            call.ReservationStatusUpdate(reservation_id=1, reservation_update_status="Expired"),
        ):
            assert await point.call(told, suppress=False)
        needs = {"requested_energy_transfer": "AC_three_phase"}
        answer = await point.call(
            call.NotifyEVChargingNeeds(charging_needs=needs, evse_id=1), suppress=False
        )
        assert answer.status == "Accepted"
