"""What `moorage audit` asks of invoices: each query answers the rows that break its rule, as (subject, detail)."""

from typing import Final

INVOICES: Final[dict[str, str]] = {
    "invoice_adds_up": """
        SELECT i.id::text AS subject, format('says %s net, %s tax; its lines say %s and %s', i.net_minor, i.tax_minor,
                                             l.net, l.tax)
          FROM invoices i
          LEFT JOIN (SELECT invoice_id, sum(net_minor) AS net, sum(tax_minor) AS tax
                       FROM invoice_lines GROUP BY 1) l ON l.invoice_id = i.id
         WHERE (i.net_minor, i.tax_minor) IS DISTINCT FROM (l.net, l.tax)
    """,
    "invoice_counts_its_payments": """
        SELECT i.id::text AS subject, format('says %s paid, its payments say %s', i.paid_minor, coalesce(c.paid, 0))
          FROM invoices i
          LEFT JOIN (SELECT x.invoice_id, sum(x.amount_minor) AS paid
                       FROM invoice_payments x JOIN payments p ON p.id = x.payment_id
                      WHERE p.succeeded_at IS NOT NULL GROUP BY 1) c ON c.invoice_id = i.id
         WHERE i.paid_minor <> coalesce(c.paid, 0)
    """,
    "invoice_numbers_have_no_gap": """
        SELECT s.series AS subject, format('gave out %s numbers, and %s invoices have one', s.last_no, count(i.no))
          FROM invoice_series s LEFT JOIN invoices i ON i.series = s.series
         GROUP BY s.series, s.last_no
        HAVING count(i.no) <> s.last_no OR coalesce(max(i.no), 0) <> s.last_no
    """,
    "invoice_money_is_received": """
        SELECT p.id::text AS subject, 'paid for an invoice, and counted for none'
          FROM payments p
         WHERE p.purpose = 'invoice' AND p.succeeded_at IS NOT NULL AND p.status <> 'charged_back'
           AND p.refunded_minor + p.refund_pending_minor < p.amount_minor
           AND NOT EXISTS (SELECT FROM invoice_payments x JOIN receipts r ON r.payment_id = x.payment_id
                            WHERE x.payment_id = p.id)
    """,
    "hosted_invoice_ends_with_ours": """
        SELECT i.id::text AS subject, format('is %s here, and payment %s still asks for it at %s', i.status, p.id,
                                             p.provider)
          FROM invoices i JOIN payments p ON p.id = i.hosted_payment_id
         WHERE i.status <> 'open' AND p.status IN ('pending', 'requires_action', 'failed')
           AND NOT EXISTS (SELECT FROM provider_operations o WHERE o.payment_id = p.id AND o.kind = 'cancel')
    """,
    "tax_adds_up": """
        SELECT 'tax_payable ' || a.currency AS subject,
               format('receipts say %s, the account says %s', coalesce(r.tax, 0), -b.balance)
          FROM ledger_accounts a
          JOIN (SELECT account_no, sum(balance_minor) AS balance FROM ledger_balances GROUP BY 1) b
            ON b.account_no = a.no
          LEFT JOIN (SELECT currency, sum(tax_minor - reversed_tax_minor) AS tax FROM receipts GROUP BY 1) r
            ON r.currency = a.currency
         WHERE a.code = 'tax_payable' AND coalesce(r.tax, 0) <> -b.balance
    """,
}
