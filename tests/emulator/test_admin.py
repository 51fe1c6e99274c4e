"""The admin of Django's and Celery's own apps on the MongoDB backend."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission


@pytest.mark.django_db
@pytest.mark.parametrize(
    "page",
    [
        "auth/user/", "auth/user/add/", "auth/group/add/",
        "django_celery_beat/periodictask/", "django_celery_beat/periodictask/add/",
        "django_celery_beat/intervalschedule/", "django_celery_beat/crontabschedule/",
        "django_celery_beat/clockedschedule/", "django_celery_beat/solarschedule/",
        "django_celery_results/taskresult/", "django_celery_results/groupresult/",
    ],
)  # fmt: skip
def test_pages_of_third_party_apps_open(admin_client, page):
    assert admin_client.get(f"/admin/{page}").status_code == 200


@pytest.mark.django_db
def test_a_users_page_lists_permissions_and_saves_them(admin_client):
    user = get_user_model().objects.create_user("ada", password="a long one 4 you")
    page = admin_client.get(f"/admin/auth/user/{user.pk}/change/")
    assert page.status_code == 200 and "Can add station" in page.content.decode()
    chosen = Permission.objects.get(codename="add_station")
    done = admin_client.post(
        f"/admin/auth/user/{user.pk}/change/",
        {
            "username": "ada", "is_active": "on", "is_staff": "on",
            "user_permissions": [str(chosen.pk)],
            "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00",
        },
    )  # fmt: skip
    assert done.status_code == 302, done.content.decode()[-3000:]
    assert get_user_model().objects.get(pk=user.pk).has_perm("stations.add_station")


@pytest.mark.django_db
def test_who_logs_in_on_the_login_page_itself_comes_to_the_admin(client):
    get_user_model().objects.create_superuser("eva", password="a long one 4 you")
    done = client.post("/admin/login/", {"username": "eva", "password": "a long one 4 you"})
    assert (done.status_code, done.headers["Location"]) == (302, "/admin/")
