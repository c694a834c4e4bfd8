"""Who sees which payment, by raw SQL with the web process's own role: no API in between."""

import asyncpg
import pytest

from tests.builders import make_practitioner, make_user
from tests.builders.money import earn, make_payment, refund

PRIVATE = (
    "payments",
    "refunds",
    "payment_audit",
    "earnings",
    "ledger_accounts",
    "ledger_entries",
    "ledger_transactions",
)


async def seen(web: asyncpg.Connection, user_id: object) -> dict[str, int]:
    async with web.transaction():
        await web.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(user_id or ""))
        return {table: await web.fetchval(f"SELECT count(*) FROM {table}") for table in PRIVATE}


async def test_each_sees_their_own_and_nobody_without_a_claim_anything(worker, superuser, web):
    payer, other, admin = [await make_user(superuser, role=role) for role in ("user", "user", "admin")]
    practitioner, rival = await make_practitioner(superuser), await make_practitioner(superuser)
    paid = await make_payment(worker, payer=payer)
    await earn(worker, paid, practitioner.id)
    await refund(worker, paid, 100)
    nothing = dict.fromkeys(PRIVATE, 0)
    assert await seen(web, None) == nothing
    assert await seen(web, other) == nothing
    assert await seen(web, rival.user_id) == nothing
    assert await seen(web, payer) == {**nothing, "payments": 1, "refunds": 1, "payment_audit": 2}
    theirs = await seen(web, practitioner.user_id)
    assert (theirs["payments"], theirs["earnings"], theirs["ledger_accounts"]) == (1, 1, 1)
    assert (theirs["ledger_entries"], theirs["ledger_transactions"]) == (2, 2)
    assert min((await seen(web, admin)).values()) > 0


@pytest.mark.parametrize(
    "table", ["payments", "refunds", "disputes", "payment_audit", "webhook_events", "subscriptions"]
)
async def test_the_web_role_writes_no_money(web, table):
    for statement in (f"INSERT INTO {table} DEFAULT VALUES", f"DELETE FROM {table}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await web.execute(statement)


async def test_the_summary_counts_what_the_asker_may_see(worker, superuser, web):
    payer = await make_user(superuser)
    await make_payment(worker, payer=payer)
    await make_payment(worker)
    async with web.transaction():
        await web.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(payer))
        rows = await web.fetch("SELECT * FROM payment_summary")
    assert [tuple(row) for row in rows] == [("sandbox", "succeeded", "USD", 1, 100)]


START = "new_id(), 'free_amount', NULL, '{payer}', 100, 'USD'"
# What another person's `_for_asking` is refused with; None: not for the web role at all.
VERBS = {
    "open_for_purpose(new_id(), " + START + ", 'sandbox', '{{}}')": None,
    "open_for_asking(new_id(), " + START + ", 'sandbox', '{{}}')": "forbidden",
    "record_by_hand(" + START + ", 'cash', 'completed', 'refuse', '{{}}', NULL, now())": None,
    "record_by_hand_for_asking(" + START + ", 'cash', 'pending', 'refuse', '{{}}', NULL, now())": "forbidden",
    "plan_capture(new_id(), '{paid}', NULL)": None,
    "capture_for_asking(new_id(), '{paid}', NULL)": "not_found",
    "cancel_open_payment(new_id(), '{paid}', 'mine', NULL)": None,
    "cancel_for_asking(new_id(), '{paid}', 'mine', NULL)": "not_found",
    "refund_for_purpose(new_id(), new_id(), '{paid}', NULL, 'mine', NULL, NULL)": None,
    "refund_for_asking(new_id(), new_id(), '{paid}', NULL, 'mine', NULL, NULL)": "not_found",
    "bounce_by_hand_for_asking('{paid}', 'mine', NULL)": "not_found",
    "complete_by_hand_for_asking('{paid}', NULL, now())": "not_found",
    "hand_over_for_asking('{paid}')": "forbidden",
    "end_subscription(new_id(), false)": None,
    "end_for_asking(new_id(), false)": "not_found",
    "settle_payment('{paid}', 'succeeded', 1, 'USD', NULL, NULL, NULL, 'mine', NULL, now())": None,
}


async def test_the_web_role_moves_no_money_of_others(worker, superuser, web):
    payer, other = await make_user(superuser), await make_user(superuser)
    paid = await make_payment(worker, payer=payer, purpose="free_amount")
    await web.execute("SELECT set_config('request.jwt.claim.sub', $1, false)", str(other))
    for verb, refusal in VERBS.items():
        with pytest.raises(asyncpg.PostgresError) as refused:
            await web.execute(f"SELECT {verb.format(payer=payer, paid=paid)}")
        expected = ("42501", None) if refusal is None else ("MO000", refusal)
        assert (refused.value.sqlstate, refusal and refused.value.args[0]) == expected, verb
