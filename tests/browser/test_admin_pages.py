"""A page of each kind in a real browser, with rows in every table: no script error, no failed
request, and what a page of periodic tasks shows."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, PeriodicTask
from playwright.sync_api import Browser, Page, expect

from benchmarks.processes import Process, answers, free_port, wait_until
from benchmarks.stack import beside_python
from scenarios.models import Execution, Scenario
from stations.models import Station
from tests.admin import rows
from tests.admin.users import client_of, make_user

LOOKERS = ("superuser", "staff that views")


class Site:
    """A web process on the tests' own stores; `addresses` are opened by each user."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.sessions = {kind: _session(kind) for kind in LOOKERS}
        self.crontab_task = _change(PeriodicTask.objects.get(name="By crontab"))
        self.crontabs = {str(row.pk): row.human_readable for row in CrontabSchedule.objects.all()}
        names = [f"{m._meta.app_label}_{m._meta.model_name}" for m in rows.tables()]
        lists = [f"admin:{name}_changelist" for name in names]
        looked_at = [
            *(Station.objects.get(identity=f"CP-{name}") for name in
              ("1.6-charging", "2.0.1-faulted", "2.1-stopped")),
            PeriodicTask.objects.get(name="By clocked"), CrontabSchedule.objects.first(),
            Execution.objects.get(state="running"), Scenario.objects.first(),
            User.objects.get(username="ada"),
        ]  # fmt: skip
        self.addresses = [
            "/admin/", "/admin/sessions/", "/admin/sessions/of/s1/", "/admin/live/",
            "/admin/live/?mode=history", "/admin/password_change/",
            "/admin/trail/", "/admin/trail/?actor=ada&since=2026-01-01T00:00",
            self.crontab_task, self.crontab_task.replace("change", "history"),
            *(reverse(name) for name in lists), *(_change(row) for row in looked_at),
        ]  # fmt: skip
        self.writing = [
            "/admin/stations/station/add/", "/admin/stations/station/create-many/",
            "/admin/django_celery_beat/periodictask/add/", "/admin/scenarios/behaviour/add/",
            f"/admin/scenarios/scenario/{Scenario.objects.first().pk}/run/",
            self.crontab_task.replace("change", "delete"),
        ]  # fmt: skip


def _session(kind: str) -> str:
    return client_of(make_user(kind)).cookies[settings.SESSION_COOKIE_NAME].value


def _change(row) -> str:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return reverse(name, args=[row.pk])


@pytest.fixture(scope="module")
def site(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[Site]:
    port = free_port()
    log = tmp_path_factory.mktemp("site") / "web.log"
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)  # makes the permissions as well
        rows.make_rows()
        made = Site(f"http://127.0.0.1:{port}")
        env = {**os.environ, "MONGODB_NAME": connection.settings_dict["NAME"]}
    command = [beside_python("daphne"), "-b", "127.0.0.1", "-p", str(port)]
    web = Process("web", [*command, "emulator.asgi:application"], log, env).start()
    wait_until(lambda: answers(port), 120, "the web process")
    yield made
    web.stop()
    with django_db_blocker.unblock():
        call_command("flush", verbosity=0, interactive=False)


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
