"""Links from help texts to the pages of the reference, which the platform serves at /docs."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString

MADE: set[tuple[str, str]] = set()  # (page, anchor) of all links, for the test that follows them


def page(name: str, words: str, anchor: str = "") -> SafeString:
    """A link named `words` to docs/reference/`name`.md; anchor: of a heading, "#a-suite"."""
    MADE.add((name, anchor))
    return format_html('<a href="/docs/reference/{}.html{}">{}</a>', name, anchor, words)
