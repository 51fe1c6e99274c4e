"""Work on many stations in a real browser: made, commanded, changed, imported, on the map."""

from __future__ import annotations

import csv
import io
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from benchmarks.processes import wait_until
from benchmarks.stack import Stack
from tests.browser.accessible import faults_of
from tests.browser.api import ask, connected
from tests.system.csms import PythonCsms

LIST = "/admin/stations/station/"


@pytest.fixture
def fleet(platform: Stack, page: Page, csms: PythonCsms) -> Iterator[str]:
    """A name that the template, the tag and the identities of a test begin with."""
    name = f"F{secrets.token_hex(3)}"
    ask(page, platform, "POST", "templates", {
        "name": f"{name} design", "csms_url": csms.url, "ocpp_version": "2.0.1",
        "vendor": "Fleet Co", "tags": [name], "latitude": 52.5, "longitude": 13.4,
        "connectors": [{"id": n, "evse": n, "kind": "CCS2", "phases": 0, "max_power_w": 90000}
                       for n in (1, 2)],
    })  # fmt: skip
    yield name
    found = ask(page, platform, "GET", f"stations?tag={name}&limit=500")["items"]
    names = [each["identity"] for each in found]
    if names:
        ask(page, platform, "POST", "stations/bulk/stop", {"identities": names})


def made(page: Page, platform: Stack, fleet: str, count: int, **more: object) -> list[str]:
    """Stations of the template, by the API."""
    body = {"template": f"{fleet} design", "pattern": f"{fleet}-{{n:02}}", "count": count, **more}
    job = ask(page, platform, "POST", "jobs/create", body)["id"]
    wait_until(
        lambda: ask(page, platform, "GET", f"jobs/{job}")["state"] == "done", 60, "the stations"
    )
    return [f"{fleet}-{n:02}" for n in range(1, count + 1)]


def over(page: Page, state: str = "done") -> None:
    expect(page.locator("#fleet-job")).to_have_attribute("data-state", state)


def test_many_are_made_from_a_template_with_a_preview_and_progress(
    page: Page, platform: Stack, fleet: str, csms: PythonCsms
) -> None:
    page.goto(f"{platform.url}{LIST}create-many/")
    page.select_option("[name=template]", label=f"{fleet} design")
    for field, value in {"pattern": f"{fleet}-{{n:02}}", "count": "12", "name": "Bay {n}",
                         "csms_url": f"{csms.url}/a 2\n{csms.url}/b", "tags": f"{fleet}, load",
                         "region": "Germany", "per_second": "6"}.items():  # fmt: skip
        page.fill(f"form.st-form [name={field}]", value)
    page.get_by_role("button", name="Preview").click()
    shown = page.locator("#st-preview")
    expect(shown).to_contain_text("12 stations would be made")
    expect(shown.locator("table").first).to_contain_text(re.compile(r"/a\s*8.*/b\s*4", re.DOTALL))
    page.check("[name=start]", force=True)
    page.get_by_role("button", name="Create stations").click()
    page.wait_for_url("**/fleet/jobs/*/")
    expect(page.locator("[data-of=pace]")).to_have_text("6 stations a second")
    over(page)
    expect(page.locator("[data-count=done]")).to_have_text("12")
    expect(page.locator("[data-rows] tr")).to_have_count(12)
    wait_until(lambda: connected(page, platform, f"{fleet}-12"), 60, "the last one's link")
    page.locator("[data-rows] a").first.click()
    expect(page.locator("#result_list")).to_contain_text(f"{fleet}-01")


def test_ticked_stations_get_a_command_and_each_ones_answer_is_told(
    page: Page, platform: Stack, fleet: str
) -> None:
    names = made(page, platform, fleet, 3, start=True)
    for name in names:
        wait_until(lambda: connected(page, platform, name), 60, name)  # noqa: B023
    ask(page, platform, "POST", f"stations/{names[2]}/stop")
    page.goto(f"{platform.url}{LIST}?tag={fleet}")
    for name in names:
        page.locator("tr", has_text=name).locator("input.action-select").check()
    page.locator("select[name=action]").select_option("many")
    page.get_by_role("button", name="Run").or_(page.locator("button[name=index]")).first.click()
    page.wait_for_url("**/fleet/many/**")
    expect(page.locator("[data-chosen]")).to_contain_text("3")
    page.select_option("[data-command]", "plug")
    page.locator("[data-command-fields] [data-name=connector]").fill("2")
    page.locator("[data-command-fields] summary", has_text="The car").click()
    profiles = page.locator("[data-command-fields] [data-name=profile] option")
    expect(profiles.filter(has_text="compact · ")).to_have_count(1)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-shown]")).to_contain_text(f"3 stations: {names[0]}")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/fleet/jobs/*/")
    over(page)
    expect(page.locator("[data-count=done]")).to_have_text("2")
    expect(page.locator(".fg-facts")).to_contain_text("Plug a car in")
    page.locator("button[data-result=refused]").click()
    expect(page.locator("[data-rows] tr")).to_have_count(1)
    expect(page.locator("[data-rows]")).to_contain_text("not_running")

    def occupied() -> bool:
        state = ask(page, platform, "GET", f"stations/{names[0]}/state")
        return state["connectors"][1]["status"] == "Occupied"

    wait_until(occupied, 60, "its second connector is told as occupied")
    with page.expect_download() as coming:
        page.get_by_role("link", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(coming.value.path().read_text())))
    assert [row["result"] for row in rows] == ["done", "done", "refused"]


