"""One API from the apps' routers."""

from typing import Any

from ninja import NinjaAPI
from ninja.errors import ValidationError, ValidationErrorContext

from accounts.api import router as accounts
from accounts.auth import SessionOrToken
from accounts.error_handlers import register
from accounts.json_bodies import ProperUnicode
from accounts.known_fields import fields_at
from accounts.parameters import strict
from accounts.trail.api import router as trail
from emulator.api import answers, examples, meanings, refusals
from emulator.monitoring.api import router as operation
from emulator.rights import TABLE
from messaging.api import router as messaging
from scenarios.api.router import router as scenarios
from stations.api.command_results import type_results
from stations.api.router import router as stations


class Api(NinjaAPI):
    _told: tuple[str, Any] | None = None  # a prefix, and the document for it

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext]
    ) -> ValidationError:
        """As ninja makes it; an unknown field's error has in `known` what fields there are."""
        told = super().validation_error_from_error_contexts(error_contexts)
        rows = [
            (context.model, row)
            for context in error_contexts
            for row in context.pydantic_validation_error.errors(include_url=False)
        ]
        for item, (model, row) in zip(told.errors, rows, strict=True):
            if row["type"] == "extra_forbidden":
                item["known"] = fields_at(model, row["loc"][:-1])
        return told

    def get_openapi_schema(self, *, path_prefix: str | None = None, **how: Any) -> Any:
        """As ninja makes it, with refusals and examples; paths begin with `path_prefix`, or where
        the API is mounted. Nobody may change it: it is made once, as that takes more than a second
        and anybody may ask. Only for the last prefix, which a client can choose."""
        prefix = self.get_root_path({}) if path_prefix is None else path_prefix
        if self._told is None or self._told[0] != prefix:
            self._told = prefix, self._tell(prefix, **how)
        return self._told[1]

    def _tell(self, prefix: str, **how: Any) -> Any:
        schema = super().get_openapi_schema(path_prefix=prefix, **how)
        type_results(schema)
        for part in (refusals, examples, answers):
            part.add_to(schema, prefix.rstrip("/"))
        meanings.add_to(schema)
        return schema


api = Api(
    title="OCPP Emulator",
    version="1",
    description="Stations, their messages and transactions. Log in at POST /api/auth/login.",
    auth=SessionOrToken(TABLE),
    urls_namespace="api",
    docs_url="/docs",
    parser=ProperUnicode(),
)
register(api)
api.add_decorator(strict, "view")
api.add_router("", operation)

for router in (accounts, trail, stations, messaging, scenarios):
    api.add_router("", router)
