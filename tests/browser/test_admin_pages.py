"""A page of each kind in a real browser, with rows in every table: no script error, no failed
request, and what a page of periodic tasks shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from tests.browser.site import LOOKERS, Site


@pytest.fixture(params=LOOKERS)
def looker(request, site: Site, browser: Browser) -> Iterator[Page]:
    """A page of this user's; `faults` of it are the browser's own complaints."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    value = site.sessions[request.param]
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": value, "url": site.url}])
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.kind, page.faults = request.param, []
    listen(page)
    yield page
    context.close()


def listen(page: Page) -> None:
    def note(what: str) -> None:
        page.faults.append(f"{page.url}: {what}")

    page.on("pageerror", lambda error: note(f"script: {error}"))
    page.on("console", lambda said: note(f"console: {said.text}") if said.type == "error" else None)
    page.on("response", lambda got: note(f"{got.status} {got.url}") if got.status >= 400 else None)
    # A request that ended because the page was left is none.
    page.on(
        "requestfailed",
        lambda failed: None if "ERR_ABORTED" in failed.failure else note(
            f"{failed.failure} {failed.url}"
        ),
    )  # fmt: skip


def test_pages_of_each_kind_have_no_error(site: Site, looker: Page) -> None:
    for address in site.addresses + (site.writing if looker.kind == "superuser" else []):
        looker.goto(site.url + address)
        expect(looker.locator("#main")).to_be_visible()
    assert not looker.faults, "\n".join(looker.faults)


@pytest.mark.parametrize("looker", ["superuser"], indirect=True)
def test_a_periodic_task_tells_its_crontab_in_words(site: Site, looker: Page) -> None:
    looker.goto(site.url + site.crontab_task)
    for key, words in site.crontabs.items():
        looker.select_option("#id_crontab", key)
        expect(looker.locator("#crontab-in-words")).to_have_text(words)
    expect(looker.locator("#main")).not_to_contain_text("Crontab translation")
    assert not looker.faults


def test_an_error_page_leads_back(site: Site, looker: Page) -> None:
    looker.goto(f"{site.url}/admin/no/such/page/")
    expect(looker.locator("#error-page h1")).to_have_text("Not found")
    looker.get_by_role("link", name="Dashboard").click()
    expect(looker.locator("#health-cards")).to_be_visible()


@pytest.mark.parametrize("looker", ["superuser"], indirect=True)
def test_the_page_of_the_api_opens_without_eval(site: Site, looker: Page) -> None:
    looker.goto(f"{site.url}/api/docs")
    expect(looker.locator(".swagger-ui .info .title")).to_contain_text("OCPP Emulator")
    assert not looker.faults, "\n".join(looker.faults)


@pytest.mark.parametrize("looker", ["superuser"], indirect=True)
def test_no_text_becomes_a_script(site: Site, looker: Page) -> None:
    """As if somebody had got his markup into a page."""
    looker.goto(f"{site.url}/admin/")
    looker.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'it ran'";
        document.body.append(script);
        document.body.insertAdjacentHTML("beforeend",
            '<img id="bait" src="/no-picture" onerror="document.title = \\'it ran\\'">');
    }""")
    looker.wait_for_function("document.getElementById('bait').complete")
    assert looker.title() != "it ran"
    refused = [fault for fault in looker.faults if "Content Security Policy" in fault]
    assert len(refused) == 2, looker.faults
