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


class WrongKeysError(OutcomeUnknownError):
    """Square does not know our access token: for somebody to put right, and no word on any payment."""


class ChangedMeanwhileError(OutcomeUnknownError):
    """What was to be changed is not any more what was read: read it again."""


class _Dumps(Protocol):
    def model_dump(self, **how: Any) -> dict[str, Any]: ...


def connect(access_token: str, base_url: str, timeout_s: float) -> tuple[AsyncSquare, httpx.AsyncClient]:
    """Square's library over a connection of ours, which whoever asks closes."""
    http = httpx.AsyncClient(timeout=timeout_s, trust_env=False, follow_redirects=False)
    return AsyncSquare(token=access_token, base_url=base_url.rstrip("/"), timeout=timeout_s, httpx_client=http), http


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


async def direct(square: AsyncSquare, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """One call by the library's own line (its address, headers and timeout), answered as Square wrote it: turning an
    answer into the library's types and back takes four times the CPU of the rest of the call. Raises as `answer` does.
    """
    line = square._client_wrapper.httpx_client  # noqa: SLF001 - the library has no public way to a plain answer
    try:
        told = await line.request(path, method=method, json=body, request_options=ONCE)
        content: dict[str, Any] = told.json()
    except (httpx.HTTPError, ValueError, TypeError, AttributeError) as error:
        raise OutcomeUnknownError from error
    if not told.is_success or not isinstance(content, dict):
        raise _refusal(ApiError(status_code=told.status_code, body=content))
    return content


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
