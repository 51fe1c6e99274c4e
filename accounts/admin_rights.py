"""What a ModelAdmin reads of the table of rights beyond Django's own four permissions."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest

from accounts.rights import Part
from accounts.trail.acts import under_way


def offer(shown: type[ByTable], action: Any, table: Part) -> None:
    """Put an action into another room's list. table: the part that has the action's row."""
    shown.actions = [*shown.actions, action]
    shown.offered = {**shown.offered, action.__name__: table}


class ByTable:
    """Mixin of a ModelAdmin. `table`: the part of the table that has the model's actions."""

    table: Part
    # Actions that rooms above have put into the list, and their own parts of the table.
    offered: Mapping[str, Part] = MappingProxyType({})

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Those that the table gives this user; one without a row there is nobody's."""
        return {
            name: action
            for name, action in super().get_actions(request).items()
            if self.may_act(request, name)
        }

    def response_action(self, request: HttpRequest, queryset: Any) -> Any:
        """The trail has the action's name, not only the list's."""
        act = under_way()
        if act is not None and (name := request.POST.get("action")):
            act.page = f"{self.opts.label_lower} {name}"
        return super().response_action(request, queryset)

    def may_act(self, request: HttpRequest, name: str) -> bool:
        """Whether the user may carry out an action of this page, by the rights table."""
        table = self.offered.get(name, self.table)
        right = table.actions.get(f"{self.opts.label_lower} {name}")
        return right is not None and table.may(request, right)

    def may_open(self, request: HttpRequest, page: str) -> bool:
        """page: its name without the model, e.g. "run"."""
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}_{page}"
        return self.table.may(request, self.table.pages[name])
