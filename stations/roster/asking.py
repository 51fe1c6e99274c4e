"""What is asked of the roster: which stations fit, in which order, how many, what values there are.

A filter or an order that the roster cannot tell is asked of the store: by `distinct`, of all ways
to ask the embedded one for thousands of identities the cheapest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet

from stations.orders import named
from stations.roster.kept import A_LOOK, COLUMNS, ROSTER, Row
from stations.roster.matching import NotKnown, fitting

_KNOWN = frozenset({*COLUMNS, "_id"})
MANY = 1000  # rows of which an answer is worth to be kept
MOST_MADE = 20  # answers
LONGEST_KEY = 300  # characters of a filter
# (the rows, {filter: what was made of them}) of the roster as it was asked last.
_made: tuple[list[Row], dict[str, Any]] = ([], {})


def identities(match: Mapping[str, Any], patience: float | None = None) -> list[str]:
    """Of the stations that fit a MongoDB filter, in their order. patience: see Roster.rows."""
    return [row["identity"] for row in rows(match, patience)]


def rows(match: Mapping[str, Any], patience: float | None = None) -> list[Row]:
    """Those that fit a MongoDB filter, by identity. Not to be changed; patience: as Roster.rows."""
    found = ROSTER.rows(patience)
    if not match:
        return found
    return _told(found, _key_of(match), lambda: _chosen(found, match))


def _chosen(found: list[Row], match: Mapping[str, Any]) -> list[Row]:
    try:
        return list(filter(fitting(match, _KNOWN), found))
    except NotKnown:
        table = connection.get_collection(named.TABLE)
        named_so = set(table.distinct("identity", match))
        return [row for row in found if row["identity"] in named_so]


def _key_of(match: Mapping[str, Any]) -> str:
    """What it is told again by; "": not at all, of what the store is asked and of long lists."""
    try:
        fitting(match, _KNOWN)
    except NotKnown:
        return ""
    key = repr(match)
    return key if len(key) <= LONGEST_KEY else ""


def _told(of: list[Row], key: str, made: Callable[[], Any]) -> Any:
    """What was made of these rows before, as long as the roster is the same."""
    global _made
    known = _made
    if not key or len(of) < MANY:
        return made()
    if known[0] is not of:
        known = _made = of, {}
    answer = known[1].get(key)
    if answer is None:
        answer = made()
        while len(known[1]) >= MOST_MADE:
            known[1].pop(next(iter(known[1])), None)
        known[1][key] = answer
    return answer


def ordered(found: list[Row], order: Sequence[Any]) -> list[Row] | None:
    """Those that are by identity, by a queryset's `order_by`; None where the roster cannot tell."""
    columns = [_column(name) for name in order]
    if None in columns:
        return None
    if columns and columns[0][0] == "identity":  # of which there are no two
        return found[::-1] if columns[0][1] else found
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
    """That stations have in a column, or in the lists of one; not to be changed."""
    found = ROSTER.rows(A_LOOK)
    return _told(found, f"values of {column}", lambda: _values(found, column))


def _values(rows: list[Row], column: str) -> set[str]:
    found: set[str | None] = set()
    for row in rows:
        value = row.get(column)
        if isinstance(value, list):
            found.update(value)
        else:
            found.add(value)
    return {one for one in found if one is not None}
