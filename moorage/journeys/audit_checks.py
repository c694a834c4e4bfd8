"""What the books must be, each as one query over everything that answers only what is broken: (subject, detail)."""

from typing import Final

LEDGER: Final[dict[str, str]] = {
    "transaction_sums_to_zero": """
        SELECT t.id::text AS subject,
               format('sums to %s over %s entries', coalesce(sum(e.amount_minor), 0), count(e.line))
          FROM ledger_transactions t LEFT JOIN ledger_entries e ON e.transaction_id = t.id
         GROUP BY t.id HAVING coalesce(sum(e.amount_minor), 0) <> 0 OR count(e.line) < 2
    """,
    "seal_is_whole": """
        SELECT t.id::text AS subject, format('%s: a row of it was changed after it was posted', t.cause)
          FROM ledger_transactions t
          LEFT JOIN (SELECT e.transaction_id, array_agg(a.code ORDER BY e.line) AS codes,
                            array_agg(e.amount_minor ORDER BY e.line) AS amounts,
                            bool_and(a.currency = x.currency) AS same
                       FROM ledger_entries e JOIN ledger_accounts a ON a.no = e.account_no
                       JOIN ledger_transactions x ON x.id = e.transaction_id GROUP BY e.transaction_id) AS l
            ON l.transaction_id = t.id
         WHERE l.same IS DISTINCT FROM true
            OR t.seal IS DISTINCT FROM ledger_seal(t.id, t.kind, t.reference_type, t.reference_id, t.cause, t.currency,
                                                   t.reverses_id, t.posted_at, l.codes, l.amounts)
    """,
    "entry_has_its_transaction_and_account": """
        SELECT e.transaction_id || ' line ' || e.line AS subject, 'belongs to nothing'
          FROM ledger_entries e
          LEFT JOIN ledger_transactions t ON t.id = e.transaction_id LEFT JOIN ledger_accounts a ON a.no = e.account_no
         WHERE t.id IS NULL OR a.no IS NULL
    """,
    "balance_equals_its_entries": """
        SELECT a.code || ' ' || a.currency AS subject,
               format('balance %s, entries %s', coalesce(b.balance, 0), coalesce(e.balance, 0))
          FROM ledger_accounts a
          LEFT JOIN (SELECT account_no, sum(balance_minor) AS balance FROM ledger_balances GROUP BY 1) b
            ON b.account_no = a.no
          LEFT JOIN (SELECT account_no, sum(amount_minor) AS balance FROM ledger_entries GROUP BY 1) e
            ON e.account_no = a.no
         WHERE coalesce(b.balance, 0) <> coalesce(e.balance, 0)
    """,
    # One row's balances form a chain from zero to the present: each value is left as often as it is reached, but for
    # the two ends. Finds a changed `balance_after_minor`, which the seal does not cover.
    "balances_after_form_a_chain": """
        SELECT a.code || ' ' || a.currency AS subject, format('no entry leads from or to a balance of %s', step.value)
          FROM ledger_accounts a
          JOIN (SELECT account_no, balance_after_minor - amount_minor AS value, 1 AS turn FROM ledger_entries
                UNION ALL SELECT account_no, balance_after_minor, -1 FROM ledger_entries
                UNION ALL SELECT account_no, 0, -1 FROM ledger_balances
                UNION ALL SELECT account_no, balance_minor, 1 FROM ledger_balances) AS step ON step.account_no = a.no
         WHERE a.shards = 1 GROUP BY a.code, a.currency, step.value HAVING coalesce(sum(step.turn), 0) <> 0
                                                                     OR step.value IS NULL
    """,
    "guarded_balance_is_not_below_zero": """
        SELECT a.code || ' ' || a.currency AS subject, format('%s below zero', b.balance_minor)
          FROM ledger_accounts a JOIN ledger_balances b ON b.account_no = a.no WHERE a.guarded AND b.balance_minor > 0
    """,
}

