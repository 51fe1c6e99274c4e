"""Commands to stations, gathered: equal ones of one moment go as one message a shard.

A thousand stations that do the same at once cost a few messages of the "workers" layer, not a
thousand, so neither the layer nor the charge point workers feel them one by one.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from asgiref.sync import sync_to_async

from accounts.trail import acts
from stations.configuration import changes
from stations.models import StaleStation, Station
from stations.orders.commands import CommandFailed, send_commands

MOMENT = 0.015  # seconds that a command waits for others like it
MOST = 200  # stations in one message
AT_ONCE = 16  # messages on their way


@dataclass
class _Batch:
    name: str
    args: dict
    timeout: float
    stations: dict[str, asyncio.Future] = field(default_factory=dict)


class Commander:
    """`command` raises CommandFailed; `switch` starts and stops stations."""

    def __init__(self) -> None:
        self._open: dict[str, _Batch] = {}
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task] = set()
        self.sent = 0

    async def command(self, station: str, name: str, args: dict, timeout: float) -> dict[str, Any]:
        """A command's result.

        `timeout` is in seconds. Raises CommandFailed with the code and message of the worker's
        refusal.
        """
        key = json.dumps([name, args, timeout, _by()], sort_keys=True, default=str)
        batch = self._open.get(key)
        if batch is None or len(batch.stations) >= MOST or station in batch.stations:
            batch = self._open[key] = _Batch(name, args, timeout)
            self._later(key, batch)
        future = asyncio.get_running_loop().create_future()
        batch.stations[station] = future
        answer = await future
        if "error" in answer:
            raise CommandFailed(answer["error"]["code"], answer["error"]["message"])
        return answer["result"] or {}

    async def switch(self, station: str, running: bool) -> bool:
        """Start or stop a station; True if that changed anything. Raises CommandFailed."""
        key = f"switch {running} {_by()}"
        batch = self._open.get(key)
        if batch is None or len(batch.stations) >= MOST or station in batch.stations:
            batch = self._open[key] = _Batch("start" if running else "stop", {}, 0)
            self._later(key, batch)
        future = asyncio.get_running_loop().create_future()
        batch.stations[station] = future
        answer = await future
        if isinstance(answer, str):
            raise CommandFailed("not_possible_now", answer)
        return answer

    async def configure(self, station: str, overrides: dict[str, str | None]) -> None:
        """Set configuration overrides of a station; None takes one away.

        Raises CommandFailed ("stale") where others change its row at the same time, again and
        again; ValidationError where the row does not take them.
        """

        def apply(row: Station) -> None:
            row.configuration = {**row.configuration, **overrides}
            row.configuration = {k: v for k, v in row.configuration.items() if v is not None}

        async with self._turn:
            try:
                await sync_to_async(changes.change)(station, apply, None)
            except StaleStation:
                raise CommandFailed("stale", "Others change this station all the time.") from None

    def _later(self, key: str, batch: _Batch) -> None:
        task = asyncio.create_task(self._send(key, batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, key: str, batch: _Batch) -> None:
        await asyncio.sleep(MOMENT)
        if self._open.get(key) is batch:
            del self._open[key]
        try:
            async with self._turn:
                self.sent += 1
                answers = await self._answers(batch)
        except Exception as failure:  # noqa: BLE001 - told to those who wait
            answers = {name: _failed(batch, failure) for name in batch.stations}
        for name, future in batch.stations.items():
            if not future.done():
                future.set_result(answers.get(name, _failed(batch, "no answer came")))

    async def _answers(self, batch: _Batch) -> dict[str, Any]:
        names = list(batch.stations)
        if batch.timeout:
            return await send_commands(names, batch.name, batch.args, batch.timeout)
        return await sync_to_async(_switch)(names, batch.name == "start")


def _by() -> str:
    """Whose the command is: the trail tells one execution's from another's."""
    act = acts.under_way()
    return act.id if act is not None else ""


def _failed(batch: _Batch, failure: object) -> Any:
    sentence = f"The command was not given: {failure}"
    return {"error": {"code": "unavailable", "message": sentence}} if batch.timeout else sentence


def _switch(stations: list[str], running: bool) -> dict[str, bool | str]:
    rows = Station.objects.filter(identity__in=stations).order_by()
    found = {
        identity: (enabled, was)
        for identity, enabled, was in rows.values_list("identity", "enabled", "running")
    }
    answers: dict[str, bool | str] = {}
    for name in stations:
        if name not in found:
            answers[name] = "There is no such station any more."
        elif running and not found[name][0]:
            answers[name] = "The station is disabled: enable it first."
        else:
            answers[name] = found[name][1] != running
    if to_change := [name for name, answer in answers.items() if answer is True]:
        changes.set_running(to_change, running)
    return answers
