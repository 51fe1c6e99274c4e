"""The API's document for whoever asks, and nobody has logged in to ask."""

from __future__ import annotations

from typing import Any

from django.test import Client

from emulator.api import api


def test_it_is_made_once_and_again_for_another_prefix_only(monkeypatch):
    made: list[str] = []

    def tell(prefix: str, **how: Any) -> dict[str, Any]:
        made.append(prefix)
        return {"paths": {f"{prefix}stations": {}}}

    monkeypatch.setattr(api, "_told", None)
    monkeypatch.setattr(api, "_tell", tell)
    for _ in range(3):
        answer = Client().get("/api/openapi.json").json()
        assert answer == {"paths": {"/api/stations": {}}}
    assert made == ["/api/"]
    other = api.get_openapi_schema(path_prefix="/under/api/")
    assert list(other["paths"]) == ["/under/api/stations"]
    assert list(api.get_openapi_schema()["paths"]) == ["/api/stations"]
