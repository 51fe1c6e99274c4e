"""Scenarios by hand: written in the form, run on a station, watched, cancelled."""

from __future__ import annotations

import json
import re
import secrets
from pathlib import Path

from playwright.sync_api import Page, expect

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.browser.api import ask
from tests.browser.editing import put
from tests.system.csms import PythonCsms
from tests.system.field_relay import FieldRelay

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
    expect(page.locator("body")).to_have_attribute("data-editor", "ready")
    page.fill("#id_name", "By hand")
    page.locator("#id_name").blur()  # a proposal for the id is made of the name
    expect(page.locator("#id_slug")).to_have_value("by-hand")
    page.fill("#id_slug", f"by-hand-{secrets.token_hex(3)}")
    faults = page.locator("#id_steps-faults li")
    put(page, "steps", '[{"type": "delay"},')
    expect(faults).to_contain_text("line 1")
    put(page, "steps", '[\n{"type": "delay",\n"params": {"duration": -1}}]')
    expect(faults).to_have_text(re.compile('line 3.*Correct the param "duration"'))
    page.locator("button[name=_continue]").click()
    expect(page.locator("body")).to_contain_text('Correct the param "duration"')
    expect(page.locator("body")).to_have_attribute("data-editor", "ready")
    put(page, "steps", json.dumps(STEPS, indent=2))
    expect(faults).to_have_count(0)
    page.get_by_text("Cleanup and variables", exact=True).click()
    put(page, "cleanup", json.dumps(LAST))
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
    expect(row.locator("[data-execution]")).to_have_text("failed")
    expect(row).to_contain_text(f'$station is "{station}", not "X".')
    expect(row).to_contain_text("1 / 1")
    page.screenshot(path=tmp_path / "list2.png")
    page.goto(f"{platform.url}/admin/scenarios/scenario/")
    expect(page.locator("#result_list")).to_contain_text(slug)
    page.screenshot(path=tmp_path / "scenarios.png")


def told_of(page: Page, address: str) -> dict | None:
    answer = page.request.get(address)
    return answer.json()["message"] if answer.ok else None


def test_what_the_wire_watch_found_stands_on_the_page(
    page: Page, platform: Stack, csms: PythonCsms, tmp_path: Path
) -> None:
    """A CSMS that is no good, and a step that fails by its answer, with links to the frames."""
    slug, name = f"watched-{secrets.token_hex(3)}", f"SLOPPY-{secrets.token_hex(3)}"
    steps = [
        {"type": "expect", "timeout": 30000, "params": {
            "direction": "sent", "action": "BootNotification", "kind": "Call"}},
        {"type": "expect", "timeout": 30000, "params": {"answers": True}},
    ]  # fmt: skip
    with FieldRelay(csms.url) as relay:
        ask(page, platform, "POST", "stations", {"identity": name, "csms_url": relay.url})
        ask(page, platform, "POST", "scenarios", {"scenarioId": slug, "name": slug, "steps": steps})
        asked = {"stations": [name], "start": True, "watch": {"duplicate_id": "off"}}
        made = ask(page, platform, "POST", f"scenarios/{slug}/run", asked)
        page.goto(f"{platform.url}/admin/scenarios/execution/{made['id']}/change/")
        run = page.locator(f"[data-run={name}]")
        row = run.locator(".sc-findings tr[data-level=fail]").filter(has_text="time_zone")
        expect(row).to_contain_text("The answer to BootNotification has a time without a zone")
        seen = run.locator("tr[data-state=failed] .sc-seen li").last
        expect(seen).to_contain_text("received BootNotification CallResult")
        page.screenshot(path=tmp_path / "findings.png", full_page=True)
        address = row.get_by_role("link", name="message 1").get_attribute("href")
        stored = wait_until(lambda: told_of(page, f"{platform.url}{address}"), 60, "it is stored")
        assert (stored["action"], stored["direction"]) == ("BootNotification", "received")
        ask(page, platform, "POST", f"stations/{name}/stop")
