"""Which function carries out which type of step."""

from __future__ import annotations

from scenarios.engine.steps import acts, driving, expecting, flow, linking, prompting, waits
from scenarios.engine.strand import Table
from scenarios.rules.station_steps import COMMANDS
from scenarios.rules.step_rules import CONTAINERS as CONTAINER_TYPES
from scenarios.rules.step_rules import RULES

LEAVES = {
    **dict.fromkeys(COMMANDS, acts.command),
    "api_call": acts.api_call,
    "assert": waits.assert_,
    "csms": driving.csms,
    "http": driving.http,
    "link": linking.link,
    "prompt": prompting.prompt,
    "delay": waits.delay,
    "expect": expecting.expect,
    "expect_none": expecting.expect_none,
    "read_state": waits.read_state,
    "set": waits.set_variables,
    "set_configuration": acts.set_configuration,
    "start": acts.start,
    "stop": acts.stop,
    "wait_condition": waits.wait_condition,
    "wait_for_held": acts.wait_for_held,
    "wait_for_message": expecting.wait_for_message,
    "wait_for_state": waits.wait_for_state,
}
CONTAINERS = {
    "choose": flow.choose, "if": flow.if_, "parallel": flow.parallel, "repeat": flow.repeat,
}  # fmt: skip

TABLE = Table(LEAVES, CONTAINERS)

# What passes the rules can be carried out.
assert {*LEAVES, *CONTAINERS} == {*RULES, *COMMANDS}
assert set(CONTAINERS) == set(CONTAINER_TYPES)
