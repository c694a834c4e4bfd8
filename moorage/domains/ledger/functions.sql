-- The ledger's one verb, `post`, and its correction, `reverse_transaction`. Debits are positive, credits negative.
-- Nobody writes these tables except through the functions here; security.sql holds the triggers and policies.

-- What an account is, from the first word of its code: money.md's table in one place. `guarded`: may not fall below
-- zero, one row that is locked and checked. `shards`: 64 where everybody posts, so that nobody waits for one row.
-- `owner_id`: whose balance it is. Refuses a word that the table does not have.
CREATE OR REPLACE FUNCTION account_terms(p_code text, OUT kind text, OUT guarded boolean, OUT shards smallint,
                                         OUT owner_id uuid) LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE word text := split_part(p_code, ':', 1);
BEGIN
  kind := CASE
    WHEN word IN ('clearing', 'bank', 'disputed') THEN 'asset'
    WHEN word IN ('held', 'credit', 'entitlement', 'earnings_pending', 'earnings_available', 'payout_in_transit',
                  'tax_payable') THEN 'liability'
    WHEN word IN ('commission', 'sales', 'breakage') THEN 'income'
    WHEN word IN ('provider_fees', 'promotions', 'dispute_losses') THEN 'expense'
  END;
  IF kind IS NULL THEN
    PERFORM refuse('unknown_account', format('There is no account called %s.', p_code));
  END IF;
  guarded := word IN ('credit', 'entitlement');
  -- A practitioner's balance keeps one row, so that its entries can say the balance after them.
  shards := CASE WHEN word IN ('credit', 'entitlement', 'earnings_pending', 'earnings_available', 'payout_in_transit')
                 THEN 1 ELSE 64 END;
  owner_id := CASE WHEN shards = 1 THEN split_part(p_code, ':', 2)::uuid END;
END $$;

-- Opens those of the accounts that do not exist, in sorted order so that two first postings do not deadlock.
CREATE OR REPLACE FUNCTION open_accounts(p_codes text[], p_currency text) RETURNS void LANGUAGE sql AS $$
  INSERT INTO ledger_accounts (code, currency, kind, owner_id, guarded, shards)
  SELECT code, p_currency, terms.kind, terms.owner_id, terms.guarded, terms.shards
    FROM (SELECT DISTINCT unnest(p_codes) AS code) AS named, account_terms(code) AS terms
   ORDER BY code
  ON CONFLICT (code, currency) DO NOTHING
$$;

-- What the seal is taken over: every word of the transaction, then `line:code:amount` of its entries. The balance
-- after an entry is not in it: the audit checks those as a chain. The audit makes the same text from the rows.
CREATE OR REPLACE FUNCTION ledger_seal(p_id uuid, p_kind text, p_reference_type text, p_reference_id uuid,
                                       p_cause text, p_currency text, p_reverses uuid, p_posted_at timestamptz,
                                       p_codes text[], p_amounts bigint[]) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(convert_to(concat_ws('|', p_id, p_kind, p_reference_type, p_reference_id, p_cause, p_currency,
    coalesce(p_reverses::text, '-'), (extract(epoch FROM p_posted_at) * 1000000)::bigint,
    array_to_string(p_codes, ','), array_to_string(p_amounts, ',')), 'UTF8'))
$$;

