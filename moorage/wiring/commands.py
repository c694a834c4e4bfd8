"""What the short commands of the command line do: open the house, make one call, close it."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from moorage.domains.bookings.errors import UnknownProviderError
from moorage.domains.invoicing.queries import DocumentFilter, invoice_of_number, invoices
from moorage.journeys.accept_quote import withdraw_quote
from moorage.journeys.audit_books import audit
from moorage.journeys.house import House
from moorage.journeys.issue_invoice import void_invoice, write_off_invoice
from moorage.journeys.open_account_by_hand import open_account_by_hand
from moorage.journeys.reconcile import reconcile
from moorage.journeys.set_tax_rate import TaxRate, set_tax_rate, tax_rates
from moorage.journeys.sign_in import make_sign_in_link
from moorage.journeys.sync_products import sync_products
from moorage.kernel.db import SYSTEM
from moorage.kernel.errors import InvalidError, NotFoundError
from moorage.kernel.failed_jobs import list_failed, retry_failed
from moorage.kernel.money import format_amount
from moorage.wiring.house import open_settings_database, opened_house
from moorage.wiring.migrate import migrate
from moorage.wiring.settings import Settings


async def migrate_database(settings: Settings, revision: str) -> bool:
    """Bring the database to `revision`; True when something changed."""
    opened = await open_settings_database(settings)
    try:
        return await migrate(opened.addresses.owner_dsn, revision)
    finally:
        await opened.close()


async def list_invoices(settings: Settings, status: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest invoices, amounts as people write them."""
    async with _house(settings) as house, house.database.reading(SYSTEM) as db:
        rows, _ = await invoices(db, DocumentFilter(status=status, limit=limit), house.clock())
        return [
            {
                "number": row.number,
                "status": row.status,
                "customer": row.customer_name or row.customer_email,
                "total": f"{format_amount(row.gross_minor, row.currency)} {row.currency}",
                "owed": f"{format_amount(row.owed_minor, row.currency)} {row.currency}" if row.owed_minor else None,
                "due": None if row.due_at is None else f"{row.due_at:%Y-%m-%d}",
                "page": house.public_url + house.links.path(row),
            }
            for row in rows
        ]


async def end_invoice(settings: Settings, number: str, *, void_for: str | None) -> dict[str, Any]:
    """Void an invoice for a reason, or write it off (None). Raises NotFoundError, InvalidStateError."""
    async with _house(settings) as house:
        async with house.database.reading(SYSTEM) as db:
            found = await invoice_of_number(db, number)
        if found is None:
            raise NotFoundError(f"There is no invoice {number}.")
        if void_for is None:
            row = await write_off_invoice(house, SYSTEM, found)
        else:
            row = await void_invoice(house, SYSTEM, found, void_for)
    return {"number": row.number, "status": row.status}


async def take_quote_back(settings: Settings, quote_id: UUID) -> dict[str, Any]:
    """Withdraw an open quote. Raises NotFoundError, InvalidStateError."""
    async with _house(settings) as house:
        return {"id": str(quote_id), "status": (await withdraw_quote(house, SYSTEM, quote_id)).status}


async def write_tax_rate(
    settings: Settings, country: str, region: str, name: str, percent: str, *, inclusive: bool
) -> list[dict[str, Any]]:
    """Write one rate; the whole table. Raises InvalidError."""
    match = re.fullmatch(r"(\d{1,3})(?:\.(\d{1,2}))?", percent)
    bps = int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) if match else -1
    if not 0 <= bps <= 10_000 or not re.fullmatch("[A-Z]{2}", country):
        raise InvalidError("Say it like `moorage tax set GB 20` or `moorage tax set US 7.25 --region CA --on-top`.")
    async with _house(settings) as house:
        return [asdict(rate) for rate in await set_tax_rate(house, TaxRate(country, region, name, bps, inclusive))]


async def list_tax_rates(settings: Settings) -> list[dict[str, Any]]:
    """The table of tax rates."""
    async with _house(settings) as house:
        return [asdict(rate) for rate in await tax_rates(house)]


async def audit_books(settings: Settings) -> list[dict[str, Any]]:
    """Every break that the audit finds."""
    async with _house(settings) as house:
        return [asdict(finding) for finding in await audit(house)]


async def reconcile_books(
    settings: Settings, provider: str, since: datetime, until: datetime | None, *, fix: bool
) -> dict[str, Any]:
    """What differs between a provider's books and ours in a time (UTC), and what became of it. Raises
    UnknownProviderError, OutcomeUnknownError, ProviderDeclinedError.
    """
    async with _house(settings) as house:
        gateway = house.gateways.get(provider)
        if gateway is None or gateway.capabilities.recorded_by_hand:
            keeping = ", ".join(name for name, one in house.gateways.items() if not one.capabilities.recorded_by_hand)
            raise UnknownProviderError(
                f"There is no provider {provider!r} here that keeps books (there is: {keeping})."
            )
        ends_at = house.clock() if until is None else until.replace(tzinfo=UTC)
        result = await reconcile(house, gateway, since.replace(tzinfo=UTC), ends_at, fix=fix)
    findings = [
        {
            "kind": one.difference.kind,
            "movement": one.difference.movement,
            "reference": one.difference.reference,
            "payment_id": one.difference.payment_id,
            "recorded_at": one.difference.recorded_at,
            "detail": one.difference.detail,
            "outcome": one.outcome,
        }
        for one in result.found
    ]
    return {
        "ok": not result.open,
        "provider": provider,
        "new": result.new,
        "fixed": len(result.found) - len(result.open),
        "findings": findings,
    }


async def create_user(settings: Settings, email: str, *, admin: bool, first_name: str, last_name: str) -> str:
    """Make an account, and a link that signs in once."""
    async with _house(settings) as house:
        await open_account_by_hand(house, email, admin=admin, first_name=first_name, last_name=last_name)
        return await make_sign_in_link(house, email)


async def sign_in_link(settings: Settings, email: str) -> str:
    """A link that signs `email` in once."""
    async with _house(settings) as house:
        return await make_sign_in_link(house, email)


async def failed_jobs(settings: Settings) -> list[dict[str, Any]]:
    """The jobs that failed for good, newest first."""
    async with _house(settings) as house, house.database.reading(SYSTEM) as db:
        return [asdict(job) for job in await list_failed(db)]


async def retry_job(settings: Settings, job_id: int) -> bool:
    """Put a failed job back; False when there is none by that id."""
    async with _house(settings) as house, house.database.transaction(SYSTEM) as db:
        return await retry_failed(db, job_id)


async def sync_catalog(settings: Settings, provider: str) -> dict[str, int]:
    """Bring a provider's copy of the catalog up to date; how many products were put, left alone, and retired."""
    async with _house(settings) as house:
        return asdict(await sync_products(house, provider))


@contextlib.asynccontextmanager
async def _house(settings: Settings) -> AsyncIterator[House]:
    async with opened_house(settings) as opened:
        yield opened.house
