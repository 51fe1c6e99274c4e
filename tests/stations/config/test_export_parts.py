"""A file of a large fleet goes out as it is made, and reads as if it were made at once."""

from __future__ import annotations

import json

import pytest

from stations.configuration.exporting import FORMAT, export_parts
from stations.models import Make, Station, TagGroup, Template

pytestmark = pytest.mark.django_db


def whole(stations) -> str:
    return b"".join(export_parts(stations)).decode()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_parts_are_the_text_of_one_document(count):
    Template.objects.create(name="T", make="Second", csms_url="ws://127.0.0.1/ocpp")
    TagGroup.objects.create(name="Group", tags=["a"])
    for name in ("First", "Second", "Third"):
        Make.objects.create(name=name, document={"name": name})
    stations = [
        Station(identity=f"CP{number}", name='„Ä"\n  {', make="First", tags=["x", "y"])
        for number in range(count)
    ]
    text = whole(stations)
    document = json.loads(text)
    assert text == json.dumps(document, indent=2, ensure_ascii=False)
    assert list(document) == [
        "format", "exported", "stations", "makes", "templates", "tag_groups",
    ]  # fmt: skip
    assert document["format"] == FORMAT
    assert [row["identity"] for row in document["stations"]] == [s.identity for s in stations]
    assert all(row["name"] == '„Ä"\n  {' for row in document["stations"])
    wanted = ["First", "Second"] if count else ["Second"]
    assert [make["name"] for make in document["makes"]] == wanted
    assert [group["tags"] for group in document["tag_groups"]] == [["a"]]


def test_nothing_is_read_ahead():
    read = []

    def stations():
        for number in range(3):
            read.append(number)
            yield Station(identity=f"CP{number}")

    parts = export_parts(stations())
    assert next(parts) and read == []
    assert b'"CP0"' in next(parts) and read == [0]
    assert b'"CP1"' in next(parts) and read == [0, 1]
