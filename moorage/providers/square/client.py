"""Calls to Square by its own library, one try each, and answers as plain JSON.

Whether a call is repeated, and when, is the core's to decide; the library's own retries are off.
"""

from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any, Final, Protocol

import httpx
from square import AsyncSquare
from square.core.api_error import ApiError
from square.core.request_options import RequestOptions

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.providers.http import HttpClient, NoAnswerError

ONCE: Final[RequestOptions] = {"max_retries": 0}
ADDRESSES: Final = {
    "sandbox": "https://connect.squareupsandbox.com",
    "live": "https://connect.squareup.com",
}
# Refusals that say nothing about what was done: somebody else is at it, or an earlier try under this key did another
# thing, or Square asks for patience.
_UNDECIDED: Final = frozenset({"IDEMPOTENCY_KEY_REUSED", "RATE_LIMITED", "REFUND_ALREADY_PENDING", "TEMPORARY_ERROR"})
_CHANGED: Final = frozenset({"CONFLICT", "VERSION_MISMATCH"})
# Ours for what Square words otherwise; every other code of theirs is ours in small letters.
_CODES: Final = {"GENERIC_DECLINE": "card_declined", "NOT_FOUND": "resource_missing"}


# Said of the bytes that came, which are unpacked by now.
_OF_THE_WIRE: Final = frozenset({"content-encoding", "content-length", "transfer-encoding"})


class WrongKeysError(OutcomeUnknownError):
    """Square does not know our access token: for somebody to put right, and no word on any payment."""


class ChangedMeanwhileError(OutcomeUnknownError):
    """What was to be changed is not any more what was read: read it again."""


class _Dumps(Protocol):
    def model_dump(self, **how: Any) -> dict[str, Any]: ...


class SquareLine:
    """Square's own library, `sdk`, over connections of ours, which whoever made this closes."""

    def __init__(self, access_token: str, base_url: str, timeout_s: float) -> None:
        """Open nothing yet."""
        self._http = HttpClient(base_url, timeout_s=timeout_s)
        self.sdk = AsyncSquare(
            token=access_token,
            base_url=self._http.base_url,
            timeout=timeout_s,
            httpx_client=httpx.AsyncClient(transport=_Transport(self._http), trust_env=False, follow_redirects=False),
        )
        # The library has no public way to an answer as Square wrote it, which `call` is for.
        self._headers = self.sdk._client_wrapper.get_headers()  # noqa: SLF001 - fixed: our token is a plain string

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One call with the library's headers, answered as Square wrote it: turning an answer into the library's types
        and back takes four times the CPU of the rest of the call. Raises as `answer` does.
        """
        told = await self._http.request(method, f"/{path}", json=body, headers=self._headers)
        content = told.body()
        if told.status >= 400:
            raise _refusal(ApiError(status_code=told.status, body=content))
        return content


async def answer(call: Awaitable[_Dumps]) -> dict[str, Any]:
    """A call's answer. Raises ProviderDeclinedError for a refusal; no answer, a broken one and one of overload all
    mean: unknown.
    """
    try:
        return plain(await call)
    except ApiError as error:
        raise _refusal(error) from error
    except (httpx.HTTPError, ValueError, TypeError, AttributeError) as error:
        raise OutcomeUnknownError from error


async def every(first_page: Awaitable[Any]) -> AsyncIterator[dict[str, Any]]:
    """Each item of a list, page after page. Raises as `answer` does."""
    try:
        async for item in await first_page:
            yield plain(item)
    except ApiError as error:
        raise _refusal(error) from error
    except (httpx.HTTPError, ValueError, TypeError, AttributeError) as error:
        raise OutcomeUnknownError from error


def plain(told: _Dumps) -> dict[str, Any]:
    """The library's object as the JSON that it was made of."""
    return told.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)


def code_of(error: Mapping[str, Any]) -> str:
    """An error's code in our words: CARD_DECLINED -> card_declined."""
    code = str(error["code"])
    return _CODES.get(code, code.lower())


def _refusal(error: ApiError) -> ProviderDeclinedError | OutcomeUnknownError:
    status, body = error.status_code or 0, error.body
    first = (body.get("errors") or [None])[0] if isinstance(body, dict) else None
    if status in (401, 403):
        return WrongKeysError()
    if not 400 <= status < 500 or status == 429 or not isinstance(first, dict) or "code" not in first:
        return OutcomeUnknownError()
    if first["code"] in _CHANGED:
        return ChangedMeanwhileError()
    if first["code"] in _UNDECIDED:
        return OutcomeUnknownError()
    return ProviderDeclinedError(str(first.get("detail") or first["code"]), failure_code=code_of(first))


class _Transport(httpx.AsyncBaseTransport):
    """What the library sends, over the line that all our requests take."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """One request. Raises httpx.TransportError for whatever kept its answer from us."""
        try:
            answer = await self._http.request(
                request.method, str(request.url), content=await request.aread() or None, headers=request.headers
            )
        except NoAnswerError as error:
            raise httpx.TransportError(error.why) from error
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _OF_THE_WIRE}
        return httpx.Response(answer.status, headers=kept, content=answer.content)
