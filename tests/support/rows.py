"""One plausible row for any table, read off its columns and constraints: for tests that need data of every kind."""

import re
import uuid
from datetime import UTC, date, datetime, timedelta

import asyncpg
from sqlalchemy import CheckConstraint, Column, Table
from sqlalchemy.dialects import postgresql

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
# What no rule below finds out by itself.
SPECIAL = {
    "currency": "USD",
    "timezone": "UTC",
    "earnings.gross_minor": 3,
    "earnings.net_minor": 2,
    "bookings.hold_expires_at": NOW,
    "invoices.gross_minor": 2,
    "invoices.customer_email": "ann@example.com",
    "quotes.gross_minor": 2,
    "quotes.customer_email": "ann@example.com",
    "quotes.decided_at": None,
    "invoice_lines.gross_minor": 2,
    "invoice_lines.unit_minor": 2,
    "quote_lines.gross_minor": 2,
    "quote_lines.unit_minor": 2,
    "tax_rates.country": "GB",
    "claims.expires_at": NOW,
    "provider_operations.payment_id": uuid.uuid4(),
    "payouts.payee_ref": "acct_1",
}


async def one_row_each(superuser: asyncpg.Connection, tables: list[Table]) -> None:
    """Put a row into each table that has none, without regard to foreign keys and triggers, but obeying every CHECK."""
    await superuser.execute("SET session_replication_role = replica")
    for table in tables:
        if await superuser.fetchval(f"SELECT EXISTS (SELECT FROM {table.fullname})"):
            continue
        row = {column.name: value(table, column) for column in table.columns if is_needed(table, column)}
        names = ", ".join(f'"{name}"' for name in row)
        places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
        try:
            # A table that keeps one row and has it already is well served.
            insert = f"INSERT INTO {table.fullname} ({names}) VALUES ({places}) ON CONFLICT DO NOTHING"
            await superuser.execute(insert, *row.values())
        except asyncpg.PostgresError as error:
            error.add_note("say in SPECIAL (tests/support/rows.py) which value the column takes")
            raise
    await superuser.execute("SET session_replication_role = origin")


def is_needed(table: Table, column: Column) -> bool:
    if f"{table.name}.{column.name}" in SPECIAL:
        return True
    return not column.nullable and column.server_default is None and column.identity is None


def value(table: Table, column: Column):
    """A value for `column` that its table's checks accept."""
    for name in (f"{table.name}.{column.name}", column.name):
        if name in SPECIAL:
            return SPECIAL[name]
    if known := first_known(table, column.name):
        return known
    made = by_type(column)
    # Whatever begins comes before what ends.
    if isinstance(made, datetime) and re.match(r"end|until|expires|to_|day_end", column.name):
        return made + timedelta(hours=1)
    return made


def first_known(table: Table, column: str) -> str | None:
    """The first of the values that a check lists for a text column."""
    for constraint in table.constraints:
        if isinstance(constraint, CheckConstraint):
            found = re.match(rf"{column} IN \('([^']+)'", str(constraint.sqltext))
            if found:
                return found[1]
    return None


def by_type(column: Column):
    kind = column.type
    if isinstance(kind, postgresql.TSTZRANGE):
        return asyncpg.Range(NOW, NOW + timedelta(hours=1))
    if isinstance(kind, postgresql.TSTZMULTIRANGE):
        return [asyncpg.Range(NOW, NOW + timedelta(hours=1))]
    if isinstance(kind, postgresql.BIT):
        return asyncpg.BitString("0" * kind.length)
    if isinstance(kind, postgresql.ARRAY):
        return []
    if isinstance(kind, postgresql.JSONB):
        return "{}"
    python = kind.python_type
    return {
        uuid.UUID: uuid.uuid4(),
        str: f"a {column.name}",
        int: 1,
        bool: True,
        bytes: b"\x00" * 32,
        datetime: NOW,
        date: NOW.date(),
    }[python]
