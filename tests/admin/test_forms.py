"""What every page of the admin sends: a new row, a change, a deletion, each action."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db.models import ForeignKey, Model
from django.test import Client
from django.urls import reverse

from tests.admin import rows
from tests.admin.crawler import Crawler
from tests.admin.forms import CHANGED, added
from tests.admin.html import Page
from tests.admin.test_crawl import asked_by
from tests.admin.users import make_user

pytestmark = pytest.mark.django_db
STRANGE_IDS = ("1", "0" * 24, "a/b", "%00")


@pytest.fixture(autouse=True)
def made(db) -> None:
    rows.make_rows()


@pytest.fixture
def crawler() -> Crawler:
    return Crawler(make_user("superuser"))


def place(model: type[Model], page: str, *ids: object) -> str:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"
    return reverse(name, args=ids)


def send(crawler: Crawler, model: type[Model], address: str, changes: dict) -> bool:
    """Send the page's form with these changes; a fault is noted unless it was saved."""
    page = Page(crawler.client.get(address).content.decode())
    data = page.form(f"{model._meta.model_name}_form").data(**changes)
    answer = crawler.post(address, {**data, "_save": "Save"}, follow=False)
    if answer is not None and answer.status_code != 302:
        said = re.findall(r"errorlist.*?</ul>", answer.content.decode(), re.DOTALL)
        crawler.faults.append(f"POST {address}: {answer.status_code} {said}")
    return answer is not None and answer.status_code == 302


def check(crawler: Crawler) -> None:
    assert not crawler.faults, "\n" + "\n".join(crawler.faults)


def test_each_add_page_makes_a_row(crawler):
    for model in rows.tables():
        if not admin.site._registry[model].has_add_permission(asked_by(crawler.user)):
            continue
        before = model._default_manager.count()
        sent = send(crawler, model, place(model, "add"), added(model._meta.label))
        if sent and model._default_manager.count() != before + 1:
            crawler.faults.append(f"{model._meta.label}: saved, but there is no new row")
    check(crawler)


def test_each_change_page_saves_what_was_changed_in_every_row(crawler):
    for model in rows.tables():
        changes = CHANGED[model._meta.label]
        for row in model._default_manager.all()[:2] if changes is not None else ():
            before = values(row)
            wanted = changes(row) if callable(changes) else changes
            for number, given in enumerate(({}, wanted)):
                unique = {k: f"{v}{row.pk}" if k in ("name", "group_id") else v
                          for k, v in given.items()}  # fmt: skip
                if not send(crawler, model, place(model, "change", row.pk), unique):
                    break
                after = values(model._default_manager.get(pk=row.pk))
                moved = {name for name in after if after[name] != before[name]}
                wanted = {re.sub(r"_\d$", "", name) for name in given}
                if moved != wanted:
                    said = f"changed {moved}, not {wanted}"
                    crawler.faults.append(f"{model._meta.label} {row}, save {number}: {said}")
    check(crawler)


def values(row: Model) -> dict[str, object]:
    """Of the row what a save of an untouched form leaves as it is."""
    free = {"updated", "date_changed", "revision", "date_done"}
    found = {f.name: f.value_from_object(row) for f in row._meta.concrete_fields}
    # Forms show seconds, and empty texts where the row may have none.
    return {
        name: value.replace(microsecond=0) if hasattr(value, "microsecond") else value or ""
        for name, value in found.items()
        if name not in free
    }


def test_each_row_is_deleted_by_its_page(crawler):
    for model in rows.tables():
        row = model._default_manager.first()
        if row is None:  # went with another
            continue
        answer = crawler.post(place(model, "delete", row.pk), {"post": "yes"})
        if answer is not None and answer.status_code != 200:
            crawler.faults.append(f"{model._meta.label}: {answer.status_code}")
        if model._default_manager.filter(pk=row.pk).exists():
            crawler.faults.append(f"{model._meta.label} {row}: still there")
    check(crawler)


