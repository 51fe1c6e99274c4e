"""The live view page: for staff, inside the admin, safe with what a URL says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders

from messaging.queries.history import pair_among
from messaging.records import PASSING
from messaging.rows import KINDS

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


def test_every_kind_can_be_chosen(staff):
    page = staff.get("/admin/live/").content.decode()
    for kind in KINDS:
        assert f"<option>{kind}</option>" in page


NODE = shutil.which("node")


def in_node(folder: Path, script: str, given: object) -> object:
    """What a script prints that imports the page's modules, with `given` as its data."""
    for module in STATIC.glob("*.js"):
        shutil.copy(module, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "asked.js").write_text(f"const given = {json.dumps(given)};\n{script}")
    told = subprocess.run([NODE, "asked.js"], cwd=folder, capture_output=True, check=True)
    return json.loads(told.stdout)


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_the_page_pairs_frames_as_the_api_does(tmp_path):
    sides = ("sent", "received")
    rows = [
        {"id": f"{n:02}", "direction": side, "kind": kind, "uid": "1", "station": "A"}
        for n, (kind, side) in enumerate((k, s) for _ in range(2) for k in KINDS for s in sides)
    ]
    script = """
      const { Rows } = await import("./rows.js");
      const rows = new Rows(100);
      rows.add(given);
      console.log(JSON.stringify(given.map((row) => rows.pairOf(row)?.id ?? null)));
    """
    documents = [{**row, "_id": row["id"]} for row in rows]
    pairs = [pair_among(document, documents) for document in documents]
    assert in_node(tmp_path, script, rows) == [pair and pair["_id"] for pair in pairs]


@pytest.mark.skipif(NODE is None, reason="node is not installed")
def test_the_page_takes_the_same_kinds_for_failures(tmp_path):
    script = """
      const { failed } = await import("./format.js");
      console.log(JSON.stringify(given.filter((kind) => !failed({ kind, error: "" }))));
    """
    assert set(in_node(tmp_path, script, list(KINDS))) == set(PASSING)


@pytest.mark.skipif(NODE is None, reason="node is not installed")
@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('[5,"x","E","",{}]', "A CallResultError: E (OCPP 2.1)"),
        ('[6,"x","A",{}]', "A Send of A (OCPP 2.1)"),
        ('[6,"x","A"]', "A Send is [6, id, action, {payload}]"),
        ('[7,"x"]', "The message type is not 2 to 6"),
        ('[2,"x","A",{}]', "A Call of A"),
    ],
)
def test_the_hint_at_an_edited_frame_knows_all_types(tmp_path, text, hint):
    script = """
      globalThis.document = {};
      const { hintOf } = await import("./held.js");
      console.log(JSON.stringify(hintOf(given).text));
    """
    assert in_node(tmp_path, script, text) == hint
