"""The editor of a scenario: text and form in step, the palette, faults at their lines, a step
tried, a run from ticked stations, and a failed step beside what came."""

from __future__ import annotations

import json
import secrets

import pytest
from playwright.sync_api import Page, expect

from benchmarks.stack import Stack
from tests.browser.accessible import faults_of
from tests.browser.api import ask
from tests.browser.editing import put, read

DELAY = {"type": "delay", "params": {"duration": 10}}
FAULTS = "#id_steps-faults li"


def open_editor(page: Page, platform: Stack, steps: list | None = None) -> str:
    """The editor of a new scenario; returns its scenarioId."""
    slug = f"edited-{secrets.token_hex(3)}"
    body = {"scenarioId": slug, "name": slug, "steps": steps or [DELAY]}
    made = ask(page, platform, "POST", "scenarios", body)
    page.goto(f"{platform.url}/admin/scenarios/scenario/{made['id']}/change/")
    expect(page.locator("body")).to_have_attribute("data-editor", "ready")
    return slug


def insert(page: Page, words: str) -> None:
    """By the keyboard: the palette's search and Enter."""
    page.locator(".field-steps .se-palette summary").press("Enter")
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def steps_of(page: Page) -> list:
    return json.loads(read(page, "steps"))


def test_a_scenario_runs_on_ticked_stations_after_a_look_at_their_versions(
    page: Page, platform: Stack, station: str
) -> None:
    booted = {"direction": "sent", "action": "BootNotification"}
    slug = open_editor(page, platform, [{"type": "expect", "params": booted}])
    new = f"NEW-{station}"
    body = {"identity": new, "ocpp_version": "2.0.1", "csms_url": "ws://127.0.0.1:9/ocpp"}
    ask(page, platform, "POST", "stations", body)
    page.goto(f"{platform.url}/admin/stations/station/?q={station}")
    for row in page.locator("#result_list tbody tr").all():
        row.locator("input.action-select").check()
    page.locator("select[name=action]").select_option("run_scenario")
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/scenarios/scenario/run/")
    expect(page.locator("#id_stations")).to_have_value(f"{station}, {new}")
    page.locator("#id_scenario").select_option(label=slug)
    preview = page.locator("[data-preview]")
    expect(preview).to_contain_text("2 stations, 1 of them off")
    expect(preview).to_contain_text("OCPP 2.0.1")
    page.fill("#id_number", "1")
    expect(preview).to_contain_text("1 stations")
    page.get_by_text("Pick stations", exact=True).click()
    picks = page.locator(".sc-picks")
    page.get_by_label("Search stations").fill(station)
    expect(picks.locator("input:checked")).to_have_count(2)
    picks.locator(f"input[value={new}]").uncheck()
    expect(page.locator("#id_stations")).to_have_value(station)
    page.get_by_role("button", name="Run", exact=True).click()
    run = page.locator(f"[data-run={station}]")
    expect(run.locator("tr[data-state=passed]")).to_have_count(1)


def test_what_is_edited_is_saved_and_run(page: Page, platform: Stack, station: str) -> None:
    slug = open_editor(page, platform)
    put(page, "steps", json.dumps([DELAY, DELAY]))
    page.get_by_role("button", name="Save and run…").click()
    page.wait_for_url("**/run/")
    assert len(ask(page, platform, "GET", f"scenarios/{slug}")["steps"]) == 2


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_editor_run_and_execution_have_no_fault_of_access_and_fit(
    page: Page, platform: Stack, station: str, width: int, dark: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    wrong = {"type": "expect", "timeout": 1500, "params": {
        "action": "BootNotification", "payload": {"status": "Pending"}}}  # fmt: skip
    slug = open_editor(page, platform, [DELAY, wrong, {"type": "battery-swap"}])
    found = []

    def look(where: str) -> None:
        page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
        found.extend(f"{where}: {fault}" for fault in faults_of(page))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{where}: wider than the window")

    put(page, "steps", json.dumps([DELAY, {"type": "dance"}, wrong], indent=2))
    expect(page.locator(FAULTS)).to_have_count(1)
    page.locator(".field-steps .se-more summary").click()
    page.locator(".field-steps .se-try summary").click()
    look("editor")
    page.locator(".field-steps .se-palette summary").click()
    look("palette")
    page.goto(f"{platform.url}/admin/scenarios/scenario/run/")
    page.locator("#id_scenario").select_option(label=slug)
    page.fill("#id_stations", station)
    page.get_by_text("Pick stations", exact=True).click()
    expect(page.locator("[data-preview]")).to_contain_text("battery-swap is OCPP 2.1")
    expect(page.locator(".sc-picks li").first).to_be_visible()
    look("run")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("[data-compare]")).to_be_visible()
    look("execution")
    assert not found, "\n".join(found)