def test_a_filter_chooses_what_is_changed_and_a_job_can_be_stopped(
    page: Page, platform: Stack, fleet: str
) -> None:
    names = made(page, platform, fleet, 5)
    page.goto(f"{platform.url}/admin/fleet/many/?tag={fleet}")
    expect(page.locator("#fleet-new")).to_have_attribute("data-ready", "yes")
    page.get_by_role("button", name="Change settings").click()
    expect(page.get_by_label("CSMS address", exact=True)).to_be_visible()
    expect(page.get_by_label("Default idTag", exact=True)).to_be_visible()
    page.get_by_label("Heartbeat interval", exact=True).fill("77")
    page.fill("[data-tags=add_tags]", "changed")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("[data-shown]")).to_contain_text("none refuses it")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/fleet/jobs/*/")
    over(page)
    row = ask(page, platform, "GET", f"stations/{names[4]}")
    assert (row["heartbeat_interval"], row["tags"]) == (77, [fleet, "changed"])

    page.goto(f"{platform.url}/admin/fleet/many/?tag={fleet}")
    page.select_option("[data-command]", "stop")
    page.fill("[data-pace]", "0.2")
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/fleet/jobs/*/")
    page.locator("[data-stop]").click()
    over(page, "stopped")
    expect(page.locator("[data-of=message]")).to_contain_text("Stopped after")
    page.get_by_role("link", name="All jobs").click()
    expect(page.locator("#fleet-jobs tbody tr").first).to_contain_text("stopped")


def test_a_file_is_looked_at_and_imported_whole_or_not_at_all(
    page: Page, platform: Stack, fleet: str, tmp_path: Path
) -> None:
    file = tmp_path / "stations.csv"
    file.write_text(f"identity,csms_url,tags\n{fleet}-A,ws://h,{fleet}\n{fleet}-B,http://h,\n")
    page.goto(f"{platform.url}/admin/fleet/import/")
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#fl-errors tbody tr")).to_have_count(1)
    expect(page.locator("#fl-errors tbody")).to_contain_text(re.compile(r"^3\s*" + fleet + "-B"))
    expect(page.locator("[data-said]")).to_have_text(
        "Nothing was imported. Correct 1 field and try again."
    )
    expect(page.get_by_role("button", name="Import", exact=True)).to_be_disabled()
    file.write_text(f"identity,csms_url,tags\n{fleet}-A,ws://h,{fleet}\n{fleet}-B,ws://h,{fleet}\n")
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#fl-outcomes tbody tr")).to_have_count(2)
    assert ask(page, platform, "GET", f"stations?tag={fleet}")["items"] == []
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("[data-said]")).to_contain_text("Imported: 2 created")
    page.goto(f"{platform.url}{LIST}?tag={fleet}")
    with page.expect_download() as coming:
        page.get_by_role("link", name="Export JSON").click()
    told = json.loads(coming.value.path().read_text())
    assert [each["identity"] for each in told["stations"]] == [f"{fleet}-A", f"{fleet}-B"]


def test_a_template_fills_the_form_and_one_connector_is_there_before(
    page: Page, platform: Stack, fleet: str
) -> None:
    page.goto(f"{platform.url}{LIST}add/")
    connectors = page.locator('[data-rows="connectors"] tbody tr')
    expect(connectors).to_have_count(1)
    # Two fields side by side begin at one height, however long the words below them are.
    tops = [page.locator(f"[name={name}]").bounding_box() for name in ("latitude", "longitude")]
    assert tops[0]["y"] == tops[1]["y"]
    page.fill("[name=identity]", f"{fleet}-OWN")
    page.locator("select[name=template]").select_option(label=f"{fleet} design", force=True)
    expect(page.locator("#station_form")).to_have_attribute("data-filled", re.compile("."))
    expect(page.locator("[name=identity]")).to_have_value(f"{fleet}-OWN")
    expect(page.locator("[name=vendor]")).to_have_value("Fleet Co")
    expect(page.locator("[name=latitude]")).to_have_value("52.5")
    expect(connectors).to_have_count(2)
    page.locator("[name=_save]").first.click()
    page.wait_for_url(re.compile(r"/station/(\?|$)"))
    row = ask(page, platform, "GET", f"stations/{fleet}-OWN")
    assert (row["vendor"], row["ocpp_version"], len(row["connectors"])) == ("Fleet Co", "2.0.1", 2)
    assert row["connectors"][1]["kind"] == "CCS2"


