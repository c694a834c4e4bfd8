"""Who pays, and what for: the practice's links to a purpose of the core, with the price checked."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from fastapi import Request

from moorage.apis.practice.bookings import asker_of
from moorage.apis.practice.payment_schemas import LINKS
from moorage.domains.accounts.queries import account_by_id
from moorage.domains.availability.queries import find_training
from moorage.domains.bookings import lines, queries
from moorage.domains.bookings.queries import Asker
from moorage.domains.catalog.queries import get_service
from moorage.domains.payments.errors import AmountMismatchError
from moorage.journeys.start_payment import PaymentStart
from moorage.kernel.db import Connection
from moorage.kernel.errors import ForbiddenError, InvalidError, NotFoundError
from moorage.kernel.money import format_amount
from moorage.web.actor import Caller, actor_of, house_of
from moorage.web.errors import NotAuthenticatedError
from moorage.web.fields import Id, StrictModel


class Links(StrictModel):
    """What a payment is for; each may be left out."""

    service_id: Id | None = None
    appointment_id: Id | None = None
    training_id: Id | None = None


class EmailRequiredError(InvalidError):
    """Somebody who pays without an account gives an e-mail address."""

    code = "email_required"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a payment is for, in the core's words: `kind` and the booking's id where there is one."""

    kind: str = "free_amount"
    booking_id: UUID | None = None


def check_guest(request: Request, caller: Caller | None, customer_email: str | None) -> None:
    """Let somebody without an account pay where that is allowed. Raises NotAuthenticatedError where it is not, and
    EmailRequiredError in production for a guest without an address.
    """
    if caller is not None:
        return
    settings = request.app.state.settings
    is_production = settings.environment == "production"
    allowed = not is_production if settings.allow_guest_payments is None else settings.allow_guest_payments
    if not allowed:
        raise NotAuthenticatedError
    if is_production and customer_email is None:
        raise EmailRequiredError(pointer="/customer_email")


async def payer_of(request: Request, caller: Caller | None, user_id: UUID | None) -> UUID | None:
    """Who pays: the caller, or as an administrator or owner says. Raises ForbiddenError, NotFoundError."""
    if user_id is None or (caller is not None and user_id == caller.user_id):
        return None if caller is None else caller.user_id
    if caller is None or not caller.is_admin:
        raise ForbiddenError("Only administrators and owners take payments of somebody else.", pointer="/user_id")
    async with house_of(request).database.reading(caller.actor) as db:
        if await account_by_id(db, user_id) is None:
            raise NotFoundError("There is no such user.", pointer="/user_id")
    return user_id


async def for_links(
    request: Request, caller: Caller | None, start: PaymentStart, links: Links, metadata: Mapping[str, Any] | None
) -> PaymentStart:
    """`start` with its purpose and what it is for. What has a price is paid at that price. Raises NotFoundError for
    what does not exist or is another's, AmountMismatchError.
    """
    asker = Asker(start.payer_id or start.payment_id, None, is_admin=False) if caller is None else asker_of(caller)
    async with house_of(request).database.reading(actor_of(caller)) as db:
        purpose, named = await _purpose(db, asker, start, links)
    kept: dict[str, Any] = dict(metadata or {})
    if named:
        kept[LINKS] = named
    return replace(start, purpose=purpose.kind, purpose_id=purpose.booking_id, metadata=kept)


async def _purpose(db: Connection, asker: Asker, start: PaymentStart, links: Links) -> tuple[Purpose, dict[str, str]]:
    named = {name: str(value) for name, value in links.model_dump(include=set(Links.model_fields)).items() if value}
    booking_id, training = links.appointment_id, None
    if links.training_id is not None:
        training = await find_training(db, links.training_id)
        if training is None:
            raise NotFoundError("There is no such training.", pointer="/training_id")
        if booking_id is None and start.payer_id is not None:
            booking_id = await lines.live_booking(db, start.payer_id, training.service_id)
        if booking_id is None:
            await _check_price(db, start, training.service_id, "/training_id")
    if links.service_id is not None and booking_id is None:
        await _check_price(db, start, links.service_id, "/service_id")
    if booking_id is None:
        return Purpose(), named
    booking = await queries.booking(db, booking_id, asker)
    if booking is None:
        raise NotFoundError("There is no such appointment.", pointer="/appointment_id")
    if links.service_id not in (None, booking.service_id):
        raise InvalidError("This appointment is of another service.", pointer="/service_id")
    if training is not None and training.service_id != booking.service_id:
        raise InvalidError("This appointment is of another service than that training.", pointer="/training_id")
    named.setdefault("service_id", str(booking.service_id))
    is_deposit = booking.status == "pending" and start.amount_minor == booking.due_now_minor < booking.total_minor
    return Purpose("booking_deposit" if is_deposit else "booking_full", booking_id), named


async def _check_price(db: Connection, start: PaymentStart, service_id: UUID, pointer: str) -> None:
    """Raise AmountMismatchError for another amount than a price of this service."""
    service = await get_service(db, service_id)
    if service is None:
        raise NotFoundError("There is no such service.", pointer=pointer)
    terms = service.terms
    if start.currency != terms.currency or start.amount_minor != terms.price_of_one_minor:
        price = format_amount(terms.price_of_one_minor, terms.currency)
        raise AmountMismatchError(f"This costs {price} {terms.currency}.", pointer="/amount")
