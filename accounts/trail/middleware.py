"""Each request is an act: who sends it, from where, through what, and how it was answered.

A request that may change something leaves an entry whatever became of it, by this alone: what it
has changed is told by the rooms below, who know. One that only reads leaves none, unless a room
says that it matters.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils.crypto import salted_hmac

from accounts.rights import operation_of
from accounts.trail import acts, keeping
from runtime.middleware import Middleware

SAFE = ("GET", "HEAD", "OPTIONS")
API = "/api/"
# What stands in an address, and what it is the identity of.
MODELS = {
    "identity": "stations.station", "template": "stations.template",
    "scenario": "scenarios.scenario", "execution": "scenarios.execution",
    "plan": "scenarios.suiteplan", "run": "scenarios.suiterun",
    "behaviour": "scenarios.behaviour", "token": "accounts.apitoken", "job": "stations.job",
    "saved": "stations.filter",
    "kept": "stations.savedrequest", "make": "stations.make",
    "ev_profile": "stations.carprofile",
}  # fmt: skip
LONGEST_ERROR = 20_000
MOST_OF_STRANGERS = 60  # entries a minute of requests that nobody is known to have sent


class Crowd:
    """How many entries strangers may still make this minute; the others are counted."""

    def __init__(self, most: int = MOST_OF_STRANGERS) -> None:
        self._most, self._minute, self._made, self._left_out = most, 0, 0, 0
        self._changing = threading.Lock()

    def admits(self, now: float) -> tuple[bool, int]:
        """(whether one more is kept, how many were left out before it)."""
        with self._changing:
            if (minute := int(now // 60)) != self._minute:
                self._minute, self._made = minute, 0
            if self._made >= self._most:
                self._left_out += 1
                return False, 0
            self._made += 1
            told, self._left_out = self._left_out, 0
            return True, told


_crowd = Crowd()


class TrailMiddleware(Middleware):
    """Stands right behind the one that knows the user."""

    @contextmanager
    def around(self, request: HttpRequest) -> Iterator[acts.Act]:
        act = begun(request)
        entered = acts.enter(act)
        try:
            yield act
        finally:
            acts.leave(entered)

    def waits(self, request: HttpRequest, found: acts.Act) -> bool:
        return bool(found.entries) or request.method not in SAFE

    def answered(
        self, request: HttpRequest, response: HttpResponse, found: acts.Act
    ) -> HttpResponse:
        ended(found, request, response)
        return response


def begun(request: HttpRequest) -> acts.Act:
    """The act that a request begins: by the API or the admin, from its address."""
    via = acts.API if request.path.startswith(API) else acts.ADMIN
    address = request.META.get("REMOTE_ADDR") or ""
    return acts.Act(via, address=address)


def session_word(request: HttpRequest) -> str:
    """Tells one log-in session from another, and opens none."""
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return salted_hmac("accounts.trail", key).hexdigest()[:8] if key else ""


def ended(act: acts.Act, request: HttpRequest, response: HttpResponse) -> None:
    """Keep what the request has left, before its answer goes out."""
    if not act.entries and request.method in SAFE:
        return
    match = request.resolver_match
    if not act.entries and match is None:
        return  # no such address
    complete(act, request)
    status = response.status_code
    untold = request.method not in SAFE and _is_untold(act, status)
    untold = untold and not (act.asks and status < 400)
    if untold and (bare := _bare(act, request, response)):
        act.entries += acts.entries_of(act, **bare)
    for entry in act.entries:
        entry |= act.who()
        entry["status"] = status
    entries = act.entries if act.actor else _of_strangers(act.entries)
    keeping.keep(entries, act.id)


def complete(act: acts.Act, request: HttpRequest) -> None:
    """Who asks and by what, once that is known: at the end, or for what outlives the request."""
    if not act.page and (match := request.resolver_match) is not None:
        named = match.view_name or f"/{match.route}"
        act.page = operation_of(request.method, match.route) if act.via == acts.API else named
    act.session = "" if act.token else session_word(request)
    if not act.actor:
        user = getattr(request, "user", None)
        act.actor = user.get_username() if user is not None and user.is_authenticated else ""


def _is_untold(act: acts.Act, status: int) -> bool:
    """Nothing was told, or not that it was refused."""
    told = {entry["result"] for entry in act.entries}
    return not told or (status >= 400 and told == {acts.DONE})


def _bare(act: acts.Act, request: HttpRequest, response: HttpResponse) -> dict[str, Any] | None:
    """What is known of a request of which nobody below has said anything."""
    result, message = _outcome(request, response, act.via == acts.API)
    if not result:
        return None
    found = {
        MODELS[name]: str(value)
        for name, value in request.resolver_match.kwargs.items() if name in MODELS
    }  # fmt: skip
    model = next(iter(found), "")
    if act.via == acts.ADMIN:
        model, found = _admin_object(request)
    details = {}
    if act.via == acts.ADMIN and "_selected_action" in request.POST:
        details["chosen"] = len(request.POST.getlist("_selected_action"))
    return {
        "action": request.method.lower(), "model": model, "objects": list(found.values()),
        "details": details, "result": result, "message": message,
    }  # fmt: skip


def _admin_object(request: HttpRequest) -> tuple[str, dict[str, str]]:
    parts = (request.resolver_match.url_name or "").split("_")
    if len(parts) < 3 or "object_id" not in request.resolver_match.kwargs:
        return "", {}
    model = f"{'_'.join(parts[:-2])}.{parts[-2]}"
    return model, {model: str(request.resolver_match.kwargs["object_id"])}


def _outcome(request: HttpRequest, response: HttpResponse, is_api: bool) -> tuple[str, str]:
    """(result, why not). "": it was only a question, such as "do you mean it?"."""
    status = response.status_code
    if status >= 400:
        return acts.FAILED if status >= 500 else acts.REFUSED, _said(response)
    if is_api or "Content-Disposition" in response.headers:
        return acts.DONE, ""
    if status == 302 and response.headers.get("Location", "").startswith(
        resolve_url(settings.LOGIN_URL)
    ):
        return acts.REFUSED, "Not logged in."
    if status == 200:
        if "_selected_action" in request.POST or request.resolver_match.url_name == "login":
            return "", ""
        return acts.REFUSED, "The form was shown again."
    return acts.DONE, ""


def _said(response: HttpResponse) -> str:
    """The API's word for an error."""
    if response.streaming or len(response.content) > LONGEST_ERROR:
        return ""
    try:
        body = json.loads(response.content)
        fields = ", ".join(body.get("fields") or ())
        return f"{body['code']}: {body['message']}" + (f" ({fields})" if fields else "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _of_strangers(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept = []
    for entry in entries:
        admitted, left_out = _crowd.admits(time.time())
        if admitted:
            if left_out:
                entry["details"] = {**entry.get("details", {}), "left_out_before": left_out}
            kept.append(entry)
    return kept
