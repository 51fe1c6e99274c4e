"""The message crafter and the keyboard, in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.stack import Stack
from tests.browser.accessible import faults_of
from tests.browser.api import ask

TEXT = "#cr-raw .cm-content"


def open_crafter(page: Page, platform: Stack, station: str, action: str) -> None:
    page.goto(f"{platform.url}/admin/crafter/?station={station}&action={action}")
    expect(page.locator("[data-about]")).to_contain_text("OCPP 1.6, connected")
    expect(page.locator("[data-verdict]")).to_have_text("Valid by the schema.")


def write(page: Page, text: str) -> None:
    """In the place of what stands in the editor, as one pastes it."""
    page.locator(TEXT).focus()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(text)


def send(page: Page) -> None:
    page.locator("[data-send]").click()


def test_a_message_is_made_by_form_or_text_checked_sent_and_answered(
    page: Page, platform: Stack, station: str
) -> None:
    open_crafter(page, platform, station, "BootNotification")
    errors = page.locator("#cr-errors li")
    expect(errors).to_have_count(0)  # the example is valid, and of this station
    make = ask(page, platform, "GET", f"stations/{station}")["vendor"]
    expect(page.locator("#cr-form [data-name=chargePointVendor]")).to_have_value(make)
    page.locator("#cr-form [data-name=chargePointVendor]").fill("Another make")
    expect(page.locator(TEXT)).to_contain_text("Another make")

    write(page, '{\n  "chargePointVendor": 5,\n  "more": true\n}')
    expect(errors).to_have_count(3)
    expect(errors.filter(has_text="line 2")).to_contain_text("string is wanted")
    expect(errors.filter(has_text="line 3")).to_contain_text("there is no such field")
    expect(errors.filter(has_text="chargePointModel is missing")).to_have_count(1)
    expect(page.locator("#cr-raw .cm-lint-marker-error")).to_have_count(3)
    # What the form has no field for, and what its field cannot hold, stays.
    page.locator("#cr-form [data-name=chargePointModel]").fill("Wall")
    expect(page.locator(TEXT)).to_contain_text(re.compile('"chargePointVendor": 5.*"more": true'))
    write(page, '{\n  "a": 1,,\n}')
    expect(errors).to_contain_text("line 2")

    page.get_by_role("button", name="Example").click()
    send(page)
    expect(page.locator("#cr-answer [data-kind]")).to_contain_text("CallResult")
    expect(page.locator("#cr-answer [data-frame]")).to_contain_text("Accepted")


def test_lists_within_lists_are_fields(page: Page, platform: Stack, station: str) -> None:
    open_crafter(page, platform, station, "MeterValues")
    form = page.locator("#cr-form")
    form.locator("[data-add=sampledValue]").click()
    form.locator("[data-name=value]").nth(1).fill("230")
    form.locator("[data-name=unit]").nth(1).select_option(label="V")
    expect(page.locator(TEXT)).to_contain_text(re.compile('"value": "230".*"unit": "V"'))
    expect(page.locator("[data-verdict]")).to_have_text("Valid by the schema.")
    form.get_by_role("button", name="Remove sampledValue 1").click()
    expect(form.locator("[data-name=value]")).to_have_count(1)
    send(page)
    expect(page.locator("#cr-answer [data-kind]")).to_contain_text("CallResult")


def test_what_is_wrong_on_purpose_is_sent_all_the_same(
    page: Page, platform: Stack, station: str
) -> None:
    open_crafter(page, platform, station, "StatusNotification")
    page.get_by_text("Wrong on purpose", exact=True).click()
    kind, place = page.locator("[name=wrong]"), page.locator("[name=place]")
    kind.select_option("drop")
    place.select_option("/errorCode")
    page.locator("[data-make-wrong]").click()
    expect(page.locator("#cr-errors li")).to_contain_text("errorCode is missing")
    send(page)
    expect(page.locator("#cr-answer [data-kind]")).to_contain_text("CallError")
    for fault, words in (("type", "integer is wanted"), ("extra", "there is no such field")):
        page.get_by_role("button", name="Example").click()
        kind.select_option(fault)
        place.select_option("/connectorId" if fault == "type" else "")
        page.locator("[data-make-wrong]").click()
        expect(page.locator("#cr-errors li")).to_contain_text(words)
    page.get_by_role("button", name="Example").click()
    kind.select_option("result")
    page.locator("[data-make-wrong]").click()
    expect(page.locator("[name=mode]")).to_have_value("frame")
    expect(page.locator(TEXT)).to_contain_text(re.compile(r"^\[\s*3,"))
    kind.select_option("long-id")
    page.locator("[data-make-wrong]").click()
    send(page)
    expect(page.locator("[data-said]")).to_contain_text("Sent as")
    sent = page.locator("[data-said]").inner_text().removeprefix("Sent as ").rstrip(".")
    assert len(sent) == 37


def test_requests_are_kept_used_exported_and_sent_to_many(
    page: Page, platform: Stack, station: str, tmp_path: Path
) -> None:
    open_crafter(page, platform, station, "DataTransfer")
    write(page, '{"vendorId": "Kept"}')
    page.locator("[data-save]").click()
    form = page.locator("[data-save-form]")
    form.locator("[name=name]").fill(f"Mine {station}")
    form.locator("[name=folder]").fill("Data/ours")
    form.get_by_role("button", name="Keep").click()
    folder = page.locator("[data-folder='Data/ours']")
    expect(folder).to_contain_text(f"Mine {station}")
    with page.expect_download() as download:
        page.locator("[data-export]").click()
    path = tmp_path / "requests.json"
    download.value.save_as(path)
    assert "Kept" in path.read_text()
    folder.get_by_role("button", name=f"Delete Mine {station}").click()
    expect(folder.get_by_text(f"Mine {station}")).to_have_count(0)
    page.locator("[data-import]").set_input_files(path)
    expect(page.locator("[data-kept-said]")).to_contain_text("imported")
    write(page, "{}")
    folder.get_by_role("button", name=f"Mine {station}", exact=True).click()
    expect(page.locator(TEXT)).to_contain_text('"vendorId": "Kept"')

    off = f"OFF-{station}"
    body = {"identity": off, "csms_url": "ws://127.0.0.1:9/ocpp"}
    ask(page, platform, "POST", "stations", body)
    page.locator("[data-many] [name=stations]").fill(f"{station}, {off}")
    page.get_by_role("button", name="Send to all of them").click()
    row = page.locator(f"#cr-report [data-station={station}]")
    expect(row).to_contain_text("CallResult")
    expect(page.locator(f"#cr-report [data-station={off}]")).to_contain_text("It does not run")
    page.locator("[name=failures]").check()
    expect(page.locator("[data-report] tr")).to_have_count(1)
    page.locator("[name=failures]").uncheck()
    row.get_by_role("button").click()
    expect(page.locator("#cr-answer [data-frame]")).to_contain_text("status")
    history = page.locator("[data-history] tr").first
    expect(history).to_contain_text("2 stations")
    page.reload()
    expect(page.locator("[data-history] tr").first).to_contain_text("DataTransfer")


def test_what_was_crafted_becomes_steps(page: Page, platform: Stack, station: str) -> None:
    open_crafter(page, platform, station, "Heartbeat")
    page.locator("[data-to-scenario]").click()
    page.get_by_role("button", name="Open the scenario").click()
    page.wait_for_url("**/scenarios/scenario/add/")
    expect(page.locator("body")).to_have_attribute("data-editor", "ready")
    expect(page.locator(".field-steps .cm-content")).to_contain_text('"action": "Heartbeat"')
    expect(page.locator(".field-steps")).to_contain_text("3 steps came from the message crafter")
    expect(page.locator("#id_steps-faults li")).to_have_count(0)


def test_every_example_is_valid_by_its_schema(page: Page, platform: Stack, station: str) -> None:
    open_crafter(page, platform, station, "Heartbeat")
    actions = page.locator("[name=action] option").all_inner_texts()
    assert len(actions) > 10
    wrong = []
    for version in ("1.6", "2.0.1", "2.1"):
        told = page.request.get(f"{platform.url}/api/schemas/{version}").json()["actions"]
        wrong += page.evaluate(
            """async ([version, actions]) => {
                const { exampleOf, faultsOf } = await import("/static/emulator/json/schema.js");
                const { Form } = await import("/static/emulator/json/form.js");
                const wrong = [];
                for (const action of actions) {
                    const schema = await (await fetch(`/api/schemas/${version}/${action}`)).json();
                    const made = exampleOf(schema, schema, {});
                    for (const fault of faultsOf(schema, made)) wrong.push([action, fault, made]);
                    // A form gives back what it was filled with.
                    const form = new Form(schema);
                    form.fill(made);
                    const read = JSON.stringify(form.read());
                    if (read !== JSON.stringify(made)) wrong.push([action, "form", made, read]);
                }
                return wrong;
            }""",
            [version, told],
        )
    assert not wrong, json.dumps(wrong, indent=1)


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_the_crafter_has_no_fault_of_access_and_fits(
    page: Page, platform: Stack, station: str, width: int, dark: bool
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    open_crafter(page, platform, station, "MeterValues")
    page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
    write(page, '{"connectorId": "x"}')
    expect(page.locator("#cr-errors li").first).to_be_visible()
    page.get_by_text("Wrong on purpose", exact=True).click()
    page.locator("[data-save]").click()
    page.locator("[data-send]").click()
    expect(page.locator("[data-history] tr").first).to_contain_text("MeterValues")
    page.locator("[data-history] tr").first.get_by_role("button", name="Report").click()
    expect(page.locator("[data-report] tr")).to_have_count(1)
    found = faults_of(page)
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        found.append("wider than the window")
    assert not found, "\n".join(found)


def test_the_keyboard_goes_where_the_mouse_does(page: Page, platform: Stack) -> None:
    page.goto(f"{platform.url}/admin/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()
    page.keyboard.press("g")
    page.keyboard.press("s")
    page.wait_for_url("**/admin/stations/station/")
    page.keyboard.press("/")
    expect(page.locator("#searchbar")).to_be_focused()
    page.keyboard.type("g d?")  # in a field they are letters
    expect(page.locator("#searchbar")).to_have_value("g d?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    keys = page.get_by_role("dialog")
    expect(keys).to_contain_text("Sessions (transactions)")
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
