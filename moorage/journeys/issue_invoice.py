"""An invoice is written, numbered and mailed in one transaction; or voided, when it should never have been.

Whoever writes is an administrator, which the database checks, or the product itself (`SYSTEM`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from moorage.domains.invoicing import operations, queries
from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.domains.invoicing.queries import InvoiceRow
from moorage.journeys.host_invoice import plan_hosting
from moorage.journeys.house import House
from moorage.journeys.mail_customer import mail_customer
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import SYSTEM, Actor, with_retries
from moorage.kernel.errors import InvalidError, NotFoundError
from moorage.kernel.money import exponent, format_amount


@dataclass(frozen=True, slots=True)
class NewInvoice:
    """What to ask for. `invoice_id` is the caller's: the same again is the same invoice. Due at `due_at`, else after
    `days_until_due`, else after the business's own number of days. Lines in minor units of `currency`.
    """

    invoice_id: UUID
    recipient: Recipient
    currency: str
    lines: Sequence[InvoiceLine]
    due_at: datetime | None = None
    days_until_due: int | None = None
    note: str = ""


async def issue_invoice(house: House, actor: Actor, new: NewInvoice) -> InvoiceRow:
    """Write, number and mail an invoice. Raises ForbiddenError, InvoiceLinesError, TaxRateUnknownError,
    InvalidCurrencyError, InvalidError (nobody to send it to).
    """
    exponent(new.currency)
    if new.recipient.user_id is None and not new.recipient.email:
        raise InvalidError("An invoice is for somebody: an account, or an email address.", pointer="/customer_email")

    async def issue() -> list[UUID]:
        now = house.clock()
        days = house.invoicing.days_until_due if new.days_until_due is None else new.days_until_due
        async with house.database.transaction(actor) as db:
            lines = await operations.price_lines(db, new.lines, house.invoicing)
            await operations.draft(db, new.invoice_id, new.recipient, currency=new.currency, lines=lines, note=new.note)
            due_at = new.due_at or now + timedelta(days=days)
            await operations.finalise(db, new.invoice_id, house.invoicing.series, due_at, now)
            return await plan_hosting(house, db, new.invoice_id)

    await carry_out_now(house, await with_retries(issue, repeatable=True))
    return await mail_invoice(house, new.invoice_id)


async def void_invoice(house: House, actor: Actor, invoice_id: UUID, reason: str) -> InvoiceRow:
    """Void an invoice for which nothing was paid; what is being collected for it is stopped. Raises NotFoundError,
    ForbiddenError, InvalidStateError.
    """

    async def void() -> list[UUID]:
        async with house.database.transaction(actor) as db:
            return await operations.void(db, invoice_id, reason, house.clock())

    await carry_out_now(house, await with_retries(void))
    return await read_invoice(house, invoice_id)


async def write_off_invoice(house: House, actor: Actor, invoice_id: UUID) -> InvoiceRow:
    """Give an open invoice up: it may still be paid here, and nobody is reminded of it. Raises NotFoundError,
    ForbiddenError, InvalidStateError.
    """

    async def write_off() -> None:
        async with house.database.transaction(actor) as db:
            await operations.write_off(db, invoice_id)

    await with_retries(write_off)
    house.bell.ring()
    return await read_invoice(house, invoice_id)


async def mail_invoice(house: House, invoice_id: UUID) -> InvoiceRow:
    """Mail the link of an invoice to its customer, once; answers the invoice."""
    invoice = await read_invoice(house, invoice_id)
    if invoice.status in {"open", "overdue"} and invoice.due_at is not None:
        owed = f"{format_amount(invoice.owed_minor, invoice.currency)} {invoice.currency}"
        await mail_customer(
            house,
            invoice,
            subject=f"Invoice {invoice.number} from {house.business_name}",
            body=f"{owed} is due on {invoice.due_at:%-d %B %Y}.\n{_where(house, invoice)}",
            cause=f"invoice_issued:{invoice.id}",
        )
    house.bell.ring()
    return invoice


def _where(house: House, invoice: InvoiceRow) -> str:
    here = house.public_url + house.links.path(invoice)
    if invoice.hosted_url is None:
        return f"See and pay it here:\n{here}"
    return f"Pay it here:\n{invoice.hosted_url}\nSee it, and keep it as a PDF:\n{here}"


async def read_invoice(house: House, invoice_id: UUID) -> InvoiceRow:
    """The invoice as it is now, whoever asks: for a journey that has seen to who may. Raises NotFoundError."""
    async with house.database.reading(SYSTEM) as db:
        invoice = await queries.invoice(db, invoice_id, house.clock())
    if invoice is None:
        raise NotFoundError("There is no such invoice.")
    return invoice
