"""Words are the same everywhere: in templates, scripts, labels, help and the API's texts.

A term of the field has one spelling, and what is the same thing has one name. Texts are what people
read: the text of templates without their tags, strings of scripts that have a space or begin with
a capital, verbose names, help texts, titles of pages, descriptions of operations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib import admin

from emulator.admin_look import UNFOLD
from emulator.api import api

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("accounts", "emulator", "messaging", "scenarios", "stations", "terminal")
# What is not to be said: a pattern, and the word that it stands for.
GLOSSARY = (
    (r"\bcentral systems?\b", "CSMS"),
    (r"\b[Bb]ack-?offices?\b", "CSMS"),
    (r"\bback[- ]end\b", "CSMS"),
    (r"\bId[- ]?Tag\b|\bID tags?\b|\bid tags?\b|\bRFID[- ]tags?\b", "idTag"),
    (r"\bIdToken\b|\bID tokens?\b", "idToken"),
    (r"\bevse\b(?!_)", "EVSE"),
    (r"\bsoc\b|\bSOC\b|\bSoc\b", "SoC"),
    (r"\bocpp\b(?![-_.:/])|\bOcpp\b", "OCPP"),
    (r"\bCsms\b|\bcsms\b(?![-_.:/])", "CSMS"),
    (r"\bPlug&Charge\b|\bPlug and Charge\b|\bplug & charge\b", "Plug & Charge"),
    (r"\b[Cc]harge boxe?s?\b|\b[Cc]hargebox(?:es)?\b", "station"),
    (r"\b[Cc]hargers?\b", "station"),
    (r"\b[Ss]ockets? of (?:a|the) station", "connector"),
    (r"\b[Cc]harging sessions?\b(?! and)", "session"),
    (r"\bboot ?notifications?\b|\bBoot Notification\b", "BootNotification"),
    (r"\bheart-beats?\b|\bHeart[- ]Beat\b", "Heartbeat"),
    (r"\b[Mm]eter-values?\b", "meter values"),
    (r"\b[Tt]ime-?outs? (?:error|exception)\b", "Call without an answer"),
    (r"\b[Ll]og-?in page\b", "log-in"),
    (r"\bkwh\b|\bKWh\b|\bKwh\b|\bkWH\b", "kWh"),
    (r"\bkw\b|\bKW\b|\bKw\b", "kW"),
    (r"\b[Dd]ash-board\b|\b[Hh]ome ?page\b|\b[Oo]verview page\b", "Dashboard"),
    (r"\b[Ww]eb-?socket\b|\bwebsockets?\b|\bWebsockets?\b", "WebSocket"),
    (r"\bchargepoints?\b|\bChargePoints?\b", "charge point"),
    (r"\b[Tt]est suites?\b", "suite"),
    (r"\bjson\b(?![-_./])|\bJson\b", "JSON"),
    (r"\bcsv\b(?![-_./])|\bCsv\b", "CSV"),
)  # fmt: skip
# Where a word is data: a value that is chosen, a parameter, a name of somebody else's.
DATA = re.compile(
    r"json or csv|jsonl or csv|csv or json|ws/\w+|\bhome charger\b|\"[^\"]*\"|`[^`]*`|“[^”]*”"
)


class _Texts(HTMLParser):
    """The texts of a template, and of its attributes those that are read or shown."""

    SHOWN = ("title", "placeholder", "aria-label", "alt")
    SILENT = ("script", "style", "code", "pre", "kbd")

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self.SILENT
        self.found += [value for name, value in attrs if name in self.SHOWN and value]

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(data.strip())


def templates() -> Iterator[tuple[str, str]]:
    for room in ROOMS:
        for path in sorted((ROOT / room / "templates").rglob("*.html")):
            parser = _Texts()
            parser.feed(re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", " ", path.read_text(), flags=re.S))
            yield from ((str(path.relative_to(ROOT)), text) for text in parser.found)


STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
COMMENT = re.compile(r"^\s*//.*$|\s//\s.*$", re.M)


def scripts() -> Iterator[tuple[str, str]]:
    """Strings that are sentences or titles: with a space, or beginning with a capital."""
    for room in ROOMS:
        for path in sorted((ROOT / room / "static").rglob("*.js")):
            if "vendor" in path.parts:
                continue
            for found in STRING.finditer(COMMENT.sub("", path.read_text())):
                text = re.sub(r"\$\{[^}]*\}", " ", found[1] or found[2] or "")
                is_code = re.search(r"[<>#\[\]=]|^\.|\bst-|\bfg-|\blf-|\blv-|\bsc-", text)
                if not is_code and (" " in text or text[:1].isupper()):
                    yield str(path.relative_to(ROOT)), text


def labels() -> Iterator[tuple[str, str]]:
    for group in UNFOLD["SIDEBAR"]["navigation"]:
        yield from (("the sidebar", item["title"]) for item in group["items"])
    for model in apps.get_models():
        if model._meta.app_label in ROOMS:
            names = (model._meta.verbose_name, model._meta.verbose_name_plural)
            yield from ((model._meta.label, str(text)) for text in names)
    for model, shown in admin.site._registry.items():
        if model._meta.app_label in ROOMS:
            for _, _, text in shown._get_base_actions():
                yield f"actions of {model._meta.label}", str(text)
            for field in getattr(shown.form, "base_fields", {}).values():
                for text in (field.label, field.help_text):
                    yield f"form of {model._meta.label}", str(text or "")


def operations() -> Iterator[tuple[str, str]]:
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, told in methods.items():
            for text in (told.get("summary", ""), told.get("description", "")):
                yield f"{method.upper()} {path}", text


SOURCES = {
    "templates": templates, "scripts": scripts, "labels": labels, "operations": operations,
}  # fmt: skip


def faults_in(texts: Iterator[tuple[str, str]]) -> list[str]:
    return [
        f"{where}: {found[0]!r} in {text[:80]!r}: say {word!r}"
        for where, text in texts
        for pattern, word in GLOSSARY
        if (found := re.search(pattern, DATA.sub(" ", text)))
    ]


@pytest.mark.parametrize("source", SOURCES)
def test_what_people_read_keeps_to_the_words_of_the_field(source):
    texts = list(SOURCES[source]())
    assert len(texts) > 30, "nothing was found to read"
    faults = faults_in(iter(texts))
    assert not faults, "\n".join(faults)


def test_the_same_page_has_one_name_in_the_sidebar_in_its_title_and_in_the_keys():
    keys = (ROOT / "emulator" / "static" / "emulator" / "keys.js").read_text()
    told = re.findall(r'\b\w: \["(/[^"]*)", "([^"]*)"\]', keys)
    items = {
        str(item["link"]): item["title"]
        for group in UNFOLD["SIDEBAR"]["navigation"] for item in group["items"]
        if not callable(item["link"])
    }  # fmt: skip
    assert len(told) > 8
    for end, words in told:
        [title] = {title for link, title in items.items() if link.endswith(end)}
        assert words.startswith(title), f"{end}: {words!r} in the keys, {title!r} in the sidebar"


def test_help_on_a_page_leads_to_a_page_of_the_documentation():
    keys = (ROOT / "emulator" / "static" / "emulator" / "keys.js").read_text()
    found = re.findall(r'\["(/admin/[^"]*)", "([a-z-]+/[a-z-]+)"\]', keys)
    assert len(found) > 8
    assert [page for _, page in found if not (ROOT / "docs" / f"{page}.md").exists()] == []


def test_a_wrong_word_is_found():
    wrong = [("x", "The chargepoint sends its soc to the central system"), ("y", "2 KW")]
    assert len(faults_in(iter(wrong))) == 4
