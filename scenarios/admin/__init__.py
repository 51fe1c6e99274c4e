"""Scenarios, executions, behaviours and suites in the admin: what Django's autodiscovery looks for.

A module of this package imports another by its whole name, never from here.
"""

from scenarios.admin.scenarios import BehaviourAdmin, ExecutionAdmin, ScenarioAdmin
from scenarios.admin.suites import SuitePlanAdmin, SuiteRunAdmin

__all__ = ["BehaviourAdmin", "ExecutionAdmin", "ScenarioAdmin", "SuitePlanAdmin", "SuiteRunAdmin"]
