"""Record and replay: what a station and a CSMS said becomes a scenario that says it again.

Sources are the message log, JSON lines, and captures of the network: see
docs/how-to/record-and-replay.md.
"""
