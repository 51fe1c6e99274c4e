"""The live view page: for staff, inside the admin, safe with what a URL says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

STATIC = Path(__file__).resolve().parents[2] / "messaging" / "static" / "messaging"


@pytest.fixture
def staff(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("ada", "a@example.com", "x"))
    return client


def test_it_is_for_staff(client, db, django_user_model):
    assert client.get("/admin/live/")["Location"].startswith("/admin/login/")
    client.force_login(django_user_model.objects.create_user("eve", "e@example.com", "x"))
    assert client.get("/admin/live/").status_code == 302


def test_it_shows_the_list_and_loads_its_script(staff):
    page = staff.get("/admin/live/").content.decode()
    assert 'id="lv-scroll"' in page
    assert re.search(r'<script type="module" src="[^"]*messaging/main[^"]*\.js">', page)


def test_presets_come_from_the_query_and_are_escaped(staff):
    page = staff.get("/admin/live/", {"station": '"><script>x</script>', "mode": "history"})
    text = page.content.decode()
    assert "<script>x</script>" not in text
    assert 'data-mode="history"' in text
    assert 'data-station="&quot;&gt;&lt;script&gt;x' in text


def test_every_module_that_is_imported_exists():
    for script in STATIC.glob("*.js"):
        for name in re.findall(r'from "\./([^"]+)"', script.read_text()):
            assert finders.find(f"messaging/{name}"), f"{script.name} imports {name}"


def test_scripts_never_write_html_or_run_text():
    # Frames come from strangers: they may reach the page as text only.
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
    )
    for script in STATIC.glob("*.js"):
        assert not forbidden.search(script.read_text()), script.name