PAYMENTS: Final[dict[str, str]] = {
    "succeeded_payment_is_posted_once": """
        SELECT p.id::text AS subject, format('%s, and %s of %s was posted', p.status, coalesce(sum(e.amount_minor), 0),
                                             p.amount_minor)
          FROM payments p
          LEFT JOIN ledger_transactions t ON t.reference_id = p.id AND t.kind = 'payment'
          LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.amount_minor > 0
         GROUP BY p.id
        HAVING coalesce(sum(e.amount_minor), 0)
               <> CASE WHEN p.succeeded_at IS NULL AND NOT EXISTS (
                              SELECT FROM payment_audit w WHERE w.payment_id = p.id AND w.change_reason = 'bounced'
                                 AND w.old_status = 'succeeded') THEN 0 ELSE p.amount_minor END
            OR count(DISTINCT t.id) > 1
            OR (p.succeeded_at IS NULL)
               <> (p.status IN ('pending', 'requires_action', 'processing', 'failed', 'canceled'))
    """,
    "bounced_payment_is_reversed": """
        SELECT p.id::text AS subject, format('%s bounced, and %s of it was reversed', p.amount_minor,
                                             coalesce(-sum(e.amount_minor), 0))
          FROM payments p JOIN payment_audit w ON w.payment_id = p.id AND w.change_reason = 'bounced'
                                              AND w.old_status = 'succeeded'
          LEFT JOIN ledger_transactions t ON t.reference_id = p.id AND t.kind = 'payment_reversed'
          LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.amount_minor < 0
         GROUP BY p.id HAVING coalesce(-sum(e.amount_minor), 0) <> p.amount_minor
    """,
    "fee_is_posted_once": """
        SELECT p.id::text AS subject, format('the provider keeps %s, and %s was posted', coalesce(p.fee_minor, 0),
                                             coalesce(sum(e.amount_minor), 0))
          FROM payments p
          LEFT JOIN ledger_transactions t ON t.reference_id = p.id AND t.kind = 'provider_fee'
          LEFT JOIN ledger_entries e ON e.transaction_id = t.id AND e.amount_minor > 0
         GROUP BY p.id HAVING coalesce(sum(e.amount_minor), 0) <> coalesce(p.fee_minor, 0)
    """,
    "payment_is_posted_where_it_belongs": """
        SELECT p.id::text AS subject, format('%s was not posted to %s', p.amount_minor, held_account(p))
          FROM payments p JOIN ledger_transactions t ON t.reference_id = p.id AND t.kind = 'payment'
         WHERE NOT EXISTS (SELECT FROM ledger_entries e JOIN ledger_accounts a ON a.no = e.account_no
                            WHERE e.transaction_id = t.id AND a.code = held_account(p)
                              AND e.amount_minor = -p.amount_minor)
    """,
    "posting_has_its_payment": """
        SELECT t.id::text AS subject, format('%s has no payment', t.cause) FROM ledger_transactions t
         WHERE t.kind = 'payment' AND NOT EXISTS (SELECT FROM payments p WHERE p.id = t.reference_id)
    """,
    "refund_is_posted_as_it_stands": """
        SELECT r.id::text AS subject, format('%s of %s, and %s was given back in the books', r.status, r.amount_minor,
                                             coalesce(-sum(e.amount_minor), 0))
          FROM refunds r JOIN payments p ON p.id = r.payment_id
          LEFT JOIN ledger_transactions t ON t.reference_id = r.id AND t.kind IN ('refund', 'refund_reversed')
          LEFT JOIN (ledger_entries e JOIN ledger_accounts a ON a.no = e.account_no AND a.code LIKE 'clearing:%')
            ON e.transaction_id = t.id
         GROUP BY r.id
        HAVING coalesce(-sum(e.amount_minor), 0) <> CASE WHEN r.status = 'failed' THEN 0 ELSE r.amount_minor END
    """,
    "payment_counts_its_refunds": """
        SELECT p.id::text AS subject,
               format('says %s given back and %s on its way', p.refunded_minor, p.refund_pending_minor)
          FROM payments p LEFT JOIN refunds r ON r.payment_id = p.id GROUP BY p.id
        HAVING p.refunded_minor <> coalesce(sum(r.amount_minor) FILTER (WHERE r.status = 'succeeded'), 0)
            OR p.refund_pending_minor <> coalesce(sum(r.amount_minor) FILTER (WHERE r.status = 'pending'), 0)
    """,
    "dispute_is_posted_as_it_stands": """
        SELECT d.id::text AS subject, format('%s of %s, and %s is held in the books', d.status, d.held_minor,
                                             coalesce(sum(e.amount_minor), 0))
          FROM disputes d
          LEFT JOIN ledger_transactions t ON t.reference_id = d.id
          LEFT JOIN (ledger_entries e JOIN ledger_accounts a ON a.no = e.account_no AND a.code LIKE 'disputed:%')
            ON e.transaction_id = t.id
         GROUP BY d.id
        HAVING coalesce(sum(e.amount_minor), 0) <> CASE WHEN d.closed_at IS NULL THEN d.held_minor ELSE 0 END
    """,
    "dispute_holds_what_is_left_of_it": """
        SELECT d.id::text AS subject, format('%s holds %s of %s, and the payment has more', d.status, d.held_minor,
                                             d.amount_minor)
          FROM disputes d JOIN payments p ON p.id = d.payment_id
         WHERE d.status <> 'won' AND d.held_minor < d.amount_minor
           AND p.amount_minor > p.refunded_minor + p.refund_pending_minor + p.disputed_minor
    """,
    "status_is_the_last_audited": """
        SELECT p.id::text AS subject, format('is %s, its last audit row says %s', p.status, last.new_status)
          FROM payments p
          LEFT JOIN (SELECT DISTINCT ON (payment_id) payment_id, new_status FROM payment_audit
                      ORDER BY payment_id, no DESC) AS last ON last.payment_id = p.id
         WHERE last.new_status IS DISTINCT FROM p.status
    """,
    "earning_adds_up": """
        SELECT a.code || ' ' || a.currency AS subject,
               format('earnings say %s, the account says %s', coalesce(e.owed, 0), -b.balance)
          FROM ledger_accounts a
          JOIN (SELECT account_no, sum(balance_minor) AS balance FROM ledger_balances GROUP BY 1) b
            ON b.account_no = a.no
          LEFT JOIN (SELECT 'earnings_pending:' || practitioner_id AS code, currency,
                            sum(net_minor - reversed_gross_minor + reversed_commission_minor) AS owed
                       FROM earnings WHERE NOT is_sale AND status IN ('pending', 'reversed') GROUP BY 1, 2) e
            ON e.code = a.code AND e.currency = a.currency
         WHERE a.code LIKE 'earnings\\_pending:%' AND coalesce(e.owed, 0) <> -b.balance
    """,
    "commission_adds_up": """
        SELECT 'commission ' || a.currency AS subject,
               format('earnings say %s, the account says %s', coalesce(e.taken, 0), -b.balance)
          FROM ledger_accounts a
          JOIN (SELECT account_no, sum(balance_minor) AS balance FROM ledger_balances GROUP BY 1) b
            ON b.account_no = a.no
          LEFT JOIN (SELECT currency, sum(commission_minor - reversed_commission_minor) AS taken
                       FROM earnings GROUP BY 1) e ON e.currency = a.currency
         WHERE a.code = 'commission' AND coalesce(e.taken, 0) <> -b.balance
    """,
}

