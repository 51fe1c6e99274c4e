"""What fills a log for the benchmark of pages leaves what operation would have left."""

from __future__ import annotations

import time

from benchmarks import filling, pages
from messaging.keeping import frames, store
from messaging.queries import analytics
from messaging.queries.history import Wanted, read_page
from messaging.statistics.reading import by_action
from tests.messaging.conftest import mongo  # noqa: F401 - a fixture


async def test_the_log_that_it_makes_is_read_counted_and_told_like_any_other(mongo):  # noqa: F811
    names = [f"CP-{n}" for n in range(7)]
    told = filling.fill(names, 1200, seconds=1800)
    assert told["messages"] == 1200 == len(list(frames.documents(mongo)))
    db = store.async_database()
    counted = analytics.added_up(await analytics.counts(db, 1))
    assert counted["total"] == 1200 and counted["sent"] == counted["received"] == 600
    page = await read_page(db, Wanted(stations=("CP-3",), actions=("Heartbeat",)), limit=50)
    assert page.items and {made["station"] for made in page.items} == {"CP-3"}
    rows = (await by_action(db, "1h", now=time.time()))["rows"]
    assert sum(row["calls"] for row in rows) == 600
    assert {row["action"] for row in rows} == {action for action, *_ in filling.TALK}
    assert mongo["dashboard_hours"].count_documents({}) > 700
    await store.close_async()


def test_pages_of_one_kind_are_known_by_their_pattern():
    a, b = (f"/admin/stations/station/{n * 24}/life/" for n in "ab")
    assert pages.kind_of(a) == pages.kind_of(b) == "/admin/stations/station/ID/life/?"
    assert pages.kind_of("/admin/x/?state=a") == pages.kind_of("/admin/x/?state=b")
    text = '<a class="x" href="?state=a&amp;q=1">A</a><a href="/admin/logout/">'
    assert list(pages.links_of(text, "/admin/x/?o=1")) == ["/admin/x/?state=a&q=1"]
