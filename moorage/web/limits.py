"""Rate limits: so many requests an hour for each caller, counted once for all processes.

A process takes lots of up to ten from the shared counter, so that it asks the database about every tenth request; near
the limit it takes one at a time. No more than the limit is ever let in. Headers as in the IETF draft "RateLimit header
fields for HTTP" (draft-ietf-httpapi-ratelimit-headers).
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.types import Scope

from moorage.domains.accounts.errors import InvalidTokenError
from moorage.journeys.house import House
from moorage.kernel.db import ANONYMOUS
from moorage.kernel.errors import UnavailableError
from moorage.web.actor import claims_of
from moorage.web.contracts import is_api
from moorage.web.errors import RateLimitedError
from moorage.web.front import RawHeaders
from moorage.web.tokens import AccessTokens

WINDOW_S: Final = 3600
LOT: Final = 10
# Besides the contracts. Whoever watches this service asks for as long as it lives.
LIMITED: Final = ("/in/", "/verify-email", "/reset-password")
# Pages behind a link that only its owner knows. Looking is free, and waiting pages look every two seconds: what is
# counted is acting, and addresses that nobody has.
LINKS: Final = ("/i/", "/q/", "/portal", "/pay/")
PRACTITIONER_PATHS: Final = "/api/v1/practitioner/"
_LOOKING: Final = frozenset({"GET", "HEAD"})
_MOST_CALLERS: Final = 50_000
_TAKE: Final = "SELECT granted, taken FROM take_requests($1, $2, $3, $4)"


@dataclass(frozen=True, slots=True)
class Policy:
    """A limit by name: `quota` requests in an hour."""

    name: str
    quota: int


@dataclass(slots=True)
class _Lot:
    """What this process may still let in without asking, and what all processes had taken when it last asked."""

    window_no: int
    left: int
    taken: int


class RateLimits:
    """The gate of the front door."""

    def __init__(
        self,
        house: Callable[[], House],
        tokens: AccessTokens,
        *,
        anonymous_per_hour: int,
        user_per_hour: int,
        practitioner_per_hour: int,
    ) -> None:
        """`house` is asked for once requests come in: it may not be open yet."""
        self._house = house
        self._tokens = tokens
        self._anonymous = Policy("anonymous", anonymous_per_hour)
        self._user = Policy("user", user_per_hour)
        self._practitioner = Policy("practitioner", practitioner_per_hour)
        self._lots: dict[str, _Lot] = {}
        self._guessers: dict[str, int] = {}  # the hour in which an address has had its misses

    async def admit(self, scope: Scope) -> RawHeaders:
        """Count the request. Raises RateLimitedError when its caller has none left in this hour."""
        window_no, past_s = divmod(int(time.time()), WINDOW_S)
        if scope["path"].startswith(LINKS):
            if self._guessers.get(address_of(scope)) == window_no:
                raise RateLimitedError("Too many links that do not exist.", retry_after_s=WINDOW_S - past_s)
            if scope["method"] in _LOOKING:
                return []
        elif not is_api(scope["path"]) and not scope["path"].startswith(LIMITED):
            return []
        caller, policy = self._caller(scope)
        lot = self._lots.get(caller)
        if lot is None or lot.window_no != window_no or lot.left == 0:
            try:
                lot = await self._take(caller, window_no, policy.quota)
            except UnavailableError:
                return []  # What needs the database will say that it is away; the rest may go on.
        left = max(policy.quota - lot.taken, 0) + lot.left
        reset_s = WINDOW_S - past_s
        headers = [
            (b"ratelimit-policy", f'"{policy.name}";q={policy.quota};w={WINDOW_S}'.encode()),
            (b"ratelimit", f'"{policy.name}";r={max(left - 1, 0)};t={reset_s}'.encode()),
        ]
        if lot.left == 0:
            raise RateLimitedError(
                f"No more than {policy.quota} requests an hour.", retry_after_s=reset_s, headers=headers
            )
        lot.left -= 1
        return headers

    async def missed(self, scope: Scope) -> None:
        """Count a link that does not exist: whoever tries as many as an hour's limit sees no more links in it."""
        if not scope["path"].startswith(LINKS):
            return
        address, window_no = address_of(scope), int(time.time()) // WINDOW_S
        with suppress(UnavailableError):
            async with self._house().database.hot(ANONYMOUS) as db:
                row = await db.fetchrow(_TAKE, f"links:{address}", window_no, 1, self._anonymous.quota)
            if row is None or row["taken"] >= self._anonymous.quota:
                if len(self._guessers) >= _MOST_CALLERS:
                    self._guessers.clear()
                self._guessers[address] = window_no

    def _caller(self, scope: Scope) -> tuple[str, Policy]:
        try:
            claims = claims_of(scope, self._tokens)
        except InvalidTokenError:
            claims = None
        if claims is None:
            return f"ip:{address_of(scope)}", self._anonymous
        if claims.is_practitioner or scope["path"].startswith(PRACTITIONER_PATHS):
            return f"practitioner:{claims.caller}", self._practitioner
        return f"user:{claims.caller}", self._user

    async def _take(self, caller: str, window_no: int, quota: int) -> _Lot:
        async with self._house().database.hot(ANONYMOUS) as db:
            row = await db.fetchrow(_TAKE, caller, window_no, LOT, quota)
        granted, taken = (row["granted"], row["taken"]) if row is not None else (0, quota)
        lot = self._lots.get(caller)
        if lot is not None and lot.window_no == window_no:
            # Somebody else of this process may have taken a lot meanwhile: both count.
            lot.left += granted
            lot.taken = max(lot.taken, taken)
            return lot
        if len(self._lots) >= _MOST_CALLERS:
            self._lots.clear()
        self._lots[caller] = lot = _Lot(window_no, granted, taken)
        return lot


def address_of(scope: Scope) -> str:
    """The network address that the request came from."""
    client = scope.get("client")
    return client[0] if client else "unknown"
