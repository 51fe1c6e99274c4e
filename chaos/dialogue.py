"""What the CSMS does to one station: remote starts and stops, and things that it must not forget.

Of each thing that a station has accepted the CSMS keeps which values are possible: one, once it
was confirmed; more, while an answer was lost. At the end it asks the station, by OCPP's own means.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import websockets

LOST = (TimeoutError, ConnectionResetError, websockets.ConnectionClosed)
TAG = "TAG-1"
RESERVED_FOR = "SOMEBODY-ELSE"
PLACE = 2  # connector or EVSE that is reserved; sessions are on 1
TRIES = 4


@dataclass(frozen=True)
class Options:
    """`remote`: stations whose sessions the CSMS begins and ends; seconds for the rest."""

    seed: int
    remote: tuple[str, ...] = ()
    pause: tuple[float, float] = (2.0, 6.0)
    session: tuple[float, float] = (8.0, 25.0)


class Unknown(Exception):
    """No answer: it may have been carried out or not."""


class Dialogue:
    """One a station, over all of its connections. `way()`: the link to use now, or None."""

    def __init__(
        self, station: str, version: str, options: Options, way: Callable[[], Any]
    ) -> None:
        self.station, self.version, self.options, self.way = station, version, options, way
        self.remote = station in options.remote
        self.counts: Counter[str] = Counter()
        self.reservations: set[int | None] = {None}
        self.values: set[str | None] = {None}  # of the configuration; None: as delivered
        self.profiles: set[bool] = {False}
        self.lost: list[str] = []
        self.open: dict[str, float] = {}  # transactions begun and not ended -> when heard of
        self._chance = random.Random(f"{options.seed} {station}")
        self._numbers = itertools.count(1)
        self._task: asyncio.Task | None = None
        self._on = False
        self._busy = asyncio.Lock()

    # --- hearing -----------------------------------------------------------------------------

    def heard(self, action: str, payload: dict[str, Any], answer: dict[str, Any] | None) -> None:
        """A Call of the station was answered."""
        moment = asyncio.get_running_loop().time()
        if action == "StartTransaction":
            self.open.setdefault(str(answer["transactionId"]), moment)
        elif action == "StopTransaction":
            self.open.pop(str(payload["transactionId"]), None)
        elif action == "TransactionEvent":
            identity = payload["transactionInfo"]["transactionId"]
            if payload["eventType"] == "Ended":
                self.open.pop(identity, None)
            elif payload["eventType"] == "Started":
                self.open.setdefault(identity, moment)

    # --- talking -----------------------------------------------------------------------------

    def talk(self, on: bool) -> None:
        self._on = on
        if on and self._task is None:
            self._task = asyncio.ensure_future(self._run())

    async def quiet(self) -> None:
        """Wait until what was begun is done."""
        self._on = False
        async with self._busy:
            pass

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(*self.options.pause))
            async with self._busy:
                if self._on and self.way() is not None:
                    try:
                        await self._act()
                    except Unknown:
                        self.counts["unknown"] += 1

    async def _act(self) -> None:
        acts = [self._reserve, self._configure, self._configure, self._profile, self._look]
        if self.remote:
            acts += [self._sessions] * 8
        await self._chance.choice(acts)()

    async def call(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        link = self.way()
        if link is None:
            raise Unknown
        self.counts[action] += 1
        try:
            return await link.call(action, payload)
        except LOST:
            raise Unknown from None

    async def _changing(self, kept: set, value: Any, action: str, payload: dict) -> bool:
        """Make a Call that would change what is kept to `value`, None or False: take it away."""
        before = set(kept)
        kept.add(value)
        result = await self.call(action, payload)
        accepted = result is not None and _status(result) == "Accepted"
        kept.clear()
        kept.update({value} if accepted else before)
        if not accepted and not value:  # what is to go is not there
            if value not in before:
                self.lost.append(f"{action}: {result}, although {before} was accepted")
            kept.clear()
            kept.add(value)
        self.counts[f"{action} accepted"] += accepted
        return accepted

    async def _sessions(self) -> None:
        moment = asyncio.get_running_loop().time()
        shortest = self._chance.uniform(*self.options.session)
        for identity, since in list(self.open.items()):
            if moment - since > shortest:
                await self._stop(identity)
                return
        if self.open:
            return
        number = next(self._numbers)
        if self.version == "1.6":
            await self.call("RemoteStartTransaction", {"connectorId": 1, "idTag": TAG})
        else:
            token = {"idToken": TAG, "type": "Central"}
            payload = {"evseId": 1, "remoteStartId": number, "idToken": token}
            await self.call("RequestStartTransaction", payload)

    async def _stop(self, identity: str) -> None:
        if self.version == "1.6":
            result = await self.call("RemoteStopTransaction", {"transactionId": int(identity)})
        else:
            result = await self.call("RequestStopTransaction", {"transactionId": identity})
        if result is not None and result.get("status") == "Rejected":
            self.counts["stop of an open transaction rejected"] += 1

    async def _reserve(self) -> None:
        if self.reservations == {None}:
            number = next(self._numbers)
            until = (datetime.now(UTC) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
            if self.version == "1.6":
                payload = {
                    "connectorId": PLACE, "expiryDate": until, "idTag": RESERVED_FOR,
                    "reservationId": number,
                }  # fmt: skip
            else:
                token = {"idToken": RESERVED_FOR, "type": "Central"}
                payload = {
                    "id": number, "expiryDateTime": until, "idToken": token, "evseId": PLACE,
                }  # fmt: skip
            await self._changing(self.reservations, number, "ReserveNow", payload)
        elif self._chance.random() < 0.3:
            for number in self.reservations - {None}:
                payload = {"reservationId": number}
                await self._changing(self.reservations, None, "CancelReservation", payload)

    async def _configure(self) -> None:
        value = str(60 + next(self._numbers))
        if self.version == "1.6":
            payload: dict = {"key": "ConnectionTimeOut", "value": value}
            await self._changing(self.values, value, "ChangeConfiguration", payload)
        else:
            payload = {"setVariableData": [{"attributeValue": value, **_TIMEOUT}]}
            await self._changing(self.values, value, "SetVariables", payload)

    async def _profile(self) -> None:
        if self.profiles == {True} and self._chance.random() < 0.5:
            await self._changing(self.profiles, False, *self._clear())
            return
        schedule: dict = {
            "chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 32.0}],
        }  # fmt: skip
        profile = {
            "stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile",
            "chargingProfileKind": "Relative",
        }  # fmt: skip
        if self.version == "1.6":
            profile |= {"chargingProfileId": 7, "chargingSchedule": schedule}
            payload = {"connectorId": 1, "csChargingProfiles": profile}
        else:
            profile |= {"id": 7, "chargingSchedule": [{"id": 1, **schedule}]}
            payload = {"evseId": 1, "chargingProfile": profile}
        await self._changing(self.profiles, True, "SetChargingProfile", payload)

    def _clear(self) -> tuple[str, dict]:
        name = "id" if self.version == "1.6" else "chargingProfileId"
        return "ClearChargingProfile", {name: 7}

    async def _look(self) -> None:
        if self.version == "1.6":
            await self.call("GetConfiguration", {"key": ["ConnectionTimeOut"]})
        else:
            await self.call("GetVariables", {"getVariableData": [_TIMEOUT]})

    # --- at the end --------------------------------------------------------------------------

    async def verify(self) -> list[str]:
        """What was accepted and is gone. Takes reservation and profile away while asking."""
        async with self._busy:
            lost = list(self.lost)
            for ask in (self._value_kept, self._reservation_kept, self._profile_kept):
                lost += await self._persistently(ask)
            return lost

    async def _persistently(self, ask: Callable) -> list[str]:
        for _ in range(TRIES):
            try:
                return await ask()
            except Unknown:
                await asyncio.sleep(2.0)
        return [f"{ask.__name__.strip('_')}: no answer in {TRIES} tries"]

    async def _value_kept(self) -> list[str]:
        if self.values == {None}:
            return []
        if self.version == "1.6":
            result = await self.call("GetConfiguration", {"key": ["ConnectionTimeOut"]})
            value = result["configurationKey"][0]["value"]
        else:
            result = await self.call("GetVariables", {"getVariableData": [_TIMEOUT]})
            value = result["getVariableResult"][0]["attributeValue"]
        if value in self.values or None in self.values:
            return []
        return [f"the configuration is {value}, accepted was {sorted(self.values)}"]

    async def _reservation_kept(self) -> list[str]:
        if None in self.reservations:
            return []
        answers = {
            number: await self.call("CancelReservation", {"reservationId": number})
            for number in self.reservations
        }
        if any(_status(answer or {}) == "Accepted" for answer in answers.values()):
            return []
        return [f"the accepted reservation {sorted(answers)} is gone: {answers}"]

    async def _profile_kept(self) -> list[str]:
        if self.profiles != {True}:
            return []
        answer = await self.call(*self._clear())
        if _status(answer or {}) == "Accepted":
            return []
        return [f"the accepted charging profile is gone: {answer}"]


_TIMEOUT = {"component": {"name": "TxCtrlr"}, "variable": {"name": "EVConnectionTimeOut"}}


def _status(result: dict[str, Any]) -> str:
    if "setVariableResult" in result:
        return result["setVariableResult"][0]["attributeStatus"]
    return result.get("status", "")
