"""`moorage doctor`: what is set up, what is missing, and the line that fixes it."""

import os
import shutil
import socket
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg

from moorage.domains.invoicing.queries import tax_rate
from moorage.kernel.db import SYSTEM
from moorage.wiring.database import OpenDatabase
from moorage.wiring.house import connect_database, open_settings_database
from moorage.wiring.migrate import is_current
from moorage.wiring.postgres_errors import PostgresError
from moorage.wiring.production import refuse_unsafe, start_problems
from moorage.wiring.provider_settings import default_provider
from moorage.wiring.secrets import UnsafeSettingsError
from moorage.wiring.settings import Settings

SMALL_DISK_MIB = 500


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; `fix` is a line to run or set, empty where all is well."""

    name: str
    ok: bool
    detail: str
    fix: str = ""

    def told(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


async def examine(settings: Settings) -> list[Check]:
    """Look at everything that a start needs."""
    checks = [_home(settings), _whole(settings), _mail(settings), _payments(settings), _address(settings)]
    try:
        opened = await open_settings_database(settings)
    except (PostgresError, OSError, asyncpg.PostgresError) as error:
        return [*checks, Check("database", ok=False, detail=str(error), fix="unset DATABASE_URL for the bundled one")]
    try:
        return [*checks, *[check async for check in _database(settings, opened)]]
    finally:
        await opened.close()


async def _database(settings: Settings, opened: OpenDatabase) -> AsyncIterator[Check]:
    kind = "bundled" if opened.lease is not None else "DATABASE_URL"
    yield Check("database", ok=True, detail=f"PostgreSQL {opened.addresses.major} ({kind})")
    current = await is_current(opened.addresses.owner_dsn)
    yield Check(
        "schema",
        ok=current,
        detail="current" if current else "behind this version",
        fix="" if current else "moorage migrate",
    )
    if current and settings.tax_country is not None:
        yield await _tax(settings, opened)
    try:
        await refuse_unsafe(settings, opened.addresses)
    except UnsafeSettingsError as error:
        yield Check("production", ok=False, detail=str(error), fix="see above")
    else:
        yield Check("production", ok=True, detail=f"environment is {settings.environment}")


async def _tax(settings: Settings, opened: OpenDatabase) -> Check:
    """Whether the table has the rate that the settings name: without it no invoice can be priced."""
    where = f"{settings.tax_country} {settings.tax_region}".strip()
    database = await connect_database(settings, opened.addresses)
    try:
        async with database.reading(SYSTEM) as db:
            rate = await tax_rate(db, settings.tax_country or "", settings.tax_region)
    finally:
        await database.close()
    if rate is None:
        fix = f"moorage tax set {settings.tax_country} PER_CENT"
        return Check("tax", ok=False, detail=f"no rate for {where}", fix=fix)
    return Check("tax", ok=True, detail=f"{rate[0] / 100:g} % for {where}")


def _whole(settings: Settings) -> Check:
    """Whether the settings alone would let anything start."""
    found = start_problems(settings)
    fix = "set what is named, in the environment or in .env" if found else ""
    return Check("settings", ok=not found, detail="; ".join(found) or "whole", fix=fix)


def _home(settings: Settings) -> Check:
    home = settings.moorage_home
    home.mkdir(parents=True, exist_ok=True)
    free_mib = shutil.disk_usage(home).free // 2**20
    if not os.access(home, os.W_OK):
        return Check("home", ok=False, detail=f"{home} cannot be written", fix="export MOORAGE_HOME=somewhere else")
    return Check(
        "home",
        ok=free_mib >= SMALL_DISK_MIB,
        detail=f"{home}, {free_mib} MiB free",
        fix="" if free_mib >= SMALL_DISK_MIB else "make room, or export MOORAGE_HOME=somewhere else",
    )


def _mail(settings: Settings) -> Check:
    if settings.smtp_host is None:
        in_production = settings.environment == "production"
        return Check(
            "mail", ok=not in_production, detail="kept in the outbox", fix="set SMTP_HOST" if in_production else ""
        )
    try:
        socket.create_connection((settings.smtp_host, settings.smtp_port), timeout=3).close()
    except OSError as error:
        where = f"{settings.smtp_host}:{settings.smtp_port}"
        return Check(
            "mail", ok=False, detail=f"{where} does not answer ({error})", fix="correct SMTP_HOST and SMTP_PORT"
        )
    return Check("mail", ok=True, detail=f"{settings.smtp_host}:{settings.smtp_port}")


def _payments(settings: Settings) -> Check:
    return Check("payments", ok=True, detail=default_provider(settings))


def _address(settings: Settings) -> Check:
    return Check("address", ok=True, detail=settings.public_url())
