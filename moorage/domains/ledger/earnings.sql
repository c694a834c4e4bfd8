-- What practitioners earn: recorded when money for them has come in, reversed by refunds and lost disputes, held while
-- a dispute is open, and released when nothing can take it back. One row of `earnings` per receipt of money.

-- numerator / denominator, rounded half away from zero to a whole minor unit; denominator > 0. As kernel.money.half_up.
CREATE OR REPLACE FUNCTION half_up(p_numerator numeric, p_denominator numeric) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT (sign(p_numerator) * div(2 * abs(p_numerator) + p_denominator, 2 * p_denominator))::bigint
$$;

-- Records what one payment earned: held:bookings -> earnings_pending (net) and commission; where the business itself
-- delivers (`p_is_house`) -> sales, and nobody is owed anything. `p_commission` NULL takes the cumulative rounding:
-- half_up(all of the booking's gross so far * bps / 10000) less what its earlier earnings took. Once per payment:
-- false when it was recorded before. Locks: the balance rows (through `post`); the caller holds the booking's row.
CREATE OR REPLACE FUNCTION record_earning(p_booking uuid, p_payment uuid, p_practitioner uuid, p_gross bigint,
                                          p_commission bigint, p_bps integer, p_currency text,
                                          p_is_house boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE commission bigint := CASE WHEN p_is_house THEN 0 ELSE p_commission END; net bigint;
BEGIN
  IF commission IS NULL THEN
    SELECT half_up((coalesce(sum(gross_minor), 0) + p_gross) * p_bps, 10000) - coalesce(sum(commission_minor), 0)
      INTO commission FROM earnings WHERE booking_id = p_booking;
  END IF;
  net := p_gross - commission;
  INSERT INTO earnings (id, practitioner_id, booking_id, payment_id, currency, gross_minor, commission_bps,
                        commission_minor, net_minor, is_sale)
  VALUES (new_id(), p_practitioner, p_booking, p_payment, p_currency, p_gross, p_bps, commission, net, p_is_house)
  ON CONFLICT (payment_id) DO NOTHING;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  RETURN post(new_id(), 'earning', 'booking', p_booking, 'earning:' || p_payment, p_currency,
              ARRAY['held:bookings', CASE WHEN p_is_house THEN 'sales' ELSE 'earnings_pending:' || p_practitioner END,
                    'commission'],
              ARRAY[p_gross, -net, -commission]);
END $$;

-- Where a payment's money lies now, for giving back `p_amount` of it: the accounts to debit and the amounts, commission
-- pro rata so that the running total is half_up(commission * given back / gross). `p_held` is where it lies when it
-- earned nothing yet. Moves the earning's running totals; the caller posts. `p_lost` takes a lost dispute of the
-- business's own sale to dispute_losses. Locks: the earning's row (the caller holds the payment's).
CREATE OR REPLACE FUNCTION take_back_earning(p_payment uuid, p_amount bigint, p_held text, p_lost boolean,
                                             OUT accounts text[], OUT amounts bigint[]) LANGUAGE plpgsql AS $$
DECLARE e earnings; commission bigint; tax bigint;
BEGIN
  SELECT * INTO e FROM earnings WHERE payment_id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    SELECT r.accounts, r.amounts INTO accounts, amounts FROM take_back_receipt(p_payment, p_amount, p_held, p_lost) AS r;
    RETURN;
  END IF;
  commission := half_up(e.commission_minor::numeric * (e.reversed_gross_minor + p_amount), e.gross_minor)
                - e.reversed_commission_minor;
  UPDATE earnings
     SET reversed_gross_minor = reversed_gross_minor + p_amount,
         reversed_commission_minor = reversed_commission_minor + commission,
         status = CASE WHEN reversed_gross_minor + p_amount = gross_minor AND status = 'pending'
                       THEN 'reversed' ELSE status END,
         updated_at = now()
   WHERE id = e.id;
  accounts := ARRAY[CASE WHEN e.is_sale THEN CASE WHEN p_lost THEN 'dispute_losses' ELSE 'sales' END
                         ELSE earning_account(e) END, 'commission', 'tax_payable'];
  tax := CASE WHEN e.is_sale THEN coalesce(take_back_tax(p_payment, p_amount), 0) ELSE 0 END;
  amounts := ARRAY[p_amount - commission - tax, commission, tax];
END $$;

-- The account in which an earning's net lies: pending until it is released, then available (below zero where it was
-- paid out already: a negative balance is carried).
CREATE OR REPLACE FUNCTION earning_account(e earnings) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE WHEN e.status IN ('available', 'paid') THEN 'earnings_available:' ELSE 'earnings_pending:' END
         || e.practitioner_id
$$;

-- Posts what gives back `p_amount` of a payment: from where its money lies to `p_to` (clearing, or disputed when a
-- dispute is lost). Once per cause.
CREATE OR REPLACE FUNCTION reverse_earning(p_payment uuid, p_kind text, p_reference_type text, p_reference_id uuid,
                                           p_cause text, p_amount bigint, p_currency text, p_held text, p_to text,
                                           p_lost boolean DEFAULT false) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE accounts text[]; amounts bigint[];
BEGIN
  IF EXISTS (SELECT FROM ledger_transactions WHERE cause = p_cause) THEN
    RETURN false;
  END IF;
  SELECT taken.accounts, taken.amounts INTO accounts, amounts
    FROM take_back_earning(p_payment, p_amount, p_held, p_lost) AS taken;
  RETURN post(new_id(), p_kind, p_reference_type, p_reference_id, p_cause, p_currency,
              accounts || p_to, amounts || -p_amount);
END $$;

-- Puts back what `reverse_earning` took, when the refund failed after all: the opposite posting, and the running
-- totals by exactly what that posting moved. An earning that was released meanwhile gets its net where it lies now.
CREATE OR REPLACE FUNCTION restore_earning(p_payment uuid, p_cause text, p_failed_cause text, p_amount bigint)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE posted uuid; commission bigint; was text; took boolean; e earnings;
BEGIN
  SELECT * INTO e FROM earnings WHERE payment_id = p_payment FOR UPDATE;
  SELECT id INTO STRICT posted FROM ledger_transactions WHERE cause = p_cause;
  IF NOT reverse_transaction(new_id(), posted, p_failed_cause) THEN
    RETURN false;
  END IF;
  PERFORM restore_receipt(p_payment, posted, p_amount);
  SELECT max(a.code) FILTER (WHERE a.code LIKE 'earnings\_%'),
         coalesce(sum(l.amount_minor) FILTER (WHERE a.code = 'commission'), 0),
         bool_or(a.code LIKE 'earnings\_%' OR a.code IN ('commission', 'sales', 'dispute_losses'))
    INTO was, commission, took
    FROM ledger_entries l JOIN ledger_accounts a ON a.no = l.account_no WHERE l.transaction_id = posted;
  IF NOT took THEN
    RETURN true;  -- it was taken from what had not been earned yet
  END IF;
  UPDATE earnings SET reversed_gross_minor = reversed_gross_minor - p_amount,
                      reversed_commission_minor = reversed_commission_minor - commission,
                      status = CASE status WHEN 'reversed' THEN 'pending' ELSE status END, updated_at = now()
   WHERE id = e.id RETURNING * INTO e;
  IF was <> earning_account(e) THEN
    PERFORM post(new_id(), 'earning_moved', 'booking', e.booking_id, p_failed_cause || ':moved', e.currency,
                 ARRAY[was, earning_account(e)], ARRAY[p_amount - commission, commission - p_amount]);
  END IF;
  RETURN true;
END $$;

-- Says from when a booking's earnings may be released: its completion plus the refund window.
CREATE OR REPLACE FUNCTION schedule_earnings(p_booking uuid, p_available_at timestamptz) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE earnings SET available_at = p_available_at, updated_at = now() WHERE booking_id = p_booking AND status = 'pending'
$$;

-- Moves earnings whose time has come from pending to available: those of one booking, or up to `p_limit` of all.
-- A disputed one waits. Answers how many. Locks: the earnings' rows (skipping those that somebody has), then balances.
CREATE OR REPLACE FUNCTION release_earnings(p_now timestamptz, p_booking uuid DEFAULT NULL, p_limit integer DEFAULT 500)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE e earnings; left_minor bigint; released integer := 0;
BEGIN
  FOR e IN SELECT * FROM earnings
            WHERE status = 'pending' AND held_at IS NULL AND available_at <= p_now
              AND (p_booking IS NULL OR booking_id = p_booking)
            ORDER BY practitioner_id, id LIMIT p_limit FOR UPDATE SKIP LOCKED LOOP
    UPDATE earnings SET status = 'available', releases = releases + 1, updated_at = now() WHERE id = e.id;
    left_minor := e.net_minor - (e.reversed_gross_minor - e.reversed_commission_minor);
    IF left_minor <> 0 AND NOT e.is_sale THEN
      PERFORM post(new_id(), 'earning_released', 'booking', e.booking_id, format('released:%s:%s', e.id, e.releases),
                   e.currency, ARRAY['earnings_pending:' || e.practitioner_id, 'earnings_available:' || e.practitioner_id],
                   ARRAY[left_minor, -left_minor]);
    END IF;
    released := released + 1;
  END LOOP;
  RETURN released;
END $$;

-- Holds a payment's earning while it is disputed (an available one goes back to pending), or lets it go again.
-- `p_at` NULL lets go. Locks: the earning's row, then balances; the caller holds the payment's row.
CREATE OR REPLACE FUNCTION hold_earning(p_payment uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE e earnings; left_minor bigint;
BEGIN
  SELECT * INTO e FROM earnings WHERE payment_id = p_payment FOR UPDATE;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  UPDATE earnings SET held_at = p_at, updated_at = now(),
                      status = CASE WHEN p_at IS NOT NULL AND status = 'available' THEN 'pending' ELSE status END
   WHERE id = e.id;
  left_minor := e.net_minor - (e.reversed_gross_minor - e.reversed_commission_minor);
  IF p_at IS NOT NULL AND e.status = 'available' AND left_minor <> 0 AND NOT e.is_sale THEN
    PERFORM post(new_id(), 'earning_held', 'booking', e.booking_id, format('held:%s:%s', e.id, e.releases), e.currency,
                 ARRAY['earnings_available:' || e.practitioner_id, 'earnings_pending:' || e.practitioner_id],
                 ARRAY[left_minor, -left_minor]);
  END IF;
END $$;

-- Says which earnings are paid out by now, when `p_paid` of a practitioner's have arrived all in all: the oldest, as far as
-- that goes. A disputed one stays what it is. The money's account is the same either way. Locks: the earnings' rows that
-- change.
CREATE OR REPLACE FUNCTION mark_paid_earnings(p_practitioner uuid, p_currency text, p_paid bigint) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE earnings e SET status = told.status, updated_at = now()
    FROM (SELECT id, CASE WHEN sum(net_minor - reversed_gross_minor + reversed_commission_minor)
                               OVER (ORDER BY created_at, id) <= p_paid THEN 'paid' ELSE 'available' END AS status
            FROM earnings
           WHERE practitioner_id = p_practitioner AND currency = p_currency AND NOT is_sale
             AND status IN ('available', 'paid')) AS told
   WHERE e.id = told.id AND e.status IN ('available', 'paid') AND e.status <> told.status AND e.held_at IS NULL
$$;
