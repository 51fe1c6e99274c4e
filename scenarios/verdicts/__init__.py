"""Suites of the platform: plans, their runs by the command `runsuite`, what broke and healed."""
