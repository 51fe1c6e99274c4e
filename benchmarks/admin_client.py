"""A person in the admin, without a browser: logs in, reads the list, opens a form and saves it."""

from __future__ import annotations

import http.cookiejar
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from html.parser import HTMLParser

from benchmarks.soak.load import Timings
from benchmarks.stack import ADMIN, Stack

STATIONS = "/admin/stations/station/"


class Form(HTMLParser):
    """The fields of a page's change form, with the values that a browser would send back."""

    def __init__(self, page: str, form_id: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = []
        self._form_id, self._inside = form_id, False
        self._templates = 0  # a browser does not send what stands in a <template>
        self._select = self._area = ""
        self._text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("id") == self._form_id
        self._templates += tag == "template"
        if not self._inside or self._templates:
            return
        name = given.get("name") or ""
        match tag:
            case "input" if name and self._is_sent(given):
                checked = "on" if given.get("type") in ("checkbox", "radio") else ""
                self.fields.append((name, given.get("value") or checked))
            case "select":
                self._select = name
            case "option" if self._select and "selected" in given:
                self.fields.append((self._select, given.get("value") or ""))
            case "textarea":
                self._area, self._text = name, ""

    @staticmethod
    def _is_sent(given: dict[str, str | None]) -> bool:
        if "disabled" in given:
            return False
        kind = given.get("type")
        if kind in ("checkbox", "radio"):
            return "checked" in given
        return kind not in ("submit", "button", "file")

    def handle_data(self, data: str) -> None:
        if self._area:
            self._text += data

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._inside = False
            case "template":
                self._templates -= 1
            case "select":
                self._select = ""
            case "textarea" if self._area:
                # A browser drops the one line break that follows the tag.
                self.fields.append((self._area, self._text.removeprefix("\n")))
                self._area = ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A save is timed without the list that it leads to: that has a line of its own."""

    def redirect_request(self, *_: object) -> None:
        return None


class AdminClient:
    """One logged-in session. Every method raises urllib.error.HTTPError for 4xx and 5xx."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self.url = url
        self.jar = http.cookiejar.CookieJar()
        handlers = urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        self._opener = urllib.request.build_opener(*handlers)
        self._staying = urllib.request.build_opener(*handlers, _NoRedirect())
        login = Form(self.get("/admin/login/"), "login-form").fields
        sent = dict(login) | {"username": name, "password": password, "next": STATIONS}
        page = self._post("/admin/login/", list(sent.items()))
        if "login-form" in page:
            raise AssertionError("the admin did not take the log-in")

    def get(self, path: str) -> str:
        with self._opener.open(self.url + path, timeout=60) as answer:
            return answer.read().decode()

    def _post(
        self, path: str, fields: list[tuple[str, str]],
        opener: urllib.request.OpenerDirector | None = None,
    ) -> str:  # fmt: skip
        body = urllib.parse.urlencode(fields).encode()
        request = urllib.request.Request(self.url + path, body, {"Referer": self.url + path})
        with (opener or self._opener).open(request, timeout=60) as answer:
            return answer.read().decode()

    def act(self, path: str, fields: list[tuple[str, str]]) -> None:
        """Send a list's action; the list that it leads to is not asked for."""
        try:
            self._post(path, fields, self._staying)
        except urllib.error.HTTPError as answer:
            if answer.code != 302:
                raise

    def open_form(self, key: str) -> Form:
        """The change form of the station with this primary key."""
        form = Form(self.get(f"{STATIONS}{key}/change/"), "station_form")
        if not form.fields:
            raise AssertionError("the page has no station_form")
        return form

    def save(self, key: str, form: Form, **changes: str) -> bool:
        """Send the form back. False: the page came back with an error (somebody saved first)."""
        fields = [(name, changes.pop(name, value)) for name, value in form.fields]
        fields += list(changes.items()) + [("_save", "Save")]
        try:
            page = self._post(f"{STATIONS}{key}/change/", fields, self._staying)
        except urllib.error.HTTPError as answer:
            if answer.code != 302:
                raise
            return True
        if "errornote" not in page:
            raise AssertionError("the form was neither taken nor refused")
        return False


class AdminSaves(threading.Thread):
    """A person who opens one of these stations after the other in the admin and saves it."""

    def __init__(
        self, stack: Stack, identities: list[str], timings: Timings, pause: float = 0.0
    ) -> None:
        super().__init__(daemon=True)
        self.client = AdminClient(stack.url, *ADMIN)
        rows = stack.mongo["stations_station"].find({}, {"identity": 1})
        keys = {row["identity"]: str(row["_id"]) for row in rows}
        self.keys = {identity: keys[identity] for identity in identities}
        self.timings, self.pause = timings, pause
        self.ending = threading.Event()
        self.saved = self.overtaken = 0

    def run(self) -> None:
        while not self.ending.is_set():
            for identity, key in self.keys.items():
                try:
                    self._round(key)
                except (OSError, AssertionError) as error:  # HTTPError is an OSError
                    self.timings.failures.append(f"admin, {identity}: {error!r}")
                if self.ending.wait(self.pause):
                    return

    def _round(self, key: str) -> None:
        self._timed("GET admin list", lambda: self.client.get(STATIONS))
        form = self._timed("GET admin form", lambda: self.client.open_form(key))
        name = f"Admin {time.time():.3f}"
        taken = self._timed("POST admin form", lambda: self.client.save(key, form, name=name))
        self.saved += taken
        self.overtaken += not taken

    def _timed(self, name, work):
        begun = time.perf_counter()
        try:
            return work()
        finally:
            self.timings.took(name, time.perf_counter() - begun)
