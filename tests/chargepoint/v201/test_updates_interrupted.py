"""Updates of 2.0.1 and 2.1 whose certificate is revoked, or whose download pauses (L01)."""

import pytest

from tests.chargepoint.authority import named, revocation_list
from tests.chargepoint.files import Signer
from tests.chargepoint.peer import START
from tests.chargepoint.v201.files import FileCsms
from tests.chargepoint.v201.test_firmware import update

PAUSE = ["Downloading", "DownloadPaused", "Downloading"]


@pytest.fixture(params=["2.0.1", "2.1"])
def version(request):
    return request.param


@pytest.fixture(scope="module")
def signer():
    return Signer()


def test_a_revoked_certificate_is_named_so(version, signer):
    lists = revocation_list(named("Root"), signer.root_key, START, signer.pem)
    configuration = {"EmulatorCtrlr.RevocationList": lists}
    csms = FileCsms(version=version, configuration=configuration).connect()
    assert update(csms, signer) == {"status": "RevokedCertificate"}
    assert csms.downloads == [] and csms.told() == []


def test_an_operator_pauses_the_download(version, signer):
    csms = FileCsms(version=version).connect()
    update(csms, signer)
    csms.command("firmware", download="pause")
    csms.pass_time(600)
    assert csms.told() == PAUSE[:2] and len(csms.downloads) == 1
    csms.command("firmware", download="resume")
    csms.pass_time(1)
    csms.fetched()
    assert csms.told() == [*PAUSE, "Downloaded", "SignatureVerified", "Installing"]


def test_a_broken_transfer_pauses_it(version, signer):
    csms = FileCsms(version=version).connect()
    update(csms, signer, retries=1)
    csms.failed()
    csms.pass_time(21)
    csms.failed()
    assert csms.told() == [*PAUSE, "DownloadFailed"]