BOOKINGS: Final[dict[str, str]] = {
    "paid_is_refunded_plus_kept": """
        SELECT b.id::text AS subject, format('says %s paid and %s given back; its payments say %s and %s', b.paid_minor,
                                             b.refunded_minor, coalesce(m.paid, 0), coalesce(m.given_back, 0))
          FROM bookings b
          LEFT JOIN (SELECT p.purpose_id, sum(p.amount_minor) AS paid,
                            sum(p.refunded_minor + p.refund_pending_minor) AS given_back
                       FROM payments p WHERE p.succeeded_at IS NOT NULL AND p.purpose LIKE 'booking\\_%' GROUP BY 1) m
            ON m.purpose_id = b.id
         WHERE b.paid_minor <> coalesce(m.paid, 0) OR b.refunded_minor <> coalesce(m.given_back, 0)
    """,
    "payment_has_its_booking": """
        SELECT p.id::text AS subject, 'succeeded for a booking that does not exist' FROM payments p
         WHERE p.purpose LIKE 'booking\\_%' AND p.succeeded_at IS NOT NULL
           AND NOT EXISTS (SELECT FROM bookings b WHERE b.id = p.purpose_id)
    """,
    "what_was_due_and_paid_is_confirmed": """
        SELECT b.id::text AS subject, format('%s of %s is paid, and it waits as pending', b.paid_minor, b.due_now_minor)
          FROM bookings b
         WHERE b.parent_id IS NULL AND b.status = 'pending' AND b.due_now_minor > 0
           AND b.paid_minor - b.refunded_minor >= b.due_now_minor
    """,
    "confirmed_booking_has_its_place": """
        SELECT b.id::text AS subject, format('is %s from %s, and nothing is kept for it', b.status, b.starts_at)
          FROM bookings b
         WHERE b.status = 'confirmed' AND b.session_id IS NULL
           AND NOT EXISTS (SELECT FROM bookings child WHERE child.parent_id = b.id)
           AND NOT EXISTS (SELECT FROM claims c WHERE c.booking_id = b.id AND c.active AND c.kind = 'booking'
                              AND c.during @> tstzrange(b.starts_at, b.ends_at))
    """,
    "session_counts_its_places": """
        SELECT s.id::text AS subject, format('says %s places are taken, its bookings hold %s', s.places_taken,
                                             coalesce(sum(b.places), 0))
          FROM sessions s
          LEFT JOIN bookings b ON b.session_id = s.id AND b.status <> 'cancelled'
         GROUP BY s.id HAVING s.places_taken <> coalesce(sum(b.places), 0)
    """,
    "confirmed_money_is_earned": """
        SELECT p.id::text AS subject, format('paid for a booking that is %s, and earned nobody anything', b.status)
          FROM payments p JOIN bookings b ON b.id = p.purpose_id
         WHERE p.purpose LIKE 'booking\\_%' AND b.status IN ('confirmed', 'completed') AND p.succeeded_at IS NOT NULL
           AND p.refunded_minor + p.refund_pending_minor < p.amount_minor AND p.status <> 'charged_back'
           AND NOT EXISTS (SELECT FROM earnings e WHERE e.payment_id = p.id)
    """,
}
