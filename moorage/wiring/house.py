"""Makes the House: secrets checked, the database opened, two pools, the providers that settings turn on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from moorage.domains.accounts.passwords import Passwords
from moorage.domains.accounts.policy import AccountTerms
from moorage.domains.invoicing.policy import InvoicingTerms
from moorage.domains.payouts.policy import PayoutTerms
from moorage.journeys.house import BookingTerms, House
from moorage.kernel.db import Database, Pool
from moorage.kernel.pooled import PooledDatabase
from moorage.kernel.pools import connect_pool, session_settings
from moorage.wiring.database import DatabaseAddresses, OpenDatabase, open_database
from moorage.wiring.postgres_errors import UnreachablePostgresError
from moorage.wiring.provider_settings import default_provider
from moorage.wiring.providers import close_gateways, gateways, mail_gateway
from moorage.wiring.roles import WEB, WORKER
from moorage.wiring.secrets import document_links
from moorage.wiring.settings import Settings


@dataclass(frozen=True, slots=True)
class OpenHouse:
    """A House that is ready, and where its database is."""

    house: House
    addresses: DatabaseAddresses


@contextlib.asynccontextmanager
async def opened_house(settings: Settings) -> AsyncIterator[OpenHouse]:
    """Open the database of `settings` (which may start the bundled server) and everything on top of it.
    Raises PostgresError with what to do about it.
    """
    opened = await open_settings_database(settings)
    try:
        database = await connect_database(settings, opened.addresses)
        try:
            house = make_house(settings, database)
            yield OpenHouse(house, opened.addresses)
            await close_gateways(house)
        finally:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(database.close(), timeout=10)
    finally:
        await opened.close()


async def open_settings_database(settings: Settings) -> OpenDatabase:
    """The database that `settings` name, its roles seen to. Raises PostgresError with what to do about it."""
    url, owner_url = settings.database_url, settings.database_owner_url
    try:
        return await open_database(
            settings.moorage_home,
            url.get_secret_value() if url else None,
            owner_url.get_secret_value() if owner_url else None,
            pooled=settings.database_pooled,
        )
    except (OSError, asyncpg.PostgresError) as error:
        if url is None:
            raise
        raise UnreachablePostgresError(
            f"The server that DATABASE_URL names does not let us in: {error or 'it does not answer'}"
        ) from error
    except ValueError:
        # What the driver says of an address may quote its password.
        problem = "DATABASE_URL cannot be read: is it postgresql://USER:PASSWORD@HOST/NAME?"
        raise UnreachablePostgresError(problem) from None


async def connect_database(settings: Settings, addresses: DatabaseAddresses) -> Database:
    """Both pools, with the limits of `settings`."""
    most = settings.database_pool_size + settings.database_pool_overflow
    kept = settings.database_pool_min
    if kept is None:
        kept = settings.database_pool_size if settings.environment == "production" else 1
    prepared = settings.database_prepared_statements
    if prepared is None:
        prepared = not addresses.pooled

    async def pool(dsn: str, role: str) -> Pool:
        return await connect_pool(
            dsn,
            role=role,
            min_size=min(kept, most),
            max_size=most,
            statement_timeout_ms=settings.statement_timeout_ms,
            lock_timeout_ms=settings.lock_timeout_ms,
            prepared_statements=prepared,
            pooled=addresses.pooled,
        )

    web, worker = await pool(addresses.web_dsn, WEB), await pool(addresses.worker_dsn, WORKER)
    if not addresses.pooled:
        return Database(web, worker, settings.database_pool_wait_s)
    limits = settings.statement_timeout_ms, settings.lock_timeout_ms
    return PooledDatabase(
        web,
        worker,
        settings.database_pool_wait_s,
        web_settings=session_settings(WEB, *limits),
        worker_settings=session_settings(WORKER, *limits),
    )


def make_house(settings: Settings, database: Database) -> House:
    """The House on `database` by `settings`."""
    return House(
        database=database,
        gateways=gateways(settings, database),
        links=document_links(settings),
        terms=BookingTerms(
            hold_minutes=settings.hold_minutes,
            payment_hours=settings.payment_hours,
            refund_window_hours=settings.refund_window_hours,
            commission_bps=settings.commission_bps,
            commission_tiers=tuple(settings.commission_tiers),
            default_provider=default_provider(settings),
            business_timezone=settings.business_timezone,
        ),
        public_url=settings.public_url(),
        business_name=settings.business_name,
        accounts=_account_terms(settings),
        invoicing=_invoicing_terms(settings),
        payouts=PayoutTerms(settings.payout_minimum, settings.payout_weekly, settings.payout_weekday),
        passwords=Passwords(settings.password_hash_threads),
        mail=mail_gateway(settings),
    )


def _account_terms(settings: Settings) -> AccountTerms:
    return AccountTerms(
        refresh_token=timedelta(days=settings.refresh_token_days),
        refresh_grace=timedelta(seconds=settings.refresh_grace_s),
        verify_link=timedelta(hours=settings.verify_link_hours),
        reset_link=timedelta(minutes=settings.reset_link_minutes),
        sign_in_link=timedelta(minutes=settings.sign_in_link_minutes),
        password_min_length=settings.password_min_length,
        password_max_length=settings.password_max_length,
    )


def _invoicing_terms(settings: Settings) -> InvoicingTerms:
    return InvoicingTerms(
        series=settings.invoice_series,
        days_until_due=settings.invoice_days_until_due,
        quote_days=settings.quote_days,
        reminder_days=tuple(sorted(set(settings.invoice_reminder_days))),
        tax_country=settings.tax_country,
        tax_region=settings.tax_region,
        business_address=settings.business_address.replace("\\n", "\n"),
        business_tax_id=settings.business_tax_id,
        portal_link=timedelta(hours=settings.portal_link_hours),
        hosted_by=settings.invoices_hosted_by.strip() or None,
    )
