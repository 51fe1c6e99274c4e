"""The command that repeats a run, as reports show it: they travel, so it has no secret."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from messaging.masking import ADDRESS, is_secret

HIDDEN = "..."
TAKING = ("--password", "--var")


def shown(words: Iterable[str]) -> str:
    """A command line: without what follows `--password`, without the value of a variable
    (`--var NAME=VALUE`) whose name stands for a secret or a token, and without a URL's password.
    """
    kept: list[str] = []
    before = ""
    for word in words:
        option, equals, value = word.partition("=")
        if before == "--password":
            word = HIDDEN
        elif before == "--var":
            word = _variable(word)
        elif option == "--password" and equals:
            word = f"--password={HIDDEN}"
        elif option == "--var" and equals:
            word = f"--var={_variable(value)}"
        before = "" if before in TAKING else word
        kept.append(ADDRESS.sub(rf"\1:{HIDDEN}@", word))
    return shlex.join(kept)


def _variable(text: str) -> str:
    name, equals, _ = text.partition("=")
    secret = is_secret(name) or "token" in name.lower().replace("id_token", "")
    return f"{name}={HIDDEN}" if equals and secret else text
