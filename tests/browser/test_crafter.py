"""The message crafter and the keyboard, in a real browser."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from benchmarks.stack import Stack
from tests.browser.accessible import faults_of

TEXT = "[data-text]"


def open_crafter(page: Page, platform: Stack, station: str, action: str) -> None:
    page.goto(f"{platform.url}/admin/crafter/?station={station}&action={action}")
    expect(page.locator("[data-about]")).to_contain_text("OCPP 1.6, connected")
    expect(page.locator("[data-verdict]")).to_have_text("Valid by the schema.")


def test_a_message_is_made_by_form_or_text_checked_sent_and_answered(
    page: Page, platform: Stack, station: str
) -> None:
    open_crafter(page, platform, station, "BootNotification")
    errors = page.locator("#cr-errors li")
    expect(errors).to_have_count(0)  # the example is valid
    page.locator("#cr-form [data-name=chargePointVendor]").fill("Another make")
    expect(page.locator(TEXT)).to_have_value(re.compile("Another make"))

    page.locator(TEXT).fill('{\n  "chargePointVendor": 5,\n  "more": true\n}')
    expect(errors).to_have_count(3)
    expect(errors.filter(has_text="line 2")).to_contain_text("string is wanted")
    expect(errors.filter(has_text="line 3")).to_contain_text("there is no such field")
    expect(errors.filter(has_text="chargePointModel is missing")).to_have_count(1)
    page.locator(TEXT).fill('{\n  "a": 1,,\n}')
    expect(errors).to_contain_text("line 2")

    page.get_by_role("button", name="Example").click()
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#cr-answer [data-kind]")).to_contain_text("CallResult")
    expect(page.locator("#cr-answer [data-frame]")).to_contain_text("Accepted")

    # What is wrong on purpose is sent all the same.
    page.locator("[name=action]").select_option("StatusNotification")
    expect(page.locator(TEXT)).to_have_value(re.compile("errorCode"))
    page.locator(TEXT).fill("{}")
    page.get_by_role("button", name="Send").click()
    expect(page.locator("#cr-answer [data-kind]")).to_contain_text("CallError")


def test_every_example_is_valid_by_its_schema(page: Page, platform: Stack, station: str) -> None:
    open_crafter(page, platform, station, "Heartbeat")
    actions = page.locator("[name=action] option").all_inner_texts()
    assert len(actions) > 10
    wrong = []
    for version in ("1.6", "2.0.1", "2.1"):
        told = page.request.get(f"{platform.url}/api/schemas/{version}").json()["actions"]
        wrong += page.evaluate(
            """async ([version, actions]) => {
                const { exampleOf, faultsOf } = await import("/static/stations/crafter/schema.js");
                const wrong = [];
                for (const action of actions) {
                    const schema = await (await fetch(`/api/schemas/${version}/${action}`)).json();
                    const made = exampleOf(schema, schema, {});
                    for (const fault of faultsOf(schema, made)) wrong.push([action, fault, made]);
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
    page.locator(TEXT).fill('{"connectorId": "x"}')
    expect(page.locator("#cr-errors li").first).to_be_visible()
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
