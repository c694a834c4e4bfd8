"""`moorage audit`: whole books have no findings, and each kind of break is named."""

import pytest

from moorage.journeys.audit_checks import BOOKINGS, LEDGER, PAYMENTS
from tests.support.shop import Shop


async def tampered(shop: Shop, sql: str) -> set[str]:
    """The checks that speak up after a superuser, triggers off, has run `sql`."""
    async with shop.db.transaction():
        await shop.db.execute("SET LOCAL session_replication_role = replica")
        await shop.db.execute(sql)
    return {finding.check for finding in await shop.audit()}


async def test_whole_books_have_no_findings(shop: Shop):
    await shop.paid()
    await shop.hold()
    await shop.settle()
    assert await shop.audit() == []


async def test_case_30_a_changed_journal_row_is_named(shop: Shop):
    held = await shop.paid()
    posted = await shop.value("SELECT id FROM ledger_transactions WHERE cause = $1", f"payment:{held.payment_id}")
    async with shop.db.transaction():
        await shop.db.execute("SET LOCAL session_replication_role = replica")
        await shop.db.execute(
            "UPDATE ledger_transactions SET posted_at = posted_at + interval '1 s' WHERE id = $1", posted
        )
    named = [(finding.check, finding.subject) for finding in await shop.audit()]
    assert named == [("seal_is_whole", str(posted))]


BREAKS = [
    ("seal_is_whole", "UPDATE ledger_transactions SET cause = cause || 'x' WHERE kind = 'payment'"),
    ("seal_is_whole", "UPDATE ledger_accounts SET code = 'held:elsewhere' WHERE code = 'held:bookings'"),
    ("transaction_sums_to_zero", "UPDATE ledger_entries SET amount_minor = amount_minor + 1 WHERE line = 1"),
    ("transaction_sums_to_zero", "DELETE FROM ledger_entries WHERE line = 2"),
    ("entry_has_its_transaction_and_account", "DELETE FROM ledger_transactions WHERE kind = 'earning'"),
    ("balance_equals_its_entries", "UPDATE ledger_balances SET balance_minor = balance_minor + 1"),
    (
        "balances_after_form_a_chain",
        "UPDATE ledger_entries SET balance_after_minor = -1 WHERE balance_after_minor < 0",
    ),
    ("succeeded_payment_is_posted_once", "UPDATE payments SET amount_minor = amount_minor + 1"),
    ("succeeded_payment_is_posted_once", "UPDATE payments SET status = 'pending', succeeded_at = NULL"),
    ("payment_is_posted_where_it_belongs", "UPDATE payments SET purpose = 'free_amount'"),
    ("fee_is_posted_once", "UPDATE payments SET fee_minor = 5"),
    ("posting_has_its_payment", "DELETE FROM payments"),
    ("payment_counts_its_refunds", "UPDATE payments SET refunded_minor = 5"),
    ("status_is_the_last_audited", "UPDATE payments SET status = 'refunded'"),
    ("earning_adds_up", "UPDATE earnings SET net_minor = net_minor - 1, gross_minor = gross_minor - 1"),
    (
        "commission_adds_up",
        "UPDATE earnings SET commission_minor = commission_minor - 1, net_minor = net_minor + 1",
    ),
    ("paid_is_refunded_plus_kept", "UPDATE bookings SET paid_minor = paid_minor - 1"),
    ("payment_has_its_booking", "DELETE FROM bookings"),
    ("what_was_due_and_paid_is_confirmed", "UPDATE bookings SET status = 'pending', hold_expires_at = now()"),
    ("confirmed_booking_has_its_place", "DELETE FROM claims"),
    ("confirmed_booking_has_its_place", "UPDATE claims SET active = false"),
    ("confirmed_money_is_earned", "DELETE FROM earnings"),
]


async def test_each_kind_of_break_is_found(shop: Shop):
    await shop.paid()
    unseen = []
    for check, sql in BREAKS:
        tried = shop.db.transaction()
        await tried.start()
        await shop.db.execute("SET LOCAL session_replication_role = replica")
        await shop.db.execute(sql)
        if not await shop.db.fetch((LEDGER | PAYMENTS | BOOKINGS)[check]):
            unseen.append((check, sql))
        await tried.rollback()
    assert unseen == []


@pytest.mark.parametrize(
    ("check", "sql"),
    [
        ("charge_is_in_our_books", "UPDATE sandbox.charges SET amount_minor = amount_minor + 1"),
        ("charge_is_at_the_provider", "DELETE FROM sandbox.charges"),
    ],
)
async def test_each_difference_from_the_providers_books_is_found(shop: Shop, check, sql):
    await shop.paid()
    assert check in await tampered(shop, sql)


async def test_a_charge_that_we_know_nothing_of_is_found(shop: Shop):
    reference = await shop.town.paid()
    found = [(finding.check, finding.detail) for finding in await shop.audit()]
    assert len(found) == 1, reference
    assert found[0][0] == "charge_is_in_our_books"
    assert "unknown here" in found[0][1]


async def test_every_check_is_a_query_that_runs(shop: Shop):
    for query in (LEDGER | PAYMENTS | BOOKINGS).values():
        assert await shop.db.fetch(query) == []
