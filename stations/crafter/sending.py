"""Having stations send a frame, and finding the answers in the log.

An answer is the CSMS's next frame to the station with the unique id of what was sent. It is in the
log a moment after it came, so a report is asked for again while some may still come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from asgiref.sync import sync_to_async
from django.db import connection

from messaging.keeping.store import async_database
from messaging.queries import history
from stations.api.lookup import template_or_404
from stations.configuration import trail
from stations.crafter.tables import MOST_STATIONS, SentRequest
from stations.orders import named
from stations.orders.commands import send_commands

PATIENCE = 60.0  # seconds that an answer may take
KINDS = ("CallResult", "CallError", "Invalid")
AT_ONCE = 100  # stations of one order
ORDER_SECONDS = 10.0
LONGEST_RAMP = 20_000  # ms
SLACK = timedelta(seconds=1)  # between the clocks of this process and a worker
COLUMNS = ("enabled", "running", "held_back", "ocpp_version", "offered_versions")


class NotSent(Exception):
    """`fields`: which of what was asked must be corrected, and how."""

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


def meant(stations: list[str], tag: str, template: str) -> dict[str, Mapping[str, Any]]:
    """Rows by identity, those named first. Raises NotSent."""
    if not (stations or tag or template):
        raise NotSent({"stations": "Name stations, a tag or a template."})
    wanted = list(dict.fromkeys(stations))
    there = {row["identity"]: row for row in named.rows(wanted, *COLUMNS)}
    if unknown := [name for name in wanted if name not in there]:
        shown = ", ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
        raise NotSent({"stations": f"There is no station {shown}: see the list."})
    found = {name: there[name] for name in wanted}
    if tag:
        found |= _where({"tags": tag}, "tag", f'No station has the tag "{tag}".')
    if template:
        row = template_or_404(template)
        found |= _where({"template_id": row.pk}, "template", "No station is made from it.")
    if len(found) > MOST_STATIONS:
        raise NotSent({"stations": f"Choose at most {MOST_STATIONS} stations, not {len(found)}."})
    return found


def _where(match: dict[str, Any], field: str, sentence: str) -> dict[str, Mapping[str, Any]]:
    shown = dict.fromkeys(("identity", *COLUMNS), 1)
    rows = connection.get_collection(named.TABLE).find(match, shown).limit(MOST_STATIONS + 1)
    found = {row["identity"]: row for row in rows}
    if not found:
        raise NotSent({field: sentence})
    return dict(sorted(found.items()))


def why_not(row: Mapping[str, Any], version: str) -> str:
    """Why a station is not asked to send at all; "" if it is."""
    if not (row.get("enabled") and row.get("running")):
        return "It does not run: start it first."
    if row.get("held_back"):
        return f"It is held back: {row['held_back']}."
    # What a CSMS chooses of several is known to the station alone.
    if version and not row.get("offered_versions") and row.get("ocpp_version") != version:
        return f"It speaks OCPP {row.get('ocpp_version')}, and the message is of {version}."
    return ""


async def send(
    rows: Mapping[str, Mapping[str, Any]], version: str, args: dict[str, Any], every_ms: int
) -> list[dict[str, str]]:
    """[{station, uid, error}] in the order of `rows`."""
    results = {
        name: {"station": name, "uid": "", "error": why_not(row, version)}
        for name, row in rows.items()
    }
    able = [name for name, result in results.items() if not result["error"]]
    trail.commanded("message", args, {
        name: {"error": {"code": "not_sent", "message": result["error"]}}
        for name, result in results.items() if result["error"]
    })  # fmt: skip
    size = 1 if every_ms else AT_ONCE
    for start in range(0, len(able), size):
        if start and every_ms:
            await asyncio.sleep(every_ms / 1000)
        some = able[start : start + size]
        answers = await send_commands(some, "message", args, ORDER_SECONDS)
        for name in some:
            answer = answers.get(name) or {"error": {"message": "No worker has answered for it."}}
            if "error" in answer:
                results[name]["error"] = answer["error"]["message"]
            else:
                results[name]["uid"] = answer["result"].get("unique_id") or ""
    return list(results.values())


async def answered(row: SentRequest) -> list[dict[str, Any]]:
    """The answers to a sending that the log has by now; what is new is kept with the row."""
    known = {each["station"]: each for each in row.answers}
    wanted = {
        result["station"]: result["uid"]
        for result in row.results
        if result["uid"] and result["station"] not in known
    }
    if not wanted:
        return row.answers
    since = row.time - SLACK
    near = history.Wanted(
        stations=tuple(wanted), direction="received", kinds=KINDS, start=since,
        uid=next(iter(wanted.values())) if len(set(wanted.values())) == 1 else "",
        end=row.time + timedelta(seconds=PATIENCE) + lasted(row),
    )  # fmt: skip
    fresh: dict[str, dict[str, Any]] = {}
    async for some in history.each(async_database(), near):
        for message in some:
            station = message["station"]
            if station not in fresh and message["uid"] == wanted.get(station):
                fresh[station] = {
                    "station": station, "id": message["_id"], "kind": message["kind"],
                    "error": message.get("error") or "", "latency": message.get("latency"),
                    "action": message.get("action") or "",
                }  # fmt: skip
    if fresh:
        row.answers = [*row.answers, *fresh.values()]
        await sync_to_async(row.save)(update_fields=["answers"])
    return row.answers


def lasted(row: SentRequest) -> timedelta:
    """How long the sending itself took at most."""
    every = int(row.target.get("every_ms") or 0)
    return timedelta(milliseconds=every * len(row.results))


def may_come(row: SentRequest, now: datetime | None = None) -> bool:
    """Whether answers that are not there yet may still come."""
    end = row.time + timedelta(seconds=PATIENCE) + lasted(row)
    return (now or datetime.now(UTC)) < end
