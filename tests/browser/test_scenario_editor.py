"""The editor of a scenario: text and form in step, the palette, faults at their lines, a step
tried, a run from ticked stations, and a failed step beside what came."""

from __future__ import annotations

import json
import re
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
    expect(page.locator(".field-steps .se-palette input")).to_be_focused()
    page.keyboard.type(words)
    page.keyboard.press("Enter")


def steps_of(page: Page) -> list:
    return json.loads(read(page, "steps"))


def test_steps_come_from_the_palette_and_form_and_text_stay_in_step(
    page: Page, platform: Stack
) -> None:
    slug = open_editor(page, platform)
    insert(page, "Expect a message")
    form = page.locator(".field-steps .se-form")
    expect(form).to_contain_text("Step 2: Expect a message")
    form.locator("[data-name=action]").fill("Heartbeat")
    form.locator("[data-name=count]").fill("$n")
    form.locator(".se-more summary").click()
    form.locator("[data-name=timeout]").fill("5000")
    form.locator("[data-name=optional]").select_option(label="yes")
    expect(page.locator(FAULTS)).to_contain_text("No step gives $n a value")
    form.locator("[data-name=count]").fill("2")
    expect(page.locator(FAULTS)).to_have_count(0)
    assert steps_of(page) == [DELAY, {
        "type": "expect", "timeout": 5000, "optional": True,
        "params": {"direction": "sent", "action": "Heartbeat", "kind": "Call", "count": 2},
    }]  # fmt: skip
    put(page, "steps", json.dumps([{"type": "plug", "params": {"connector": 2}}], indent=1))
    expect(form).to_contain_text("Step 1: Plug a car in")
    expect(form.locator("[data-name=connector]")).to_have_value("2")
    bar = page.locator(".field-steps .se-bar")
    insert(page, "no such step")
    palette = page.locator(".field-steps .se-palette")
    expect(palette).to_contain_text("No step has these words.")
    page.keyboard.press("Escape")
    insert(page, "repeat")
    page.locator(".field-steps .cm-content").focus()
    for name in ("Duplicate", "Up", "Remove"):
        bar.get_by_role("button", name=name, exact=True).click()
    expect(page.locator(FAULTS)).to_have_count(0)
    assert [step["type"] for step in steps_of(page)] == ["plug", "repeat"]
    page.locator("button[name=_continue]").click()
    expect(page.locator("body")).to_have_attribute("data-editor", "ready")
    kept = ask(page, platform, "GET", f"scenarios/{slug}")["steps"]
    assert [step["type"] for step in kept] == ["plug", "repeat"]


def test_what_the_server_says_stands_at_the_line_while_one_types(
    page: Page, platform: Stack
) -> None:
    open_editor(page, platform)
    put(page, "steps", '[\n{"type": "delay",\n "params": {"duration": 1}},\n{"type": "dance"}\n]')
    expect(page.locator(FAULTS)).to_have_text(re.compile(r"line 4.*There is no type"))
    expect(page.locator(".field-steps .cm-lint-marker-error")).to_have_count(1)
    expect(page.locator("[data-versions]")).to_contain_text("1 to correct")
    page.locator(FAULTS).get_by_role("button").click()
    expect(page.locator(".field-steps .cm-content")).to_be_focused()
    put(page, "steps", '[\n{"type": "battery-swap"}\n]')
    expect(page.locator("[data-versions]")).to_contain_text("OCPP 1.6: 1 step fails there")
    expect(page.locator("[data-versions]")).to_contain_text("OCPP 2.1: all steps")
    page.locator(".field-steps .se-bar").get_by_role("button", name="Fold all", exact=True).click()
    expect(page.locator(".field-steps .cm-foldPlaceholder").first).to_be_visible()


def test_a_step_is_tried_and_its_failure_stands_beside_what_came(
    page: Page, platform: Stack, station: str
) -> None:
    wrong = {"idTagInfo": {"status": "Blocked"}}
    open_editor(page, platform, [
        DELAY,
        {"type": "authorize", "params": {"connector": 1, "id_tag": "TAG-1"}},
        {"type": "expect", "params": {"direction": "sent", "action": "Authorize", "kind": "Call"}},
        {"type": "expect", "params": {"answers": True, "payload": wrong}},
    ])  # fmt: skip
    trying = page.locator(".field-steps .se-try")
    trying.locator("summary").click()
    trying.get_by_label("Station").fill(station)
    trying.get_by_role("button", name="Try this step").click()
    expect(trying.locator("[data-tried]")).to_have_attribute("data-state", "passed")
    expect(trying.locator("[data-tried] tr")).to_have_count(1)
    trying.get_by_role("button", name="Try all steps").click()
    expect(trying.locator("[data-tried]")).to_have_attribute("data-state", "failed")
    trying.get_by_role("link", name="The execution").click()
    compared = page.locator("[data-compare]")
    expected, received = compared.locator("pre").first, compared.locator("pre").last
    expect(expected.locator(".sc-differs")).to_contain_text('"status": "Blocked"')
    expect(received.locator(".sc-differs")).to_contain_text('"status": "Accepted"')
    row = page.locator("tr[data-state=failed]")
    row.get_by_role("link", name="this moment in the live view").click()
    page.wait_for_url("**/admin/live/?mode=history*")
    expect(page.locator("#lv-scroll")).to_contain_text("Authorize")


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
    expect(preview.locator("p").first).to_have_text("1 station")
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
