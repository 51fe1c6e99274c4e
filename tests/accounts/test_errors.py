"""Every refusal has the same shape, whoever raised it."""

import json

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from django.test import RequestFactory
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, AuthorizationError, HttpError
from ninja.errors import ValidationError as SchemaError

from accounts.error_handlers import as_api_error, register
from accounts.errors import ApiError


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ApiError("x", "Do y.", 418), 418, "x"),
        (AuthenticationError(), 401, "not_authenticated"),
        (AuthorizationError(), 403, "forbidden"),
        (Http404("x"), 404, "not_found"),
        (HttpError(400, "Cannot parse request body"), 400, "bad_request"),
        (HttpError(429, "Slow down."), 429, "http_429"),
        (ValidationError("x"), 422, "invalid"),
        (SchemaError([{"loc": ("body", "body", "a"), "msg": "m", "type": "t"}]), 422, "invalid"),
    ],
)
def test_the_shape(error, status, code):
    shown = as_api_error(error)
    assert (shown.status, shown.code) == (status, code)
    body = shown.as_dict()
    assert set(body) <= {"code", "message", "fields"}
    assert body["message"].endswith(".")


def test_fields_are_named_as_the_caller_names_them():
    rows = [
        {"loc": ("body", "body", "connectors", 0, "kind"), "msg": "Field required", "type": "m"},
        {"loc": ("body", "body", "colour"), "msg": "Extra", "type": "extra_forbidden"},
        {"loc": ("query", "limit"), "msg": "Not a number", "type": "int"},
        {"loc": ("body", "body", "body"), "msg": "A field of that name", "type": "x"},
    ]
    assert as_api_error(SchemaError(rows)).fields == {
        "connectors.0.kind": "Field required",
        "colour": "There is no such field: take it out.",
        "limit": "Not a number",
        "body": "A field of that name",
    }


def test_django_errors_keep_their_fields():
    error = ValidationError({"name": ["One.", "Two."]})
    assert as_api_error(error).fields == {"name": "One. Two."}
    assert as_api_error(ValidationError("Whole.")).fields == {"__all__": "Whole."}


def test_anything_else_is_not_swallowed():
    with pytest.raises(TypeError):
        as_api_error(KeyError("x"))


def test_a_fault_of_ours_has_the_shape_too_and_is_in_the_log(caplog):
    api = NinjaAPI(urls_namespace="faulty")
    register(api)

    @api.get("/broken")
    def broken(request):
        return 1 / 0

    (view,) = [path.callback for path in api.urls[0] if str(path.pattern) == "broken"]
    answer = view(RequestFactory().get("/broken"))
    assert answer.status_code == 500
    assert json.loads(answer.content)["code"] == "internal"
    assert "ZeroDivisionError" in caplog.text
