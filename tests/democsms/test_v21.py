"""What the reference CSMS does of OCPP 2.1 beside 2.0.1, and what it offers to cars."""

from __future__ import annotations

import asyncio
import json

import pytest
from ocpp import v21, v201
from ocpp.routing import on

from tests.democsms.test_v201 import NOW, connected, event, station_of, token

HASHES = {
    "hash_algorithm": "SHA256", "issuer_name_hash": "a", "issuer_key_hash": "b",
    "serial_number": "1",
}  # fmt: skip


@pytest.fixture
async def station(reference):
    async with connected(reference, v21, "ocpp2.1") as point:
        yield point


async def test_what_comes_with_an_authorization(station):
    plain = await station.call(v21.call.Authorize(token("TAG-VALID")))
    assert (plain.tariff, plain.allowed_energy_transfer) == (None, None)
    with_tariff = await station.call(v21.call.Authorize(token("TAG-TARIFF")))
    assert with_tariff.tariff["currency"] == "EUR"
    assert (
        "DC_BPT"
        in (await station.call(v21.call.Authorize(token("TAG-V2X")))).allowed_energy_transfer
    )
    empty = await station.call(v21.call.Authorize(token("TAG-NOCREDIT")))
    assert (empty.id_token_info["status"], empty.tariff) == ("NoCredit", None)
    card = await station.call(v21.call.Authorize(token("PSP-1", "DirectPayment")))
    assert card.id_token_info["status"] == "Accepted"


async def test_a_prepaid_card_limits_its_transaction(station):
    begun = await station.call(event("Started", text="TAG-PREPAID"))
    assert begun.transaction_limit == {"max_cost": 25.0}
    assert (await station.call(event("Updated"))).transaction_limit is None


async def test_vat_numbers_and_receipts(station):
    good = await station.call(v21.call.VatNumberValidation("DE123456789", evse_id=1))
    assert (good.status, good.evse_id, good.company["country"]) == ("Accepted", 1, "DE")
    bad = await station.call(v21.call.VatNumberValidation("XX"))
    assert (bad.status, bad.vat_number, bad.company) == ("Rejected", "XX", None)
    settled = {"psp_ref": "P", "settlement_amount": 1, "settlement_time": NOW}
    made = await station.call(v21.call.NotifySettlement(status="Settled", **settled))
    assert made.receipt_id and made.receipt_url.endswith(made.receipt_id)
    own = await station.call(v21.call.NotifySettlement(status="Settled", receipt_id="R", **settled))
    failed = await station.call(v21.call.NotifySettlement(status="Failed", **settled))
    assert own.receipt_id is failed.receipt_id is None


async def test_each_certificate_of_a_chain_is_judged_and_an_unknown_profile_is_not_there(station):
    asked = [{"certificate_hash_data": HASHES, "source": "OCSP", "urls": ["http://o.example"]}] * 2
    found = await station.call(v21.call.GetCertificateChainStatus(asked))
    assert [each["status"] for each in found.certificate_status] == ["Good", "Good"]
    pulled = await station.call(v21.call.PullDynamicScheduleUpdate(7))
    assert (pulled.status, pulled.schedule_update) == ("Rejected", None)


async def test_a_send_is_not_answered(reference):
    values = {"id": 3, "pending": 0, "basetime": NOW, "data": [{"t": 0, "v": "1"}]}
    async with reference.connect("CP-1", "ocpp2.1") as socket:
        await socket.send(json.dumps([6, "s", "NotifyPeriodicEventStream", values]))
        await socket.send(json.dumps([2, "h", "Heartbeat", {}]))
        assert json.loads(await socket.recv())[:2] == [3, "h"]
    assert set(reference.office.of("CP-1")["streams"]) == {3}


# --- cars of ISO 15118 (2.0.1 as well) -----------------------------------------------------------


class Car(station_of(v201)):
    @on("SetChargingProfile")
    def on_set_charging_profile(self, **payload):
        self.asked.put_nowait(("SetChargingProfile", payload))
        return v201.call_result.SetChargingProfile("Accepted")


NEEDS = {"requested_energy_transfer": "AC_three_phase"}


def own(limit: float) -> v201.call.NotifyEVChargingSchedule:
    schedule = {"id": 1, "charging_rate_unit": "W",
                "charging_schedule_period": [{"start_period": 0, "limit": limit}]}  # fmt: skip
    return v201.call.NotifyEVChargingSchedule(
        time_base=NOW, charging_schedule=schedule, evse_id=1
    )  # fmt: skip


async def test_a_car_gets_a_schedule_once_its_transaction_is_known(reference):
    async with reference.connect("CP-1", "ocpp2.0.1") as socket:
        car = Car("CP-1", socket)
        listening = asyncio.create_task(car.start())
        try:
            told = v201.call.NotifyEVChargingNeeds(evse_id=1, charging_needs=NEEDS)
            assert (await car.call(told)).status == "Accepted"
            assert car.asked.empty()
            await car.call(event("Started", text="TAG-VALID"))
            action, offer = await car.asked.get()
            assert (action, offer["evse_id"]) == ("SetChargingProfile", 1)
            assert offer["charging_profile"]["transaction_id"] == "T1"
            assert (await car.call(own(7000))).status == "Accepted"
            assert (await car.call(own(90_000))).status == "Rejected"
            assert (await car.asked.get())[0] == "SetChargingProfile"  # K15.FR.13
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
