"""The audit: is what the CSMS saw what the platform remembers? One station at a time."""
