"""Makes in the admin: the list, the document with its mistakes by field, files, copies."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from stations.admin.json_field import text_of
from stations.makes import changes
from stations.makes.tables import Make
from tests.stations.config.test_makes import WALL


@pytest.fixture
def admin(user, hot) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(page: str, *ids: object) -> str:
    return reverse(f"admin:stations_make_{page}", args=ids)


def test_a_document_is_added_and_its_mistakes_are_told_by_field(admin):
    page = admin.get(url("add")).content.decode()
    assert "versions" in page
    answer = admin.post(url("add"), {"document": json.dumps(WALL | {"colour": "blue"})})
    assert "colour: " in answer.content.decode() and not Make.objects.exists()
    broken = admin.post(url("add"), {"document": "{,"}).context["adminform"].form.errors
    assert len(broken["document"]) == 1 and "no JSON (line 1" in broken["document"][0]
    assert admin.post(url("add"), {"document": json.dumps(WALL)}).status_code == 302
    assert Make.objects.get().document == WALL


def test_a_change_is_refused_where_somebody_was_quicker(admin):
    row = changes.create(WALL)
    sent = {"document": json.dumps(WALL | {"firmware": "2"}), "revision_seen": "1"}
    assert admin.post(url("change", row.pk), sent).status_code == 302
    answer = admin.post(url("change", row.pk), sent)
    assert "meanwhile" in answer.content.decode()
    assert Make.objects.get().revision == 2


def test_the_list_leads_to_the_stations_of_a_make(admin, make_station):
    changes.create(WALL)
    changes.create(WALL | {"name": "wall-22"})
    make_station("CP1", make="wall-11")
    make_station("CP2", make="wall-11")
    page = admin.get(url("changelist")).content.decode()
    assert "?make=wall-11\">2</a>" in page and "?make=wall-22" not in page
    stations = admin.get(reverse("admin:stations_station_changelist") + "?make=wall-11")
    assert "CP1" in stations.content.decode()
    row = Make.objects.get(name="wall-11")
    admin.post(url("delete", row.pk), {"post": "yes"})
    assert Make.objects.filter(name="wall-11").exists(), "one in use stays"


def test_one_that_ships_is_shown_and_copied(admin):
    row = changes.create(WALL, shipped=True)
    page = admin.get(url("change", row.pk))
    assert page.status_code == 200 and "<textarea" not in page.content.decode()
    assert admin.post(url("copy", row.pk), {"name": "mine"}).status_code == 302
    assert not Make.objects.get(name="mine").shipped
    assert "already" in admin.post(url("copy", row.pk), {"name": "mine"}).content.decode()


def test_a_file_out_is_a_file_in(admin):
    row = changes.create(WALL)
    document = admin.get(url("export_one", row.pk)).json()
    action = {"action": "export", "_selected_action": [str(row.pk)]}
    assert admin.post(url("changelist"), action).json()["makes"] == [document]
    text = json.dumps(document | {"firmware": "5"}).encode()
    for existing, status in (("fail", 200), ("update", 302)):
        file = SimpleUploadedFile("make.json", text)
        sent = {"file": file, "on_existing": existing}
        assert admin.post(url("import_file"), sent).status_code == status
    assert Make.objects.get().document["firmware"] == "5"
    bad = SimpleUploadedFile("make.json", b"{")
    answer = admin.post(url("import_file"), {"file": bad, "on_existing": "fail"})
    assert "no JSON" in answer.content.decode()


def test_a_station_chooses_among_the_makes_there_are(admin, make_station):
    """What is no make is refused with a sentence, and stays in the form to be corrected."""
    changes.create(WALL)
    station = make_station("CP1", make="wall-11")
    change = reverse("admin:stations_station_change", args=[station.pk])
    page = admin.get(change).content.decode()
    assert '<select name="make"' in page
    assert '<option value="wall-11" selected>wall-11: Volt &amp; Co Wall 11, OCPP 1.6' in page
    sent = {"identity": "CP1", "csms_url": station.csms_url, "make": "nobody"}
    answer = admin.post(change, sent)
    [sentence] = answer.context["adminform"].form.errors["make"]
    assert "nobody" in sentence
    assert '<option value="nobody" selected>' in answer.content.decode()
    template = admin.get(reverse("admin:stations_template_add")).content.decode()
    assert '<option value="wall-11">' in template and '<option value="" selected>' in template


def test_a_document_is_written_as_a_person_would(admin):
    """A curve is one line, not a column of numbers; what was entered is the same document."""
    row = changes.create(WALL)
    assert "&quot;reset&quot;: [5, 8]" in admin.get(url("change", row.pk)).content.decode()
    wide = {"curve": [[soc, 100.5] for soc in range(40)], "of": [{"a": []}, {}], "none": None}
    written = text_of(wide)
    assert json.loads(written) == wide and max(map(len, written.splitlines())) <= 100
    assert "\n    [0, 100.5],\n" in written
