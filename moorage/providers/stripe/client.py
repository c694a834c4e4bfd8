"""The line to Stripe: one request at a time by the official SDK, its retries off, plain JSON back, errors in our words.

Our operations retry themselves, with the same idempotency key, and ask what happened first: a second try inside the SDK
would only hide that the first had no answer.
"""

import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final, NoReturn, TypeVar

import stripe

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.providers.http import HttpClient, NoAnswerError

Body = dict[str, Any]
T = TypeVar("T")

PAGE_SIZE: Final = 100
# Refusals that say nothing about the outcome: another call holds the object or the key just now.
_UNDECIDED: Final = frozenset({"lock_timeout", "idempotency_key_in_use", "rate_limit"})
# A refusal of the bank's own words more than of the card's class: the more exact of the two is kept.
_VAGUE: Final = frozenset({None, "", "generic_decline"})


class StripeLine:
    """Calls of Stripe's API: method, path and parameters to JSON. Every call raises OutcomeUnknownError (no answer, one
    of overload, a broken one) or ProviderDeclinedError (`failure_code`: Stripe's decline code, else its code).
    """

    def __init__(self, *, secret_key: str, base_url: str | None, timeout_s: float) -> None:
        """Open nothing yet; connections are made when they are needed, and shared by all calls."""
        stripe.enable_telemetry = False
        # It would write requests with e-mail addresses into our log.
        logging.getLogger("stripe").setLevel(logging.WARNING)
        self._http = _Http(timeout_s)
        self._client = stripe.StripeClient(
            secret_key,
            base_addresses={"api": base_url.rstrip("/")} if base_url else None,
            http_client=self._http,
            max_network_retries=0,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.close_async()

    async def post(self, path: str, parameters: Mapping[str, Any], *, key: str | None) -> Body:
        """Change something, once per `key` (None: each time anew)."""
        return await self._call("post", path, parameters, key)

    async def delete(self, path: str, parameters: Mapping[str, Any]) -> Body:
        """End something; ended twice is refused as `resource_missing`."""
        return await self._call("delete", path, parameters, None)

    async def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Body:
        """Read. What cannot be read says nothing about what was done, except that a thing is missing."""
        try:
            return await self._call("get", path, parameters or {}, None)
        except ProviderDeclinedError as error:
            if error.facts["failure_code"] == "resource_missing":
                raise
            raise OutcomeUnknownError(str(error)) from error

    async def look(self, path: str, parameters: Mapping[str, Any] | None = None) -> Body | None:
        """Read what may not exist."""
        try:
            return await self.get(path, parameters)
        except ProviderDeclinedError:
            return None

    async def pages(self, path: str, parameters: Mapping[str, Any] | None = None) -> AsyncIterator[Body]:
        """Every object of a list, the newest first."""
        query: dict[str, Any] = {"limit": PAGE_SIZE, **(parameters or {})}
        while True:
            page = await self.get(path, query)
            found = read_list(page)
            for body in found:
                yield body
            if not page.get("has_more") or not found:
                return
            query["starting_after"] = found[-1]["id"]

    async def ask(self, path: str) -> Body:
        """Read with our keys on trial: raises ProviderDeclinedError `invalid_credentials` when they are not known."""
        return await self._call("get", path, {}, None)

    async def _call(self, method: str, path: str, parameters: Mapping[str, Any], key: str | None) -> Body:
        options = {} if key is None else {"idempotency_key": key}
        try:
            answer = await self._client.raw_request_async(method, path, **parameters, **options)
        except stripe.StripeError as error:
            _translate(error)
        body = json.loads(answer.body)  # The SDK's own is no plain dict, and its body is known to be JSON.
        if not isinstance(body, dict):
            raise OutcomeUnknownError
        return body


class StripeFacet:
    """What the parts of the gateway share: the line."""

    def __init__(self, line: StripeLine) -> None:
        self._line = line


def read_list(page: Mapping[str, Any]) -> list[Body]:
    """The objects of a list's page. Raises OutcomeUnknownError for what is none."""
    found = page.get("data")
    if not isinstance(found, list):
        raise OutcomeUnknownError
    return found


def _translate(error: stripe.StripeError) -> NoReturn:
    """Raise what `error` means to the core."""
    told = error.json_body.get("error") if isinstance(error.json_body, dict) else None
    code = told.get("code") if isinstance(told, dict) else None
    message = error.user_message or "Stripe refused."
    if isinstance(error, (stripe.AuthenticationError, stripe.PermissionError)):
        raise ProviderDeclinedError(message, failure_code="invalid_credentials") from error
    if isinstance(error, (stripe.RateLimitError, stripe.IdempotencyError)) or code in _UNDECIDED:
        raise OutcomeUnknownError(message) from error
    if isinstance(error, stripe.CardError) and isinstance(told, dict):
        raise ProviderDeclinedError(message, failure_code=failure_code(told)) from error
    if isinstance(error, stripe.InvalidRequestError):
        raise ProviderDeclinedError(message, failure_code=code or "invalid_request") from error
    raise OutcomeUnknownError from error


def read(translate: Callable[[Mapping[str, Any]], T], body: Mapping[str, Any]) -> T:
    """An answer that cannot be understood says nothing about what was done."""
    try:
        return translate(body)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise OutcomeUnknownError from error


def failure_code(error: Mapping[str, Any] | None) -> str | None:
    """Why a card was refused, as exactly as Stripe tells; None where nothing was."""
    if not error:
        return None
    exact = error.get("decline_code")
    return str(error.get("code") or error.get("type") if exact in _VAGUE else exact)


class _Http(stripe.HTTPClient):
    """The SDK's requests over our own line."""

    name = "aiohttp"

    def __init__(self, timeout_s: float) -> None:
        super().__init__()
        self._http = HttpClient("", timeout_s=timeout_s)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One request. Raises APIConnectionError for whatever kept its answer from us."""
        content = None if post_data is None else post_data.encode()
        try:
            answer = await self._http.request(method.upper(), url, content=content, headers=headers)
        except NoAnswerError as error:
            raise stripe.APIConnectionError(error.why) from error  # type: ignore[no-untyped-call]
        return answer.content, answer.status, answer.headers

    async def close_async(self) -> None:
        """Close the connections."""
        await self._http.aclose()
