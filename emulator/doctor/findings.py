"""What an examination finds: one sentence on what is so, one on what to do."""

from __future__ import annotations

from dataclasses import asdict, dataclass

OK, WARNING, ERROR = "ok", "warning", "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """level: error where something does not work or is open to others, warning where it may."""

    area: str
    level: str
    says: str
    do: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Area:
    """Makes the findings of one area."""

    name: str

    def ok(self, says: str) -> Finding:
        return Finding(self.name, OK, says)

    def warning(self, says: str, do: str) -> Finding:
        return Finding(self.name, WARNING, says, do)

    def error(self, says: str, do: str) -> Finding:
        return Finding(self.name, ERROR, says, do)


def megabytes(size: int) -> str:
    return f"{size // 2**20} MB"
