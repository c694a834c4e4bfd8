"""A payment is read as it is now: for a story that has seen to who may."""

from uuid import UUID

from moorage.domains.payments import queries
from moorage.domains.payments.queries import PaymentRow
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError


async def read_payment(house: House, payment_id: UUID) -> PaymentRow:
    """The payment, whoever asks. Raises NotFoundError."""
    async with house.database.reading(SYSTEM) as db:
        payment = await queries.payment(db, payment_id)
    if payment is None:
        raise NotFoundError("There is no such payment.")
    return payment
