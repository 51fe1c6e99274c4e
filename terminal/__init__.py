"""Stations from the command line: in one process, with no server and no store."""
