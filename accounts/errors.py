"""The one shape of an API error."""

from __future__ import annotations

# The statuses that an answer may have beside its own, for the API's page.
REFUSED = frozenset({400, 401, 403, 404, 409, 422})
FAILED = frozenset({500, 503, 504})


LOG_IN = "Log in: send a token of POST /api/auth/login as `Authorization: Bearer <token>`."
UNSURE = "It may have been carried out all the same: look before you repeat it."


class ApiError(Exception):
    """Answered as JSON {"code", "message", "fields"?} with `status`.

    code     stable word for programs, e.g. "station_not_found"
    message  one sentence that says what to do
    fields   {field name: sentence} for input that was refused
    """

    def __init__(
        self, code: str, message: str, status: int = 400, fields: dict[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields

    def as_dict(self) -> dict:
        """The body of the answer: code, message, and fields {name: sentence} where there are
        any."""
        body = {"code": self.code, "message": self.message}
        if self.fields:
            body["fields"] = self.fields
        return body


def store_away_error(store: str, unsure: bool = False) -> ApiError:
    """A store is away. `unsure`: the request may have changed something before."""
    sentence = f"{store} is away: try again in a moment; GET /api/health tells when it is back."
    return ApiError("unavailable", f"{sentence} {UNSURE}" if unsure else sentence, 503)
