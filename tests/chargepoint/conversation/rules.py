"""How a broken rule is told."""

from typing import Any


class Violation(Exception):  # noqa: N818, a rule is broken: it says which
    """rule: a word for the kind, by which a shorter conversation is known to show the same."""

    def __init__(self, rule: str, words: Any) -> None:
        super().__init__(f"{rule}: {words}"[:1500])
        self.rule = rule


def require(holds: bool, rule: str, words: Any) -> None:
    if not holds:
        raise Violation(rule, words)
