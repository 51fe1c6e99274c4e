"""How one works in every page: by keyboard, in one's own time, and where one begins."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import Site

UTC = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? UTC$")
STAMP = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC")
FOLLOWED = "() => getComputedStyle(document.activeElement).outlineStyle"


@pytest.fixture
def desk(site: Site, browser: Browser) -> Iterator[Page]:
    """Of somebody in Kathmandu, which is UTC+05:45."""
    context = browser.new_context(
        timezone_id="Asia/Kathmandu", viewport={"width": 1440, "height": 900}
    )
    value = site.sessions["superuser"]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site.url}])
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def test_the_first_tab_leads_past_the_sidebar(site: Site, desk: Page) -> None:
    desk.goto(f"{site.url}/admin/stations/station/")
    desk.keyboard.press("Tab")
    skip = desk.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    desk.keyboard.press("Enter")
    expect(desk.locator("#content")).to_be_focused()
    desk.keyboard.press("Tab")
    assert desk.evaluate("document.querySelector('#content').contains(document.activeElement)")


def test_the_focus_can_be_seen_wherever_tab_leads(site: Site, desk: Page) -> None:
    for address in ("/admin/", "/admin/stations/station/", "/admin/sessions/"):
        desk.goto(site.url + address)
        for dark in (False, True):
            desk.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
            unseen = []
            for _ in range(60):
                desk.keyboard.press("Tab")
                if desk.evaluate("document.activeElement === document.body"):
                    break
                if desk.evaluate(FOLLOWED) == "none":
                    unseen.append(desk.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
            assert not unseen, f"{address}: {unseen}"


def test_keys_lead_to_lists_and_to_the_search(site: Site, desk: Page) -> None:
    desk.goto(f"{site.url}/admin/")
    expect(desk.locator("#fg-state")).to_have_text("Live")
    desk.keyboard.press("?")
    sheet = desk.get_by_role("dialog")
    expect(sheet).to_contain_text("Stations")
    for row in sheet.locator("dt", has_text="g").all():
        assert len(row.locator("kbd").all()) == 2
    desk.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    desk.keyboard.press("/")  # nothing to search on the dashboard: among the stations then
    desk.wait_for_url("**/stations/station/#search")
    expect(desk.locator("#searchbar")).to_be_focused()
    desk.keyboard.type("g s/")
    expect(desk.locator("#searchbar")).to_have_value("g s/")  # who types, types
    desk.keyboard.press("Escape")
    for key, end in (("t", "/admin/sessions/"), ("m", "/admin/live/"), ("d", "/admin/")):
        desk.keyboard.press("g")
        desk.keyboard.press(key)
        desk.wait_for_url(f"**{end}")


def test_each_letter_leads_to_a_page_that_the_sidebar_has(site: Site, desk: Page) -> None:
    desk.goto(f"{site.url}/admin/")
    desk.keyboard.press("?")
    told = desk.get_by_role("dialog").locator("dt").count()
    letters = re.findall(r"^    (\w): \[|\b(\w): \[\"/", _keys(), re.MULTILINE)
    assert told == 3 + len(letters), "a letter of keys.js has no link in the sidebar"


def _keys() -> str:
    from tests.emulator.test_documented import ROOT

    text = (ROOT / "emulator" / "static" / "emulator" / "keys.js").read_text()
    return text[text.index("PLACES = {") : text.index("};")]


def test_each_moment_is_in_the_browsers_zone_with_utc_beside_it(site: Site, desk: Page) -> None:
    faults, seen = [], 0
    for address in site.addresses:
        desk.goto(site.url + address)
        expect(desk.locator("#main")).to_be_visible()
        left = desk.locator("#content").inner_text()
        faults += [f"{address}: {found} as it came" for found in STAMP.findall(left)]
        for each in desk.locator("#content time").all():
            seen += 1
            title = each.get_attribute("title") or ""
            if not UTC.match(title):
                faults.append(f"{address}: {each.inner_text()} has the title {title!r}")
            elif title[11:16] in each.inner_text():
                faults.append(f"{address}: {each.inner_text()} is UTC")
    assert seen > 50
    assert not faults, "\n".join(faults)


def test_the_first_steps_are_ticked_and_put_away(site: Site, desk: Page) -> None:
    desk.goto(f"{site.url}/admin/")
    steps = desk.locator("#fg-first")
    expect(steps.locator("li")).to_have_count(4)
    steps.get_by_role("link", name="Stations", exact=True).click()
    desk.wait_for_url("**/stations/station/")
    desk.goto(f"{site.url}/admin/")
    expect(steps.locator("li[data-done]")).to_have_count(1)
    steps.get_by_role("button", name="Put away").click()
    expect(steps).to_be_hidden()
    desk.reload()
    expect(desk.locator("#fg-state")).to_have_text("Live")
    expect(steps).to_be_hidden()
