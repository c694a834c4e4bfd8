"""A customer's own page of payments and invoices: the provider's for whom it knows as a customer, else ours."""

from typing import cast

from moorage.domains.accounts.queries import account_by_id
from moorage.domains.payments import mirror
from moorage.domains.payments.facets import PortalGateway
from moorage.journeys.house import House
from moorage.journeys.portal_link import make_portal_link
from moorage.kernel.db import SYSTEM, Actor
from moorage.kernel.errors import NotFoundError


async def open_portal(house: House, actor: Actor, return_url: str | None) -> str:
    """The address of the page, which is for whoever is asking and short-lived. Raises NotFoundError,
    OutcomeUnknownError, ProviderDeclinedError.
    """
    if actor.user_id is None:
        raise NotFoundError
    for name, gateway in house.gateways.items():
        if not gateway.capabilities.portal:
            continue
        async with house.database.reading(SYSTEM) as db:
            customer = await mirror.customer_of(db, name, actor.user_id)
        if customer is not None:
            return await cast("PortalGateway", gateway).open_portal(customer, return_url=return_url or house.public_url)
    async with house.database.reading(SYSTEM) as db:
        account = await account_by_id(db, actor.user_id)
    if account is None:
        raise NotFoundError
    return await make_portal_link(house, account.email)
