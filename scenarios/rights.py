"""Who may do what with scenarios, executions, behaviours and suites. See accounts/rights.py."""

from __future__ import annotations

from accounts.rights import ADMINISTER, CONFIGURE, DRIVE, READ, Part, crud, model_pages

RUN = "scenarios.run_scenario"
VIEW_MESSAGES = "messaging.view_message"
RUN_SUITE, CHANGE_SUITE = "scenarios.run_suite", "scenarios.change_suiteplan"
ADD, CHANGE = "scenarios.add_scenario", "scenarios.change_scenario"
_VIEW, _VIEW_RUNS = "scenarios.view_scenario", "scenarios.view_execution"
_VIEW_SUITE, _VIEW_SUITE_RUNS = "scenarios.view_suiteplan", "scenarios.view_suiterun"

PART = Part(
    levels={
        **crud("scenarios.scenario", READ, CONFIGURE),
        **crud("scenarios.behaviour", READ, CONFIGURE),
        **crud("scenarios.execution", READ, ADMINISTER),
        **crud("scenarios.stationrun", READ, ADMINISTER),
        **crud("scenarios.stationturn", READ, ADMINISTER),
        **crud("scenarios.question", READ, ADMINISTER),
        "scenarios.delete_execution": CONFIGURE,
        **crud("scenarios.suiteplan", READ, CONFIGURE),
        **crud("scenarios.suiterun", READ, ADMINISTER),
        **crud("scenarios.suitereport", READ, ADMINISTER),
        "scenarios.delete_suiterun": CONFIGURE,
        RUN: DRIVE,
        RUN_SUITE: DRIVE,
    },
    operations={
        "GET /scenarios": _VIEW,
        "POST /scenarios": ADD,
        "POST /scenarios/import": ADD,  # with on_existing=update, CHANGE besides
        "GET /scenarios/export": _VIEW,
        "POST /scenarios/export": _VIEW,
        "GET /scenarios/{scenario}": _VIEW,
        "PUT /scenarios/{scenario}": CHANGE,
        "DELETE /scenarios/{scenario}": "scenarios.delete_scenario",
        "POST /scenarios/{scenario}/run": RUN,
        "POST /scenarios/{scenario}/preview": _VIEW,
        "GET /scenario-schema": _VIEW,
        "GET /scenario-steps": _VIEW,
        "POST /scenario-check": _VIEW,
        "POST /scenario-try": ADD,  # who writes scenarios; and RUN besides
        "POST /executions": RUN,
        "GET /executions": _VIEW_RUNS,
        "GET /executions/{execution}": _VIEW_RUNS,
        "GET /executions/{execution}/stations": _VIEW_RUNS,
        "POST /executions/{execution}/cancel": RUN,
        "DELETE /executions/{execution}": "scenarios.delete_execution",
        "GET /questions": _VIEW_RUNS,
        "POST /questions/{question}/answer": RUN,
        "GET /behaviours": "scenarios.view_behaviour",
        "POST /behaviours": "scenarios.add_behaviour",
        "GET /behaviours/{behaviour}": "scenarios.view_behaviour",
        "PUT /behaviours/{behaviour}": "scenarios.change_behaviour",
        "DELETE /behaviours/{behaviour}": "scenarios.delete_behaviour",
        "GET /stations/{identity}/recording": VIEW_MESSAGES,
        "GET /suites": _VIEW_SUITE,
        "POST /suites": "scenarios.add_suiteplan",
        "GET /suites/{plan}": _VIEW_SUITE,
        "PUT /suites/{plan}": CHANGE_SUITE,
        "DELETE /suites/{plan}": "scenarios.delete_suiteplan",
        "POST /suites/{plan}/run": RUN_SUITE,
        "GET /suite-runs": _VIEW_SUITE_RUNS,
        "GET /suite-runs/{run}": _VIEW_SUITE_RUNS,
        "GET /suite-runs/{run}/report": _VIEW_SUITE_RUNS,
        "GET /suite-runs/{run}/compare": _VIEW_SUITE_RUNS,
        "POST /suite-runs/{run}/cancel": RUN_SUITE,
        "DELETE /suite-runs/{run}": "scenarios.delete_suiterun",
    },
    pages={
        **model_pages("scenarios.scenario"),
        **model_pages("scenarios.execution"),
        **model_pages("scenarios.behaviour"),
        **model_pages("scenarios.suiteplan"),
        **model_pages("scenarios.suiterun"),
        "admin:scenarios_suiteplan_run": RUN_SUITE,
        "admin:scenarios_suiteplan_run_this": RUN_SUITE,
        "admin:scenarios_scenario_run": RUN,
        "admin:scenarios_scenario_run_any": RUN,
        "admin:scenarios_scenario_run_this": RUN,
    },
    actions={
        "scenarios.scenario run_on_stations": RUN,
        "stations.station run_scenario": RUN,
        "scenarios.scenario export": _VIEW,
        "scenarios.scenario delete_selected": "scenarios.delete_scenario",
        "scenarios.execution cancel_executions": RUN,
        "scenarios.execution delete_selected": "scenarios.delete_execution",
        "scenarios.behaviour delete_selected": "scenarios.delete_behaviour",
        "scenarios.suiteplan run_now": RUN_SUITE,
        "scenarios.suiteplan delete_selected": "scenarios.delete_suiteplan",
        "scenarios.suiterun cancel_runs": RUN_SUITE,
        "scenarios.suiterun delete_selected": "scenarios.delete_suiterun",
    },
    buttons={"scenarios.execution cancel": "POST /executions/{execution}/cancel"},
)
