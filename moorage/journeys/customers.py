"""A payer is known at a provider by one customer: made there on first need, and kept."""

import logging
from typing import cast
from uuid import UUID

from moorage.domains.accounts.queries import account_by_id
from moorage.domains.payments import mirror
from moorage.domains.payments.facets import CustomerGateway, CustomerRequest
from moorage.domains.payments.gateway import OutcomeUnknownError, ProviderDeclinedError
from moorage.domains.payments.gateway_values import ProviderEvent
from moorage.domains.payments.operations import ClaimedEvent, close_event
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM

log = logging.getLogger(__name__)


async def provider_customer(house: House, provider: str, user_id: UUID) -> str | None:
    """The provider's reference of this payer; None where it keeps no customers, or does not answer: nobody's payment
    waits for that. Two at once make one customer: the call's key follows from the payer.
    """
    gateway = house.gateways.get(provider)
    if gateway is None or not gateway.capabilities.customers:
        return None
    async with house.database.reading(SYSTEM) as db:
        known = await mirror.customer_of(db, provider, user_id)
        account = await account_by_id(db, user_id)
    if known is not None or account is None:
        return known
    name = f"{account.first_name} {account.last_name}".strip() or None
    request = CustomerRequest(user_id, account.email, name)
    try:
        made = await cast("CustomerGateway", gateway).create_customer(request, key=f"customer:{user_id}")
    except (OutcomeUnknownError, ProviderDeclinedError) as error:
        log.warning("a customer could not be made", extra={"provider": provider, "error": error.code})
        return None
    async with house.database.transaction(SYSTEM) as db:
        return await mirror.keep_customer(
            db, house.ids(), provider, made.reference, user_id=user_id, email=account.email
        )


async def keep_customer_told(house: House, claimed: ClaimedEvent, event: ProviderEvent) -> None:
    """A provider tells of a customer that we made: kept where its first answer was lost; an earlier one stays."""
    assert event.user_id is not None and event.reference is not None  # noqa: S101, PT018 - every such event says both
    async with house.database.transaction(SYSTEM) as db:
        account = await account_by_id(db, event.user_id)
        outcome = "nobody here"
        if account is not None:
            kept = await mirror.keep_customer(
                db, house.ids(), claimed.provider, event.reference, user_id=account.id, email=account.email
            )
            outcome = "kept" if kept == event.reference else "known by another"
        await close_event(db, claimed.id, "processed" if outcome == "kept" else "ignored", f"customer: {outcome}")
