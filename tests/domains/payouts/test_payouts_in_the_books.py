"""Payouts in the books: reserved once, gone once, back once."""

from datetime import date

import asyncpg
import pytest
import pytest_asyncio

from moorage.kernel.ids import uuid7
from tests.builders import make_practitioner, make_user
from tests.builders.money import at_once, balance, books_sum_to_zero, many_connections, post

REQUEST = "SELECT request_payout($1, $2, $3, $4, $5, 50, '{sandbox}')"
ACCOUNT = "acct_anna"


class Purse:
    """One practitioner's balances, and payouts from them."""

    def __init__(self, db: asyncpg.Connection, practitioner: object) -> None:
        self.db, self.id = db, practitioner

    async def earn(self, amount: int, currency: str = "USD") -> None:
        lines = {"clearing:sandbox": amount, f"earnings_available:{self.id}": -amount}
        await post(self.db, lines, currency=currency)

    async def connect(self, provider: str = "sandbox") -> None:
        row = await self.db.fetchval("SELECT (begin_payee($1, $2, $3)).id", uuid7(), self.id, provider)
        await self.db.execute("SELECT keep_payee($1, $2)", row, ACCOUNT)
        await self.db.execute("SELECT record_payee($1, $2, true, true, '{}')", provider, ACCOUNT)

    async def request(self, amount: int | None = None, currency: str | None = None):
        payout = uuid7()
        await self.db.execute(REQUEST, payout, uuid7(), self.id, amount, currency)
        return payout

    async def told(self, payout, status: str, amount: int = 10_000, back: int = 0, **other) -> str:
        facts = {"currency": "USD", "payee": ACCOUNT, "ref": "tr_1"} | other
        return await self.db.fetchval(
            "SELECT record_payout($1, $2, $3, $4, $5, $6, '{}', $7, NULL)",
            payout, status, amount, facts["currency"], facts["payee"], facts["ref"], back,
        )  # fmt: skip

    async def books(self) -> tuple[int, int, int]:
        """(available, in transit, what the provider still has for us)."""
        codes = (f"earnings_available:{self.id}", f"payout_in_transit:{self.id}", "clearing:sandbox")
        available, in_transit, clearing = [await balance(self.db, code) for code in codes]
        assert await books_sum_to_zero(self.db)
        return available, in_transit, clearing

    async def status(self, payout) -> str:
        return await self.db.fetchval("SELECT status FROM payouts WHERE id = $1", payout)


@pytest_asyncio.fixture
async def purse(worker, superuser):
    return Purse(worker, (await make_practitioner(superuser)).id)


def refusal(error) -> str:
    return error.value.args[0]


async def test_case_24_of_two_payouts_of_the_whole_balance_at_once_one_is_made(purse, database, superuser):
    await purse.earn(10_000)
    for calls in ([None] * 8, [10_000] * 8):
        async with many_connections(database.worker_dsn, 8) as pool:
            told = await at_once(pool, REQUEST, [(uuid7(), uuid7(), purse.id, amount, "USD") for amount in calls])
        assert sorted(told) == ["manual"] + ["refused:insufficient_balance"] * 7
        assert await purse.books() == (0, 10_000, 10_000)
        await superuser.execute("SELECT return_payout(id, amount_minor, 'x') FROM payouts WHERE status = 'requested'")
        assert await purse.books() == (10_000, 0, 10_000)


async def test_of_many_payouts_at_once_as_many_are_made_as_the_balance_is_enough_for(purse, database):
    await purse.earn(27_000)
    async with many_connections(database.worker_dsn, 10) as pool:
        told = await at_once(pool, REQUEST, [(uuid7(), uuid7(), purse.id, 5_000, "USD") for _ in range(20)])
    assert sorted(told) == ["manual"] * 5 + ["refused:insufficient_balance"] * 15
    assert await purse.books() == (2_000, 25_000, 27_000)


