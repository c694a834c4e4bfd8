"""What the database itself refuses, whoever writes: changes, deletions, and what does not balance."""

import asyncpg
import pytest

from moorage.kernel.ids import uuid7
from tests.builders.money import post

TABLES = ["ledger_transactions", "ledger_entries", "ledger_accounts"]
COLUMN = {"ledger_transactions": "kind = kind", "ledger_entries": "line = line", "ledger_accounts": "code = code"}


@pytest.mark.parametrize("table", TABLES)
async def test_no_row_is_changed_deleted_or_truncated(worker, superuser, table):
    await post(worker, {"clearing:sandbox": 1, "held:bookings": -1})
    for statement in (f"UPDATE {table} SET {COLUMN[table]}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await superuser.execute(statement)


async def test_entries_that_do_not_balance_fail_at_commit(worker, superuser):
    await post(worker, {"clearing:sandbox": 1, "held:bookings": -1})
    account = await superuser.fetchval("SELECT min(no) FROM ledger_accounts")
    transaction = await superuser.fetchval("SELECT id FROM ledger_transactions")
    with pytest.raises(asyncpg.PostgresError, match="unbalanced_transaction"):
        await superuser.execute(
            "INSERT INTO ledger_entries (transaction_id, line, account_no, amount_minor) VALUES ($1, 9, $2, 5)",
            transaction,
            account,
        )


async def test_a_transaction_without_entries_fails_at_commit(superuser):
    with pytest.raises(asyncpg.PostgresError, match="unbalanced_transaction"):
        await superuser.execute(
            "INSERT INTO ledger_transactions (id, kind, reference_type, reference_id, cause, currency, seal)"
            " VALUES ($1, 'x', 'x', $1, 'x', 'USD', '')",
            uuid7(),
        )


@pytest.mark.parametrize("table", [*TABLES, "ledger_balances", "earnings"])
async def test_the_programs_own_roles_cannot_write(database, table):
    for dsn in (database.web_dsn, database.worker_dsn):
        connection = await asyncpg.connect(dsn)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(f"DELETE FROM {table}")
        await connection.close()