-- Posts one balanced transaction; false when this cause was posted before, and nothing changes then. Amounts of zero
-- are left out, and an account named twice is one line. Refuses 'unbalanced_transaction', and 'insufficient_balance'
-- when a guarded account would fall below zero. Locks: the balance rows, in the order (account_no, shard), by one
-- statement; a sharded account's row is this session's own, so that nobody waits there.
CREATE OR REPLACE FUNCTION post(p_id uuid, p_kind text, p_reference_type text, p_reference_id uuid, p_cause text,
                                p_currency text, p_accounts text[], p_amounts bigint[],
                                p_reverses uuid DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  codes text[]; amounts bigint[]; numbers bigint[]; shards smallint[];
  singles boolean[]; guards boolean[]; total numeric;
BEGIN
  SELECT array_agg(code ORDER BY first_at), array_agg(amount ORDER BY first_at), sum(amount)
    INTO codes, amounts, total
    FROM (SELECT code, sum(amount)::bigint AS amount, min(at) AS first_at
            FROM unnest(p_accounts, p_amounts) WITH ORDINALITY AS line (code, amount, at)
           GROUP BY code HAVING sum(amount) <> 0) AS line;
  IF total IS DISTINCT FROM 0 OR cardinality(codes) < 2 THEN
    PERFORM refuse('unbalanced_transaction', 'A transaction has two or more entries that sum to zero.');
  END IF;

  INSERT INTO ledger_transactions (id, kind, reference_type, reference_id, cause, currency, reverses_id, seal, posted_at)
  VALUES (p_id, p_kind, p_reference_type, p_reference_id, p_cause, p_currency, p_reverses,
          ledger_seal(p_id, p_kind, p_reference_type, p_reference_id, p_cause, p_currency, p_reverses, now(),
                      codes, amounts), now())
  ON CONFLICT (cause) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;

  FOR attempt IN 1..2 LOOP
    SELECT array_agg(a.no ORDER BY line.at), array_agg((pg_backend_pid() % a.shards)::smallint ORDER BY line.at),
           array_agg(a.shards = 1 ORDER BY line.at), array_agg(a.guarded ORDER BY line.at)
      INTO numbers, shards, singles, guards
      FROM unnest(codes) WITH ORDINALITY AS line (code, at)
      JOIN ledger_accounts a ON a.code = line.code AND a.currency = p_currency;
    EXIT WHEN cardinality(numbers) = cardinality(codes);
    PERFORM open_accounts(codes, p_currency);
  END LOOP;

  WITH changed AS (
    INSERT INTO ledger_balances AS b (account_no, shard, balance_minor)
    SELECT no, shard, amount FROM unnest(numbers, shards, amounts) AS line (no, shard, amount) ORDER BY no, shard
    ON CONFLICT (account_no, shard) DO UPDATE SET balance_minor = b.balance_minor + excluded.balance_minor
    RETURNING b.account_no, b.balance_minor
  ), lines AS MATERIALIZED (
    SELECT line.*, changed.balance_minor
      FROM unnest(numbers, amounts, singles, guards) WITH ORDINALITY AS line (no, amount, single, guarded, at)
      JOIN changed ON changed.account_no = line.no
  ), written AS (
    INSERT INTO ledger_entries (transaction_id, line, account_no, amount_minor, balance_after_minor)
    SELECT p_id, at, no, amount, CASE WHEN single THEN balance_minor END FROM lines
  )
  SELECT count(*) INTO total FROM lines WHERE guarded AND balance_minor > 0;
  IF total > 0 THEN
    PERFORM refuse('insufficient_balance', 'The balance does not suffice.');
  END IF;
  RETURN true;
END $$;

-- Posts the opposite of a transaction, once per cause: how a mistake, or a refund that failed, is put right. The
-- first transaction stays. Locks as `post` does.
CREATE OR REPLACE FUNCTION reverse_transaction(p_id uuid, p_transaction uuid, p_cause text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  first_one ledger_transactions; codes text[]; amounts bigint[];
BEGIN
  SELECT * INTO STRICT first_one FROM ledger_transactions WHERE id = p_transaction;
  SELECT array_agg(a.code ORDER BY e.line), array_agg(-e.amount_minor ORDER BY e.line) INTO codes, amounts
    FROM ledger_entries e JOIN ledger_accounts a ON a.no = e.account_no WHERE e.transaction_id = p_transaction;
  RETURN post(p_id, first_one.kind || '_reversed', first_one.reference_type, first_one.reference_id, p_cause,
              first_one.currency, codes, amounts, p_transaction);
END $$;

-- An account's balance as people read it: what it is worth by its kind (liabilities and income by their credit).
CREATE OR REPLACE FUNCTION account_balance(p_code text, p_currency text) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT coalesce(sum(b.balance_minor), 0)::bigint * CASE WHEN a.kind IN ('asset', 'expense') THEN 1 ELSE -1 END
    FROM ledger_accounts a LEFT JOIN ledger_balances b ON b.account_no = a.no
   WHERE a.code = p_code AND a.currency = p_currency GROUP BY a.kind
$$;
