"""Whether each configured provider can be reached with our keys, and whether it takes a payment of ours: asked by an
administrator. Nobody pays: the payment that is made for it is cancelled again.
"""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from moorage.domains.payments.gateway import PaymentGateway
from moorage.journeys.capture_payment import cancel_payment
from moorage.journeys.house import House
from moorage.journeys.start_payment import PaymentStart, start_payment
from moorage.kernel.db import Actor
from moorage.kernel.errors import MoorageError
from moorage.kernel.money import exponent

_PATIENCE_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class ProviderTest:
    """One provider's result. `account` is the provider's id of our account there; `payment_id` the payment that was
    made and cancelled again, where one was asked for, with its `reference` there; `error` and `detail` say what went
    wrong, by its stable code.
    """

    provider: str
    ok: bool
    account: str | None = None
    payment_id: UUID | None = None
    reference: str | None = None
    error: str | None = None
    detail: str | None = None


async def try_payments(house: House, actor: Actor, *, currency: str = "USD") -> list[ProviderTest]:
    """Make one payment of one whole unit with each provider that is set up, and cancel it, one after the other."""
    results = []
    for gateway in _called(house):
        reached = await _connection(gateway)
        results.append(await _payment(house, actor, gateway, currency, reached.account) if reached.ok else reached)
    return results


def _called(house: House) -> list[PaymentGateway]:
    return [gateway for gateway in house.gateways.values() if not gateway.capabilities.recorded_by_hand]


async def _connection(gateway: PaymentGateway) -> ProviderTest:
    try:
        async with asyncio.timeout(_PATIENCE_S):
            return ProviderTest(gateway.name, ok=True, account=await gateway.test_connection())
    except MoorageError as error:
        return _failed(gateway, error)
    except TimeoutError:
        return ProviderTest(gateway.name, ok=False, error="outcome_unknown", detail="The provider did not answer.")


async def _payment(
    house: House, actor: Actor, gateway: PaymentGateway, currency: str, account: str | None
) -> ProviderTest:
    start = PaymentStart(
        house.ids(),
        house.ids(),
        10 ** exponent(currency),
        currency,
        payer_id=actor.user_id,
        provider=gateway.name,
        description="A test of the connection",
        metadata={"test": True},
    )
    try:
        started = await start_payment(house, actor, start)
        await cancel_payment(house, actor, start.payment_id, "test")
    except MoorageError as error:
        return _failed(gateway, error, account, start.payment_id)
    return ProviderTest(
        gateway.name, ok=True, account=account, payment_id=start.payment_id, reference=started.payment.provider_ref
    )


def _failed(
    gateway: PaymentGateway, error: MoorageError, account: str | None = None, payment_id: UUID | None = None
) -> ProviderTest:
    code = str(error.facts.get("failure_code") or error.code)
    return ProviderTest(gateway.name, ok=False, account=account, payment_id=payment_id, error=code, detail=error.detail)
