"""What is asked of the roster: which stations fit, in which order, how many, what values there are.

A filter or an order that the roster cannot tell is asked of the store: by `distinct`, of all ways
to ask the embedded one for thousands of identities the cheapest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from stations.orders import named
from stations.roster.kept import A_LOOK, COLUMNS, ROSTER, Row
from stations.roster.matching import NotKnown, fitting

_KNOWN = frozenset({*COLUMNS, "_id"})


def identities(match: Mapping[str, Any], patience: float | None = None) -> list[str]:
    """Of the stations that fit a MongoDB filter, in their order. patience: see Roster.rows."""
    return [row["identity"] for row in rows(match, patience)]


def rows(match: Mapping[str, Any], patience: float | None = None) -> list[Row]:
    """Those that fit a MongoDB filter, by identity. patience: see Roster.rows."""
    found = ROSTER.rows(patience)
    if not match:
        return found
    try:
        test = fitting(match, _KNOWN)
    except NotKnown:
        table = connection.get_collection(named.TABLE)
        named_so = set(table.distinct("identity", match))
        return [row for row in found if row["identity"] in named_so]
    return [row for row in found if test(row)]


def ordered(found: list[Row], order: Sequence[Any]) -> list[Row] | None:
    """By a queryset's `order_by`; None where the roster cannot tell."""
    columns = [_column(name) for name in order]
    if None in columns:
        return None
    for column, backwards in reversed(columns):
        # As MongoDB has it: what is absent comes before everything.
        found = sorted(
            found, key=lambda row: ((value := row.get(column)) is not None, value),
            reverse=backwards,
        )  # fmt: skip
    return found


def _column(name: Any) -> tuple[str, bool] | None:
    if not isinstance(name, str):
        return None
    plain = name.removeprefix("-")
    column = {"pk": "_id", "id": "_id", "template": "template_id"}.get(plain, plain)
    # MongoDB orders lists by their least element; nobody asks for that.
    return (column, plain != name) if column in _KNOWN and column != "tags" else None


def match_of(queryset: QuerySet) -> dict[str, Any] | None:
    """The MongoDB filter of a queryset of stations; None: nothing can fit it."""
    compiler = queryset.order_by().query.get_compiler(connection=connection)
    try:
        compiler.pre_sql_setup()
        return dict(compiler.build_query().match_mql or {})
    except EmptyResultSet:
        return None


def rows_of(queryset: QuerySet, patience: float | None = None) -> list[Row]:
    """Those of a queryset of stations, by identity. patience: see Roster.rows."""
    match = match_of(queryset)
    return [] if match is None else rows(match, patience)


def values(column: str) -> set[str]:
    """That stations have in a column, or in the lists of one."""
    found: set[str | None] = set()
    for row in ROSTER.rows(A_LOOK):
        value = row.get(column)
        if isinstance(value, list):
            found.update(value)
        else:
            found.add(value)
    return {one for one in found if one is not None}
