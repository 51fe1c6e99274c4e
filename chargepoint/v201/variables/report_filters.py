"""What a report is narrowed down to (part 2, B08 and N02): lines of it, as reportData has them.

A request of the largest size over the inventory of a large station is answered in a few looks a
line: questions of one form, that leave open the same, are looked up together.
"""

from collections.abc import Callable
from typing import Any

_Place = tuple[Any, ...]


def asks_for(asked: list[dict[str, Any]]) -> Callable[[dict[str, Any]], bool]:
    """Whether a line is one of those that ComponentVariables name.

    What a question leaves open matches everything; names are compared without regard to case.
    """
    forms: dict[tuple[int, ...], set[_Place]] = {}
    for ask in asked:
        place = _place(ask)
        form = tuple(n for n, part in enumerate(place) if part is not None)
        forms.setdefault(form, set()).add(tuple(place[n] for n in form))

    def is_asked_for(line: dict[str, Any]) -> bool:
        # A line that has no instance has the empty one.
        place = ["" if part is None else part for part in _place(line)]
        return any(tuple(place[n] for n in form) in known for form, known in forms.items())

    return is_asked_for


def _place(line: dict[str, Any]) -> _Place:
    component, variable = line["component"], line.get("variable", {})
    evse = component.get("evse", {})
    texts = (
        component["name"], component.get("instance"), variable.get("name"),
        variable.get("instance"),
    )  # fmt: skip
    folded = (None if text is None else text.lower() for text in texts)
    return (*folded, evse.get("id"), evse.get("connectorId"))


def meeting(lines: list[dict[str, Any]], criteria: list[str]) -> list[dict[str, Any]]:
    """B08.FR.07 to 10 and 13: all of the components that meet one of the criteria.

    Active, Available, Enabled: that variable is true, or the component has none such; Problem:
    that variable is true. Of a variable with instances one is enough.
    """
    flags: dict[_Place, dict[str, bool]] = {}
    whose = [_place({"component": line["component"]}) for line in lines]
    for component, line in zip(whose, lines, strict=True):
        known, name = flags.setdefault(component, {}), line["variable"]["name"]
        if name in criteria:
            value = line["variableAttribute"][0].get("value")
            known[name] = value == "true" or known.get(name, False)
    met = {
        component for component, known in flags.items()
        if any(known.get(name, name != "Problem") for name in criteria)
    }  # fmt: skip
    return [line for component, line in zip(whose, lines, strict=True) if component in met]
