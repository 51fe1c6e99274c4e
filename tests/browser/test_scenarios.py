"""Scenarios by hand: written in the form, run on a station, watched, cancelled."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.stack import Stack
from tests.browser.api import ask

STEPS = [
    {"type": "start-transaction", "description": "A session begins", "params": {"connector": 1}},
    {"type": "expect", "description": "The CSMS is told", "timeout": 10000, "params": {
        "direction": "sent", "action": "StartTransaction", "kind": "Call"}},
    {"type": "repeat", "description": "It goes on", "params": {"forever": True, "steps": [
        {"type": "delay", "params": {"duration": 500}}]}},
]  # fmt: skip
LAST = [{"type": "api_call", "description": "and ends", "params": {"action": "stop_charging"}}]


def write(page: Page, platform: Stack, tmp_path: Path) -> None:
    page.goto(f"{platform.url}/admin/scenarios/scenario/add/")
    page.fill("#id_name", "By hand")
    page.locator("#id_name").blur()  # a proposal for the id is made of the name
    expect(page.locator("#id_slug")).to_have_value("by-hand")
    page.fill("#id_slug", f"by-hand-{secrets.token_hex(3)}")
    page.fill("#id_steps", '[{"type": "delay"},')
    expect(page.locator("#id_steps + .sc-hint")).to_contain_text("Not JSON")
    page.fill("#id_steps", '[{"type": "delay"}]')
    expect(page.locator("#id_steps + .sc-hint")).to_have_text("A list of 1")
    page.locator("button[name=_continue]").click()
    expect(page.locator("body")).to_contain_text('Correct the param "duration"')
    page.fill("#id_steps", json.dumps(STEPS, indent=2))
    page.get_by_text("Cleanup and variables", exact=True).click()
    page.fill("#id_cleanup", json.dumps(LAST))
    page.screenshot(path=tmp_path / "form.png")
    page.locator("button[name=_continue]").click()
    page.wait_for_url("**/change/")


def test_a_scenario_is_written_run_watched_and_cancelled(
    page: Page, platform: Stack, station: str, tmp_path: Path
) -> None:
    write(page, platform, tmp_path)
    page.screenshot(path=tmp_path / "scenario.png", full_page=True)
    page.get_by_role("link", name="Run on stations…").click()
    page.fill("#id_stations", "NOBODY")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.locator("body")).to_contain_text("There is no station NOBODY")
    page.fill("#id_stations", station)
    page.screenshot(path=tmp_path / "run.png", full_page=True)
    page.get_by_role("button", name="Run", exact=True).click()

    execution = page.locator("[data-execution-page]")
    expect(execution.locator("[data-part=badge]")).to_have_text("running")
    run = execution.locator(f"[data-run={station}]")
    expect(run).to_contain_text("The CSMS is told")
    expect(run.locator("tr[data-state=passed]").nth(4)).to_be_visible()
    page.screenshot(path=tmp_path / "execution.png", full_page=True)
    execution.get_by_role("button", name="Cancel").click()
    expect(execution.locator("[data-part=badge]")).to_have_text("cancelled")
    expect(execution.locator("[data-part=message]")).to_have_text("Cancelled by admin.")
    expect(run.locator("tr").filter(has_text="and ends")).to_contain_text("passed")
    expect(execution.get_by_role("button", name="Cancel")).to_be_hidden()


def test_the_list_is_kept_fresh(page: Page, platform: Stack, station: str, tmp_path: Path) -> None:
    slug = f"short-{secrets.token_hex(3)}"
    wrong = {"conditions": [{"value": "$station", "is": "X"}]}
    steps = [
        {"type": "delay", "params": {"duration": 3000}}, {"type": "assert", "params": wrong},
    ]  # fmt: skip
    ask(page, platform, "POST", "scenarios", {"scenarioId": slug, "name": slug, "steps": steps})
    ask(page, platform, "POST", f"scenarios/{slug}/run", {"stations": [station]})
    page.goto(f"{platform.url}/admin/scenarios/execution/?scenario_slug={slug}")
    row = page.locator("#result_list tbody tr").filter(has_text=slug)
    expect(row.locator("[data-execution]")).to_have_text("running")
    page.screenshot(path=tmp_path / "list.png")
    expect(row.locator("[data-execution]")).to_have_text("failed", timeout=20_000)
    expect(row).to_contain_text(f'$station is "{station}", not "X".')
    expect(row).to_contain_text("1 / 1")
    page.screenshot(path=tmp_path / "list2.png")
    page.goto(f"{platform.url}/admin/scenarios/scenario/")
    expect(page.locator("#result_list")).to_contain_text(slug)
    page.screenshot(path=tmp_path / "scenarios.png")
