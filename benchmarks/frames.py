"""`python -m benchmarks.frames` (make bench-frames): whether pages stay smooth, and what they cost.

A platform as its users run it under a fleet that says so many messages a second. In a real browser
(Chromium, headless, drawn by the processor) the dashboard and a station's page are each open alone
for a while; every frame that the browser draws is timed by requestAnimationFrame. Then so many
pages are open at a time, half of each kind, and the web process's CPU is compared with that before.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import time
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from benchmarks.child import Child
from benchmarks.fleets.ours import Platform
from benchmarks.processes import raise_file_limit, wait_until
from benchmarks.report import markdown_table, plain_table
from benchmarks.stack import ADMIN
from benchmarks.trees import cost_of, platform_parts

CHROMIUM = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
            "--disable-component-update", "--disable-sync"]  # fmt: skip
HEAD = ["page", "frames a second", "median gap, ms", "p95, ms", "p99, ms", "longer than 34 ms",
        "messages/s"]  # fmt: skip
SMOOTH = 60
# Gaps between the frames that were drawn in so many milliseconds.
WATCH = """(length) => new Promise((done) => {
    const gaps = [];
    let before = null;
    const end = performance.now() + length;
    const frame = (now) => {
        if (before !== null) gaps.push(now - before);
        before = now;
        if (now < end) requestAnimationFrame(frame);
        else done(gaps);
    };
    requestAnimationFrame(frame);
})"""
SETTLE = 6.0  # seconds before anything is measured


class Fleet:
    """A platform, its stations under a sink, and somebody who is logged in."""

    def __init__(self, stations: int, every: int) -> None:
        self.sink = Child("benchmarks.sink")
        self.platform = Platform()
        self.stations, self.every = stations, every

    def start(self) -> None:
        port = self.sink.ask("listen", interval=self.every)
        self.platform.launch(f"ws://127.0.0.1:{port}/ocpp", self.stations)
        self.platform.order()
        wait_until(
            lambda: self.sink.ask("stats")["calls"].get("BootNotification", 0) >= self.stations,
            300, "all have booted", 0.3,
        )  # fmt: skip

    def said(self) -> int:
        """Messages so far, both ways: each Call has its answer."""
        return 2 * self.sink.ask("stats")["total"]

    def web(self) -> float:
        """CPU seconds of the web process."""
        [pid] = platform_parts(self.platform.popen.pid)["web"]
        return cost_of(pid).cpu

    def life_of(self, name: str) -> str:
        """The address of a station's page."""
        rows = [row["pk"] for row in self.platform.console.ask("keys", identities=[name])]
        return f"/admin/stations/station/{rows[0]}/life/"

    def close(self) -> None:
        self.platform.close()
        self.sink.close()


def logged_in(browser: Browser, url: str) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{url}/admin/")
    page.fill("#id_username", ADMIN[0])
    page.fill("#id_password", ADMIN[1])
    page.click("button[type=submit]")
    page.wait_for_url(f"{url}/admin/")
    page.close()
    return context


def opened(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address, wait_until="load")
    return page


def smoothness(fleet: Fleet, page: Page, name: str, seconds: float) -> list[str]:
    time.sleep(SETTLE)
    before, began = fleet.said(), time.monotonic()
    gaps = sorted(page.evaluate(WATCH, seconds * 1000))
    pace = (fleet.said() - before) / (time.monotonic() - began)
    if not gaps:
        raise AssertionError(f"{name}: the browser has drawn nothing")
    rate = 1000 * len(gaps) / sum(gaps)
    at = [gaps[min(len(gaps) - 1, int(share * len(gaps)))] for share in (0.95, 0.99)]
    late = sum(gap > 2 * 1000 / SMOOTH + 0.7 for gap in gaps)
    return [
        name, f"{rate:.1f}", f"{statistics.median(gaps):.1f}", f"{at[0]:.1f}", f"{at[1]:.1f}",
        f"{late} of {len(gaps)}", f"{pace:.0f}",
    ]  # fmt: skip


def cpu_share(fleet: Fleet, seconds: float) -> float:
    """Per cent of a core that the web process takes."""
    before, began = fleet.web(), time.monotonic()
    time.sleep(seconds)
    return 100 * (fleet.web() - before) / (time.monotonic() - began)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.frames", description=__doc__)
    parser.add_argument("--stations", type=int, default=250)
    parser.add_argument("--every", type=int, default=1, help="seconds between two Heartbeats")
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--output", type=Path, help="write the table there too, as Markdown")
    options = parser.parse_args()
    raise_file_limit()
    chromium = shutil.which("chromium")
    if not chromium:
        parser.error("Chromium is missing: apt-get install chromium")
    fleet = Fleet(options.stations, options.every)
    try:
        fleet.start()
        url = fleet.platform.url
        places = {"dashboard": f"{url}/admin/", "station": url + fleet.life_of("FLEET-00000")}
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
            context = logged_in(browser, url)
            rows = [_empty(fleet, context, options.seconds)]
            time.sleep(SETTLE)
            alone = cpu_share(fleet, options.seconds)
            for name, address in places.items():
                page = opened(context, address)
                rows.append(smoothness(fleet, page, name, options.seconds))
                page.close()
            addresses = list(places.values()) * (options.pages // 2)
            pages = [opened(context, address) for address in addresses]
            time.sleep(SETTLE)
            crowded = cpu_share(fleet, options.seconds)
            browser.close()
    finally:
        fleet.close()
    said = (
        f"web process: {alone:.1f} % of a core with no page, {crowded:.1f} % with {len(pages)} "
        f"open: {crowded - alone:+.1f}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    print("\n" + plain_table(HEAD, rows) + "\n\n" + said)
    if options.output:
        options.output.write_text(markdown_table(HEAD, rows) + "\n\n" + said + "\n")
    return 0


def _empty(fleet: Fleet, context: BrowserContext, seconds: float) -> list[str]:
    """What the browser does here with a page that does nothing: more no page can reach."""
    page = opened(context, "about:blank")
    try:
        return smoothness(fleet, page, "an empty page", seconds)
    finally:
        page.close()


if __name__ == "__main__":
    sys.exit(main())
