"""Pages of charging sessions: each session once, whatever began in the same millisecond."""

from __future__ import annotations

import pytest
from django.db import connections

from messaging.keeping import store
from messaging.queries import sessions
from messaging.records import when

BASE = 1_764_000_000.0


def fill(mongo, starts: list[float]) -> None:
    mongo[store.TRANSACTIONS].insert_many(
        {"_id": f"s{number:02d}", "station": "CP1", "state": "ended", "started": when(start)}
        for number, start in enumerate(starts)
    )


async def all_pages(limit: int) -> list[list[str]]:
    pages, cursor = [], ""
    while True:
        found, cursor = await sessions.read_page(
            store.async_database(), {}, limit=limit, cursor=cursor
        )
        pages.append([made["_id"] for made in found])
        if cursor is None:
            return pages


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 10])
async def test_every_session_is_on_one_page(mongo, limit):
    assert connections["default"].settings_dict["NAME"] == mongo.name
    fill(mongo, [BASE, BASE, BASE, BASE + 0.001, BASE - 90 * 86_400, BASE - 90 * 86_400])
    pages = await all_pages(limit)
    listed = [identity for page in pages for identity in page]
    assert listed == ["s03", "s02", "s01", "s00", "s05", "s04"]
    assert all(len(page) == limit for page in pages[:-2])
    await store.close_async()
