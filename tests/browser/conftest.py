"""A real browser, Debian's Chromium, in front of the real processes."""

from __future__ import annotations

import contextlib
import secrets
import shutil
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.processes import raise_file_limit, wait_until
from benchmarks.stack import ADMIN, LOGIN, Stack
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


@pytest.fixture(scope="session")
def logged_in(platform: Stack) -> list[dict]:
    """The admin's cookies. One log-in for all: each is a hash, and a dashboard that is drawn."""
    with requests.Session() as session:
        session.trust_env = False
        address = f"{platform.url}/admin/login/"
        session.get(address, timeout=PATIENCE / 1000)
        form = {**dict(zip(LOGIN, ADMIN, strict=True)), "next": "/admin/fleet/import/"}
        form["csrfmiddlewaretoken"] = session.cookies["csrftoken"]
        answer = session.post(address, form, timeout=PATIENCE / 1000)
        assert answer.ok and "login" not in answer.url, answer.url
        return [{"name": name, "value": value, "url": platform.url}
                for name, value in session.cookies.items()]  # fmt: skip


@contextlib.contextmanager
def opened(browser: Browser) -> Iterator[Page]:
    """An error in the page's scripts fails the test."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


@pytest.fixture
def page(browser: Browser, platform: Stack, logged_in: list[dict]) -> Iterator[Page]:
    """The admin's, logged in."""
    with opened(browser) as page:
        page.context.add_cookies(logged_in)
        yield page


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
