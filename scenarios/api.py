"""The scenario API put together. Mounted at /api/: the paths are whole."""

from ninja import Router

from scenarios import api_behaviours, api_executions, api_recording, api_scenarios, api_suites

router = Router()
# Words like "export" come before {scenario}.
for part in (api_scenarios, api_executions, api_behaviours, api_recording, api_suites):
    router.add_router("", part.router)
