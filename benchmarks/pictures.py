"""`python -m benchmarks.pictures` (make screenshots): the pictures of the documentation.

A platform as its users run it, with its demo stations and its demo CSMS: some charge, one is
broken, one is refused, forty more stand in Germany, one scenario passes and one fails. Each picture
is of a page that is alive.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, sync_playwright

from benchmarks.fleets.ours import Platform
from benchmarks.frames import CHROMIUM, logged_in
from benchmarks.processes import ROOT, free_port, wait_until
from benchmarks.stack import ADMIN, LOGIN, post_json

FOLDER = ROOT / "docs" / "img"
WIDTH, HEIGHT = 1440, 900
CHARGING = 600.0  # seconds of charging before the first picture, so that curves have a shape
TEMPLATE = "AC dual 22 kW, OCPP 2.0.1"
MORE = 40  # stations, made by a job
READY = 9  # of the ten demo stations
SETTLE = 2500  # ms that a page has to fill itself
SHOWN, BROKEN, FAULT = "DEMO-HYC-09", "DEMO-ALFEN-02", "GroundFailure"
LIFE = f"/admin/stations/station/{SHOWN}/life/"
SICK = {
    "identity": "SITE-7-ROW-2", "csms_url": "ws://127.0.0.1:9/ocpp", "autostart": True,
    "connectors": [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000}],
}  # fmt: skip


# What the CSMS does not say: the run fails, and its page shows what came instead.
WRONG = {
    "scenarioId": "unknown-token", "name": "An unknown token is refused",
    "steps": [
        {"type": "authorize", "params": {"connector": 1, "id_tag": "TAG-9"}},
        {"type": "expect", "params": {"direction": "sent", "action": "Authorize", "kind": "Call"}},
        {"type": "expect", "description": "The CSMS does not know the token", "timeout": 5000,
         "params": {"answers": True, "payload": {"idTagInfo": {"status": "Invalid"}}}},
        {"type": "plug", "params": {"connector": 1}},
    ],
}  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """name: of the file. address: a path, or what makes one. then: done before it is taken."""

    name: str
    address: str
    shows: str  # a selector that is there when the page is alive
    dark: bool = False
    height: int = HEIGHT
    width: int = WIDTH
    then: Callable[[Page], None] | None = None


def _choose_a_call(page: Page) -> None:
    page.locator("#lv-scroll .lv-row", has_text="MeterValues").first.click()


def _send(page: Page) -> None:
    page.locator("[data-verdict]", has_text="Valid by the schema.").wait_for()
    page.locator("[data-send]").click()
    page.locator("#cr-answer [data-kind]", has_text="CallResult").wait_for()


def _last_quarter(page: Page) -> None:
    page.locator("[data-range='15m'][aria-pressed]").click()


def _at_the_expectation(page: Page) -> None:
    page.locator(".cm-line", has_text="The CSMS does not know the token").first.click()


PICTURES = (
    Picture("dashboard", "/admin/", "#fg-sickest tbody a", height=1500, then=_last_quarter),
    Picture("dashboard-dark", "/admin/", "#fg-sickest tbody a", dark=True, then=_last_quarter),
    Picture("stations", "/admin/stations/station/?q=DEMO", "#result_list .st-badge"),
    Picture("map", "/admin/fleet/map/", ".fm-many"),
    Picture("job", "JOB", "[data-rows] a"),
    Picture("station", LIFE, "[data-cell=transaction]", height=1400),
    Picture("station-dark", LIFE, "[data-cell=transaction]", dark=True),
    Picture("station-phone", LIFE, "[data-cell=transaction]", width=390, height=1100),
    Picture("live-view", "/admin/live/", "#lv-scroll .lv-row", then=_choose_a_call),
    Picture("sessions", "/admin/sessions/", "#sessions tbody a"),
    Picture("session", "SESSION", '[data-chart="power"] canvas', height=1100),
    Picture("statistics", "/admin/statistics/?range=15m", "#statistics tbody a"),
    Picture(
        "crafter", f"/admin/crafter/?station={BROKEN}&action=BootNotification", "#content select",
        height=1100, then=_send,
    ),
    Picture(
        "scenario-editor", "SCENARIO", "body[data-editor=ready]", height=1100,
        then=_at_the_expectation,
    ),
    Picture("scenario-failed", "FAILED", "[data-compare]"),
    Picture("executions", "/admin/scenarios/execution/", "#result_list a"),
)  # fmt: skip


class Demo:
    """The platform with its demo stations at work, and its API by a token."""

    def __init__(self) -> None:
        self.platform = Platform()
        self.platform.options = []
        self.platform.env["DEMO_CSMS_PORT"] = str(free_port())

    def start(self, say: Callable[[str], None], charging: float) -> None:
        self.platform.up()
        answer = post_json(
            f"{self.platform.url}/api/auth/login", dict(zip(LOGIN, ADMIN, strict=True))
        )
        self.token = answer["token"]
        wait_until(lambda: len(self._connected()) >= READY, 120, "the demo stations", 0.5)
        for at, row in enumerate(self._connected()):
            if "home" in row["tags"]:
                continue  # the scenario drives it
            for connector in row["connectors"][: 2 if at % 3 else 1]:
                if at % 4 == 3:
                    continue  # it waits for a driver
                self._drive(row["identity"], connector["id"], 20 + 7 * at)
        self.ask("POST", f"stations/{BROKEN}/fault", {"connector": 1, "error_code": FAULT})
        self.ask("POST", "stations", SICK)
        self.ask("POST", "scenarios/happy-path-charging/run", {"tag": "home"})
        self.wrong = self.ask("POST", "scenarios", WRONG)["id"]
        run = {"stations": ["DEMO-EASEE-03"]}
        self.failed = self.ask("POST", f"scenarios/{WRONG['scenarioId']}/run", run)["id"]
        order = {"template": TEMPLATE, "pattern": "SITE-{n:02}", "count": MORE, "region": "Germany",
                 "start": True, "per_second": 5}  # fmt: skip
        self.job = self.ask("POST", "jobs/create", order)["id"]
        say(f"charging for {charging:.0f} s")
        time.sleep(charging)

    def _drive(self, identity: str, connector: int, soc: int) -> None:
        car = {"battery_kwh": 77, "soc": soc, "max_power_kw": 150}
        order = {"connector": connector, "id_tag": "TAG-1", "ev": car}
        try:
            self.ask("POST", f"stations/{identity}/start-transaction", order)
        except urllib.error.HTTPError as refused:
            print(f"{identity}: {refused.read().decode()}", file=sys.stderr)

    def _connected(self) -> list[dict[str, Any]]:
        return self.ask("GET", "stations?state=online&limit=50&search=DEMO")["items"]

    def address(self, of: str) -> str:
        match of:
            case "JOB":
                return f"/admin/fleet/jobs/{self.job}/"
            case "SCENARIO":
                return f"/admin/scenarios/scenario/{self.wrong}/change/"
            case "FAILED":
                return f"/admin/scenarios/execution/{self.failed}/change/"
            case "SESSION":
                found = self.ask("GET", f"transactions?station={SHOWN}")["items"]
                return f"/admin/sessions/of/{found[0]['id']}/"
            case _:
                return of

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.platform.url}/api/{path}", None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
            method=method,
        )  # fmt: skip
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer) if answer.status != 204 else None


def take(context: BrowserContext, demo: Demo, picture: Picture, folder: Path) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": picture.width, "height": picture.height})
    page.emulate_media(color_scheme="dark" if picture.dark else "light")
    page.goto(demo.platform.url + demo.address(picture.address), wait_until="load")
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", picture.dark)
    page.locator(picture.shows).first.wait_for(timeout=60_000)
    if picture.then is not None:
        picture.then(page)
    page.wait_for_timeout(SETTLE)
    page.screenshot(path=folder / f"{picture.name}.png")
    page.close()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER)
    parser.add_argument("--only", help="of this name")
    parser.add_argument("--charging", type=float, default=CHARGING, help="seconds before the first")
    options = parser.parse_args()
    chromium = shutil.which("chromium")
    if not chromium:
        parser.error("Chromium is missing: apt-get install chromium")
    options.folder.mkdir(parents=True, exist_ok=True)
    demo = Demo()
    failed = []
    try:
        demo.start(lambda text: print(text, flush=True), options.charging)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
            context = logged_in(browser, demo.platform.url)
            for picture in PICTURES:
                if options.only and options.only not in picture.name:
                    continue
                try:
                    take(context, demo, picture, options.folder)
                    print(picture.name, flush=True)
                except Exception as fault:  # noqa: BLE001 - the others are taken all the same
                    failed.append(f"{picture.name}: {fault}")
            browser.close()
    finally:
        demo.platform.close()
    print("\n".join(failed), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
