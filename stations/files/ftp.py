"""Files by FTP and FTPS, passive (the security whitepaper, L01). ftps:// means TLS from the first
byte on port 990, which is its default as in other clients, and AUTH TLS on any other port."""

import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import aioftp

from chargepoint.effects import (
    BAD_MESSAGE,
    DENIED,
    FAILED,
    UNSUPPORTED,
    Download,
    Transferred,
    Upload,
)
from stations.files.transferring import BLOCK, Fetched, Limits, TransferFailed, context_for
from stations.link.egress import Refused
from stations.link.reaching import FtpClient, Reach
from stations.link.targets import TlsOptions

PLAIN_PORT, TLS_PORT = 21, 990
# RFC 959, 4.2. 550 and 553 are also said of a file that is not there, which only a download meets.
_UPLOAD_RESULTS = {
    "500": UNSUPPORTED, "502": UNSUPPORTED, "504": UNSUPPORTED,
    "501": BAD_MESSAGE, "503": BAD_MESSAGE,
    "530": DENIED, "532": DENIED, "550": DENIED, "553": DENIED,
}  # fmt: skip
_FAULTS = (aioftp.AIOFTPException, ssl.SSLError, OSError, ValueError)


async def download(
    effect: Download, tls: TlsOptions | None, limits: Limits, reach: Reach
) -> Transferred:
    """Fetch a file by FTP or FTPS: its size, digest and first bytes. Raises TransferFailed."""
    fetched = Fetched(effect, limits)
    async with _logged_in(effect.url, tls, limits, reach, {"530": DENIED}) as client:
        async with client.download_stream(_path(effect.url)) as stream:
            async for block in stream.iter_by_block(BLOCK):
                fetched.take(block)
    return fetched.outcome()


async def upload(
    effect: Upload, path: Path, tls: TlsOptions | None, limits: Limits, reach: Reach
) -> None:
    async with _logged_in(effect.url, tls, limits, reach, _UPLOAD_RESULTS) as client:
        target = await _target(client, effect)
        with path.open("rb") as file:
            async with client.upload_stream(target) as stream:
                while block := file.read(BLOCK):
                    await stream.write(block)


async def _target(client: aioftp.Client, effect: Upload) -> PurePosixPath:
    """The URL's directory with the file's name in it, or the URL's own file."""
    path = _path(effect.url)
    if str(path) == "." or urlsplit(effect.url).path.endswith("/"):
        return path / effect.name
    with contextlib.suppress(aioftp.AIOFTPException):  # it is not there, or cannot be asked of
        if await client.is_dir(path):
            return path / effect.name
    return path


def _path(url: str) -> PurePosixPath:
    # RFC 1738, 3.2.2: from the directory that the login leads to.
    return PurePosixPath(unquote(urlsplit(url).path.removeprefix("/")))


@contextlib.asynccontextmanager
async def _logged_in(
    url: str, tls: TlsOptions | None, limits: Limits, reach: Reach, results: dict[str, str]
) -> AsyncIterator[aioftp.Client]:
    parts = urlsplit(url)
    secure = parts.scheme.lower() == "ftps"
    port = parts.port or (TLS_PORT if secure else PLAIN_PORT)
    at_once = secure and port == TLS_PORT
    client = FtpClient(
        reach,
        socket_timeout=limits.quiet,
        connection_timeout=limits.connect,
        ssl=context_for(tls) if at_once else None,
    )
    try:
        await client.connect(parts.hostname, port)
        if secure and not at_once:
            await client.upgrade_to_tls(context_for(tls))
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        await client.login(user or aioftp.DEFAULT_USER, password or aioftp.DEFAULT_PASSWORD)
        yield client
        with contextlib.suppress(aioftp.AIOFTPException, OSError):  # the file is there already
            await client.quit()
    except aioftp.StatusCodeError as refused:
        code = str(refused.received_codes[-1])
        words = f"the server answered {code} {' '.join(refused.info).strip()}"
        raise TransferFailed(results.get(code, FAILED), words) from None
    except Refused as refused:
        raise TransferFailed(FAILED, str(refused)) from None
    except TimeoutError:
        raise TransferFailed(FAILED, "the server did not answer in time") from None
    except _FAULTS as failure:
        raise TransferFailed(FAILED, f"{type(failure).__name__}: {failure}") from None
    finally:
        client.close()
