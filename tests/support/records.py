"""Payment records over HTTP, for tests of that contract: a body, recording, moving, reading answers."""

from typing import Any

import httpx

from moorage.kernel.ids import uuid7
from tests.support.apps import SignedUp

PAYMENTS = "/api/v1/payments/"
PROBLEM = "application/problem+json"


def new(**more: Any) -> dict[str, Any]:
    """A payment that another site has started."""
    body = {"payment_id": f"pi_{uuid7().hex}", "amount_total": "420.00", "currency": "EUR", "provider": "stripe"}
    return {**body, **more}


async def recorded(person: SignedUp, status: int = 201, **more: Any) -> dict[str, Any]:
    """Record one; the answer."""
    return told(await person.client.post(PAYMENTS, json=new(**more)), status)


def told(answer: httpx.Response, status: int = 200) -> Any:
    """An answer's JSON, its status and content type checked."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == ("application/json" if status < 400 else PROBLEM)
    return answer.json()


async def move(person: SignedUp, record: dict[str, Any], to: str, status: int = 200) -> dict[str, Any]:
    """Ask for another status."""
    moved: dict[str, Any] = told(
        await person.client.patch(f"{PAYMENTS}{record['id']}/status", json={"payment_status": to}), status
    )
    return moved
