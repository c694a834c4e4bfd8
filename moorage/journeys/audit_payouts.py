"""What `moorage audit` asks of payouts: each query answers the rows that break its rule, as (subject, detail)."""

from typing import Final

PAYOUTS: Final[dict[str, str]] = {
    # Reserved, it is all in transit; there, it has left the provider or the bank; back, it is in neither.
    "payout_is_posted_as_it_stands": """
        SELECT p.id::text AS subject,
               format('%s, %s of %s back; in the books %s is in transit and %s has left', p.status, p.returned_minor,
                      p.amount_minor, in_transit, has_left)
          FROM (SELECT p.id, p.status, p.amount_minor, p.returned_minor,
                       coalesce(-sum(e.amount_minor) FILTER (WHERE a.code LIKE 'payout\\_in\\_transit:%'), 0)
                         AS in_transit,
                       coalesce(-sum(e.amount_minor) FILTER (WHERE a.code LIKE 'clearing:%' OR a.code = 'bank'), 0)
                         AS has_left
                  FROM payouts p
                  LEFT JOIN ledger_transactions t ON t.reference_id = p.id AND t.reference_type = 'payout'
                  LEFT JOIN ledger_entries e ON e.transaction_id = t.id
                  LEFT JOIN ledger_accounts a ON a.no = e.account_no
                 GROUP BY p.id) AS p
         WHERE in_transit <> CASE WHEN p.status IN ('requested', 'in_transit') THEN p.amount_minor - p.returned_minor
                                  ELSE 0 END
            OR has_left <> CASE p.status WHEN 'paid' THEN p.amount_minor - p.returned_minor ELSE 0 END
    """,
    "payout_posting_has_its_payout": """
        SELECT t.id::text AS subject, format('%s has no payout', t.cause) FROM ledger_transactions t
         WHERE t.reference_type = 'payout' AND NOT EXISTS (SELECT FROM payouts p WHERE p.id = t.reference_id)
    """,
    "available_earnings_add_up": """
        SELECT a.code || ' ' || a.currency AS subject,
               format('earnings and payouts say %s, the account says %s', coalesce(e.earned, 0) - coalesce(p.taken, 0),
                      -b.balance)
          FROM ledger_accounts a
          JOIN (SELECT account_no, sum(balance_minor) AS balance FROM ledger_balances GROUP BY 1) b
            ON b.account_no = a.no
          LEFT JOIN (SELECT practitioner_id, currency,
                            sum(net_minor - reversed_gross_minor + reversed_commission_minor) AS earned
                       FROM earnings WHERE NOT is_sale AND status IN ('available', 'paid') GROUP BY 1, 2) e
            ON (e.practitioner_id, e.currency) = (a.owner_id, a.currency)
          LEFT JOIN (SELECT practitioner_id, currency, sum(amount_minor - returned_minor) AS taken
                       FROM payouts GROUP BY 1, 2) p ON (p.practitioner_id, p.currency) = (a.owner_id, a.currency)
         WHERE a.code LIKE 'earnings\\_available:%' AND coalesce(e.earned, 0) - coalesce(p.taken, 0) <> -b.balance
    """,
}
