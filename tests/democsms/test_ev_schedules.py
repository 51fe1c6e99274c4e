"""What is offered to cars of ISO 15118, and which of their own schedules keep to it."""

from __future__ import annotations

import pytest

from democsms.ev_schedules import OFFERED_W, EvSchedules

NOW = "2026-01-01T00:00:00Z"


def schedule(*periods: tuple[int, float | None], unit: str = "W") -> dict:
    made = [
        {"startPeriod": start} | ({} if limit is None else {"limit": limit})
        for start, limit in periods
    ]
    return {"id": 1, "chargingRateUnit": unit, "chargingSchedulePeriod": made}


@pytest.fixture
def offered() -> EvSchedules:
    """7 kW at EVSE 1."""
    made = EvSchedules()
    made.asks(1)
    settled(made, made.offer(1, "tx-1", 5, NOW))
    return made


def settled(schedules: EvSchedules, payload: dict, accepted: bool = True) -> None:
    schedules.propose(payload)
    schedules.settle(payload, accepted)


def test_an_offer_is_for_the_transaction_and_is_owed_once() -> None:
    schedules = EvSchedules()
    assert not schedules.is_owed(1)
    schedules.asks(1)
    assert schedules.is_owed(1) and not schedules.is_owed(2)
    offer = schedules.offer(1, "tx-1", 5, NOW)
    profile = offer["chargingProfile"]
    assert (offer["evseId"], profile["transactionId"], profile["id"]) == (1, "tx-1", 5)
    assert profile["chargingProfilePurpose"] == "TxProfile"
    assert not schedules.is_owed(1)


@pytest.mark.parametrize(
    ("wanted", "keeps"),
    [
        (schedule((0, OFFERED_W)), True),
        (schedule((0, 3000), (600, OFFERED_W)), True),
        (schedule((0, OFFERED_W + 100)), False),
        (schedule((0, 3000), (600, 9000)), False),
        (schedule((0, None)), False),  # no limit at all
        (schedule((0, 10), unit="A"), True),  # 6.9 kW on three phases
        (schedule((0, 11), unit="A"), False),
    ],
)
def test_a_car_keeps_to_what_was_offered(offered: EvSchedules, wanted: dict, keeps: bool) -> None:
    assert offered.keeps(1, wanted) is keeps


def test_of_several_schedules_a_car_keeps_to_one(offered: EvSchedules) -> None:
    several = [schedule((0, 1000)), schedule((0, 9000), (60, 2000))]
    profile = {"chargingProfilePurpose": "TxProfile", "chargingSchedule": several}
    settled(offered, {"evseId": 1, "chargingProfile": profile})
    assert offered.keeps(1, schedule((0, 8000), (60, 2000)))
    assert not offered.keeps(1, schedule((0, 8000)))  # too much from the second minute on


def test_only_what_is_for_a_transaction_binds_a_car() -> None:
    schedules = EvSchedules()
    profile = {"chargingProfilePurpose": "TxDefaultProfile", "chargingSchedule": [schedule((0, 1))]}
    settled(schedules, {"evseId": 1, "chargingProfile": profile})
    assert schedules.keeps(1, schedule((0, 22_000)))
    assert schedules.keeps(2, schedule((0, 22_000)))


def test_what_is_on_its_way_may_be_kept_to_until_it_is_refused(offered: EvSchedules) -> None:
    more = {"chargingProfilePurpose": "TxProfile", "chargingSchedule": [schedule((0, 9000))]}
    payload = {"evseId": 1, "chargingProfile": more}
    offered.propose(payload)
    assert offered.keeps(1, schedule((0, 9000)))
    offered.settle(payload, False)
    assert not offered.keeps(1, schedule((0, 9000)))
    settled(offered, payload)
    assert offered.keeps(1, schedule((0, 9000)))
