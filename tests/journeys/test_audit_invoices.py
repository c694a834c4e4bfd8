"""`moorage audit` of invoices: each kind of break is named."""

import asyncpg

from moorage.journeys.audit_invoices import INVOICES
from moorage.kernel.pools import prepare_session
from tests.builders.invoicing import issue, line, pay

BREAKS = {
    "invoice_adds_up": "UPDATE invoice_lines SET tax_minor = tax_minor + 1, net_minor = net_minor - 1",
    "invoice_counts_its_payments": "UPDATE invoices SET paid_minor = paid_minor - 1, status = 'open'",
    "invoice_numbers_have_no_gap": "UPDATE invoices SET no = 7, number = 'INV-00007'",
    "invoice_money_is_received": "DELETE FROM invoice_payments",
    "hosted_invoice_ends_with_ours": """
        WITH asked AS (INSERT INTO payments (id, purpose, purpose_id, amount_minor, currency, provider, mode)
                       SELECT new_id(), 'invoice', id, gross_minor, currency, 'stripe', 'invoice' FROM invoices
                       RETURNING id)
        UPDATE invoices SET hosted_payment_id = asked.id FROM asked
    """,
    "tax_adds_up": "UPDATE receipts SET tax_minor = tax_minor + 1",
}


async def test_each_kind_of_break_is_found_and_whole_books_have_none(database, superuser):
    worker = await asyncpg.connect(database.worker_dsn)
    await prepare_session(worker)
    await pay(worker, superuser, await issue(worker, line(9_999, 2_000)), 9_999)
    await worker.close()
    assert BREAKS.keys() == INVOICES.keys()
    for check, sql in BREAKS.items():
        assert await superuser.fetch(INVOICES[check]) == []
        transaction = superuser.transaction()
        await transaction.start()
        await superuser.execute("SET LOCAL session_replication_role = replica")
        await superuser.execute(sql)
        assert len(await superuser.fetch(INVOICES[check])) == 1, check
        await transaction.rollback()
