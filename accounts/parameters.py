"""A query that asks for what an operation does not have is refused, not answered as if it had not.

A filter whose name is wrong would else answer, or delete, everything.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from pydantic import WithJsonSchema

from accounts.errors import ApiError

CORRECT = "Correct the named parameters and send the request again."
NAMED_AT_MOST = 20
_LONGEST = 100


def word_of(*values: str) -> Any:
    """The type of a parameter that is one of these words, as OpenAPI tells it; "" among them where
    it may be left out. Who takes it asks `known`, so that the refusal has its own code.
    """
    return Annotated[str, WithJsonSchema({"type": "string", "enum": [*values]})]


def words_of(*values: str) -> Any:
    """The same of some of these words, separated by commas, or of none."""
    word = f" *({'|'.join(values)}) *"
    return Annotated[str, WithJsonSchema({"type": "string", "pattern": f"^({word}(,{word})*)?$"})]


def known(name: str, value: str, values: Iterable[str], *, needed: bool = False) -> None:
    """Raises ApiError 422, code bad_NAME, where the parameter's value is none of these. "" passes
    for a parameter that may be left out, which one that is `needed` may not."""
    words = tuple(values)
    if (value or needed) and value not in words:
        sentence = f"Choose a {name} of {', '.join(words)}."
        raise ApiError(f"bad_{name}", sentence, 422, {name: sentence})


def strict(run: Callable[..., Any]) -> Callable[..., Any]:
    """For NinjaAPI.add_decorator(strict, "view"): 422 for a parameter that is not declared."""
    operation = inspect.unwrap(run).__self__
    declared = declared_by(operation)

    def refusal(request: HttpRequest) -> HttpResponse | None:
        unknown = [name for name in request.GET if name not in declared]
        if not unknown:
            return None
        there = ", ".join(declared) or "none"
        sentence = f"There is no such parameter here; there are: {there}."
        fields = {name[:_LONGEST]: sentence for name in unknown[:NAMED_AT_MOST]}
        return operation.api.on_exception(request, ApiError("invalid", CORRECT, 422, fields))

    if operation.is_async:

        @functools.wraps(run)
        async def checked_async(request: HttpRequest, **path: Any) -> Any:
            return refusal(request) or await run(request, **path)

        return checked_async

    @functools.wraps(run)
    def checked(request: HttpRequest, **path: Any) -> Any:
        return refusal(request) or run(request, **path)

    return checked


def declared_by(operation: Any) -> list[str]:
    """Names of the query parameters that a ninja Operation declares, as a caller writes them."""
    models = [m for m in operation.models if m.__ninja_param_source__ == "query"]
    return [name for model in models for name in model.__ninja_flatten_map__]
