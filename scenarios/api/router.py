"""The scenario API put together. Mounted at /api/: the paths are whole."""

from ninja import Router

from scenarios.api import (
    behaviours,
    editing,
    executions,
    questions,
    recording,
    scenarios,
    suites,
)

router = Router()
# Words like "export" come before {scenario}.
for part in (editing, scenarios, executions, behaviours, recording, suites, questions):
    router.add_router("", part.router)
