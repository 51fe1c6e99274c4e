"""Whoever misspells a field is told which there are, at the place where it stands."""

from __future__ import annotations

import pytest
from ninja.errors import ValidationErrorContext
from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from accounts.error_handlers import as_api_error
from accounts.known_fields import fields_at
from emulator.api import api


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Outlet(Strict):
    id: int
    kind: str = ""


class Mine(Strict):
    outlets: list[Outlet] = []
    card: str = Field("", alias="idTag")


class Other(Strict):
    main: Outlet | None = None


@pytest.mark.parametrize(
    ("path", "known"),
    [
        ((), ["outlets", "idTag"]),
        (("outlets", 0), ["id", "kind"]),
        (("nowhere",), ["outlets", "idTag"]),
    ],
)
def test_the_fields_of_the_object_in_question(path, known):
    assert fields_at(Mine, path) == known


def test_of_several_models_those_of_the_one_that_was_tried():
    either = create_model("Either", body=(Mine | Other, ...))
    assert fields_at(either, ("body", "Other")) == ["main"]
    assert fields_at(either, ("body", "Other", "main")) == ["id", "kind"]
    assert fields_at(either, ("body",)) == ["outlets", "idTag", "main"]


def test_the_api_tells_them():
    body = create_model("Body", body=(Mine, ...))
    body.__ninja_param_source__ = "body"
    body.__ninja_flatten_map_reverse__ = {}
    with pytest.raises(ValidationError) as refused:
        body.model_validate({"body": {"outlets": [{"id": 1, "knd": "x"}], "colour": 1}})
    context = ValidationErrorContext(refused.value, body)
    fields = as_api_error(api.validation_error_from_error_contexts([context])).fields
    assert fields == {
        "outlets.0.knd": "There is no such field: take it out. There are: id, kind.",
        "colour": "There is no such field: take it out. There are: outlets, idTag.",
    }
