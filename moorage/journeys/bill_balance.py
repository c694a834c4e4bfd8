"""The balance of a booking is billed: one invoice over what is owed now, mailed with its link.

Asked again while nothing has changed, it is the same invoice; when more or less is owed meanwhile, the one that says
otherwise is voided and another takes its place. Whatever the booking is paid with counts for its invoice.
"""

from datetime import timedelta
from uuid import UUID

from moorage.domains.invoicing import operations
from moorage.domains.invoicing.queries import InvoiceRow
from moorage.journeys.host_invoice import plan_hosting
from moorage.journeys.house import House
from moorage.journeys.issue_invoice import mail_invoice
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import Actor, with_retries


async def bill_balance(
    house: House, actor: Actor, booking_id: UUID, *, invoice_id: UUID, days_until_due: int | None = None
) -> InvoiceRow:
    """Bill what the booking owes. `invoice_id` is the caller's. Raises NotFoundError, ForbiddenError,
    InvalidStateError (cancelled), NothingOwedError.
    """
    days = house.invoicing.days_until_due if days_until_due is None else days_until_due

    async def bill() -> tuple[UUID, list[UUID]]:
        now = house.clock()
        async with house.database.transaction(actor) as db:
            billed = await operations.bill_booking(
                db,
                invoice_id,
                booking_id,
                series=house.invoicing.series,
                due_at=now + timedelta(days=days),
                now=now,
            )
            return billed, await plan_hosting(house, db, billed)

    billed, planned = await with_retries(bill, repeatable=True)
    await carry_out_now(house, planned)
    return await mail_invoice(house, billed)