@pytest.mark.parametrize("kind", ["superuser", "staff that views"])
def test_each_action_is_done_or_says_why_not(kind, rights_read_once):
    crawler = Crawler(make_user(kind))
    for model in rows.tables():
        request = asked_by(crawler.user)
        for name in admin.site._registry[model].get_actions(request):
            chosen = [str(row.pk) for row in model._default_manager.all()[:2]]
            data = {"action": name, "_selected_action": chosen}
            confirmed = [data, {**data, "post": "yes"}] if name == "delete_selected" else [data]
            for sent in confirmed:
                answer = crawler.post(place(model, "changelist"), sent)
                if answer is not None and answer.status_code != 200:
                    crawler.faults.append(f"{model._meta.label} {name}: {answer.status_code}")
    check(crawler)


NO_FORM = ("scenarios.Execution", "scenarios.SuiteRun")


def test_who_may_look_only_changes_nothing(rights_read_once):
    crawler = Crawler(make_user("staff that views"))
    for model in rows.tables():
        row = model._default_manager.first()
        for page, ids in (("add", ()), ("change", (row.pk,)), ("delete", (row.pk,))):
            if model._meta.label in NO_FORM and page == "change":
                continue  # it takes no form
            answer = crawler.post(place(model, page, *ids), {"post": "yes", "_save": "Save"})
            if answer is not None and answer.status_code != 403:
                crawler.faults.append(f"{model._meta.label} {page}: {answer.status_code}")
    check(crawler)


def test_strange_ids_and_questions_are_no_failure(crawler):
    for model in rows.tables():
        listed = place(model, "changelist")
        strange = [f"{listed}?{urlencode({'q': '(*', 'o': '99.x', 'p': '7'})}"]
        strange += [f"{listed}{name}/change/" for name in STRANGE_IDS]
        strange += [f"{listed}nonsense/{page}/" for page in ("delete", "history")]
        keys = [f.name for f in model._meta.fields if isinstance(f, ForeignKey)]
        strange += [f"{listed}?{name}__id__exact=zz" for name in keys]
        for address in strange:
            try:
                status = crawler.client.get(address).status_code
            except Exception as error:
                status = f"{type(error).__name__}: {error}"
            if status not in (200, 302, 400, 403, 404):
                crawler.faults.append(f"GET {address}: {status}")
    check(crawler)


@pytest.mark.parametrize("label", ["django_celery_beat.IntervalSchedule", "stations.Template"])
def test_a_row_made_in_a_window_of_another_form_is_handed_to_it(crawler, label):
    model = next(model for model in rows.tables() if model._meta.label == label)
    address = f"{place(model, 'add')}?_popup=1&_to_field=id"
    page = Page(crawler.client.get(address).content.decode())
    data = page.form(f"{model._meta.model_name}_form").data(**added(label))
    answer = crawler.client.post(address, data)
    assert answer.status_code == 200
    assert str(model._default_manager.order_by("-pk").first().pk) in answer.content.decode()


def test_more_rows_than_a_form_usually_has_fields(crawler):
    """Who deletes a fleet confirms a page with each of its ids."""
    chosen = [f"{number:024x}" for number in range(11_000)]
    sent = {"action": "delete_selected", "_selected_action": chosen, "post": "yes"}
    answer = crawler.client.post("/admin/stations/station/", sent)
    assert answer.status_code in (200, 302)


def test_log_in_and_out_and_a_new_password():
    user = make_user("superuser")
    user.set_password("a long one 4 you")
    user.save()
    client = Client()
    wrong = client.post("/admin/login/", {"username": "superuser", "password": "x"})
    assert wrong.status_code == 200
    login = {"username": "superuser", "password": "a long one 4 you"}
    assert client.post("/admin/login/", login).status_code == 302
    page = Page(client.get("/admin/password_change/").content.decode())
    names = {name for form in page.forms for name, _ in form.fields}
    assert {"old_password", "new_password1", "new_password2"} <= names
    words = {"old_password": login["password"], "new_password1": "another 1 of those",
             "new_password2": "another 1 of those"}  # fmt: skip
    done = client.post("/admin/password_change/", words, follow=True)
    assert done.status_code == 200 and "password_change/done" in done.redirect_chain[-1][0]
    assert client.post("/admin/logout/").status_code == 200
