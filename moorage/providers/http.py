"""HTTP to the outside: one request, one try, its answer as it came.

Nothing is retried, redirected, remembered as a cookie or sent through a proxy by surprise: whether a call is made
again, and with which key, is the core's to decide. Over aiohttp, which takes a fifth of the CPU that httpx takes for a
call (decision 0015).
"""

import functools
import json as codec
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import certifi
from yarl import URL

from moorage.domains.payments.gateway import OutcomeUnknownError

CONNECTIONS: Final = 50
# Far above the longest page of a list; what is longer is not read to its end.
MAX_BYTES: Final = 16 * 1024 * 1024
KEPT_ALIVE_S: Final = 30.0


class NoAnswerError(OutcomeUnknownError):
    """No answer came: the request may have been obeyed, or never have arrived. `why` is for a log."""

    def __init__(self, why: str) -> None:
        super().__init__()
        self.why = why


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `headers` are found in any case of letters."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    def body(self) -> dict[str, Any]:
        """The JSON object ({} where nothing was sent). Raises OutcomeUnknownError for anything else, and for an answer
        that says nothing on what was done: an overloaded or broken provider's.
        """
        if self.status >= 500 or self.status == 429:
            raise OutcomeUnknownError
        try:
            content = codec.loads(self.content) if self.content else {}
        except ValueError as error:
            raise OutcomeUnknownError from error
        if not isinstance(content, dict):
            raise OutcomeUnknownError
        return content


class HttpClient:
    """Requests to one address. `timeout_s` is for a whole request; `headers` go with each; an answer of more than
    `max_bytes` is as good as none.
    """

    def __init__(
        self, base_url: str, *, timeout_s: float, headers: Mapping[str, str] | None = None, max_bytes: int = MAX_BYTES
    ) -> None:
        """Open nothing yet; connections are made when they are needed, and shared by all calls."""
        self.base_url = base_url.rstrip("/")
        self.timeout_s = timeout_s
        self._headers = {"User-Agent": "Moorage", **(headers or {})}
        self._max_bytes = max_bytes
        self._session: aiohttp.ClientSession | None = None

    async def aclose(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        content: bytes | aiohttp.FormData | None = None,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request. `path` is behind the base address and quoted already; a whole address is taken as it is. Raises
        NoAnswerError.
        """
        url = URL(path if path.startswith("http") else f"{self.base_url}{path}", encoded=True)
        if query:
            url = url.update_query(query)
        if json is not None:
            content = codec.dumps(json).encode()
            headers = {"Content-Type": "application/json", **(headers or {})}
        try:
            async with self._connected().request(
                method, url, data=content, headers=headers, allow_redirects=False
            ) as answer:
                return Answer(answer.status, answer.headers, await self._read(answer.content))
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise NoAnswerError(type(error).__name__) from error

    async def _read(self, stream: aiohttp.StreamReader) -> bytes:
        parts, size = [], 0
        async for part in stream.iter_any():
            parts.append(part)
            size += len(part)
            if size > self._max_bytes:
                raise NoAnswerError(f"more than {self._max_bytes} bytes")
        return b"".join(parts)

    def _connected(self) -> aiohttp.ClientSession:
        """The session, made within the loop that uses it."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEPT_ALIVE_S, ssl=_trust()),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=self._headers,
                timeout=aiohttp.ClientTimeout(total=self.timeout_s),
            )
        return self._session


def basic(user: str, password: str) -> str:
    """The value of `Authorization` that HTTP's basic scheme makes of these."""
    return aiohttp.encode_basic_auth(user, password)


def json_part(name: str, value: Mapping[str, Any]) -> aiohttp.FormData:
    """A form of one part that is JSON, for one request: `multipart/form-data`."""
    form = aiohttp.FormData(default_to_multipart=True)
    form.add_field(name, codec.dumps(value), content_type="application/json")
    return form


@functools.cache
def _trust() -> ssl.SSLContext:
    """Whom we believe to be who they say: the same roots on every machine, whatever it has installed."""
    return ssl.create_default_context(cafile=certifi.where())
