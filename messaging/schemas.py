"""The API's shapes, for checking what is asked and for /api/docs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from ninja import Schema
from pydantic import Field

from accounts.errors import ApiError
from accounts.parameters import known, word_of, words_of
from messaging.queries.history import Wanted, is_record_id
from messaging.rows import DIRECTIONS, KINDS

SESSION_STATES = ("active", "ended")


class MessageFilter(Schema):
    """Filters of the log. Lists are separated by commas; times are ISO 8601."""

    station: str = Field("", description="identity; several by comma")
    stationId: str = Field("", description="the same as station")  # noqa: N815
    direction: word_of("", *DIRECTIONS) = Field("", description="sent or received")
    kind: words_of(*KINDS) = Field("", description=f"{', '.join(KINDS)}; several by comma")
    messageType: words_of(*KINDS) = Field("", description="the same as kind")  # noqa: N815
    action: str = Field("", description="several by comma")
    uid: str = Field("", description="OCPP unique id")
    text: str = Field("", max_length=500, description="anywhere in the frame, any case")
    errors: bool = Field(False, description="only refusals and frames with an error")
    marked: bool = Field(
        False,
        description="only what a fault or a person has made or changed, or what was read kindly",
    )
    since: datetime | None = Field(None, alias="from", description="from this time on")
    until: datetime | None = Field(None, alias="to", description="before this time")
    first_id: str = Field("", description="from this message on")
    last_id: str = Field("", description="up to and with this message")

    def wanted(self) -> Wanted:
        """Return the filter as the log reads it; ApiError where it makes no sense.

        Raises it with {field: sentence}, status 422.
        """
        fields = {
            name: f"Use one or more of {', '.join(KINDS)}."
            for name in ("kind", "messageType")
            if set(_list(getattr(self, name))) - set(KINDS)
        }
        if self.direction and self.direction not in DIRECTIONS:
            fields["direction"] = "Use sent or received."
        for name in ("first_id", "last_id"):
            if getattr(self, name) and not is_record_id(getattr(self, name)):
                fields[name] = "Use the id of a message."
        if fields:
            raise ApiError("bad_filter", "Correct the filter's fields.", 422, fields)
        return Wanted(
            stations=_list(self.station or self.stationId),
            direction=self.direction,
            kinds=_list(self.kind or self.messageType),
            actions=_list(self.action),
            uid=self.uid,
            text=self.text,
            errors=self.errors,
            marked=self.marked,
            start=aware(self.since),
            end=aware(self.until),
            first_id=self.first_id,
            last_id=self.last_id,
        )


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


class MessageOut(Schema):
    """One frame as it was on the wire, with what was learned about it."""

    id: str
    station: str
    run: int = Field(description="start of the station on a worker")
    seq: int = Field(description="counts the station's frames within its run")
    time: str
    direction: str
    kind: str
    action: str
    uid: str
    text: str = Field(description="the frame, verbatim")
    cut: bool = Field(description="text is only the beginning")
    latency: float | None = Field(description="milliseconds since its Call")
    error: str
    mark: str = Field("", description="what a fault or an operator did to it, or how it was read")
    cause: str = Field("", description="who crafted, edited or injected it, and by which act")
    bytes: int


class MessagePage(Schema):
    """`next` goes into `cursor`; a page may be short and still have a `next`."""

    items: list[MessageOut]
    next: str | None
    searched_to: str | None = Field(None, description="how far this request looked")


class MessageDetail(Schema):
    """A message, and the request or response that belongs to it."""

    message: MessageOut
    pair: MessageOut | None


class Deleted(Schema):
    """`done` is false where time ran out: ask again for the rest."""

    deleted: int
    done: bool


class TransactionFilter(Schema):
    """Filters of the sessions."""

    station: str = ""
    state: word_of("", *SESSION_STATES) = Field("", description="active or ended")
    id_tag: str = ""
    transaction_id: str = ""
    reason: str = Field("", description="why it ended, in OCPP's words: Local, EVDisconnected")
    since: datetime | None = Field(None, alias="from", description="begun from this time on")
    until: datetime | None = Field(None, alias="to", description="begun before this time")

    def match(self) -> dict:
        """Return the MongoDB filter but for the time; ApiError where it makes no sense.

        Raises it with status 422.
        """
        known("state", self.state, SESSION_STATES)
        names = ("station", "state", "id_tag", "transaction_id", "reason")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


class SignedValue(Schema):
    time: str
    action: str
    method: str
    check: str = Field(description="valid, invalid, or not checked")
    why: str
    key: str = Field(
        description="message: the key came with the value; session: with another of the same meter"
    )
    meter: str = Field(description="serial number")
    page: str = Field(description="number of the reading, as it was told")


class SignedValues(Schema):
    """Of a session, oldest first. `whole`: all of its messages were looked at."""

    items: list[SignedValue]
    checks: dict[str, int]
    whole: bool


class TransactionPage(Schema):
    """Sessions, newest first."""

    items: list[dict]
    next: str | None


Order = Literal["newest", "oldest"]
