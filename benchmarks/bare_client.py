"""The yardstick: stations made of PyPI `ocpp` and `websockets`, as their README shows.

No log, no live view, no saved state: only connect, boot and send. Each station is an
`ocpp.v16.ChargePoint` in one asyncio process under uvloop, without compression.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

import uvloop
import websockets
from ocpp.charge_point import camel_to_snake_case
from ocpp.v16 import ChargePoint, call
from ocpp.v16.enums import RegistrationStatus

from benchmarks.child import obey
from benchmarks.processes import raise_file_limit
from runtime import lifetime

AT_A_TIME = 200  # connections being made, as in our worker


class BareStation(ChargePoint):
    """A station that boots and then repeats one kind of Call."""

    async def boot(self) -> None:
        answer = await self.call(
            call.BootNotification(charge_point_model="Bare", charge_point_vendor="Benchmark")
        )
        assert answer.status == RegistrationStatus.accepted

    async def heartbeat(self) -> None:
        await self.call(call.Heartbeat())

    async def meter_values(self, connector: int, transaction: int, sampled: list[dict]) -> None:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        value = {"timestamp": now, "sampled_value": sampled}
        await self.call(
            call.MeterValues(
                connector_id=connector, transaction_id=transaction, meter_value=[value]
            )
        )


class BareFleet:
    def __init__(self) -> None:
        self.stations: list[BareStation] = []
        self.readers: list[asyncio.Task] = []
        self.senders: list[asyncio.Task] = []
        self.pairs = 0
        self.sampled: list[dict] = []

    async def orders(self, do: str, order: dict[str, Any]) -> Any:
        match do:
            case "connect":
                return await self.connect(order["port"], order["stations"])
            case "send":
                self.send(order["action"], order["interval"], order.get("example"))
            case "pause":
                await lifetime.end(self.senders)
                self.senders.clear()
            case "stats":
                return {"pairs": self.pairs, "cpu": time.process_time(), "time": time.monotonic()}
            case "collect":
                gc.collect()
            case _:
                raise ValueError(f"unknown order {do}")
        return None

    async def connect(self, port: int, stations: int) -> dict[str, float]:
        """Connect and boot all; returns the seconds and CPU seconds that it took."""
        gate = asyncio.Semaphore(AT_A_TIME)
        began, cpu = time.monotonic(), time.process_time()

        async def one(number: int) -> None:
            async with gate:
                socket = await websockets.connect(
                    f"ws://127.0.0.1:{port}/bare-{number}", subprotocols=["ocpp1.6"],
                    compression=None, ping_interval=None, open_timeout=60,
                )  # fmt: skip
                station = BareStation(f"bare-{number}", socket)
                self.readers.append(asyncio.create_task(station.start()))
                await station.boot()
                self.stations.append(station)

        await asyncio.gather(*(one(number) for number in range(stations)))
        return {"seconds": time.monotonic() - began, "cpu": time.process_time() - cpu}

    def send(self, action: str, interval: float, example: str | None) -> None:
        """Have each station send at this interval, spread evenly over it."""
        if example:
            payload = json.loads(example)[3]
            self.sampled = camel_to_snake_case(payload["meterValue"][0]["sampledValue"])
        step = interval / len(self.stations)
        for number, station in enumerate(self.stations):
            self.senders.append(
                asyncio.create_task(self._repeat(station, action, interval, number * step))
            )

    async def _repeat(self, station: BareStation, action: str, every: float, first: float) -> None:
        await asyncio.sleep(first)
        due = time.monotonic()
        for number in itertools.count():
            if action == "Heartbeat":
                await station.heartbeat()
            else:
                await station.meter_values(1, 1, self._reading(number))
            self.pairs += 1
            due += every
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _reading(self, number: int) -> list[dict]:
        """The example's values with a register that moves, as a meter's does."""
        first, *rest = self.sampled
        return [{**first, "value": str(1000 + number)}, *rest]


async def main() -> None:
    logging.getLogger("ocpp").setLevel(logging.WARNING)
    await obey(BareFleet().orders)


if __name__ == "__main__":
    raise_file_limit()
    uvloop.run(main())
