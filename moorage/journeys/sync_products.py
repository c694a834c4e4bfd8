"""A provider's copy of our catalog: each service, or each of its options, is a product with one price there.

The story: what a product is made from is digested; what the provider was told by that digest is left alone, the rest is
put, and what is offered no longer is taken out of use. Told twice, the second does nothing. The price that is charged
is always the catalog's own at that moment.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast
from uuid import NAMESPACE_URL, uuid5

from moorage.domains.catalog.errors import UnknownPriceError
from moorage.domains.catalog.queries import Sellable, sellables
from moorage.domains.payments import mirror
from moorage.domains.payments.facets import ProductGateway, ProductRequest
from moorage.domains.payments.gateway import NotSupportedByProviderError
from moorage.domains.payments.gateway_values import Line
from moorage.domains.payments.mirror import Mirrored
from moorage.journeys.house import House
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import NotFoundError
from moorage.kernel.money import InvalidCurrencyError

_NAME_CHARS: Final = 250


@dataclass(frozen=True, slots=True)
class Synced:
    """What a run did: products put, left alone, and taken out of use."""

    put: int
    unchanged: int
    retired: int


async def sync_products(house: House, provider: str) -> Synced:
    """Bring a provider's copy up to date. Raises NotFoundError for a provider that is not set up,
    NotSupportedByProviderError, OutcomeUnknownError, ProviderDeclinedError; what was put before stays, and the next
    run goes on from there.
    """
    gateway = house.gateways.get(provider)
    if gateway is None:
        raise NotFoundError(f"{provider} is not set up here.")
    if not gateway.capabilities.products:
        raise NotSupportedByProviderError("This provider keeps no copy of the catalog.")
    async with house.database.reading(SYSTEM) as db:
        ours = {one.key: one for one in await sellables(db)}
        theirs = await mirror.mirrored(db, provider)
    put = unchanged = retired = 0
    for key, one in ours.items():
        known = theirs.get(key)
        if (known is None and not one.is_active) or (known is not None and known.digest == _digest(one)):
            unchanged += 1
            continue
        await _put(house, provider, cast("ProductGateway", gateway), one, known)
        put += one.is_active
        retired += not one.is_active
    for key in theirs.keys() - ours.keys():
        if theirs[key].is_active:
            gone = Sellable(key, "Withdrawn", "", 1, "USD", is_active=False)
            retired += await _retire(house, provider, cast("ProductGateway", gateway), gone, theirs[key])
    return Synced(put, unchanged, retired)


async def priced_lines(house: House, price_ids: Sequence[str]) -> tuple[tuple[Line, ...], str]:
    """What these prices stand for now, and their currency: the default provider's prices where it has a copy of the
    catalog, ids of services and of their options everywhere. One named twice is two pieces. Raises UnknownPriceError,
    InvalidCurrencyError when they are of several currencies.
    """
    async with house.database.reading(SYSTEM) as db:
        ours = {one.key: one for one in await sellables(db) if one.is_active}
        keys = await mirror.keys_of_prices(db, house.terms.default_provider, price_ids)
    by_id = {one.id: one for one in ours.values()}
    chosen = []
    for price_id, pieces in Counter(price_ids).items():
        one = ours.get(keys.get(price_id, "")) or by_id.get(price_id.lower())
        if one is None:
            raise UnknownPriceError(f"There is no price {price_id!r} here.", pointer="/price_ids")
        chosen.append((one, pieces))
    if len({one.currency for one, _ in chosen}) > 1:
        raise InvalidCurrencyError("These prices are of several currencies.", pointer="/price_ids")
    lines = tuple(Line(one.name, one.price_minor, pieces, one.description[:200]) for one, pieces in chosen)
    return lines, chosen[0][0].currency


async def _put(house: House, provider: str, gateway: ProductGateway, one: Sellable, known: Mirrored | None) -> None:
    digest = _digest(one)
    product = await gateway.put_product(
        ProductRequest(
            uuid5(NAMESPACE_URL, f"moorage:{one.key}"),
            one.name[:_NAME_CHARS],
            one.price_minor,
            one.currency,
            one.description,
            active=one.is_active,
            reference=known.product if known else None,
            price_reference=known.price if known else None,
        ),
        key=f"product:{uuid5(NAMESPACE_URL, one.key + digest)}",
    )
    made = Mirrored(one.key, product.reference, product.price_reference, digest, one.is_active)
    async with house.database.transaction(SYSTEM) as db:
        await mirror.keep_product(db, provider, made)


async def _retire(house: House, provider: str, gateway: ProductGateway, gone: Sellable, known: Mirrored) -> bool:
    """Take out of use what the catalog has no more: by the amount that the provider has for it."""
    if known.price is not None:
        [there] = await gateway.prices([known.price])
        gone = Sellable(gone.key, there.name, "", there.amount_minor, there.currency, is_active=False)
    await _put(house, provider, gateway, gone, known)
    return True


def _digest(one: Sellable) -> str:
    made_from = [one.name, one.description, one.price_minor, one.currency, one.is_active]
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()
