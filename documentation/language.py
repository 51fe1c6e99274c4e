"""Words that pages, help texts and errors do not use, and what stands in their place.

They are riddles, history that no reader shares, or second words for a thing that has one already
(docs/reference/glossary.md). tests/documentation/test_language.py reads for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# {pattern: what to write}
FORBIDDEN = {
    r"spoil(?:t|s|ed)?": "malformed, changed",
    r"befall(?:en|s)?|befell": "happened to",
    r"(?:is|are) never told": "is not sent",
    r"the books are audited": "the log is audited",
    r"lies to (?:every|each|all)": "deceives",
    r"in its hands": "that it handles",
    r"comes? to nothing|came to nothing": "fails",
    r"an innocent": "a healthy one",
    r"accuses whom": "is blamed on",
    r"hour of peace": "hour without a failure",
    r"whoever was first paid": "the first one loads",
    r"the run before\b|the time before that": "the previous run",
    r"of the first release|in the first release": "(leave it out: say what is)",
    r"the spec asks|the spec wants": "the specification requires (with its number)",
    r"machine of \d+ \w+ember": "(name the machine's size, and the date)",
    r"costs a healthy station": "slows down",
    r"new reader for ever": "every later reader",
    r"as ever\b": "as usual",
    r"RFID card": "RFID tag",
    r"back-?end server": "CSMS",
    r"audit log": "trail",
    r"doubled (?:frames|messages)": "duplicated",
}
_ANY = {re.compile(rf"\b(?:{word})", re.IGNORECASE): better for word, better in FORBIDDEN.items()}


def complaints(text: str) -> Iterator[tuple[int, str, str]]:
    """(line from 1, the words, what to write) for each place."""
    flat = text.replace("\n", " ")  # a phrase may go over two lines
    for pattern, better in _ANY.items():
        for found in pattern.finditer(flat):
            yield text.count("\n", 0, found.start()) + 1, found[0], better
