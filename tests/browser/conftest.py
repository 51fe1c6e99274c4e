"""A real browser, Debian's Chromium, in front of the real processes."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.processes import raise_file_limit, wait_until
from benchmarks.stack import ADMIN, Stack
from tests.browser.api import ask, connected
from tests.browser.site import Site, serve
from tests.system.csms import PythonCsms

# Without these Chromium looks for its maker's servers at every start.
QUIET = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync"]  # fmt: skip


PATIENCE = 60_000  # ms; a shared machine may be slow
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    raise_file_limit()
    parts = ("worker", "celery", "web", "scenarios")
    with Stack(tmp_path_factory.mktemp("browser"), start=parts) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Not for the session: while Playwright is open its event loop keeps others from running.
    # Missing, it is an error and not a skip: `make test` installs it.
    chromium = shutil.which("chromium")
    assert chromium, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield running
        running.close()


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Site]:
    """Rows in every table, and nobody who changes them."""
    yield from serve(tmp_path_factory.mktemp("site"), django_db_blocker)


@pytest.fixture
def page(browser: Browser, platform: Stack) -> Iterator[Page]:
    """Logged in to the admin; an error in the page's scripts fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.goto(f"{platform.url}/admin/")
    opened.fill("#id_username", ADMIN[0])
    opened.fill("#id_password", ADMIN[1])
    opened.click("button[type=submit]")
    opened.wait_for_url(f"{platform.url}/admin/")
    yield opened
    context.close()
    assert faults == []


@pytest.fixture
def csms() -> Iterator[PythonCsms]:
    with PythonCsms() as running:
        yield running


@pytest.fixture
def station(page: Page, platform: Stack, csms: PythonCsms) -> Iterator[str]:
    """A station that is connected to the CSMS, by a name of its own."""
    name = f"BROWSER-{secrets.token_hex(4)}"
    connectors = [{"id": 1, "evse": 1, "kind": "Type2", "phases": 3, "max_power_w": 22000}]
    body = {"identity": name, "csms_url": csms.url, "connectors": connectors, "autostart": True}
    ask(page, platform, "POST", "stations", body)
    wait_until(lambda: connected(page, platform, name), 60, "the station's connection")
    yield name
    ask(page, platform, "POST", f"stations/{name}/stop")
