"""Invoices: totals that are the sums of their lines, and numbers without a gap."""

import asyncio
import random

import asyncpg
import pytest

from moorage.domains.invoicing.policy import split_tax
from moorage.kernel.money import split
from moorage.kernel.pools import prepare_session
from tests.builders import make_user
from tests.builders.invoicing import NOW, draft, finalise, issue, line, pay, row_of
from tests.builders.money import balance, books_sum_to_zero


async def test_case_20_vat_of_20_percent_in_9999_is_1667_and_the_net_8332(worker):
    taxed = split_tax(9_999, 2_000, inclusive=True)
    assert (taxed.tax_minor, taxed.net_minor, taxed.gross_minor) == (1_667, 8_332, 9_999)
    row = await row_of(worker, await issue(worker, line(9_999, 2_000)))
    assert (row["tax_minor"], row["net_minor"], row["gross_minor"]) == (1_667, 8_332, 9_999)


async def test_case_20_an_invoice_paid_by_thirds_adds_up_to_its_tax_exactly(worker, superuser):
    assert split(10_000, (1, 1, 1)) == [3_334, 3_333, 3_333]
    invoice = await issue(worker, line(10_000, 2_000))
    for part in split(10_000, (1, 1, 1)):
        await pay(worker, superuser, invoice, part)
    assert (await row_of(worker, invoice))["status"] == "paid"
    assert (await balance(worker, "tax_payable"), await balance(worker, "sales")) == (1_667, 8_333)
    assert await balance(worker, "held:invoice") == 0


async def test_tax_on_top_of_the_price_is_added(worker):
    row = await row_of(worker, await issue(worker, line(333, 725, quantity=3, inclusive=False), line(-99, 0)))
    assert (row["net_minor"], row["tax_minor"], row["gross_minor"]) == (900, 72, 972)


async def test_sql_and_python_take_the_same_tax(superuser):
    dice = random.Random(20)
    cases = [(dice.randrange(-9_999, 999_999), dice.randrange(10_001), dice.random() < 0.5) for _ in range(300)]
    rows = await superuser.fetch(
        """SELECT taxed.* FROM unnest($1::bigint[], $2::integer[], $3::boolean[]) WITH ORDINALITY
             AS c (amount, bps, incl, at), LATERAL split_tax(c.amount, c.bps, c.incl) AS taxed ORDER BY c.at""",
        *map(list, zip(*cases, strict=True)),
    )
    expected = [split_tax(amount, bps, inclusive=inclusive) for amount, bps, inclusive in cases]
    assert [(row["net_minor"], row["tax_minor"]) for row in rows] == [(e.net_minor, e.tax_minor) for e in expected]


async def test_case_28_100_finalised_at_once_with_30_rolled_back_leave_no_gap(worker, database):
    drafts = [await draft(worker) for _ in range(100)]
    pool = await asyncpg.create_pool(database.worker_dsn, min_size=8, max_size=8, init=prepare_session)

    async def finalise_one(position: int, invoice) -> None:
        async with pool.acquire() as db:
            transaction = db.transaction()
            await transaction.start()
            await finalise(db, invoice)
            await (transaction.rollback() if position % 10 < 3 else transaction.commit())

    await asyncio.gather(*(finalise_one(position, invoice) for position, invoice in enumerate(drafts)))
    await pool.close()
    numbers = [row[0] for row in await worker.fetch("SELECT no FROM invoices WHERE no IS NOT NULL ORDER BY no")]
    assert numbers == list(range(1, 71))
    again = await finalise(worker, drafts[0])
    assert again == "INV-00071"
    assert await finalise(worker, drafts[0]) == again


async def test_each_series_counts_for_itself(worker):
    numbers = [await finalise(worker, await draft(worker), series=name) for name in ("A", "B", "A")]
    assert numbers == ["A-00001", "B-00001", "A-00002"]


async def test_what_is_issued_is_never_said_otherwise(worker, superuser):
    invoice = await issue(worker)
    for change in ("gross_minor = 1, net_minor = 1", "customer_email = 'x@example.com'", "no = 7", "currency = 'EUR'"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await superuser.execute(f"UPDATE invoices SET {change} WHERE id = $1", invoice)
    for statement in ("UPDATE invoice_lines SET description = ''", "DELETE FROM invoice_lines", "DELETE FROM invoices"):
        with pytest.raises(asyncpg.RestrictViolationError):
            await superuser.execute(statement)


async def test_totals_that_are_not_the_sums_of_the_lines_do_not_commit(worker, superuser):
    invoice = await draft(worker, line(500), line(700))
    with pytest.raises(asyncpg.CheckViolationError, match="sums of its lines"):
        await superuser.execute("UPDATE invoices SET gross_minor = 1300, net_minor = 1300 WHERE id = $1", invoice)


@pytest.mark.parametrize("lines", [[line(0)], [line(-100)], [line(100), line(-100)]])
async def test_an_invoice_asks_for_money(worker, lines):
    with pytest.raises(asyncpg.PostgresError, match="invalid_lines"):
        await draft(worker, *lines)


async def test_a_customer_reads_their_own_and_writes_nothing(worker, superuser, web):
    ann, ben = await make_user(superuser), await make_user(superuser)
    invoice = await issue(worker, customer=ann)
    seen = {}
    for person in (ann, ben, None):
        async with web.transaction():
            await web.execute("SELECT set_config('request.jwt.claim.sub', $1, true)", str(person or ""))
            seen[person] = [
                await web.fetchval(f"SELECT count(*) FROM {name}") for name in ("invoices", "invoice_lines")
            ]
    assert seen == {ann: [1, 1], ben: [0, 0], None: [0, 0]}
    for statement in (
        "UPDATE invoices SET paid_minor = 0",
        "DELETE FROM quotes",
        "INSERT INTO tax_rates DEFAULT VALUES",
    ):
        with pytest.raises(asyncpg.PostgresError):
            await web.execute(statement)
    for verb in (
        "void_invoice($1, 'no', now())",
        "finalize_invoice($1, 'INV', now(), now())",
        "write_off_invoice($1)",
        "host_invoice($1, new_id(), new_id(), 'stripe', '')",
    ):
        with pytest.raises(asyncpg.PostgresError, match="forbidden"):
            await web.execute(f"SELECT {verb}", invoice)


async def test_a_void_invoice_keeps_its_number_and_takes_no_money(worker, superuser):
    invoice = await issue(worker)
    assert await worker.fetchval("SELECT void_invoice($1, 'written twice', $2)", invoice, NOW) == []
    assert await worker.fetchval("SELECT void_invoice($1, 'again', $2)", invoice, NOW) == []
    row = await row_of(worker, invoice)
    assert (row["status"], row["number"], row["void_reason"]) == ("void", "INV-00001", "written twice")
    assert (await pay(worker, superuser, invoice, 10_000))[1] == "refunded"
    assert await balance(worker, "held:invoice") == 0
    assert await books_sum_to_zero(worker)
