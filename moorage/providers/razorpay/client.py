"""Calls to Razorpay's API, one try each: whether a call is repeated is the core's to decide."""

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, TypeVar

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.providers.http import HttpClient, basic

T = TypeVar("T")
Body = dict[str, Any]
ADDRESS: Final = "https://api.razorpay.com"
_PAGE: Final = 100
# Razorpay words most refusals alike, BAD_REQUEST_ERROR, and says which in a sentence for people.
_SAID: Final = (
    ("already been captured", "already_captured"),
    ("order is already paid", "already_captured"),
    ("capture amount must be equal", "capture_must_be_whole"),
    ("does not exist", "resource_missing"),
    ("fully refunded", "refund_exceeds_charge"),
    ("refund amount", "refund_exceeds_charge"),
    ("disput", "charge_disputed"),
)


class WrongKeysError(OutcomeUnknownError):
    """Razorpay does not know our keys: for somebody to put right, and no word on any payment."""


class RazorpayClient:
    """Razorpay's API with our keys."""

    def __init__(self, key_id: str, key_secret: str, base_url: str, timeout_s: float) -> None:
        """Open nothing yet."""
        self._http = HttpClient(
            f"{base_url.rstrip('/')}/v1",
            timeout_s=timeout_s,
            headers={"Authorization": basic(key_id, key_secret)},
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Body:
        """One request. Raises ProviderDeclinedError for a refusal; no answer, a broken one, one of overload and one
        to a repeat that came too early all mean: unknown.
        """
        answer = await self._http.request(method, path, json=body, query=query, headers=headers)
        content = answer.body()
        if answer.status in (401, 403):
            raise WrongKeysError
        if answer.status >= 400:
            raise _refusal(answer.status, content)
        return content

    async def every(self, path: str, query: Mapping[str, int] | None = None) -> AsyncIterator[Body]:
        """Each item of a list, page after page, as Razorpay lists them: the newest first."""
        skip = 0
        while True:
            page = await self.call("GET", path, query={**(query or {}), "count": _PAGE, "skip": skip})
            items = read(lambda told: list(told["items"]), page)
            for item in items:
                yield item
            if len(items) < _PAGE:
                return
            skip += _PAGE


def read(translate: Callable[..., T], *parts: Any) -> T:
    """An answer that cannot be understood says nothing about what was done: OutcomeUnknownError."""
    try:
        return translate(*parts)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise OutcomeUnknownError from error


def _refusal(status: int, content: Body) -> ProviderDeclinedError | OutcomeUnknownError:
    error = content.get("error")
    if status in (408, 409) or not isinstance(error, dict):
        return OutcomeUnknownError()
    said = str(error.get("description") or "")
    found = [code for words, code in _SAID if words in said.lower()]
    code = found[0] if found else str(error.get("reason") or error.get("code") or "bad_request_error").lower()
    return ProviderDeclinedError(said or None, failure_code=code)
