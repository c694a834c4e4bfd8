"""Who sees which row, by raw SQL as the role of the web process: no API in between."""

import json
from uuid import UUID

from migrations.revise import whole_metadata
from moorage.kernel.ids import uuid7
from tests.builders import make_practitioner, make_user
from tests.builders.money import earn, make_payment, refund
from tests.support.bookings import start_at
from tests.support.rows import one_row_each

# What a visitor sees who has not signed in: the catalog, and nothing of anybody's doings.
PUBLIC = {
    "categories",
    "practitioner_locations",
    "practitioners",
    "price_options",
    "services",
    "sessions",
    "zone_offsets",
    "zone_release",
    "weekly_hours",
    "date_overrides",
    "free_days",
    "tax_rates",
}
PRIVATE = ("payments", "payment_audit", "refunds", "disputes", "payment_overview", "payment_summary", "payment_records")


async def seen(web, *, sub=None, claims=None, tables=PRIVATE):
    """How many rows of each table somebody sees who states these claims."""
    async with web.transaction():
        if sub is not None:
            await web.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(sub))
        if claims is not None:
            await web.execute("SELECT set_config('request.jwt.claims', $1, true)", json.dumps(claims))
        return {table: await web.fetchval(f"SELECT count(*) FROM {table}") for table in tables}


async def test_row_level_security_is_on_and_forced_wherever_the_web_role_reads(superuser):
    open_tables = await superuser.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
        " AND has_any_column_privilege('moorage_web', oid, 'SELECT') AND NOT (relrowsecurity AND relforcerowsecurity)"
    )
    assert {row["relname"] for row in open_tables} <= PUBLIC
    views = await superuser.fetch(
        "SELECT relname FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"
        " AND NOT coalesce('security_invoker=true' = ANY(reloptions), false)"
    )
    assert views == []


async def test_the_web_role_owns_nothing_and_bypasses_nothing(superuser):
    role = await superuser.fetchrow("SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = 'moorage_web'")
    assert tuple(role) == (False, False)
    owned = "SELECT count(*) FROM pg_class WHERE relowner = 'moorage_web'::regrole"
    assert await superuser.fetchval(owned) == 0


async def test_a_query_with_no_claim_sees_nothing_private_of_any_table(superuser, web):
    await one_row_each(superuser, [table for table in whole_metadata().sorted_tables if table.schema is None])
    readable = await superuser.fetch(
        "SELECT relname FROM pg_class WHERE relkind IN ('r', 'v') AND relnamespace = 'public'::regnamespace"
        " AND has_any_column_privilege('moorage_web', oid, 'SELECT')"
    )
    tables = sorted({row["relname"] for row in readable} - PUBLIC)
    assert {*PRIVATE, "bookings", "users", "invoices", "webhook_events", "audit_log"} <= set(tables)
    nothing = dict.fromkeys(tables, 0)
    for stated in ({}, {"sub": ""}, {"claims": {}}, {"claims": {"sub": "admin", "role": "admin"}}, {"sub": uuid7()}):
        assert await seen(web, **stated, tables=tables) == nothing, stated


async def test_each_sees_their_own_by_either_way_of_stating_who_asks(worker, superuser, web):
    payer, other, admin, owner = [await make_user(superuser, role=r) for r in ("user", "user", "admin", "user")]
    await superuser.execute("UPDATE users SET role = 'owner' WHERE id = $1", owner)
    practitioner, rival = await make_practitioner(superuser), await make_practitioner(superuser)
    paid, elsewhere = await make_payment(worker, payer=payer), await make_payment(worker, payer=other)
    await earn(worker, paid, practitioner.id)
    await refund(worker, paid, 100)
    await superuser.execute(
        "INSERT INTO payment_records (payment_id, gateway_payment_id) VALUES ($1, 'a'), ($2, 'b')", paid, elsewhere
    )
    nothing = dict.fromkeys(PRIVATE, 0)
    one = {name: 1 for name in PRIVATE if name != "disputes"} | {"disputes": 0, "payment_audit": 2}
    for user, wanted in (
        (payer, one),
        (practitioner.user_id, one),
        (other, {**one, "refunds": 0}),
        (rival.user_id, nothing),
        (admin, {name: 2 * count for name, count in one.items()} | {"refunds": 1, "payment_summary": 1}),
        (owner, {name: 2 * count for name, count in one.items()} | {"refunds": 1, "payment_summary": 1}),
    ):
        assert await seen(web, sub=user) == wanted
        assert await seen(web, claims={"sub": str(user), "role": "authenticated", "is_admin": True}) == wanted


async def test_a_practitioner_sees_what_is_asked_for_their_services_before_it_is_paid(practice, web):
    held = await practice.book(start_at(9))
    rival = await make_practitioner(practice.superuser)
    wanted = "SELECT status FROM payments WHERE purpose_id = $1"
    for user, seen_status in ((practice.host.user_id, "pending"), (rival.user_id, None), (uuid7(), None)):
        async with web.transaction():
            await web.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(user))
            assert await web.fetchval(wanted, UUID(held["id"])) == seen_status


async def test_a_claim_ends_with_its_transaction(worker, superuser, web):
    payer = await make_user(superuser)
    await make_payment(worker, payer=payer)
    assert (await seen(web, sub=payer))["payments"] == 1
    assert (await seen(web))["payments"] == 0


async def test_a_closed_account_of_an_administrator_sees_nothing(worker, superuser, web):
    admin = await make_user(superuser, role="admin")
    await make_payment(worker)
    await superuser.execute("UPDATE users SET is_active = false WHERE id = $1", admin)
    assert (await seen(web, sub=admin))["payments"] == 0