@pytest.mark.parametrize(
    "story",
    [
        ["succeeded", "failed"],
        ["pending", "succeeded", "succeeded", "failed", "failed"],
        ["failed", "pending", "failed"],
        ["pending", "failed", "succeeded", "failed"],  # heard of in another order
    ],
)
async def test_case_24_paid_then_failed_the_balance_is_back_once(purse, story):
    await purse.earn(10_000)
    await purse.connect()
    payout = await purse.request()
    for status in story:
        await purse.told(payout, status)
    assert await purse.status(payout) == "failed"
    assert await purse.books() == (10_000, 0, 10_000)
    planned = await purse.db.fetch("SELECT kind FROM provider_operations ORDER BY created_at, kind DESC")
    assert [row["kind"] for row in planned] == ["transfer", "reverse"]


async def test_a_payout_that_arrived_has_left_the_books(purse):
    await purse.earn(12_000)
    await purse.connect()
    payout = await purse.request(10_000)
    assert await purse.books() == (2_000, 10_000, 12_000)
    assert await purse.told(payout, "pending") == "moved"
    assert await purse.status(payout) == "in_transit"
    assert [await purse.told(payout, "succeeded") for _ in range(3)] == ["moved", "repeated", "repeated"]
    assert await purse.books() == (2_000, 0, 2_000)
    assert await purse.db.fetchval("SELECT count(*) FROM mails WHERE cause LIKE 'payout_paid:%'") == 1


@pytest.mark.parametrize("backs", [[3_000, 3_000, 10_000], [10_000, 3_000]])
async def test_what_comes_back_in_parts_is_available_by_as_much(purse, backs):
    await purse.earn(10_000)
    await purse.connect()
    payout = await purse.request()
    await purse.told(payout, "succeeded")
    for back in backs:
        await purse.told(payout, "succeeded", back=back)
        if back < 10_000 and backs[0] == back:
            assert await purse.books() == (3_000, 0, 3_000)
    assert await purse.status(payout) == "failed"
    assert await purse.books() == (10_000, 0, 10_000)


async def test_another_amount_currency_account_or_object_moves_nothing(purse):
    await purse.earn(10_000)
    await purse.connect()
    payout = await purse.request()
    await purse.told(payout, "pending")
    wrong = [{"amount": 9_999}, {"currency": "EUR"}, {"payee": "acct_bob"}, {"ref": "tr_2"}, {"back": 10_001}]
    assert {await purse.told(payout, "succeeded", **one) for one in wrong} == {"parked"}
    assert await purse.told(uuid7(), "succeeded") == "missing"
    assert await purse.books() == (0, 10_000, 10_000)


async def test_what_was_refused_and_is_paid_after_all_is_for_a_person(purse):
    await purse.earn(10_000)
    await purse.connect()
    payout = await purse.request()
    assert await purse.told(payout, "failed", ref=None) == "moved"
    assert await purse.told(payout, "succeeded") == "impossible"
    assert await purse.books() == (10_000, 0, 10_000)
    assert await purse.db.fetchval("SELECT count(*) FROM provider_operations WHERE kind = 'reverse'") == 0


async def test_a_payout_has_a_least_in_whole_units_of_its_currency(purse):
    await purse.earn(4_999)
    await purse.earn(50, "JPY")
    await purse.earn(49_999, "KWD")
    with pytest.raises(asyncpg.PostgresError) as error:
        await purse.request()
    assert refusal(error) == "currency_required"
    for currency, least in (("USD", "50.00 USD"), ("KWD", "50.000 KWD")):
        with pytest.raises(asyncpg.PostgresError) as error:
            await purse.request(None, currency)
        assert (refusal(error), least in error.value.detail) == ("payout_below_minimum", True)
    await purse.request(None, "JPY")
    with pytest.raises(asyncpg.PostgresError) as error:
        await purse.request(5_000, "USD")
    assert refusal(error) == "insufficient_balance"


