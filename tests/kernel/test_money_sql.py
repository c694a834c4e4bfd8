"""Money in SQL reads as money in Python."""

import asyncpg

from moorage.kernel.money import _EXPONENTS, format_amount
from tests.support.databases import TestDatabase


async def test_every_currency_has_the_same_decimals_in_sql(database: TestDatabase):
    db = await asyncpg.connect(database.worker_dsn)
    for currency in _EXPONENTS:
        for amount in (0, 1, 99, 1_234_567, -5):
            assert await db.fetchval("SELECT money_text($1, $2)", amount, currency) == format_amount(amount, currency)
    await db.close()
