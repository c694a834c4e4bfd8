"""`moorage audit` finds payouts that the books or the provider tell otherwise."""

import pytest_asyncio

from moorage.journeys.complete import release_due_earnings
from moorage.kernel.ids import uuid7
from tests.builders.money import post
from tests.support.shop import Shop


@pytest_asyncio.fixture
async def shop_that_paid_out(shop: Shop) -> Shop:
    """One earning, paid out and there."""
    await shop.paid()
    await shop.db.execute("UPDATE earnings SET available_at = now() - interval '1 minute'")
    await release_due_earnings(shop.house)
    opened = await shop.seller.post("/api/v1/practitioner/connect/", json={"country": "US"})
    await shop.town.payer.post(opened.json()["data"]["url"])
    await shop.settle()
    asked = await shop.seller.post("/api/v1/practitioner/payouts/request/")
    assert asked.status_code == 201, asked.text
    reference = await shop.value("SELECT id FROM sandbox.payouts")
    await shop.town.api.post(f"/payouts/{reference}/resolve", json={"status": "paid"})
    await shop.settle()
    assert await shop.audit() == []
    return shop


# What somebody did to the rows behind our back, and the checks that fail from then on.
BREAKS = {
    "UPDATE payouts SET status = 'in_transit'": {"payout_is_posted_as_it_stands"},
    "UPDATE payouts SET amount_minor = 7000": {
        "payout_is_posted_as_it_stands",
        "available_earnings_add_up",
        "transfer_is_in_our_books",
    },
    "DELETE FROM payouts": {
        "payout_posting_has_its_payout",
        "available_earnings_add_up",
        "transfer_is_in_our_books",
    },
    "UPDATE earnings SET reversed_gross_minor = 100": {"available_earnings_add_up"},
    "DELETE FROM sandbox.transfers": {"transfer_is_at_the_provider"},
    "UPDATE sandbox.transfers SET amount_minor = 7500": {"transfer_is_in_our_books"},
    "UPDATE sandbox.transfers SET reversed_minor = amount_minor": {"transfer_is_in_our_books"},
}


async def test_each_kind_of_break_is_found(shop_that_paid_out: Shop):
    shop = shop_that_paid_out
    tables = ("payouts", "earnings", "sandbox.transfers")
    await shop.db.execute("SET session_replication_role = replica")
    for table in tables:
        await shop.db.execute(f"CREATE TEMP TABLE {table.replace('.', '_')}_kept AS TABLE {table}")
    for statement, checks in BREAKS.items():
        await shop.db.execute(statement)
        assert {finding.check for finding in await shop.audit()} == checks, statement
        for table in tables:
            await shop.db.execute(f"DELETE FROM {table}")
            kept = f"{table.replace('.', '_')}_kept"
            await shop.db.execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE {kept}")
    assert await shop.audit() == []


async def test_money_sent_to_a_payee_without_us_is_found(shop: Shop):
    await shop.town.paid(currency="USD")
    transfer = {"account": "acct_x", "amount_minor": 100, "currency": "USD", "client_reference": str(uuid7())}
    await shop.town.api.post("/transfers", json=transfer)
    assert "transfer_is_in_our_books" in {finding.check for finding in await shop.audit()}
    lines = {"clearing:sandbox": -100, f"earnings_available:{shop.practitioner.id}": 100}
    await post(shop.db, lines)
    assert "available_earnings_add_up" in {finding.check for finding in await shop.audit()}
