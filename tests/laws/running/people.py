"""What people do, over the marketplace contract; every unexpected answer is kept for the verdict."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

_LETTERS = str.maketrans("0123456789", "ghijklmnop")
PASSWORD = "correct horse battery staple"


@dataclass
class Town:
    """Everybody who uses one running house, and what it answered them."""

    base_url: str
    answers: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = httpx.AsyncClient(
            base_url=self.base_url,
            timeout=60,
            limits=httpx.Limits(max_connections=120, max_keepalive_connections=120),
            trust_env=False,
        )

    async def close(self) -> None:
        await self.http.aclose()

    async def ask(
        self, method: str, path: str, token: str | None = None, body: Any = None, key: str | None = None
    ) -> httpx.Response:
        """One request; a 5xx other than 503 is a failure of the law, kept with its text."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if key:
            headers["Idempotency-Key"] = key
        answer = await self.http.request(method, path, json=body, headers=headers)
        self.answers[answer.status_code] += 1
        if answer.status_code >= 500:
            self.failures.append(f"{method} {path} -> {answer.status_code} {answer.text[:500]}")
        return answer

    async def must(self, method: str, path: str, token: str | None = None, body: Any = None) -> Any:
        """One request that has to succeed; returns `data`."""
        answer = await self.ask(method, path, token, body)
        assert answer.is_success, f"{method} {path} -> {answer.status_code} {answer.text[:1000]}"
        return answer.json()["data"]

    async def register(self) -> str:
        """A new client's access token."""
        # Letters alone: a run of digits in it might pass for a card number, and be refused.
        email = f"{uuid.uuid4().hex.translate(_LETTERS)}@example.test"
        body = {"email": email, "password": PASSWORD, "first_name": "Ada", "last_name": "Client"}
        data = await self.must("POST", "/api/v1/auth/register/", body=body)
        return str(data["access"])

    async def register_many(self, count: int) -> list[str]:
        turns = asyncio.Semaphore(8)  # hashing a password costs what it should; too many at once are told to come back

        async def one() -> str:
            async with turns:
                return await self.register()

        return list(await asyncio.gather(*(one() for _ in range(count))))

    async def practitioner(self, admin: str, weekly: list[dict[str, Any]], timezone: str = "UTC") -> tuple[str, str]:
        """A verified practitioner with these weekly hours: (token, id)."""
        token = await self.register()
        body = {"display_name": "Storm Keeper", "timezone": timezone}
        made = await self.must("POST", "/api/v1/practitioners/apply/", token, body)
        await self.must("POST", f"/api/v1/practitioners/{made['id']}/verify/", admin, {})
        hours = {"timezone": timezone, "weekly": weekly, "overrides": []}
        await self.must("POST", f"/api/v1/practitioners/{made['id']}/schedule/", token, hours)
        return token, str(made["id"])

    async def service(self, token: str, **terms: Any) -> str:
        """A new service's id."""
        body = {
            "title": "An hour",
            "service_type": "session",
            "category": await self.category(),
            "price": "80.00",
            "currency": "USD",
            "duration_minutes": 60,
            "slot_interval_minutes": 30,
            **terms,
        }
        return str((await self.must("POST", "/api/v1/services/", token, body))["id"])

    async def category(self) -> str:
        listed = await self.must("GET", "/api/v1/services/categories/")
        rows = listed["results"] if isinstance(listed, dict) else listed
        return str(rows[0]["slug"])

    async def starts(self, practitioner_id: str, service_id: str, first: str, last: str) -> list[str]:
        """Every free start between two local dates, in UTC."""
        path = f"/api/v1/practitioners/{practitioner_id}/availability/"
        query = f"?service_id={service_id}&from={first}&to={last}&timezone=UTC"
        data = await self.must("GET", path + query)
        return [start for day in data["days"] for start in day["starts"]]

    async def book(self, token: str, service_id: str, **terms: Any) -> httpx.Response:
        return await self.ask("POST", "/api/v1/bookings/", token, {"service_id": service_id, **terms})

    async def pay(self, token: str, booking: dict[str, Any], method: str = "pm_card_visa") -> httpx.Response:
        """Open the payment and confirm it with a test method."""
        answer = await self.ask("POST", "/api/v1/payments/create-intent/", token, {"booking_id": booking["id"]})
        if not answer.is_success:
            return answer
        body = {"payment_id": answer.json()["data"]["payment_id"], "payment_method": method}
        return await self.ask("POST", "/api/v1/payments/confirm/", token, body)


ALL_DAY = [{"weekday": day, "start": "00:00", "minutes": 1440} for day in range(7)]
