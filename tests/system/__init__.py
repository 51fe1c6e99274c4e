"""Tests on real processes: the platform's own and other people's CSMSs."""
