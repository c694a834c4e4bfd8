"""A quote is offered, and accepted once: it becomes an invoice, or the price of the booking it is for.

Whoever has the link of a quote may answer it, as with a letter; so may its customer, and an administrator for them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from moorage.domains.invoicing import operations, queries
from moorage.domains.invoicing.policy import InvoiceLine, Recipient
from moorage.domains.invoicing.queries import InvoiceRow, QuoteRow
from moorage.journeys.host_invoice import plan_hosting
from moorage.journeys.house import House
from moorage.journeys.issue_invoice import mail_invoice
from moorage.journeys.mail_customer import mail_customer
from moorage.journeys.open_document import open_quote
from moorage.journeys.planned_calls import carry_out_now
from moorage.kernel.db import SYSTEM, Actor, with_retries
from moorage.kernel.errors import InvalidError, NotFoundError
from moorage.kernel.money import exponent, format_amount


@dataclass(frozen=True, slots=True)
class NewQuote:
    """What to offer. `quote_id` is the caller's: the same again is the same quote. Open until `expires_at`, else for
    the business's own number of days; the invoice it becomes is due after `days_until_due`.
    """

    quote_id: UUID
    recipient: Recipient
    currency: str
    lines: Sequence[InvoiceLine]
    expires_at: datetime | None = None
    days_until_due: int | None = None
    note: str = ""
    booking_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """A quote that was accepted, and the invoice that it became (None: a booking's price)."""

    quote: QuoteRow
    invoice: InvoiceRow | None


async def make_quote(house: House, actor: Actor, new: NewQuote) -> QuoteRow:
    """Write a quote and mail its link. Raises ForbiddenError, NotFoundError (the booking), InvoiceLinesError,
    TaxRateUnknownError, InvalidCurrencyError, InvalidError (nobody to send it to).
    """
    exponent(new.currency)
    if new.recipient.user_id is None and not new.recipient.email and new.booking_id is None:
        raise InvalidError("A quote is for an account, an email address or a booking.", pointer="/customer_email")
    terms = house.invoicing

    async def make() -> None:
        async with house.database.transaction(actor) as db:
            await operations.make_quote(
                db,
                new.quote_id,
                new.recipient,
                currency=new.currency,
                lines=await operations.price_lines(db, new.lines, terms),
                note=new.note,
                booking_id=new.booking_id,
                expires_at=new.expires_at or house.clock() + timedelta(days=terms.quote_days),
                days_until_due=terms.days_until_due if new.days_until_due is None else new.days_until_due,
            )

    await with_retries(make, repeatable=True)
    return await _mail_quote(house, new.quote_id)


async def accept_quote(
    house: House, actor: Actor, quote_id: UUID, *, invoice_id: UUID, link: str | None = None
) -> Accepted:
    """Accept a quote; the same answer at every repeat, one invoice. Raises NotFoundError (also to strangers),
    QuoteExpiredError, InvalidStateError (declined, withdrawn; its booking has ended), LinkExpiredError. Whoever has the
    link is let in by it, and nobody asks then who they are.
    """
    await _check_link(house, quote_id, link)

    async def accept() -> tuple[UUID | None, list[UUID]]:
        async with house.database.transaction(actor if link is None else SYSTEM) as db:
            made = await operations.accept_quote(
                db,
                quote_id,
                by_link=link is not None,
                invoice_id=invoice_id,
                series=house.invoicing.series,
                now=house.clock(),
            )
            return made, [] if made is None else await plan_hosting(house, db, made)

    made, planned = await with_retries(accept, repeatable=True)
    await carry_out_now(house, planned)
    invoice = None if made is None else await mail_invoice(house, made)
    return Accepted(await read_quote(house, quote_id), invoice)


async def decline_quote(
    house: House, actor: Actor, quote_id: UUID, *, reason: str | None = None, link: str | None = None
) -> QuoteRow:
    """Decline a quote. Raises NotFoundError, InvalidStateError (accepted or withdrawn), LinkExpiredError."""
    await _check_link(house, quote_id, link)

    async def decline() -> None:
        async with house.database.transaction(actor if link is None else SYSTEM) as db:
            await operations.decline_quote(db, quote_id, by_link=link is not None, reason=reason, now=house.clock())

    await with_retries(decline, repeatable=True)
    return await read_quote(house, quote_id)


async def withdraw_quote(house: House, actor: Actor, quote_id: UUID) -> QuoteRow:
    """Take an open quote back. Raises NotFoundError, ForbiddenError, InvalidStateError."""

    async def withdraw() -> None:
        async with house.database.transaction(actor) as db:
            await operations.withdraw_quote(db, quote_id, house.clock())

    await with_retries(withdraw, repeatable=True)
    return await read_quote(house, quote_id)


async def read_quote(house: House, quote_id: UUID) -> QuoteRow:
    """The quote as it is now, whoever asks: for a journey that has seen to who may. Raises NotFoundError."""
    async with house.database.reading(SYSTEM) as db:
        found = await queries.quote(db, quote_id, house.clock())
    if found is None:
        raise NotFoundError("There is no such quote.")
    return found


async def _check_link(house: House, quote_id: UUID, link: str | None) -> None:
    """A link that is sent along is this quote's. Raises NotFoundError, LinkExpiredError."""
    if link is not None and (await open_quote(house, link)).id != quote_id:
        raise NotFoundError("There is no such quote.")


async def _mail_quote(house: House, quote_id: UUID) -> QuoteRow:
    quote = await read_quote(house, quote_id)
    if quote.status == "open":
        offered = f"{format_amount(quote.gross_minor, quote.currency)} {quote.currency}"
        await mail_customer(
            house,
            quote,
            subject=f"A quote from {house.business_name}",
            body=f"{offered}, open until {quote.expires_at:%-d %B %Y}.\nSee and answer it here:\n"
            f"{house.public_url}{house.links.path(quote)}",
            cause=f"quote_made:{quote.id}",
        )
    return quote
