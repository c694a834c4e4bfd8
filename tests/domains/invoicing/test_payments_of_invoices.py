"""What money does to an invoice, and what giving it back does to sales and tax."""

from moorage.kernel.ids import uuid7
from tests.builders.invoicing import NOW, issue, line, pay, row_of
from tests.builders.money import (
    at_once,
    balance,
    books_sum_to_zero,
    make_payment,
    many_connections,
    payment,
    refund,
)


async def standing(db) -> tuple[int, int, int]:
    return await balance(db, "sales"), await balance(db, "tax_payable"), await balance(db, "held:invoice")


async def test_a_payment_goes_to_sales_and_tax_and_the_invoice_is_paid(worker, superuser):
    invoice = await issue(worker, line(9_999, 2_000))
    assert (await pay(worker, superuser, invoice, 9_999))[1] == "paid"
    row = await row_of(worker, invoice)
    assert (row["status"], row["paid_minor"], row["paid_at"]) == ("paid", 9_999, NOW)
    assert await standing(worker) == (8_332, 1_667, 0)
    assert await worker.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'mail_receipt'") == 1


async def test_what_is_paid_twice_or_too_much_goes_back_whole(worker, superuser):
    invoice = await issue(worker)
    assert (await pay(worker, superuser, invoice, 6_000))[1] == "part_paid"
    too_much, outcome = await pay(worker, superuser, invoice, 4_001)
    assert outcome == "refunded"
    assert (await payment(worker, too_much))["refund_pending_minor"] == 4_001
    assert (await pay(worker, superuser, invoice, 4_000))[1] == "paid"
    assert (await pay(worker, superuser, invoice, 10_000))[1] == "refunded"
    assert (await row_of(worker, invoice))["paid_minor"] == 10_000
    assert await standing(worker) == (10_000, 0, 0)
    assert await books_sum_to_zero(worker)


async def test_refunds_take_back_sales_and_tax_so_that_all_parts_are_the_whole(worker, superuser):
    invoice = await issue(worker, line(9_999, 2_000))
    paid, _ = await pay(worker, superuser, invoice, 9_999)
    seen = []
    for part in (3_333, 1, 6_665):
        await refund(worker, paid, part)
        seen.append(await standing(worker))
    assert seen == [(5_555, 1_111, 0), (5_554, 1_111, 0), (0, 0, 0)]
    assert await books_sum_to_zero(worker)


async def test_a_refund_that_fails_puts_exactly_its_part_back(worker, superuser):
    invoice = await issue(worker, line(9_999, 2_000))
    paid, _ = await pay(worker, superuser, invoice, 9_999)
    first = await refund(worker, paid, 1_000)
    await refund(worker, paid, 1_000)
    before = await standing(worker)
    await worker.execute("SELECT record_refund($1, false, 're_1', 'expired_card')", first)
    after = await standing(worker)
    assert (after[0] - before[0]) + (after[1] - before[1]) == 1_000
    await refund(worker, paid, 8_999)
    assert await standing(worker) == (0, 0, 0)
    assert await books_sum_to_zero(worker)


async def test_a_lost_dispute_of_an_invoice_is_a_loss_and_no_tax_is_due_on_it(worker, superuser):
    invoice = await issue(worker, line(12_000, 2_000))
    paid, _ = await pay(worker, superuser, invoice, 12_000)
    for status in ("opened", "lost"):
        await worker.execute("SELECT record_dispute($1, $2, 'dp_1', 12000, $3)", uuid7(), paid, status)
    assert await standing(worker) == (10_000, 0, 0)
    assert await balance(worker, "dispute_losses") == 10_000
    assert await books_sum_to_zero(worker)


async def test_of_eight_who_pay_one_invoice_at_once_one_has_paid_it_and_the_others_get_theirs_back(worker, database):
    invoice = await issue(worker)
    asked = [
        await make_payment(worker, 10_000, status="pending", purpose="invoice", purpose_id=invoice) for _ in range(8)
    ]
    settle = "SELECT settle_payment($1, 'succeeded', 10000, 'USD', $2, NULL, NULL, 'test', NULL, $3)"
    async with many_connections(database.worker_dsn, 8) as pool:
        told = await at_once(pool, settle, [(payment_id, f"ref_{payment_id}", NOW) for payment_id in asked])
    assert told == ["moved"] * 8
    assert (await row_of(worker, invoice))["paid_minor"] == 10_000
    assert await worker.fetchval("SELECT count(*) FROM refunds WHERE amount_minor = 10000") == 7
    assert await standing(worker) == (10_000, 0, 0)
    assert await books_sum_to_zero(worker)