async def test_a_balance_below_zero_is_carried(purse):
    await purse.earn(10_000)
    await purse.request()
    await purse.earn(-3_000)  # a refund, after it was paid out
    with pytest.raises(asyncpg.PostgresError) as error:
        await purse.request()
    assert refusal(error) == "insufficient_balance"
    await purse.earn(9_000)
    payout = await purse.request()
    assert await purse.db.fetchval("SELECT amount_minor FROM payouts WHERE id = $1", payout) == 6_000


async def test_the_same_request_again_is_the_same_payout(purse, superuser):
    await purse.earn(20_000)
    payout, other = uuid7(), (await make_practitioner(superuser)).id
    for _ in range(2):
        await purse.db.execute(REQUEST, payout, uuid7(), purse.id, 10_000, "USD")
    assert await purse.books() == (10_000, 10_000, 20_000)
    with pytest.raises(asyncpg.PostgresError) as error:
        await purse.db.execute(REQUEST, payout, uuid7(), other, 10_000, "USD")
    assert refusal(error) == "not_found"


async def test_the_first_provider_that_can_pay_does(purse):
    await purse.earn(30_000)
    choose = "SELECT request_payout($1, $2, $3, 10000, 'USD', 50, $4)"
    await purse.connect("stripe")
    for able, method in ((["sandbox"], "manual"), (["sandbox", "stripe"], "provider"), ([], "manual")):
        assert await purse.db.fetchval(choose, uuid7(), uuid7(), purse.id, able) == method
    shown = "SELECT stripe_account_id FROM practitioners WHERE id = $1"
    assert await purse.db.fetchval(shown, purse.id) == ACCOUNT


async def test_a_week_is_paid_once_and_the_first_one_of_an_installation_not_at_all(purse, database):
    await purse.earn(10_000)
    monday = date(2026, 3, 2)
    assert not await purse.db.fetchval("SELECT payout_week_is_due($1)", monday)
    following = date(2026, 3, 9)
    assert await purse.db.fetchval("SELECT payout_week_is_due($1)", following)
    due = "SELECT count(*) FROM due_weekly_payouts($1, 50, 10)"
    assert await purse.db.fetchval(due, following) == 1
    weekly = "SELECT request_weekly_payout($1, $2, $3, 'USD', $4, 50, '{}')"
    async with many_connections(database.worker_dsn, 4) as pool:
        told = await at_once(pool, weekly, [(uuid7(), uuid7(), purse.id, following) for _ in range(4)])
    assert sorted(told) == [False, False, False, True]
    await purse.earn(10_000)
    assert await purse.db.fetchval(due, following) == 0
    await purse.db.execute("SELECT finish_payout_week($1)", following)
    assert not await purse.db.fetchval("SELECT payout_week_is_due($1)", following)


async def test_only_their_practitioner_and_administrators_see_payouts(purse, superuser, database):
    await purse.earn(10_000)
    payout = await purse.request()
    mine = await superuser.fetchval("SELECT user_id FROM practitioners WHERE id = $1", purse.id)
    stranger, admin = (await make_practitioner(superuser)).user_id, await make_user(superuser, role="admin")
    web = await asyncpg.connect(database.web_dsn)
    for user, count, may in ((mine, 1, False), (stranger, 0, False), (admin, 1, True)):
        async with web.transaction():
            await web.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(user))
            assert await web.fetchval("SELECT count(*) FROM payouts") == count
            for statement in (
                "UPDATE payouts SET status = 'paid' WHERE id = $1",
                "SELECT record_payout($1, 'succeeded', 10000, 'USD', NULL, NULL, NULL, 0, NULL)",
            ):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    async with web.transaction():
                        await web.execute(statement, payout)
            if not may:
                with pytest.raises(asyncpg.PostgresError) as error:
                    async with web.transaction():
                        await web.execute("SELECT mark_payout_paid($1, NULL)", payout)
                assert refusal(error) == "forbidden"
    await web.close()
