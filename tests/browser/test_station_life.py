"""The life of a station in a real browser: seen, driven, configured, and by whom."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.browser.accessible import faults_of
from tests.browser.api import ask
from tests.system.csms import PythonCsms

LIMIT = {
    "connectorId": 0,
    "csChargingProfiles": {
        "chargingProfileId": 7, "stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": {
            "startSchedule": "2026-01-01T00:00:00Z", "chargingRateUnit": "W",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 6000}],
        },
    },
}  # fmt: skip


def open_life(page: Page, platform: Stack, station: str) -> None:
    page.goto(f"{platform.url}/admin/stations/station/?q={station}")
    page.get_by_role("link", name=station).first.click()
    page.wait_for_url("**/life/**")
    expect(page.locator("[data-fact=socket]")).to_have_text("Live")


def command(page: Page, seat: str, name: str):
    """The opened form of a command."""
    box = page.locator("#lf-commands")
    box.get_by_role("button", name=seat, exact=True).click()
    form = box.locator(f'[data-of="{name}"]')
    if form.get_attribute("open") is None:
        form.locator("> summary").click()
    return form


def test_a_station_is_seen_driven_and_configured_on_one_page(
    page: Page, platform: Stack, csms: PythonCsms, station: str
) -> None:
    open_life(page, platform, station)
    page.evaluate("window.notReloaded = true")
    card = page.locator('[data-connector="1"]')
    expect(card.get_by_role("img")).to_have_attribute("aria-label", re.compile("nothing plugged"))

    # A car of one's own, with its state of charge.
    card.get_by_role("button", name="A car of your own").click()
    form = page.locator("[data-of=plug]")
    form.locator("[data-name=soc]").fill("42")
    form.locator("[data-name=battery_kwh]").fill("80")
    form.locator("[data-do=plug]").click()
    expect(card.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("plugged in, not locked, car with 42 % of 80 kWh")
    )
    expect(card.locator("[data-cell=soc]")).to_have_text("42 %")

    card.get_by_role("button", name="Start charging").click()
    expect(card.locator("[data-cell=status]")).to_have_text("Charging")
    expect(card.get_by_role("img")).to_have_attribute("aria-label", re.compile(", locked, .*char"))
    csms.call(station, "SetChargingProfile", LIMIT)
    limit = page.locator("#lf-curves [data-limit]")
    expect(limit).to_contain_text("Limit 6.0 kW by TxDefaultProfile 7, stack level 1")
    expect(page.locator("#lf-curves")).to_have_attribute("data-points", re.compile(r"[1-9]"))
    expect(page.locator("#lf-schedule [data-ahead]")).to_have_text("6.0 kW throughout")
    expect(page.locator("#lf-curves canvas")).to_have_count(4)

    # What it says to its CSMS is beside it, as it comes.
    messages = page.locator("#lf-messages li")
    expect(messages.filter(has_text="SetChargingProfile")).to_have_count(2)
    expect(messages.filter(has_text="StartTransaction")).to_have_count(2)

    # A key is changed as the CSMS would; what it would be refused is refused.
    page.locator("#lf-settings").scroll_into_view_if_needed()
    page.fill("#lf-settings .lf-search", "heartbeatinterval")
    row = page.locator('[data-key="HeartbeatInterval"]')
    for value, said in (("many", "Rejected"), ("77", "HeartbeatInterval: Accepted")):
        row.get_by_role("button", name="Change HeartbeatInterval").click()
        row.locator("[data-new]").fill(value)
        row.get_by_role("button", name="Set").click()
        expect(page.locator("[data-settings-said]")).to_contain_text(said)
        if value == "many":
            row.get_by_role("button", name="Cancel").click()
    expect(row.locator("[data-value]")).to_have_text("77")

    form = command(page, "Technician", "fault")
    form.locator("[data-name=error_code]").fill("GroundFailure")
    form.locator("[data-do=fault]").click()
    expect(card.locator("[data-cell=status]")).to_have_text("Faulted")
    card.get_by_role("button", name="Mend").click()
    expect(card.locator("[data-cell=status]")).not_to_have_text("Faulted")
    told = page.locator("#lf-timeline tbody")
    page.locator("#lf-timeline summary").click()
    expect(told).to_contain_text("Faulted (GroundFailure)")
    expect(told).to_contain_text("Session")

    page.get_by_role("button", name="Stop station").click()
    expect(page.locator("[data-live=badge]")).to_have_text("Stopped")
    expect(card.locator("[data-cell=power]")).to_have_text("–")
    expect(page.locator('[data-do="fault"]')).to_be_disabled()
    page.get_by_role("button", name="Start station").click()
    expect(page.locator("[data-live=badge]")).to_have_text(re.compile("Connected|Charging"))
    assert page.evaluate("window.notReloaded")


def test_the_head_tells_the_power_of_now_as_the_connector_does(
    page: Page, platform: Stack, station: str
) -> None:
    # A car that takes its power by and by: the state that is kept is of its beginning.
    for name, body in (("plug", {"ev": {"profile": "compact"}}), ("start-transaction", {})):
        ask(page, platform, "POST", f"stations/{station}/{name}", {"connector": 1, **body})
    page.goto(f"{platform.url}/admin/stations/station/{station}/life/")
    expect(page.locator("[data-cell=power]")).to_have_text("11.0 kW")
    expect(page.locator("[data-fact=power]")).to_have_text("11.0 kW", timeout=5000)


def test_a_stopped_stations_open_session_delivers_nothing(
    page: Page, platform: Stack, station: str
) -> None:
    for name, body in (("plug", {}), ("start-transaction", {"id_tag": "TAG"})):
        ask(page, platform, "POST", f"stations/{station}/{name}", {"connector": 1, **body})
    session = ""

    def stored() -> bool:
        nonlocal session
        items = ask(page, platform, "GET", f"transactions?station={station}")["items"]
        session = items[0]["id"] if items else ""
        return bool(items)

    wait_until(stored, 60, "the session's record")
    page.goto(f"{platform.url}/admin/sessions/of/{session}/")
    expect(page.locator("[data-fact=mean]")).to_have_text(re.compile("^now; "))
    ask(page, platform, "POST", f"stations/{station}/stop")
    expect(page.locator("[data-fact=mean]")).to_contain_text("now: the station is stopped")
    expect(page.locator("[data-fact=power]")).to_have_text("0 W")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_the_page_has_no_fault_of_access_and_fits(
    page: Page, platform: Stack, station: str, width: int, dark: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_life(page, platform, station)
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
    form = command(page, "Chaos", "faults")
    form.locator("[data-name=fault]").select_option(label="drop")
    form.locator("[data-do=faults]").click()
    expect(page.locator("[data-fault-list]")).to_contain_text("every frame")
    page.locator('[data-connector="1"]').get_by_role("button", name="A car of your own").click()
    page.locator("#lf-settings").scroll_into_view_if_needed()
    expect(page.locator("#lf-settings .lf-setting").first).to_be_visible()
    page.locator("#lf-messages summary").first.click()
    page.locator("#lf-timeline summary").click()
    expect(page.locator("#lf-timeline tbody")).to_contain_text("The station was started")
    found = faults_of(page)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the window")
    assert not found, "\n".join(found)
