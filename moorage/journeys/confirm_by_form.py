"""A payer's card has become a token in the provider's own form: it is charged, whoever the payer is.

The caller has seen to who asks: the payment's page, by the key in its address.
"""

from typing import Final
from uuid import UUID

from moorage.domains.payments.errors import MethodNotSupportedError
from moorage.domains.payments.gateway import ProviderDeclinedError
from moorage.journeys.house import House
from moorage.journeys.planned_calls import carry_out_now
from moorage.journeys.read_payment import read_payment
from moorage.kernel.db import SYSTEM, with_retries

_PLAN: Final = "SELECT plan_confirm($1, $2, $3)"


async def confirm_by_form(house: House, payment_id: UUID, token: str) -> None:
    """Charge `token` for the payment. Raises NotFoundError, MethodNotSupportedError, InvalidStateError (nothing to
    collect), ProviderDeclinedError.
    """
    payment = await read_payment(house, payment_id)
    gateway = house.gateways.get(payment.provider)
    if gateway is None or not gateway.capabilities.confirm_with_method:
        raise MethodNotSupportedError
    planned = house.ids()

    async def plan() -> UUID:
        async with house.database.transaction(SYSTEM) as db:
            operation: UUID = await db.fetchval(_PLAN, planned, payment_id, token)
            return operation

    await carry_out_now(house, [await with_retries(plan)])
    after = await read_payment(house, payment_id)
    if after.status == "failed":
        raise ProviderDeclinedError("The payment was declined; try again with another card.")
