"""The line to the sandbox's API: one request at a time, errors in the core's words."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.providers.http import HttpClient
from moorage.providers.sandbox.translate import read

_PAGE_SIZE: Final = 500
# Refusals that say nothing about the outcome: try again, or have somebody put the settings right.
_UNDECIDED: Final = frozenset({"idempotency_key_in_use", "invalid_api_key"})


class SandboxLine:
    """Calls of the sandbox's API. Each raises OutcomeUnknownError, or ProviderDeclinedError with `failure_code`."""

    def __init__(self, *, api_key: str, base_url: str, timeout_s: float) -> None:
        """Open nothing yet; connections are made when they are needed, and shared by all calls."""
        self._http = HttpClient(
            f"{base_url.rstrip('/')}/sandbox/v1", timeout_s=timeout_s, headers={"Authorization": f"Bearer {api_key}"}
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def all(self, path: str, since: datetime | None) -> AsyncIterator[dict[str, Any]]:
        """Every object of a list since then, oldest first."""
        query: dict[str, str | int] = {"limit": _PAGE_SIZE}
        if since is not None:
            query["created_since"] = since.isoformat()
        while True:
            page = await self.call("GET", path, query=query)
            for body in page["data"]:
                yield body
            if not page["has_more"]:
                return
            query["after"] = page["data"][-1]["id"]

    async def look(self, path: str) -> dict[str, Any] | None:
        """Read what may not exist."""
        try:
            return await self.call("GET", path)
        except ProviderDeclinedError as error:
            if error.facts["failure_code"] == "resource_missing":
                return None
            raise

    async def call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> dict[str, Any]:
        """One request. No answer, a broken one and one of overload all mean: unknown."""
        answer = await self._http.request(
            method, path, json=body, query=query, headers={"Idempotency-Key": key} if key else None
        )
        content = answer.body()
        if answer.status >= 400:
            refusal = read(lambda told: dict(told["error"]), content)
            if refusal.get("code") in _UNDECIDED:
                raise OutcomeUnknownError
            raise ProviderDeclinedError(refusal["message"], failure_code=refusal["code"])
        return content
