"""A practitioner opens an account at the provider that pays out, and tells it there what it wants to know.

The row that says so is committed first: its id is the key of the call, so that an account whose answer was lost is the
same one at the next try. What the provider says of it later comes by events (process_transfers).
"""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from moorage.domains.accounts.queries import account_by_id
from moorage.domains.payments.facets import PayeeAccount, PayeeRequest, TransferGateway
from moorage.domains.payments.gateway import NotSupportedByProviderError
from moorage.domains.payouts import operations
from moorage.domains.payouts.errors import CountryRequiredError
from moorage.domains.practitioners.queries import get_practitioner
from moorage.journeys.house import House
from moorage.journeys.pay_out import providers
from moorage.kernel.db import SYSTEM, Actor
from moorage.kernel.errors import ForbiddenError

_COUNTRY_LETTERS = 2


@dataclass(frozen=True, slots=True)
class Connection:
    """The account as the provider has it, and where its holder tells what is missing."""

    provider: str
    account: PayeeAccount
    url: str


async def connect_payee(  # noqa: PLR0917 - who, where they are, and where they come back to
    house: House,
    actor: Actor,
    practitioner_id: UUID,
    country: str | None,
    return_url: str | None,
    refresh_url: str | None,
) -> Connection:
    """Open the practitioner's account where there is none, and answer a link to the provider's own pages, good for a
    short while. `country`: two letters; None: that of their primary location. Raises NotSupportedByProviderError (no
    provider here pays out), CountryRequiredError, ProviderDeclinedError, OutcomeUnknownError.
    """
    able = providers(house)
    if not able:
        raise NotSupportedByProviderError("No provider that is set up here pays out: payouts are sent by hand.")
    provider = able[0]
    gateway = cast("TransferGateway", house.gateways[provider])
    reference = await _account(house, actor, practitioner_id, provider, gateway, country)
    present = await gateway.fetch_payee(reference)
    async with house.database.transaction(SYSTEM) as db:
        await operations.record_payee(db, provider, present)
    back = return_url or f"{house.public_url}/"
    url = await gateway.payee_link(reference, return_url=back, refresh_url=refresh_url or back)
    return Connection(provider, present, url)


async def _account(  # noqa: PLR0917 - as above
    house: House, actor: Actor, practitioner_id: UUID, provider: str, gateway: TransferGateway, country: str | None
) -> str:
    """The provider's id of the practitioner's account, opened where there is none."""
    async with house.database.transaction(SYSTEM) as db:
        row = await operations.begin_payee(db, house.ids(), practitioner_id, provider)
    if row["provider_ref"] is not None:
        return str(row["provider_ref"])
    async with house.database.reading(actor) as db:
        practitioner = await get_practitioner(db, practitioner_id)
    if practitioner is None:
        raise ForbiddenError
    async with house.database.reading(SYSTEM) as db:
        user = await account_by_id(db, practitioner.user_id)
    found = country or next((one.country for one in practitioner.locations if one.is_primary), "")
    if user is None or len(found) != _COUNTRY_LETTERS or not found.isalpha():
        raise CountryRequiredError(pointer="/country")
    opened = await gateway.create_payee(PayeeRequest(practitioner_id, user.email, found.upper()), key=str(row["id"]))
    async with house.database.transaction(SYSTEM) as db:
        return await operations.keep_payee(db, row["id"], opened.reference)
