"""Every page of the admin, with rows in every table, for each kind of user."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser, Permission
from django.test import RequestFactory

from stations.models import Station
from stations.state.live import LABELS, live_states
from tests.admin import rows
from tests.admin.addresses import LOGIN, places
from tests.admin.crawler import Crawler
from tests.admin.users import STAFF, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rights_read_once")]


@pytest.fixture(autouse=True)
def made(db) -> None:
    rows.make_rows()


def asked_by(user) -> object:
    request = RequestFactory().get("/admin/")
    request.user = user or AnonymousUser()
    return request


def test_every_table_of_the_admin_has_rows():
    missing = [m._meta.label for m in rows.tables() if m._default_manager.count() < 2]
    assert missing == [], "no rows made for these: see tests/admin/rows.py"
    states = {state.label for state in live_states(Station.objects.all()).values()}
    assert states == set(LABELS)


@pytest.mark.parametrize("kind", STAFF)
def test_each_page_opens_and_so_does_each_link_on_it(kind):
    user = make_user(kind)
    everything = kind == "superuser"
    crawler = Crawler(user, filters=everything)
    for place in places(everything):
        crawler.open(place, asked_by(user))
    if kind != "staff with all":  # he sees what the superuser sees
        crawler.follow()
    assert not crawler.faults, "\n" + "\n".join(crawler.faults)


@pytest.mark.parametrize("kind", ["outsider", "nobody"])
def test_who_is_no_staff_comes_to_the_log_in(kind):
    crawler = Crawler(make_user(kind))
    for place in places(every_row=False):
        answer = crawler.client.get(place.address)
        there = getattr(answer, "url", "")
        ended = (place.page == "login" and answer.status_code == 200) or LOGIN in there
        if not ended and not (place.page == "logout" and there == "/admin/"):
            crawler.faults.append(f"{place.address}: {answer.status_code} {there}")
    assert not crawler.faults, "\n" + "\n".join(crawler.faults)


@pytest.mark.parametrize(
    "label", ["scenarios.scenario", "scenarios.execution", "scenarios.behaviour",
              "stations.station", "django_celery_beat.crontabschedule", "accounts.apitoken"],
)  # fmt: skip
def test_who_may_look_at_one_table_finds_no_link_to_another(label):
    user = make_user("staff with none")
    model = apps.get_model(label)
    # Django links a row to those that it names, whoever looks.
    seen = {model, *(field.related_model for field in model._meta.fields if field.is_relation)}
    names = [f"view_{one._meta.model_name}" for one in seen]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    crawler = Crawler(user, filters=False)
    crawler.get("/admin/")
    found = [p for p in places(every_row=False) if p.model is model]
    for place in found:
        if place.page in ("changelist", "change", "history"):
            crawler.open(place, asked_by(user))
    crawler.follow()
    assert not crawler.faults, "\n" + "\n".join(crawler.faults)