def test_a_form_that_is_refused_leads_to_its_fault(page: Page, platform: Stack) -> None:
    page.goto(f"{platform.url}/admin/stations/template/add/")
    page.fill("[name=name]", "No address")
    page.locator("[name=_save]").first.click()
    expect(page.locator("[name=csms_url]")).to_be_focused()
    expect(page.locator("[name=csms_url]")).to_be_in_viewport()


def test_columns_and_filters_are_chosen_and_kept(page: Page, platform: Stack, fleet: str) -> None:
    made(page, platform, fleet, 2)
    page.goto(f"{platform.url}{LIST}?tag={fleet}")
    head = page.locator("#result_list thead")
    expect(head).to_contain_text("Connectors")
    page.get_by_text("Columns", exact=True).click()
    page.locator("[data-columns] label", has_text="Connectors").locator("input").uncheck()
    page.locator("[data-columns] label", has_text="Template").locator("input").check()
    page.get_by_role("button", name="Show these").click()
    expect(head).not_to_contain_text("Connectors")
    expect(page.locator("#result_list")).to_contain_text(f"{fleet} design")
    page.get_by_text("Saved filters", exact=True).click()
    page.fill("[data-save] [name=name]", f"{fleet} ones")
    page.get_by_role("button", name="Save", exact=True).click()
    saved = page.locator("[data-saved] a", has_text=f"{fleet} ones")
    expect(saved).to_have_attribute("aria-current", "true")
    page.goto(f"{platform.url}{LIST}")
    expect(head).not_to_contain_text("Connectors")
    page.get_by_text("Saved filters", exact=True).click()
    saved.click()
    page.wait_for_url(f"**tag={fleet}**")
    page.get_by_text("Saved filters", exact=True).click()
    page.get_by_role("button", name=f"Remove {fleet} ones").click()
    expect(saved).to_have_count(0)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_role("button", name="The usual ones").click()
    expect(head).to_contain_text("Connectors")


def test_the_list_says_why_a_station_is_sick(page: Page, platform: Stack, fleet: str) -> None:
    made(page, platform, fleet, 1, csms_urls=[{"url": "ws://127.0.0.1:9/ocpp"}], start=True)
    page.goto(f"{platform.url}{LIST}?tag={fleet}")
    expect(page.locator("[data-live=why]").first).to_contain_text("Not connected: ")


def test_the_map_shows_the_fleet_in_clusters_and_leads_to_a_station(
    page: Page, platform: Stack, fleet: str
) -> None:
    names = made(page, platform, fleet, 20, region="Germany")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{platform.url}/admin/fleet/map/?tag={fleet}")
    root = page.locator("#fleet-map")
    expect(root).to_have_attribute("data-ready", "yes")
    expect(root).to_have_attribute("data-count", "20")
    expect(page.locator(".fm-legend > [data-state=stopped] [data-count]")).to_have_text("20")
    expect(page.locator(".fm-many, .fm-one").first).to_be_visible()
    assert page.locator(".fm-land").count() > 100
    for zoom in range(int(root.get_attribute("data-zoom")) - 1, 0, -1):
        page.locator(".leaflet-control-zoom-out").click()
        expect(root).to_have_attribute("data-zoom", str(zoom))  # a click while it moves is lost
    expect(page.locator(".fm-many b")).to_have_text(["20"])
    page.get_by_role("button", name="Show all").click()
    page.select_option("[name=state]", "charging")
    expect(root).to_have_attribute("data-count", "0")
    page.select_option("[name=state]", "")
    expect(root).to_have_attribute("data-count", "20")
    page.locator("[data-rows] a", has_text=names[0]).click()
    page.wait_for_url("**/life/**")
    assert all(url.startswith((platform.url, "data:", "blob:")) for url in asked), asked


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("dark", [False, True])
def test_pages_of_the_fleet_have_no_fault_of_access_and_fit(
    page: Page, platform: Stack, fleet: str, width: int, dark: bool
) -> None:
    names = made(page, platform, fleet, 12, region="France")
    sent = {"identities": names, "command": "stop"}
    job = ask(page, platform, "POST", "jobs/command", sent)["id"]
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if dark else "light")
    shown = {
        "fleet/jobs/": "#fleet-jobs tbody a", f"fleet/jobs/{job}/": "[data-rows] a",
        "fleet/many/": "[data-command-fields] *, [data-command-help]",
        "fleet/import/": "[data-said]", f"fleet/map/?tag={fleet}": ".fm-many, .fm-one",
        f"stations/station/?tag={fleet}": "[data-live=badge]",
        "stations/station/create-many/": "[name=pattern]",
    }  # fmt: skip
    faults = []
    for address, sign in shown.items():
        page.goto(f"{platform.url}/admin/{address}")
        page.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", dark)
        expect(page.locator(sign).first).to_be_attached()
        for drop in page.locator(".st-drop > summary").all():
            drop.click()
        faults += [f"{address}: {each}" for each in faults_of(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append(f"{address}: wider than the window")
    assert not faults, "\n".join(faults)
