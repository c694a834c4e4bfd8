"""The catalogue mirrored at Stripe: a product each, by an id that follows from ours, and one price in force.

A price's amount never changes there: another amount is another price, and the old one is archived.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from moorage.domains.payments.facets import ProductRequest, ProviderProduct
from moorage.domains.payments.gateway import OutcomeUnknownError
from moorage.providers.stripe.amounts import from_stripe, to_stripe
from moorage.providers.stripe.client import Body, StripeFacet, read

_PRODUCTS: Final = "/v1/products"
_PRICES: Final = "/v1/prices"
_PRODUCT: Final = "moorage_product"


class StripeProducts(StripeFacet):
    """ProductGateway."""

    async def put_product(self, request: ProductRequest, *, key: str) -> ProviderProduct:
        """Create or bring up to date; nothing is sent where all is right already."""
        amount = to_stripe(request.amount_minor, request.currency)
        product = await self._product(request, key)
        reference = read(lambda body: str(body["id"]), product)
        wanted, others = None, []
        async for price in self._line.pages(_PRICES, {"product": reference, "active": "true"}):
            if wanted is None and (price["unit_amount"], price["currency"].upper()) == (amount, request.currency):
                wanted = price
            else:
                others.append(price["id"])
        if wanted is None:
            wanted = await self._line.post(
                _PRICES,
                {
                    "product": reference,
                    "currency": request.currency.lower(),
                    "unit_amount": amount,
                    "metadata": {_PRODUCT: str(request.product_id)},
                },
                # An amount may come back within a day: what it takes the place of tells the two calls apart.
                key=f"{key}-price-after-{others[0] if others else 'none'}",
            )
        for old in others:
            await self._line.post(f"{_PRICES}/{quote(old, safe='')}", {"active": False}, key=f"{key}-old-{old}")
        return read(_to_product, {**wanted, "product": product})

    async def prices(self, references: Sequence[str]) -> Sequence[ProviderProduct]:
        """The products and amounts of these prices. Raises ProviderDeclinedError `resource_missing`."""
        paths = [f"{_PRICES}/{quote(reference, safe='')}" for reference in references]
        found = await asyncio.gather(*(self._line.get(path, {"expand": ["product"]}) for path in paths))
        return [read(_to_product, body) for body in found]

    async def _product(self, request: ProductRequest, key: str) -> Body:
        reference = request.reference or f"moorage_{request.product_id.hex}"
        path = f"{_PRODUCTS}/{quote(reference, safe='')}"
        present = await self._line.look(path)
        wanted = {"name": request.name[:250], "description": request.description[:1000], "active": request.active}
        if present is None or present.get("deleted"):
            parameters = {name: value for name, value in wanted.items() if value != ""}
            made = {"id": reference, "metadata": {_PRODUCT: str(request.product_id)}, **parameters}
            return await self._line.post(_PRODUCTS, made, key=f"{key}-product")
        changed = {name: value for name, value in wanted.items() if (present.get(name) or "") != (value or "")}
        if not changed:
            return present
        # When it was changed last is part of the key: a change that comes back is another call.
        return await self._line.post(path, changed, key=f"{key}-product-{present.get('updated')}-{_digest(changed)}")


def _digest(changed: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(changed, sort_keys=True).encode()).hexdigest()[:32]


def _to_product(price: Mapping[str, Any]) -> ProviderProduct:
    product = price["product"]
    if price.get("unit_amount") is None:
        raise OutcomeUnknownError("A price without one amount.")
    return ProviderProduct(
        reference=product["id"],
        price_reference=price["id"],
        name=product["name"],
        amount_minor=from_stripe(price["unit_amount"], price["currency"]),
        currency=price["currency"].upper(),
        active=bool(product["active"] and price["active"]),
        raw=price,
    )
