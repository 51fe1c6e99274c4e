"""docs/reference/settings.md: every variable of the environment, of documentation/variables.py."""

from __future__ import annotations

from documentation.variables import GROUPS, Variable

HEAD = """# Settings

Everything that can be set is a variable of the environment. `manage.py up` and every process of a
cluster read the same ones. `1`, `true`, `yes` and `on` mean yes. A list is separated by commas.

    PORT=8080 DATA_DIR=/srv/emulator make run

This page is made from `documentation/variables.py` by `python -m documentation write`.
"""


def page() -> str:
    parts = [HEAD]
    for title, variables in GROUPS.items():
        rows = "\n".join(_row(each) for each in variables)
        parts.append(f"## {title}\n\n| variable | default | example | meaning |\n"
                     f"| --- | --- | --- | --- |\n{rows}\n")  # fmt: skip
    return "\n".join(parts)


def _row(each: Variable) -> str:
    default = each.told or (f"`{each.default}`" if each.default else "none")
    return f"| `{each.name}` | {default} | `{each.example}` | {each.meaning} |"
