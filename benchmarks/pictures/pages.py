"""A picture of each page, smaller than the best ones, for docs/reference/pages.md."""

from __future__ import annotations

from benchmarks.pictures.best import LIFE, Picture
from benchmarks.pictures.demo import BROKEN, SHOWN

SCALE = 0.625  # of a window of 1440 by 900: 900 by 562 pixels
QUALITY = 72  # of JPEG, which Chromium makes itself; a third of a PNG

ROW = "#result_list tbody a"
FORM = "#content form"

PAGES = (
    Picture("dashboard", "/admin/", "#fg-sickest tbody a"),
    Picture("stations", "/admin/stations/station/", "#result_list .st-badge"),
    Picture("station", LIFE, "[data-cell=transaction]"),
    Picture("station-settings", "SETTINGS", FORM),
    Picture("station-add", "/admin/stations/station/add/", FORM),
    Picture("create-many", "/admin/stations/station/create-many/", FORM),
    Picture("map", "/admin/fleet/map/", ".fm-many"),
    Picture("jobs", "/admin/fleet/jobs/", "#content table a"),
    Picture("job", "JOB", "[data-rows] a"),
    Picture("job-new", "/admin/fleet/many/", FORM),
    Picture("import", "/admin/fleet/import/", "#content input[type=file]"),
    Picture("sessions", "/admin/sessions/", "#sessions tbody a"),
    Picture("session", "SESSION", '[data-chart="power"] canvas'),
    Picture("templates", "/admin/stations/template/", ROW),
    Picture("makes", "/admin/stations/make/", "#content"),
    Picture("ev-profiles", "/admin/stations/carprofile/", "#content"),
    Picture("tag-groups", "/admin/stations/taggroup/", ROW),
    Picture("scenarios", "/admin/scenarios/scenario/", ROW),
    Picture("scenario", "SCENARIO", "body[data-editor=ready]"),
    Picture("scenario-run", "RUN", FORM),
    Picture("executions", "/admin/scenarios/execution/", ROW),
    Picture("execution", "FAILED", "[data-compare]"),
    Picture("behaviours", "/admin/scenarios/behaviour/", ROW),
    Picture("suites", "/admin/scenarios/suiteplan/", ROW),
    Picture("suite-runs", "/admin/scenarios/suiterun/", ROW),
    Picture("suite-run", "SUITE", "#content table"),
    Picture("live-view", "/admin/live/", "#lv-scroll .lv-row"),
    Picture("history", f"/admin/live/?mode=history&station={SHOWN}", "#lv-scroll .lv-row"),
    Picture("statistics", "/admin/statistics/?range=15m", "#statistics tbody a"),
    Picture(
        "crafter", f"/admin/crafter/?station={BROKEN}&action=BootNotification", "#content select"
    ),
    Picture("periodic-tasks", "/admin/django_celery_beat/periodictask/", ROW),
    Picture("task-results", "/admin/django_celery_results/taskresult/", ROW),
    Picture("schedules", "/admin/django_celery_beat/intervalschedule/", ROW),
    Picture("own-tokens", "/admin/tokens/", FORM),
    Picture("api-tokens", "/admin/accounts/apitoken/", "#content"),
    Picture("users", "/admin/auth/user/", ROW),
    Picture("groups", "/admin/auth/group/", ROW),
    Picture("trail", "/admin/trail/", "#content table tbody tr"),
    Picture("api", "/api/docs", ".opblock"),
    Picture("login", "/admin/login/", "form input[type=password]"),
)
