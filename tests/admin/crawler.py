"""Opens pages as one user and keeps what was wrong with them."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urljoin, urlsplit

from django.contrib import admin
from django.contrib.auth.models import User
from django.http import HttpResponse

from tests.admin.addresses import LOGIN, Place
from tests.admin.html import Page
from tests.admin.users import client_of

# Pages alike but for the row or a value: one of them stands for all.
_ROW = re.compile(r"[0-9a-f]{24}")


class Crawler:
    """`filters`: whether to ask a list by its filters and orderings."""

    def __init__(self, user: User | None, filters: bool = True) -> None:
        self.user = user
        self.client = client_of(user)
        self.filters = filters
        self.faults: list[str] = []
        self._shapes: set[str] = set()
        self._waiting: list[tuple[str, str]] = []  # address, the page that it was found on

    def get(self, address: str, seen_on: str = "") -> HttpResponse | None:
        """The answer after redirects; None, and a fault, where the view raised."""
        where = f"GET {address}" + (f", linked from {seen_on}" if seen_on else "")
        try:
            answer = self.client.get(address, follow=True)
        except Exception as error:
            self.faults.append(f"{where}: {type(error).__name__}: {error}")
            return None
        self._note_links(address, answer)
        return answer

    def post(self, address: str, data: dict, follow: bool = True) -> HttpResponse | None:
        try:
            return self.client.post(address, data, follow=follow)
        except Exception as error:
            shown = {name: data[name] for name in ("action", "_save") if name in data}
            self.faults.append(f"POST {address} {shown}: {type(error).__name__}: {error}")
            return None

    def open(self, place: Place, request) -> None:
        """Note a fault unless the page answers what this user's rights say."""
        self._shapes.add(_shape(place.address))
        answer = self.get(place.address)
        if answer is None:
            return
        wanted = place.status_for(request)
        ended = answer.redirect_chain[-1][0] if answer.redirect_chain else place.address
        if answer.status_code != wanted or (LOGIN in ended and LOGIN not in place.address):
            self.faults.append(f"GET {place.address}: {answer.status_code} ({ended}), not {wanted}")

    def follow(self) -> None:
        """Open every page that is linked from an opened one, and so on."""
        while self._waiting:
            address, seen_on = self._waiting.pop()
            answer = self.get(address, seen_on)
            if answer is None:
                continue
            ended = answer.redirect_chain[-1][0] if answer.redirect_chain else address
            if answer.status_code != 200 or LOGIN in ended:
                said = f"{answer.status_code} ({ended})"
                self.faults.append(f"GET {address}, linked from {seen_on}: {said}")

    def _note_links(self, address: str, answer: HttpResponse) -> None:
        if answer.status_code != 200 or "html" not in answer.headers.get("Content-Type", ""):
            return
        here = answer.redirect_chain[-1][0] if answer.redirect_chain else address
        for link in Page(answer.content.decode()).links:
            target = urlsplit(urljoin(here, _with_row(link)))
            if target.netloc or not target.path.startswith("/admin/"):
                continue
            # A filter on top of a filter: their number has no end.
            deeper = target.query and target.path == urlsplit(here).path
            if deeper and (not self.filters or urlsplit(here).query):
                continue
            self._await(target.path + (f"?{target.query}" if target.query else ""), here)

    def _await(self, address: str, here: str) -> None:
        shape = _shape(address)
        if shape not in self._shapes:
            self._shapes.add(shape)
            self._waiting.append((address, here))


def _shape(address: str) -> str:
    """The path without rows, the query without values; of an ordering, the column."""
    path, _, query = address.partition("?")
    asked = set()
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name != "_changelist_filters":
            asked.add(f"{name}={value.lstrip('-')}" if name == "o" else name)
    return _ROW.sub("#", f"{path} {sorted(asked)}")


def _with_row(link: str) -> str:
    """A link that a script completes by the chosen row, with a row."""
    if "__fk__" not in link:
        return link
    for model in admin.site._registry:
        if f"/{model._meta.app_label}/{model._meta.model_name}/" in link:
            return link.replace("__fk__", str(model._default_manager.first().pk))
    return link
