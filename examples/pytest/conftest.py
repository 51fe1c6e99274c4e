"""Where the CSMS is. A real one would start yours here, and stop it; see docs/how-to/pytest.md."""

import os

import pytest


@pytest.fixture(scope="session")
def ocpp_csms_url(pytestconfig):
    """`--ocpp-csms` where it is given; else what CSMS_URL says."""
    url = pytestconfig.getoption("--ocpp-csms") or os.environ.get("CSMS_URL")
    if not url:
        pytest.skip("set CSMS_URL, or give --ocpp-csms")
    return url
