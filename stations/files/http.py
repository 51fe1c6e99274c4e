"""Files by HTTP and HTTPS: GET, and PUT, or POST to servers that know no PUT (2.0.1 N01.FR.18)."""

from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp

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
from stations.link.reaching import Connector, Reach
from stations.link.targets import TlsOptions

REDIRECTS = 5
_RESULTS = {
    400: BAD_MESSAGE, 411: BAD_MESSAGE, 415: BAD_MESSAGE, 422: BAD_MESSAGE,
    401: DENIED, 403: DENIED, 407: DENIED,
    405: UNSUPPORTED, 501: UNSUPPORTED,
}  # fmt: skip


class HttpTransfers:
    """One session without cookies and without connections that outlive their transfer."""

    def __init__(self, limits: Limits, reach: Reach) -> None:
        self._limits = limits
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=limits.connect, sock_read=limits.quiet
        )
        self._session = aiohttp.ClientSession(
            connector=Connector(reach),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=timeout,
            auto_decompress=False,  # the signature is over the file as it lies there
            headers={"Accept-Encoding": "identity"},
        )

    async def close(self) -> None:
        await self._session.close()

    async def download(self, effect: Download, tls: TlsOptions | None) -> Transferred:
        """Fetch a file by HTTP: its size, digest and first bytes.

        Raises TransferFailed, also where it is larger than the limits.
        """
        fetched = Fetched(effect, self._limits)
        try:
            async with self._session.get(
                effect.url, ssl=context_for(tls), max_redirects=REDIRECTS
            ) as answer:
                _check(answer)
                fetched.expect(answer.content_length)
                async for block in answer.content.iter_chunked(BLOCK):
                    fetched.take(block)
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            raise TransferFailed(FAILED, _words(failure)) from None
        return fetched.outcome()

    async def upload(self, effect: Upload, path: Path, tls: TlsOptions | None) -> None:
        """Send a file: by PUT, else by POST as a form. Raises TransferFailed."""
        url = place(effect.url, effect.name)
        try:
            if await self._put(url, path, tls):
                return
            with path.open("rb") as file:
                form = aiohttp.FormData()
                form.add_field("file", file, filename=effect.name, content_type="text/plain")
                async with self._session.post(
                    url, data=form, ssl=context_for(tls), allow_redirects=False
                ) as answer:
                    _check(answer)
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            raise TransferFailed(FAILED, _words(failure)) from None

    async def _put(self, url: str, path: Path, tls: TlsOptions | None) -> bool:
        """False where the server has no PUT."""
        with path.open("rb") as file:
            async with self._session.put(
                url,
                data=file,
                headers={"Content-Type": "text/plain; charset=utf-8"},
                ssl=context_for(tls),
                allow_redirects=False,
            ) as answer:
                if answer.status in (405, 501):
                    return False
                _check(answer)
                return True


def place(url: str, name: str) -> str:
    """The file's own address: the URL, or the name in it where it is a directory ("…/")."""
    parts = urlsplit(url)
    if parts.path and not parts.path.endswith("/"):
        return url
    path = f"{parts.path or '/'}{quote(name)}"
    return urlunsplit((parts.scheme, parts.netloc, path, parts.query, ""))


def _check(answer: aiohttp.ClientResponse) -> None:
    if not 200 <= answer.status < 300:
        words = f"the server answered HTTP {answer.status} {answer.reason or ''}".strip()
        raise TransferFailed(_RESULTS.get(answer.status, FAILED), words)


def _words(failure: BaseException) -> str:
    # Some of aiohttp's texts have the whole URL, password included.
    if isinstance(failure, aiohttp.InvalidURL):
        return f"{type(failure).__name__}: the address cannot be used"
    if isinstance(failure, aiohttp.ClientConnectorError):
        failure = failure.os_error
    if isinstance(failure, Refused):
        return str(failure)
    return f"{type(failure).__name__}: {failure}"
