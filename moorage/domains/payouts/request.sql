-- Asking for a payout: reserved in the ledger with the row that says so. pay.sql tells what became of it, payees.sql who can
-- be paid how, security.sql who may. Lock order: the payout's row, the practitioner's earnings, then balances.

-- What a practitioner has available in a currency, in minor units; below zero where more was taken back than was there.
CREATE FUNCTION available_earnings(p_practitioner uuid, p_currency text) RETURNS bigint
LANGUAGE sql STABLE AS $$
  SELECT coalesce(account_balance('earnings_available:' || p_practitioner, p_currency), 0)
$$;

-- The same, and nobody else moves it until this transaction ends. Locks: the balance's row.
CREATE FUNCTION lock_available_earnings(p_practitioner uuid, p_currency text) RETURNS bigint
LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM ledger_balances b JOIN ledger_accounts a ON a.no = b.account_no
    WHERE a.code = 'earnings_available:' || p_practitioner AND a.currency = p_currency FOR UPDATE OF b;
  RETURN available_earnings(p_practitioner, p_currency);
END $$;

-- The least that is paid out at once, in minor units: so many whole units.
CREATE FUNCTION least_payout(p_minimum integer, p_currency text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
  SELECT (p_minimum * power(10::numeric, currency_exponent(p_currency)))::bigint
$$;

-- The currency that a practitioner means who names none: the only one with something available. Refuses
-- 'insufficient_balance' (there is none), 'currency_required' (there are several).
CREATE FUNCTION only_currency(p_practitioner uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
DECLARE currencies text[];
BEGIN
  SELECT array_agg(a.currency) INTO currencies FROM ledger_accounts a JOIN ledger_balances b ON b.account_no = a.no
   WHERE a.code = 'earnings_available:' || p_practitioner AND b.balance_minor < 0;
  IF cardinality(currencies) > 1 THEN
    PERFORM refuse('currency_required');
  ELSIF currencies IS NULL THEN
    PERFORM refuse('insufficient_balance', 'Nothing is available to be paid out.');
  END IF;
  RETURN currencies[1];
END $$;

-- Asks for a payout of `p_amount` (NULL: all that is available), reserves it, and plans the call that sends it, where the
-- practitioner can be paid by one of `p_providers`, the first that does; else it is sent by hand. `p_minimum`: the least
-- that is paid out, in whole units. The same id again is the same payout. Answers how it is sent: 'provider' or 'manual'.
-- Refuses 'insufficient_balance', 'payout_below_minimum', 'currency_required'. Locks: the available balance, then the
-- balance in transit, whose account is the younger one.
CREATE FUNCTION request_payout(p_payout uuid, p_operation uuid, p_practitioner uuid, p_amount bigint, p_currency text,
                               p_minimum integer, p_providers text[], p_by uuid DEFAULT NULL, p_week date DEFAULT NULL)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE p payouts; payee payees; paid_in text; available bigint; wanted bigint;
BEGIN
  SELECT * INTO p FROM payouts WHERE id = p_payout;
  IF FOUND THEN
    RETURN again_payout(p, p_practitioner);
  END IF;
  paid_in := coalesce(p_currency, only_currency(p_practitioner));
  available := lock_available_earnings(p_practitioner, paid_in);
  SELECT * INTO p FROM payouts WHERE id = p_payout;
  IF FOUND THEN
    RETURN again_payout(p, p_practitioner);
  END IF;
  wanted := coalesce(p_amount, available);
  IF wanted > available OR wanted <= 0 THEN
    PERFORM refuse('insufficient_balance', format('%s %s is available.', money_text(available, paid_in), paid_in));
  ELSIF wanted < least_payout(p_minimum, paid_in) THEN
    PERFORM refuse('payout_below_minimum', format('The least that is paid out is %s %s.',
                                                  money_text(least_payout(p_minimum, paid_in), paid_in), paid_in));
  END IF;
  SELECT * INTO payee FROM payees y
   WHERE y.practitioner_id = p_practitioner AND y.can_be_paid AND y.provider = ANY (p_providers)
   ORDER BY array_position(p_providers, y.provider) LIMIT 1;
  INSERT INTO payouts (id, practitioner_id, amount_minor, currency, method, provider, payee_ref, week, requested_by)
  VALUES (p_payout, p_practitioner, wanted, paid_in, CASE WHEN payee.id IS NULL THEN 'manual' ELSE 'provider' END,
          coalesce(payee.provider, 'manual'), payee.provider_ref, p_week, p_by);
  PERFORM post(new_id(), 'payout', 'payout', p_payout, 'payout:' || p_payout, paid_in,
               ARRAY['earnings_available:' || p_practitioner, 'payout_in_transit:' || p_practitioner],
               ARRAY[wanted, -wanted]);
  IF payee.id IS NULL THEN
    RETURN 'manual';
  END IF;
  PERFORM plan_payout_call(p_operation, payee.provider, 'transfer', p_payout);
  RETURN 'provider';
END $$;

-- The same request once more. Refuses 'not_found' when the id is somebody else's.
CREATE FUNCTION again_payout(p payouts, p_practitioner uuid) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF p.practitioner_id <> p_practitioner THEN
    PERFORM refuse('not_found', 'There is no such payout.');
  END IF;
  RETURN p.method;
END $$;

-- Writes the intent to call a provider for a payout, and the job that will: the call itself comes after the commit.
CREATE FUNCTION plan_payout_call(p_operation uuid, p_provider text, p_kind text, p_payout uuid) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO provider_operations (id, provider, kind, payout_id) VALUES (p_operation, p_provider, p_kind, p_payout);
  PERFORM enqueue_job('carry_out', jsonb_build_object('operation_id', p_operation), 'operation:' || p_operation);
END $$;

-- A practitioner asks for their own. Refuses 'forbidden' to anybody else, and as `request_payout` does.
CREATE FUNCTION request_payout_for_asking(p_payout uuid, p_operation uuid, p_amount bigint, p_currency text,
                                          p_minimum integer, p_providers text[]) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF asking_practitioner() IS NULL THEN
    PERFORM refuse('forbidden', 'Payouts are for practitioners.');
  END IF;
  RETURN request_payout(p_payout, p_operation, asking_practitioner(), p_amount, p_currency, p_minimum, p_providers,
                        asking_user());
END $$;

-- The automatic payout of one practitioner and week: all that is available. False when it was made before, or is less than
-- the least by now. Locks as `request_payout`.
CREATE FUNCTION request_weekly_payout(p_payout uuid, p_operation uuid, p_practitioner uuid, p_currency text, p_week date,
                                      p_minimum integer, p_providers text[]) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE available bigint := lock_available_earnings(p_practitioner, p_currency);
BEGIN
  IF available < greatest(1, least_payout(p_minimum, p_currency)) OR EXISTS (
       SELECT FROM payouts WHERE practitioner_id = p_practitioner AND currency = p_currency AND week = p_week) THEN
    RETURN false;
  END IF;
  PERFORM request_payout(p_payout, p_operation, p_practitioner, NULL, p_currency, p_minimum, p_providers, NULL, p_week);
  RETURN true;
END $$;

-- Whose payouts of `p_week` are still to be made: who has enough available, and had none for this week.
CREATE FUNCTION due_weekly_payouts(p_week date, p_minimum integer, p_limit integer)
RETURNS TABLE (practitioner_id uuid, currency text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.owner_id, a.currency FROM ledger_accounts a JOIN ledger_balances b ON b.account_no = a.no
   WHERE a.code LIKE 'earnings\_available:%' AND -b.balance_minor >= greatest(1, least_payout(p_minimum, a.currency))
     AND NOT EXISTS (SELECT FROM payouts p WHERE p.practitioner_id = a.owner_id AND p.currency = a.currency
                        AND p.week = p_week)
   ORDER BY a.owner_id, a.currency LIMIT p_limit
$$;

-- Whether the automatic payouts of a week are still to be made. An installation's first week is not: it begins with the next.
CREATE FUNCTION payout_week_is_due(p_week date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM payout_weeks) THEN
    INSERT INTO payout_weeks (week) VALUES (p_week) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NOT EXISTS (SELECT FROM payout_weeks WHERE week >= p_week);
END $$;

-- The automatic payouts of a week are all made.
CREATE FUNCTION finish_payout_week(p_week date) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO payout_weeks (week) VALUES (p_week) ON CONFLICT DO NOTHING
$$;
