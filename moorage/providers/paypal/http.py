"""PayPal over HTTP: the access token, one request, and what its refusals mean."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.kernel.money import InvalidCurrencyError
from moorage.providers.http import Answer, HttpClient, basic, json_part

T = TypeVar("T")
LIVE: Final = "https://api-m.paypal.com"
SANDBOX: Final = "https://api-m.sandbox.paypal.com"
# A token is not used in its last minute: it has to outlive the request that carries it.
_MARGIN_S: Final = 60.0
# Refusals that say nothing about the outcome: the first try of the same key is still being worked on.
_UNDECIDED: Final = frozenset({"previous_request_in_progress", "order_completion_in_progress"})


class WrongKeysError(OutcomeUnknownError):
    """PayPal does not know our keys: nothing was done, and all of it can be done when somebody has put them right."""


class Paypal:
    """The connection to PayPal's API. `base_url` is PayPal's own, or a trial server's."""

    def __init__(self, *, client_id: str, client_secret: str, base_url: str, timeout_s: float = 10.0) -> None:
        """Open nothing yet; connections are made when they are needed, and shared by all calls."""
        self._basic = basic(client_id, client_secret)
        self._token: str | None = None
        self._good_until_s = 0.0
        self._renewal = asyncio.Lock()
        self.app_id = ""
        self._http = HttpClient(base_url, timeout_s=timeout_s)
        self.base_url = self._http.base_url

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | bytes | None = None,
        *,
        key: str | None = None,
        query: Mapping[str, str | int] | None = None,
        form: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """One request, and its answer's object ({} where there is none). `key` is the idempotency key
        (`PayPal-Request-Id`); `form` goes as the part `input` of a form, where PayPal would take documents too. Raises
        ProviderDeclinedError with PayPal's own word for the reason in small letters as `failure_code`,
        OutcomeUnknownError, WrongKeysError.
        """
        headers = {} if form is not None else {"Content-Type": "application/json"}
        if method == "POST":
            headers["Prefer"] = "return=representation"  # the whole object, not only its id
        if key is not None:
            headers["PayPal-Request-Id"] = key
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()

        async def send(token: str) -> Answer:
            return await self._http.request(
                method,
                path,
                content=content if form is None else json_part("input", form),
                query=query,
                headers={**headers, "Authorization": f"Bearer {token}"},
            )

        token = await self._access_token(stale=None)
        answer = await send(token)
        if answer.status == 401:  # withdrawn before its time, which PayPal may do: once more with a new one
            answer = await send(await self._access_token(stale=token))
        return _understood(answer)

    async def fetch_text(self, url: str) -> str:
        """Something public of PayPal's, without our token. Raises ProviderDeclinedError where there is no such thing,
        OutcomeUnknownError.
        """
        answer = await self._http.request("GET", url)
        if 400 <= answer.status < 500 and answer.status != 429:
            raise ProviderDeclinedError(failure_code="resource_not_found")
        if answer.status != 200:
            raise OutcomeUnknownError
        return answer.content.decode(errors="replace")

    async def _access_token(self, *, stale: str | None) -> str:
        """A token that is good for a while; however many wait for one, it is asked for once. `stale` is one that was
        refused. Raises OutcomeUnknownError, WrongKeysError.
        """
        async with self._renewal:
            if self._token is None or self._token == stale or time.monotonic() >= self._good_until_s:
                await self._renew()
            assert self._token is not None  # noqa: S101 - as `_renew` leaves it
            return self._token

    async def _renew(self) -> None:
        asked_s = time.monotonic()
        answer = await self._http.request(
            "POST",
            "/v1/oauth2/token",
            content=b"grant_type=client_credentials",
            headers={"Authorization": self._basic, "Content-Type": "application/x-www-form-urlencoded"},
        )
        told = _understood(answer)
        try:
            self._token = str(told["access_token"])
            self._good_until_s = asked_s + float(told["expires_in"]) - _MARGIN_S
            self.app_id = str(told.get("app_id") or "")
        except (KeyError, ValueError, TypeError) as error:
            raise OutcomeUnknownError from error


def read(translate: Callable[[Mapping[str, Any]], T], body: Mapping[str, Any]) -> T:
    """An answer that cannot be understood says nothing about what was done."""
    try:
        return translate(body)
    except (LookupError, ValueError, TypeError, InvalidCurrencyError) as error:
        raise OutcomeUnknownError from error


def _understood(answer: Answer) -> dict[str, Any]:
    """An answer's object. A broken one and one of overload both mean: unknown."""
    content = answer.body()
    if answer.status == 401:
        raise WrongKeysError
    if answer.status >= 400:
        raise _refusal(content)
    return content


def _refusal(content: Mapping[str, Any]) -> ProviderDeclinedError | OutcomeUnknownError:
    """PayPal's error: `details[].issue` is the reason where there is one, else `name` is."""
    details = content.get("details")
    first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    reason = first.get("issue") or content.get("name")
    if not isinstance(reason, str) or reason.lower() in _UNDECIDED:
        return OutcomeUnknownError()
    said = first.get("description") or content.get("message") or "PayPal refused."
    return ProviderDeclinedError(str(said), failure_code=reason.lower())
