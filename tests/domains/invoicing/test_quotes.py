"""Quotes: accepted once, by whoever may, while they are open."""

from datetime import timedelta

import asyncpg
import pytest

from moorage.kernel.ids import uuid7
from tests.builders import make_user
from tests.builders.invoicing import NOW, line, offer, row_of
from tests.builders.money import at_once, many_connections

ACCEPT = "SELECT accept_quote($1, $2, $3, 'INV', $4)"


async def test_case_28_a_quote_accepted_at_once_makes_one_invoice(worker, database):
    quote = await offer(worker, line(9_999, 2_000), line(1))
    async with many_connections(database.worker_dsn, 8) as pool:
        made = await at_once(pool, ACCEPT, [(quote["id"], True, uuid7(), NOW) for _ in range(16)])
    assert len(set(made)) == 1
    assert await worker.fetchval("SELECT count(*) FROM invoices") == 1
    invoice = await row_of(worker, made[0])
    assert (invoice["number"], invoice["gross_minor"], invoice["tax_minor"]) == ("INV-00001", 10_000, 1_667)
    assert invoice["due_at"] == NOW + timedelta(days=14)
    assert await worker.fetchval("SELECT count(*) FROM invoice_lines") == 2


async def test_an_expired_quote_is_refused_and_a_declined_one_stays_declined(worker):
    quote = await offer(worker)
    with pytest.raises(asyncpg.PostgresError, match="quote_expired"):
        await worker.fetchval(ACCEPT, quote["id"], True, uuid7(), quote["expires_at"])
    for _ in range(2):
        await worker.execute("SELECT decline_quote($1, $2, 'too dear', $3)", quote["id"], True, NOW)
    with pytest.raises(asyncpg.PostgresError, match="invalid_state"):
        await worker.fetchval(ACCEPT, quote["id"], True, uuid7(), NOW)
    assert await worker.fetchval("SELECT count(*) FROM invoices") == 0


async def test_a_quote_is_there_for_its_customer_its_link_and_administrators_alone(worker, superuser, web):
    ann, ben, admin = [await make_user(superuser, role=role) for role in ("user", "user", "admin")]

    async def accept(role, person, by_link):
        quote = await offer(worker, customer=ann)
        async with role.transaction():
            await role.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(person or ""))
            return await role.fetchval(ACCEPT, quote["id"], by_link, uuid7(), NOW)

    for role, person, by_link in ((web, ann, False), (web, admin, False), (worker, None, True)):
        assert await accept(role, person, by_link)
    # The web role is believed no link: who may ask by that role alone could otherwise accept anything.
    for role, person, by_link in ((web, ben, False), (web, None, False), (worker, None, False), (web, ben, True)):
        with pytest.raises(asyncpg.PostgresError, match="not_found"):
            await accept(role, person, by_link)


async def test_a_withdrawn_quote_cannot_be_accepted(worker):
    quote = await offer(worker)
    await worker.execute("SELECT withdraw_quote($1, $2)", quote["id"], NOW)
    with pytest.raises(asyncpg.PostgresError, match="invalid_state"):
        await worker.fetchval(ACCEPT, quote["id"], True, uuid7(), NOW)
