"""The pictures that the pages of the documentation show, each of a page that is alive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from benchmarks.pictures.demo import BROKEN, SHOWN

WIDTH, HEIGHT = 1440, 900
LIFE = f"/admin/stations/station/{SHOWN}/life/"


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
    Picture("map", "/admin/fleet/map/", ".fm-many"),
    Picture("job", "JOB", "[data-rows] a"),
    Picture("station", LIFE, "[data-cell=transaction]", height=1400),
    Picture("station-phone", LIFE, "[data-cell=transaction]", width=390, height=1100),
    Picture("live-view", "/admin/live/", "#lv-scroll .lv-row", then=_choose_a_call),
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
)  # fmt: skip
