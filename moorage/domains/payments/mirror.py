"""What a provider keeps of ours, read and written: its customers, and its copy of our catalog."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from moorage.domains.payments.provider_tables import provider_customers, provider_products
from moorage.kernel.db import Connection, fetch_built


@dataclass(frozen=True, slots=True)
class Mirrored:
    """A product of ours at a provider, with the price in force there. `digest` is of what it was made from."""

    local_key: str
    product: str
    price: str | None
    digest: str
    is_active: bool


async def customer_of(db: Connection, provider: str, user_id: UUID) -> str | None:
    """The provider's reference of a customer; None before the first need."""
    kept = provider_customers.c
    rows = await fetch_built(db, select(kept.provider_ref).where(kept.provider == provider, kept.user_id == user_id))
    return rows[0][0] if rows else None


async def keep_customer(
    db: Connection, row_id: UUID, provider: str, reference: str, *, user_id: UUID, email: str | None
) -> str:
    """Keep a customer's reference; the one that is kept, which somebody else may have written first."""
    kept: str = await db.fetchval(
        "SELECT keep_customer($1, $2, $3, $4, $5)", row_id, provider, reference, user_id, email
    )
    return kept


async def mirrored(db: Connection, provider: str) -> dict[str, Mirrored]:
    """Everything of ours that the provider has a copy of, by our key."""
    rows = await db.fetch(
        """
        SELECT p.local_key, p.provider_ref AS product, x.provider_ref AS price, p.digest, p.is_active
          FROM provider_products p
          LEFT JOIN provider_products x
            ON x.provider = p.provider AND x.local_key = p.local_key AND x.kind = 'price' AND x.digest = p.digest
         WHERE p.provider = $1 AND p.kind = 'product' ORDER BY p.updated_at, x.updated_at
        """,
        provider,
    )
    return {row["local_key"]: Mirrored(**row) for row in rows}


async def keep_product(db: Connection, provider: str, made: Mirrored) -> None:
    """Keep what the provider made of one of our products."""
    await db.execute(
        "SELECT keep_product($1, $2, $3, $4, $5, $6)",
        provider,
        made.local_key,
        made.product,
        made.price,
        made.digest,
        made.is_active,
    )


async def keys_of_prices(db: Connection, provider: str, references: Sequence[str]) -> dict[str, str]:
    """Our keys of a provider's prices that are in force, by the provider's reference."""
    kept = provider_products.c
    rows = await fetch_built(
        db,
        select(kept.provider_ref, kept.local_key).where(
            kept.provider == provider, kept.kind == "price", kept.is_active, kept.provider_ref.in_(references)
        ),
    )
    return {row[0]: row[1] for row in rows}
