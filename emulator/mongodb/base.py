"""django-mongodb-backend, with pipelines that the embedded store reads as MongoDB does.

In $project and $addFields a nested document without operators is a path: {"a": {"b": 1}} means
{"a.b": 1}. SecantusDB 0.7.0b3 takes it for a value, so a join that reads a column of the other
side (a user's permissions, for one) gave wrong rows. The path form means the same to both.
"""

from __future__ import annotations

from typing import Any

from django_mongodb_backend import base
from django_mongodb_backend.utils import OperationDebugWrapper
from pymongo.collection import Collection

from stations.roster.marks import Marks

PATH_STAGES = frozenset({"$project", "$addFields", "$set"})


def with_paths(pipeline: list[dict]) -> list[dict]:
    """The same pipeline, nested documents of the stages above written as dotted paths.

    Without the stages that set fields to themselves, which the ORM makes for an ordering: they
    change nothing, and the embedded store copies every document for them before it sorts.
    """
    return [
        {name: _stage(name, body) for name, body in stage.items()}
        for stage in pipeline
        if not _sets_nothing(stage)
    ]


def _sets_nothing(stage: dict) -> bool:
    fields = stage.get("$addFields")
    return isinstance(fields, dict) and all(
        isinstance(value, str) and value == f"${name}" for name, value in fields.items()
    )


def _stage(name: str, body: Any) -> Any:
    if name in PATH_STAGES:
        return dict(_paths(body))
    if name in ("$lookup", "$unionWith") and isinstance(body, dict) and "pipeline" in body:
        return {**body, "pipeline": with_paths(body["pipeline"])}
    if name == "$facet":
        return {key: with_paths(part) for key, part in body.items()}
    return body


def _paths(document: dict[str, Any], prefix: str = ""):
    for key, value in document.items():
        nested = isinstance(value, dict) and value
        if nested and not any(str(name).startswith("$") for name in value):
            yield from _paths(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


class PathCollection(Collection):
    def aggregate(self, pipeline, *args, **kwargs):
        return super().aggregate(with_paths(pipeline), *args, **kwargs)


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self):
        """As the backend has it; who keeps a roster of the stations is told of each write."""
        return super().get_connection_params() | {"event_listeners": [Marks()]}

    def get_collection(self, name, **kwargs):
        """A collection that takes paths of JSON fields; it logs its queries where Django does."""
        collection = PathCollection(self.database, name, **kwargs)
        if self.queries_logged:
            collection = OperationDebugWrapper(self, collection)
        return collection
