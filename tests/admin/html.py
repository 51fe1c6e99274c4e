"""A page as a browser reads it: its links, and its forms with what they would send."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_LINKS = {"href", "hx-get", "data-live-source", "data-href-template"}
# A frame is no page of ours, a stylesheet or script no page at all.
_NO_PAGES = {"link", "script", "img"}
_TYPES_NOT_SENT = {"submit", "button", "reset", "image", "file"}


@dataclass
class Form:
    id: str
    action: str
    method: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def data(self, **changes: str | list[str]) -> dict[str, list[str]]:
        """What a press of the button sends, with these fields filled in otherwise."""
        sent: dict[str, list[str]] = {}
        for name, value in self.fields:
            sent.setdefault(name, []).append(value)
        for name, value in changes.items():
            sent[name] = value if isinstance(value, list) else [value]
        return sent


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.words: list[str] = []
        self._form: Form | None = None
        self._inert = 0  # within <template>
        self._select: tuple[str, bool, list[tuple[str, bool]]] | None = None
        self._area: tuple[str, list[str]] | None = None
        self.feed(text)

    def form(self, name: str) -> Form:
        return next(form for form in self.forms if form.id == name)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "template":
            self._inert += 1
        if self._inert:
            return
        if tag not in _NO_PAGES:
            self.links += [values[name] for name in _LINKS & set(values)]
        if tag == "form":
            action, method = values.get("action", ""), values.get("method", "get").lower()
            self._form = Form(values.get("id", ""), action, method)
            self.forms.append(self._form)
        elif self._form is not None and "disabled" not in values:
            self._field(tag, values)

    def _field(self, tag: str, values: dict[str, str]) -> None:
        name, kind = values.get("name", ""), values.get("type", "text").lower()
        if tag == "option" and self._select is not None:
            self._select[2].append((values.get("value", ""), "selected" in values))
        elif not name:
            return
        elif tag == "select":
            self._select = (name, "multiple" in values, [])
        elif tag == "textarea":
            self._area = (name, [])
        elif tag == "button" or (tag == "input" and kind in _TYPES_NOT_SENT):
            self._form.buttons.append((name, values.get("value", "")))
        elif tag == "input" and (kind not in ("checkbox", "radio") or "checked" in values):
            default = "on" if kind in ("checkbox", "radio") else ""
            self._form.fields.append((name, values.get("value", default)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._inert -= 1
        elif self._inert:
            return
        elif tag == "form":
            self._form = None
        elif tag == "select" and self._select is not None:
            name, multiple, options = self._select
            chosen = [value for value, selected in options if selected]
            if not chosen and options and not multiple:
                chosen = [options[0][0]]
            self._form.fields += [(name, value) for value in chosen]
            self._select = None
        elif tag == "textarea" and self._area is not None:
            # A browser drops the line break that the page has after the tag.
            text = "".join(self._area[1]).removeprefix("\r").removeprefix("\n")
            self._form.fields.append((self._area[0], text))
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._inert:
            return
        if self._area is not None:
            self._area[1].append(data)
        elif data.strip():
            self.words.append(data)
