"""Every refusal of the API as {"code", "message", "fields"?}, whoever raised it."""

from __future__ import annotations

import logging

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, AuthorizationError, HttpError
from ninja.errors import ValidationError as SchemaError

from accounts.errors import LOG_IN, ApiError, store_away_error
from accounts.known_fields import unknown_field
from runtime.stores import away

log = logging.getLogger(__name__)

CORRECT = "Correct the named fields and send the request again."
# Where ninja says an input stood, and how we name a body; not a part of the caller's field name.
_PLACES = frozenset({"body", "query", "path", "header", "form", "file", "cookie"})


def schema_fields(error: SchemaError) -> dict[str, str]:
    """{"connectors.0.kind": "Field required"} of ninja's error list."""
    fields: dict[str, str] = {}
    for item in error.errors:
        where = [str(part) for part in item["loc"]]
        named = [part for i, part in enumerate(where) if i > 1 or part not in _PLACES]
        message = item["msg"].removeprefix("Value error, ")
        if item.get("type") == "extra_forbidden":
            message = unknown_field(item.get("known", ()))
        fields.setdefault(".".join(named or where[-1:]), message)
    return fields


def model_fields(error: ValidationError) -> dict[str, str]:
    """{field: sentence} of a ValidationError of Django's."""
    if hasattr(error, "error_dict"):
        return {name: " ".join(texts) for name, texts in error.message_dict.items()}
    return {"__all__": " ".join(error.messages)}


def as_api_error(error: Exception) -> ApiError:
    """The API's answer for an exception of Django or ninja. Raises TypeError for any other."""
    match error:
        case ApiError():
            return error
        case SchemaError():
            return ApiError("invalid", CORRECT, 422, schema_fields(error))
        case ValidationError():
            return ApiError("invalid", CORRECT, 422, model_fields(error))
        case AuthenticationError():
            return ApiError("not_authenticated", LOG_IN, 401)
        case AuthorizationError():
            return ApiError("forbidden", "Ask an administrator for this right.", 403)
        case Http404():
            return ApiError("not_found", "There is nothing at this address; see /api/docs.", 404)
        case RequestDataTooBig() | TooManyFieldsSent():
            return ApiError("too_large", "Send less at once.", 413)
        case HttpError(status_code=400, __cause__=ApiError() as refusal):
            return refusal  # ninja takes what a parser raises for a body that is no JSON
        case HttpError(status_code=400):
            return ApiError("bad_request", "Send a body that is well-formed JSON.", 400)
        case HttpError():
            return ApiError(f"http_{error.status_code}", str(error), error.status_code)
    raise TypeError(f"no API error for {error!r}")


def register(api: NinjaAPI) -> None:
    """Have the API answer errors in one shape, those nobody expected too (500, or 503 where a
    store is away)."""

    def answer(request: HttpRequest, error: Exception) -> HttpResponse:
        shown = as_api_error(error)
        return api.create_response(request, shown.as_dict(), status=shown.status)

    for kind in (ApiError, SchemaError, ValidationError, AuthenticationError, AuthorizationError,
                 Http404, HttpError, RequestDataTooBig, TooManyFieldsSent):  # fmt: skip
        api.add_exception_handler(kind, answer)

    def failed(request: HttpRequest, error: Exception) -> HttpResponse:
        if store := away(error):
            log.warning("%s %s: %s is away: %s", request.method, request.path, store, error)
            shown = store_away_error(store, unsure=request.method not in ("GET", "HEAD"))
            return api.create_response(request, shown.as_dict(), status=shown.status)
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        shown = ApiError("internal", "The emulator failed at this; its log has the reason.", 500)
        return api.create_response(request, shown.as_dict(), status=shown.status)

    api.add_exception_handler(Exception, failed)
