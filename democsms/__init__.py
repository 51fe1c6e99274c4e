"""A small CSMS to try stations against; built on the PyPI package `ocpp`."""
