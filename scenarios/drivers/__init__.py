"""Drivers: how a CSMS is made to act, as tables from actions to HTTP requests. The files beside."""
