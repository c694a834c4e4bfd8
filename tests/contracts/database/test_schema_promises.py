"""What the schema promises to somebody who connects with SQL."""

import itertools
import uuid

import asyncpg
import pytest

from moorage.wiring.roles import ENGINE, OWNER, WEB, WORKER
from tests.builders import make_user
from tests.builders.money import make_payment

TABLES = (
    "users",
    "practitioners",
    "practitioner_locations",
    "services",
    "sessions",
    "bookings",
    "payments",
    "payment_audit",
    "payment_records",
    "refunds",
    "disputes",
    "invoices",
    "webhook_events",
)
KEYED_BY = {"payment_records": "payment_id"}  # beside its payment
# Rows that are written once have no `updated_at`.
WRITTEN_ONCE = {"payment_audit"}
CLOSED = (
    ("users", "role"),
    ("services", "service_type"),
    ("payments", "status"),
    ("payments", "purpose"),
    ("payments", "capture_method"),
    ("payment_audit", "old_status"),
    ("payment_audit", "new_status"),
    ("refunds", "status"),
    ("disputes", "status"),
    ("invoices", "status"),
    ("webhook_events", "status"),
)


async def test_the_tables_have_time_ordered_uuids_and_their_times(superuser):
    for table in TABLES:
        rows = await superuser.fetch(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = $1",
            table,
        )
        columns = {row["column_name"]: row["data_type"] for row in rows}
        assert columns[KEYED_BY.get(table, "id")] == "uuid"
        assert columns["created_at"] == "timestamp with time zone"
        assert ("updated_at" in columns) == (table not in WRITTEN_ONCE)
        key = await superuser.fetchval(
            "SELECT string_agg(attname, ',') FROM pg_index"
            " JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY(indkey)"
            " WHERE indrelid = $1::regclass AND indisprimary",
            table,
        )
        assert key == KEYED_BY.get(table, "id"), table


async def test_no_time_is_without_its_zone(superuser):
    naive = await superuser.fetch(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND data_type = 'timestamp without time zone'"
    )
    assert naive == []


async def test_every_foreign_key_says_what_a_deletion_does(superuser):
    silent = await superuser.fetch(
        "SELECT conrelid::regclass, conname FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'a'"
    )
    assert silent == []


async def test_closed_sets_are_checked_by_the_database(superuser):
    rows = await superuser.fetch(
        "SELECT conrelid::regclass::text AS of, pg_get_constraintdef(oid) AS said"
        " FROM pg_constraint WHERE contype = 'c'"
    )
    said = [(row["of"], row["said"]) for row in rows]
    for table, column in CLOSED:
        assert any(of == table and f"{column} = ANY" in text for of, text in said), (table, column)
    assert ("payments", "CHECK ((amount_minor > 0))") in said


async def test_ids_made_in_sql_are_of_version_7_and_in_order(worker, superuser):
    payer = await make_user(superuser)
    for _ in range(3):
        await make_payment(worker, payer=payer)
    ids = [row["id"] for row in await superuser.fetch("SELECT id FROM payment_audit ORDER BY no")]
    assert {made.version for made in ids} == {7}
    assert [made.int >> 80 for made in ids] == sorted(made.int >> 80 for made in ids)


async def test_a_providers_id_belongs_to_one_payment(worker, superuser):
    first, second = [await make_payment(worker, provider="stripe", status="pending") for _ in range(2)]
    await superuser.execute("UPDATE payments SET provider_ref = 'cs_1' WHERE id = $1", first)
    name = '{"payment_intent": "pi_1"}'
    await superuser.execute("UPDATE payments SET provider_ids = $2 WHERE id = $1", first, name)
    with pytest.raises(asyncpg.UniqueViolationError):
        await superuser.execute("UPDATE payments SET provider_ids = $2 WHERE id = $1", second, name)
    with pytest.raises(asyncpg.UniqueViolationError):
        await superuser.execute("UPDATE payments SET provider_ref = 'cs_1' WHERE id = $1", second)


async def test_the_overview_names_each_providers_ids_in_whole_units(worker, superuser):
    stripe = await make_payment(worker, 12_345, provider="stripe", currency="KWD")
    paypal = await make_payment(worker, 500, provider="paypal", currency="JPY", status="pending")
    await superuser.execute(
        "UPDATE payments SET provider_ref = 'pi_1', metadata = '{\"table\": 4}',"
        ' provider_ids = \'{"customer": "cus_1", "charge": "ch_1"}\' WHERE id = $1',
        stripe,
    )
    await superuser.execute(
        'UPDATE payments SET provider_ref = \'5O19\', provider_ids = \'{"capture": "3C67", "payer": "QYR5"}\''
        " WHERE id = $1",
        paypal,
    )
    rows = {row["id"]: row for row in await superuser.fetch("SELECT * FROM payment_overview")}
    assert {name: str(rows[stripe][name]) for name in ("amount", "currency", "payment_method", "status")} == {
        "amount": "12.345",
        "currency": "KWD",
        "payment_method": "stripe",
        "status": "succeeded",
    }
    ids = ("payment_intent_id", "customer_id", "charge_id")
    assert [rows[stripe][f"stripe_{name}"] for name in ids] == ["pi_1", "cus_1", "ch_1"]
    assert rows[stripe]["metadata"] == '{"table": 4}'
    ids = ("order_id", "payment_id", "payer_id")
    assert [rows[paypal][f"paypal_{name}"] for name in ids] == ["5O19", "3C67", "QYR5"]
    assert (rows[paypal]["amount"], rows[paypal]["stripe_payment_intent_id"], rows[stripe]["paypal_order_id"]) == (
        500,
        None,
        None,
    )


async def test_the_summary_adds_up_whole_units_as_the_overview_shows_them(worker, superuser):
    for amount, currency in ((12_345, "USD"), (5, "USD"), (12_345, "KWD"), (500, "JPY")):
        await make_payment(worker, amount, currency=currency)
    rows = await superuser.fetch(
        "SELECT payment_method, status, currency, payment_count, total_amount FROM payment_summary ORDER BY currency"
    )
    assert [tuple(map(str, row)) for row in rows] == [
        ("sandbox", "succeeded", "JPY", "1", "500"),
        ("sandbox", "succeeded", "KWD", "1", "12.345"),
        ("sandbox", "succeeded", "USD", "2", "123.50"),
    ]


async def test_the_audit_of_payments_cannot_be_changed_by_any_role(worker, superuser):
    await make_payment(worker)
    writes = ("UPDATE payment_audit SET new_status = 'failed'", "DELETE FROM payment_audit", "TRUNCATE payment_audit")
    for role, statement in itertools.product((OWNER, ENGINE, WORKER, WEB, "none"), writes):
        await superuser.execute(f"SET ROLE {role}")
        with pytest.raises(asyncpg.PostgresError, match=r"append-only|permission denied"):
            await superuser.execute(statement)
    await superuser.execute("RESET ROLE")
    assert await superuser.fetchval("SELECT count(*) FROM payment_audit") == 2


async def test_every_change_of_a_status_is_one_row_with_its_reason(worker, superuser):
    payment_id = await make_payment(worker)
    rows = await superuser.fetch(
        "SELECT payment_id, old_status, new_status, change_reason, provider_data, changed_by, created_at"
        " FROM payment_audit WHERE payment_id = $1 ORDER BY no",
        payment_id,
    )
    moves = [(row["old_status"], row["new_status"], row["change_reason"]) for row in rows]
    assert moves == [(None, "pending", "opened"), ("pending", "succeeded", "test")]
    assert isinstance(payment_id, uuid.UUID)
